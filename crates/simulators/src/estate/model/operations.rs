//! What ran, what was seen running, and what went wrong.

use jiff::Timestamp;
use serde::Serialize;

use super::Text;

/// One attempt at one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    pub service: Text,
    pub version: Text,
    pub environment: &'static str,
    pub region: Option<&'static str>,
    pub attempt: u32,
    pub digest: Option<Text>,
    /// Key of the human who triggered it.
    pub triggered_by: Text,
    pub actor: Actor,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
    pub outcome: Outcome,
    /// Version that ran there before.
    pub replaced: Option<Text>,
    /// Version whose deployment this takes back.
    pub rollback_of: Option<Text>,
    pub change: Option<Text>,
}

/// Whose account the systems show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Actor {
    Person,
    /// The pipeline's account acts for the one who triggered the run.
    Pipeline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Outcome {
    Succeeded,
    Failed,
    Pending,
}

/// A version seen running from `from` until `until`, by its build label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Observation {
    pub service: Text,
    pub environment: &'static str,
    pub region: Option<&'static str>,
    pub version: Text,
    pub digest: Option<Text>,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    pub number: Text,
    pub priority: u8,
    pub title: Text,
    pub description: Text,
    pub item: Option<Text>,
    pub group: Text,
    pub caller: Option<Text>,
    pub assigned_to: Option<Text>,
    pub opened: Timestamp,
    pub resolved: Option<Timestamp>,
    pub closed: Option<Timestamp>,
    /// Number of the change that caused it, where somebody filled it in.
    pub caused_by: Option<Text>,
    /// Number of the change that fixes it.
    pub fixed_by: Option<Text>,
    pub problem: Option<Text>,
    pub notes: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    pub number: Text,
    pub title: Text,
    pub item: Option<Text>,
    pub group: Text,
    pub opened: Timestamp,
    pub closed: Option<Timestamp>,
    pub known_error: Option<KnownError>,
    pub cause: Text,
    /// How it was, or is to be, fixed; empty while nobody knows.
    pub fix: Text,
    pub priority: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KnownError {
    pub article: Text,
    pub summary: Text,
    pub workaround: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    pub name: &'static str,
    pub service: Text,
    pub environment: &'static str,
    pub severity: &'static str,
    pub summary: Text,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
}

/// The generator's own record of a drawn deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    pub service: Text,
    pub version: Text,
    pub change: Text,
    pub at: Timestamp,
    pub features: super::super::failure::Features,
    pub probability: f64,
    pub failed: bool,
}
