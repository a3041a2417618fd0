//! Requests to Jira and the pages of its lists. Lists end when the token or the rows end, never because a page is short.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{
    Changelogs, Field, Found, Id, Issue, IssueChangelog, Issues, LinkType, LinkTypes, Myself, Page, Project, Shown,
    User, Version, Witnesses,
};
use crate::error::{ConnectorError, FailureKind};
use crate::paging::PageGuard;
use crate::resilience::{Answer, CachePolicy, Idempotency, Request, TelemetrySnapshot, Upstream};

/// Most keys or ids in one question for projects.
const MOST_PROJECTS: usize = 50;
const PAGE: usize = 100;
/// Ids alone come by the thousand.
const PAGE_OF_IDS: usize = 5_000;
const MOST_PAGES: usize = 1_000;
/// How often a list is read that changes between its pages.
const MOST_READINGS: usize = 3;
/// Most issues fetched at once.
const MOST_ISSUES: usize = 100;
/// Most issues whose changelogs are asked for at once, and entries of a page of them: each carries its author in full.
const MOST_CHANGELOGS: usize = 500;
const PAGE_OF_CHANGES: usize = 2_000;
/// What an administrator changes is read again after this time.
const SETTLED: Duration = Duration::from_secs(300);

/// Fields of the changelog that are read.
const FIELDS_OF_HISTORY: [&str; 4] = ["status", "resolution", "fixVersions", "issuekey"];

const FIELDS: [&str; 18] = [
    "summary",
    "description",
    "issuetype",
    "status",
    "project",
    "priority",
    "resolution",
    "assignee",
    "reporter",
    "created",
    "updated",
    "resolutiondate",
    "fixVersions",
    "versions",
    "components",
    "labels",
    "parent",
    "issuelinks",
];

/// Issues by id, as far as they could be read.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub(super) issues: BTreeMap<Id, Issue>,
    /// How many of them Jira could not give just now; those that do not exist are not among them.
    pub(super) withheld: usize,
}

/// One Jira site.
#[derive(Debug, Clone)]
pub(super) struct Client {
    upstream: Upstream,
}

impl Client {
    pub(super) fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    pub(super) fn telemetry(&self) -> TelemetrySnapshot {
        self.upstream.telemetry()
    }

    /// Who we are: the only question that a stranger gets no answer to.
    pub(super) async fn myself(&self) -> Result<(Myself, Answer), ConnectorError> {
        const OPERATION: &str = "ask who we are";
        let answer = self.found(OPERATION, get(OPERATION, "myself")).await?;
        Ok((self.upstream.decode(OPERATION, &answer)?, answer))
    }

    /// The projects with these keys that we may see; those without an answer are hidden or do not exist.
    pub(super) async fn projects(&self, keys: &[String]) -> Result<Vec<Project>, ConnectorError> {
        let mut all = Vec::new();
        for chunk in keys.chunks(MOST_PROJECTS) {
            let request = |start: usize| {
                let page = get("read projects", "project/search").query("startAt", start.to_string());
                let page = page.query("maxResults", PAGE.to_string());
                chunk.iter().fold(page, |request, key| request.query("keys", key.as_str()))
            };
            all.extend(self.pages("read projects", request, |project: &Project| project.id).await?);
        }
        Ok(all)
    }

    /// All projects that we may see.
    pub(super) async fn all_projects(&self) -> Result<Vec<Project>, ConnectorError> {
        let request = |start: usize| {
            let page = get("read projects", "project/search").query("startAt", start.to_string());
            page.query("maxResults", PAGE.to_string())
        };
        self.pages("read projects", request, |project: &Project| project.id).await
    }

    /// The project by id or by any key that it ever had.
    pub(super) async fn project(&self, key: &str) -> Result<Option<Project>, ConnectorError> {
        const OPERATION: &str = "read a project";
        self.ask(OPERATION, get(OPERATION, "project").segment(key)).await
    }

    /// Any one project that we may see.
    pub(super) async fn first_project(&self) -> Result<Option<Project>, ConnectorError> {
        const OPERATION: &str = "read projects";
        let request = get(OPERATION, "project/search").query("maxResults", "1");
        let page: Page<Project> = self.must(OPERATION, request).await?;
        Ok(page.values.into_iter().next())
    }

    /// All versions of a project.
    pub(super) async fn versions(&self, project: Id) -> Result<Vec<Version>, ConnectorError> {
        let request = |start: usize| {
            get("read versions", "project")
                .segment(project.to_string())
                .segment("version")
                .query("startAt", start.to_string())
                .query("maxResults", PAGE.to_string())
                .query("orderBy", "sequence")
        };
        self.pages("read versions", request, |version: &Version| version.id).await
    }

    /// What these issues show of the versions in which they are fixed; issues that are hidden or gone show nothing.
    pub(super) async fn shown_versions(&self, issues: &[Id]) -> Result<Vec<Shown>, ConnectorError> {
        const OPERATION: &str = "look at versions";
        if issues.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = issues.iter().map(Id::to_string).collect();
        let body = json!({ "issueIdsOrKeys": names, "fields": ["fixVersions"] });
        let found: Witnesses = self.must(OPERATION, post(OPERATION, "issue/bulkfetch", &body)).await?;
        Ok(found.issues.into_iter().flat_map(|issue| issue.fields.fix_versions).collect())
    }

    /// One version, by id.
    pub(super) async fn version(&self, id: &str) -> Result<Option<Version>, ConnectorError> {
        const OPERATION: &str = "read a version";
        self.ask(OPERATION, get(OPERATION, "version").segment(id)).await
    }

    /// The users with these account ids; those that do not exist are absent.
    pub(super) async fn users(&self, ids: &[String]) -> Result<Vec<User>, ConnectorError> {
        let mut all = Vec::new();
        for chunk in ids.chunks(PAGE) {
            let request = |start: usize| {
                let page = get("read users", "user/bulk").query("startAt", start.to_string());
                let page = page.query("maxResults", PAGE.to_string());
                chunk.iter().fold(page, |request, id| request.query("accountId", id.as_str()))
            };
            all.extend(self.pages("read users", request, |user: &User| user.account_id.clone()).await?);
        }
        Ok(all)
    }

    /// All fields, with the names that people gave them.
    pub(super) async fn fields(&self) -> Result<Vec<Field>, ConnectorError> {
        const OPERATION: &str = "read fields";
        self.must(OPERATION, get(OPERATION, "field").cache(CachePolicy::fresh_for(SETTLED))).await
    }

    /// All types of links.
    pub(super) async fn link_types(&self) -> Result<Vec<LinkType>, ConnectorError> {
        const OPERATION: &str = "read link types";
        let request = get(OPERATION, "issueLinkType").cache(CachePolicy::fresh_for(SETTLED));
        let types: LinkTypes = self.must(OPERATION, request).await?;
        Ok(types.issue_link_types)
    }

    /// Ids of all issues that the query finds.
    pub(super) async fn search(&self, jql: &str) -> Result<BTreeSet<Id>, ConnectorError> {
        const OPERATION: &str = "search issues";
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut found = BTreeSet::new();
        let mut token: Option<String> = None;
        loop {
            guard.enter(token.clone()).map_err(|failure| failure.of(self.upstream.system(), OPERATION))?;
            let mut body = json!({ "jql": jql, "fields": ["id"], "maxResults": PAGE_OF_IDS });
            if let (Some(token), Some(body)) = (&token, body.as_object_mut()) {
                body.insert("nextPageToken".to_owned(), token.as_str().into());
            }
            let page: Found = self.must(OPERATION, post(OPERATION, "search/jql", &body)).await?;
            found.extend(page.issues.into_iter().map(|issue| issue.id));
            // `isLast` is known to contradict the token; the token alone leads on.
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Any one issue that the query finds.
    pub(super) async fn search_one(&self, jql: &str) -> Result<Option<Id>, ConnectorError> {
        const OPERATION: &str = "search issues";
        let body = json!({ "jql": jql, "fields": ["id"], "maxResults": 1 });
        let page: Found = self.must(OPERATION, post(OPERATION, "search/jql", &body)).await?;
        Ok(page.issues.first().map(|issue| issue.id))
    }

    /// Issues by ids or keys, former keys too; those that do not exist or are hidden are absent.
    pub(super) async fn issues(&self, names: &[String], custom: &[String]) -> Result<Fetched, ConnectorError> {
        let fields: Vec<&str> = FIELDS.into_iter().chain(custom.iter().map(String::as_str)).collect();
        let fetch = |chunk: Vec<String>| {
            let body = json!({ "issueIdsOrKeys": chunk, "fields": fields });
            async move {
                const OPERATION: &str = "read issues";
                self.must::<Issues>(OPERATION, post(OPERATION, "issue/bulkfetch", &body)).await
            }
        };
        let chunks = names.chunks(MOST_ISSUES).map(<[String]>::to_vec);
        let mut answers = stream::iter(chunks.map(fetch)).buffer_unordered(self.upstream.concurrency());
        let mut fetched = Fetched::default();
        while let Some(answer) = answers.try_next().await? {
            fetched.withheld += answer.issue_errors.len();
            fetched.issues.extend(answer.issues.into_iter().map(|issue| (issue.id, issue)));
        }
        Ok(fetched)
    }

    /// What happened to the issues, in the fields that matter here.
    pub(super) async fn changelogs(&self, ids: &[Id]) -> Result<Vec<IssueChangelog>, ConnectorError> {
        let fetch = |chunk: Vec<Id>| async move { self.changelogs_of(&chunk).await };
        let chunks = ids.chunks(MOST_CHANGELOGS).map(<[Id]>::to_vec);
        let answers = stream::iter(chunks.map(fetch)).buffer_unordered(self.upstream.concurrency());
        Ok(answers.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
    }

    async fn changelogs_of(&self, ids: &[Id]) -> Result<Vec<IssueChangelog>, ConnectorError> {
        const OPERATION: &str = "read changelogs";
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            guard.enter(token.clone()).map_err(|failure| failure.of(self.upstream.system(), OPERATION))?;
            let mut body =
                json!({ "issueIdsOrKeys": ids, "fieldIds": FIELDS_OF_HISTORY, "maxResults": PAGE_OF_CHANGES });
            if let (Some(token), Some(body)) = (&token, body.as_object_mut()) {
                body.insert("nextPageToken".to_owned(), token.as_str().into());
            }
            let page: Changelogs = self.must(OPERATION, post(OPERATION, "changelog/bulkfetch", &body)).await?;
            all.extend(page.issue_change_logs);
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// All rows of a list that is paged by offset. When rows come or go between two pages others may slip through; then
    /// the list is read again.
    async fn pages<T: DeserializeOwned, Key: PartialEq>(
        &self,
        operation: &'static str,
        request: impl Fn(usize) -> Request,
        key: impl Fn(&T) -> Key,
    ) -> Result<Vec<T>, ConnectorError> {
        for _ in 0..MOST_READINGS {
            if let Some(rows) = self.steady_pages(operation, &request, &key).await? {
                return Ok(rows);
            }
        }
        Err(self.incomplete(operation, "rows came or went each time that it was read"))
    }

    /// The rows, or nothing where the list changed in between: each page begins with the last row of the page before.
    async fn steady_pages<T: DeserializeOwned, Key: PartialEq>(
        &self,
        operation: &'static str,
        request: &impl Fn(usize) -> Request,
        key: &impl Fn(&T) -> Key,
    ) -> Result<Option<Vec<T>>, ConnectorError> {
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut rows: Vec<T> = Vec::new();
        loop {
            let before = rows.len();
            guard.enter(before).map_err(|failure| failure.of(self.upstream.system(), operation))?;
            let page: Page<T> = self.must(operation, request(before.saturating_sub(1))).await?;
            let mut values = page.values.into_iter();
            if let Some(last) = rows.last()
                && values.next().as_ref().map(key) != Some(key(last))
            {
                return Ok(None);
            }
            rows.extend(values);
            if rows.len() > before
                && page.is_last != Some(true)
                && page.total.is_none_or(|total| rows.len() < total)
            {
                continue;
            }
            return match page.total {
                Some(total) if rows.len() < total => {
                    Err(self.incomplete(operation, format!("{} of {total} rows came", rows.len())))
                }
                _ => Ok(Some(rows)),
            };
        }
    }

    fn incomplete(&self, operation: &'static str, cause: impl Into<Cow<'static, str>>) -> ConnectorError {
        ConnectorError::new(self.upstream.system().clone(), operation, FailureKind::Incomplete).because(cause)
    }

    /// The answer, where "there is no such thing" means that we may not see it.
    async fn must<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: Request,
    ) -> Result<T, ConnectorError> {
        let answer = self.found(operation, request).await?;
        self.upstream.decode(operation, &answer)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: Request,
    ) -> Result<Option<T>, ConnectorError> {
        match self.upstream.send(request).await?.found() {
            Some(answer) => self.upstream.decode(operation, &answer).map(Some),
            None => Ok(None),
        }
    }

    async fn found(&self, operation: &'static str, request: Request) -> Result<Answer, ConnectorError> {
        self.upstream.send(request).await?.found().ok_or_else(|| {
            ConnectorError::new(self.upstream.system().clone(), operation, FailureKind::Denied)
                .because("it says that there is no such thing, which it also says of what we may not see")
        })
    }
}

fn get(operation: &'static str, path: &str) -> Request {
    Request::get(operation, &format!("rest/api/3/{path}"))
}

/// A question too long for a URL: it changes nothing.
fn post(operation: &'static str, path: &str, body: &Value) -> Request {
    Request::new(operation, Method::POST, &format!("rest/api/3/{path}"), Idempotency::Read).json(body)
}
