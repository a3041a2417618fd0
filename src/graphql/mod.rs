//! The GraphQL API: thin objects over places in one immutable graph. A resolver reads its arguments, calls one
//! function and wraps the result; what is computed stands in `engine`.

mod errors;
mod paging;
mod session;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Response, SDLExportOptions, Schema};
use async_trait::async_trait;

use crate::federation::Federation;
use crate::http::{Caller, Executor, Limits};
use session::Session;
