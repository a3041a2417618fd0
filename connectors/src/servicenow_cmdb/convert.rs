//! Rows of a CMDB into items and relations, without any I/O. Four fields tell where an item stands in its life and
//! nothing keeps them in step: where they contradict each other, nobody knows.

use domain::{
    AccountId, CiLifecycle, CiRelation, CiRelationId, CiRelationKind, ConfigurationItem, ConfigurationItemId,
    ConnectorId, GroupId, RecordId, Source,
};
use jiff::Timestamp;

use super::wire::NOT_ATTRIBUTES;
use crate::table_api::Row;

/// Where rows come from, so that records can name their source.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The connector that reads them.
    pub(super) connector: ConnectorId,
    /// The connector under which accounts and groups are known.
    pub(super) itsm: ConnectorId,
    /// The instance's address, without a slash at its end.
    pub(super) address: String,
    /// When they were read, by our clock.
    pub(super) fetched_at: Timestamp,
}

/// An item, with every column that came as observed configuration.
pub(super) fn item(origin: &Origin, row: &Row) -> Option<ConfigurationItem> {
    let id = row.id()?;
    let class = row.value("sys_class_name").unwrap_or("cmdb_ci");
    let account = |column| row.value(column).map(|id| AccountId::new(&origin.itsm, id));
    let attributes = row.values().filter(|(column, _)| !NOT_ATTRIBUTES.contains(column));
    let page = format!("{}/nav_to.do?uri={class}.do%3Fsys_id%3D{id}", origin.address);
    Some(ConfigurationItem {
        id: ConfigurationItemId::new(&origin.connector, id),
        name: row.text("name").unwrap_or_else(|| id.into()),
        class: class.into(),
        environment: row.text("environment").or(row.text("used_for")),
        lifecycle: lifecycle(row),
        version: row.text("version"),
        owner: account("owned_by").or_else(|| account("managed_by")),
        support_group: row.value("support_group").map(|id| GroupId::new(&origin.itsm, id)),
        attributes: attributes.map(|(column, value)| (column.into(), value.into())).collect(),
        updated_at: row.moment("sys_updated_on"),
        source: Source {
            record: RecordId::new(&origin.connector, id),
            url: Some(page.into()),
            fetched_at: origin.fetched_at,
        },
    })
}

/// What one field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    NotOperational,
    This(CiLifecycle),
}

fn lifecycle(row: &Row) -> CiLifecycle {
    let operational = match row.value("operational_status").unwrap_or_default() {
        "1" | "4" => Says::This(CiLifecycle::Operational),
        "2" => Says::NotOperational,
        "3" => Says::This(CiLifecycle::Maintenance),
        "5" | "7" | "8" => Says::This(CiLifecycle::Planned),
        "6" => Says::This(CiLifecycle::Retired),
        _ => Says::Nothing,
    };
    let installed = match row.value("install_status").unwrap_or_default() {
        "0" | "2" | "4" | "6" => Says::This(CiLifecycle::Planned),
        "1" => Says::This(CiLifecycle::Operational),
        "3" | "5" => Says::This(CiLifecycle::Maintenance),
        "7" | "8" | "100" => Says::This(CiLifecycle::Retired),
        _ => Says::Nothing,
    };
    let staged = match row.label("life_cycle_stage").unwrap_or_default() {
        "Ideation" | "Purchase" | "Inventory" | "Design" | "Deploy" => Says::This(CiLifecycle::Planned),
        "Operational" => Says::This(CiLifecycle::Operational),
        "End of Operation" | "End of Life" => Says::This(CiLifecycle::Retired),
        _ => Says::Nothing,
    };
    let at_stage = match row.label("life_cycle_stage_status").unwrap_or_default() {
        "In Use" | "End of Support" | "Pending Retirement" => Says::This(CiLifecycle::Operational),
        "Retired" | "Obsolete" => Says::This(CiLifecycle::Retired),
        _ => Says::Nothing,
    };
    [operational, installed, staged, at_stage].into_iter().fold(Says::Nothing, together).settled()
}

/// Installed and in repair is one state of things; every other pair of different words is a contradiction.
fn together(one: Says, other: Says) -> Says {
    use CiLifecycle::{Maintenance, Operational, Unknown};
    match (one, other) {
        (Says::Nothing, says) | (says, Says::Nothing) => says,
        (Says::NotOperational, Says::NotOperational) => Says::NotOperational,
        (Says::NotOperational, Says::This(Operational)) | (Says::This(Operational), Says::NotOperational) => {
            Says::This(Unknown)
        }
        (Says::NotOperational, says) | (says, Says::NotOperational) => says,
        (Says::This(one), Says::This(other)) if one == other => Says::This(one),
        (Says::This(Operational | Maintenance), Says::This(Operational | Maintenance)) => Says::This(Maintenance),
        (Says::This(_), Says::This(_)) => Says::This(Unknown),
    }
}

impl Says {
    fn settled(self) -> CiLifecycle {
        match self {
            Self::This(lifecycle) => lifecycle,
            Self::Nothing | Self::NotOperational => CiLifecycle::Unknown,
        }
    }
}

/// A relation. Both ends must be known to us.
pub(super) fn relation(origin: &Origin, row: &Row) -> Option<CiRelation> {
    let label = row.value("type.name").unwrap_or_default();
    Some(CiRelation {
        id: CiRelationId::new(&origin.connector, row.id()?),
        parent: ConfigurationItemId::new(&origin.connector, row.value("parent")?),
        child: ConfigurationItemId::new(&origin.connector, row.value("child")?),
        kind: relation_kind(label),
        label: label.into(),
    })
}

/// By the parent's half of the name: read "parent *Depends on* child".
fn relation_kind(label: &str) -> CiRelationKind {
    match label.split("::").next().unwrap_or_default().trim() {
        "Depends on" => CiRelationKind::DependsOn,
        "Runs on" => CiRelationKind::RunsOn,
        "Hosted on" => CiRelationKind::HostedOn,
        "Contains" => CiRelationKind::Contains,
        "Members" => CiRelationKind::Members,
        "Connects to" => CiRelationKind::ConnectsTo,
        _ => CiRelationKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        serde_json::from_str(json).expect("a row")
    }

    fn check(operational: &str, installed: &str, stage: &str, expected: CiLifecycle) {
        let row = row(&format!(
            r#"{{"operational_status":"{operational}","install_status":{{"value":"{installed}"}},
                "life_cycle_stage":{{"value":"x","display_value":"{stage}"}}}}"#
        ));
        assert_eq!(lifecycle(&row), expected, "{operational} {installed} {stage}");
    }

    #[test]
    fn four_status_fields_that_are_not_in_step_give_one_answer_or_none() {
        check("1", "1", "", CiLifecycle::Operational);
        check("1", "", "Operational", CiLifecycle::Operational);
        check("3", "1", "", CiLifecycle::Maintenance);
        check("6", "7", "End of Life", CiLifecycle::Retired);
        check("6", "1", "", CiLifecycle::Unknown);
        check("1", "7", "", CiLifecycle::Unknown);
        check("1", "100", "Operational", CiLifecycle::Unknown);
        check("2", "0", "", CiLifecycle::Planned);
        check("2", "1", "", CiLifecycle::Unknown);
        check("", "100", "", CiLifecycle::Retired);
        check("", "", "", CiLifecycle::Unknown);
        check("42", "", "Some stage", CiLifecycle::Unknown);
    }

    #[test]
    fn depends_on_is_read_from_the_parent_so_the_child_harms_it() {
        let origin = origin();
        let row = row(r#"{"sys_id":"r","parent":"app","child":"db","type.name":"Depends on::Used by"}"#);
        let relation = relation(&origin, &row).expect("a relation");
        assert_eq!((&*relation.parent.0.native, &*relation.child.0.native), ("app", "db"));
        assert_eq!(relation.kind, CiRelationKind::DependsOn);
        assert!(relation.kind.child_harms_parent());
        assert_eq!(relation_kind("Used by::Depends on"), CiRelationKind::Other);
        assert_eq!(relation_kind("Managed by::Manages"), CiRelationKind::Other);
    }

    #[test]
    fn every_column_that_came_is_observed_configuration() {
        let row = row(r#"{"sys_id":"1","name":"pay 💶","sys_class_name":"cmdb_ci_appl","u_cfg_log_level":"debug",
                "u_empty":"","environment":{"value":"production","display_value":"Production"},"owned_by":""}"#);
        let item = item(&origin(), &row).expect("an item");
        let told: Vec<_> = item.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["environment=production", "u_cfg_log_level=debug"]);
        assert_eq!((&*item.name, item.owner.is_none()), ("pay 💶", true));
        let page = item.source.url.expect("a page");
        assert_eq!(&*page, "https://acme.example/nav_to.do?uri=cmdb_ci_appl.do%3Fsys_id%3D1");
    }

    fn origin() -> Origin {
        Origin {
            connector: ConnectorId::new("cmdb"),
            itsm: ConnectorId::new("servicenow"),
            address: "https://acme.example".to_owned(),
            fetched_at: Timestamp::UNIX_EPOCH,
        }
    }
}
