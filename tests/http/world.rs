//! A schema in which every field does one thing that HTTP must deal with, and one way to ask it.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::{Context, EmptySubscription, Error, ErrorExtensions, Object, Schema};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header, request::Builder},
};
use domain::{Actor, Role, Scope};
use interlock::http::{
    Access, Basis, Caller, Edition, Executed, Executor, HostPolicy, HttpState, Limits, Metrics, Readiness,
    StaticToken, TraceId, router,
};
use serde_json::Value as Json;
use tokio::sync::Notify;
use tower::ServiceExt;

pub(crate) const COMPLEXITY_LIMIT: usize = 1_000;

pub(crate) struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("Hello {}", name.unwrap_or_else(|| "world".to_owned()))
    }

    async fn person(&self, context: &Context<'_>) -> String {
        context.data_unchecked::<Caller>().actor.person.to_string()
    }

    async fn trace(&self, context: &Context<'_>) -> String {
        context.data_unchecked::<TraceId>().to_string()
    }

    async fn late(&self) -> &str {
        tokio::task::yield_now().await;
        "late"
    }

    async fn inner(&self) -> Query {
        Query
    }

    #[graphql(complexity = "first as usize * child_complexity")]
    async fn page(&self, #[graphql(validator(minimum = 1, maximum = 100))] first: i32) -> Vec<Query> {
        (0..first).map(|_| Query).collect()
    }

    async fn moment(&self, at: jiff::Timestamp) -> jiff::Timestamp {
        at
    }

    async fn leaky(&self) -> async_graphql::Result<Option<String>> {
        Err(Error::new_with_source(std::io::Error::other("https://key:secret@upstream.example said no")))
    }

    async fn leaky_everywhere(&self) -> async_graphql::Result<String> {
        Err("https://key:secret@upstream.example said no".into())
    }

    async fn explained(&self) -> async_graphql::Result<Option<String>> {
        Err(Error::new("Jira did not answer in time.")
            .extend_with(|_, extensions| extensions.set("code", "SOURCE_TIMED_OUT")))
    }

    async fn broken(&self) -> String {
        let nothing: Vec<String> = Vec::new();
        nothing[0].clone()
    }

    async fn held(&self, context: &Context<'_>) -> &str {
        let running = context.data_unchecked::<Arc<Running>>();
        running.started.notify_one();
        running.release.notified().await;
        "released"
    }

    async fn stuck(&self, context: &Context<'_>) -> String {
        let _seen = RunningGuard::new(context.data_unchecked::<Arc<Running>>());
        std::future::pending().await
    }
}

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    async fn count(&self, context: &Context<'_>) -> usize {
        context.data_unchecked::<Arc<Running>>().mutations.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// What the fields have been through, for tests to see, and what answers are said to be made from.
pub(crate) struct Running {
    pub(crate) executions: AtomicUsize,
    pub(crate) edition: Mutex<Option<Edition>>,
    pub(crate) basis: Mutex<Basis>,
    pub(crate) mutations: AtomicUsize,
    pub(crate) started: Notify,
    pub(crate) dropped: Notify,
    pub(crate) release: Notify,
}

impl Default for Running {
    /// Nothing is kept.
    fn default() -> Self {
        Self {
            executions: AtomicUsize::new(0),
            edition: Mutex::new(None),
            basis: Mutex::new(Basis::Live),
            mutations: AtomicUsize::new(0),
            started: Notify::new(),
            dropped: Notify::new(),
            release: Notify::new(),
        }
    }
}

impl Running {
    /// From now on answers are made in this second of this version.
    pub(crate) fn moves_to(&self, version: u64, second: i64) {
        *self.edition.lock().unwrap() = Some(Edition { version, second });
    }

    /// From now on answers say that they were made from this.
    pub(crate) fn rests_on(&self, basis: Basis) {
        *self.basis.lock().unwrap() = basis;
    }

    /// How often anything was executed.
    pub(crate) fn executions(&self) -> usize {
        self.executions.load(Ordering::SeqCst)
    }
}

struct RunningGuard(Arc<Running>);

impl RunningGuard {
    fn new(running: &Arc<Running>) -> Self {
        running.started.notify_one();
        RunningGuard(Arc::clone(running))
    }
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.dropped.notify_one();
    }
}

struct SchemaExecutor {
    schema: Schema<Query, Mutation, EmptySubscription>,
    running: Arc<Running>,
}

#[async_trait]
impl Executor for SchemaExecutor {
    async fn execute(&self, request: async_graphql::Request, caller: Caller) -> Executed {
        self.running.executions.fetch_add(1, Ordering::SeqCst);
        let basis = *self.running.basis.lock().unwrap();
        Executed { response: self.schema.execute(request.data(caller)).await, basis }
    }

    fn edition(&self) -> Option<Edition> {
        *self.running.edition.lock().unwrap()
    }

    fn sdl(&self) -> String {
        self.schema.sdl()
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) running: Arc<Running>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::listening_on("127.0.0.1:4000")
    }

    pub(crate) fn listening_on(listen: &str) -> Self {
        Self::build(listen, Readiness::Ready, Metrics::default())
    }

    pub(crate) fn with_readiness(readiness: Readiness) -> Self {
        Self::build("127.0.0.1:4000", readiness, Metrics::default())
    }

    pub(crate) fn with_metrics(metrics: Metrics) -> Self {
        Self::build("127.0.0.1:4000", Readiness::Ready, metrics)
    }

    fn build(listen: &str, readiness: Readiness, metrics: Metrics) -> Self {
        let running = Arc::new(Running::default());
        let limits = Limits { body_bytes: 8_000, complexity: COMPLEXITY_LIMIT, ..Limits::default() };
        let schema = Schema::build(Query, Mutation, EmptySubscription)
            .limit_complexity(limits.complexity)
            .data(Arc::clone(&running))
            .finish();
        let token = |name: &str, secret: &str, role: Role| {
            let actor = Actor { person: name.into(), roles: [Role::Reader, role].into() };
            StaticToken::new(name, secret, actor, Scope::All)
        };
        let access = Access::new(vec![
            token("portal", "portal-secret", Role::Reader),
            token("pipeline", "pipeline-secret", Role::Operator),
            token("mirror", "mirror-secret", Role::Reader),
            StaticToken::new(
                "team",
                "team-secret",
                Actor { person: "team".into(), roles: [Role::Reader].into() },
                Scope::Services([domain::ServiceKey::new("payments-api")].into()),
            ),
        ]);
        let router = router(HttpState {
            executor: Arc::new(SchemaExecutor { schema, running: Arc::clone(&running) }),
            readiness: Arc::new(move || readiness.clone()),
            access,
            hosts: HostPolicy::new(listen.parse().unwrap(), &["gateway.bank.example".to_owned()]),
            limits,
            metrics,
        })
        .unwrap();
        World { router, running }
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().entry(header::HOST).or_insert("localhost:4000".parse().unwrap());
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(peer("127.0.0.1:50000"));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// POST with a document alone, for the media type that uses statuses in full.
    pub(crate) async fn ask(&self, query: &str) -> Answer {
        self.send(post(query)).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn peer(address: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(address.parse().unwrap())
}

pub(crate) fn post(query: &str) -> Request<Body> {
    graphql_post().body(Body::from(serde_json::json!({ "query": query }).to_string())).unwrap()
}

pub(crate) fn graphql_post() -> Builder {
    Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
}
