//! Checks what the configuration says of the company: services, environments, teams, people, dependencies.
//! Every reference must lead somewhere, every key stand once.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountMapping, AllowedWindow, ConfigurationItemSource, ConfiguredCompatibility, ConfiguredDependency,
    ConnectorId, DependencyKind, Environment, EnvironmentKey, Landscape, MonitoringSource, PersonMapping, Pool,
    ProjectSource, RepositorySource, Service, ServiceAlias, ServiceKey, ServiceKind, ServiceSources, Stage,
    Succession, SuccessionKind, Team, TeamGroup, TeamKey, Text, VersionRange,
};
use engine::calendar::check_rule;
use jiff::SignedDuration;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

use super::blackouts::{self, BlackoutFile};
use super::file::{
    CompatibilityFile, DependencyFile, EnvironmentFile, PersonFile, PoolFile, ServiceFile, TeamFile, WindowFile,
};
use super::hours::{self, ServiceHoursFile};
use super::mistakes::Mistakes;

/// What has to be there longer before something else may go is a mistake of units.
const LONGEST_LAG: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The sections as written, each with its place.
pub(super) struct Sections {
    pub(super) services: Vec<(String, ServiceFile)>,
    pub(super) environments: Vec<(String, EnvironmentFile)>,
    pub(super) teams: Vec<(String, TeamFile)>,
    pub(super) people: Vec<(String, PersonFile)>,
    pub(super) dependencies: Vec<(String, DependencyFile)>,
    pub(super) compatibilities: Vec<(String, CompatibilityFile)>,
    pub(super) pools: Vec<(String, PoolFile)>,
    pub(super) service_hours: Vec<(String, ServiceHoursFile)>,
    pub(super) blackouts: Vec<(String, BlackoutFile)>,
}

/// What references may lead to.
pub(super) struct Known {
    connectors: BTreeSet<String>,
    pub(super) services: BTreeSet<String>,
    pub(super) environments: BTreeSet<String>,
    teams: BTreeSet<String>,
}

impl Known {
    pub(super) fn check(set: &BTreeSet<String>, (what, name): (&str, &str), path: String, mistakes: &mut Mistakes) {
        if !set.contains(name) {
            let names: Vec<&str> = set.iter().take(20).map(String::as_str).collect();
            mistakes.add(path, format!("no {what} is called {name:?}; there are: {}", names.join(", ")));
        }
    }

    fn connector(&self, name: &str, path: &str, mistakes: &mut Mistakes) -> ConnectorId {
        Self::check(&self.connectors, ("connector", name), format!("{path}.connector"), mistakes);
        ConnectorId::new(name)
    }
}

/// Checks the sections; what is right is taken over even beside mistakes, so that all are found.
pub(super) fn check(sections: Sections, connectors: &[ConnectorId], mistakes: &mut Mistakes) -> Landscape {
    let keys = |pairs: Vec<(&str, &str)>, mistakes: &mut Mistakes| -> BTreeSet<String> {
        let mut first: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, key) in pairs {
            if key.is_empty() || key.contains([':', '@']) {
                mistakes.add(format!("{path}.key"), "a key is not empty and has no ':' or '@'");
            }
            if let Some(before) = first.insert(key, path) {
                mistakes.add(format!("{path}.key"), format!("{key:?} is already the key of {before}"));
            }
        }
        first.into_keys().map(str::to_owned).collect()
    };
    keys(sections.blackouts.iter().map(|(p, b)| (p.as_str(), b.key.as_str())).collect(), mistakes);
    let known = Known {
        connectors: connectors.iter().map(|id| id.as_str().to_owned()).collect(),
        services: keys(sections.services.iter().map(|(p, s)| (p.as_str(), s.key.as_str())).collect(), mistakes),
        environments: keys(
            sections.environments.iter().map(|(p, s)| (p.as_str(), s.key.as_str())).collect(),
            mistakes,
        ),
        teams: keys(sections.teams.iter().map(|(p, s)| (p.as_str(), s.key.as_str())).collect(), mistakes),
    };
    Landscape {
        services: sections
            .services
            .into_iter()
            .map(|(path, file)| service(&path, file, &known, mistakes))
            .collect(),
        environments: sections
            .environments
            .into_iter()
            .map(|(path, file)| environment(&path, file, &known, mistakes))
            .collect(),
        teams: sections.teams.into_iter().map(|(path, file)| team(&path, file, &known, mistakes)).collect(),
        people: sections.people.into_iter().map(|(path, file)| person(&path, file, &known, mistakes)).collect(),
        dependencies: sections
            .dependencies
            .into_iter()
            .map(|(path, file)| dependency(&path, file, &known, mistakes))
            .collect(),
        compatibilities: sections
            .compatibilities
            .into_iter()
            .filter_map(|(path, file)| compatibility(&path, file, &known, mistakes))
            .collect(),
        pools: pools(sections.pools, &known, mistakes),
        service_hours: sections
            .service_hours
            .into_iter()
            .map(|(path, file)| hours::service_hours(&path, file, &known, mistakes))
            .collect(),
        blackouts: sections
            .blackouts
            .into_iter()
            .filter_map(|(path, file)| blackouts::blackout(&path, file, &known, mistakes))
            .collect(),
    }
}

/// Reads one of our enums from its SCREAMING_SNAKE word.
pub(super) fn word<T: DeserializeOwned>(
    word: &str,
    path: String,
    expected: &str,
    mistakes: &mut Mistakes,
) -> Option<T> {
    match serde_json::from_value(serde_json::Value::String(word.to_owned())) {
        Ok(value) => Some(value),
        Err(_) => {
            mistakes.add(path, format!("{word:?} is none of {expected}"));
            None
        }
    }
}

fn texts(list: Vec<String>) -> Vec<Text> {
    list.into_iter().map(Text::from).collect()
}

fn service(path: &str, file: ServiceFile, known: &Known, mistakes: &mut Mistakes) -> Service {
    if file.tier.is_some_and(|tier| tier > 4) {
        mistakes.add(format!("{path}.tier"), "a tier is 0 (highest) to 4");
    }
    if let Some(owner) = &file.owner {
        Known::check(&known.teams, ("team", owner), format!("{path}.owner"), mistakes);
    }
    if let Some(itsm) = &file.itsm {
        Known::check(&known.connectors, ("connector", itsm), format!("{path}.itsm"), mistakes);
    }
    let kind = word(&file.kind, format!("{path}.kind"), "BUILT, VENDOR, SAAS, INFRASTRUCTURE", mistakes);
    let at = |list: &str, place: usize| format!("{path}.{list}[{place}]");
    let repositories = file.repositories.into_iter().enumerate().map(|(place, repository)| {
        let path = at("repositories", place);
        if !repository.tags.contains("{version}") {
            mistakes
                .add(format!("{path}.tags"), "expected a pattern with {version} in it, for example \"v{version}\"");
        }
        RepositorySource {
            connector: known.connector(&repository.connector, &path, mistakes),
            repository: repository.repository.into(),
            paths: texts(repository.paths),
            tags: repository.tags.into(),
        }
    });
    let repositories = repositories.collect();
    let projects = file.projects.into_iter().enumerate().map(|(place, project)| ProjectSource {
        connector: known.connector(&project.connector, &at("projects", place), mistakes),
        project: project.project.into(),
        component: project.component.map(Text::from),
    });
    let projects = projects.collect();
    let items = file.configuration_items.into_iter().enumerate().map(|(place, item)| ConfigurationItemSource {
        connector: known.connector(&item.connector, &at("configuration_items", place), mistakes),
        name: item.name.into(),
    });
    let configuration_items = items.collect();
    let monitoring = file.monitoring.into_iter().enumerate().map(|(place, source)| {
        let path = at("monitoring", place);
        if source.labels.is_empty() {
            mistakes
                .add(format!("{path}.labels"), "expected at least one label; without one it would mean everything");
        }
        MonitoringSource {
            connector: known.connector(&source.connector, &path, mistakes),
            labels: source.labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        }
    });
    let monitoring = monitoring.collect();
    let succeeds = file.succeeds.into_iter().enumerate().filter_map(|(place, from)| {
        let path = at("succeeds", place);
        let kind: SuccessionKind = word(&from.kind, format!("{path}.kind"), "RENAME, SPLIT, MERGE", mistakes)?;
        Some(Succession { service: ServiceKey::new(from.service), kind, at: from.at })
    });
    let succeeds = succeeds.collect();
    Service {
        name: file.name.unwrap_or_else(|| file.key.clone()).into(),
        key: ServiceKey::new(file.key),
        kind: kind.unwrap_or(ServiceKind::Built),
        tier: file.tier,
        tags: file.tags.into_iter().map(Text::from).collect(),
        owner: file.owner.map(TeamKey::new),
        aliases: file
            .aliases
            .into_iter()
            .map(|alias| ServiceAlias { key: alias.key.into(), from: alias.from, to: alias.to })
            .collect(),
        succeeds,
        regions: texts(file.regions),
        sources: ServiceSources {
            repositories,
            projects,
            configuration_items,
            monitoring,
            itsm: file.itsm.map(ConnectorId::new),
        },
    }
}

fn environment(path: &str, file: EnvironmentFile, known: &Known, mistakes: &mut Mistakes) -> Environment {
    if let Some(after) = &file.after {
        Known::check(&known.environments, ("environment", after), format!("{path}.after"), mistakes);
        if *after == file.key {
            mistakes.add(format!("{path}.after"), "an environment does not come after itself");
        }
    }
    check_zone(path, &file.time_zone, mistakes);
    let stage = word(&file.stage, format!("{path}.stage"), "DEVELOPMENT, TEST, STAGING, PRODUCTION, DR", mistakes);
    let windows = windows(path, file.windows, mistakes);
    Environment {
        key: EnvironmentKey::new(file.key),
        stage: stage.unwrap_or(Stage::Production),
        time_zone: file.time_zone.into(),
        regions: texts(file.regions),
        exclusive: file.exclusive,
        after: file.after.map(EnvironmentKey::new),
        aliases: texts(file.aliases),
        windows,
    }
}

pub(super) fn check_zone(path: &str, zone: &str, mistakes: &mut Mistakes) {
    if TimeZone::get(zone).is_err() {
        mistakes.add(
            format!("{path}.time_zone"),
            format!("{zone:?} is no IANA time zone; write for example \"Europe/London\""),
        );
    }
}

pub(super) fn windows(path: &str, files: Vec<WindowFile>, mistakes: &mut Mistakes) -> Vec<AllowedWindow> {
    let windows = files.into_iter().enumerate().filter_map(|(place, window)| {
        let path = format!("{path}.windows[{place}]");
        if let Err(error) = check_rule(&path, &window.rrule) {
            mistakes.add(format!("{path}.rrule"), error.to_string());
        }
        let start = mistakes.check(format!("{path}.start"), window.start.parse::<Time>());
        let end = mistakes.check(format!("{path}.end"), window.end.parse::<Time>());
        Some(AllowedWindow { rrule: window.rrule.into(), start: start?, end: end? })
    });
    windows.collect()
}

fn team(path: &str, file: TeamFile, known: &Known, mistakes: &mut Mistakes) -> Team {
    Team {
        name: file.name.unwrap_or_else(|| file.key.clone()).into(),
        key: TeamKey::new(file.key),
        email: file.email.map(Text::from),
        groups: file
            .groups
            .into_iter()
            .enumerate()
            .map(|(place, group)| TeamGroup {
                connector: known.connector(&group.connector, &format!("{path}.groups[{place}]"), mistakes),
                name: group.name.into(),
            })
            .collect(),
    }
}

fn person(path: &str, file: PersonFile, known: &Known, mistakes: &mut Mistakes) -> PersonMapping {
    PersonMapping {
        name: file.name.into(),
        email: file.email.map(Text::from),
        accounts: file
            .accounts
            .into_iter()
            .enumerate()
            .map(|(place, account)| AccountMapping {
                connector: known.connector(&account.connector, &format!("{path}.accounts[{place}]"), mistakes),
                login: account.login.into(),
            })
            .collect(),
    }
}

fn dependency(path: &str, file: DependencyFile, known: &Known, mistakes: &mut Mistakes) -> ConfiguredDependency {
    Known::check(&known.services, ("service", &file.from), format!("{path}.from"), mistakes);
    Known::check(&known.services, ("service", &file.to), format!("{path}.to"), mistakes);
    let kind = word(&file.kind, format!("{path}.kind"), "HARD, SOFT, ASSUMED", mistakes);
    if file.lag.is_negative() || file.lag > LONGEST_LAG {
        mistakes.add(format!("{path}.lag"), "expected a time of up to 90 days, for example \"PT2H\"");
    }
    ConfiguredDependency {
        from: ServiceKey::new(file.from),
        to: ServiceKey::new(file.to),
        kind: kind.unwrap_or(DependencyKind::Hard),
        constraint: file.constraint.map(Text::from),
        lag: file.lag,
        reason: file.reason.map(Text::from),
    }
}

fn compatibility(
    path: &str,
    file: CompatibilityFile,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<ConfiguredCompatibility> {
    let place = format!("{path}.versions");
    for service in file.versions.keys() {
        Known::check(&known.services, ("service", service), place.clone(), mistakes);
    }
    let told = file.versions.len();
    let mut ranges = file
        .versions
        .into_iter()
        .map(|(service, version)| VersionRange { service: ServiceKey::new(service), version: version.into() });
    let (Some(one), Some(other), 2) = (ranges.next(), ranges.next(), told) else {
        mistakes.add(place, "expected two services, for example { loans = \"7.6.0\", identity = \">=3.0.0\" }");
        return None;
    };
    Some(ConfiguredCompatibility { one, other, works: file.works, reason: file.reason.map(Text::from) })
}

fn pools(sections: Vec<(String, PoolFile)>, known: &Known, mistakes: &mut Mistakes) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    for (path, file) in sections {
        if file.capacity == 0 {
            mistakes.add(format!("{path}.capacity"), "a pool serves at least 1 release at once");
        }
        if known.teams.contains(&file.key) || pools.iter().any(|pool| *pool.key == *file.key) {
            mistakes.add(format!("{path}.key"), format!("{:?} is already the key of a team or pool", file.key));
        }
        for team in &file.teams {
            Known::check(&known.teams, ("team", team), format!("{path}.teams"), mistakes);
        }
        pools.push(Pool {
            key: file.key.into(),
            capacity: file.capacity,
            teams: file.teams.into_iter().map(TeamKey::new).collect(),
        });
    }
    pools.sort();
    pools
}
