//! One issue's changelog, oldest first; the entries are called `values` here and `histories` inside an issue.

use axum::extract::Path;

use super::call::{Answer, Call};

pub(super) async fn page(call: Call, Path(issue): Path<String>) -> Answer {
    let store = call.jira.read();
    let issue = call.issue(&store, &issue)?;
    let view = call.view(&store);
    call.page(issue.changelog.iter().map(|history| view.history(history)).collect(), (100, 100))
}
