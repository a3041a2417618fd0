//! What is read, in which order, and what a failure darkens. Ourselves first: to a stranger Jira answers "no issues".

use std::collections::{BTreeMap, BTreeSet};

use domain::{Account, AccountId, GapCode, RecordId, RecordKind, Text};
use jiff::{SignedDuration, Timestamp};

use super::convert::{Vocabulary, former_keys};
use super::held::Held;
use super::tally::Tally;
use super::wire::{History, Id, Issue, IssueChangelog, Project, User, Version};
use super::{Jira, custom_fields, jql, versions};
use crate::contract::{Breadth, GatherRequest, Gathered, Wanted};
use crate::error::{ConnectorError, FailureKind};

/// Most projects read of a site that nobody has mapped yet.
const MOST_SHOWN: usize = 1_000;
/// Kinds that come with issues.
const OF_ISSUES: [RecordKind; 3] = [RecordKind::WorkItem, RecordKind::FieldHistory, RecordKind::Account];

/// Reads the horizon, or what changed since the marks.
pub(super) async fn gather(jira: &Jira, request: &GatherRequest) -> Gathered {
    let mut tally = Tally::new(jira.kinds());
    let since = mark(jira, request);
    if let Err(error) = gather_site(jira, request, since, &mut tally).await {
        tally.darken(&error, jira.kinds());
    }
    let complete: BTreeSet<RecordKind> = match since {
        // What is held of versions is all there are; see `versions`.
        Some(_) => [RecordKind::TrackedVersion].into(),
        None => jira.kinds().collect(),
    };
    tally.finish(&complete, request.now)
}

/// The earliest mark of what comes with issues; without one of them everything is read.
fn mark(jira: &Jira, request: &GatherRequest) -> Option<Timestamp> {
    let kinds = jira.kinds().filter(|kind| OF_ISSUES.contains(kind));
    let marks: Option<Vec<Timestamp>> = kinds.map(|kind| request.since.get(&kind).copied()).collect();
    marks?.into_iter().min()
}

async fn gather_site(
    jira: &Jira,
    request: &GatherRequest,
    since: Option<Timestamp>,
    tally: &mut Tally,
) -> Result<(), ConnectorError> {
    jira.client.myself().await?;
    let keys: Vec<String> = request.interest.projects.iter().map(|key| key.to_string()).collect();
    let projects = match request.interest.breadth {
        Breadth::Mapped => mapped_projects(jira, &keys, tally).await?,
        Breadth::All => shown_projects(jira, tally).await?,
    };
    let vocabulary =
        vocabulary(jira, projects.clone().into_iter().map(|(key, project)| (project.id, key)), request.now).await?;
    let before = jira.held().clone();
    let known = if since.is_some() { before.clone() } else { Held::default() };
    let projects = projects.into_iter().map(|(_, project)| project).collect();
    let lists = versions::lists(jira, projects, (&known, request.now), tally).await;
    let listed = || lists.values().flat_map(|list| list.versions.iter().map(move |version| (list, version)));
    let active = || listed().filter(|(_, version)| is_active(version, &vocabulary, request));
    tally.records().tracked_versions.extend(active().map(|(list, version)| {
        let mut read = vocabulary.version(version, &list.project);
        read.source.fetched_at = list.read_at;
        read
    }));

    let mut held = Held {
        versions: active().map(|(_, version)| version.id).collect(),
        project_of: listed().map(|(list, version)| (version.id, list.project.id)).collect(),
        projects: vocabulary.projects.clone(),
        witnesses: known.witnesses,
        refreshes: known.refreshes + 1,
        ..Held::default()
    };
    held.lists = lists;
    let search = Search { since, horizon_start: request.horizon.start, before: &before };
    if let Err(error) = gather_issues(jira, &vocabulary, (&search, &mut held), tally).await {
        tally.darken(&error, OF_ISSUES);
        // Its issues were not read, so next time the versions count as new.
        held = Held { versions: before.versions, issues: before.issues, references: before.references, ..held };
    }
    *jira.held() = held;
    Ok(())
}

/// Every project that is shown to us, each with its present key; beyond a bound there is a gap.
async fn shown_projects(jira: &Jira, tally: &mut Tally) -> Result<Vec<(Text, Project)>, ConnectorError> {
    let mut shown = jira.client.all_projects().await?;
    if shown.len() > MOST_SHOWN {
        let told = format!("{} projects are shown to us; {MOST_SHOWN} were read", shown.len());
        tally.incomplete(jira, "read projects", &told);
        shown.truncate(MOST_SHOWN);
    }
    Ok(shown.into_iter().map(|project| (Text::from(project.key.as_str()), project)).collect())
}

/// The mapped projects, each with the key that maps it; a project that is not shown to us is a gap.
async fn mapped_projects(
    jira: &Jira,
    keys: &[String],
    tally: &mut Tally,
) -> Result<Vec<(Text, Project)>, ConnectorError> {
    let shown = jira.client.projects(keys).await?;
    let mut mapped = Vec::new();
    for key in keys {
        let found = shown.iter().find(|project| project.key.eq_ignore_ascii_case(key)).cloned();
        let found = match found {
            Some(project) => Some(project),
            // A project that was renamed still answers to its former key.
            None => jira.client.project(key).await?,
        };
        match found {
            Some(project) => mapped.push((Text::from(key.as_str()), project)),
            None => {
                let error = ConnectorError::new(jira.descriptor.id.clone(), "read projects", FailureKind::Denied)
                    .because("a mapped project does not exist, or we may not see it");
                tracing::warn!(system = %jira.descriptor.id, project = key, "Jira does not show a mapped project");
                tally.darken(&error, jira.kinds());
            }
        }
    }
    Ok(mapped)
}

async fn vocabulary(
    jira: &Jira,
    projects: impl Iterator<Item = (Id, Text)>,
    now: Timestamp,
) -> Result<Vocabulary, ConnectorError> {
    Ok(Vocabulary {
        connector: jira.descriptor.id.clone(),
        site: jira.site.clone(),
        fetched_at: now,
        projects: projects.collect(),
        blocks: jira.options.blocks.clone(),
        causes: jira.options.causes.clone(),
        custom: custom_fields(jira).await?,
    })
}

/// Is the version open, or dated within the horizon? Dates have no zone, so the day around it counts as well.
fn is_active(version: &Version, vocabulary: &Vocabulary, request: &GatherRequest) -> bool {
    let none = Project { id: version.id, key: String::new() };
    let read = vocabulary.version(version, &none);
    let day = SignedDuration::from_hours(24);
    let first = request.horizon.start.saturating_sub(day).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
    let last = request.horizon.end.saturating_add(day).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
    let (Ok(first), Ok(last)) = (first, last) else { return true };
    match (read.release_date, read.start_date) {
        _ if !version.released && !version.archived => true,
        // Marked without a date: nobody can tell that it is old.
        (None, None) => true,
        (Some(date), _) | (None, Some(date)) => first <= date && date <= last,
    }
}

/// Which issues are asked for.
struct Search<'a> {
    since: Option<Timestamp>,
    horizon_start: Timestamp,
    before: &'a Held,
}

async fn gather_issues(
    jira: &Jira,
    vocabulary: &Vocabulary,
    (search, held): (&Search<'_>, &mut Held),
    tally: &mut Tally,
) -> Result<(), ConnectorError> {
    let ids = find_issues(jira, vocabulary, search, held).await?;
    let mut issues = fetch(jira, vocabulary, &ids, tally).await?;
    let lost = ids.iter().filter(|id| !issues.contains_key(id)).count();
    if lost > 0 {
        tally.incomplete(jira, "read issues", &format!("{lost} of {} issues were found but not given", ids.len()));
    }
    held.issues = ids;
    versions::note(held, &issues);
    let mut references = referred(&issues);
    if search.since.is_some() {
        held.issues.extend(&search.before.issues);
        references.extend(&search.before.references);
    }
    references.retain(|id| !held.issues.contains(id));
    // An issue that others refer to may be deleted or hidden: it is not ours to miss.
    issues.extend(fetch(jira, vocabulary, &references, tally).await?);
    held.references = references;
    keep(jira, vocabulary, issues, tally).await;
    Ok(())
}

/// Ids of the issues of the horizon, or of those that changed since the mark or whose version is new to us.
async fn find_issues(
    jira: &Jira,
    vocabulary: &Vocabulary,
    search: &Search<'_>,
    held: &Held,
) -> Result<BTreeSet<Id>, ConnectorError> {
    let mut ids = BTreeSet::new();
    let projects: Vec<Id> = vocabulary.projects.keys().copied().collect();
    for chunk in projects.chunks(jql::MOST_IDS) {
        let since = search.since.unwrap_or(search.horizon_start).max(search.horizon_start);
        let now = jira.client.upstream().clock().now().max(vocabulary.fetched_at);
        ids.extend(jira.client.search(&jql::updated_since(chunk, since, now)).await?);
    }
    let known = |id: &Id| search.since.is_some() && search.before.versions.contains(id);
    let versions: Vec<Id> = held.versions.iter().copied().filter(|id| !known(id)).collect();
    for chunk in versions.chunks(jql::MOST_IDS) {
        ids.extend(jira.client.search(&jql::fixed_in(chunk)).await?);
    }
    Ok(ids)
}

async fn fetch(
    jira: &Jira,
    vocabulary: &Vocabulary,
    ids: &BTreeSet<Id>,
    tally: &mut Tally,
) -> Result<BTreeMap<Id, Issue>, ConnectorError> {
    let names: Vec<String> = ids.iter().map(Id::to_string).collect();
    fetch_named(jira, vocabulary, &names, tally).await
}

async fn fetch_named(
    jira: &Jira,
    vocabulary: &Vocabulary,
    names: &[String],
    tally: &mut Tally,
) -> Result<BTreeMap<Id, Issue>, ConnectorError> {
    let custom: Vec<String> = vocabulary.custom.iter().flat_map(|(_, ids)| ids).cloned().collect();
    let fetched = jira.client.issues(names, &custom).await?;
    if fetched.withheld > 0 {
        tally.incomplete(jira, "read issues", &format!("{} issues were withheld", fetched.withheld));
    }
    Ok(fetched.issues)
}

/// Parents and linked issues.
fn referred(issues: &BTreeMap<Id, Issue>) -> BTreeSet<Id> {
    let parents = issues.values().filter_map(|issue| issue.fields.parent.as_ref());
    let links = issues.values().flat_map(|issue| &issue.fields.issuelinks);
    let others = links.flat_map(|link| [&link.inward_issue, &link.outward_issue]).flatten();
    parents.chain(others).map(|other| other.id).collect()
}

/// Converts issues with their history and the accounts that they name.
async fn keep(jira: &Jira, vocabulary: &Vocabulary, issues: BTreeMap<Id, Issue>, tally: &mut Tally) {
    let ids: Vec<Id> = issues.keys().copied().collect();
    let logs = match jira.options.history {
        true => jira.client.changelogs(&ids).await,
        false => Ok(Vec::new()),
    };
    let logs = logs.unwrap_or_else(|error| {
        tally.darken(&error, [RecordKind::FieldHistory]);
        Vec::new()
    });
    let mut histories: BTreeMap<Id, Vec<&History>> = BTreeMap::new();
    for IssueChangelog { issue_id, change_histories } in &logs {
        histories.entry(*issue_id).or_default().extend(change_histories);
    }
    let mut accounts: BTreeMap<AccountId, Account> = BTreeMap::new();
    let mut meet = |user: &User| {
        accounts.entry(vocabulary.account_id(user)).or_insert_with(|| vocabulary.account(user));
    };
    for issue in issues.values() {
        let mut history = histories.remove(&issue.id).unwrap_or_default();
        history.sort_by_key(|entry| entry.created.0);
        history.iter().filter_map(|entry| entry.author.as_ref()).for_each(&mut meet);
        [&issue.fields.assignee, &issue.fields.reporter].into_iter().flatten().for_each(&mut meet);
        let records = tally.records();
        records.work_items.push(vocabulary.work_item(issue, former_keys(&issue.key, &history)));
        records.field_changes.extend(vocabulary.field_changes(issue.id, &history));
    }
    tally.records().accounts.extend(accounts.into_values());
}

/// Reads named records. Those that do not exist, or that we may not see, are absent.
pub(super) async fn read(jira: &Jira, wanted: &Wanted, now: Timestamp) -> Gathered {
    let asked: Vec<RecordKind> = jira.kinds().filter(|kind| wanted.contains_key(kind)).collect();
    let mut tally = Tally::new(asked.iter().copied());
    if let Err(error) = read_site(jira, wanted, now, &mut tally).await {
        tally.darken(&error, asked);
    }
    let mut gathered = tally.finish(&BTreeSet::new(), now);
    // A mark would hide what changed elsewhere in the meantime.
    gathered.watermarks.clear();
    gathered
}

/// Reads issues by the keys that people say, also earlier ones: Jira takes a key wherever it takes an id. It does not
/// tell issues that do not exist from those that we may not see; both are absent.
pub(super) async fn find(jira: &Jira, (kind, keys): (RecordKind, &BTreeSet<Text>), now: Timestamp) -> Gathered {
    let ids = keys.iter().map(|key| RecordId::new(&jira.descriptor.id, key.to_uppercase()));
    let mut found = read(jira, &Wanted::from([(kind, ids.collect())]), now).await;
    found.gaps.retain(|gap| gap.code != GapCode::SourceIncomplete);
    found
}

async fn read_site(jira: &Jira, wanted: &Wanted, now: Timestamp, tally: &mut Tally) -> Result<(), ConnectorError> {
    jira.client.myself().await?;
    let held = jira.held().clone();
    let vocabulary = vocabulary(jira, held.projects.clone().into_iter(), now).await?;
    let natives = |kind| {
        let ids = wanted.get(&kind).into_iter().flatten();
        ids.filter(|id| id.connector == jira.descriptor.id).map(|id| id.native.to_string())
    };
    let issues: BTreeSet<String> = natives(RecordKind::WorkItem).chain(natives(RecordKind::FieldHistory)).collect();
    if !issues.is_empty() {
        let names: Vec<String> = issues.into_iter().collect();
        match fetch_named(jira, &vocabulary, &names, tally).await {
            Ok(issues) => keep(jira, &vocabulary, issues, tally).await,
            Err(error) => tally.darken(&error, OF_ISSUES),
        }
    }
    let versions: Vec<String> = natives(RecordKind::TrackedVersion).collect();
    if let Err(error) = read_named_versions(jira, (&vocabulary, &held), &versions, tally).await {
        tally.darken(&error, [RecordKind::TrackedVersion]);
    }
    let accounts: Vec<String> = natives(RecordKind::Account).collect();
    match jira.client.users(&accounts).await {
        Ok(users) => tally.records().accounts.extend(users.iter().map(|user| vocabulary.account(user))),
        Err(error) => tally.darken(&error, [RecordKind::Account]),
    }
    Ok(())
}

/// Jira gives versions by project or one by one; those of projects that we know come together.
async fn read_named_versions(
    jira: &Jira,
    (vocabulary, held): (&Vocabulary, &Held),
    names: &[String],
    tally: &mut Tally,
) -> Result<(), ConnectorError> {
    let wanted: BTreeSet<Id> = names.iter().filter_map(|name| name.parse().ok().map(Id)).collect();
    let projects: BTreeSet<Id> = wanted.iter().filter_map(|id| held.project_of.get(id).copied()).collect();
    for project in projects {
        let Some(key) = held.projects.get(&project) else { continue };
        let project = Project { id: project, key: key.to_string() };
        let versions = jira.client.versions(project.id).await?;
        let versions = versions.iter().filter(|version| wanted.contains(&version.id));
        tally.records().tracked_versions.extend(versions.map(|version| vocabulary.version(version, &project)));
    }
    for id in wanted.iter().filter(|id| !held.project_of.contains_key(id)) {
        let Some(version) = jira.client.version(&id.to_string()).await? else { continue };
        let Some(project) = version.project_id else { continue };
        let Some(project) = jira.client.project(&project.to_string()).await? else { continue };
        tally.records().tracked_versions.push(vocabulary.version(&version, &project));
    }
    Ok(())
}

impl Tally {
    fn incomplete(&mut self, jira: &Jira, operation: &'static str, why: &str) {
        let error = ConnectorError::new(jira.descriptor.id.clone(), operation, FailureKind::Incomplete)
            .because(why.to_owned());
        debug_assert_eq!(error.code(), GapCode::SourceIncomplete);
        self.darken(&error, OF_ISSUES);
    }
}
