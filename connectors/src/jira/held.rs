//! What the connector remembers between two reads: enough to notice what `updated` does not tell.

use std::collections::{BTreeMap, BTreeSet};

use domain::Text;

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
}
