//! The release calendar: when deployments are allowed, what closes a target, and what stands in each other's way.
//! Every function takes the moment or range that it is about; all windows are half-open and in UTC.

mod clashes;
mod conflicts;
mod crowds;
mod entries;
mod error;
mod hours;
mod intervals;
mod openings;
mod overview;
mod recurrence;
mod resolutions;
mod standing;

pub use clashes::{Clash, Hold, Occupation, clashes};
pub use conflicts::{Conflict, ConflictKind, conflicts};
pub use entries::{Entry, EntryKind, EnvironmentBooking, entries, environment_bookings};
pub use error::CalendarError;
pub use intervals::Intervals;
pub use openings::{Closing, Subject, allowed_windows, blackouts_known, closings, first_opening, openings};
pub use overview::{Calendar, LONGEST_DAYS, calendar};
pub use recurrence::{OCCURRENCE_LIMIT, Recurrence, WINDOW_ANCHOR, check_recurrence, check_rule};
pub use resolutions::Resolution;

pub(crate) use entries::is_open;
pub(crate) use error::no_environment;
pub(crate) use recurrence::expand;
pub(crate) use standing::{Held, Standing, Wanted};

#[cfg(test)]
mod conflict_tests;
#[cfg(test)]
mod tests;
