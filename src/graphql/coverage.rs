//! How well a field's records are known: complete, partly, not at all, or from no system. Unknown is not empty, so a
//! field whose systems are dark is null with an error, and one that is read in part says what is missing.

use async_graphql::Context;
use domain::{ConnectorId, Gap, GapCode, RecordKind};
use engine::graph::ReleaseGraph;

use super::errors;
use super::session::Session;

/// Kinds of records that bring releases into being.
pub(crate) const NAMING: &[RecordKind] = &[
    RecordKind::Tag,
    RecordKind::TrackedVersion,
    RecordKind::Change,
    RecordKind::Artifact,
    RecordKind::Deployment,
    RecordKind::RuntimeObservation,
];

/// Kinds of records that a release's page is made from.
pub(crate) const OF_RELEASE: &[RecordKind] = &[
    RecordKind::Change,
    RecordKind::Approval,
    RecordKind::Incident,
    RecordKind::Problem,
    RecordKind::WorkItem,
    RecordKind::TrackedVersion,
    RecordKind::Tag,
    RecordKind::Commit,
    RecordKind::PullRequest,
    RecordKind::Artifact,
    RecordKind::Deployment,
    RecordKind::RuntimeObservation,
    RecordKind::ConfigurationItem,
    RecordKind::CiRelation,
];

/// What is known of a list of records.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// What is missing, or older than it should be.
    pub(crate) gaps: Vec<Gap>,
    knowledge: Knowledge,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Knowledge {
    /// Some system told, at least in part.
    #[default]
    Held,
    /// None of the systems that should tell ever did.
    Dark,
    /// No system is configured that could tell.
    NotConfigured,
}

impl Coverage {
    /// What is known of lists that are made from these kinds of records. The first kind that any system is
    /// read for decides whether the list is dark: it is when none of the `owners` (or, without owners, none of its
    /// readers) was ever read.
    pub(crate) fn of(
        session: &Session,
        graph: &ReleaseGraph,
        kinds: &[RecordKind],
        owners: &[ConnectorId],
    ) -> Self {
        let Some(most_telling) = kinds.first() else { return Self::default() };
        let Some(first) = kinds.iter().find(|kind| !session.systems.readers(**kind).is_empty()) else {
            return Self { gaps: vec![not_configured(*most_telling)], knowledge: Knowledge::NotConfigured };
        };
        let readers = session.systems.readers(*first);
        if graph.gaps.is_empty() {
            return Self::default();
        }
        let gaps: Vec<Gap> = graph.gaps.iter().filter(|gap| kinds.contains(&gap.kind)).cloned().collect();
        let never_read = |reader: &ConnectorId| {
            let mut own = gaps.iter().filter(|gap| gap.kind == *first && gap.connector.as_ref() == Some(reader));
            own.any(|gap| gap.since.is_none() && gap.code != GapCode::SourceIncomplete)
        };
        let own: Vec<&ConnectorId> = readers.iter().filter(|reader| owners.contains(reader)).collect();
        let dark = match own.is_empty() {
            true => readers.iter().all(never_read),
            false => own.into_iter().all(never_read),
        };
        Self { gaps, knowledge: if dark { Knowledge::Dark } else { Knowledge::Held } }
    }

    /// Is a list with so many rows nothing that anybody knows? Tells a dark list once per connector and code.
    pub(crate) fn is_unknown(&self, context: &Context<'_>, rows: usize) -> bool {
        let unknown = rows == 0 && self.knowledge != Knowledge::Held;
        if unknown && self.knowledge == Knowledge::Dark {
            errors::tell_dark(context, &self.gaps);
        }
        unknown
    }

    /// The number of rows, where it can be told: what was read in full counts, also when that is a while ago.
    pub(crate) fn count(&self, context: &Context<'_>, rows: usize) -> Option<usize> {
        let known = self.gaps.iter().all(|gap| gap.since.is_some() && gap.code != GapCode::SourceIncomplete);
        (!self.is_unknown(context, rows) && known).then_some(rows)
    }

    /// Tells what is missing as errors, for a look-up that found nothing though a system might know it.
    pub(crate) fn tell_missing(&self, context: &Context<'_>) {
        errors::tell_dark(context, &self.gaps);
    }
}

/// What is missing of these kinds of records, with those that no system is configured for.
pub(crate) fn all_gaps(session: &Session, graph: &ReleaseGraph, kinds: &[RecordKind]) -> Vec<Gap> {
    let missing = graph.gaps.iter().filter(|gap| kinds.contains(&gap.kind)).cloned();
    let nobody = kinds.iter().filter(|kind| session.systems.readers(**kind).is_empty());
    missing.chain(nobody.map(|kind| not_configured(*kind))).collect()
}

fn not_configured(kind: RecordKind) -> Gap {
    Gap {
        code: GapCode::SourceNotConfigured,
        connector: None,
        kind,
        message: format!("No system is configured that tells of {}.", plural(kind)).into(),
        since: None,
        retryable: false,
    }
}

fn plural(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Change => "changes",
        RecordKind::Approval => "approvals",
        RecordKind::Incident => "incidents",
        RecordKind::Problem => "problems",
        RecordKind::WorkItem => "work items",
        RecordKind::TrackedVersion => "planned versions",
        RecordKind::Tag => "tags",
        RecordKind::Commit => "commits",
        RecordKind::Repository => "repositories",
        RecordKind::PullRequest => "pull requests",
        RecordKind::PipelineRun => "runs of pipelines",
        RecordKind::Artifact => "artifacts",
        RecordKind::Deployment => "deployments",
        RecordKind::RuntimeObservation => "what runs",
        RecordKind::ConfigurationItem => "configuration items",
        RecordKind::CiRelation => "relations of configuration items",
        RecordKind::Train => "release trains",
        _ => "these records",
    }
}
