//! Dependencies of releases and services on services, with version constraints; and which versions work together.

use jiff::{SignedDuration, Timestamp};
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
    /// How long what is needed must have been there before; zero or more.
    pub lag: SignedDuration,
    /// Why, in one sentence.
    pub reason: Text,
    /// How we know.
    pub link: Link,
}

/// A service at a version, or at any version that meets a constraint such as `>=5.3.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionRange {
    /// The service.
    pub service: ServiceKey,
    /// A version, or a constraint: one that begins with `<`, `>`, `=`, `^`, `~` or `*`.
    pub version: Text,
}

/// What is known of two services' versions together. Where there is any such record between two services, they have a
/// source of compatibility, and a pair of versions without one is unverified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compatibility {
    /// The one; of a contract, the consumer.
    pub one: VersionRange,
    /// The other; of a contract, the provider.
    pub other: VersionRange,
    /// Do they work together? `None` = they are meant to be verified and are not yet.
    pub works: Option<bool>,
    /// When it was verified, where the source says so.
    pub verified_at: Option<Timestamp>,
    /// How we know.
    pub link: Link,
}
