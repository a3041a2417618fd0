//! Links between nodes. Every edge explains itself: origin, rule, confidence, evidence.

use serde::{Deserialize, Serialize};

use crate::Evidence;

/// How we know a link. Ordered by strength, strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LinkOrigin {
    /// From time and topology: a suspicion with a probability.
    Inferred,
    /// From a key in a text, or a tag between two commits.
    Derived,
    /// A field of a record says so.
    Explicit,
}

/// Which rule made a link. Stable names; the rules are described in `docs/linking.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LinkRule {
    /// A field of a record refers to the other record.
    Field,
    /// The correlation id of a record is the other's key.
    CorrelationId,
    /// The work item's fix version.
    FixVersion,
    /// A link between two work items.
    IssueLink,
    /// Parent, child or predecessor record.
    ParentRecord,
    /// Service and version named together in a text.
    VersionInText,
    /// A record's number or key named in a text.
    KeyInText,
    /// A key in a commit message.
    KeyInCommit,
    /// A key in a branch name.
    KeyInBranch,
    /// A key in a pull request's title or body.
    KeyInTitle,
    /// A commit lies in the range between two tags.
    CommitRange,
    /// The forge says which pull request a commit came by.
    MergedBy,
    /// The change's configuration item belongs to the service.
    ConfigurationItem,
    /// The same digest.
    Digest,
    /// The same commit.
    Commit,
    /// A label of what runs (`build_info`).
    RuntimeLabel,
    /// A relation in the CMDB.
    CmdbRelation,
    /// A manifest in the repository.
    Manifest,
    /// A contract test between two versions.
    ContractTest,
    /// The configuration says so.
    Configuration,
    /// Closeness in time and topology.
    TimeAndTopology,
}

/// Why two nodes are joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// How we know.
    pub origin: LinkOrigin,
    /// Which rule.
    pub rule: LinkRule,
    /// Probability in `[0, 1]` that the link is right; 1 for EXPLICIT.
    pub confidence: f64,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Is the derivation exact (an unambiguous key, not a spelling that needed a guess)?
    pub exact: bool,
}

impl Link {
    /// A field of a record says so.
    pub fn explicit(rule: LinkRule, evidence: Evidence) -> Self {
        Self { origin: LinkOrigin::Explicit, rule, confidence: 1.0, evidence: vec![evidence], exact: true }
    }

    /// From an unambiguous key in a text, or a tag between two commits.
    pub fn derived(rule: LinkRule, confidence: f64, evidence: Evidence) -> Self {
        Self { origin: LinkOrigin::Derived, rule, confidence, evidence: vec![evidence], exact: true }
    }

    /// From time and topology.
    pub fn inferred(rule: LinkRule, confidence: f64, evidence: Vec<Evidence>) -> Self {
        Self { origin: LinkOrigin::Inferred, rule, confidence, evidence, exact: false }
    }

    /// May supporting evidence travel over it? Only over EXPLICIT or exact DERIVED links;
    /// adverse evidence counts over any.
    pub fn supports(&self) -> bool {
        match self.origin {
            LinkOrigin::Explicit => true,
            LinkOrigin::Derived => self.exact,
            LinkOrigin::Inferred => false,
        }
    }

    /// Joins another reason for the same edge: the stronger origin names the rule, all evidence is kept.
    pub fn strengthen(&mut self, other: Self) {
        let stronger = (other.origin, other.exact, other.confidence)
            .partial_cmp(&(self.origin, self.exact, self.confidence))
            .is_some_and(std::cmp::Ordering::is_gt);
        let tie = other.origin == self.origin
            && other.exact == self.exact
            && other.confidence == self.confidence
            && other.rule < self.rule;
        if stronger || tie {
            self.origin = other.origin;
            self.rule = other.rule;
            self.confidence = other.confidence;
            self.exact = other.exact;
        }
        self.evidence.extend(other.evidence);
        self.evidence.sort();
        self.evidence.dedup();
    }
}
