//! Configuration items in their classes, relation types and relations, service offerings.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::super::model::{ConfigurationItem, ConfigurationState, Estate, Life, RelationKind, Text};
use super::{Cells, Of, Out};

const DISCOVERY: &str = "svc.discovery";

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    let since = estate.now - SignedDuration::from_hours(24 * 900);
    let discovered = Discovered::new(estate);
    for item in &estate.items {
        let mut row = Cells::new(out.id(Of::Item, &item.name), since, DISCOVERY);
        let retired = item.life == Life::Retired;
        row.put("name", &*item.name);
        row.put("sys_class_name", item.class);
        row.put("environment", item.environment);
        row.put("operational_status", if retired { "6" } else { "1" });
        row.put("install_status", if retired { "7" } else { "1" });
        row.put("discovery_source", "ServiceNow");
        row.put_time("last_discovered", Some(estate.now - SignedDuration::from_hours(7)));
        if let Some(team) = &item.team {
            let group = out.id(Of::Group, team);
            row.put("support_group", group.clone());
            row.put("managed_by_group", group.clone());
            row.put("change_control", group);
        }
        for (column, value) in &item.attributes {
            row.put(column, &**value);
        }
        discovered.describe(item, &mut row);
        out.write(item.class, row);
    }
    offerings(estate, out);
    relations(estate, out);
}

/// What an application service's own record says of itself.
struct Discovered<'a> {
    running: HashMap<(&'a str, &'static str), &'a Text>,
    found: HashMap<(&'a str, &'static str), &'a ConfigurationState>,
}

impl<'a> Discovered<'a> {
    fn new(estate: &'a Estate) -> Self {
        let open = estate.observations.iter().filter(|seen| seen.until.is_none());
        Self {
            running: open.map(|seen| ((&*seen.service, seen.environment), &seen.version)).collect(),
            found: estate
                .configurations
                .iter()
                .map(|state| ((&*state.service, state.environment), state))
                .collect(),
        }
    }

    /// The version that runs and the settings found, as discovery last saw them.
    fn describe(&self, item: &ConfigurationItem, row: &mut Cells) {
        let Some(service) = item.service.as_deref().filter(|_| item.class == "cmdb_ci_service_discovered") else {
            return;
        };
        let key = (service, item.environment);
        row.put_some("version", self.running.get(&key).map(|version| &***version));
        if let Some(state) = self.found.get(&key) {
            for (name, value) in &state.observed {
                row.put(&format!("u_cfg_{name}"), &**value);
            }
            row.updated(state.since, DISCOVERY, 3);
        }
    }
}

fn offerings(estate: &Estate, out: &mut Out<'_>) {
    for service in &estate.services {
        let name = format!("{} - production", service.name);
        let since = estate.now - SignedDuration::from_hours(24 * 900);
        let mut row = Cells::new(out.id(Of::Offering, &service.key), since, DISCOVERY);
        row.put("name", name);
        row.put("sys_class_name", "service_offering");
        row.put("parent", out.id(Of::Item, &service.key));
        row.put("support_group", out.id(Of::Group, &service.team));
        out.write("service_offering", row);
    }
}

fn relations(estate: &Estate, out: &mut Out<'_>) {
    let since = estate.now - SignedDuration::from_hours(24 * 900);
    for kind in [RelationKind::DependsOn, RelationKind::RunsOn, RelationKind::ConnectsTo, RelationKind::Contains] {
        let (parent, child) = descriptors(kind);
        let mut row = Cells::new(type_id(kind, out), since, "system");
        row.put("name", format!("{parent}::{child}"));
        row.put("parent_descriptor", parent);
        row.put("child_descriptor", child);
        out.write("cmdb_rel_type", row);
    }
    for relation in &estate.relations {
        let (parent, _) = descriptors(relation.kind);
        let id = out.part(&["relation", &relation.parent, parent, &relation.child]);
        let mut row = Cells::new(id, since, DISCOVERY);
        row.put("parent", out.id(Of::Item, &relation.parent));
        row.put("child", out.id(Of::Item, &relation.child));
        row.put("type", type_id(relation.kind, out));
        out.write("cmdb_rel_ci", row);
    }
}

/// The product ships the two most used types under these ids.
fn type_id(kind: RelationKind, out: &Out<'_>) -> String {
    match kind {
        RelationKind::DependsOn => "1a9cb166f1571100a92eb60da2bce5c5".to_owned(),
        RelationKind::RunsOn => "60bc4e22c0a8010e01f074cbe6bd73c3".to_owned(),
        _ => out.id(Of::RelationType, descriptors(kind).0),
    }
}

fn descriptors(kind: RelationKind) -> (&'static str, &'static str) {
    match kind {
        RelationKind::DependsOn => ("Depends on", "Used by"),
        RelationKind::RunsOn => ("Runs on", "Runs"),
        RelationKind::ConnectsTo => ("Connects to", "Connected by"),
        RelationKind::Contains => ("Contains", "Contained by"),
    }
}
