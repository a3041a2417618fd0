//! The neutral model of the demonstration estate: what is true in the bank, before any vendor's tables.
//! Plain values; references are keys (`Text`), which the estate's test resolves. Vendor ids are minted by the projections.

mod change;
mod code;
mod landscape;
mod operations;
mod people;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

pub use change::*;
pub use code::*;
pub use landscape::*;
pub use operations::*;
pub use people::*;

/// Shared text: keys and names repeat in hundreds of thousands of records.
pub type Text = Arc<str>;

/// A half-open span of time `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Interval {
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The whole estate. Lists are in the order of creation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estate {
    pub now: Timestamp,
    pub seed: u64,
    pub scale: u32,
    pub teams: Vec<Team>,
    pub people: Vec<Person>,
    pub delegations: Vec<Delegation>,
    pub services: Vec<Service>,
    pub environments: Vec<Environment>,
    pub items: Vec<ConfigurationItem>,
    pub relations: Vec<Relation>,
    /// Production windows of the days around now; the environment's recurrence says the same for all time.
    pub windows: Vec<Interval>,
    pub blackouts: Vec<Blackout>,
    pub cab_meetings: Vec<CabMeeting>,
    pub trains: Vec<Train>,
    pub templates: Vec<Template>,
    pub releases: Vec<Release>,
    pub projects: Vec<Project>,
    pub versions: Vec<VersionName>,
    pub work_items: Vec<WorkItem>,
    pub repositories: Vec<Repository>,
    pub artifacts: Vec<Artifact>,
    pub runs: Vec<PipelineRun>,
    pub deployments: Vec<Deployment>,
    pub observations: Vec<Observation>,
    pub configurations: Vec<ConfigurationState>,
    pub contracts: Vec<ContractVerification>,
    pub changes: Vec<Change>,
    pub incidents: Vec<Incident>,
    pub problems: Vec<Problem>,
    pub alerts: Vec<Alert>,
    /// What the generator knows and no system tells: each drawn deployment's features, chance and fate.
    pub truths: Vec<Truth>,
}

impl Estate {
    pub fn service(&self, key: &str) -> Option<&Service> {
        self.services.iter().find(|service| &*service.key == key)
    }

    pub fn change(&self, number: &str) -> Option<&Change> {
        self.changes.iter().find(|change| &*change.number == number)
    }

    /// The change that releases `service@version`.
    pub fn change_of(&self, release: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.releases.iter().any(|key| &**key == release))
    }

    pub fn repository(&self, name: &str) -> Option<&Repository> {
        self.repositories.iter().find(|repository| &*repository.name == name)
    }
}
