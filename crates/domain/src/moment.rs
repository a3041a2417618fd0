//! Moments and half-open windows of time. All timestamps are UTC.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A half-open window `[start, end)`. Empty when `end <= start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First moment inside.
    pub start: Timestamp,
    /// First moment after.
    pub end: Timestamp,
}

impl Window {
    /// The window from `start` up to, not including, `end`; `None` when it would be empty or turned around.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Is the moment inside?
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.start <= moment && moment < self.end
    }

    /// Do the two share a moment?
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Is the other wholly inside this one?
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn windows_are_half_open() {
        let first = Window::new(at(0), at(10)).expect("not empty");
        let second = Window::new(at(10), at(20)).expect("not empty");
        assert!(first.contains(at(0)) && !first.contains(at(10)));
        assert!(!first.overlaps(&second));
        assert_eq!(Window::new(at(3), at(3)), None);
    }
}
