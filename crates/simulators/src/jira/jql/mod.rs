//! Jira's query language: text to clauses (`lexer`, `parser`), clauses to resolved tests (`resolve`), tests over issues
//! (`evaluate`). Left out: sprints, watchers, votes, worklogs, issue properties and saved filters.

mod changed;
mod clauses;
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
    let test = resolve::resolve(context, clause).map_err(|messages| Refusal { messages, ..Refusal::bad("") })?;
    let sorting = order::resolve(context, &query.order).map_err(Refusal::bad)?;
    let found = evaluate::matching(context, &test);
    Ok(order::sorted(context, found, &sorting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jira::content::{Content, Issue};
    use proptest::prelude::*;

    fn store() -> Store {
        let mut content = Content::standard();
        let issue = Issue { id: 1, key: "A-1".into(), status: 3, ..Issue::default() };
        content.issues = vec![issue];
        Store::new(content)
    }

    proptest! {
        #[test]
        fn any_clause_is_answered_or_refused(
            field in prop::sample::select(vec!["status", "key", "updated", "due", "summary", "assignee", "labels", "fixVersion", "cf[1]"]),
            operator in prop::sample::select(vec!["=", "!=", ">", "<=", "~", "!~", "in", "not in", "is", "is not", "was", "changed after"]),
            value in prop_oneof![
                Just("empty".to_owned()),
                Just("(Done, \"In Progress\")".to_owned()),
                Just("currentUser()".to_owned()),
                "-?[0-9]{1,30}[wdhmyM]?".prop_map(|text| text),
                "(start|end)Of(Day|Week|Month|Year)\\(\"[-+]?[0-9]{1,25}[wdhmyM]?\"\\)".prop_map(|text| text),
                "\"[^\"\\\\]{0,12}\"".prop_map(|text| text),
            ],
        ) {
            let store = store();
            let caller = Caller { account_id: None, zone: jiff::tz::TimeZone::UTC, metered: false, projects: None };
            let context = Context { store: &store, caller: &caller, now: Timestamp::UNIX_EPOCH, reconcile: &[] };
            match search(context, &format!("{field} {operator} {value} order by updated"))  {
                Ok(found) => prop_assert!(found.len() <= 1),
                Err(refusal) => prop_assert!(!refusal.messages.is_empty()),
            }
        }
    }
}
