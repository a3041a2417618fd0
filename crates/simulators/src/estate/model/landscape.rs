//! Services, environments, configuration items, and the calendar they live by.

use jiff::Timestamp;
use serde::Serialize;

use super::{Interval, Text};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Service {
    pub key: Text,
    pub name: Text,
    pub kind: ServiceKind,
    pub tier: u8,
    pub tags: Vec<&'static str>,
    pub team: Text,
    pub depends_on: Vec<Text>,
    /// Jira project key.
    pub project: Text,
    pub code: Option<CodeHome>,
    /// Empty: the environment has one undivided target for it.
    pub regions: Vec<&'static str>,
    pub aliases: Vec<ServiceAlias>,
}

impl Service {
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.contains(&tag)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ServiceKind {
    Built,
    Vendor,
}

/// A former name, valid until `to`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceAlias {
    pub key: Text,
    pub to: Timestamp,
}

/// Where a service's sources are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CodeHome {
    pub forge: Forge,
    pub repository: Text,
    /// Folder of the service in its repository; empty for the whole of it.
    pub folder: Text,
    /// With `{version}` in it.
    pub tag_pattern: Text,
}

impl CodeHome {
    pub fn tag(&self, version: &str) -> String {
        self.tag_pattern.replace("{version}", version)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Forge {
    GitHub,
    /// A bare repository on disk: no pull requests, reviews stand in trailers.
    PlainGit,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Environment {
    pub key: &'static str,
    pub stage: &'static str,
    pub after: Option<&'static str>,
    pub exclusive: bool,
    pub regions: Vec<&'static str>,
    pub aliases: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigurationItem {
    /// Unique in this CMDB.
    pub name: Text,
    pub class: &'static str,
    pub environment: &'static str,
    pub service: Option<Text>,
    pub team: Option<Text>,
    pub life: Life,
    pub attributes: Vec<(&'static str, Text)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Life {
    Operational,
    Retired,
}

/// "parent `kind` child", as a CMDB says it: of `DependsOn` the child can harm the parent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Relation {
    pub parent: Text,
    pub child: Text,
    pub kind: RelationKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RelationKind {
    DependsOn,
    RunsOn,
    ConnectsTo,
    Contains,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blackout {
    pub key: Text,
    pub name: Text,
    pub span: Interval,
    pub closes: Closes,
}

/// Which services a blackout closes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Closes {
    Tag(&'static str),
    /// This tier and those more critical.
    TierUpTo(u8),
}

impl Blackout {
    pub fn closes(&self, service: &Service) -> bool {
        match self.closes {
            Closes::Tag(tag) => service.has_tag(tag),
            Closes::TierUpTo(tier) => service.tier <= tier,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CabMeeting {
    pub at: Timestamp,
    pub agenda: Vec<AgendaItem>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgendaItem {
    pub change: Text,
    pub decision: AgendaDecision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AgendaDecision {
    Pending,
    Approved,
    Deferred,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Train {
    pub number: Text,
    pub name: Text,
    pub span: Interval,
    /// Release keys.
    pub releases: Vec<Text>,
}

/// A standard change's template: what it allows and until when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Template {
    pub key: Text,
    pub name: Text,
    pub version: u32,
    pub allowed_items: Vec<Text>,
    pub steps: Vec<&'static str>,
    pub valid: Interval,
    pub revoked: Option<Timestamp>,
}

/// Configuration of a service in an environment, as expected by its repository or as found there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigurationState {
    pub service: Text,
    pub environment: &'static str,
    pub observed: Vec<(&'static str, Text)>,
    pub since: Timestamp,
}
