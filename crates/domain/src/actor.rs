//! Who asks, and what they may see. Every request, loader, cache key and cursor carries both.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{ServiceKey, Text};

/// What an actor may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// May query.
    Reader,
    /// May also cause decisions and effects.
    Operator,
    /// May also read the audit trail and whole populations.
    Auditor,
    /// May also change policy.
    Admin,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The person or machine, as the configuration names it; `anonymous` on loopback without a token.
    pub person: Text,
    /// What they may do.
    pub roles: BTreeSet<Role>,
}

impl Actor {
    /// The read-only caller without a token; only ever accepted on loopback.
    pub fn anonymous() -> Self {
        Self { person: "anonymous".into(), roles: BTreeSet::from([Role::Reader]) }
    }

    /// Interlock itself: refreshes, sweeps, command lines that gather once.
    pub fn interlock() -> Self {
        Self { person: "interlock".into(), roles: BTreeSet::from([Role::Reader, Role::Operator]) }
    }

    /// Has the actor this role?
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Which services' releases and records the caller may see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// All of them.
    All,
    /// These services, and records that touch at least one of them.
    Services(BTreeSet<ServiceKey>),
}

impl Scope {
    /// May the caller see this service?
    pub fn allows(&self, service: &ServiceKey) -> bool {
        match self {
            Self::All => true,
            Self::Services(services) => services.contains(service),
        }
    }
}
