//! The status machine: what is known about a target, and about a release over its production targets, becomes one word.
//! Total functions of plain facts; which facts hold is found out in `stand`.

use domain::{DeploymentOutcome, ReleaseStatus, TargetStatus};

/// What runtimes say about a release at a target after its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Observed {
    /// No runtime is observed there, or it did not look at the time.
    NoObserver,
    /// It was seen.
    Seen,
    /// Not seen yet, and it may still come.
    NotYet,
    /// The runtime looked and never showed it in time.
    Never,
    /// The runtime is back on what it replaced.
    Back,
}

/// What is known about a release at a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TargetFacts {
    /// How the last attempt ended; `None` = there was none.
    pub(super) attempt: Option<DeploymentOutcome>,
    /// Is the last rollout step below 100 %?
    pub(super) partly_rolled_out: bool,
    /// Did a later deployment take it back?
    pub(super) taken_back: bool,
    pub(super) observed: Observed,
    /// The health verdict for the time it ran; `None` = there is none.
    pub(super) healthy: Option<bool>,
    /// Do its changes say that it went well? Stands in where health was not measured.
    pub(super) said_well: bool,
    /// Changes and their tasks closed, no open P1 or P2 that it caused.
    pub(super) settled: bool,
}

/// Where a release stands at a target, and whether that is certain.
pub(super) fn target_status(facts: &TargetFacts) -> (TargetStatus, bool) {
    if facts.taken_back || facts.observed == Observed::Back {
        return (TargetStatus::RolledBack, true);
    }
    let seen = facts.observed == Observed::Seen;
    let done = match facts.attempt {
        Some(DeploymentOutcome::Failed) => return (TargetStatus::Failed, true),
        Some(DeploymentOutcome::InProgress) => return (TargetStatus::Deploying, true),
        Some(DeploymentOutcome::Succeeded) => true,
        Some(DeploymentOutcome::Pending | DeploymentOutcome::Unknown | DeploymentOutcome::Cancelled) | None => {
            false
        }
    };
    if facts.attempt.is_some() && facts.partly_rolled_out {
        return (TargetStatus::Deploying, true);
    }
    match facts.observed {
        Observed::Never if done => return (TargetStatus::Failed, true),
        Observed::NotYet if done => return (TargetStatus::Deploying, true),
        _ => {}
    }
    if !done && !seen {
        // An attempt of which nobody knows the end is not nothing: say so by not being certain.
        return (TargetStatus::NotStarted, facts.attempt != Some(DeploymentOutcome::Unknown));
    }
    let validated = facts.healthy.unwrap_or(facts.said_well);
    let certain = seen && (facts.healthy.is_some() || !validated);
    match (validated, facts.settled) {
        (true, true) => (TargetStatus::Transitioned, certain),
        (true, false) => (TargetStatus::Validated, certain),
        (false, _) => (TargetStatus::Deployed, seen),
    }
}

/// What is known about a release as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReleaseFacts {
    /// All its changes are cancelled, or the version is archived.
    pub(super) cancelled: bool,
    /// The latest required approval is a rejection.
    pub(super) rejected: bool,
    /// Every target is authorised by a change in Scheduled or Implement.
    pub(super) scheduled: bool,
    /// An approval is missing, or covers the scope no more.
    pub(super) awaiting_approval: bool,
    /// Its digest passed the stage before production.
    pub(super) staged: bool,
    /// There is a digest.
    pub(super) built: bool,
}

/// Where a release stands over its production targets.
pub(super) fn release_status(targets: &[TargetStatus], facts: &ReleaseFacts) -> ReleaseStatus {
    let any = |status| targets.contains(&status);
    let deployed = |status: &TargetStatus| {
        matches!(status, TargetStatus::Deployed | TargetStatus::Validated | TargetStatus::Transitioned)
    };
    if any(TargetStatus::Deploying) {
        return ReleaseStatus::Deploying;
    }
    if !targets.is_empty() && targets.iter().all(deployed) {
        return match targets.iter().min() {
            Some(TargetStatus::Transitioned) => ReleaseStatus::Transitioned,
            Some(TargetStatus::Validated) => ReleaseStatus::Validated,
            _ => ReleaseStatus::Deployed,
        };
    }
    if targets.iter().any(deployed) {
        return ReleaseStatus::PartiallyDeployed;
    }
    if any(TargetStatus::RolledBack) {
        return ReleaseStatus::RolledBack;
    }
    if any(TargetStatus::Failed) {
        return ReleaseStatus::Failed;
    }
    match facts {
        ReleaseFacts { cancelled: true, .. } => ReleaseStatus::Cancelled,
        ReleaseFacts { rejected: true, .. } => ReleaseStatus::Rejected,
        ReleaseFacts { scheduled: true, .. } => ReleaseStatus::Scheduled,
        ReleaseFacts { awaiting_approval: true, .. } => ReleaseStatus::AwaitingApproval,
        ReleaseFacts { staged: true, .. } => ReleaseStatus::Staged,
        ReleaseFacts { built: true, .. } => ReleaseStatus::Built,
        _ => ReleaseStatus::Planned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOTHING: TargetFacts = TargetFacts {
        attempt: None,
        partly_rolled_out: false,
        taken_back: false,
        observed: Observed::NoObserver,
        healthy: None,
        said_well: false,
        settled: false,
    };

    #[expect(clippy::fn_params_excessive_bools, reason = "a row of a table")]
    fn check(facts: TargetFacts, status: TargetStatus, certain: bool) {
        assert_eq!(target_status(&facts), (status, certain), "{facts:?}");
    }

    #[test]
    fn every_status_of_a_target_is_reached() {
        use DeploymentOutcome::{Failed, InProgress, Succeeded, Unknown};
        let done = TargetFacts { attempt: Some(Succeeded), observed: Observed::Seen, ..NOTHING };
        check(NOTHING, TargetStatus::NotStarted, true);
        check(TargetFacts { attempt: Some(Unknown), ..NOTHING }, TargetStatus::NotStarted, false);
        check(TargetFacts { attempt: Some(InProgress), ..NOTHING }, TargetStatus::Deploying, true);
        check(TargetFacts { partly_rolled_out: true, ..done }, TargetStatus::Deploying, true);
        check(TargetFacts { observed: Observed::NotYet, ..done }, TargetStatus::Deploying, true);
        check(TargetFacts { observed: Observed::Never, ..done }, TargetStatus::Failed, true);
        check(TargetFacts { attempt: Some(Failed), ..done }, TargetStatus::Failed, true);
        check(TargetFacts { taken_back: true, ..done }, TargetStatus::RolledBack, true);
        check(TargetFacts { observed: Observed::Back, ..done }, TargetStatus::RolledBack, true);
        check(done, TargetStatus::Deployed, true);
        check(TargetFacts { observed: Observed::NoObserver, ..done }, TargetStatus::Deployed, false);
        check(TargetFacts { observed: Observed::Seen, ..NOTHING }, TargetStatus::Deployed, true);
        check(TargetFacts { healthy: Some(false), said_well: true, ..done }, TargetStatus::Deployed, true);
        check(TargetFacts { healthy: Some(true), ..done }, TargetStatus::Validated, true);
        check(TargetFacts { said_well: true, ..done }, TargetStatus::Validated, false);
        check(TargetFacts { healthy: Some(true), settled: true, ..done }, TargetStatus::Transitioned, true);
    }

    fn check_release(targets: &[TargetStatus], facts: ReleaseFacts, expected: ReleaseStatus) {
        assert_eq!(release_status(targets, &facts), expected, "{targets:?} {facts:?}");
    }

    #[test]
    fn every_status_of_a_release_is_reached() {
        use TargetStatus::{Deployed, Deploying, Failed, NotStarted, RolledBack, Transitioned, Validated};
        let none = ReleaseFacts::default();
        check_release(&[Deployed, Deploying], none, ReleaseStatus::Deploying);
        check_release(&[Deployed, Transitioned], none, ReleaseStatus::Deployed);
        check_release(&[Validated, Transitioned], none, ReleaseStatus::Validated);
        check_release(&[Transitioned], none, ReleaseStatus::Transitioned);
        check_release(&[Deployed, NotStarted], none, ReleaseStatus::PartiallyDeployed);
        check_release(&[Failed, Deployed], none, ReleaseStatus::PartiallyDeployed);
        check_release(&[RolledBack, Failed], none, ReleaseStatus::RolledBack);
        check_release(&[Failed, NotStarted], none, ReleaseStatus::Failed);
        let all = ReleaseFacts {
            cancelled: true,
            rejected: true,
            scheduled: true,
            awaiting_approval: true,
            staged: true,
            built: true,
        };
        check_release(&[], all, ReleaseStatus::Cancelled);
        check_release(&[NotStarted], ReleaseFacts { cancelled: false, ..all }, ReleaseStatus::Rejected);
        let left = ReleaseFacts { cancelled: false, rejected: false, ..all };
        check_release(&[NotStarted], left, ReleaseStatus::Scheduled);
        let left = ReleaseFacts { scheduled: false, ..left };
        check_release(&[NotStarted], left, ReleaseStatus::AwaitingApproval);
        let left = ReleaseFacts { awaiting_approval: false, ..left };
        check_release(&[NotStarted], left, ReleaseStatus::Staged);
        check_release(&[NotStarted], ReleaseFacts { staged: false, ..left }, ReleaseStatus::Built);
        check_release(&[NotStarted], none, ReleaseStatus::Planned);
    }

    fn any_facts() -> impl Strategy<Value = TargetFacts> {
        use DeploymentOutcome::{Cancelled, Failed, InProgress, Succeeded, Unknown};
        let attempts = vec![None, Some(InProgress), Some(Succeeded), Some(Failed), Some(Cancelled), Some(Unknown)];
        let observed =
            vec![Observed::NoObserver, Observed::Seen, Observed::NotYet, Observed::Never, Observed::Back];
        let health = vec![None, Some(true), Some(false)];
        let flags = proptest::array::uniform4(any::<bool>());
        let choices = (
            proptest::sample::select(attempts),
            proptest::sample::select(observed),
            proptest::sample::select(health),
            flags,
        );
        choices.prop_map(|(attempt, observed, healthy, [partly, taken_back, said_well, settled])| TargetFacts {
            attempt,
            partly_rolled_out: partly,
            taken_back,
            observed,
            healthy,
            said_well,
            settled,
        })
    }

    proptest! {
        /// The machine is total, and bad news never makes a target look further along.
        #[test]
        fn adverse_facts_never_improve_a_target(facts in any_facts()) {
            let rank = |facts: &TargetFacts| match target_status(facts).0 {
                TargetStatus::Transitioned => 3,
                TargetStatus::Validated => 2,
                TargetStatus::Deployed => 1,
                _ => 0,
            };
            let now = rank(&facts);
            for worse in [
                TargetFacts { taken_back: true, ..facts },
                TargetFacts { attempt: Some(DeploymentOutcome::Failed), ..facts },
                TargetFacts { healthy: Some(false), ..facts },
                TargetFacts { settled: false, ..facts },
                TargetFacts { partly_rolled_out: true, ..facts },
            ] {
                prop_assert!(rank(&worse) <= now);
            }
        }

        #[test]
        fn a_release_is_only_as_far_as_its_last_target(
            targets in proptest::collection::vec(any_facts(), 1..4),
        ) {
            let targets: Vec<TargetStatus> = targets.iter().map(|facts| target_status(facts).0).collect();
            let status = release_status(&targets, &ReleaseFacts::default());
            let everywhere = matches!(
                status,
                ReleaseStatus::Deployed | ReleaseStatus::Validated | ReleaseStatus::Transitioned
            );
            let all = targets.iter().all(|target| {
                matches!(target, TargetStatus::Deployed | TargetStatus::Validated | TargetStatus::Transitioned)
            });
            prop_assert_eq!(everywhere, all);
        }
    }
}
