//! What must hold before a release may go to a target, and what it owes afterwards. [`checks`] makes what stands in any
//! release's way; [`every_check`] adds what controls ask for; [`predicates`] (about a proposal) and
//! [`predicates_after`] (about a deployment that was done) group them as P1A to P16. Unknown is not good news: a check
//! whose evidence is missing is UNKNOWN, names what is missing, and blocks.

mod code;
mod judgement;

mod ground;

// What stands in the way of any release.
mod authority;
mod conflicts;
mod content;
mod dependencies;
mod health;
mod time;
mod units;

// What controls ask for besides.
mod case;
mod predicate;
mod terms;

mod aftermath;
mod approvers;
mod backout;
mod configuration;
mod impact;
mod independent;
mod promotion;
mod records;
mod review;
mod testing;

mod unblock;

#[cfg(test)]
mod after_tests;
#[cfg(test)]
mod approval_tests;
#[cfg(test)]
mod basic_tests;
#[cfg(test)]
mod predicate_tests;
#[cfg(test)]
mod promotion_tests;
#[cfg(test)]
pub(crate) mod sound;
#[cfg(test)]
mod unit_tests;

pub use case::Proposal;
pub use code::CheckCode;
use domain::Release;
pub use judgement::{Act, ActCode, Check, Party};
pub use predicate::{Predicate, PredicateId, predicates, predicates_after};
pub use terms::Terms;
pub use unblock::{EXACT_LIMIT, Unblocking, what_would_unblock, what_would_unblock_all};

use jiff::Timestamp;

use crate::graph::{Index, ReleaseGraph};
use case::Case;
use ground::Ground;

/// Every check of the proposal, in the order of their codes.
pub fn checks(graph: &ReleaseGraph, release: Index<Release>, proposal: &Proposal) -> Vec<Check> {
    let ground = Ground::new(graph, release, &proposal.target);
    in_order(basic(&ground, proposal.at, &mut vec![release]))
}

/// What stands in the way of any release, where these go at the same moment.
fn basic(ground: &Ground<'_>, at: Timestamp, going: &mut Vec<Index<Release>>) -> Vec<Check> {
    let mut found = dependencies::check(ground, at);
    found.extend(units::check(ground, at, going));
    found.extend(time::check(ground, at));
    found.push(conflicts::check(ground, at));
    found.extend(authority::check(ground));
    found.push(health::check(ground));
    found.push(content::check(ground));
    found
}

/// Every check of a proposed deployment: the basic ones, those behind the predicates, and what stands beside them.
pub fn every_check(
    graph: &ReleaseGraph,
    release: Index<Release>,
    proposal: &Proposal,
    terms: &Terms,
) -> Vec<Check> {
    let mut found = checks(graph, release, proposal);
    let ground = Ground::new(graph, release, &proposal.target);
    let case = Case { ground, proposal, terms, at: proposal.at };
    found.extend(predicate::beside(&case));
    say_what_is_mandatory(&case.ground, proposal, &mut found);
    in_order(found)
}

/// In the order of their codes; what two of them say alike is said once.
fn in_order(mut found: Vec<Check>) -> Vec<Check> {
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

/// Where risk and service demand another person's eyes, the checks say so. Where customers are not, nobody asks for it.
fn say_what_is_mandatory(ground: &Ground<'_>, proposal: &Proposal, found: &mut [Check]) {
    let Some(why) = proposal.review.as_ref().filter(|_| ground.in_production()) else { return };
    for check in found.iter_mut().filter(|check| CheckCode::MANDATORY_REVIEW.contains(&check.code)) {
        check.reason = format!("{} Mandatory: {why}.", check.reason).into();
    }
}

/// The checks that stand in the way: of the phase before the deployment, failed or without evidence.
pub fn blockers(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| check.blocks())
}
