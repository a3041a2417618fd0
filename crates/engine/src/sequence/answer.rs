//! A sequence: what goes together, in which order and when, what stands in the way, and how to take it back.
//! Releases are places in the graph that it was made from.

use domain::{DependencyKind, Link, Release, Text, Window};
use jiff::{SignedDuration, Timestamp};

use crate::graph::Index;

/// The answer to a [`SequenceRequest`](super::SequenceRequest).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sequence {
    /// What goes together, in the order in which it goes; a release that goes alone is a unit too.
    pub units: Vec<Unit>,
    /// Places of units that may go side by side, wave after wave.
    pub waves: Vec<Vec<usize>>,
    /// A safe order of all that has one.
    pub order: Vec<Index<Release>>,
    /// Dependencies that lead in a circle.
    pub cycles: Vec<Cycle>,
    /// Pairs of releases that fail together: where there is one, there is no plan.
    pub wrong_targets: Vec<Because>,
    /// Pairs of versions that will run together and that nobody verified, though they have a source of compatibility.
    pub unverified: Vec<Because>,
    /// The fewest verifications that would split units which are assumed to go together.
    pub verifications_to_split: Vec<Verification>,
    /// What makes the plan as long as it is, without regard to capacity.
    pub critical_path: CriticalPath,
    /// How good the schedule is; `None` without one.
    pub quality: Option<Quality>,
    /// When each goes, by start.
    pub schedule: Vec<Scheduled>,
    /// What cannot go, and why.
    pub unschedulable: Vec<Unschedulable>,
    /// In which order to take back what is scheduled once all of it is there, as far as that is possible.
    pub rollback_order: Vec<Index<Release>>,
    /// What of it cannot be taken back.
    pub irreversible: Vec<Irreversible>,
    /// What differs from the plan without the what-if; `None` where nothing was asked to differ.
    pub difference: Option<Difference>,
}

/// One release needs, or must not stand beside, another.
#[derive(Debug, Clone, PartialEq)]
pub struct Because {
    /// What waits.
    pub from: Index<Release>,
    /// For what.
    pub to: Index<Release>,
    /// How binding.
    pub kind: DependencyKind,
    /// The version constraint, where there is one.
    pub constraint: Option<Text>,
    /// Why, in one sentence.
    pub reason: Text,
    /// How it is known; `None` where nobody verified it, or it follows from the versions alone.
    pub link: Option<Link>,
}

/// Releases that go in one go, because every state between would be one that fails or that nobody verified.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The keys of its releases with `+` between them.
    pub id: Text,
    /// Its releases, by key.
    pub releases: Vec<Index<Release>>,
    /// Does all that holds it together, and the versions it ends with, rest on verifications?
    pub verified: bool,
    /// What holds it together.
    pub because: Vec<Because>,
}

/// A circle of dependencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// A shortest circle: each needs the next, the last needs the first.
    pub releases: Vec<Index<Release>>,
    /// The soft dependencies to drop, together the least weight; empty when no soft one can break it.
    pub break_by: Vec<Because>,
    /// Is that the cheapest way for certain?
    pub exact: bool,
}

/// A verification that would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The unit that it would split.
    pub unit: Text,
    /// The release whose new version is to be verified.
    pub from: Index<Release>,
    /// With what is there before this one.
    pub to: Index<Release>,
    /// Which versions, in one sentence.
    pub detail: Text,
}

/// The chain that makes the plan as long as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// First to last.
    pub releases: Vec<Index<Release>>,
    /// From the start of the first to the end of the last.
    pub duration: SignedDuration,
}

/// How good a schedule is. Spans count from the start of the range that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// No schedule of the same releases ends earlier.
    pub lower_bound: SignedDuration,
    /// When this one ends.
    pub makespan: SignedDuration,
    /// By how much it may be longer than the best, as a fraction of the bound; 0 = it is the best.
    pub gap: f64,
}

/// What keeps a release from starting earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BoundCode {
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

/// When a release goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// The release.
    pub release: Index<Release>,
    /// From when to when.
    pub window: Window,
    /// How much later it may start while all others stay where they are.
    pub slack: SignedDuration,
    /// What keeps it from starting earlier.
    pub bound: BoundCode,
    /// The same in one sentence.
    pub detail: Text,
}

/// Why a release cannot go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockerCode {
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

/// One reason why a release cannot go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocker {
    /// The reason.
    pub code: BlockerCode,
    /// The same in one sentence.
    pub detail: Text,
    /// The other release, where there is one that the caller may see.
    pub release: Option<Index<Release>>,
}

/// A release that cannot go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unschedulable {
    /// The release.
    pub release: Index<Release>,
    /// Why; at least one.
    pub blockers: Vec<Blocker>,
}

/// A release that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Irreversible {
    /// The release.
    pub release: Index<Release>,
    /// Why, in one sentence.
    pub reason: Text,
}

/// A release that goes at another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shifted {
    /// The release.
    pub release: Index<Release>,
    /// When it goes without the what-if; `None` = not at all.
    pub before: Option<Window>,
    /// When it goes with it; `None` = not at all.
    pub after: Option<Window>,
}

/// What a what-if changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Releases that go at another time, for the first time, or no more; by key.
    pub shifted: Vec<Shifted>,
    /// Releases that are in another wave, or newly or no more in any; by key.
    pub waves_changed: Vec<Index<Release>>,
    /// How much longer the plan is; negative = shorter. `None` where one of the two has no schedule.
    pub makespan: Option<SignedDuration>,
    /// End of the plan without the what-if.
    pub ends_before: Option<Timestamp>,
    /// End of the plan with it.
    pub ends_after: Option<Timestamp>,
}
