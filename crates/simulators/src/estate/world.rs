//! The estate while it is being made: indexes, counters and what runs where, so that stories can be told in a few lines.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::calendar::Calendar;
use super::model::{Estate, Forge, Plans, Release, Repository, Service, ServiceKind, Story, Text};
use super::{EstateError, Options, landscape, people, services};

pub(super) type Target = (Text, &'static str, Option<&'static str>);

pub(super) struct World {
    pub(super) estate: Estate,
    pub(super) calendar: Calendar,
    services: HashMap<Text, usize>,
    teams: HashMap<Text, usize>,
    repositories: HashMap<Text, usize>,
    releases: HashMap<Text, usize>,
    counters: HashMap<String, u64>,
    /// Place of the newest observation of each target.
    pub(super) observed: HashMap<Target, usize>,
    /// Lines of each file on the main line, by repository.
    pub(super) files: HashMap<Text, HashMap<Text, u32>>,
    /// The usual plans of a service, written once.
    pub(super) wordings: HashMap<Text, Plans>,
}

impl World {
    pub(super) fn new(options: &Options) -> Result<Self, EstateError> {
        let calendar = Calendar::new(options.now)?;
        let staff = people::staff(options.now);
        let mut services = services::services(options.now);
        services.extend(services::synthetic(options.scale, options.seed, options.now));
        let estate = Estate {
            now: options.now,
            seed: options.seed,
            scale: options.scale,
            teams: staff.teams,
            people: staff.people,
            delegations: staff.delegations,
            environments: services::environments(),
            items: Vec::new(),
            relations: Vec::new(),
            windows: calendar.windows.clone(),
            blackouts: calendar.blackouts.clone(),
            cab_meetings: Vec::new(),
            trains: Vec::new(),
            templates: Vec::new(),
            releases: Vec::new(),
            projects: Vec::new(),
            versions: Vec::new(),
            work_items: Vec::new(),
            repositories: Vec::new(),
            artifacts: Vec::new(),
            runs: Vec::new(),
            deployments: Vec::new(),
            observations: Vec::new(),
            configurations: Vec::new(),
            contracts: Vec::new(),
            changes: Vec::new(),
            incidents: Vec::new(),
            problems: Vec::new(),
            alerts: Vec::new(),
            truths: Vec::new(),
            services,
        };
        let index = |keys: Vec<Text>| keys.into_iter().enumerate().map(|(i, k)| (k, i)).collect();
        let mut world = Self {
            services: index(estate.services.iter().map(|s| s.key.clone()).collect()),
            teams: index(estate.teams.iter().map(|t| t.key.clone()).collect()),
            repositories: HashMap::new(),
            releases: HashMap::new(),
            counters: HashMap::new(),
            observed: HashMap::new(),
            files: HashMap::new(),
            wordings: HashMap::new(),
            estate,
            calendar,
        };
        world.open_projects()?;
        world.open_repositories();
        landscape::furnish(&mut world)?;
        Ok(world)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.calendar.now
    }

    pub(super) fn service(&self, key: &str) -> Result<Service, EstateError> {
        self.services
            .get(key)
            .and_then(|place| self.estate.services.get(*place))
            .cloned()
            .ok_or_else(|| EstateError::unknown("service", key))
    }

    /// The key of the person in that place of a team; see `people.rs` for what the places mean.
    pub(super) fn member(&self, team: &str, place: usize) -> Result<Text, EstateError> {
        self.teams
            .get(team)
            .and_then(|index| self.estate.teams.get(*index))
            .and_then(|team| team.members.get(place % 6))
            .cloned()
            .ok_or_else(|| EstateError::unknown("team", team))
    }

    /// The next number of a series of numbers; series start at 1 until `skip_to` moves them.
    pub(super) fn next(&mut self, series: &str) -> u64 {
        let counter = self.counters.entry(series.to_owned()).or_default();
        *counter += 1;
        *counter
    }

    /// Makes the stories' numbers the same whether or not there is history before them.
    pub(super) fn skip_to(&mut self, number: u64) {
        for service in &self.estate.services {
            let counter = self.counters.entry(service.project.to_string());
            let counter = counter.or_default();
            *counter = (*counter).max(number);
        }
        for repository in &self.estate.repositories {
            let counter = self.counters.entry(repository.name.to_string());
            let counter = counter.or_default();
            *counter = (*counter).max(number);
        }
    }

    pub(super) fn repository(&mut self, name: &str) -> Result<&mut Repository, EstateError> {
        self.repositories
            .get(name)
            .and_then(|place| self.estate.repositories.get_mut(*place))
            .ok_or_else(|| EstateError::unknown("repository", name))
    }

    /// Names a release, once; a later call may give it its window.
    pub(super) fn release(&mut self, service: &Service, version: &str, story: Story) -> Text {
        let key: Text = format!("{}@{version}", service.key).into();
        if !self.releases.contains_key(&key) {
            self.releases.insert(key.clone(), self.estate.releases.len());
            self.estate.releases.push(Release {
                key: key.clone(),
                service: service.key.clone(),
                version: version.into(),
                window: None,
                story,
            });
        }
        key
    }

    pub(super) fn release_mut(&mut self, key: &str) -> Option<&mut Release> {
        let place = self.releases.get(key)?;
        self.estate.releases.get_mut(*place)
    }

    /// What the newest observation of a target says.
    pub(super) fn running(&self, target: &Target) -> Option<Text> {
        self.observed
            .get(target)
            .and_then(|place| self.estate.observations.get(*place))
            .map(|observation| observation.version.clone())
    }

    fn open_repositories(&mut self) {
        let created = self.now() - SignedDuration::from_hours(24 * 900);
        for service in self.estate.services.clone() {
            let Some(code) = &service.code else { continue };
            if self.repositories.contains_key(&code.repository) {
                continue;
            }
            self.repositories.insert(code.repository.clone(), self.estate.repositories.len());
            self.estate.repositories.push(Repository {
                name: code.repository.clone(),
                forge: code.forge,
                old_names: match &*service.key {
                    "payments-api" => vec!["bank/pay-api".into()],
                    _ => Vec::new(),
                },
                created,
                commits: Vec::new(),
                branches: std::collections::BTreeMap::new(),
                tags: Vec::new(),
                pulls: Vec::new(),
                releases: Vec::new(),
            });
        }
    }
}

/// Is its code on the forge, where pipelines record runs and deployments?
pub(super) fn on_forge(service: &Service) -> bool {
    service.code.as_ref().is_some_and(|code| code.forge == Forge::GitHub)
}

pub(super) fn is_vendor(service: &Service) -> bool {
    service.kind == ServiceKind::Vendor
}

pub(super) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

pub(super) fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

pub(super) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}
