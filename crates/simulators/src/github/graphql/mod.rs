//! stub
use super::Github;
use axum::Router;
pub(super) fn routes(github: &Github) -> Router {
    Router::new().with_state(github.clone())
}
