//! The company as its configuration describes it: services with their mapping to the systems, environments, teams,
//! people, dependencies. One of the inputs of correlation.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{
    AllowedWindow, BlackoutScope, DependencyKind, Environment, EnvironmentKey, PersonMapping, Service, ServiceKey,
    Target, Team, TeamKey, Text, VersionRange, Window,
};

/// A dependency as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredDependency {
    /// What depends.
    pub from: ServiceKey,
    /// On what.
    pub to: ServiceKey,
    /// How binding.
    pub kind: DependencyKind,
    /// Version constraint.
    pub constraint: Option<Text>,
    /// How long what is needed must have been there before; zero or more.
    pub lag: SignedDuration,
    /// Why.
    pub reason: Option<Text>,
}

/// A blackout as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredBlackout {
    /// Its name, unique.
    pub name: Text,
    /// IANA name of its time zone.
    pub time_zone: Text,
    /// Local start of the first.
    pub start: jiff::civil::DateTime,
    /// Local end of the first.
    pub end: jiff::civil::DateTime,
    /// RFC 5545 rule; `None` = once.
    pub rrule: Option<Text>,
    /// To what it applies.
    pub scope: BlackoutScope,
    /// What is let through.
    pub exceptions: Vec<ConfiguredException>,
}

/// An exception from a configured blackout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredException {
    /// Number of the change that is let through.
    pub change: Text,
    /// Where; empty = wherever the blackout applies.
    pub targets: Vec<Target>,
    /// When; `None` = the change's own window.
    pub window: Option<Window>,
    /// Who granted it.
    pub approver: Text,
    /// Why.
    pub reason: Option<Text>,
}

/// What is known, without any system saying so, of two services' versions together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredCompatibility {
    /// The one.
    pub one: VersionRange,
    /// The other.
    pub other: VersionRange,
    /// Do they work together? `None` = the two have a source of compatibility, and this is not verified.
    pub works: Option<bool>,
    /// Why.
    pub reason: Option<Text>,
}

/// People or machines that only so many releases can use at once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pool {
    /// Its key.
    pub key: Text,
    /// How many releases it can serve at once; 1 or more.
    pub capacity: u32,
    /// The teams whose services' releases need it; empty = all of them.
    pub teams: Vec<TeamKey>,
}

/// When an agreement promises service to those who use it: deployments belong outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceHours {
    /// The agreement's name.
    pub name: Text,
    /// The services that it promises.
    pub services: Vec<ServiceKey>,
    /// The environments in which it promises them.
    pub environments: Vec<EnvironmentKey>,
    /// IANA name of the time zone of its hours.
    pub time_zone: Text,
    /// The hours.
    pub windows: Vec<AllowedWindow>,
}

/// The company as its configuration describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landscape {
    /// Services.
    pub services: Vec<Service>,
    /// Environments.
    pub environments: Vec<Environment>,
    /// Teams.
    pub teams: Vec<Team>,
    /// People whose accounts are joined by configuration.
    pub people: Vec<PersonMapping>,
    /// Dependencies.
    pub dependencies: Vec<ConfiguredDependency>,
    /// Versions that work together, or do not.
    pub compatibilities: Vec<ConfiguredCompatibility>,
    /// What limits how many releases go at once.
    pub pools: Vec<Pool>,
    /// When agreements promise service.
    pub service_hours: Vec<ServiceHours>,
    /// Blackouts.
    pub blackouts: Vec<ConfiguredBlackout>,
}
