//! Which records of the systems belong to which service: configuration items, repositories, projects, labels.
//! Where the mapping leads nowhere, or two services claim one thing, there is a finding and no guess.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    CiLifecycle, Claim, ConfigurationItem, ConfigurationItemId, ConnectorId, FindingCode, FindingSeverity,
    FindingSubject, RecordKind, Repository, RepositoryId, Service, Text,
};

use super::findings::{Draft, Findings};
use super::globs::glob_matches;
use super::{ConnectedSystem, Darkness};
use crate::graph::{Index, Table};

/// A service's part of a repository.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) service: Index<Service>,
    /// Path globs; empty = everything.
    pub(super) paths: Vec<Text>,
    pub(super) tags: Text,
}

/// Does a commit or pull request touch a service's part of a repository?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touches {
    Yes,
    No,
    /// Its paths were not read.
    Unknown,
}

impl Part {
    pub(super) fn touched_by(&self, paths: Option<&[Text]>) -> Touches {
        match paths {
            _ if self.paths.is_empty() || self.paths.iter().any(|glob| &**glob == "**") => Touches::Yes,
            None => Touches::Unknown,
            Some(paths) => match paths.iter().any(|path| self.covers(path)) {
                true => Touches::Yes,
                false => Touches::No,
            },
        }
    }

    /// Are there paths, and do all of them lie in the part?
    pub(super) fn holds(&self, paths: &[Text]) -> bool {
        !paths.is_empty() && paths.iter().all(|path| self.covers(path))
    }

    fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|glob| glob_matches(glob, path))
    }
}

/// A service's share of a project: a component of it, or all.
type Share = (Option<String>, Index<Service>);

/// The services' mapping, resolved against what the systems hold. Hash maps are looked up in, never walked.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    pub(super) items: BTreeMap<ConfigurationItemId, BTreeSet<Index<Service>>>,
    pub(super) repositories: BTreeMap<RepositoryId, Vec<Part>>,
    projects: HashMap<(ConnectorId, String), Vec<Share>>,
    labels: HashMap<(ConnectorId, Text, Text), Vec<Index<Service>>>,
}

/// What the mapping is resolved against.
pub(super) struct Ground<'a> {
    pub(super) services: &'a Table<Service>,
    pub(super) configuration_items: &'a Table<ConfigurationItem>,
    pub(super) repositories: &'a Table<Repository>,
    pub(super) connectors: &'a [ConnectedSystem],
    pub(super) darkness: &'a Darkness,
    pub(super) tag_pattern: &'a Text,
}

impl Ground<'_> {
    /// Was this kind of this system read in full, so that what is absent does not exist?
    fn knows_all(&self, connector: &ConnectorId, kind: RecordKind) -> bool {
        let reads = self.connectors.iter().any(|system| system.id == *connector && system.kinds.contains(&kind));
        reads && !self.darkness.covers(connector, kind)
    }
}

impl Mapping {
    pub(super) fn resolve(ground: &Ground<'_>, findings: &mut Findings) -> Self {
        let mut mapping = Self::default();
        mapping.map_items(ground, findings);
        mapping.map_repositories(ground, findings);
        for (index, service) in ground.services.iter() {
            for source in &service.sources.projects {
                let key = (source.connector.clone(), source.project.to_uppercase());
                let component = source.component.as_ref().map(|component| component.to_lowercase());
                mapping.projects.entry(key).or_default().push((component, index));
            }
            for source in &service.sources.monitoring {
                for (label, value) in &source.labels {
                    let key = (source.connector.clone(), label.clone(), value.clone());
                    mapping.labels.entry(key).or_default().push(index);
                }
            }
        }
        mapping
    }

    /// The services of a project, and whether each has all of it.
    pub(super) fn services_of_project(&self, connector: &ConnectorId, project: &str) -> Vec<Index<Service>> {
        let key = (connector.clone(), project.to_uppercase());
        let mut services: Vec<Index<Service>> =
            self.projects.get(&key).into_iter().flatten().map(|(_, service)| *service).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// The service that has all of a project, or the one that a component names.
    pub(super) fn service_of_component(
        &self,
        connector: &ConnectorId,
        project: &str,
        components: &[Text],
    ) -> Option<Index<Service>> {
        let key = (connector.clone(), project.to_uppercase());
        let parts = self.projects.get(&key)?;
        let named: BTreeSet<Index<Service>> = parts
            .iter()
            .filter(|(part, _)| {
                part.as_ref().is_some_and(|part| components.iter().any(|name| name.to_lowercase() == *part))
            })
            .map(|(_, service)| *service)
            .collect();
        let whole: BTreeSet<Index<Service>> =
            parts.iter().filter(|(part, _)| part.is_none()).map(|(_, service)| *service).collect();
        only(&named).or_else(|| named.is_empty().then(|| only(&whole)).flatten())
    }

    /// The one service whose labels a series carries.
    pub(super) fn service_of_labels(
        &self,
        services: &Table<Service>,
        connector: &ConnectorId,
        labels: &BTreeMap<Text, Text>,
    ) -> Option<Index<Service>> {
        let mut found = BTreeSet::new();
        for (label, value) in labels {
            let key = (connector.clone(), label.clone(), value.clone());
            for service in self.labels.get(&key).into_iter().flatten() {
                let all = services.get(*service).sources.monitoring.iter().any(|source| {
                    source.connector == *connector
                        && source.labels.iter().all(|(label, value)| labels.get(label) == Some(value))
                });
                if all {
                    found.insert(*service);
                }
            }
        }
        only(&found)
    }

    fn map_items(&mut self, ground: &Ground<'_>, findings: &mut Findings) {
        let mut by_name: HashMap<(&ConnectorId, String), Vec<&ConfigurationItem>> = HashMap::new();
        for (_, item) in ground.configuration_items.iter() {
            by_name.entry((&item.id.0.connector, item.name.to_lowercase())).or_default().push(item);
        }
        for (index, service) in ground.services.iter() {
            for source in &service.sources.configuration_items {
                let id = ConfigurationItemId::new(&source.connector, source.name.clone());
                let named = by_name.get(&(&source.connector, source.name.to_lowercase()));
                let items = match ground.configuration_items.by_id(&id) {
                    Some(item) => vec![item],
                    None => in_use(named.map(Vec::as_slice).unwrap_or_default()),
                };
                let environments: BTreeSet<Option<&Text>> =
                    items.iter().map(|item| item.environment.as_ref()).collect();
                if items.is_empty() {
                    if ground.knows_all(&source.connector, RecordKind::ConfigurationItem) {
                        let detail = format!(
                            "The configuration item '{}' in {} does not exist; name the service's item in its mapping.",
                            source.name, source.connector
                        );
                        findings.note(mapping_finding(service, format!("item {}", source.name), detail));
                    }
                } else if environments.len() < items.len() {
                    let detail = format!(
                        "{} configuration items in {} are called '{}'; give the id of the one that stands for the service.",
                        items.len(),
                        source.connector,
                        source.name
                    );
                    findings.note(mapping_finding(service, format!("item {}", source.name), detail));
                } else {
                    for item in items {
                        self.items.entry(item.id.clone()).or_default().insert(index);
                    }
                }
            }
        }
        for (item, services) in &self.items {
            if services.len() > 1 {
                note_shared(ground, findings, services, &format!("the configuration item {item}"));
            }
        }
    }

    fn map_repositories(&mut self, ground: &Ground<'_>, findings: &mut Findings) {
        let mut by_name: HashMap<(&ConnectorId, String), &RepositoryId> = HashMap::new();
        for (_, repository) in ground.repositories.iter() {
            for name in &repository.former_names {
                by_name.entry((&repository.id.0.connector, name.to_lowercase())).or_insert(&repository.id);
            }
        }
        for (_, repository) in ground.repositories.iter() {
            by_name.insert((&repository.id.0.connector, repository.name.to_lowercase()), &repository.id);
        }
        for (index, service) in ground.services.iter() {
            for source in &service.sources.repositories {
                let Some(id) = by_name.get(&(&source.connector, source.repository.to_lowercase())) else {
                    if ground.knows_all(&source.connector, RecordKind::Repository) {
                        let detail = format!(
                            "The repository '{}' in {} does not exist; name the service's repository in its mapping.",
                            source.repository, source.connector
                        );
                        findings.note(mapping_finding(
                            service,
                            format!("repository {}", source.repository),
                            detail,
                        ));
                    }
                    continue;
                };
                let tags = match source.tags.contains("{version}") {
                    true => source.tags.clone(),
                    false => ground.tag_pattern.clone(),
                };
                let part = Part { service: index, paths: source.paths.clone(), tags };
                self.repositories.entry((*id).clone()).or_default().push(part);
            }
        }
        for (repository, parts) in &self.repositories {
            let mut claims: BTreeMap<(&[Text], &Text), BTreeSet<Index<Service>>> = BTreeMap::new();
            for part in parts {
                claims.entry((&part.paths, &part.tags)).or_default().insert(part.service);
            }
            for services in claims.into_values().filter(|services| services.len() > 1) {
                note_shared(ground, findings, &services, &format!("the same part of the repository {repository}"));
            }
        }
    }
}

/// The only one of a set.
pub(super) fn only<T: Copy + Ord>(set: &BTreeSet<T>) -> Option<T> {
    let mut all = set.iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Some(*one),
        _ => None,
    }
}

/// Items that are not retired; the retired ones when there is no other.
fn in_use<'a>(items: &[&'a ConfigurationItem]) -> Vec<&'a ConfigurationItem> {
    let used: Vec<&ConfigurationItem> =
        items.iter().copied().filter(|item| item.lifecycle != CiLifecycle::Retired).collect();
    match used.is_empty() {
        true => items.to_vec(),
        false => used,
    }
}

fn mapping_finding(service: &Service, part: String, detail: String) -> Draft {
    Draft {
        code: FindingCode::MappingConflict,
        severity: FindingSeverity::Warning,
        subject: FindingSubject::Service(service.key.clone()),
        service: Some(service.key.clone()),
        part,
        detail,
        claims: Vec::new(),
    }
}

fn note_shared(ground: &Ground<'_>, findings: &mut Findings, services: &BTreeSet<Index<Service>>, what: &str) {
    let claims: Vec<Claim> = services
        .iter()
        .map(|index| Claim {
            field: "service".into(),
            value: ground.services.get(*index).key.as_str().into(),
            used: true,
            source: None,
        })
        .collect();
    let names: Vec<&str> = services.iter().map(|index| ground.services.get(*index).key.as_str()).collect();
    for index in services {
        let service = ground.services.get(*index);
        let detail = format!("{} all claim {what}; one thing can belong to one service only.", names.join(", "));
        findings.note(Draft { claims: claims.clone(), ..mapping_finding(service, what.to_owned(), detail) });
    }
}
