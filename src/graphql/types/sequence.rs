//! A sequence of releases as clients see it.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use domain::RecordKind;
use engine::graph::{Index, ReleaseGraph};
use engine::sequence as engine_sequence;
use jiff::{Span, Timestamp};

use super::enums::DependencyKind;
use super::environment::Target;
use super::joint_risk::JointRisk;
use super::moment::{Window, span};
use super::release::Release;
use super::{Gap, Link};
use crate::graphql::coverage::all_gaps;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// Kinds of records that a sequence is made from.
const KINDS: &[RecordKind] = &[
    RecordKind::TrackedVersion,
    RecordKind::Tag,
    RecordKind::File,
    RecordKind::WorkItem,
    RecordKind::CiRelation,
    RecordKind::Change,
    RecordKind::ChangeTask,
    RecordKind::ConfigurationItem,
    RecordKind::Schedule,
    RecordKind::Train,
    RecordKind::RuntimeObservation,
];

/// The answer to a question of order.
pub(crate) struct Sequence {
    rows: Rows,
    found: engine_sequence::Sequence,
    target: domain::Target,
}

impl Sequence {
    pub(crate) fn new(graph: &Arc<ReleaseGraph>, found: engine_sequence::Sequence, target: domain::Target) -> Self {
        Self { rows: Rows(graph.clone()), found, target }
    }
}

/// What goes together, in which order and when, what stands in the way, and how to take it back. Verdicts are made from
/// one version of the graph; where `gaps` are, a release or dependency may be missing.
#[Object]
impl Sequence {
    /// The version of the graph that it is made from.
    async fn graph_version(&self) -> u64 {
        self.rows.0.version
    }

    /// What goes together, in the order in which it goes; a release that goes alone is a unit too. Those in circles that
    /// cannot be broken come last, and stand in no wave.
    async fn units(&self) -> Vec<SequenceUnit> {
        self.found.units.iter().map(|unit| self.rows.unit(unit)).collect()
    }

    /// Units that may go side by side, wave after wave.
    async fn waves(&self) -> Vec<SequenceWave> {
        let units = |places: &[usize]| places.iter().filter_map(|place| self.found.units.get(*place)).collect();
        let wave = |units: Vec<&engine_sequence::Unit>| units.iter().map(|unit| self.rows.unit(unit)).collect();
        let waves = self.found.waves.iter().enumerate();
        waves.map(|(index, places)| SequenceWave { index, units: wave(units(places)) }).collect()
    }

    /// A safe order of all that has one.
    async fn order(&self) -> Vec<Release> {
        self.rows.releases(&self.found.order)
    }

    /// Circles of dependencies.
    async fn cycles(&self) -> Vec<SequenceCycle> {
        let cycle = |cycle: &engine_sequence::Cycle| SequenceCycle {
            releases: self.rows.releases(&cycle.releases),
            break_by: self.rows.reasons(&cycle.break_by),
            exact: cycle.exact,
        };
        self.found.cycles.iter().map(cycle).collect()
    }

    /// Pairs of releases that fail together, whatever the order: where there is one, there is no plan.
    async fn wrong_targets(&self) -> Vec<SequenceReason> {
        self.rows.reasons(&self.found.wrong_targets)
    }

    /// Pairs of releases that would run together and that nobody verified, though their services have a source of
    /// compatibility.
    async fn unverified(&self) -> Vec<SequenceReason> {
        self.rows.reasons(&self.found.unverified)
    }

    /// The fewest verifications that would split units which are only assumed to go together.
    async fn verifications_to_split(&self) -> Vec<SequenceVerification> {
        let row = |row: &engine_sequence::Verification| SequenceVerification {
            unit: ID(row.unit.to_string()),
            from: self.rows.release(row.from),
            to: self.rows.release(row.to),
            detail: row.detail.to_string(),
        };
        self.found.verifications_to_split.iter().map(row).collect()
    }

    /// The chain that makes the plan as long as it is, under windows and blackouts, without regard to capacity.
    async fn critical_path(&self) -> SequencePath {
        let path = &self.found.critical_path;
        SequencePath { releases: self.rows.releases(&path.releases), duration: span(path.duration) }
    }

    /// How good the schedule is; null when nothing is scheduled.
    async fn quality(&self) -> Option<SequenceQuality> {
        let quality = self.found.quality?;
        Some(SequenceQuality {
            lower_bound: span(quality.lower_bound),
            makespan: span(quality.makespan),
            gap: quality.gap,
        })
    }

    /// When each release goes, by start.
    async fn schedule(&self) -> Vec<ScheduledRelease> {
        let row = |row: &engine_sequence::Scheduled| ScheduledRelease {
            release: self.rows.release(row.release),
            target: Target::new(&self.rows.0, &self.target),
            window: row.window.into(),
            slack: span(row.slack),
            bound_by: SequenceBound { code: row.bound.into(), detail: row.detail.to_string() },
        };
        self.found.schedule.iter().map(row).collect()
    }

    /// What cannot go, and why.
    async fn unschedulable(&self) -> Vec<UnschedulableRelease> {
        let blocker = |blocker: &engine_sequence::Blocker| SequenceBlocker {
            code: blocker.code.into(),
            detail: blocker.detail.to_string(),
            release: blocker.release.map(|index| self.rows.release(index)),
        };
        let row = |row: &engine_sequence::Unschedulable| UnschedulableRelease {
            release: self.rows.release(row.release),
            blockers: row.blockers.iter().map(blocker).collect(),
        };
        self.found.unschedulable.iter().map(row).collect()
    }

    /// In which order to take back what is scheduled once all of it is there, as far as that is possible.
    async fn rollback_order(&self) -> Vec<Release> {
        self.rows.releases(&self.found.rollback_order)
    }

    /// What of it cannot be taken back once it is there.
    async fn irreversible(&self) -> Vec<IrreversibleRelease> {
        let row = |row: &engine_sequence::Irreversible| IrreversibleRelease {
            release: self.rows.release(row.release),
            reason: row.reason.to_string(),
        };
        self.found.irreversible.iter().map(row).collect()
    }

    /// What differs from the plan without the what-if; null where nothing was asked to differ.
    async fn difference(&self) -> Option<SequenceDifference> {
        let found = self.found.difference.as_ref()?;
        let shifted = |row: &engine_sequence::Shifted| ShiftedRelease {
            release: self.rows.release(row.release),
            before: row.before.map(Into::into),
            after: row.after.map(Into::into),
        };
        Some(SequenceDifference {
            shifted: found.shifted.iter().map(shifted).collect(),
            waves_changed: self.rows.releases(&found.waves_changed),
            makespan: found.makespan.map(span),
            ends_before: found.ends_before,
            ends_after: found.ends_after,
        })
    }

    /// What is missing of the records that it is made from.
    async fn gaps(&self, ctx: &Context<'_>) -> Result<Vec<Gap>> {
        Ok(Gap::told_once(all_gaps(Session::of(ctx)?, &self.rows.0, KINDS)))
    }
}

/// Makes places in one graph into what clients see.
struct Rows(Arc<ReleaseGraph>);

impl Rows {
    fn release(&self, index: Index<domain::Release>) -> Release {
        At { graph: self.0.clone(), index }
    }

    fn releases(&self, indices: &[Index<domain::Release>]) -> Vec<Release> {
        indices.iter().map(|index| self.release(*index)).collect()
    }

    fn unit(&self, unit: &engine_sequence::Unit) -> SequenceUnit {
        SequenceUnit {
            id: ID(unit.id.to_string()),
            verified: unit.verified,
            releases: self.releases(&unit.releases),
            because: self.reasons(&unit.because),
        }
    }

    fn reasons(&self, reasons: &[engine_sequence::Because]) -> Vec<SequenceReason> {
        let reason = |because: &engine_sequence::Because| SequenceReason {
            from: self.release(because.from),
            to: self.release(because.to),
            kind: because.kind.into(),
            constraint: because.constraint.as_ref().map(ToString::to_string),
            reason: because.reason.to_string(),
            link: because.link.as_ref().map(Into::into),
        };
        reasons.iter().map(reason).collect()
    }
}

/// Releases that go in one go, because every state between would be one that fails or that nobody verified.
#[derive(SimpleObject)]
struct SequenceUnit {
    /// The keys of its releases with `+` between them.
    id: ID,
    /// Does all that holds it together, and the versions it ends with, rest on verifications?
    verified: bool,
    /// Its releases, by key.
    releases: Vec<Release>,
    /// What holds it together.
    because: Vec<SequenceReason>,
}

/// Units that may go side by side.
#[derive(SimpleObject)]
#[graphql(complex)]
struct SequenceWave {
    /// Its place, from 0.
    index: usize,
    /// Its units, by key.
    units: Vec<SequenceUnit>,
}

#[ComplexObject]
impl SequenceWave {
    /// How likely any of its releases fails.
    async fn risk(&self, ctx: &Context<'_>) -> Result<Option<JointRisk>> {
        let releases: Vec<&Release> = self.units.iter().flat_map(|unit| &unit.releases).collect();
        let Some(first) = releases.first() else { return Ok(None) };
        JointRisk::of(ctx, &first.graph, releases.iter().map(|release| release.index).collect()).await
    }
}

/// One release needs, or must not stand beside, another.
#[derive(SimpleObject)]
struct SequenceReason {
    /// What waits.
    from: Release,
    /// For what.
    to: Release,
    /// How binding.
    kind: DependencyKind,
    /// Version constraint, where there is one.
    constraint: Option<String>,
    /// Why, in one sentence.
    reason: String,
    /// How it is known; null where nobody verified it, or it follows from the versions alone.
    link: Option<Link>,
}

/// A circle of dependencies.
#[derive(SimpleObject)]
struct SequenceCycle {
    /// A shortest circle: each needs the next, the last needs the first.
    releases: Vec<Release>,
    /// The soft dependencies to drop, together of the least weight; empty when no soft one can break it.
    break_by: Vec<SequenceReason>,
    /// Is that the cheapest way for certain? Circles of more than 20 are broken by a good way, not a proven one.
    exact: bool,
}

/// A verification that would help to split a unit.
#[derive(SimpleObject)]
struct SequenceVerification {
    /// Id of the unit.
    unit: ID,
    /// The release whose new version is to be verified.
    from: Release,
    /// With what is there before this one goes.
    to: Release,
    /// Which versions, in words.
    detail: String,
}

/// The chain that makes a plan as long as it is.
#[derive(SimpleObject)]
struct SequencePath {
    /// First to last.
    releases: Vec<Release>,
    /// From the start of the first to the end of the last, closed times included.
    duration: Span,
}

/// How good a schedule is. Times count from `from`.
#[derive(SimpleObject)]
struct SequenceQuality {
    /// No schedule of the same releases ends earlier.
    lower_bound: Span,
    /// When this one ends.
    makespan: Span,
    /// By how much it may be longer than the best, as a fraction of the lower bound; 0 = there is no better one.
    gap: f64,
}

/// When a release goes.
#[derive(SimpleObject)]
struct ScheduledRelease {
    /// The release.
    release: Release,
    /// Where to.
    target: Target,
    /// From when to when.
    window: Window,
    /// How much later it may start while all others stay where they are.
    slack: Span,
    /// What keeps it from starting earlier.
    bound_by: SequenceBound,
}

/// What keeps a release from starting earlier.
#[derive(SimpleObject)]
struct SequenceBound {
    /// What it is.
    code: SequenceBoundCode,
    /// The same in words.
    detail: String,
}

/// A release that cannot go.
#[derive(SimpleObject)]
struct UnschedulableRelease {
    /// The release.
    release: Release,
    /// Why; at least one.
    blockers: Vec<SequenceBlocker>,
}

/// One reason why a release cannot go.
#[derive(SimpleObject)]
struct SequenceBlocker {
    /// The reason.
    code: SequenceBlockerCode,
    /// The same in words.
    detail: String,
    /// The other release; null where there is none, or none that the caller may see.
    release: Option<Release>,
}

/// A release that cannot be taken back.
#[derive(SimpleObject)]
struct IrreversibleRelease {
    /// The release.
    release: Release,
    /// Why, in words.
    reason: String,
}

/// What a what-if changes.
#[derive(SimpleObject)]
struct SequenceDifference {
    /// Releases that go at another time, for the first time, or no more; by key.
    shifted: Vec<ShiftedRelease>,
    /// Releases that are in another wave, or newly or no more in any; by key.
    waves_changed: Vec<Release>,
    /// How much longer the plan is, negative when shorter; null where one of the two has no schedule.
    makespan: Option<Span>,
    /// End of the plan without the what-if (UTC).
    ends_before: Option<Timestamp>,
    /// End of the plan with it (UTC).
    ends_after: Option<Timestamp>,
}

/// A release that goes at another time.
#[derive(SimpleObject)]
struct ShiftedRelease {
    /// The release.
    release: Release,
    /// When it goes without the what-if; null = not at all.
    before: Option<Window>,
    /// When it goes with it; null = not at all.
    after: Option<Window>,
}

/// What keeps a release from starting earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "engine_sequence::BoundCode")]
pub(crate) enum SequenceBoundCode {
    /// The range, its train or a move lets it start then.
    EarliestStart,
    /// It waits for another release.
    Dependency,
    /// The target opens then.
    Window,
    /// A pool or team has room then.
    Capacity,
    /// The environment is free then.
    ExclusiveEnvironment,
    /// Nobody else works on its items from then on.
    CalendarConflict,
}

/// Why a release cannot go. The codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "engine_sequence::BlockerCode")]
pub(crate) enum SequenceBlockerCode {
    /// It runs there already.
    AlreadyRunning,
    /// A newer version of its service runs there.
    OlderThanRunning,
    /// It was cancelled.
    Cancelled,
    /// It needs a release that neither runs there nor is among those that go.
    DependencyMissing,
    /// It cannot be told whether what it needs runs there.
    DependencyUnknown,
    /// It waits for a release that cannot go.
    DependencyBlocked,
    /// It stands in a circle that no soft dependency can break.
    DependencyCycle,
    /// It fails together with what runs there.
    IncompatibleWithRunning,
    /// It fails together with another release that is to go.
    WrongTarget,
    /// The target has no opening that is long enough for it in time.
    NoWindow,
    /// It cannot end by its deadline.
    Deadline,
    /// It needs more than a pool ever has.
    Capacity,
    /// Others have the environment, which only one may have, whenever it is open.
    ExclusiveEnvironment,
    /// Others work on its items whenever the target is open.
    CalendarConflict,
    /// No place was found for it among the others; a place may exist.
    NoPlace,
}
