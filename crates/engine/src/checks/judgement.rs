//! One check: what it found, why, what it rests on, and who can change it.

use domain::{ChangeId, Evidence, Gap, Outcome, Phase, ReleaseKey, ServiceKey, TeamKey, Text};
use jiff::Timestamp;

/// What is checked. The codes are stable; each names what must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckCode {
    /// What the release needs runs in the target.
    DependencyRunning,
    /// It was not verified to fail with what runs beside it.
    CompatibleWithRunning,
    /// The environment's window is open.
    WindowOpen,
    /// The moment lies in the window of a change that carries the release.
    ChangeWindow,
    /// No blackout closes the target.
    NoBlackout,
    /// Nobody else has the environment, where only one may.
    EnvironmentFree,
    /// Nothing else is planned that gets in the way.
    NoCalendarConflict,
    /// Every change that carries it is approved as it is planned now.
    Approved,
    /// The template of a standard change allows what the change does.
    TemplateFits,
    /// No alert fires on the service in the target.
    EnvironmentHealthy,
    /// Nothing that runs would be lost.
    CommitsKept,
    /// Somebody approved it who neither wrote nor asked for it.
    IndependentApproval,
    /// Somebody deployed it who neither wrote it nor approved it alone.
    IndependentDeployment,
    /// Another person reviewed everything in it after its last commit.
    ReviewedAfterLastCommit,
}

impl CheckCode {
    /// All codes, in their order.
    pub const ALL: [Self; 14] = [
        Self::DependencyRunning,
        Self::CompatibleWithRunning,
        Self::WindowOpen,
        Self::ChangeWindow,
        Self::NoBlackout,
        Self::EnvironmentFree,
        Self::NoCalendarConflict,
        Self::Approved,
        Self::TemplateFits,
        Self::EnvironmentHealthy,
        Self::CommitsKept,
        Self::IndependentApproval,
        Self::IndependentDeployment,
        Self::ReviewedAfterLastCommit,
    ];

    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DependencyRunning => "DEPENDENCY_RUNNING",
            Self::CompatibleWithRunning => "COMPATIBLE_WITH_RUNNING",
            Self::WindowOpen => "WINDOW_OPEN",
            Self::ChangeWindow => "CHANGE_WINDOW",
            Self::NoBlackout => "NO_BLACKOUT",
            Self::EnvironmentFree => "ENVIRONMENT_FREE",
            Self::NoCalendarConflict => "NO_CALENDAR_CONFLICT",
            Self::Approved => "APPROVED",
            Self::TemplateFits => "TEMPLATE_FITS",
            Self::EnvironmentHealthy => "ENVIRONMENT_HEALTHY",
            Self::CommitsKept => "COMMITS_KEPT",
            Self::IndependentApproval => "INDEPENDENT_APPROVAL",
            Self::IndependentDeployment => "INDEPENDENT_DEPLOYMENT",
            Self::ReviewedAfterLastCommit => "REVIEWED_AFTER_LAST_COMMIT",
        }
    }
}

/// Who can do something: a team, a group, a person or an operator, as people call them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// Their name.
    pub name: Text,
    /// The team of the configuration, where it is one.
    pub team: Option<TeamKey>,
}

/// What somebody can do. Cheaper ones first: of two smallest sets the one with the earlier codes is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Debug, Clone, PartialEq)]
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
}

impl Check {
    /// A check of the phase before the deployment.
    pub(super) fn before(code: CheckCode, outcome: Outcome, reason: impl Into<Text>) -> Self {
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
        }
    }

    /// Does it stand in the way?
    pub fn blocks(&self) -> bool {
        self.phase == Phase::Before && matches!(self.outcome, Outcome::Fail | Outcome::Unknown)
    }

    /// What it holds for is missing in part: what passed is UNKNOWN now, what failed has still failed.
    pub(super) fn despite(mut self, gaps: Vec<Gap>) -> Self {
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
