//! Which of many things claim the same resource at the same time. A sweep line per resource: O(n log n + k) for n claims
//! and k clashes.

use domain::Window;

/// How something claims a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// The resource itself.
    Whole,
    /// Something below it: two of these do not clash, one and a whole do.
    Below,
}

/// Something that takes time and claims resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupation<R> {
    /// When.
    pub window: Window,
    /// Occupations with an owner in common never clash: they are parts of one undertaking.
    pub owners: Vec<u32>,
    /// What it claims, and how.
    pub claims: Vec<(R, Hold)>,
}

/// Two occupations that claim a resource at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clash<R> {
    /// Place of the first.
    pub first: usize,
    /// Place of the second, greater than the first.
    pub second: usize,
    /// What both claim.
    pub resource: R,
    /// Both the whole of it, or one of them something below?
    pub hold: Hold,
}

/// One claim: what is claimed, when, by which occupation, and how.
type Claim<R> = (R, Window, usize, Hold);

/// All clashes, sorted, each once.
pub fn clashes<R: Ord + Copy>(all: &[Occupation<R>]) -> Vec<Clash<R>> {
    let mut claims: Vec<Claim<R>> = Vec::with_capacity(all.len());
    for (place, one) in all.iter().enumerate() {
        claims.extend(one.claims.iter().map(|(resource, hold)| (*resource, one.window, place, *hold)));
    }
    claims.sort_unstable();
    claims.dedup();
    let mut found = Vec::new();
    for same in claims.chunk_by(|(one, ..), (other, ..)| one == other) {
        sweep(all, same, &mut found);
    }
    found.sort_unstable();
    // A resource that one claims as a whole and in part clashes once, as a whole.
    found.dedup_by(|later, first| {
        (later.first, later.second, later.resource) == (first.first, first.second, first.resource)
    });
    found
}

/// Do two occupations belong to one undertaking?
pub(super) fn are_one<R>(one: &Occupation<R>, other: &Occupation<R>) -> bool {
    one.owners.iter().any(|owner| other.owners.contains(owner))
}

/// Goes through the claims on one resource by their start.
fn sweep<R: Copy>(all: &[Occupation<R>], claims: &[Claim<R>], found: &mut Vec<Clash<R>>) {
    let mut wholes: Vec<(Window, usize)> = Vec::new();
    let mut parts: Vec<(Window, usize)> = Vec::new();
    for (resource, window, place, hold) in claims {
        // What has ended before this one starts will meet nothing that is still to come. Parts meet wholes alone, and
        // are looked through only then: however many overlap, they cost nothing until they clash.
        wholes.retain(|(other, _)| other.end > window.start);
        if *hold == Hold::Whole {
            parts.retain(|(other, _)| other.end > window.start);
        }
        let against_parts = parts.iter().filter(|_| *hold == Hold::Whole).map(|(_, other)| (*other, Hold::Below));
        for (other, met) in wholes.iter().map(|(_, other)| (*other, *hold)).chain(against_parts) {
            let pair = (all.get(*place), all.get(other));
            if other == *place || matches!(pair, (Some(one), Some(other)) if are_one(one, other)) {
                continue;
            }
            let (first, second) = (other.min(*place), other.max(*place));
            found.push(Clash { first, second, resource: *resource, hold: met });
        }
        match hold {
            Hold::Whole => wholes.push((*window, *place)),
            Hold::Below => parts.push((*window, *place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn occupations() -> impl Strategy<Value = Vec<Occupation<u8>>> {
        let hold = prop_oneof![Just(Hold::Whole), Just(Hold::Below)];
        let claims = prop::collection::vec((0..4_u8, hold), 0..4);
        let one = (0..60_i64, 1..20_i64, prop::collection::vec(0..12_u32, 0..2), claims).prop_map(
            |(start, length, owners, claims)| Occupation {
                window: Window { start: at(start), end: at(start + length) },
                owners,
                claims,
            },
        );
        prop::collection::vec(one, 0..14)
    }

    fn every_pair(all: &[Occupation<u8>]) -> Vec<Clash<u8>> {
        let mut found = Vec::new();
        for (first, one) in all.iter().enumerate() {
            for (second, other) in all.iter().enumerate().skip(first + 1) {
                if !one.window.overlaps(&other.window)
                    || one.owners.iter().any(|owner| other.owners.contains(owner))
                {
                    continue;
                }
                for resource in 0..4 {
                    let has = |who: &Occupation<u8>, hold| who.claims.contains(&(resource, hold));
                    let hold = if has(one, Hold::Whole) && has(other, Hold::Whole) {
                        Hold::Whole
                    } else if (has(one, Hold::Whole) && has(other, Hold::Below))
                        || (has(one, Hold::Below) && has(other, Hold::Whole))
                    {
                        Hold::Below
                    } else {
                        continue;
                    };
                    found.push(Clash { first, second, resource, hold });
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn the_sweep_finds_what_comparing_every_pair_finds(all in occupations()) {
            prop_assert_eq!(clashes(&all), every_pair(&all));
        }
    }
}
