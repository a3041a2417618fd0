//! What every connector offers to the gateway, whatever the vendor. Batched from the start: a connector reads kinds of
//! records for a horizon, changes since a watermark, or named records; it never answers one row per call.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{ConnectorId, Family, Gap, GapCode, RecordId, RecordKind, Records, Text, Window};
use jiff::{SignedDuration, Timestamp};

use crate::error::{ConnectorError, FailureKind};
use crate::resilience::TelemetrySnapshot;

/// Which system this is, and what it can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// The id in the configuration.
    pub id: ConnectorId,
    /// The family of the system.
    pub family: Family,
    /// The vendor's name in the configuration, for example `servicenow`.
    pub vendor: &'static str,
    /// The kinds of records it reads.
    pub kinds: &'static [RecordKind],
}

/// What to gather.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatherRequest {
    /// Records that are active in this window.
    pub horizon: Window,
    /// Where the last read of each kind ended. A kind without a mark is read in full.
    pub since: BTreeMap<RecordKind, Timestamp>,
    /// Our clock: `fetched_at` of what is read.
    pub now: Timestamp,
    /// What of this system the company has mapped to its services.
    pub interest: Interest,
}

/// Where a repository says which service it holds, in the form of Backstage.
pub(crate) const CATALOG_FILE: &str = "catalog-info.yaml";

/// How much of a system is of interest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Breadth {
    /// What the company has mapped.
    #[default]
    Mapped,
    /// Whatever may belong to a service that nobody has mapped yet: all projects, repositories and application
    /// services that are shown to us, up to a bound. What no mapping rests on (pipeline runs, reports, neighbourhoods
    /// of items) is left out and not told as complete.
    All,
}

/// What of one system the company has mapped to its services. A connector reads at least this; a connector whose
/// system holds nothing but releases' records (an ITSM instance) may read everything in the horizon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    /// Only what is named here, or whatever the system shows.
    pub breadth: Breadth,
    /// Keys of projects with work items and versions.
    pub projects: BTreeSet<Text>,
    /// Repositories, with the patterns of their release tags (`{version}` in each).
    pub repositories: BTreeMap<Text, BTreeSet<Text>>,
    /// Names or native ids of configuration items that stand for services.
    pub configuration_items: BTreeSet<Text>,
    /// Native ids of configuration items that other systems' records name.
    pub named_configuration_items: BTreeSet<Text>,
    /// Label sets by which monitoring knows services.
    pub selectors: BTreeSet<BTreeMap<Text, Text>>,
}

impl GatherRequest {
    /// Everything in the horizon.
    pub fn full(horizon: Window, now: Timestamp, interest: Interest) -> Self {
        Self { horizon, since: BTreeMap::new(), now, interest }
    }
}

/// What was read. A kind is in exactly one of `complete`, `changed` and `gaps`, or was not asked for;
/// a kind that was read in part stands in `changed` with its gap beside it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    /// The records.
    pub records: Records,
    /// Kinds of which `records` holds everything in the horizon: what is absent no longer exists.
    pub complete: BTreeSet<RecordKind>,
    /// Kinds of which `records` holds what changed since the mark: what is absent is as it was.
    pub changed: BTreeSet<RecordKind>,
    /// Records that the system says were deleted.
    pub deleted: BTreeMap<RecordKind, BTreeSet<RecordId>>,
    /// What could not be read, by kind.
    pub gaps: Vec<Gap>,
    /// Where the next incremental read of each kind starts, by the vendor's clock.
    pub watermarks: BTreeMap<RecordKind, Timestamp>,
}

impl Gathered {
    /// Joins another read of the same connector (of other kinds).
    pub fn join(&mut self, other: Self) {
        self.records.append(other.records);
        self.complete.extend(other.complete);
        self.changed.extend(other.changed);
        for (kind, gone) in other.deleted {
            self.deleted.entry(kind).or_default().extend(gone);
        }
        self.gaps.extend(other.gaps);
        self.watermarks.extend(other.watermarks);
    }
}

/// Records asked for by the vendor's ids, by kind.
pub type Wanted = BTreeMap<RecordKind, BTreeSet<RecordId>>;

/// A text of a record that is too long and too seldom asked for to be held in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LongText {
    /// How a change is to be carried out.
    ImplementationPlan,
    /// The article about a known error; asked for by the article's id.
    KnownErrorArticle,
    /// What a pull request says of itself, in full.
    PullRequestDescription,
}

impl LongText {
    /// The kind of the records that have it.
    pub fn kind(self) -> RecordKind {
        match self {
            Self::ImplementationPlan => RecordKind::Change,
            Self::KnownErrorArticle => RecordKind::Problem,
            Self::PullRequestDescription => RecordKind::PullRequest,
        }
    }
}

/// What a system tells of long texts.
#[async_trait]
pub trait LongTexts: Send + Sync {
    /// The texts of these records, in as few requests as the system allows. A record that does not exist, or has no
    /// such text, is absent; a batch that fails is an error.
    async fn long_texts(
        &self,
        what: LongText,
        ids: &BTreeSet<RecordId>,
    ) -> Result<BTreeMap<RecordId, Text>, ConnectorError>;
}

/// How one question of a probe was answered.
#[derive(Debug, Clone)]
pub enum ProbeAnswer {
    /// As it should be; with a short remark, for example the product's version.
    Good(Text),
    /// It works, but somebody should know.
    Warning(Text),
    /// It does not work.
    Failed(ConnectorError),
    /// Not asked, because an earlier question failed.
    Skipped,
}

impl ProbeAnswer {
    /// Whether a system is reached, and whether it knows us, told by a request that failed: one that refuses us has
    /// been `reached`.
    pub(crate) fn of_failure(error: &ConnectorError, reached: &str) -> (Self, Self) {
        match error.kind {
            FailureKind::Unauthenticated | FailureKind::Denied => {
                (Self::Good(reached.into()), Self::Failed(error.clone()))
            }
            _ => (Self::Failed(error.clone()), Self::Skipped),
        }
    }
}

/// What `interlock check` tells of a system.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Does it answer at all?
    pub reachable: ProbeAnswer,
    /// Does it accept our credentials?
    pub authenticated: ProbeAnswer,
    /// May we read each kind of record?
    pub permitted: Vec<(RecordKind, ProbeAnswer)>,
    /// Its clock minus ours, where its answers carry a date.
    pub clock_skew: Option<SignedDuration>,
    /// The limits it announces, in words.
    pub limits: Option<Text>,
}

/// A system of record as the gateway sees it.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Which system this is.
    fn descriptor(&self) -> &Descriptor;

    /// Asks the system whether it answers, knows us, and lets us read. Never fails: the answers say what failed.
    async fn probe(&self, now: Timestamp) -> Probe;

    /// Reads everything in the horizon, or what changed since the marks. Kinds fail one by one: what was read is
    /// returned, what was not is a gap. No fault ever turns into "no records".
    async fn gather(&self, request: &GatherRequest) -> Gathered;

    /// Reads the named records now. Ids that do not exist are absent; kinds that could not be read are gaps.
    async fn read(&self, wanted: &Wanted, now: Timestamp) -> Gathered;

    /// Reads the records that people call by these numbers or keys, in any letters; else like `read`. A system that
    /// cannot be asked so leaves a gap.
    async fn find(&self, kind: RecordKind, keys: &BTreeSet<Text>, now: Timestamp) -> Gathered {
        let (Descriptor { id, .. }, _) = (self.descriptor(), (keys, now));
        let gap = Gap {
            code: GapCode::SourceIncomplete,
            connector: Some(id.clone()),
            kind,
            message: format!("{id} cannot be asked for a record by what people call it").into(),
            since: None,
            retryable: false,
        };
        Gathered { gaps: vec![gap], ..Gathered::default() }
    }

    /// The system's long texts, if it has any that are read only when somebody asks for them.
    fn long_texts(&self) -> Option<&dyn LongTexts> {
        None
    }

    /// What the resilience layer has seen of this system.
    fn telemetry(&self) -> TelemetrySnapshot;
}
