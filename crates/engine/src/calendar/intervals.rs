//! Sets of moments as disjoint, sorted, half-open windows. Windows that touch are one.

use domain::Window;
use jiff::{SignedDuration, Timestamp};

/// Disjoint windows, sorted, none empty, no two touching.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals {
    windows: Vec<Window>,
}

impl Intervals {
    /// The moments that lie in any of these windows; empty ones are left out. O(n log n).
    pub fn new(windows: impl IntoIterator<Item = Window>) -> Self {
        let mut all: Vec<Window> = windows.into_iter().filter(|window| window.start < window.end).collect();
        all.sort_unstable();
        let mut joined: Vec<Window> = Vec::with_capacity(all.len());
        for window in all {
            match joined.last_mut() {
                Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
                _ => joined.push(window),
            }
        }
        Self { windows: joined }
    }

    /// The windows, first to last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Window> + ExactSizeIterator + '_ {
        self.windows.iter().copied()
    }

    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Is no moment inside?
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The moments in either.
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.iter().chain(other.iter()))
    }

    /// The moments in both. O(n + m).
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (self.iter().peekable(), other.iter().peekable());
        let mut windows = Vec::new();
        while let (Some(one), Some(two)) = (mine.peek(), theirs.peek()) {
            windows.extend(Window::new(one.start.max(two.start), one.end.min(two.end)));
            match one.end < two.end {
                true => mine.next(),
                false => theirs.next(),
            };
        }
        Self { windows }
    }

    /// The moments of this set that are not in the other. O(n + m).
    pub fn minus(&self, other: &Self) -> Self {
        let mut windows = Vec::new();
        let mut first = 0;
        for window in &self.windows {
            let mut start = window.start;
            while other.windows.get(first).is_some_and(|taken| taken.end <= window.start) {
                first += 1;
            }
            for taken in other.windows.iter().skip(first).take_while(|taken| taken.start < window.end) {
                windows.extend(Window::new(start, taken.start.min(window.end)));
                start = start.max(taken.end);
            }
            windows.extend(Window::new(start, window.end));
        }
        Self { windows }
    }

    /// The window that a moment lies in. O(log n).
    pub fn around(&self, moment: Timestamp) -> Option<Window> {
        let place = self.windows.partition_point(|window| window.end <= moment);
        self.windows.get(place).copied().filter(|window| window.contains(moment))
    }

    /// Is the moment inside? O(log n).
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.around(moment).is_some()
    }

    /// Is every moment of the window inside? O(log n).
    pub fn covers(&self, window: &Window) -> bool {
        self.around(window.start).is_some_and(|own| own.covers(window))
    }

    /// Is any moment of the window inside? O(log n).
    pub fn overlaps(&self, window: &Window) -> bool {
        let place = self.windows.partition_point(|own| own.end <= window.start);
        self.windows.get(place).is_some_and(|own| own.overlaps(window))
    }

    /// The first moment, `from` or later, at which something that lasts `duration` fits into one window. A duration
    /// that is not positive fits wherever a moment does. O(log n), and one step for each window that is too short.
    pub fn next_fit(&self, from: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        let place = self.windows.partition_point(|window| window.end <= from);
        let later = self.windows.iter().skip(place).map(|window| (window.start.max(from), window.end));
        later.into_iter().find(|(start, end)| end.duration_since(*start) >= duration).map(|(start, _)| start)
    }

    /// The last moment, `until` or earlier, at which something that lasts `duration` fits into one window.
    pub fn last_fit(&self, until: Timestamp, duration: SignedDuration) -> Option<Timestamp> {
        let place = self.windows.partition_point(|window| window.start <= until);
        let earlier = self.windows.iter().take(place).rev();
        let mut starts = earlier.filter_map(|window| {
            let latest = window.end.saturating_sub(duration).ok()?.min(until);
            (window.start <= latest && window.contains(latest)).then_some(latest)
        });
        starts.next()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn some(pairs: &[(i64, i64)]) -> Intervals {
        Intervals::new(pairs.iter().map(|(start, length)| Window { start: at(*start), end: at(start + length) }))
    }

    fn minutes(set: &Intervals) -> BTreeSet<i64> {
        (0..120).filter(|minute| set.contains(at(*minute))).collect()
    }

    fn pairs() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((0..100_i64, -1..20_i64), 0..8)
    }

    proptest! {
        #[test]
        fn operations_are_those_of_sets_of_moments(one in pairs(), two in pairs()) {
            let (a, b) = (some(&one), some(&two));
            let (in_a, in_b) = (minutes(&a), minutes(&b));
            prop_assert_eq!(minutes(&a.union(&b)), in_a.union(&in_b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(minutes(&a.intersect(&b)), in_a.intersection(&in_b).copied().collect::<BTreeSet<_>>());
            prop_assert_eq!(minutes(&a.minus(&b)), in_a.difference(&in_b).copied().collect::<BTreeSet<_>>());
            for made in [a.union(&b), a.intersect(&b), a.minus(&b)] {
                prop_assert_eq!(&made, &Intervals::new(made.iter()), "disjoint, sorted, none touching");
            }
        }

        #[test]
        fn next_fit_is_the_first_minute_from_which_all_minutes_are_inside(
            set in pairs(), from in 0..110_i64, length in 1..25_i64,
        ) {
            let set = some(&set);
            let duration = SignedDuration::from_mins(length);
            let found = set.next_fit(at(from), duration);
            let scanned = (from..120).find(|start| (*start..start + length).all(|minute| set.contains(at(minute))));
            prop_assert_eq!(found, scanned.map(at));
            let before = (0..=from).rev().find(|start| (*start..start + length).all(|minute| set.contains(at(minute))));
            prop_assert_eq!(set.last_fit(at(from), duration), before.map(at));
            if let Some(found) = found {
                prop_assert_eq!(set.next_fit(found, duration), Some(found));
                prop_assert!(set.next_fit(at(from + 1), duration).is_none_or(|later| later >= found), "monotone");
            }
        }
    }
}
