//! Alerts of a simulated Alertmanager.

use std::sync::Arc;

use axum::Router;
use domain::Records;
use simulators::alertmanager::content::{Alert, Content};
use simulators::alertmanager::{Alertmanager, Options};
use simulators::clock::{Clock as _, Frozen};

use super::super::stand::{Hand, SECRET, Stand, name, number};
use crate::Vendor;
use crate::alertmanager;
use crate::contract::Interest;
use crate::reach::Identification;
use crate::resilience::Secret;

#[derive(Clone)]
struct Alerts {
    server: Alertmanager,
    clock: Arc<Frozen>,
}

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    let options = Options { clock: clock.clone(), content: Content::default() };
    Box::new(Alerts { server: Alertmanager::new(options), clock: clock.clone() })
}

impl Stand for Alerts {
    fn router(&self) -> Option<Router> {
        Some(self.server.router())
    }

    fn options(&self) -> Vendor {
        Vendor::Alertmanager(alertmanager::Options::default())
    }

    fn identification(&self) -> Identification {
        Identification::Token(Secret::new(SECRET))
    }

    fn interest(&self) -> Interest {
        Interest::default()
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        name(number)
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.alerts.iter().filter_map(|alert| number(alert.labels.get("service")?)).collect()
    }
}

impl Hand for Alerts {
    fn put(&self, number: usize) {
        self.server.fire(Alert::firing("Down", &[("service", &name(number))], self.clock.now()));
    }

    fn touch(&self, number: usize) {
        self.put(number);
    }

    fn take(&self, number: usize) -> bool {
        self.server.resolve(&[("service".to_owned(), name(number))].into());
        true
    }
}
