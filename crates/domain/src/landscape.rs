//! The company as its configuration describes it: services with their mapping to the systems, environments, teams,
//! people, dependencies. One of the inputs of correlation.

use serde::{Deserialize, Serialize};

use crate::{DependencyKind, Environment, PersonMapping, Service, ServiceKey, Team, Text};

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
    /// Why.
    pub reason: Option<Text>,
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
}
