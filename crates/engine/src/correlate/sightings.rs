//! Every place where some system names a version of a service: the candidates that become releases.

use domain::{Artifact, Change, LinkRule, RecordKind, Service, Source, Tag, Text, TrackedVersion, Train, Version};

use super::findings::{self, Draft};
use super::names::Named;
use super::services::Part;
use super::walk::Walk;
use crate::graph::Index;

/// Who names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Witness {
    Tracked(Index<TrackedVersion>),
    Tag(Index<Tag>),
    Change(Index<Change>, LinkRule),
    Train(Index<Train>),
    Artifact(Index<Artifact>),
    /// Place among the deployment records.
    Deployment(usize),
    /// Place among the runtime observations.
    Runtime(usize),
}

/// A version of a service, as one record names it.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) service: Index<Service>,
    pub(super) version: Version,
    /// As the system writes it.
    pub(super) spelling: Text,
    pub(super) witness: Witness,
    pub(super) source: Source,
}

/// Reads the changes' texts once. A title or correlation id that names a version of a service speaks for the change:
/// other versions of that service in the long text are its past or its way back.
pub(super) fn read_changes(walk: &mut Walk) {
    let mut mentions = Vec::with_capacity(walk.graph.changes.len());
    for (_, change) in walk.graph.changes.iter() {
        let at = change.created_at;
        let mut named = Named::default();
        if let Some(text) = &change.short_description {
            named.join(walk.names.read(text, at));
        }
        if let Some(text) = &change.description {
            let mut long = walk.names.read(text, at);
            let settled: Vec<Index<Service>> = named.versions.iter().map(|(service, _)| *service).collect();
            long.versions.retain(|(service, _)| !settled.contains(service));
            named.join(long);
        }
        mentions.push(named);
    }
    walk.mentions = mentions;
}

/// All sightings, in the order of tables.
pub(super) fn collect(walk: &mut Walk) -> Vec<Sighting> {
    let mut seen = Vec::new();
    tracked_versions(walk, &mut seen);
    tags(walk, &mut seen);
    changes(walk, &mut seen);
    trains(walk, &mut seen);
    artifacts(walk, &mut seen);
    deployments(walk, &mut seen);
    runtime(walk, &mut seen);
    seen
}

/// The version in a tag's name, by the pattern of the service's part of the repository. Where the repository is one
/// service's alone, a numeric version in another spelling counts too.
pub(super) fn version_of_tag(service: &Service, part: &Part, tag: &str, parts: usize) -> Option<Version> {
    let (prefix, suffix) = part.tags.split_once("{version}")?;
    let inside = tag.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
    match inside.filter(|text| text.contains(|c: char| c.is_ascii_digit())) {
        Some(text) if prefix.is_empty() && suffix.is_empty() => {
            Version::parse(text, &service.names()).filter(|version| version.padded.is_some())
        }
        Some(text) => Version::parse(text, &[]),
        None if parts == 1 => Version::parse(tag, &service.names()).filter(|version| version.padded.is_some()),
        None => None,
    }
}

fn tracked_versions(walk: &mut Walk, seen: &mut Vec<Sighting>) {
    let components = components_of_versions(walk);
    for (index, version) in walk.graph.tracked_versions.iter() {
        let connector = &version.id.0.connector;
        let services = walk.mapping.services_of_project(connector, &version.project);
        let named = walk.names.read(&version.name, None);
        let service = match (services.as_slice(), named.services.iter().next()) {
            (_, Some(named)) if services.contains(named) || services.is_empty() => Some(*named),
            ([only], _) => Some(*only),
            _ => components
                .get(&index)
                .and_then(|names| walk.mapping.service_of_component(connector, &version.project, names)),
        };
        let Some(service) = service else {
            if services.len() > 1 {
                let detail = format!(
                    "Version '{}' of project {} could belong to any of {} services; put the service's name into it.",
                    version.name,
                    version.project,
                    services.len()
                );
                walk.findings.note(Draft {
                    code: domain::FindingCode::Ambiguous,
                    severity: domain::FindingSeverity::Info,
                    subject: findings::record(&version.id, &version.id.0),
                    service: None,
                    part: String::new(),
                    detail,
                    claims: Vec::new(),
                });
            }
            continue;
        };
        if let Some(parsed) = Version::parse(&version.name, &walk.graph.services.get(service).names()) {
            seen.push(Sighting {
                service,
                version: parsed,
                spelling: version.name.clone(),
                witness: Witness::Tracked(index),
                source: version.source.clone(),
            });
        }
    }
}

/// The components of the work items that each version fixes: they tell whose version it is in a shared project.
fn components_of_versions(walk: &Walk) -> std::collections::BTreeMap<Index<TrackedVersion>, Vec<Text>> {
    let mut components: std::collections::BTreeMap<Index<TrackedVersion>, Vec<Text>> = Default::default();
    for (_, item) in walk.graph.work_items.iter() {
        for version in &item.fix_versions {
            if let Some(index) = walk.graph.tracked_versions.find(version) {
                components.entry(index).or_default().extend(item.components.iter().cloned());
            }
        }
    }
    components
}

fn tags(walk: &Walk, seen: &mut Vec<Sighting>) {
    for (index, tag) in walk.graph.tags.iter() {
        let parts = walk.mapping.repositories.get(&tag.repository).map(Vec::as_slice).unwrap_or_default();
        for part in parts {
            let service = walk.graph.services.get(part.service);
            if let Some(version) = version_of_tag(service, part, &tag.name, parts.len()) {
                seen.push(Sighting {
                    service: part.service,
                    version,
                    spelling: tag.name.clone(),
                    witness: Witness::Tag(index),
                    source: tag.source.clone(),
                });
            }
        }
    }
}

fn changes(walk: &Walk, seen: &mut Vec<Sighting>) {
    for ((index, change), named) in walk.graph.changes.iter().zip(&walk.mentions) {
        let mut sight = |service: Index<Service>, text: &Text, rule: LinkRule| {
            if let Some(version) = Version::parse(text, &walk.graph.services.get(service).names()) {
                seen.push(Sighting {
                    service,
                    version,
                    spelling: text.clone(),
                    witness: Witness::Change(index, rule),
                    source: change.source.clone(),
                });
            }
        };
        if let Some((name, version)) = change.correlation_id.as_deref().and_then(|id| id.rsplit_once('@'))
            && let Some(service) = walk.names.service_called(name, change.created_at)
        {
            sight(service, &version.into(), LinkRule::CorrelationId);
        }
        for (service, version) in &named.versions {
            sight(*service, version, LinkRule::VersionInText);
        }
    }
}

fn trains(walk: &Walk, seen: &mut Vec<Sighting>) {
    for (index, train) in walk.graph.trains.iter() {
        let texts = [Some(&train.name), train.description.as_ref()];
        for text in texts.into_iter().flatten() {
            for (service, spelling) in walk.names.read(text, train.window.map(|window| window.start)).versions {
                if let Some(version) = Version::parse(&spelling, &walk.graph.services.get(service).names()) {
                    let witness = Witness::Train(index);
                    seen.push(Sighting { service, version, spelling, witness, source: train.source.clone() });
                }
            }
        }
    }
}

fn artifacts(walk: &Walk, seen: &mut Vec<Sighting>) {
    for (index, artifact) in walk.graph.artifacts.iter() {
        let Some(service) = service_of_artifact(walk, artifact) else { continue };
        for tag in &artifact.tags {
            let names = walk.graph.services.get(service).names();
            let version =
                Version::parse(tag, &names).filter(|version| version.padded.is_some() && version.is_exact());
            if let Some(version) = version {
                seen.push(Sighting {
                    service,
                    version,
                    spelling: tag.clone(),
                    witness: Witness::Artifact(index),
                    source: artifact.source.clone(),
                });
            }
        }
    }
}

/// The service that an artifact belongs to: by its name, or because its repository is one service's alone.
pub(super) fn service_of_artifact(walk: &Walk, artifact: &Artifact) -> Option<Index<Service>> {
    let name = artifact.name.rsplit('/').next().unwrap_or(&artifact.name);
    walk.names.service_called(name, artifact.created_at).or_else(|| {
        let parts = walk.mapping.repositories.get(artifact.repository.as_ref()?)?;
        match parts.as_slice() {
            [only] => Some(only.service),
            _ => None,
        }
    })
}

fn deployments(walk: &Walk, seen: &mut Vec<Sighting>) {
    for (place, record) in walk.deployments.iter().enumerate() {
        let Some(reference) = record.reference.as_deref() else { continue };
        let tag = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        let named = record.service.as_deref().and_then(|name| walk.names.service_called(name, record.started_at));
        let parts = record.repository.as_ref().and_then(|id| walk.mapping.repositories.get(id));
        let parts = parts.map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<(Index<Service>, Version)> = parts
            .iter()
            .filter(|part| named.is_none_or(|service| service == part.service))
            .filter_map(|part| {
                let service = walk.graph.services.get(part.service);
                Some((part.service, version_of_tag(service, part, tag, parts.len())?))
            })
            .collect();
        if let (true, Some(service)) = (found.is_empty(), named) {
            let names = walk.graph.services.get(service).names();
            found.extend(
                Version::parse(tag, &names)
                    .filter(|version| version.padded.is_some() && tag.contains('.'))
                    .map(|version| (service, version)),
            );
        }
        if let [(service, version)] = found.as_slice() {
            seen.push(Sighting {
                service: *service,
                version: version.clone(),
                spelling: tag.into(),
                witness: Witness::Deployment(place),
                source: record.source.clone(),
            });
        }
    }
}

fn runtime(walk: &mut Walk, seen: &mut Vec<Sighting>) {
    let mut services = Vec::with_capacity(walk.graph.runtime_observations.len());
    for (place, observation) in walk.graph.runtime_observations.iter().enumerate() {
        let connector = &observation.source.record.connector;
        let labels = &observation.labels;
        let service = walk.mapping.service_of_labels(&walk.graph.services, connector, labels).or_else(|| {
            let names = ["service", "app", "job"].iter().filter_map(|label| labels.get(*label));
            names.into_iter().find_map(|name| walk.names.service_called(name, Some(observation.observed_at)))
        });
        services.push(service);
        let (Some(service), Some(label)) = (service, labels.get("version")) else { continue };
        let version = Version::parse(label, &walk.graph.services.get(service).names());
        if let Some(version) = version.filter(|version| version.written.contains(|c: char| c.is_ascii_digit())) {
            seen.push(Sighting {
                service,
                version,
                spelling: label.clone(),
                witness: Witness::Runtime(place),
                source: observation.source.clone(),
            });
        }
    }
    walk.told.runtime_services = services;
}

impl Sighting {
    /// The kind of record that names it.
    pub(super) fn kind(&self) -> RecordKind {
        match self.witness {
            Witness::Tracked(_) => RecordKind::TrackedVersion,
            Witness::Tag(_) => RecordKind::Tag,
            Witness::Change(..) => RecordKind::Change,
            Witness::Train(_) => RecordKind::Train,
            Witness::Artifact(_) => RecordKind::Artifact,
            Witness::Deployment(_) => RecordKind::Deployment,
            Witness::Runtime(_) => RecordKind::RuntimeObservation,
        }
    }

    /// The GraphQL type of the record that names it.
    pub(super) fn node_type(&self) -> &'static str {
        match self.witness {
            Witness::Tracked(_) => "TrackedVersion",
            Witness::Tag(_) => "Tag",
            Witness::Change(..) => "Change",
            Witness::Train(_) => "Train",
            Witness::Artifact(_) => "Artifact",
            Witness::Deployment(_) => "Deployment",
            Witness::Runtime(_) => "RuntimeObservation",
        }
    }
}
