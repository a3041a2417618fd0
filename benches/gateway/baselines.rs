//! What the gateway is measured beside: the same JSON from a bare GraphQL schema over plain structs, and from axum
//! without any GraphQL. Both hold what the gateway answered, ready to be given.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use async_graphql::{Context, EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};
use axum::{Json, Router, extract::State, http::header, response::IntoResponse, routing::post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

/// The answers of the gateway.
#[derive(Deserialize, Serialize)]
pub(crate) struct Answers {
    pub(crate) pages: HashMap<String, Release>,
    pub(crate) edges: Vec<RowEdge>,
}

/// A macro, since these are many and all alike.
macro_rules! objects {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        #[derive(Clone, Deserialize, Serialize, SimpleObject)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name { $($field: $type,)* }
    )*};
}

objects! {
    RowEdge { cursor: String, node: Row }
    Row {
        key: String, status: String, certain: bool, service: Option<RowService>, windows: Vec<Window>,
        change_count: Option<i64>, open_incident_count: Option<i64>,
    }
    RowService { key: String, tier: Option<i64> }
    Window { start: String, end: String }
    PageInfo { has_next_page: bool, end_cursor: Option<String> }
    Service { key: String, name: String, kind: String, tier: Option<i64>, tags: Vec<String> }
    Evidence { kind: String, summary: String }
    Link { origin: String, rule: String, confidence: f64, evidence: Vec<Evidence> }
    Person { name: Option<String> }
    Approval { state: String, via: String, approver: Option<Person>, decided_at: Option<String> }
    ApprovalEdge { node: Approval }
    Approvals { edges: Vec<ApprovalEdge> }
    ChangeEdge { link: Link, node: Change }
    Changes { total_count: Option<i64>, edges: Vec<ChangeEdge> }
    WorkItem { key: String, summary: String, state: String }
    WorkItemEdge { link: Link, node: WorkItem }
    WorkItems { total_count: Option<i64>, edges: Vec<WorkItemEdge> }
    PullRequest { number: i64, title: String, merged_at: Option<String> }
    PullRequestEdge { node: PullRequest }
    PullRequests { total_count: Option<i64>, edges: Vec<PullRequestEdge> }
    Source { connector: String, record_id: String, url: Option<String>, fetched_at: String, stale: bool }
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    id: String,
    number: String,
    state: String,
    short_description: Option<String>,
    window: Option<Window>,
    approvals: Option<Approvals>,
}

#[Object]
impl Change {
    async fn id(&self) -> &str {
        &self.id
    }
    async fn number(&self) -> &str {
        &self.number
    }
    async fn state(&self) -> &str {
        &self.state
    }
    async fn short_description(&self) -> Option<&str> {
        self.short_description.as_deref()
    }
    async fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }
    async fn approvals(&self, _first: i32) -> Option<&Approvals> {
        self.approvals.as_ref()
    }
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Release {
    id: String,
    key: String,
    version: Option<String>,
    name: Option<String>,
    status: String,
    certain: bool,
    service: Option<Service>,
    windows: Vec<Window>,
    changes: Option<Changes>,
    work_items: Option<WorkItems>,
    pull_requests: Option<PullRequests>,
    sources: Vec<Source>,
}

#[Object]
impl Release {
    async fn id(&self) -> &str {
        &self.id
    }
    async fn key(&self) -> &str {
        &self.key
    }
    async fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }
    async fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
    async fn status(&self) -> &str {
        &self.status
    }
    async fn certain(&self) -> bool {
        self.certain
    }
    async fn service(&self) -> Option<&Service> {
        self.service.as_ref()
    }
    async fn windows(&self) -> &[Window] {
        &self.windows
    }
    async fn changes(&self, _first: i32) -> Option<&Changes> {
        self.changes.as_ref()
    }
    async fn work_items(&self, _first: i32) -> Option<&WorkItems> {
        self.work_items.as_ref()
    }
    async fn pull_requests(&self, _first: i32) -> Option<&PullRequests> {
        self.pull_requests.as_ref()
    }
    async fn sources(&self) -> &[Source] {
        &self.sources
    }
}

/// A page of the list, cut out of the rows that are held.
struct Rows<'a> {
    rows: &'a [RowEdge],
    total: usize,
    has_next_page: bool,
}

impl<'a> Rows<'a> {
    fn cut(held: &'a Held, first: usize, after: Option<&str>) -> Self {
        let start = after.and_then(|cursor| held.places.get(cursor)).map_or(0, |place| place + 1);
        let end = (start + first).min(held.answers.edges.len());
        Rows {
            rows: held.answers.edges.get(start..end).unwrap_or_default(),
            total: held.answers.edges.len(),
            has_next_page: end < held.answers.edges.len(),
        }
    }

    fn info(&self) -> PageInfo {
        PageInfo { has_next_page: self.has_next_page, end_cursor: self.rows.last().map(|row| row.cursor.clone()) }
    }
}

#[Object]
impl Rows<'_> {
    async fn total_count(&self) -> usize {
        self.total
    }
    async fn page_info(&self) -> PageInfo {
        self.info()
    }
    async fn edges(&self) -> &[RowEdge] {
        self.rows
    }
}

struct Held {
    answers: Answers,
    places: HashMap<String, usize>,
}

struct Query;

#[Object]
impl Query {
    async fn release<'c>(&self, ctx: &Context<'c>, key: String) -> Option<&'c Release> {
        ctx.data_unchecked::<Arc<Held>>().answers.pages.get(&key)
    }

    async fn releases<'c>(&self, ctx: &Context<'c>, first: usize, after: Option<String>) -> Rows<'c> {
        Rows::cut(ctx.data_unchecked::<Arc<Held>>(), first, after.as_deref())
    }
}

type BareSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Serves a bare schema on a free port until the process is killed; says where.
pub(crate) async fn serve_graphql(answers: Answers) -> Result<()> {
    async fn answer(
        State(schema): State<BareSchema>,
        Json(request): Json<async_graphql::Request>,
    ) -> Json<async_graphql::Response> {
        Json(schema.execute(request).await)
    }
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(hold(answers)).finish();
    serve(Router::new().route("/graphql", post(answer)).with_state(schema)).await
}

/// Serves the same without GraphQL.
pub(crate) async fn serve_json(answers: Answers) -> Result<()> {
    async fn answer(State(held): State<Arc<Held>>, Json(request): Json<Value>) -> impl IntoResponse {
        let variables = &request["variables"];
        let text = match variables["key"].as_str() {
            Some(key) => serde_json::to_string(&Told { data: ToldPage { release: held.answers.pages.get(key) } }),
            None => {
                let first = variables["first"].as_u64().unwrap_or_default() as usize;
                let rows = Rows::cut(&held, first, variables["after"].as_str());
                let releases = ToldRows { total_count: rows.total, page_info: rows.info(), edges: rows.rows };
                serde_json::to_string(&Told { data: ToldList { releases } })
            }
        };
        ([(header::CONTENT_TYPE, "application/json")], text.unwrap_or_default())
    }
    serve(Router::new().route("/graphql", post(answer)).with_state(hold(answers))).await
}

#[derive(Serialize)]
struct Told<T> {
    data: T,
}

#[derive(Serialize)]
struct ToldPage<'a> {
    release: Option<&'a Release>,
}

#[derive(Serialize)]
struct ToldList<'a> {
    releases: ToldRows<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToldRows<'a> {
    total_count: usize,
    page_info: PageInfo,
    edges: &'a [RowEdge],
}

fn hold(answers: Answers) -> Arc<Held> {
    let places = answers.edges.iter().enumerate().map(|(place, edge)| (edge.cursor.clone(), place)).collect();
    Arc::new(Held { answers, places })
}

async fn serve(router: Router) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
