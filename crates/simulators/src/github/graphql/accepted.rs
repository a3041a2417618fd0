//! The arguments that fields take. Those that the schema has and that are not served are left out on purpose:
//! a client that uses one is refused, rather than answered as if it had not.

use super::literal::Arguments;

/// Taken by every connection.
const PAGING: [&str; 4] = ["after", "before", "first", "last"];

/// Is this a connection? It takes arguments of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Connection,
    Other,
}

/// The first argument that a field does not take.
pub(super) fn refused<'a>((kind, field): (&str, &str), shape: Shape, arguments: &'a Arguments) -> Option<&'a str> {
    let own = optional(kind, field);
    let needed = required(kind, field);
    let paging = |name: &str| shape == Shape::Connection && PAGING.contains(&name);
    arguments.names().find(|name| !own.contains(name) && !needed.contains(name) && !paging(name))
}

/// The first argument that a field needs and does not have.
pub(super) fn missing((kind, field): (&str, &str), arguments: &Arguments) -> Option<&'static str> {
    required(kind, field).iter().copied().find(|name| arguments.get(name).is_none())
}

fn required(kind: &str, field: &str) -> &'static [&'static str] {
    match (kind, field) {
        ("Query", "repository") => &["owner", "name"],
        ("Query", "node") => &["id"],
        ("Query", "nodes") => &["ids"],
        ("Query", "user" | "organization" | "repositoryOwner") => &["login"],
        ("Repository", "ref") => &["qualifiedName"],
        ("Repository", "refs") => &["refPrefix"],
        ("Repository", "pullRequest" | "issueOrPullRequest") => &["number"],
        ("Repository", "release") => &["tagName"],
        ("Repository", "environment") | ("User" | "Organization", "repository") => &["name"],
        ("Commit", "file") => &["path"],
        ("Ref", "compare") => &["headRef"],
        _ => &[],
    }
}

fn optional(kind: &str, field: &str) -> &'static [&'static str] {
    match (kind, field) {
        ("Query", "repository") => &["followRenames"],
        ("Repository", "refs") => &["direction", "orderBy", "query"],
        ("Repository", "object") => &["expression", "oid"],
        ("Repository", "pullRequests") | ("Ref", "associatedPullRequests") => {
            &["baseRefName", "headRefName", "labels", "orderBy", "states"]
        }
        ("Repository", "releases") | ("Commit", "associatedPullRequests") => &["orderBy"],
        ("Repository" | "Commit", "deployments") => &["environments", "orderBy"],
        ("PullRequest", "reviews") => &["author", "states"],
        ("PullRequest", "latestOpinionatedReviews") => &["writersOnly"],
        ("Commit", "history") => &["path", "since", "until"],
        ("CheckSuite", "checkRuns") => &["filterBy"],
        ("CheckRun" | "StatusContext", "isRequired") => &["pullRequestNumber"],
        _ => &[],
    }
}
