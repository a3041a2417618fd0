//! Changes of a simulated instance, three rows to a page.

use std::sync::Arc;

use axum::Router;
use domain::Records;
use simulators::clock::Frozen;
use simulators::servicenow::{Fields, Options, ServiceNow, User};

use super::super::stand::{Hand, SECRET, Stand, name, number};
use crate::Vendor;
use crate::contract::Interest;
use crate::reach::Identification;
use crate::resilience::Secret;
use crate::servicenow;

const USER: &str = "svc.interlock";

#[derive(Clone)]
struct Changes(ServiceNow);

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    Box::new(Changes(instance(clock)))
}

/// An instance that lets us in.
pub(super) fn instance(clock: &Arc<Frozen>) -> ServiceNow {
    let mut options = Options::new(clock.clone());
    options.users = vec![User::new(USER, SECRET)];
    ServiceNow::new(options)
}

pub(super) fn identification() -> Identification {
    Identification::Basic { username: USER.to_owned(), password: Secret::new(SECRET) }
}

pub(super) fn fields(cells: &[(&str, &str)]) -> Fields {
    cells.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

/// Pages come in the order of these.
pub(super) fn sys_id(number: usize) -> String {
    format!("{number:032x}")
}

impl Stand for Changes {
    fn router(&self) -> Option<Router> {
        Some(self.0.router())
    }

    fn options(&self) -> Vendor {
        Vendor::Servicenow(servicenow::Options { page_size: 3, ..servicenow::Options::default() })
    }

    fn identification(&self) -> Identification {
        identification()
    }

    fn interest(&self) -> Interest {
        Interest::default()
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        sys_id(number)
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.changes.iter().filter_map(|change| number(change.short_description.as_deref()?)).collect()
    }
}

impl Hand for Changes {
    fn put(&self, number: usize) {
        let (id, name) = (sys_id(number), name(number));
        let row = [("sys_id", id.as_str()), ("short_description", &name), ("start_date", "2026-06-10 18:00:00")];
        self.0.insert("change_request", fields(&row));
    }

    fn touch(&self, number: usize) {
        let row = fields(&[("description", "touched")]);
        assert!(self.0.update("change_request", &sys_id(number), row));
    }

    fn take(&self, number: usize) -> bool {
        self.0.delete("change_request", &sys_id(number))
    }
}
