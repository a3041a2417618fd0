//! How much of a pool is taken when: a step function that only what is placed raises.

use jiff::Timestamp;

/// A pool with what is taken of it.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    capacity: u32,
    /// From each moment on so much is taken; sorted, and nothing is taken before the first.
    levels: Vec<(Timestamp, u32)>,
}

impl Pool {
    pub(super) fn new(capacity: u32) -> Self {
        Self { capacity, levels: Vec::new() }
    }

    /// When the last time ends, within `[start, end)`, in which so much is not free; `None` when it always is.
    /// Anything that starts before that moment and lasts as long would meet that time too.
    pub(super) fn blocked_until(&self, (start, end): (Timestamp, Timestamp), amount: u32) -> Option<Timestamp> {
        if amount > self.capacity {
            return Some(Timestamp::MAX);
        }
        let after = self.levels.partition_point(|(from, _)| *from < end);
        let first = self.levels.partition_point(|(from, _)| *from <= start).saturating_sub(1);
        let within = self.levels.get(first..after).unwrap_or_default();
        let full = |level: u32| level.saturating_add(amount) > self.capacity;
        let place = first + within.iter().rposition(|(_, level)| full(*level))?;
        Some(self.levels.get(place + 1).map_or(Timestamp::MAX, |(next, _)| *next))
    }

    /// When, from `start` on, so much is not free for the first time.
    pub(super) fn next_block(&self, start: Timestamp, amount: u32) -> Option<Timestamp> {
        let first = self.levels.partition_point(|(from, _)| *from <= start).saturating_sub(1);
        let mut rest = self.levels.iter().skip(first);
        let found = rest.find(|(_, level)| level.saturating_add(amount) > self.capacity);
        found.map(|(from, _)| (*from).max(start))
    }

    /// Takes so much during `[start, end)`.
    pub(super) fn take(&mut self, (start, end): (Timestamp, Timestamp), amount: u32) {
        let first = self.cut(start);
        let last = self.cut(end);
        for (_, level) in self.levels.get_mut(first..last).unwrap_or_default() {
            *level = level.saturating_add(amount);
        }
    }

    /// Gives so much back during `[start, end)`.
    pub(super) fn give_back(&mut self, (start, end): (Timestamp, Timestamp), amount: u32) {
        let first = self.cut(start);
        let last = self.cut(end);
        for (_, level) in self.levels.get_mut(first..last).unwrap_or_default() {
            *level = level.saturating_sub(amount);
        }
    }

    /// The place of the level that begins at a moment; makes one where there is none.
    fn cut(&mut self, moment: Timestamp) -> usize {
        let place = self.levels.partition_point(|(from, _)| *from < moment);
        if self.levels.get(place).is_none_or(|(from, _)| *from != moment) {
            let level =
                place.checked_sub(1).and_then(|before| self.levels.get(before)).map_or(0, |(_, level)| *level);
            self.levels.insert(place, (moment, level));
        }
        place
    }
}
