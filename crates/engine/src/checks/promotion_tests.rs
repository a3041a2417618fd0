//! What went through the stages before, and what nobody can tell.

use domain::*;

use super::sound::{check, proposal, sound};
use super::{CheckCode, Terms, every_check};
use crate::correlate::world::World;

fn promoted(world: &World) -> String {
    let graph = world.graph();
    let release = graph.releases.find(&ReleaseKey::new("payments-api@2.14.0")).expect("the release");
    let all = every_check(&graph, release, &proposal(), &Terms::default());
    let found = all.iter().find(|check| check.code == CheckCode::Promoted).expect("the check");
    format!("{:?}: {}", found.outcome, found.reason)
}

/// Production is planned; nothing was ever seen in staging.
fn unseen() -> World {
    let mut world = sound();
    world.records.deployments.clear();
    world.records.runtime_observations.retain(|seen| !seen.labels.values().any(|label| label == "2.14.0"));
    world
}

#[test]
fn what_ran_in_staging_went_through_it() {
    check(&promoted(&sound()), "Pass: It went through staging.");
}

#[test]
fn what_nobody_saw_in_staging_was_not_there_only_if_all_who_would_see_it_were_read() {
    check(&promoted(&unseen()), "Fail: It was never in staging.");
    for (system, kind) in [("git", RecordKind::Deployment), ("prometheus", RecordKind::RuntimeObservation)] {
        check(&promoted(&unseen().dark(system, kind)), "Unknown: Whether it passed staging is not known.");
    }
}

#[test]
fn what_failed_in_staging_failed_whoever_is_dark() {
    let mut failed =
        unseen().deployed("bank/payments-api", "v2.14.0", "staging", "2026-06-12T09:00:00Z", "failure");
    check(&promoted(&failed), "Fail: It did not pass staging");
    failed = failed.dark("prometheus", RecordKind::RuntimeObservation);
    check(&promoted(&failed), "Fail: It did not pass staging");
}
