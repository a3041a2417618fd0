//! What must hold before a release may go to a target. One function makes the checks; blockers, gates and plans read
//! them. Unknown is not good news: a check whose evidence is missing is UNKNOWN, names what is missing, and blocks.

mod authority;
mod conflicts;
mod content;
mod dependencies;
mod ground;
mod health;
mod independence;
mod judgement;
mod time;
mod unblock;
mod units;

#[cfg(test)]
mod independence_tests;
#[cfg(test)]
mod tests;

use domain::{Outcome, Release, Target, Text};
use jiff::Timestamp;

pub use independence::independence;
pub use judgement::{Act, ActCode, Check, CheckCode, Party};
pub use unblock::{EXACT_LIMIT, Unblocking, what_would_unblock};

use crate::graph::{Index, ReleaseGraph};
use ground::Ground;

/// A deployment that somebody means to make.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// Where.
    pub target: &'a Target,
    /// When: moves windows, blackouts and bookings; all else is as the graph knows it now.
    pub at: Timestamp,
    /// Why review by another person is mandatory (`risk::MandatoryReview`); `None` where it is not.
    pub review: Option<Text>,
}

/// Every check of the proposal, in the order of their codes.
pub fn checks(graph: &ReleaseGraph, release: Index<Release>, proposal: &Proposal<'_>) -> Vec<Check> {
    let at = proposal.at;
    let ground = Ground::new(graph, release, proposal.target);
    let mut found = dependencies::check(&ground, at);
    found.extend(units::check(&ground));
    found.extend(time::check(&ground, at));
    found.push(conflicts::check(&ground, at));
    found.extend(authority::check(&ground));
    found.push(health::check(&ground));
    found.push(content::check(&ground));
    found.extend(duties(&ground, proposal));
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

/// Independence is demanded where the risk and the service demand it; where customers are not, nobody asks for it.
fn duties(ground: &Ground<'_>, proposal: &Proposal<'_>) -> Vec<Check> {
    let Some(why) = proposal.review.as_ref().filter(|_| ground.in_production()) else {
        let codes =
            [CheckCode::IndependentApproval, CheckCode::IndependentDeployment, CheckCode::ReviewedAfterLastCommit];
        let none = "Its risk and its service do not make review by another person mandatory.";
        return codes.map(|code| Check::before(code, Outcome::NotApplicable, none)).to_vec();
    };
    let mandatory = |mut check: Check| {
        check.reason = format!("{} Mandatory: {why}.", check.reason).into();
        check
    };
    independence(ground.graph, ground.index).map(mandatory).to_vec()
}

/// The checks that stand in the way: of the phase before the deployment, failed or without evidence.
pub fn blockers(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| check.blocks())
}
