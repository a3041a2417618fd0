//! What the connector remembers between two reads: enough to notice what `updated` does not tell.

use std::collections::{BTreeMap, BTreeSet};

use domain::Text;

use super::versions::List;
use super::wire::Id;

/// Known from earlier reads.
#[derive(Debug, Default, Clone)]
pub(super) struct Held {
    /// Versions whose issues were read: a version may enter the horizon without a change of its issues.
    pub(super) versions: BTreeSet<Id>,
    /// Issues of the horizon.
    pub(super) issues: BTreeSet<Id>,
    /// Issues outside it that those refer to: no search tells when they change.
    pub(super) references: BTreeSet<Id>,
    /// The project of each version.
    pub(super) project_of: BTreeMap<Id, Id>,
    /// The keys by which projects are mapped.
    pub(super) projects: BTreeMap<Id, Text>,
    /// The versions of each project.
    pub(super) lists: BTreeMap<Id, List>,
    /// An issue of each version that has one.
    pub(super) witnesses: BTreeMap<Id, Id>,
    /// Projects whose lists lack a version that an issue names.
    pub(super) suspects: BTreeSet<Id>,
    /// Reads of changes since everything was read.
    pub(super) refreshes: u64,
}
