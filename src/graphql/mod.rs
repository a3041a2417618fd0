//! The GraphQL API: thin objects over places in one immutable graph. A resolver reads its arguments, calls one
//! function and wraps the result; what is computed stands in `engine`.

#[expect(clippy::too_many_arguments, reason = "a connection's field takes Relay's four arguments beside its own")]
mod query;

#[expect(clippy::too_many_arguments, reason = "a connection's field takes Relay's four arguments beside its own")]
mod types;

mod connection;
mod coverage;
mod details;
mod errors;
mod feeds;
mod loaders;
mod paging;
mod risk;
mod session;
mod visibility;

use std::sync::Arc;

use async_graphql::{
    EmptyMutation, EmptySubscription, Request, Response, SDLExportOptions, Schema, SchemaBuilder, ServerError,
};
use async_trait::async_trait;
use engine::gate::GatePolicy;

use crate::config::RiskSetup;
use crate::federation::Federation;
use crate::http::{Basis, Caller, Edition, Executed, Executor, FeedOf, Limits};
use crate::memory::Past;
use errors::Told;
use loaders::Details;
use query::Query;
use risk::RiskDesk;
use session::{Session, Shared, Systems, this_second};

type ApiSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// The API over a federation: every request reads the graph that was newest when it came.
pub struct Api {
    schema: ApiSchema,
    federation: Arc<Federation>,
    past: Arc<Past>,
    systems: Arc<Systems>,
    risks: Arc<RiskDesk>,
    policy: Arc<GatePolicy>,
    details: Arc<Details>,
    limits: Limits,
}

impl Api {
    /// Answers from this federation, within these limits.
    pub fn new(federation: Arc<Federation>, limits: &Limits) -> Self {
        let schema = build().limit_complexity(limits.complexity).limit_depth(limits.depth).finish();
        let systems = Arc::new(Systems::of(&federation));
        let past = Arc::new(Past::new(federation.clone(), None));
        let details = Details::new(federation.clone());
        Self {
            schema,
            federation,
            past,
            systems,
            details,
            risks: Arc::default(),
            policy: Arc::default(),
            limits: limits.clone(),
        }
    }

    /// Answers `asOf` from what this store remembers.
    #[must_use]
    pub fn remembering(self, store: ::store::Store) -> Self {
        Self { past: Arc::new(Past::new(self.federation.clone(), Some(store))), ..self }
    }

    /// Judges risk by this model, these costs and this table instead of the documented defaults.
    #[must_use]
    pub fn judging_risk_by(self, setup: RiskSetup) -> Self {
        Self { risks: Arc::new(RiskDesk::new(setup)), ..self }
    }

    /// Judges gates by this policy instead of the documented default.
    #[must_use]
    pub fn judging_gates_by(self, policy: GatePolicy) -> Self {
        Self { policy: Arc::new(policy), ..self }
    }

    /// Retrains the model of risk as configured, until the task is dropped.
    pub fn keeping_risk_trained(&self) -> impl Future<Output = ()> + Send + use<> {
        let (desk, federation) = (self.risks.clone(), self.federation.clone());
        async move { desk.keep_trained(&federation).await }
    }
}

#[async_trait]
impl Executor for Api {
    async fn execute(&self, request: Request, caller: Caller) -> Executed {
        let Some(newest) = self.federation.newest() else {
            let response = Response::from_errors(vec![unplaced(errors::not_ready())]);
            return Executed { response, basis: Basis::Live };
        };
        let loader = Arc::new(self.details.loader(&caller.scope));
        let shared = Shared {
            federation: self.federation.clone(),
            past: self.past.clone(),
            systems: self.systems.clone(),
            risks: self.risks.clone(),
            policy: self.policy.clone(),
        };
        let session = Session::new(shared, (&newest, &loader), caller);
        let (edition, reads) = (session.edition(), session.reads());
        let execution = self.schema.execute(request.data(session).data(Told::default()));
        let mut response = loader.drive(execution).await;
        for error in &mut response.errors {
            name_limit(error, &self.limits);
        }
        Executed { response, basis: reads.basis(edition) }
    }

    fn edition(&self) -> Option<Edition> {
        let version = self.federation.graph()?.version;
        Some(Edition { version, second: this_second(&self.federation).as_second() })
    }

    fn feed(&self, of: FeedOf, key: &str, caller: &Caller) -> Option<String> {
        feeds::feed(&*self.federation.graph()?, of, key, caller)
    }

    fn sdl(&self) -> String {
        self.schema.sdl()
    }
}

/// The API in the schema definition language.
pub fn sdl() -> String {
    build().finish().sdl()
}

/// The same as a subgraph of Apollo Federation v2.
pub fn subgraph_sdl() -> String {
    let options = SDLExportOptions::new().federation();
    build().enable_federation().finish().sdl_with_options(options)
}

fn build() -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .override_output_type_description::<jiff::Timestamp>(
            "A moment: RFC 3339 in UTC, for example 2026-06-15T12:00:00Z.",
        )
        .override_output_type_description::<jiff::Span>("A length of time: ISO 8601, for example PT1H30M.")
}

/// An error about the request as a whole.
fn unplaced(error: async_graphql::Error) -> ServerError {
    ServerError { locations: Vec::new(), ..error.into_server_error(async_graphql::Pos::default()) }
}

/// The library refuses what is over its limits without saying which limit or how large it is.
fn name_limit(error: &mut ServerError, limits: &Limits) {
    let message = match error.message.as_str() {
        "Query is too complex." => {
            format!("The limit for complexity is {}; ask for fewer fields or smaller pages.", limits.complexity)
        }
        "Query is nested too deep." => format!("The limit for depth is {}.", limits.depth),
        _ => return,
    };
    error.message = message;
    error.extensions.get_or_insert_default().set("code", "LIMIT_EXCEEDED");
}
