//! The predicates P1A to P16 that controls of compliance frameworks are mapped onto. Each is a conjunction of checks.

use domain::{Deployment, Outcome, Phase, Release, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::case::{Case, Proposal};
use super::code::CheckCode;
use super::ground::Ground;
use super::judgement::Check;
use super::terms::Terms;
use super::{
    aftermath, approvers, authority, backout, configuration, content, impact, independent, promotion, records,
};
use super::{review, testing};
use crate::graph::{Index, ReleaseGraph};

/// A predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PredicateId {
    /// Authorised.
    P1A,
    /// Started inside its window.
    P1B,
    /// Ended inside it.
    P1C,
    /// Approved independently.
    P2,
    /// Tested.
    P3,
    /// Reviewed.
    P4,
    /// Can be taken back.
    P5,
    /// The same artifact and configuration as in the stage before.
    P6,
    /// What runs is explained.
    P7,
    /// A justified emergency.
    P8,
    /// Environments are separated.
    P9,
    /// Baselines are kept.
    P10,
    /// Acts are logged.
    P11,
    /// Incidents are handled.
    P12,
    /// The CMDB is current.
    P13,
    /// Healthy afterwards.
    P14,
    /// Impact analysed.
    P15,
    /// Nothing lost.
    P16,
}

impl PredicateId {
    /// All, in their order.
    pub const ALL: [Self; 18] = [
        Self::P1A,
        Self::P1B,
        Self::P1C,
        Self::P2,
        Self::P3,
        Self::P4,
        Self::P5,
        Self::P6,
        Self::P7,
        Self::P8,
        Self::P9,
        Self::P10,
        Self::P11,
        Self::P12,
        Self::P13,
        Self::P14,
        Self::P15,
        Self::P16,
    ];

    /// The checks that it is the conjunction of.
    pub fn codes(self) -> &'static [CheckCode] {
        use CheckCode as C;
        match self {
            Self::P1A => &[C::Approved, C::TemplateFits, C::ApprovalGenuine],
            Self::P1B => &[C::StartedInWindow],
            Self::P1C => &[C::EndedInWindow],
            Self::P2 => &[C::Independent],
            Self::P3 => &[C::Tested],
            Self::P4 => &[C::Reviewed],
            Self::P5 => &[C::BackoutReady],
            Self::P6 => &[C::SameArtifact, C::ConfigurationAsExpected],
            Self::P7 => &[C::RuntimeExplained],
            Self::P8 => &[C::EmergencyJustified],
            Self::P9 => &[C::AccessSeparated],
            Self::P10 => &[C::BaselineKept],
            Self::P11 => &[C::ActsLogged],
            Self::P12 => &[C::IncidentsHandled],
            Self::P13 => &[C::CmdbCurrent],
            Self::P14 => &[C::HealthyAfter],
            Self::P15 => &[C::ImpactAnalysed],
            Self::P16 => &[C::CommitsKept],
        }
    }

    /// The predicate that a check is part of, where it is part of one.
    pub fn of(code: CheckCode) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.codes().contains(&code))
    }
}

/// How a predicate came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Which.
    pub id: PredicateId,
    /// When its time is.
    pub phase: Phase,
    /// All of its checks together, in Kleene logic.
    pub outcome: Outcome,
    /// When its time comes, where it is not due.
    pub due_at: Option<Timestamp>,
    /// From when on its evidence counts no longer.
    pub expires_at: Option<Timestamp>,
    /// Its checks: reasons, witnesses, what is missing, and who can supply it.
    pub checks: Vec<Check>,
}

impl Predicate {
    /// Why it came out like this, in one or a few sentences.
    pub fn reason(&self) -> Text {
        let telling = self.checks.iter().filter(|check| check.outcome == self.outcome && !check.reason.is_empty());
        telling.map(|check| &*check.reason).collect::<Vec<_>>().join(" ").into()
    }
}

/// The predicates of a proposed deployment. Those of later phases tell of the last deployment there, and are NOT_DUE
/// before it.
pub fn predicates(
    graph: &ReleaseGraph,
    release: Index<Release>,
    proposal: &Proposal,
    terms: &Terms,
) -> Vec<Predicate> {
    let ground = Ground::new(graph, release, &proposal.target);
    grouped(&every(&Case { ground, proposal, terms, at: proposal.at }))
}

/// The predicates of a deployment that was done, as of its start: with the changes that are over by now, and against
/// what it replaced.
pub fn predicates_after(
    graph: &ReleaseGraph,
    release: Index<Release>,
    deployment: &Deployment,
    terms: &Terms,
) -> Vec<Predicate> {
    let ground = Ground::after(graph, release, &deployment.target, deployment);
    let at = deployment.started_at.or(deployment.finished_at).unwrap_or(graph.assembled_at);
    let proposal = Proposal::new(deployment.target.clone(), at);
    grouped(&every(&Case { ground, proposal: &proposal, terms, at }))
}

fn grouped(checks: &[Check]) -> Vec<Predicate> {
    let one = |id: PredicateId| {
        let own: Vec<Check> = checks.iter().filter(|check| id.codes().contains(&check.code)).cloned().collect();
        let outcome = own.iter().fold(Outcome::NotApplicable, |all, check| all.and(check.outcome));
        let phase = id.codes().first().map_or(Phase::Before, |code| code.phase());
        let due_at = own.iter().filter_map(|check| check.due_at).max();
        let expires_at = own.iter().filter_map(|check| check.expires_at).min();
        Predicate { id, phase, outcome, due_at, expires_at, checks: own }
    };
    PredicateId::ALL.into_iter().map(one).collect()
}

/// The checks behind the predicates.
fn every(case: &Case<'_>) -> Vec<Check> {
    let mut found = authority::check(&case.ground);
    found.push(content::check(&case.ground));
    found.extend(beside(case));
    found
}

/// The checks behind the predicates that are not among the basic ones, and what stands beside them.
pub(super) fn beside(case: &Case<'_>) -> Vec<Check> {
    let mut found = approvers::check(case);
    found.extend([independent::check(case), testing::check(case), review::check(case), backout::check(case)]);
    found.extend(promotion::check(case));
    found.push(configuration::check(case));
    found.extend(impact::check(case));
    found.extend(aftermath::check(case));
    found.extend(records::check(case));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_check_is_part_of_two_predicates_and_their_phases_agree() {
        for id in PredicateId::ALL {
            assert!(!id.codes().is_empty());
            for code in id.codes() {
                assert_eq!(PredicateId::of(*code), Some(id));
                assert_eq!(code.phase(), id.codes()[0].phase());
            }
        }
    }
}
