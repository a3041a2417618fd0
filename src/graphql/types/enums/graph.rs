//! Words of the graph itself: links, evidence, gaps, findings, how systems do.

mirror! {
    /// How we know a link. Ordered by strength, strongest last.
    LinkOrigin of domain::LinkOrigin {
        /// From time and topology: a suspicion with a probability.
        Inferred
        /// From a key in a text, or a tag between two commits.
        Derived
        /// A field of a record says so.
        Explicit
    }
    /// Which rule made a link. Stable names; the rules are described in `docs/linking.md`.
    LinkRule of domain::LinkRule {
        /// A field of a record refers to the other record.
        Field
        /// The correlation id of a record is the other's key.
        CorrelationId
        /// The work item's fix version.
        FixVersion
        /// A link between two work items.
        IssueLink
        /// Parent, child or predecessor record.
        ParentRecord
        /// Service and version named together in a text.
        VersionInText
        /// A record's number or key named in a text.
        KeyInText
        /// A key in a commit message.
        KeyInCommit
        /// A key in a branch name.
        KeyInBranch
        /// A key in a pull request's title or body.
        KeyInTitle
        /// A commit lies in the range between two tags.
        CommitRange
        /// The forge says which pull request a commit came by.
        MergedBy
        /// The change's configuration item belongs to the service.
        ConfigurationItem
        /// The same digest.
        Digest
        /// The same commit.
        Commit
        /// A label of what runs (`build_info`).
        RuntimeLabel
        /// A relation in the CMDB.
        CmdbRelation
        /// A manifest in the repository.
        Manifest
        /// A contract test between two versions.
        ContractTest
        /// The configuration says so.
        Configuration
        /// Closeness in time and topology.
        TimeAndTopology
    }
    /// What kind of thing a piece of evidence is.
    EvidenceKind of domain::EvidenceKind {
        /// A field of a record says so.
        Field
        /// A text mentions it.
        Mention
        /// A commit or tag in a repository.
        Commit
        /// An observation of what runs.
        Observation
        /// Neighbourhood in the CMDB.
        Topology
        /// Closeness in time.
        Timing
        /// The configuration says so.
        Configuration
    }
    /// Why something is missing. The codes are stable, like field names.
    #[expect(clippy::enum_variant_names, reason = "the codes are the contract\'s words")]
    GapCode of domain::GapCode {
        /// The system cannot be reached or answers 5xx.
        SourceUnavailable
        /// The system did not answer in time.
        SourceTimedOut
        /// The system asks us to slow down.
        SourceRateLimited
        /// The system refuses our credentials or rights.
        SourceDenied
        /// The answer could not be understood.
        SourceMalformed
        /// The answer was cut short or contradicts itself.
        SourceIncomplete
        /// What we hold is older than it should be.
        SourceStale
        /// No such system is configured.
        SourceNotConfigured
    }
    /// What a finding is about. Stable codes.
    FindingCode of domain::FindingCode {
        /// Two systems claim different states.
        StatusConflict
        /// A spelling or key could mean several things.
        Ambiguous
        /// One system spells one version in two ways.
        SpellingVariants
        /// A key in a text leads nowhere.
        DanglingKey
        /// The mapping of a service leads nowhere, or two services claim the same thing.
        MappingConflict
        /// The same version has different digests.
        DigestMismatch
        /// A window moved, or the scope grew, after approval.
        ScopeChangedAfterApproval
        /// Commits of the running version are missing in the next one.
        CommitsLost
        /// What runs is not what was meant.
        RuntimeMismatch
        /// A change names no release and no release names it.
        UnlinkedChange
        /// A record contradicts itself, for example an end before its start.
        InvalidRecord
        /// An account could not be joined to a person.
        UnresolvedAccount
        /// Dependencies form a cycle.
        DependencyCycle
        /// It ran in production before a change for it was raised.
        Retroactive
    }
    /// How bad it is.
    FindingSeverity of domain::FindingSeverity {
        /// Good to know.
        Info
        /// Somebody should look.
        Warning
        /// Somebody must act.
        Error
    }
    /// Who uses an account.
    AccountKind of domain::AccountKind {
        /// A human.
        Human
        /// A machine.
        Machine
    }
    /// The family of a system.
    ConnectorFamily of domain::Family {
        /// IT service management: changes, incidents, problems.
        Itsm
        /// Work tracking.
        WorkTracking
        /// Configuration management database.
        Cmdb
        /// Monitoring and alerting.
        Monitoring
        /// Repositories and forges.
        Code
    }
    /// Whether a system's circuit lets traffic pass.
    CircuitState of connectors::resilience::CircuitState {
        /// Traffic passes.
        Closed
        /// The system is left alone.
        Open
        /// One probe may pass.
        HalfOpen
    }
    /// Health in one word.
    ConnectorHealth of crate::federation::ConnectorHealth {
        /// Everything was read well the last time.
        Healthy
        /// A part could not be read.
        Degraded
        /// Nothing could be read.
        Down
        /// Not asked yet.
        Unknown
    }
}
