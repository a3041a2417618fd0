//! Words of the calendar and of checks.

mirror! {
    /// What a check found.
    CheckOutcome of domain::Outcome {
        /// It holds.
        Pass
        /// It does not hold.
        Fail
        /// Evidence is missing. Unknown is never good news.
        Unknown
        /// Its time has not come.
        NotDue
        /// It does not concern the release.
        NotApplicable
    }
    /// When a check's time is.
    CheckPhase of domain::Phase {
        /// Before the deployment.
        Before
        /// While it runs.
        During
        /// Afterwards.
        After
    }
    /// What is checked: each code names what must hold. They are described in `docs/checks.md`.
    CheckCode of engine::checks::CheckCode {
        /// What the release needs runs in the target.
        DependencyRunning
        /// It was not verified to fail with what runs beside it.
        CompatibleWithRunning
        /// The environment's window is open.
        WindowOpen
        /// The moment lies in the window of a change that carries the release.
        ChangeWindow
        /// No blackout closes the target.
        NoBlackout
        /// Nobody else has the environment, where only one may.
        EnvironmentFree
        /// Nothing else is planned that gets in the way.
        NoCalendarConflict
        /// Every change that carries it is approved as it is planned now.
        Approved
        /// The template of a standard change allows what the change does.
        TemplateFits
        /// No alert fires on the service in the target.
        EnvironmentHealthy
        /// Nothing that runs would be lost.
        CommitsKept
        /// Each approval was given by the approver or a valid delegate, for every group that was asked, and holds still.
        ApprovalGenuine
        /// Nobody who approved it wrote, asked for or deploys it.
        Independent
        /// The suites passed for what is deployed.
        Tested
        /// Each commit that it brings was reviewed by somebody else after its last change.
        Reviewed
        /// There is a way back, and it was rehearsed.
        BackoutReady
        /// What is deployed is what passed the stage before.
        SameArtifact
        /// The stage before is configured as the release expects.
        ConfigurationAsExpected
        /// It went through the stages before.
        Promoted
        /// Nobody may write to development and to production.
        AccessSeparated
        /// Impact on service and security was assessed before the approval.
        ImpactAnalysed
        /// Those looked at it who should at its risk.
        RiskRouted
        /// It started within the window that was authorised.
        StartedInWindow
        /// It ended within it.
        EndedInWindow
        /// What runs is explained by deployments.
        RuntimeExplained
        /// An emergency was one: an incident came first, and an approval before it or soon after.
        EmergencyJustified
        /// What was there before and after is kept, and the difference is the change's.
        BaselineKept
        /// What Interlock saw of it stands in the audit trail.
        ActsLogged
        /// Incidents that it is blamed for were handled.
        IncidentsHandled
        /// The CMDB tells the version that runs.
        CmdbCurrent
        /// It is healthy since.
        HealthyAfter
    }
    /// What a gate says.
    GateDecision of domain::GateDecision {
        /// Go.
        Allow
        /// Do not go.
        Deny
        /// Nobody knows; so do not go.
        Unknown
    }
    /// What somebody can do about a blocker.
    ActCode of engine::checks::ActCode {
        /// Deploy another release first.
        DeployDependency
        /// Give an approval.
        Approve
        /// Ask for approval.
        RequestApproval
        /// Review what is in it.
        Review
        /// Move the change's window.
        MoveChange
        /// Take the change off hold.
        ReleaseHold
        /// Use a template that allows it, or a normal change.
        ChooseTemplate
        /// Raise a change.
        RaiseChange
        /// Make the environment healthy.
        Mend
        /// Bring the missing commits in, and build again.
        MergeCommits
        /// Make a system readable again.
        RestoreSource
        /// Grant an exception from a blackout.
        GrantException
        /// Record what is not recorded.
        Record
    }
    /// What kind of entry of the calendar it is.
    CalendarEntryKind of engine::calendar::EntryKind {
        /// A release goes to a target, with the change that carries it.
        Release
        /// A change without a release.
        Change
        /// An environment is booked.
        Booking
        /// Changes are denied.
        Blackout
        /// Changes are expected.
        Maintenance
        /// A change advisory board meets.
        CabMeeting
        /// A train runs.
        Train
    }
    /// What kind of conflict of the calendar it is.
    CalendarConflictKind of engine::calendar::ConflictKind {
        /// Two want an environment that only one may have.
        ExclusiveEnvironment
        /// Two changes work on one configuration item.
        SameItem
        /// Two changes work on an item and its parent.
        RelatedItem
        /// Planned outside the environment's windows.
        OutsideWindow
        /// Planned inside a blackout.
        Blackout
        /// One person carries out two at once.
        SameImplementer
        /// More releases are planned at once than a pool serves.
        CapacityExceeded
        /// Planned in hours in which an agreement promises the service.
        ServiceHours
    }
}
