//! The gateway over HTTP: GraphQL at `/graphql` with a page for people, health, metrics, and who is let in.
//! Knows no schema: it is given an `Executor`. Subscriptions (WebSocket, SSE) and exports are not served here yet.

mod answers;
mod caller;
mod completion;
mod document;
mod feeds;
mod graphql;
mod health;
mod hosts;
mod limits;
mod masking;
mod metrics;
mod negotiation;
mod nesting;
mod observe;
mod ordering;
mod page;
mod parameters;
mod problem;
mod revalidation;
mod serve;

use std::sync::Arc;

use async_graphql::{Request, Response};
use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{self, HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Redirect},
    routing::{any, get},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{DefaultPredicate, Predicate, SizeAbove},
    },
};

pub use answers::{Basis, Edition};
pub use caller::{Access, Caller, StaticToken};
pub use feeds::FeedOf;
pub use health::Readiness;
pub use hosts::HostPolicy;
pub use limits::Limits;
pub use metrics::Metrics;
pub use observe::TraceId;
pub use serve::{Shutdown, asked_to_end, serve};

use answers::Answers;
use completion::Shapes;
use document::Documents;
use negotiation::AnswerType;

/// Something that executes GraphQL. The request comes parsed, within the limits, with its `TraceId` as data.
/// Dropping the future must stop the work. Errors with a `code` extension reach the client as they are,
/// resolver errors without one are told as INTERNAL.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    async fn execute(&self, request: Request, caller: Caller) -> Executed;

    /// What an answer that is given now would be made from, as far as its basis can tell; none when no answer may be
    /// kept. Of a caller, answers with a basis that can be kept depend on roles and scope alone.
    fn edition(&self) -> Option<Edition>;

    /// A calendar feed as iCalendar text; `None` when there is none, or not for this caller.
    fn feed(&self, _of: FeedOf, _key: &str, _caller: &Caller) -> Option<String> {
        None
    }

    /// The schema in its definition language, to know which failed fields may be null.
    fn sdl(&self) -> String;
}

/// An answer, and what it was made from.
#[derive(Debug)]
pub struct Executed {
    pub response: Response,
    pub basis: Basis,
}

/// What the router is made of.
pub struct HttpState {
    pub executor: Arc<dyn Executor>,
    pub readiness: Arc<dyn Fn() -> Readiness + Send + Sync>,
    pub access: Access,
    pub hosts: HostPolicy,
    pub limits: Limits,
    pub metrics: Metrics,
}

/// The executor's schema is no schema.
#[derive(Debug, thiserror::Error)]
#[error("the schema cannot be read: {0}")]
pub struct UnreadableSchema(#[from] async_graphql::parser::Error);

/// `HttpState` with what only the router itself keeps.
struct Gateway {
    executor: Arc<dyn Executor>,
    readiness: Arc<dyn Fn() -> Readiness + Send + Sync>,
    access: Access,
    hosts: HostPolicy,
    limits: Limits,
    metrics: Metrics,
    documents: Documents,
    answers: Answers,
    shapes: Shapes,
}

/// Serve it with connection info (`serve` does): without a peer address nobody is anonymous.
pub fn router(state: HttpState) -> Result<Router, UnreadableSchema> {
    let HttpState { executor, readiness, access, hosts, limits, metrics } = state;
    let documents = Documents::new(limits.clone());
    let answers = Answers::new(limits.kept_answer_bytes, &metrics);
    let shapes = Shapes::read(&executor.sdl())?;
    let gateway =
        Arc::new(Gateway { executor, readiness, access, hosts, limits, metrics, documents, answers, shapes });
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(DefaultPredicate::new().and(SizeAbove::new(1024)));
    Ok(Router::new()
        .route("/", get(front_door))
        .route("/graphql", any(graphql::graphql))
        .route("/graphiql/{name}", get(page::asset))
        .route("/calendar/{kind}/{file}", get(feeds::feed))
        .route("/health/live", get(async || health::live()))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics_page))
        .layer(CatchPanicLayer::new())
        .layer(compression)
        .layer(from_fn_with_state(Arc::clone(&gateway), check_host))
        .layer(from_fn_with_state(Arc::clone(&gateway), observe::observe))
        .with_state(gateway))
}

/// Browsers go on to the page; programs are told where to ask.
async fn front_door(headers: HeaderMap) -> axum::response::Response {
    if negotiation::wanted(&headers) == negotiation::Wanted::Page {
        return Redirect::to("/graphql").into_response();
    }
    axum::Json(serde_json::json!({
        "graphql": "/graphql",
        "live": "/health/live",
        "ready": "/health/ready",
        "metrics": "/metrics",
    }))
    .into_response()
}

async fn ready(State(gateway): State<Arc<Gateway>>) -> http::Response<Body> {
    health::ready(&(gateway.readiness)())
}

/// Metrics name connectors and tell how busy they are, so they are read with the standing of any other query.
async fn metrics_page(
    State(gateway): State<Arc<Gateway>>,
    request: axum::extract::Request,
) -> http::Response<Body> {
    let (parts, _) = request.into_parts();
    match gateway.access.authenticate(&parts, &gateway.hosts) {
        Ok(_) => gateway.metrics.page(),
        Err(problem) => problem.into_response(AnswerType::Json, TraceId::of(&parts.extensions)),
    }
}

async fn check_host(
    State(gateway): State<Arc<Gateway>>,
    request: axum::extract::Request,
    next: Next,
) -> http::Response<Body> {
    let (parts, body) = request.into_parts();
    let mut response = match gateway.hosts.check(&parts) {
        Ok(()) => next.run(axum::extract::Request::from_parts(parts, body)).await,
        Err(problem) => problem.into_response(AnswerType::Json, TraceId::of(&parts.extensions)),
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
