//! How a release gets to its targets: its steps, its planned windows, and where it stands at each.

use async_graphql::SimpleObject;
use jiff::Timestamp;

use super::enums::{StepKind, TargetStatus};
use super::environment::Target;

/// A planned window of a release at a target: half-open, the start is inside, the end is not.
#[derive(SimpleObject)]
pub(crate) struct ReleaseWindow {
    /// Where.
    pub(super) target: Target,
    /// First moment inside (UTC).
    pub(super) start: Timestamp,
    /// First moment after it (UTC).
    pub(super) end: Timestamp,
}

/// One step of a release.
#[derive(SimpleObject)]
pub(crate) struct Step {
    /// What it does.
    kind: StepKind,
    /// Digest of what it installs, where there is one.
    digest: Option<String>,
    /// Can it be taken back? Null when nobody said.
    reversible: Option<bool>,
}

impl From<&domain::Step> for Step {
    fn from(step: &domain::Step) -> Self {
        let digest = step.digest.as_ref().map(ToString::to_string);
        Self { kind: step.kind.into(), digest, reversible: step.reversible }
    }
}

/// Where a release stands at one target.
#[derive(SimpleObject)]
pub(crate) struct TargetState {
    /// Where.
    pub(super) target: Target,
    /// Where it stands there.
    pub(super) status: TargetStatus,
    /// Is that certain?
    pub(super) certain: bool,
}
