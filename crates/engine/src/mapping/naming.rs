//! Which services there are: names that several systems speak of.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConfigurationItem, ConnectorId, RepositoryId, Text};

use super::catalog::{self, Component};
use super::ground::Ground;
use super::proposal::Evidence;
use super::words::{self, slug, without_environment};

/// A name that at least one system speaks of, with what bears it.
#[derive(Default)]
pub(super) struct Candidate<'a> {
    /// Why it may be a service, with the system that says so.
    pub(super) spoken: Vec<(String, Evidence)>,
    pub(super) items: Vec<(&'a ConfigurationItem, Vec<Evidence>)>,
    pub(super) labels: BTreeMap<(ConnectorId, Text, Text), Vec<Evidence>>,
    pub(super) repositories: BTreeMap<RepositoryId, Vec<Evidence>>,
    pub(super) catalog: Vec<(ConnectorId, Component)>,
}

impl Candidate<'_> {
    fn say(&mut self, system: &str, evidence: Evidence) {
        self.spoken.push((system.to_owned(), evidence));
    }

    /// The strongest reason of each system: two words of one system are one witness.
    pub(super) fn witnesses(&self) -> Vec<Evidence> {
        let mut best: BTreeMap<&str, &Evidence> = BTreeMap::new();
        for (system, evidence) in &self.spoken {
            let known = best.entry(system).or_insert(evidence);
            if evidence.weight > known.weight {
                *known = evidence;
            }
        }
        best.into_values().cloned().collect()
    }
}

pub(super) type Candidates<'a> = BTreeMap<String, Candidate<'a>>;

/// All names, each under its slug.
pub(super) fn candidates<'a>(ground: &Ground<'a>) -> Candidates<'a> {
    let mut found = Candidates::new();
    from_repositories(ground, &mut found);
    from_catalogs(ground, &mut found);
    from_items(ground, &mut found);
    from_labels(ground, &mut found);
    from_deployments(ground, &mut found);
    found.remove("");
    found
}

fn from_repositories(ground: &Ground<'_>, found: &mut Candidates<'_>) {
    for (id, code) in &ground.codes {
        let name = &code.record.name;
        let own = code.slug();
        let candidate = found.entry(own.clone()).or_default();
        candidate
            .say(code.connector().as_str(), Evidence::new(0.5, format!("The repository {name} has its name.")));
        let same = format!("The repository's name {name} is the service's.");
        candidate.repositories.entry(id.clone()).or_default().push(Evidence::new(0.85, same));
        for (pattern, tagged) in &code.patterns {
            let is_plain = ["", "release", "version", "ver", "rel"].contains(&tagged.prefix.as_str());
            if is_plain || tagged.prefix == own {
                continue;
            }
            let count = tagged.versions.len();
            let told = format!("{count} tags of {name} are named {pattern}.");
            let candidate = found.entry(tagged.prefix.clone()).or_default();
            candidate.say(code.connector().as_str(), Evidence::new(0.5, told.clone()));
            candidate.repositories.entry(id.clone()).or_default().push(Evidence::new(0.85, told));
        }
    }
}

fn from_catalogs(ground: &Ground<'_>, found: &mut Candidates<'_>) {
    let mut newest: BTreeMap<(&RepositoryId, &str), &domain::FileAtTag> = BTreeMap::new();
    for file in ground.records.files.iter().filter(|file| words::last_part(&file.path) == "catalog-info.yaml") {
        newest.insert((&file.repository, &file.path), file);
    }
    for ((id, path), file) in newest {
        let Some(code) = ground.codes.get(id) else { continue };
        for component in catalog::components(&file.content) {
            let told = format!("{path} of {} names it.", code.record.name);
            let candidate = found.entry(slug(&component.name)).or_default();
            candidate.say(code.connector().as_str(), Evidence::new(0.95, told.clone()));
            candidate.repositories.entry(id.clone()).or_default().push(Evidence::new(0.95, told));
            candidate.catalog.push((code.connector().clone(), component));
        }
    }
}

fn from_items<'a>(ground: &Ground<'a>, found: &mut Candidates<'a>) {
    let named: BTreeSet<String> = ground.items.iter().map(|item| slug(&item.name)).collect();
    for item in &ground.items {
        let own = slug(&item.name);
        let (system, class) = (&item.id.0.connector, &item.class);
        let stripped = without_environment(&own, &ground.environments);
        // The name alone may end in such a word by chance: the item's field or another name must agree.
        let belongs = stripped.filter(|(rest, word)| {
            let field = item.environment.as_deref().map(slug);
            named.contains(rest) || found.contains_key(rest) || field.as_deref() == Some(word)
        });
        let (service, evidence) = match belongs {
            Some((rest, word)) => {
                let told = format!("The item's name {} is the service's with the environment {word}.", item.name);
                (rest, Evidence::new(0.85, told))
            }
            None => {
                let told = format!("The item's name {} is the service's; its class is {class}.", item.name);
                (own, Evidence::new(0.9, told))
            }
        };
        let candidate = found.entry(service).or_default();
        candidate
            .say(system.as_str(), Evidence::new(0.6, format!("The CMDB holds {} of class {class}.", item.name)));
        if let Some((name, value)) =
            item.attributes.iter().find(|(name, value)| names_something(ground, name, value))
        {
            // An attribute that leads to a repository or a project is a second system's word.
            let told = format!("Its attribute {name} leads to {value}.");
            candidate.say(&format!("{system}.{name}"), Evidence::new(0.6, told));
        }
        candidate.items.push((item, vec![evidence]));
    }
}

fn names_something(ground: &Ground<'_>, name: &str, value: &str) -> bool {
    names_project(name) && ground.project_called(value).is_some()
        || names_repository(name) && ground.repository_called(value).is_some()
}

/// May this attribute hold the key of a project?
pub(super) fn names_project(attribute: &str) -> bool {
    let attribute = attribute.to_lowercase();
    ["jira", "project", "correlation_id"].iter().any(|word| attribute.contains(word))
}

/// May this attribute hold the name or address of a repository?
pub(super) fn names_repository(attribute: &str) -> bool {
    let attribute = attribute.to_lowercase();
    ["repo", "git", "source_code", "scm", "correlation_id"].iter().any(|word| attribute.contains(word))
}

/// Labels that may name a service, the likeliest first.
const LABELS: [&str; 7] =
    ["service", "app", "application", "app_kubernetes_io_name", "service_name", "component", "job"];

fn from_labels(ground: &Ground<'_>, found: &mut Candidates<'_>) {
    let mut values: BTreeMap<&ConnectorId, BTreeMap<&str, BTreeMap<&Text, usize>>> = BTreeMap::new();
    for seen in &ground.records.runtime_observations {
        let labels = values.entry(&seen.source.record.connector).or_default();
        for name in LABELS {
            if let Some(value) = seen.labels.get(name) {
                *labels.entry(name).or_default().entry(value).or_default() += 1;
            }
        }
    }
    for (system, labels) in values {
        let known = |name: &str| {
            let values = labels.get(name).into_iter().flatten();
            values.filter(|(value, _)| found.contains_key(&slug(value))).count()
        };
        // The first of those that match the other systems' names best.
        let present = LABELS.into_iter().rev().filter(|name| labels.contains_key(name));
        let best = present.max_by_key(|name| known(name));
        let Some((label, values)) = best.and_then(|name| Some((name, labels.get(name)?))) else { continue };
        for (value, count) in values {
            let candidate = found.entry(slug(value)).or_default();
            let told = format!("{count} series of what runs bear {label}=\"{value}\".");
            candidate.say(system.as_str(), Evidence::new(0.6, told.clone()));
            let labels =
                candidate.labels.entry((system.clone(), Text::from(label), Text::clone(value))).or_default();
            labels.push(Evidence::new(0.9, told));
        }
    }
}

fn from_deployments(ground: &Ground<'_>, found: &mut Candidates<'_>) {
    let mut named: BTreeMap<(&RepositoryId, String), usize> = BTreeMap::new();
    let mut all: BTreeMap<&RepositoryId, usize> = BTreeMap::new();
    for deployment in &ground.records.deployments {
        let Some((id, service)) = deployment.repository.as_ref().zip(deployment.service.as_ref()) else { continue };
        *all.entry(id).or_default() += 1;
        *named.entry((id, slug(service))).or_default() += 1;
    }
    for ((id, service), count) in named.into_iter().filter(|(_, count)| *count >= 2) {
        // `deploy` is what a forge writes where nobody says more.
        let (Some(code), false) = (ground.codes.get(id), service == "deploy") else { continue };
        let share = count as f64 / all.get(id).copied().unwrap_or(count).max(1) as f64;
        let told = format!("{count} deployments of {} name {service}.", code.record.name);
        // Deployments confirm a name that others speak of; alone they make no service.
        let Some(candidate) = found.get_mut(&service) else { continue };
        candidate.say(code.connector().as_str(), Evidence::new(0.5, told.clone()));
        candidate.repositories.entry(id.clone()).or_default().push(Evidence::new(0.3 + 0.4 * share, told));
    }
}
