//! Items of a simulated CMDB around one hub, three rows to a page.

use std::sync::Arc;

use axum::Router;
use domain::Records;
use simulators::clock::Frozen;
use simulators::servicenow::ServiceNow;

use super::super::stand::{Hand, Stand, name, number};
use super::servicenow::{fields, identification, instance, sys_id};
use crate::Vendor;
use crate::contract::Interest;
use crate::reach::Identification;
use crate::servicenow_cmdb;

const ITEMS: &str = "cmdb_ci_linux_server";
const RELATIONS: &str = "cmdb_rel_ci";

#[derive(Clone)]
struct Neighbours {
    instance: ServiceNow,
    hub: String,
    runs_on: String,
}

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    let instance = instance(clock);
    let hub = instance.insert("cmdb_ci_appl", fields(&[("name", "hub")]));
    let runs_on = instance.find("cmdb_rel_type", "name=Runs on::Runs").remove(0);
    Box::new(Neighbours { instance, hub, runs_on })
}

impl Stand for Neighbours {
    fn router(&self) -> Option<Router> {
        Some(self.instance.router())
    }

    fn options(&self) -> Vendor {
        let options = servicenow_cmdb::Options { page_size: 3, ..servicenow_cmdb::Options::default() };
        Vendor::ServicenowCmdb(options)
    }

    fn identification(&self) -> Identification {
        identification()
    }

    fn interest(&self) -> Interest {
        Interest { configuration_items: ["hub".into()].into(), ..Interest::default() }
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        sys_id(number)
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.configuration_items.iter().filter_map(|item| number(&item.name)).collect()
    }
}

impl Hand for Neighbours {
    fn put(&self, number: usize) {
        let (id, name) = (sys_id(number), name(number));
        self.instance.insert(ITEMS, fields(&[("sys_id", &id), ("name", &name)]));
        let relation = sys_id(number + 0x1_0000);
        let row = [("sys_id", relation.as_str()), ("parent", &self.hub), ("child", &id), ("type", &self.runs_on)];
        self.instance.insert(RELATIONS, fields(&row));
    }

    fn touch(&self, number: usize) {
        assert!(self.instance.update(ITEMS, &sys_id(number), fields(&[("version", "touched")])));
    }

    fn take(&self, number: usize) -> bool {
        self.instance.delete(RELATIONS, &sys_id(number + 0x1_0000)) && self.instance.delete(ITEMS, &sys_id(number))
    }
}
