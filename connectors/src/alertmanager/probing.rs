//! What `interlock check` asks of an Alertmanager.

use domain::RecordKind;
use futures::future::join3;
use jiff::Timestamp;

use super::Alertmanager;
use super::wire::ClusterState;
use crate::contract::{Probe, ProbeAnswer};

impl Alertmanager {
    pub(super) async fn ask(&self, _now: Timestamp) -> Probe {
        let (status, alerts, silences) =
            join3(self.client.status(), self.client.alerts(), self.client.silences()).await;
        let clock_skew = status.as_ref().ok().and_then(|told| told.clock_skew);
        let (reachable, authenticated) = match status {
            Ok(told) => {
                let version = format!("Alertmanager {}", told.status.version.version);
                let reachable = match told.status.cluster.status {
                    ClusterState::Ready | ClusterState::Disabled => ProbeAnswer::Good(version.into()),
                    ClusterState::Settling => {
                        ProbeAnswer::Warning(format!("{version}, still joining its cluster").into())
                    }
                };
                (reachable, ProbeAnswer::Good("it answers us".into()))
            }
            Err(error) => ProbeAnswer::of_failure(&error, "it answers"),
        };
        let permitted = match (alerts, silences) {
            (Ok(alerts), Ok(silences)) => {
                let active = silences.iter().filter(|silence| silence.status.state == "active").count();
                ProbeAnswer::Good(format!("alerts: {}, active silences: {active}", alerts.len()).into())
            }
            (Err(error), _) => ProbeAnswer::Failed(error),
            (Ok(_), Err(error)) => ProbeAnswer::Warning(error.to_string().into()),
        };
        Probe {
            reachable,
            authenticated,
            permitted: vec![(RecordKind::Alert, permitted)],
            clock_skew,
            limits: None,
        }
    }
}
