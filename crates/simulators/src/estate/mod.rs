//! The demonstration estate: a small bank, made from a seed and a moment, the same bytes for the same input.
//! First a neutral model of what is true, then one projection per system of what that system would hold.
//! How the systems name a release, say 2.14.0 of payments-api: the Jira version is named in several spellings
//! (`v2.14.0`, `2.14.0`, `payments-api 2.14.0`, `Release 2.14.0`); the tag follows the repository's pattern (`v2.14.0`,
//! `customer-portal-v8.1.0`, a bare `0.9.0`); a change says it in its short description and correlation id.

pub mod config;
pub mod failure;
pub mod git;
pub mod jira;
pub mod model;
pub mod servicenow;

mod agenda;
mod building;
mod calendar;
mod changing;
mod draw;
mod history;
mod landscape;
pub mod noise;
mod people;
mod planning;
mod rollout;
mod services;
mod stories;
mod world;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use model::Estate;

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
        Self::Unknown {
            what,
            key: key.to_owned(),
        }
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
    }
    world.skip_to(1_400);
    stories::tell(&mut world)?;
    if options.contents != Contents::Stories {
        noise::add(&mut world)?;
    }
    agenda::convene(&mut world);
    Ok(world.estate)
}
