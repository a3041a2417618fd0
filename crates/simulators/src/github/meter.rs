//! Rate limits as GitHub counts them: an hour per caller and resource, and points per minute beside it.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::access::Limits;

/// What has its own primary limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Resource {
    Core,
    Search,
    Graphql,
}

impl Resource {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Search => "search",
            Self::Graphql => "graphql",
        }
    }

    fn window(self) -> SignedDuration {
        if self == Self::Search { SignedDuration::from_mins(1) } else { SignedDuration::from_hours(1) }
    }
}

/// Who is counted: a login, or everybody without a token.
pub(super) type Account = Option<String>;

/// A primary limit as the headers tell it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) reset: Timestamp,
    pub(super) resource: Resource,
}

impl Standing {
    pub(super) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// The answer to a wish to be served.
#[derive(Debug)]
pub(super) enum Verdict {
    Served(Standing),
    /// The hour is used up.
    Primary(Standing),
    /// Too many points in this minute.
    Secondary(Standing, SignedDuration),
}

#[derive(Debug, Default)]
pub(super) struct Meters {
    hours: HashMap<(Account, Resource), Window>,
    minutes: HashMap<(Account, bool), Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Timestamp,
    used: u64,
}

impl Meters {
    /// Counts `points` unless a limit forbids it; refused requests are not counted against the hour.
    pub(super) fn charge(&mut self, account: &Account, charge: Charge, limits: &Limits) -> Verdict {
        let Charge { resource, points, now } = charge;
        let mut standing = self.standing(account, charge, limits);
        let key = (account.clone(), resource == Resource::Graphql);
        let minute = self.minutes.entry(key).or_insert(Window { start: now, used: 0 });
        if now.duration_since(minute.start) >= SignedDuration::from_mins(1) {
            *minute = Window { start: now, used: 0 };
        }
        let allowed = match resource {
            Resource::Graphql => limits.graphql_points_per_minute,
            Resource::Core | Resource::Search => limits.rest_points_per_minute,
        };
        if minute.used + points > allowed {
            return Verdict::Secondary(standing, SignedDuration::from_mins(1) - now.duration_since(minute.start));
        }
        if standing.used + points > standing.limit {
            return Verdict::Primary(standing);
        }
        minute.used += points;
        standing.used += points;
        self.hours.entry((account.clone(), resource)).and_modify(|hour| hour.used = standing.used);
        Verdict::Served(standing)
    }

    /// Gives back what a 304 should not have cost.
    pub(super) fn refund(&mut self, account: &Account, charge: Charge, limits: &Limits) -> Standing {
        if let Some(hour) = self.hours.get_mut(&(account.clone(), charge.resource)) {
            hour.used = hour.used.saturating_sub(charge.points);
        }
        self.standing(account, charge, limits)
    }

    /// The present count; starts a new window when the last one is over.
    pub(super) fn standing(&mut self, account: &Account, charge: Charge, limits: &Limits) -> Standing {
        let Charge { resource, now, .. } = charge;
        let window = resource.window();
        let hour = self.hours.entry((account.clone(), resource)).or_insert(Window { start: now, used: 0 });
        if now.duration_since(hour.start) >= window {
            *hour = Window { start: now, used: 0 };
        }
        let limit = match (resource, account) {
            (Resource::Core, Some(_)) => limits.authorized_per_hour,
            (Resource::Core, None) => limits.anonymous_per_hour,
            (Resource::Search, Some(_)) => limits.search_per_minute,
            (Resource::Search, None) => limits.search_per_minute / 3,
            (Resource::Graphql, Some(_)) => limits.graphql_points_per_hour,
            (Resource::Graphql, None) => 0,
        };
        let reset = hour.start.saturating_add(window).unwrap_or(Timestamp::MAX);
        Standing { limit, used: hour.used, reset, resource }
    }

    /// Forgets all counts.
    pub(super) fn reset(&mut self) {
        self.hours.clear();
        self.minutes.clear();
    }
}

/// One request's price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charge {
    pub(super) resource: Resource,
    pub(super) points: u64,
    pub(super) now: Timestamp,
}
