//! Which project holds a service's work: by attributes, by the keys that its commits and changes name, by its versions.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Commit, ConfigurationItemId, RepositorySource, Text, Version};

use super::ground::{Code, Ground, ProjectKey};
use super::naming::{Candidate, Candidates, names_project};
use super::proposal::{Claimed, Evidence};
use super::words::slug;
use crate::correlate::globs::glob_matches;

/// Evidence by project and service.
pub(super) type ProjectClaims<'c> = BTreeMap<ProjectKey, BTreeMap<&'c str, Vec<Evidence>>>;

/// Fewer commits, changes or versions than these are no pattern.
const FEWEST_COMMITS: usize = 4;
const FEWEST_CHANGES: usize = 3;
const FEWEST_VERSIONS: usize = 3;
/// Less than this share may be other teams' work.
const SMALLEST_SHARE: f64 = 0.6;

/// Everything that speaks for a project being a service's.
pub(super) fn claims<'c>(
    ground: &Ground<'_>,
    services: &'c Candidates<'_>,
    repositories: &BTreeMap<String, Vec<Claimed<RepositorySource>>>,
) -> ProjectClaims<'c> {
    let mut claims = ProjectClaims::new();
    let mut claim = |project: &ProjectKey, service: &'c str, evidence: Evidence| {
        let all = claims.entry(project.clone()).or_default().entry(service).or_default();
        if !all.contains(&evidence) {
            all.push(evidence);
        }
    };
    let changes = changes(ground, services);
    for (key, candidate) in services {
        for (project, evidence) in named(ground, candidate) {
            claim(project, key, evidence);
        }
        for source in repositories.get(key).into_iter().flatten() {
            let code = ground.codes.values().find(|code| {
                *code.connector() == source.value.connector && code.record.name == source.value.repository
            });
            let Some(code) = code else { continue };
            if let Some((project, evidence)) = by_commits(ground, code, &source.value) {
                claim(project, key, evidence);
            }
            for (project, evidence) in by_versions(ground, code, (key, &source.value.tags)) {
                claim(&project, key, evidence);
            }
        }
        if let Some((project, evidence)) = by_changes(&changes, key) {
            claim(project, key, evidence);
        }
    }
    claims
}

/// Projects that attributes and catalog files name.
fn named<'g>(ground: &'g Ground<'_>, candidate: &Candidate<'_>) -> Vec<(&'g ProjectKey, Evidence)> {
    let attributes = candidate.items.iter().flat_map(|(item, _)| &item.attributes);
    let attributes = attributes.filter(|(name, _)| names_project(name)).filter_map(|(name, value)| {
        let told = format!("The item's attribute {name} says {value}.");
        Some((ground.project_called(value)?, Evidence::new(0.95, told)))
    });
    let catalogs = candidate.catalog.iter().filter_map(|(_, component)| {
        let value = component.annotation(&["jira/project-key", "jira"])?;
        let told = format!("The annotation in catalog-info.yaml says {value}.");
        Some((ground.project_called(value)?, Evidence::new(0.95, told)))
    });
    attributes.chain(catalogs).collect()
}

/// The project that most commits of a service's part name.
fn by_commits<'g>(
    ground: &'g Ground<'_>,
    code: &Code<'_>,
    source: &RepositorySource,
) -> Option<(&'g ProjectKey, Evidence)> {
    let is_whole = source.paths.iter().any(|glob| &**glob == "**");
    let is_ours = |commit: &&&Commit| match &commit.paths {
        _ if is_whole => true,
        Some(paths) => paths.iter().any(|path| source.paths.iter().any(|glob| glob_matches(glob, path))),
        None => false,
    };
    let (mut counts, mut all) = (BTreeMap::<&ProjectKey, usize>::new(), 0);
    for commit in code.commits.iter().filter(is_ours) {
        let projects = ground.projects_in(&commit.message);
        all += usize::from(!projects.is_empty());
        for project in projects {
            *counts.entry(project).or_default() += 1;
        }
    }
    let (project, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let share = count as f64 / all.max(1) as f64;
    let told = format!("{count} of {all} commits of {} that name work name {}.", source.repository, project.1);
    (count >= FEWEST_COMMITS && share >= SMALLEST_SHARE).then(|| (project, Evidence::new(0.85 * share, told)))
}

/// Projects whose versions are the repository's tags.
fn by_versions(
    ground: &Ground<'_>,
    code: &Code<'_>,
    (service, pattern): (&str, &Text),
) -> Vec<(ProjectKey, Evidence)> {
    let Some(tagged) = code.patterns.get(pattern) else { return Vec::new() };
    let ours: BTreeSet<String> =
        tagged.versions.iter().filter_map(|one| Some(Version::parse(one, &[])?.canonical())).collect();
    let mut shared: BTreeMap<ProjectKey, (BTreeSet<String>, usize)> = BTreeMap::new();
    for version in &ground.records.tracked_versions {
        let project = (version.id.0.connector.clone(), version.project.to_uppercase());
        if !ground.projects.contains(&project) {
            continue;
        }
        let counted = shared.entry(project).or_default();
        let read = Version::parse(&version.name, &[service]).map(|read| read.canonical());
        if let Some(read) = read.filter(|read| ours.contains(read)) {
            counted.0.insert(read);
        }
        counted.1 += usize::from(slug(&version.name).starts_with(&format!("{service}-")));
    }
    let mut found = Vec::new();
    for (project, (versions, named)) in shared {
        let share = versions.len() as f64 / ours.len().max(1) as f64;
        if versions.len() >= FEWEST_VERSIONS && share >= SMALLEST_SHARE {
            let told = format!("{} of {} tags are versions of {}.", versions.len(), ours.len(), project.1);
            found.push((project.clone(), Evidence::new(0.4 * share, told)));
        }
        if named > 0 {
            let told = format!("{named} versions of {} bear the service's name.", project.1);
            found.push((project, Evidence::new(0.5, told)));
        }
    }
    found
}

/// How many changes of each service name each project, and how many name any.
type Counted<'g, 'c> = BTreeMap<&'c str, (BTreeMap<&'g ProjectKey, usize>, usize)>;

fn changes<'g, 'c>(ground: &'g Ground<'_>, services: &'c Candidates<'_>) -> Counted<'g, 'c> {
    let owners: BTreeMap<&ConfigurationItemId, &str> = services
        .iter()
        .flat_map(|(key, candidate)| candidate.items.iter().map(|(item, _)| (&item.id, key.as_str())))
        .collect();
    let mut counted = Counted::new();
    for change in &ground.records.changes {
        let named = change.configuration_items.iter().chain(&change.main_configuration_item);
        let services: BTreeSet<&str> = named.filter_map(|id| owners.get(id).copied()).collect();
        // A change of several services does not tell which of them the work is for.
        let (Some(service), 1) = (services.first(), services.len()) else { continue };
        let texts = [&change.short_description, &change.description, &change.correlation_id];
        let projects: BTreeSet<&ProjectKey> =
            texts.into_iter().flatten().flat_map(|text| ground.projects_in(text)).collect();
        if projects.is_empty() {
            continue;
        }
        let (counts, all) = counted.entry(*service).or_default();
        *all += 1;
        for project in projects {
            *counts.entry(project).or_default() += 1;
        }
    }
    counted
}

fn by_changes<'g>(counted: &Counted<'g, '_>, service: &str) -> Option<(&'g ProjectKey, Evidence)> {
    let (counts, all) = counted.get(service)?;
    let (project, count) = counts.iter().max_by_key(|(_, count)| **count)?;
    let share = *count as f64 / (*all).max(1) as f64;
    let told = format!("{count} of {all} changes of its items that name work name {}.", project.1);
    let carries = *count >= FEWEST_CHANGES && share >= SMALLEST_SHARE;
    carries.then(|| (*project, Evidence::new(0.75 * share, told)))
}
