//! When agreements promise a service to those who use it. Work on the service belongs outside; it is a warning, because
//! some of it disturbs nobody.

use domain::{ServiceHours, Window};

use super::entries::{Entry, EntryKind};
use super::openings::recurring;
use super::{CalendarError, Intervals};
use crate::graph::ReleaseGraph;

/// The hours of an agreement within a range.
pub(super) struct Promise<'g> {
    pub(super) hours: &'g ServiceHours,
    pub(super) when: Intervals,
}

/// All of them.
pub(super) fn promises(graph: &ReleaseGraph, range: Window) -> Result<Vec<Promise<'_>>, CalendarError> {
    let all = graph.service_hours.iter().map(|hours| {
        let when = recurring(&format!("service_hours.{}", hours.name), (&hours.windows, &hours.time_zone), range)?;
        Ok(Promise { hours, when })
    });
    all.collect()
}

impl Promise<'_> {
    /// Is it work on a promised service, where it is promised?
    pub(super) fn concerns(&self, graph: &ReleaseGraph, entry: &Entry) -> bool {
        let there = entry.target.as_ref().is_some_and(|at| self.hours.environments.contains(&at.environment));
        let promised = |key| self.hours.services.contains(key);
        match (entry.release, entry.change) {
            _ if !there || entry.kind == EntryKind::Booking => false,
            (Some(release), _) => promised(&graph.releases.get(release).service),
            (None, Some(change)) => {
                let mut touched = graph.change_services.from(change).map(|related| related.index);
                touched.any(|service| promised(&graph.services.get(service).key))
            }
            (None, None) => false,
        }
    }
}
