//! From "which version works with which" to "which release comes before which". Two services go through their versions
//! one by one; a pair of versions that does not work together is a state that no order may pass through.

/// Do two versions work together?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Verified: they do.
    Works,
    /// Verified: they do not.
    Fails,
    /// Nobody verified it.
    Unverified,
}

/// Two services that have a source of compatibility, and what each moves through.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The one's releases, in the order in which they go.
    pub one: &'a [u32],
    /// The other's.
    pub other: &'a [u32],
    /// Whether version `i` of the one works with version `j` of the other; version 0 is what runs, version `n` what
    /// the n-th release brings.
    pub fits: &'a dyn Fn(usize, usize) -> Fit,
}

/// "The one comes before the other, because of a state between them."
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence {
    /// What comes first.
    pub before: u32,
    /// What comes later.
    pub after: u32,
    /// The state that must not be: versions of the one and of the other.
    pub state: (usize, usize),
    /// Does the state fail for certain, or did nobody verify it?
    pub verified: bool,
}

/// What follows from one pair of services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequences {
    /// Which comes before which.
    pub precedences: Vec<Precedence>,
    /// Whether the versions at the end work together.
    pub end: Fit,
}

/// What follows from what is known of a pair.
///
/// A state between is avoided when the other service leaves its version before the one arrives (or the other way
/// round); where both would do, the other leaves first, and where neither can, the one's two releases go together.
pub fn consequences(pair: Pair<'_>) -> Consequences {
    let (ends, mut precedences) = ((pair.one.len(), pair.other.len()), Vec::new());
    for i in 0..=ends.0 {
        for j in 0..=ends.1 {
            let fit = if (i, j) == (0, 0) || (i, j) == ends { Fit::Works } else { (pair.fits)(i, j) };
            if fit == Fit::Works {
                continue;
            }
            let arrives = |chain: &[u32], at: usize| at.checked_sub(1).and_then(|place| chain.get(place)).copied();
            let leaves = |chain: &[u32], at: usize| chain.get(at).copied();
            let (one_in, one_out) = (arrives(pair.one, i), leaves(pair.one, i));
            let (other_in, other_out) = (arrives(pair.other, j), leaves(pair.other, j));
            let order = other_out.zip(one_in).or(one_out.zip(other_in));
            let order = order.or(one_out.zip(one_in)).or(other_out.zip(other_in));
            precedences.extend(order.map(|(before, after)| Precedence {
                before,
                after,
                state: (i, j),
                verified: fit == Fit::Fails,
            }));
        }
    }
    let end = if ends == (0, 0) { Fit::Works } else { (pair.fits)(ends.0, ends.1) };
    Consequences { precedences, end }
}
