//! The GraphQL API: thin objects over places in one immutable graph. A resolver reads its arguments, calls one
//! function and wraps the result; what is computed stands in `engine`.

#[expect(clippy::too_many_arguments, reason = "a connection's field takes Relay's four arguments beside its own")]
mod query;

#[expect(clippy::too_many_arguments, reason = "a connection's field takes Relay's four arguments beside its own")]
mod types;

mod connection;
mod coverage;
mod errors;
mod paging;
mod session;
mod visibility;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_graphql::{
    EmptyMutation, EmptySubscription, Request, Response, SDLExportOptions, Schema, SchemaBuilder, ServerError,
};
use async_trait::async_trait;

use crate::federation::Federation;
use crate::http::{Caller, Executor, Limits};
use crate::memory::Past;
use errors::Told;
use query::Query;
use session::{Session, Systems};

type ApiSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// The API over a federation: every request reads the graph that was newest when it came.
pub struct Api {
    schema: ApiSchema,
    federation: Arc<Federation>,
    past: Arc<Past>,
    systems: Arc<Systems>,
    limits: Limits,
}

impl Api {
    /// Answers from this federation, within these limits.
    pub fn new(federation: Arc<Federation>, limits: &Limits) -> Self {
        let schema = build().limit_complexity(limits.complexity).limit_depth(limits.depth).finish();
        let systems = Arc::new(Systems::of(&federation));
        let past = Arc::new(Past::new(federation.clone(), None));
        Self { schema, federation, past, systems, limits: limits.clone() }
    }

    /// Answers `asOf` from what this store remembers.
    pub fn remembering(mut self, store: Option<::store::Store>) -> Self {
        self.past = Arc::new(Past::new(self.federation.clone(), store));
        self
    }
}

#[async_trait]
impl Executor for Api {
    async fn execute(&self, request: Request, caller: Caller) -> Response {
        let Some(graph) = self.federation.graph() else {
            return Response::from_errors(vec![unplaced(errors::not_ready())]);
        };
        let session = Session {
            graph,
            caller,
            federation: self.federation.clone(),
            past: self.past.clone(),
            systems: self.systems.clone(),
            entities: AtomicUsize::new(0),
        };
        let mut response = self.schema.execute(request.data(session).data(Told::default())).await;
        for error in &mut response.errors {
            name_limit(error, &self.limits);
        }
        response
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
