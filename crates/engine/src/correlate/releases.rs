//! Sightings become releases. Two are one release only when their versions agree exactly; a spelling that leaves parts
//! out (`2.14`) joins a release only when it is the only one that it can mean, else there is a finding and no link.
//!
//! A release's id is the first 32 hex digits of BLAKE3 over `service \0 scheme \0 value` of its first exact alias in the
//! order VERSION, COMMIT, DIGEST, where a version's value is the form that all its spellings share. So the id does not
//! change when another system starts to name the release.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AliasScheme, Release, ReleaseAlias, ReleaseId, ReleaseKey, ReleaseStatus, RepositoryId, Service, Source, Stage,
    Tag, Text, TrackedVersion, Version,
};
use jiff::Timestamp;

use super::environments::environment_word;
use super::horizon::Reach;
use super::sightings::{Sighting, Witness};
use super::spelling::{self, Meaning};
use super::walk::{ToldByChange, Walk};
use crate::graph::{Index, Table};

/// Was the version written out in full?
type Exact = bool;

/// What tells drafts apart: service, scheme, value.
type Name = (Index<Service>, AliasScheme, String);

/// A release while it is put together.
#[derive(Debug, Default)]
struct Draft {
    version: Option<Version>,
    aliases: BTreeSet<ReleaseAlias>,
    tags: Vec<Index<Tag>>,
    tracked: Vec<Index<TrackedVersion>>,
    sources: BTreeMap<domain::RecordId, Source>,
    updated_at: Option<Timestamp>,
    witnesses: Vec<(Witness, Exact, Text)>,
}

/// Makes the table of releases, and notes which records tell which.
pub(super) fn merge(walk: &mut Walk, sightings: &[Sighting]) {
    let mut drafts = by_version(walk, sightings);
    spelling::note_variants(walk, sightings);
    attach_unversioned(walk, &mut drafts);
    leave_out_the_past(walk, &mut drafts);
    let mut keys: BTreeMap<Name, ReleaseKey> = BTreeMap::new();
    let mut rows = Vec::with_capacity(drafts.len());
    for (name, draft) in &drafts {
        let release = release_of(walk, name, draft);
        keys.insert(name.clone(), release.key.clone());
        rows.push(release);
    }
    walk.graph.releases = Table::new(rows);
    let mut services: Vec<Option<Index<Service>>> = vec![None; walk.graph.releases.len()];
    for (name, draft) in drafts {
        let Some(index) = keys.get(&name).and_then(|key| walk.graph.releases.find(key)) else { continue };
        if let Some(place) = services.get_mut(index.place() as usize) {
            *place = Some(name.0);
        }
        remember(walk, index, &name, draft);
    }
    walk.told.service_of = services.into_iter().flatten().collect();
}

/// Puts sightings with versions together.
fn by_version(walk: &mut Walk, sightings: &[Sighting]) -> BTreeMap<Name, Draft> {
    let mut exact: BTreeMap<Index<Service>, BTreeMap<String, &Version>> = BTreeMap::new();
    for sighting in sightings.iter().filter(|sighting| sighting.version.is_exact()) {
        let version = &sighting.version;
        exact.entry(sighting.service).or_default().insert(version.canonical(), version);
    }
    let nothing = BTreeMap::new();
    let mut drafts: BTreeMap<Name, Draft> = BTreeMap::new();
    for sighting in sightings {
        let known = exact.get(&sighting.service).unwrap_or(&nothing);
        let canonical = match spelling::meaning(&sighting.version, known) {
            Meaning::One(canonical) => canonical,
            Meaning::Several(candidates) => {
                spelling::note_ambiguous(walk, sighting, &candidates);
                continue;
            }
        };
        let draft = drafts.entry((sighting.service, AliasScheme::Version, canonical)).or_default();
        draft.add(sighting);
    }
    for draft in drafts.values_mut() {
        draft.settle_exactness();
    }
    drafts
}

impl Draft {
    fn add(&mut self, sighting: &Sighting) {
        let fuller = self.version.as_ref().is_none_or(|held| {
            let rank = |version: &Version| {
                (version.written.split('.').count(), std::cmp::Reverse(version.written.clone()))
            };
            rank(&sighting.version) > rank(held)
        });
        if fuller {
            self.version = Some(sighting.version.clone());
        }
        let account = (sighting.witness, sighting.version.is_exact(), sighting.version.written.clone());
        self.witness(account, &sighting.source);
        self.aliases.insert(ReleaseAlias {
            scheme: AliasScheme::Version,
            value: sighting.spelling.clone(),
            connector: sighting.source.record.connector.clone(),
            exact: sighting.version.is_exact(),
        });
    }

    fn witness(&mut self, account: (Witness, Exact, Text), source: &Source) {
        match account.0 {
            Witness::Tag(tag) => self.tags.push(tag),
            Witness::Tracked(version) => self.tracked.push(version),
            _ => {}
        }
        self.witnesses.push(account);
        self.sources.insert(source.record.clone(), source.clone());
    }

    /// When nobody writes the version out further (`2026.3`), that spelling is as exact as it gets.
    fn settle_exactness(&mut self) {
        let Some(version) = self.version.as_ref().filter(|version| !version.is_exact()) else { return };
        let written = version.written.clone();
        for (_, exact, spelling) in &mut self.witnesses {
            *exact |= *spelling == written;
        }
        let aliases = std::mem::take(&mut self.aliases);
        self.aliases = aliases
            .into_iter()
            .map(|alias| {
                let same = Version::parse(&alias.value, &[]).is_some_and(|version| version.written == written);
                ReleaseAlias { exact: alias.exact || same, ..alias }
            })
            .collect();
    }

    fn alias(&mut self, scheme: AliasScheme, value: &Text, source: &Source) {
        let connector = source.record.connector.clone();
        self.aliases.insert(ReleaseAlias { scheme, value: value.clone(), connector, exact: true });
    }
}

/// Commits and digests of the releases, and the deployments and observations that have nothing else.
fn attach_unversioned(walk: &Walk, drafts: &mut BTreeMap<Name, Draft>) {
    let mut by_commit: BTreeMap<(Index<Service>, RepositoryId, Text), Name> = BTreeMap::new();
    let mut by_digest: BTreeMap<(Index<Service>, Text), Name> = BTreeMap::new();
    for (name, draft) in drafts.iter_mut() {
        for tag in draft.tags.clone() {
            let tag = walk.graph.tags.get(tag);
            draft.alias(AliasScheme::Commit, &tag.commit, &tag.source);
            by_commit.insert((name.0, tag.repository.clone(), tag.commit.clone()), name.clone());
            for digest in &tag.digests {
                draft.alias(AliasScheme::Digest, digest, &tag.source);
            }
        }
        draft.digests_of_witnesses(walk);
        for alias in draft.aliases.iter().filter(|alias| alias.scheme == AliasScheme::Digest) {
            by_digest.insert((name.0, alias.value.clone()), name.clone());
        }
    }
    let sighted: BTreeSet<usize> = drafts
        .values()
        .flat_map(|draft| &draft.witnesses)
        .filter_map(|(witness, ..)| match witness {
            Witness::Deployment(place) => Some(*place),
            _ => None,
        })
        .collect();
    for (place, record) in walk.deployments.iter().enumerate() {
        let witness = Witness::Deployment(place);
        let Some(service) = service_of_deployment(walk, record) else { continue };
        let word = environment_word(&walk.graph.environments, &record.environment);
        let near_production = word
            .and_then(|word| walk.graph.environments.by_id(&word.environment))
            .is_some_and(|environment| environment.stage >= Stage::Staging);
        if sighted.contains(&place) {
            continue;
        }
        let commit = record.repository.as_ref().zip(record.commit.as_ref());
        let known = record
            .digest
            .as_ref()
            .and_then(|digest| by_digest.get(&(service, digest.clone())))
            .or_else(|| commit.and_then(|(id, sha)| by_commit.get(&(service, id.clone(), sha.clone()))));
        let name = match (known, &record.commit, &record.digest) {
            (Some(name), ..) => name.clone(),
            (None, Some(commit), _) if near_production => (service, AliasScheme::Commit, commit.to_string()),
            (None, None, Some(digest)) if near_production => (service, AliasScheme::Digest, digest.to_string()),
            _ => continue,
        };
        let draft = drafts.entry(name.clone()).or_default();
        draft.witness((witness, true, "".into()), &record.source);
        for (scheme, value) in [(AliasScheme::Commit, &record.commit), (AliasScheme::Digest, &record.digest)] {
            if let (Some(value), true) = (value, name.1 != AliasScheme::Version || scheme == AliasScheme::Digest) {
                draft.alias(scheme, value, &record.source);
            }
        }
        if let Some(digest) = &record.digest {
            by_digest.entry((service, digest.clone())).or_insert(name);
        }
    }
    for (place, observation) in walk.graph.runtime_observations.iter().enumerate() {
        let Some(service) = walk.told.runtime_services.get(place).copied().flatten() else { continue };
        if observation.labels.get("version").is_some_and(|version| version.contains(|c: char| c.is_ascii_digit())) {
            continue;
        }
        let Some(digest) = observation.labels.get("digest").filter(|digest| !digest.is_empty()) else { continue };
        let name = by_digest.get(&(service, digest.clone())).cloned().unwrap_or((
            service,
            AliasScheme::Digest,
            digest.to_string(),
        ));
        let draft = drafts.entry(name).or_default();
        draft.witness((Witness::Runtime(place), true, "".into()), &observation.source);
        draft.alias(AliasScheme::Digest, digest, &observation.source);
    }
}

/// Drops what nobody but records from before the horizon tells of.
fn leave_out_the_past(walk: &Walk, drafts: &mut BTreeMap<Name, Draft>) {
    let deployments = drafts.iter().flat_map(|(name, draft)| {
        draft.witnesses.iter().filter_map(|(witness, ..)| match witness {
            Witness::Deployment(place) => Some((name.0, *place)),
            _ => None,
        })
    });
    let reach = Reach::new(walk, deployments);
    drafts.retain(|_, draft| draft.witnesses.iter().any(|(witness, ..)| reach.covers(*witness)));
}

impl Draft {
    /// Digests that artifacts, deployments and runtimes tell together with the version.
    fn digests_of_witnesses(&mut self, walk: &Walk) {
        for (witness, ..) in self.witnesses.clone() {
            match witness {
                Witness::Artifact(index) => {
                    let artifact = walk.graph.artifacts.get(index);
                    for digest in artifact.digest.iter().chain(&artifact.family) {
                        self.alias(AliasScheme::Digest, digest, &artifact.source);
                    }
                }
                Witness::Deployment(place) => {
                    if let Some(record) = walk.deployments.get(place)
                        && let Some(digest) = &record.digest
                    {
                        self.alias(AliasScheme::Digest, digest, &record.source);
                    }
                }
                Witness::Runtime(place) => {
                    if let Some(observation) = walk.graph.runtime_observations.get(place)
                        && let Some(digest) = observation.labels.get("digest").filter(|digest| !digest.is_empty())
                    {
                        self.alias(AliasScheme::Digest, digest, &observation.source);
                    }
                }
                _ => {}
            }
        }
    }
}

/// The service of a deployment: as it says, or because its repository is one service's alone.
pub(super) fn service_of_deployment(walk: &Walk, record: &domain::DeploymentRecord) -> Option<Index<Service>> {
    let named = record.service.as_deref().and_then(|name| walk.names.service_called(name, record.started_at));
    named.or_else(|| match walk.mapping.repositories.get(record.repository.as_ref()?)?.as_slice() {
        [only] => Some(only.service),
        _ => None,
    })
}

/// The release that a draft makes, before anything is known about its status.
fn release_of(walk: &Walk, name: &Name, draft: &Draft) -> Release {
    let service = walk.graph.services.get(name.0);
    let word = match (&draft.version, name.1) {
        (Some(version), _) => version.written.to_string(),
        (None, AliasScheme::Commit) => name.2.chars().take(12).collect(),
        (None, _) => name.2.trim_start_matches("sha256:").chars().take(12).collect(),
    };
    let scheme = match name.1 {
        AliasScheme::Version => "VERSION",
        AliasScheme::Commit => "COMMIT",
        _ => "DIGEST",
    };
    let minted = blake3::hash(format!("{}\0{scheme}\0{}", service.key, name.2).as_bytes()).to_hex();
    let tracked = draft.tracked.iter().map(|index| walk.graph.tracked_versions.get(*index));
    let description = tracked.clone().find_map(|version| version.description.clone());
    let tags = draft.tags.iter().map(|index| walk.graph.tags.get(*index));
    Release {
        id: ReleaseId::new(minted.chars().take(32).collect::<String>()),
        key: ReleaseKey::new(format!("{}@{word}", service.key)),
        service: service.key.clone(),
        version: draft.version.clone(),
        name: tags.clone().find_map(|tag| tag.release_name.clone()),
        description,
        aliases: draft.aliases.iter().cloned().collect(),
        steps: Vec::new(),
        manager: None,
        windows: Vec::new(),
        status: ReleaseStatus::Planned,
        certain: true,
        possible: Vec::new(),
        targets: Vec::new(),
        superseded_by: None,
        updated_at: draft.updated_at.max(tags.filter_map(|tag| tag.published_at.or(tag.committed_at)).max()),
        sources: draft.sources.values().cloned().collect(),
    }
}

/// Notes which records tell this release.
fn remember(walk: &mut Walk, index: Index<Release>, name: &Name, draft: Draft) {
    if name.1 == AliasScheme::Version {
        walk.told.by_version.insert((name.0, name.2.clone()), index);
    }
    for (witness, exact, spelling) in draft.witnesses {
        match witness {
            Witness::Tracked(version) => {
                walk.told.tracked.insert(version, (index, exact));
                if walk.graph.tracked_versions.get(version).released {
                    walk.told.released.entry(index).or_insert(version);
                }
            }
            Witness::Tag(tag) => walk.told.tags.entry(index).or_default().push(tag),
            Witness::Change(change, rule) => {
                walk.told.changes.push(ToldByChange { change, release: index, rule, exact, spelling });
            }
            Witness::Train(train) => walk.told.trains.push((train, index)),
            Witness::Artifact(artifact) => walk.told.artifacts.push((artifact, index)),
            Witness::Deployment(place) => {
                walk.told.deployments.insert(place, index);
            }
            Witness::Runtime(place) => {
                walk.told.runtime.insert(place, index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    /// Releases of the world, with the systems that name each.
    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let seen: Vec<String> = graph
            .releases
            .iter()
            .map(|(_, release)| {
                let aliases: Vec<&str> = release.aliases.iter().map(|alias| &*alias.value).collect();
                format!("{}[{}]", release.key, aliases.join("|"))
            })
            .chain(graph.findings.iter().map(|(_, finding)| finding.key.to_string()))
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    fn pay() -> World {
        World::new().service("payments-api", "PAY")
    }

    #[test]
    fn spellings_of_one_version_are_one_release() {
        check(
            pay()
                .tracked("10", "PAY", "payments-api 2.14.0")
                .tag("bank/payments-api", "v2.14.0", "c1")
                .change("CHG1", "Deploy payments-api v2.14.0", None)
                .change("CHG2", "Something", Some("payments-api@2.14.0")),
            "payments-api@2.14.0[2.14.0|payments-api 2.14.0|v2.14.0|v2.14.0|c1]",
        );
    }

    #[test]
    fn a_short_spelling_joins_the_only_release_it_can_mean() {
        check(
            pay().tracked("10", "PAY", "Release 2.14").tag("bank/payments-api", "v2.14.0", "c1"),
            "payments-api@2.14.0[Release 2.14|v2.14.0|c1]",
        );
        check(
            pay().tracked("10", "PAY", "Release 2.14").tag("bank/payments-api", "v2.14.0", "c1").tag(
                "bank/payments-api",
                "v2.14.1",
                "c2",
            ),
            "payments-api@2.14.0[v2.14.0|c1] payments-api@2.14.1[v2.14.1|c2] AMBIGUOUS:TrackedVersion:jira:10:2.14",
        );
        check(pay().tracked("10", "PAY", "2026.3"), "payments-api@2026.3[2026.3]");
    }

    #[test]
    fn two_spellings_in_one_system_are_told() {
        check(
            pay().tracked("10", "PAY", "2.14.0").tracked("11", "PAY", "v2.14.0"),
            "payments-api@2.14.0[2.14.0|v2.14.0] SPELLING_VARIANTS:payments-api@2.14.0:jira",
        );
    }

    #[test]
    fn an_old_name_of_a_service_leads_to_its_releases_under_the_new_key() {
        let world = pay().alias("payments-api", "pay-api", Some("2026-01-01T00:00:00Z"));
        let old = world.change_at("CHG1", "Deploy pay-api 1.9.0", "2025-06-01T00:00:00Z");
        check(old, "payments-api@1.9.0[1.9.0]");
    }

    #[test]
    fn the_id_stays_when_another_system_starts_to_name_the_release() {
        let one = pay().tag("bank/payments-api", "v2.14.0", "c1").graph();
        let more = pay().tag("bank/payments-api", "v2.14.0", "c1").tracked("10", "PAY", "2.14").graph();
        let id = |graph: &crate::ReleaseGraph| graph.releases.iter().next().map(|(_, release)| release.id.clone());
        assert!(id(&one).is_some());
        assert_eq!(id(&one), id(&more));
    }
}
