//! How to take back what has gone: in the opposite order, up to what cannot be taken back. What such a release needs
//! has to stay too.

use domain::{Release, StepKind, Text};

/// The order in which to take back what went in `order`, and what stays with it. `ties` are `(before, after)` pairs
/// that hold while the later one is there; `fixed` says of each node whether it can not be taken back. O(V+E).
pub fn rollback(order: &[u32], ties: &[(u32, u32)], fixed: &[bool]) -> (Vec<u32>, Vec<u32>) {
    let mut needs: Vec<Vec<u32>> = vec![Vec::new(); fixed.len()];
    for (before, after) in ties {
        if let Some(needs) = needs.get_mut(*after as usize) {
            needs.push(*before);
        }
    }
    let mut stays = fixed.to_vec();
    let (mut back, mut kept) = (Vec::new(), Vec::new());
    for node in order.iter().rev() {
        if !stays.get(*node as usize).copied().unwrap_or(true) {
            back.push(*node);
            continue;
        }
        kept.push(*node);
        for before in needs.get(*node as usize).into_iter().flatten() {
            if let Some(stays) = stays.get_mut(*before as usize) {
                *stays = true;
            }
        }
    }
    (back, kept)
}

/// Why a release cannot be taken back; `None` when it can. A change of a schema or of data of which nobody says that it
/// can be undone counts as one that cannot.
pub(super) fn irreversible(release: &Release) -> Option<Text> {
    let word = |kind: StepKind| match kind {
        StepKind::Artifact => "installs an artifact",
        StepKind::Schema => "changes a schema",
        StepKind::DataFix => "changes data",
        StepKind::Config => "changes configuration",
        StepKind::Flag => "turns a flag",
        StepKind::Infrastructure => "changes infrastructure",
        StepKind::Vendor => "installs a vendor's package",
    };
    release.steps.iter().find_map(|step| match step.reversible {
        Some(true) => None,
        Some(false) => Some(format!("{} {}, which cannot be undone", release.key, word(step.kind)).into()),
        None if matches!(step.kind, StepKind::Schema | StepKind::DataFix) => {
            Some(format!("{} {}, and nobody says that this can be undone", release.key, word(step.kind)).into())
        }
        None => None,
    })
}
