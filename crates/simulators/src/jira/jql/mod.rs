//! Jira's query language: text to clauses (`lexer`, `parser`), clauses to resolved tests (`resolve`), tests over issues
//! (`evaluate`). Left out: sprints, watchers, votes, worklogs, issue properties and saved filters.

mod changed;
mod dates;
mod evaluate;
mod functions;
mod lexer;
mod lookup;
mod order;
mod parser;
mod reserved;
mod resolve;
mod values;
mod words;

use jiff::Timestamp;

use super::access::Caller;
use super::errors::Refusal;
use super::store::Store;

/// What a query is read against: names, versions and people resolve here, dates in the caller's zone.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) store: &'a Store,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
    /// Issues to be read as they are, however far search lags behind.
    pub(super) reconcile: &'a [u64],
}

/// The ids that match, in order. One unknown name refuses the whole query, and so does a query without a restriction.
pub(super) fn search(context: Context<'_>, jql: &str) -> Result<Vec<u64>, Refusal> {
    let query = parser::parse(jql).map_err(Refusal::bad)?;
    let Some(clause) = query.clause else {
        return Err(Refusal::bad(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        ));
    };
    let test = resolve::resolve(context, clause).map_err(|messages| Refusal {
        messages,
        ..Refusal::bad("")
    })?;
    let sorting = order::resolve(context, &query.order).map_err(Refusal::bad)?;
    let found = evaluate::matching(context, &test);
    Ok(order::sorted(context, found, &sorting))
}
