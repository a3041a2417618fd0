//! What the systems hold, indexed for the questions that a mapping asks. What is mapped already is left out.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    CiLifecycle, Commit, ConfigurationItem, ConnectorId, Landscape, Records, Repository, RepositoryId, TagPattern,
    Text,
};
use regex::Regex;

use super::words::{self, slug};

/// A repository with what was read of it.
pub(super) struct Code<'a> {
    pub(super) record: &'a Repository,
    /// Patterns of its tags, with the versions tagged so.
    pub(super) patterns: BTreeMap<Text, Tagged>,
    pub(super) commits: Vec<&'a Commit>,
    /// Folders that hold files it changed.
    pub(super) folders: BTreeSet<&'a str>,
}

/// The tags of one pattern.
#[derive(Default)]
pub(super) struct Tagged {
    /// Slug of what stands before the version.
    pub(super) prefix: String,
    pub(super) versions: BTreeSet<Text>,
}

impl Code<'_> {
    pub(super) fn connector(&self) -> &ConnectorId {
        &self.record.id.0.connector
    }

    pub(super) fn slug(&self) -> String {
        slug(words::last_part(&self.record.name))
    }

    /// The folder that bears a service's name, the highest of several.
    pub(super) fn folder_of(&self, service: &str) -> Option<&str> {
        let named = self.folders.iter().filter(|folder| slug(words::last_part(folder)) == service);
        named.min_by_key(|folder| (folder.matches('/').count(), folder.len())).copied()
    }

    /// The pattern whose tags begin with a service's name.
    pub(super) fn pattern_of(&self, service: &str) -> Option<(&Text, &Tagged)> {
        self.patterns
            .iter()
            .filter(|(_, tagged)| tagged.prefix == service)
            .max_by_key(|(_, tagged)| tagged.versions.len())
    }
}

/// A project by its connector and its key in capitals.
pub(super) type ProjectKey = (ConnectorId, String);

/// What is known.
pub(super) struct Ground<'a> {
    pub(super) records: &'a Records,
    /// Words for environments, as slugs.
    pub(super) environments: BTreeSet<String>,
    pub(super) codes: BTreeMap<RepositoryId, Code<'a>>,
    pub(super) projects: BTreeSet<ProjectKey>,
    pub(super) items: Vec<&'a ConfigurationItem>,
    /// Keys, names and aliases of services that are mapped already.
    pub(super) settled: BTreeSet<String>,
    /// The project of each key that an item had before it moved.
    former: BTreeMap<String, ProjectKey>,
    by_prefix: BTreeMap<String, Vec<ProjectKey>>,
    key: Regex,
}

/// Words for environments where the configuration names none.
const ENVIRONMENTS: [&str; 15] = [
    "dev",
    "development",
    "test",
    "tst",
    "qa",
    "uat",
    "int",
    "integration",
    "stage",
    "staging",
    "stg",
    "preprod",
    "prod",
    "production",
    "dr",
];

impl<'a> Ground<'a> {
    pub(super) fn new(records: &'a Records, landscape: &Landscape) -> Self {
        let taken = Taken::of(landscape);
        let mut ground = Self {
            records,
            environments: environments(landscape),
            codes: codes(records, &taken),
            projects: BTreeSet::new(),
            items: records
                .configuration_items
                .iter()
                .filter(|item| is_service(item) && !taken.item(item))
                .collect(),
            settled: landscape.services.iter().flat_map(|service| service.names()).map(slug).collect(),
            former: BTreeMap::new(),
            by_prefix: BTreeMap::new(),
            key: key_pattern(),
        };
        let versions = records.tracked_versions.iter().map(|one| (&one.id.0.connector, &one.project));
        let items = records.work_items.iter().map(|one| (&one.id.0.connector, &one.project));
        for (connector, project) in versions.chain(items) {
            let key = (connector.clone(), project.to_uppercase());
            if !taken.projects.contains(&key) && ground.projects.insert(key.clone()) {
                ground.by_prefix.entry(key.1.clone()).or_default().push(key);
            }
        }
        for item in &records.work_items {
            let project = (item.id.0.connector.clone(), item.project.to_uppercase());
            for former in &item.former_keys {
                ground.former.insert(former.to_uppercase(), project.clone());
            }
        }
        ground
    }

    /// The projects whose work items a text names. A key that two systems share says nothing.
    pub(super) fn projects_in(&self, text: &str) -> BTreeSet<&ProjectKey> {
        let keys = self.key.find_iter(text).map(|found| found.as_str().to_uppercase());
        keys.filter_map(|key| {
            if let Some(project) = self.former.get(&key) {
                return Some(project);
            }
            let (prefix, _) = key.rsplit_once('-')?;
            match self.by_prefix.get(prefix)?.as_slice() {
                [only] => Some(only),
                _ => None,
            }
        })
        .collect()
    }

    /// The one project of this key.
    pub(super) fn project_called(&self, key: &str) -> Option<&ProjectKey> {
        match self.by_prefix.get(&key.trim().to_uppercase())?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The one repository that a text names.
    pub(super) fn repository_called(&self, text: &str) -> Option<&RepositoryId> {
        let mut named = self
            .codes
            .iter()
            .filter(|(_, code)| words::names_repository(text, &code.record.name))
            .map(|(id, _)| id);
        let first = named.next();
        first.filter(|_| named.next().is_none())
    }
}

/// What the configuration maps already.
struct Taken {
    repositories: BTreeSet<(ConnectorId, String)>,
    projects: BTreeSet<ProjectKey>,
    items: BTreeSet<(ConnectorId, Text)>,
}

impl Taken {
    fn of(landscape: &Landscape) -> Self {
        let sources = || landscape.services.iter().map(|service| &service.sources);
        // Of a repository or a project that is mapped in part, other parts may belong to others: a person decides.
        let repositories = sources().flat_map(|all| &all.repositories);
        let projects = sources().flat_map(|all| &all.projects);
        let items = sources().flat_map(|all| &all.configuration_items);
        Self {
            repositories: repositories.map(|one| (one.connector.clone(), one.repository.to_lowercase())).collect(),
            projects: projects.map(|one| (one.connector.clone(), one.project.to_uppercase())).collect(),
            items: items.map(|one| (one.connector.clone(), one.name.clone())).collect(),
        }
    }

    fn item(&self, item: &ConfigurationItem) -> bool {
        let connector = &item.id.0.connector;
        [&item.name, &item.id.0.native]
            .into_iter()
            .any(|name| self.items.contains(&(connector.clone(), name.clone())))
    }
}

/// Does an item stand for a service that is run, and not for an offer, a server, or something retired?
fn is_service(item: &ConfigurationItem) -> bool {
    let class = item.class.to_lowercase();
    let other = ["offering", "business", "technical"].iter().any(|word| class.contains(word));
    class.contains("service") && !other && item.lifecycle != CiLifecycle::Retired
}

fn environments(landscape: &Landscape) -> BTreeSet<String> {
    let configured = landscape.environments.iter().flat_map(|environment| {
        let key = std::iter::once(environment.key.as_str());
        key.chain(environment.aliases.iter().map(|alias| &**alias)).map(slug).collect::<Vec<_>>()
    });
    configured.chain(ENVIRONMENTS.map(str::to_owned)).filter(|word| !word.is_empty()).collect()
}

fn codes<'a>(records: &'a Records, taken: &Taken) -> BTreeMap<RepositoryId, Code<'a>> {
    let free = records.repositories.iter().filter(|record| {
        !taken.repositories.contains(&(record.id.0.connector.clone(), record.name.to_lowercase()))
    });
    let empty = |record| Code { record, patterns: BTreeMap::new(), commits: Vec::new(), folders: BTreeSet::new() };
    let mut codes: BTreeMap<RepositoryId, Code<'a>> =
        free.map(|record| (record.id.clone(), empty(record))).collect();
    for tag in &records.tags {
        let (Some(code), Some(read)) = (codes.get_mut(&tag.repository), TagPattern::read(&tag.name)) else {
            continue;
        };
        let tagged = code.patterns.entry(read.pattern).or_default();
        tagged.prefix = slug(&read.prefix);
        tagged.versions.insert(read.version);
    }
    for commit in &records.commits {
        let Some(code) = codes.get_mut(&commit.repository) else { continue };
        code.commits.push(commit);
        code.folders.extend(commit.paths.iter().flatten().flat_map(|path| folders(path)));
    }
    for range in &records.commit_ranges {
        if let Some(code) = codes.get_mut(&range.repository) {
            code.folders.extend(range.paths.iter().flatten().flat_map(|path| folders(path)));
        }
    }
    codes
}

/// All folders above a file.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at)).filter(|folder| !folder.is_empty())
}

fn key_pattern() -> Regex {
    #[expect(clippy::expect_used, reason = "the pattern is a constant that the tests compile")]
    Regex::new(r"\b[A-Za-z][A-Za-z0-9_]+-[0-9]+\b").expect("a valid pattern")
}
