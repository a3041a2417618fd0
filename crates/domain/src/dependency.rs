//! Dependencies of releases and services on services, with version constraints.

use serde::{Deserialize, Serialize};

use crate::{Link, ReleaseKey, ServiceKey, Text};

/// How binding a dependency is. Only HARD closes a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DependencyKind {
    /// Compatibility is not verified.
    Assumed,
    /// Better so.
    Soft,
    /// Must be so.
    Hard,
}

/// What depends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dependent {
    /// Every release of a service.
    Service(ServiceKey),
    /// One release.
    Release(ReleaseKey),
}

/// A dependency: satisfied by what *runs* in the target, so 5.3.1 running satisfies `>=5.3.0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dependency {
    /// What depends.
    pub from: Dependent,
    /// On which service.
    pub to: ServiceKey,
    /// On which release of it, where one is named.
    pub release: Option<ReleaseKey>,
    /// Version constraint, for example `>=5.3.0`.
    pub constraint: Option<Text>,
    /// How binding.
    pub kind: DependencyKind,
    /// Why, in one sentence.
    pub reason: Text,
    /// How we know.
    pub link: Link,
}
