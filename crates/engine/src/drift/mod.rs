//! Where what runs is configured otherwise than its release says: the file in the repository at the release's tag
//! against the attributes of the service's configuration items in that environment.

mod properties;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use domain::{ConfigurationItem, FileAtTag, Release, ReleaseKey, Service, Target, Text, Version};
use jiff::Timestamp;

use crate::correlate::environment_word;
use crate::graph::ReleaseGraph;

/// One key whose value is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The key, as the repository writes it.
    pub key: Text,
    /// The value at the release's tag; `None` when the repository does not know the key.
    pub expected: Option<Text>,
    /// The value that was observed.
    pub observed: Text,
    /// At the latest since then: the last change of the record that tells the observed value.
    pub since: Option<Timestamp>,
}

/// Folder of the files with expected configuration: `config/staging.properties` for the environment `staging`.
const FOLDER: &str = "config";
const ENDING: &str = ".properties";
/// What a CMDB puts before a key to make a column of its own: ServiceNow's custom columns begin with `u_`.
const COLUMN: &str = "u_cfg_";

/// Keys whose observed value differs, in their order. `None` while it cannot be told: no expected configuration at the
/// release's tag, or nothing observed of it. A key that nobody observes is not compared.
pub fn drift_at(graph: &ReleaseGraph, release: &ReleaseKey, target: &Target) -> Option<Vec<Drift>> {
    let release = graph.releases.by_id(release)?;
    let service = graph.services.by_id(&release.service)?;
    let expected = expected(graph, (service, release), target)?;
    let observed = observed(graph, service, target);
    let is_observed = expected.keys().any(|key| observed.contains_key(key));
    is_observed.then(|| compare(&expected, &observed))
}

/// A value, and since when at the latest it is so.
type Observed = (Text, Option<Timestamp>);

fn compare(expected: &BTreeMap<Text, Text>, observed: &BTreeMap<Text, Observed>) -> Vec<Drift> {
    let differing = observed.iter().filter(|(key, (value, _))| expected.get(*key) != Some(value));
    let drift = |(key, (value, since)): (&Text, &Observed)| Drift {
        key: key.clone(),
        expected: expected.get(key).cloned(),
        observed: value.clone(),
        since: *since,
    };
    differing.map(drift).collect()
}

fn expected(
    graph: &ReleaseGraph,
    (service, release): (&Service, &Release),
    target: &Target,
) -> Option<BTreeMap<Text, Text>> {
    let environment = graph.environments.by_id(&target.environment)?;
    let file = graph.files.iter().find(|file| {
        let word = file.path.rsplit_once('/').and_then(|(folder, name)| {
            let is_ours = folder == FOLDER || folder.ends_with(&format!("/{FOLDER}"));
            name.strip_suffix(ENDING).filter(|_| is_ours)
        });
        word.is_some_and(|word| environment.is_called(word)) && is_at_tag_of(graph, (service, release), file)
    })?;
    Some(properties::read(&file.content))
}

/// Is the file from the tag of this release in one of its service's repositories?
fn is_at_tag_of(graph: &ReleaseGraph, (service, release): (&Service, &Release), file: &FileAtTag) -> bool {
    let Some(repository) = graph.repositories.by_id(&file.repository) else { return false };
    service.sources.repositories.iter().any(|source| {
        let is_source = source.connector == file.repository.0.connector
            && (source.repository == repository.name || repository.former_names.contains(&source.repository));
        let version = source
            .tags
            .split_once("{version}")
            .and_then(|(before, after)| Version::parse(file.tag.strip_prefix(before)?.strip_suffix(after)?, &[]));
        is_source && version.is_some() && version == release.version
    })
}

fn observed(graph: &ReleaseGraph, service: &Service, target: &Target) -> BTreeMap<Text, Observed> {
    let mut observed = BTreeMap::new();
    let Some(service) = graph.services.find(&service.key) else { return observed };
    for related in graph.service_configuration_items.from(service) {
        let item = graph.configuration_items.get(related.index);
        if is_at(graph, item, target) {
            let keys = item.attributes.iter().filter_map(|(name, value)| Some((name.strip_prefix(COLUMN)?, value)));
            observed.extend(keys.map(|(key, value)| (Text::from(key), (value.clone(), item.updated_at))));
        }
    }
    observed
}

fn is_at(graph: &ReleaseGraph, item: &ConfigurationItem, target: &Target) -> bool {
    let word = item.environment.as_deref().and_then(|word| environment_word(&graph.environments, word));
    word.is_some_and(|word| {
        Target { environment: word.environment, region: word.region, tenant: None }.covers(target)
    })
}
