//! What must hold before a release may go to a target. One function makes the checks; blockers, gates and plans read
//! them. Unknown is not good news: a check whose evidence is missing is UNKNOWN, names what is missing, and blocks.

mod authority;
mod conflicts;
mod content;
mod dependencies;
mod ground;
mod health;
mod judgement;
mod time;
mod unblock;
mod units;

#[cfg(test)]
mod tests;

use domain::{Release, Target};
use jiff::Timestamp;

pub use judgement::{Act, ActCode, Check, CheckCode, Party};
pub use unblock::{EXACT_LIMIT, Unblocking, what_would_unblock};

use crate::graph::{Index, ReleaseGraph};
use ground::Ground;

/// Every check of going to the target at that moment, in the order of their codes. `at` moves windows, blackouts and
/// bookings; all else is as the graph knows it now.
pub fn checks(graph: &ReleaseGraph, release: Index<Release>, target: &Target, at: Timestamp) -> Vec<Check> {
    let ground = Ground::new(graph, release, target);
    let mut found = dependencies::check(&ground, at);
    found.extend(units::check(&ground));
    found.extend(time::check(&ground, at));
    found.push(conflicts::check(&ground, at));
    found.extend(authority::check(&ground));
    found.push(health::check(&ground));
    found.push(content::check(&ground));
    found.sort_by(|a, b| {
        (a.code, &a.release, &a.change, &a.reason).cmp(&(b.code, &b.release, &b.change, &b.reason))
    });
    found.dedup_by(|later, first| {
        let same = (later.code, later.outcome, &later.reason, &later.release, &later.change)
            == (first.code, first.outcome, &first.reason, &first.release, &first.change);
        if same {
            first.absorb(later);
        }
        same
    });
    found
}

/// The checks that stand in the way: of the phase before the deployment, failed or without evidence.
pub fn blockers(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| check.blocks())
}
