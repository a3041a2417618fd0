//! The demonstration estate: a small bank, made from a seed and a moment, the same bytes for the same input.
//! How these systems name a release, say 2.14.0 of payments-api: Jira by a version whose name each team spells its own
//! way (`v2.14.0`, `2.14.0`, `payments-api 2.14.0`, `Release 2.14.0`); Git by a tag of the repository's pattern (`v2.14.0`,
//! `customer-portal-v8.1.0`, a bare `0.9.0`) and Jira keys in messages, branches and titles; ServiceNow in a change's short
//! description and correlation id (`payments-api@2.14.0`); a train by `rm_release`; monitoring by `build_info`'s labels.

pub mod config;
pub mod failure;
pub mod git;
pub mod github;
pub mod jira;
pub mod model;
pub mod monitoring;
pub mod servicenow;
pub mod systems;

mod agenda;
mod building;
mod calendar;
mod changing;
mod draw;
mod history;
mod landscape;
pub mod noise;
pub mod pact;
mod people;
mod planning;
mod rollout;
mod services;
mod stories;
mod truth_csv;
mod world;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use model::Estate;
pub use truth_csv::history_csv;

/// What the estate is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub seed: u64,
    pub now: Timestamp,
    /// Multiplies services and history; the stories stay the same.
    pub scale: u32,
    pub contents: Contents,
    /// Share of the failures whose incident names no cause.
    pub missing_caused_by: f64,
    /// Share of the changes closed with a code that is not true.
    pub wrong_close_codes: f64,
}

/// How much of the estate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Services, people, calendar and stories.
    Stories,
    /// And the noise of real systems.
    StoriesAndNoise,
    /// And 24 months of history.
    Everything,
}

impl Options {
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            seed,
            now,
            scale: 1,
            contents: Contents::Everything,
            missing_caused_by: 0.4,
            wrong_close_codes: 0.02,
        }
    }
}

/// Why no estate can be made: a moment outside the calendar, or a story that names what is not there.
#[derive(Debug, thiserror::Error)]
pub enum EstateError {
    #[error("the calendar cannot hold this moment")]
    Time(#[from] jiff::Error),
    #[error("no {what} is called {key}")]
    Unknown { what: &'static str, key: String },
    #[error("no production window is left for {of}")]
    NoWindow { of: String },
}

impl EstateError {
    fn unknown(what: &'static str, key: &str) -> Self {
        Self::Unknown { what, key: key.to_owned() }
    }

    fn no_window(of: &str) -> Self {
        Self::NoWindow { of: of.to_owned() }
    }
}

/// Makes the estate.
pub fn generate(options: &Options) -> Result<Estate, EstateError> {
    let mut world = world::World::new(options)?;
    if options.contents == Contents::Everything {
        history::tell(&mut world, options)?;
    } else {
        for place in 0..stories::PORTAL_RELEASES {
            stories::portal_release(&mut world, place)?;
        }
    }
    world.skip_to(1_400);
    stories::tell(&mut world)?;
    if options.contents != Contents::Stories {
        noise::add(&mut world)?;
    }
    agenda::convene(&mut world);
    Ok(world.estate)
}
