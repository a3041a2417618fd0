//! The fields of the query itself: repositories by name, anything by node id, the caller and the limit.

use std::sync::Arc;

use serde_json::{Value, json};

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, Resolved, connection, leaf, maybe, object};
use crate::github::node_id;
use crate::github::shape::time;
use crate::github::shelf::Shelf;

/// More ids are refused.
const MOST_IDS: usize = 100;

impl<'a> Context<'a> {
    pub(super) fn root(self, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match name {
            "repository" => self.named(arguments),
            "viewer" => maybe(self.call.caller.token.as_ref().map(|token| Object::Account(&token.login))),
            "rateLimit" => maybe(self.standing.map(|_| Object::RateLimit)),
            "node" => self.node(arguments.text("id").unwrap_or_default()).map(Resolved::Object),
            "nodes" => {
                let ids = arguments.texts("ids").unwrap_or_default();
                if ids.len() > MOST_IDS {
                    let message =
                        format!("You may not provide more than {MOST_IDS} node ids; you provided {}.", ids.len());
                    return Err(Problem::typed("ARGUMENT_LIMIT", message));
                }
                Ok(Resolved::Members(ids.into_iter().map(|id| self.node(id)).collect()))
            }
            "user" => self.account(arguments, "User"),
            "organization" => self.account(arguments, "Organization"),
            "repositoryOwner" => self.account(arguments, "RepositoryOwner"),
            _ => Err(Problem::Undefined),
        }
    }

    pub(super) fn rate_limit(self, name: &str) -> Outcome<'a> {
        let Some(standing) = self.standing else {
            return leaf(Value::Null);
        };
        match name {
            "cost" => leaf(self.weight.cost()),
            "nodeCount" => leaf(self.weight.nodes),
            "limit" => leaf(standing.limit),
            "used" => leaf(standing.used),
            "remaining" => leaf(standing.remaining()),
            "resetAt" => leaf(time(standing.reset)),
            _ => Err(Problem::Undefined),
        }
    }

    fn named(self, arguments: &Arguments) -> Outcome<'a> {
        let (owner, name) =
            (arguments.text("owner").unwrap_or_default(), arguments.text("name").unwrap_or_default());
        let found = match arguments.flag("followRenames") {
            Some(false) => self.store.named(owner, name),
            _ => self.store.ever_named(owner, name),
        };
        let found = found.filter(|shelf| self.call.caller.sees(shelf));
        let missing =
            || Problem::not_found(format!("Could not resolve to a Repository with the name '{owner}/{name}'."));
        found.map(|shelf| Resolved::Object(Object::Repository(shelf))).ok_or_else(missing)
    }

    fn account(self, arguments: &Arguments, kind: &str) -> Outcome<'a> {
        let login = arguments.text("login").unwrap_or_default();
        let user = self.store.people.user(login).map(|user| user.login.as_str());
        let organization = self.store.people.organization(login).map(|owner| owner.login.as_str());
        let found = match kind {
            "User" => user,
            "Organization" => organization.or_else(|| self.store.owner(login).filter(|_| user.is_none())),
            _ => user.or(organization).or_else(|| self.store.owner(login)),
        };
        let missing = || Problem::not_found(format!("Could not resolve to a {kind} with the login of '{login}'."));
        object(Object::Account(found.ok_or_else(missing)?))
    }

    fn node(self, id: &str) -> Result<Object<'a>, Problem> {
        let missing = || Problem::not_found(format!("Could not resolve to a node with the global id of '{id}'"));
        let wanted = node_id::read(id).ok_or_else(missing)?;
        let shelf: &'a Arc<Shelf> = self.store.numbered(wanted.repository).ok_or_else(missing)?;
        if !self.call.caller.sees(shelf) {
            return Err(missing());
        }
        let data = &shelf.data;
        let number = || wanted.native.parse::<u64>().ok();
        let found = match wanted.kind.as_str() {
            "R" => Some(Object::Repository(shelf)),
            "PR" => number().and_then(|number| shelf.pull(number)).map(|pull| Object::Pull(shelf, pull)),
            "C" => shelf.commit(&wanted.native).map(|commit| Object::Commit(shelf, commit)),
            "RE" => data
                .releases
                .iter()
                .find(|release| Some(release.id) == number())
                .map(|release| Object::Release(shelf, release)),
            "DE" => data
                .deployments
                .iter()
                .find(|one| Some(one.id) == number())
                .map(|one| Object::Deployment(shelf, one)),
            "CR" => data
                .check_runs
                .iter()
                .find(|check| Some(check.id) == number())
                .map(|check| Object::CheckRun(shelf, check)),
            "SC" => data
                .statuses
                .iter()
                .find(|status| Some(status.id) == number())
                .map(|status| Object::StatusContext(shelf, status)),
            "EN" => data
                .environments
                .iter()
                .find(|one| Some(one.id) == number())
                .map(|one| Object::Environment(shelf, one)),
            "WFR" => number().and_then(|number| shelf.run(number)).map(|run| Object::WorkflowRun(shelf, run)),
            "REF" => self.reference_named(shelf, &wanted.native),
            "PRR" => data.pull_requests.iter().find_map(|pull| {
                let review = pull.reviews.iter().find(|review| Some(review.id) == number())?;
                Some(Object::Review(shelf, pull, review))
            }),
            _ => None,
        };
        found.ok_or_else(missing)
    }

    /// The repositories of an account, by name.
    pub(super) fn repositories_of(self, login: &str) -> Outcome<'a> {
        let all = self
            .store
            .repositories()
            .filter(|shelf| shelf.data.owner.eq_ignore_ascii_case(login) && self.call.caller.sees(shelf));
        connection("RepositoryConnection", all.map(|shelf| Object::Repository(shelf)))
    }

    /// A moment, or null.
    pub(super) fn date(self, moment: Option<jiff::Timestamp>) -> Outcome<'a> {
        leaf(moment.map_or(Value::Null, |moment| json!(time(moment))))
    }
}
