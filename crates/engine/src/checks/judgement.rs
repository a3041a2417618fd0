//! One check: what it found, why, what it rests on, and who can change it.

use domain::{ChangeId, Evidence, Gap, Outcome, Phase, ReleaseKey, ServiceKey, TeamKey, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::code::CheckCode;

/// Who can do something: a team, a group, a person or an operator, as people call them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Party {
    /// Their name.
    pub name: Text,
    /// The team of the configuration, where it is one.
    pub team: Option<TeamKey>,
}

/// What somebody can do. Cheaper ones first: of two smallest sets the one with the earlier codes is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActCode {
    /// Deploy another release first.
    DeployDependency,
    /// Give an approval.
    Approve,
    /// Ask for approval.
    RequestApproval,
    /// Review what is in it.
    Review,
    /// Move the change's window.
    MoveChange,
    /// Take the change off hold.
    ReleaseHold,
    /// Use a template that allows it, or a normal change.
    ChooseTemplate,
    /// Raise a change.
    RaiseChange,
    /// Make the environment healthy.
    Mend,
    /// Bring the missing commits in, and build again.
    MergeCommits,
    /// Make a system readable again.
    RestoreSource,
    /// Grant an exception from a blackout.
    GrantException,
    /// Record what is not recorded.
    Record,
}

impl ActCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeployDependency => "DEPLOY_DEPENDENCY",
            Self::Approve => "APPROVE",
            Self::RequestApproval => "REQUEST_APPROVAL",
            Self::Review => "REVIEW",
            Self::MoveChange => "MOVE_CHANGE",
            Self::ReleaseHold => "RELEASE_HOLD",
            Self::ChooseTemplate => "CHOOSE_TEMPLATE",
            Self::RaiseChange => "RAISE_CHANGE",
            Self::Mend => "MEND",
            Self::MergeCommits => "MERGE_COMMITS",
            Self::RestoreSource => "RESTORE_SOURCE",
            Self::GrantException => "GRANT_EXCEPTION",
            Self::Record => "RECORD",
        }
    }
}

/// One thing that somebody can do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub code: ActCode,
    /// One sentence.
    pub detail: Text,
    /// Who.
    pub by: Option<Party>,
    /// Services that the detail names beside the release's own.
    pub services: Vec<ServiceKey>,
}

impl Act {
    /// Something to do about the release's own service.
    pub(super) fn new(code: ActCode, detail: impl Into<Text>, by: Option<Party>) -> Self {
        Self { code, detail: detail.into(), by, services: Vec::new() }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was checked.
    pub code: CheckCode,
    /// When its time is.
    pub phase: Phase,
    /// What came out.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub reason: Text,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// The other release that it is about.
    pub release: Option<ReleaseKey>,
    /// The change that it is about.
    pub change: Option<ChangeId>,
    /// Services that the reason names beside the release's own: who may not see them may not see the reason.
    pub services: Vec<ServiceKey>,
    /// Who can resolve it.
    pub by: Option<Party>,
    /// When it resolves by itself, as far as is planned.
    pub resolves_at: Option<Timestamp>,
    /// What would resolve it: each of these alone. Empty where only time helps.
    pub acts: Vec<Act>,
    /// When its time comes, where it is not due.
    pub due_at: Option<Timestamp>,
    /// From when on the evidence of a PASS counts no longer; `None` where nothing is known to end it.
    pub expires_at: Option<Timestamp>,
}

impl Check {
    /// A check of the phase before the deployment.
    pub(crate) fn before(code: CheckCode, outcome: Outcome, reason: impl Into<Text>) -> Self {
        Self {
            code,
            phase: Phase::Before,
            outcome,
            reason: reason.into(),
            evidence: Vec::new(),
            gaps: Vec::new(),
            release: None,
            change: None,
            services: Vec::new(),
            by: None,
            resolves_at: None,
            acts: Vec::new(),
            due_at: None,
            expires_at: None,
        }
    }

    /// A check of a later phase, which neither opens nor closes a gate.
    pub(super) fn later(code: CheckCode, outcome: Outcome, reason: impl Into<Text>) -> Self {
        Self { phase: code.phase(), ..Self::before(code, outcome, reason) }
    }

    /// Its time has not come.
    pub(super) fn not_due(code: CheckCode, reason: impl Into<Text>, due_at: Option<Timestamp>) -> Self {
        Self { due_at, ..Self::later(code, Outcome::NotDue, reason) }
    }

    /// Does it stand in the way?
    pub fn blocks(&self) -> bool {
        self.phase == Phase::Before && matches!(self.outcome, Outcome::Fail | Outcome::Unknown)
    }

    /// What it holds for is missing in part: what passed is UNKNOWN now, what failed has still failed.
    pub(crate) fn despite(mut self, gaps: Vec<Gap>) -> Self {
        if gaps.is_empty() {
            return self;
        }
        if matches!(self.outcome, Outcome::Pass | Outcome::NotApplicable) {
            self.outcome = Outcome::Unknown;
            let told: Vec<&str> = gaps.iter().map(|gap| &*gap.message).collect();
            self.reason = format!("It cannot be told: {}", told.join(" ")).into();
            self.acts = gaps.iter().map(restore).collect();
            self.by = self.acts.first().and_then(|act| act.by.clone());
            self.resolves_at = None;
            self.expires_at = None;
        }
        self.gaps = gaps;
        self
    }

    /// Takes over what the same check found elsewhere, for example with another member of the group that is asked.
    pub(super) fn absorb(&mut self, other: &mut Self) {
        self.evidence.append(&mut other.evidence);
        self.evidence.sort();
        self.evidence.dedup();
        self.acts.append(&mut other.acts);
        self.acts.sort();
        self.acts.dedup();
    }

    pub(super) fn resting_on(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Resolved by any of these acts alone; the first names who.
    pub(super) fn resolved_by(mut self, acts: Vec<Act>) -> Self {
        self.by = acts.first().and_then(|act| act.by.clone());
        self.acts = acts;
        self
    }
}

fn restore(gap: &Gap) -> Act {
    let (detail, name) = match &gap.connector {
        Some(connector) => (format!("Make {connector} readable again: {}", gap.message), connector.to_string()),
        None => {
            (format!("Connect a system that tells it: {}", gap.message), "the gateway's configuration".to_owned())
        }
    };
    let by = Party { name: format!("operators of {name}").into(), team: None };
    Act::new(ActCode::RestoreSource, detail, Some(by))
}
