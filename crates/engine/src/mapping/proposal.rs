//! What a proposal says: each claim with its confidence and the sentences that it rests on, and what is left as a question.

use std::collections::BTreeSet;

use domain::{
    ConfigurationItemSource, ConnectorId, MonitoringSource, ProjectSource, RepositorySource, ServiceKey,
    ServiceKind, TeamGroup, TeamKey, Text,
};

/// One reason to believe a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How far it alone carries, 0 to 1.
    pub weight: f64,
    /// What was seen, as a sentence.
    pub sentence: String,
}

impl Evidence {
    pub(super) fn new(weight: f64, sentence: impl Into<String>) -> Self {
        Self { weight, sentence: sentence.into() }
    }
}

/// Something claimed, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed<T> {
    /// What is claimed.
    pub value: T,
    /// 0 to 1.
    pub confidence: f64,
    /// What it rests on, the strongest first.
    pub evidence: Vec<Evidence>,
}

impl<T> Claimed<T> {
    pub(super) fn new(value: T, mut evidence: Vec<Evidence>) -> Self {
        evidence.sort_by(|one, other| {
            other.weight.total_cmp(&one.weight).then_with(|| one.sentence.cmp(&other.sentence))
        });
        evidence.dedup();
        Self { value, confidence: confidence(&evidence), evidence }
    }
}

/// How far several reasons carry together: each takes away its share of the doubt that the others leave.
pub fn confidence(evidence: &[Evidence]) -> f64 {
    let doubt: f64 = evidence.iter().map(|one| 1.0 - one.weight.clamp(0.0, 1.0)).product();
    ((1.0 - doubt) * 1000.0).round() / 1000.0
}

/// A service that several systems speak of.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedService {
    /// Its key, and why it is a service.
    pub key: Claimed<ServiceKey>,
    /// Its name as people say it.
    pub name: Claimed<Text>,
    /// What kind of thing it is.
    pub kind: Claimed<ServiceKind>,
    /// Its tier, where an attribute says so.
    pub tier: Option<Claimed<u8>>,
    /// Its tags, where an attribute says so.
    pub tags: Option<Claimed<BTreeSet<Text>>>,
    /// The team that owns it.
    pub owner: Option<Claimed<TeamKey>>,
    /// The ITSM instance that holds its changes.
    pub itsm: Option<Claimed<ConnectorId>>,
    /// Regions in which it runs.
    pub regions: Option<Claimed<Vec<Text>>>,
    /// Its repositories, or its parts of them.
    pub repositories: Vec<Claimed<RepositorySource>>,
    /// Its projects.
    pub projects: Vec<Claimed<ProjectSource>>,
    /// Its configuration items.
    pub configuration_items: Vec<Claimed<ConfigurationItemSource>>,
    /// Its labels in monitoring.
    pub monitoring: Vec<Claimed<MonitoringSource>>,
}

/// A team that owns proposed services.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedTeam {
    /// Its key.
    pub key: TeamKey,
    /// Its name.
    pub name: Text,
    /// The groups that stand for it.
    pub groups: Vec<TeamGroup>,
}

/// What is not claimed, for a person to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The service it would belong to, where there is one.
    pub service: Option<ServiceKey>,
    /// The system.
    pub system: ConnectorId,
    /// What it is about, for example `project PAY`.
    pub what: String,
    /// How far the evidence goes.
    pub confidence: f64,
    /// Why it is not claimed, and what speaks for it.
    pub why: Vec<String>,
}

/// The whole proposal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// Services, by key.
    pub services: Vec<ProposedService>,
    /// Their teams, by key.
    pub teams: Vec<ProposedTeam>,
    /// What was left out, and why.
    pub unmapped: Vec<Question>,
}

/// How bold a proposal is.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Claims below this are questions.
    pub minimum_confidence: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { minimum_confidence: 0.8 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_add_up_and_never_reach_certainty_by_doubt() {
        let check = |weights: &[f64], expected: f64| {
            let evidence: Vec<Evidence> = weights.iter().map(|weight| Evidence::new(*weight, "")).collect();
            assert!((confidence(&evidence) - expected).abs() < 1e-9, "{weights:?}: {}", confidence(&evidence));
        };
        check(&[], 0.0);
        check(&[0.6], 0.6);
        check(&[0.6, 0.5], 0.8);
        check(&[0.9, 0.5], 0.95);
        check(&[2.0, -1.0], 1.0);
    }
}
