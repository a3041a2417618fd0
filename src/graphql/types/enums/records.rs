//! Words of the records that systems hold.

mirror! {
    /// Where a release stands. What the words mean is decided in the release graph's model, section Status.
    ReleaseStatus of domain::ReleaseStatus {
        /// Named by some system, nothing more.
        Planned
        /// There is a digest.
        Built
        /// Its digest passed the stage before production.
        Staged
        /// An approval is missing.
        AwaitingApproval
        /// Every target is authorised.
        Scheduled
        /// The latest required approval is a rejection.
        Rejected
        /// All its changes are cancelled, or the version is archived.
        Cancelled
        /// An attempt is open or not yet confirmed.
        Deploying
        /// On some production targets, not on all.
        PartiallyDeployed
        /// The attempt succeeded.
        Deployed
        /// Deployed, and health was verified.
        Validated
        /// Handed over to operation.
        Transitioned
        /// The last attempt failed.
        Failed
        /// Taken back.
        RolledBack
    }
    /// Where a release stands at one target.
    TargetStatus of domain::TargetStatus {
        /// No attempt yet.
        NotStarted
        /// An attempt is open, the rollout is below 100 %, or it is not yet confirmed.
        Deploying
        /// The attempt succeeded and it was seen running.
        Deployed
        /// Deployed, and health was verified.
        Validated
        /// Handed over to operation.
        Transitioned
        /// The last attempt failed.
        Failed
        /// Taken back.
        RolledBack
    }
    /// What kind of name an alias is.
    AliasScheme of domain::AliasScheme {
        /// A version.
        Version
        /// A commit.
        Commit
        /// An artifact's digest.
        Digest
        /// A change's number.
        Change
        /// A date.
        Date
    }
    /// What a step does.
    StepKind of domain::StepKind {
        /// Installs an artifact.
        Artifact
        /// Changes a database schema.
        Schema
        /// Repairs or moves data.
        DataFix
        /// Changes configuration.
        Config
        /// Turns a feature flag.
        Flag
        /// Changes infrastructure.
        Infrastructure
        /// Installs a vendor's package.
        Vendor
    }
    /// What kind of thing a service is; sets which evidence is expected of its releases.
    ServiceKind of domain::ServiceKind {
        /// Built here: repositories, pull requests and test runs are expected.
        Built
        /// A vendor's package run here: attestation and configuration test instead of pull requests.
        Vendor
        /// Run by somebody else.
        Saas
        /// Infrastructure.
        Infrastructure
    }
    /// How far from customers an environment is.
    Stage of domain::Stage {
        /// Where code is written.
        Development
        /// Where it is tested.
        Test
        /// The last stage before production.
        Staging
        /// Where customers are.
        Production
        /// Disaster recovery.
        Dr
    }
    /// Class of a change (ITIL).
    ChangeType of domain::ChangeClass {
        /// Pre-approved by a template.
        Standard
        /// Assessed and approved.
        Normal
        /// Must be done at once.
        Emergency
        /// A class of the vendor's or the company's own.
        Other
    }
    /// State of a change, in ServiceNow's and ITIL's words.
    ChangeState of domain::ChangeState {
        /// Just raised.
        New
        /// Being assessed.
        Assess
        /// Waiting for authorisation.
        Authorize
        /// Authorised and planned.
        Scheduled
        /// Being done.
        Implement
        /// Done, under review.
        Review
        /// Closed.
        Closed
        /// Cancelled.
        Canceled
        /// A state of the vendor's or the company's own; see the label.
        Other
    }
    /// How a change ended, as its owner says.
    CloseCode of domain::CloseCode {
        /// Successful.
        Successful
        /// Successful with issues.
        SuccessfulWithIssues
        /// Unsuccessful.
        Unsuccessful
        /// A code of the company's own.
        Other
    }
    /// State of an approval. `NotRequired` is not a yes.
    ApprovalState of domain::ApprovalState {
        /// Nobody was asked yet.
        NotRequested
        /// Asked, not answered.
        Requested
        /// Yes.
        Approved
        /// No.
        Rejected
        /// Taken back.
        Cancelled
        /// Made moot by another answer; not a yes.
        NotRequired
        /// A second request for the same approver.
        Duplicate
        /// A state of the company's own.
        Other
    }
    /// By which way an approval is given.
    ApprovalVia of domain::ApprovalVia {
        /// A person was asked.
        User
        /// A member of a group was asked.
        Group
        /// A change advisory board decided.
        Cab
        /// A delegate answered for the approver.
        Delegate
        /// A live template approves.
        Template
    }
    /// State of an incident.
    IncidentState of domain::IncidentState {
        /// Just opened.
        New
        /// Being worked on.
        InProgress
        /// Waiting.
        OnHold
        /// Solved.
        Resolved
        /// Closed.
        Closed
        /// Cancelled.
        Canceled
        /// A state of the company's own; see the label.
        Other
    }
    /// State of a problem.
    ProblemState of domain::ProblemState {
        /// Just opened.
        New
        /// Being assessed.
        Assess
        /// The cause is looked for.
        RootCauseAnalysis
        /// The fix is being made.
        FixInProgress
        /// Solved.
        Resolved
        /// Closed.
        Closed
        /// A state of the company's own; see the label.
        Other
    }
    /// What kind of work.
    WorkItemType of domain::WorkItemType {
        /// Something a user wants.
        Story
        /// Something is wrong.
        Bug
        /// Work.
        Task
        /// A large piece of work.
        Epic
        /// A part of another item.
        SubTask
        /// A release tracked as an item.
        Release
        /// A type of the company's own; see the label.
        Other
    }
    /// Where the work stands: the tracker's status category.
    WorkItemState of domain::WorkItemState {
        /// Not begun.
        ToDo
        /// Begun.
        InProgress
        /// Done.
        Done
        /// A category of the vendor's own; see the label.
        Other
    }
    /// State of a pull request.
    PullRequestState of domain::PullRequestState {
        /// Open.
        Open
        /// Closed without merging.
        Closed
        /// Merged.
        Merged
    }
    /// State of a review.
    ReviewState of domain::ReviewState {
        /// Yes.
        Approved
        /// Not like this.
        ChangesRequested
        /// Neither.
        Commented
        /// Taken back.
        Dismissed
        /// Not yet sent.
        Pending
        /// A state of the vendor's own.
        Other
    }
    /// How it was done.
    DeploymentMethod of domain::DeploymentMethod {
        /// By a pipeline or deployment tool.
        Pipeline
        /// By hand.
        Manual
        /// By the vendor.
        Vendor
    }
    /// How an attempt ended.
    DeploymentOutcome of domain::DeploymentOutcome {
        /// Asked for, not begun.
        Pending
        /// Still open.
        InProgress
        /// The tool says it succeeded.
        Succeeded
        /// The tool says it failed.
        Failed
        /// It was stopped.
        Cancelled
        /// Nobody knows.
        Unknown
    }
    /// How a run of a pipeline, or a job of it, ended.
    RunConclusion of domain::RunConclusion {
        /// Still open.
        InProgress
        /// All went well.
        Success
        /// Something failed.
        Failure
        /// It was stopped.
        Cancelled
        /// It was not run.
        Skipped
        /// Neither good nor bad.
        Neutral
        /// It took too long.
        TimedOut
        /// It waits for somebody.
        ActionRequired
        /// A conclusion of the vendor's own.
        Other
    }
    /// A decision about a deployment that a forge held back until somebody agreed.
    DeploymentReviewState of domain::EnvironmentReviewState {
        /// Go ahead.
        Approved
        /// Stop.
        Rejected
        /// A word of the vendor's own.
        Other
    }
    /// How binding a dependency is. Only HARD closes a gate.
    DependencyKind of domain::DependencyKind {
        /// Compatibility is not verified.
        Assumed
        /// Better so.
        Soft
        /// Must be so.
        Hard
    }
    /// Where a configuration item stands in its life.
    CiLifecycle of domain::CiLifecycle {
        /// Planned or being built.
        Planned
        /// In use.
        Operational
        /// Being repaired or in maintenance.
        Maintenance
        /// Retired.
        Retired
        /// Not to be told from its fields, or they contradict each other.
        Unknown
    }
}
