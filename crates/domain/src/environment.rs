//! Environments and targets. A target is an environment with an optional region and tenant;
//! windows, deployments, gate and status are per target.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{EnvironmentKey, Text};

/// How far from customers an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Where code is written.
    Development,
    /// Where it is tested.
    Test,
    /// The last stage before production.
    Staging,
    /// Where customers are.
    Production,
    /// Disaster recovery.
    Dr,
}

/// A recurring window in which deployments are allowed, in the environment's time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedWindow {
    /// RFC 5545 recurrence rule without a start, for example `FREQ=WEEKLY;BYDAY=MO,TU`.
    pub rrule: Text,
    /// Local time of day at which it opens.
    pub start: jiff::civil::Time,
    /// Local time of day at which it closes; not after `start` means on the next day.
    pub end: jiff::civil::Time,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its key.
    pub key: EnvironmentKey,
    /// How far from customers it is.
    pub stage: Stage,
    /// IANA name of its time zone.
    pub time_zone: Text,
    /// Its regions; empty = no regions.
    pub regions: Vec<Text>,
    /// May only one release be in it at a time?
    pub exclusive: bool,
    /// The environment before it.
    pub after: Option<EnvironmentKey>,
    /// Other names the systems use for it.
    pub aliases: Vec<Text>,
    /// When deployments are allowed; empty = always.
    pub windows: Vec<AllowedWindow>,
}

impl Environment {
    /// Is this word the environment's key or one of its other names, in any case?
    pub fn is_called(&self, word: &str) -> bool {
        self.key.as_str().eq_ignore_ascii_case(word)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
    }
}

/// Environment, optional region, optional tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The environment.
    pub environment: EnvironmentKey,
    /// The region, where the environment has regions.
    pub region: Option<Text>,
    /// The tenant, where the environment has tenants.
    pub tenant: Option<Text>,
}

impl Target {
    /// The environment as a whole.
    pub fn of(environment: &EnvironmentKey) -> Self {
        Self { environment: environment.clone(), region: None, tenant: None }
    }

    /// Does this target contain the other (equal, or without the region or tenant that the other names)?
    pub fn covers(&self, other: &Self) -> bool {
        self.environment == other.environment
            && (self.region.is_none() || self.region == other.region)
            && (self.tenant.is_none() || self.tenant == other.tenant)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        for part in [&self.region, &self.tenant].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}
