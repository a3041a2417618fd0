//! The safe order of releases: what goes together, what goes first, and when. Pure functions of a graph, a policy and a
//! question; the algorithms below work on plain places, so that they can be measured and tested without a graph.

// The question and the answer.
mod request;

mod answer;

mod plan;

// From the graph to places, and back.
mod selection;

mod needs;

mod matching;

mod units;

mod sorting;

mod jobs;

mod items;

mod occupied;

mod timetable;

mod changes;

// Algorithms over plain places.
mod steps;

mod order;

mod cycles;

mod compatibility;

mod splitting;

mod problem;

mod path;

mod pools;

mod schedule;

mod exact;

mod rollback;

#[cfg(test)]
mod tests;

pub use answer::{
    Because, Blocker, BlockerCode, BoundCode, CriticalPath, Cycle, Difference, Irreversible, Quality, Scheduled,
    Sequence, Shifted, Unit, Unschedulable, Verification,
};
pub use compatibility::{Consequences, Fit, Pair, Precedence as VersionPrecedence, consequences};
pub use cycles::{Circle, EXACT_NODES, Tie, circles};
pub use order::{Adjacency, Layers, layer};
pub use path::{Span, critical_path, lower_bound, spans};
pub use plan::sequence_releases;
pub use problem::{Demand, Job, Malformed, Precedence, Problem};
pub use request::{SequenceError, SequencePolicy, SequenceRequest, WhatIf};
pub use rollback::rollback;
pub use schedule::{Bound, Effort, Placed, Schedule, schedule, slacks};
pub use splitting::{Bond, fewest_to_split};
pub use steps::{OutOfSteps, Steps};
