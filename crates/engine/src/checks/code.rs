//! The codes of checks, the phase of each, and which predicate each belongs to.

use domain::Phase;
use serde::{Deserialize, Serialize};

/// What is checked. The codes are stable; each names what must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
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
    /// Each approval was given by the approver or a valid delegate, for every group that was asked, and holds still.
    ApprovalGenuine,
    /// Nobody who approved it wrote, asked for or deploys it.
    Independent,
    /// The suites passed for what is deployed.
    Tested,
    /// Each commit that it brings was reviewed by somebody else after its last change.
    Reviewed,
    /// There is a way back, and it was rehearsed.
    BackoutReady,
    /// What is deployed is what passed the stage before.
    SameArtifact,
    /// The stage before is configured as the release expects.
    ConfigurationAsExpected,
    /// It went through the stages before.
    Promoted,
    /// Nobody may write to development and to production.
    AccessSeparated,
    /// Impact on service and security was assessed before the approval.
    ImpactAnalysed,
    /// Those looked at it who should at its risk.
    RiskRouted,
    /// It started within the window that was authorised.
    StartedInWindow,
    /// It ended within it.
    EndedInWindow,
    /// What runs is explained by deployments.
    RuntimeExplained,
    /// An emergency was one: an incident came first, and an approval before it or soon after.
    EmergencyJustified,
    /// What was there before and after is kept, and the difference is the change's.
    BaselineKept,
    /// What Interlock saw of it stands in the audit trail.
    ActsLogged,
    /// Incidents that it is blamed for were handled.
    IncidentsHandled,
    /// The CMDB tells the version that runs.
    CmdbCurrent,
    /// It is healthy since.
    HealthyAfter,
}

impl CheckCode {
    /// All codes, in their order.
    pub const ALL: [Self; 31] = [
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
        Self::ApprovalGenuine,
        Self::Independent,
        Self::Tested,
        Self::Reviewed,
        Self::BackoutReady,
        Self::SameArtifact,
        Self::ConfigurationAsExpected,
        Self::Promoted,
        Self::AccessSeparated,
        Self::ImpactAnalysed,
        Self::RiskRouted,
        Self::StartedInWindow,
        Self::EndedInWindow,
        Self::RuntimeExplained,
        Self::EmergencyJustified,
        Self::BaselineKept,
        Self::ActsLogged,
        Self::IncidentsHandled,
        Self::CmdbCurrent,
        Self::HealthyAfter,
    ];

    /// What stands in the way of any release, whatever a company demands besides: the codes of [`super::checks`].
    pub const BASIC: [Self; 11] = [
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
    ];

    /// What else closes the gate of a high risk to a core service, whatever a company demands of others.
    pub const MANDATORY_REVIEW: [Self; 2] = [Self::Independent, Self::Reviewed];

    /// When its time is.
    pub fn phase(self) -> Phase {
        match self {
            Self::StartedInWindow => Phase::During,
            Self::EndedInWindow
            | Self::RuntimeExplained
            | Self::EmergencyJustified
            | Self::BaselineKept
            | Self::ActsLogged
            | Self::IncidentsHandled
            | Self::CmdbCurrent
            | Self::HealthyAfter => Phase::After,
            _ => Phase::Before,
        }
    }

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
            Self::ApprovalGenuine => "APPROVAL_GENUINE",
            Self::Independent => "INDEPENDENT",
            Self::Tested => "TESTED",
            Self::Reviewed => "REVIEWED",
            Self::BackoutReady => "BACKOUT_READY",
            Self::SameArtifact => "SAME_ARTIFACT",
            Self::ConfigurationAsExpected => "CONFIGURATION_AS_EXPECTED",
            Self::Promoted => "PROMOTED",
            Self::AccessSeparated => "ACCESS_SEPARATED",
            Self::ImpactAnalysed => "IMPACT_ANALYSED",
            Self::RiskRouted => "RISK_ROUTED",
            Self::StartedInWindow => "STARTED_IN_WINDOW",
            Self::EndedInWindow => "ENDED_IN_WINDOW",
            Self::RuntimeExplained => "RUNTIME_EXPLAINED",
            Self::EmergencyJustified => "EMERGENCY_JUSTIFIED",
            Self::BaselineKept => "BASELINE_KEPT",
            Self::ActsLogged => "ACTS_LOGGED",
            Self::IncidentsHandled => "INCIDENTS_HANDLED",
            Self::CmdbCurrent => "CMDB_CURRENT",
            Self::HealthyAfter => "HEALTHY_AFTER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_clients_see_it() {
        for code in CheckCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("a word"), code.as_str());
        }
    }
}
