//! Releases that ran in production before a change for them was raised. An approval cannot have come before what it
//! allows then; a change that was dressed as an emergency afterwards is found the same way.

use std::collections::BTreeMap;

use domain::{Change, Claim, FindingCode, FindingSeverity, FindingSubject, RecordKind, Release, ReleaseKey, Stage};
use jiff::Timestamp;

use super::findings::Draft;
use super::walk::Walk;
use crate::graph::{Index, ReleaseGraph};

/// Notes one finding for each such release; none where changes were not read in full, for the right one may be missing.
pub(super) fn note_retroactive(walk: &mut Walk) {
    if walk.graph.gaps.iter().any(|gap| gap.kind == RecordKind::Change) {
        return;
    }
    let starts = first_starts(&walk.graph);
    let mut drafts = Vec::new();
    for (index, release) in walk.graph.releases.iter() {
        let Some(started) = starts.get(&release.key) else { continue };
        let Some((change, raised)) = first_raised(&walk.graph, index).filter(|(_, raised)| raised > started) else {
            continue;
        };
        let claim = |field: &str, value: Timestamp, source| Claim {
            field: field.into(),
            value: value.to_string().into(),
            used: true,
            source,
        };
        drafts.push(Draft {
            code: FindingCode::Retroactive,
            severity: FindingSeverity::Error,
            subject: FindingSubject::Release(release.key.clone()),
            service: Some(release.service.clone()),
            part: String::new(),
            detail: format!(
                "{} ran in production from {started} on; the first change for it, {}, was raised at {raised}",
                release.key, change.number
            ),
            claims: vec![
                claim("startedAt", *started, None),
                claim("createdAt", raised, Some((&change.source).into())),
            ],
        });
    }
    drafts.into_iter().for_each(|draft| walk.findings.note(draft));
}

/// The first start of each release in production; taking another one back is no start of its own.
pub(crate) fn first_starts(graph: &ReleaseGraph) -> BTreeMap<&ReleaseKey, Timestamp> {
    let mut starts: BTreeMap<&ReleaseKey, Timestamp> = BTreeMap::new();
    for (_, attempt) in graph.deployments.iter().filter(|(_, attempt)| attempt.rollback_of.is_none()) {
        let environment = graph.environments.by_id(&attempt.target.environment);
        let production = environment.is_some_and(|environment| environment.stage == Stage::Production);
        let Some(started) = attempt.started_at.filter(|_| production) else { continue };
        let first = starts.entry(&attempt.release).or_insert(started);
        *first = started.min(*first);
    }
    starts
}

/// The change for it that was raised first; `None` when no change, or no moment of one, is known.
pub(crate) fn first_raised(graph: &ReleaseGraph, release: Index<Release>) -> Option<(&Change, Timestamp)> {
    let changes = graph.release_changes.from(release).map(|related| graph.changes.get(related.index));
    changes.filter_map(|change| Some((change, change.created_at?))).min_by_key(|(_, raised)| *raised)
}

#[cfg(test)]
mod tests {
    use domain::FindingCode;

    use crate::correlate::world::{World, moment};

    fn found(world: &World) -> usize {
        let graph = world.graph();
        graph.findings.iter().filter(|(_, finding)| finding.code == FindingCode::Retroactive).count()
    }

    fn world(started: &str, raised: &str) -> World {
        World::new()
            .service("payments-api", "PAY")
            .tag("bank/payments-api", "v2.14.0", "c1")
            .deployed("bank/payments-api", "v2.14.0", "production", started, "success")
            .change("CHG1", "Deploy payments-api 2.14.0", None)
            .with_change("CHG1", |change| change.created_at = Some(moment(raised)))
    }

    #[test]
    fn a_change_that_was_raised_after_the_start_is_found() {
        let (early, late) = ("2026-06-12T18:00:00Z", "2026-06-12T19:00:00Z");
        assert_eq!(found(&world(early, late)), 1);
        assert_eq!(found(&world(late, early)), 0);
        let asked_before = world(early, late).change("CHG2", "Deploy payments-api 2.14.0", None);
        assert_eq!(found(&asked_before), 0, "another change was raised in time");
        assert_eq!(found(&world(early, late).dark("servicenow", domain::RecordKind::Change)), 0);
    }
}
