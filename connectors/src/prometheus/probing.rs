//! What `interlock check` asks of a Prometheus.

use domain::{RecordKind, Text};
use futures::future::join4;
use jiff::Timestamp;

use super::Prometheus;
use crate::contract::{Probe, ProbeAnswer};
use crate::error::ConnectorError;

impl Prometheus {
    pub(super) async fn ask(&self, _now: Timestamp) -> Probe {
        let (build, time, running, rules) =
            join4(self.client.build(), self.client.moment(), self.running_now(), self.client.rules()).await;
        let skew = build.as_ref().ok().and_then(|told| told.data.1);
        let version = match &build {
            Ok(told) => ProbeAnswer::Good(format!("Prometheus {}", told.data.0.version).into()),
            // Some that answer like a Prometheus do not tell a version.
            Err(error) if time.is_ok() => ProbeAnswer::Warning(error.to_string().into()),
            Err(error) => ProbeAnswer::Failed(error.clone()),
        };
        let (reachable, authenticated) = match time {
            Ok(_) => (version, ProbeAnswer::Good("queries are answered".into())),
            Err(error) => standing(&error, version),
        };
        Probe {
            reachable,
            authenticated,
            permitted: vec![
                (RecordKind::RuntimeObservation, self.runs(&running)),
                (RecordKind::HealthObservation, self.asked(&running)),
                (
                    RecordKind::Alert,
                    match rules {
                        Ok(told) => {
                            let count: usize = told.data.groups.iter().map(|group| group.rules.len()).sum();
                            ProbeAnswer::Good(counted(count, "alerting rule"))
                        }
                        Err(error) => ProbeAnswer::Failed(error),
                    },
                ),
            ],
            clock_skew: skew,
            limits: None,
        }
    }

    fn runs(&self, running: &Result<usize, ConnectorError>) -> ProbeAnswer {
        match running {
            Ok(0) => ProbeAnswer::Warning(format!("the metric {} has no series", self.options.build_info).into()),
            Ok(_) => ProbeAnswer::Good(format!("read from {}", self.options.build_info).into()),
            Err(error) => ProbeAnswer::Failed(error.clone()),
        }
    }

    fn asked(&self, running: &Result<usize, ConnectorError>) -> ProbeAnswer {
        match (running, self.options.health.len()) {
            (Err(error), _) => ProbeAnswer::Failed(error.clone()),
            (Ok(_), 0) => ProbeAnswer::Warning("no health query is configured".into()),
            (Ok(_), count) => match count {
                1 => ProbeAnswer::Good("1 health query".into()),
                count => ProbeAnswer::Good(format!("{count} health queries").into()),
            },
        }
    }
}

/// A system that told its version has been reached, whatever it says to queries.
fn standing(error: &ConnectorError, version: ProbeAnswer) -> (ProbeAnswer, ProbeAnswer) {
    match (ProbeAnswer::of_failure(error, "it answers"), version) {
        ((ProbeAnswer::Failed(error), _), ProbeAnswer::Good(version)) => {
            (ProbeAnswer::Good(version), ProbeAnswer::Failed(error))
        }
        (told, _) => told,
    }
}

fn counted(count: usize, thing: &str) -> Text {
    match count {
        1 => format!("1 {thing}").into(),
        count => format!("{count} {thing}s").into(),
    }
}
