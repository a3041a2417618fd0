//! Accounts, limits, organisations, packages, and repositories as such.

use axum::extract::{Path, State};
use serde_json::json;

use crate::github::Github;
use crate::github::access::Right;
use crate::github::call::{Answer, Call, Caller, Refusal, Reply, Within};
use crate::github::content::{Package, Team, User};
use crate::github::meter::{Charge, Resource};
use crate::github::shelf::Shelf;
use crate::github::store::id_of;
use std::sync::Arc;

pub(super) async fn user(call: Call) -> Answer {
    let login =
        call.caller.token.as_ref().map(|token| token.login.clone()).ok_or(Refusal::RequiresAuthentication)?;
    let unknown = User { id: id_of(&login), login: login.clone(), ..User::default() };
    let user = call.people.user(&login).unwrap_or(&unknown);
    Ok(Reply::json(call.shape().private_user(user)))
}

pub(super) async fn public_user(Path(login): Path<String>, call: Call) -> Answer {
    let known = call.people.user(&login).is_some() || call.people.organization(&login).is_some();
    if known && !call.people.is_deleted(&login) {
        Ok(Reply::json(call.shape().public_user(&login)))
    } else {
        Err(Refusal::NotFound)
    }
}

/// Costs nothing.
pub(super) async fn rate_limit(State(github): State<Github>, call: Call) -> Answer {
    let account = call.caller.token.as_ref().map(|token| token.login.clone());
    let limits = github.limits();
    if !limits.enabled {
        return Err(Refusal::NotFound);
    }
    let mut meters = github.meters();
    let mut resources = serde_json::Map::new();
    for resource in [Resource::Core, Resource::Search, Resource::Graphql] {
        let standing = meters.standing(&account, Charge { resource, points: 0, now: call.now }, &limits);
        let numbers = json!({ "limit": standing.limit, "used": standing.used, "remaining": standing.remaining(), "reset": standing.reset.as_second() });
        resources.insert(resource.name().to_owned(), numbers);
    }
    drop(meters);
    let rate = resources.get("core").cloned();
    Ok(Reply::json(json!({ "resources": resources, "rate": rate })))
}

pub(super) async fn meta(_call: Call) -> Answer {
    Ok(Reply::json(
        json!({ "verifiable_password_authentication": false, "hooks": ["192.0.2.0/24"], "web": ["192.0.2.0/24"], "api": ["192.0.2.0/24"], "git": ["192.0.2.0/24"] }),
    ))
}

pub(super) async fn repository(at: Within) -> Answer {
    let right = right(&at.call.caller);
    Ok(Reply::json(at.shape().full_repository(&at.shelf.data, right)))
}

pub(super) async fn permission(at: Within) -> Answer {
    if !at.call.caller.has(Right::Write) {
        return Err(Refusal::NotFound);
    }
    let login = at.part("login");
    let writer = at.shelf.data.writers.iter().any(|name| name == login) || at.shelf.data.owner == login;
    let permission = if writer { "write" } else { "read" };
    let mut user = at.shape().user_or_null(Some(login));
    if let Some(fields) = user.as_object_mut() {
        fields.insert("role_name".to_owned(), json!(permission));
        let rights = json!({ "admin": false, "maintain": false, "push": writer, "triage": writer, "pull": true });
        fields.insert("permissions".to_owned(), rights);
    }
    Ok(Reply::json(json!({ "permission": permission, "role_name": permission, "user": user })))
}

pub(super) async fn repositories_of(Path(org): Path<String>, call: Call) -> Answer {
    let known = call.people.organization(&org).is_some() || call.people.user(&org).is_some();
    let mut shelves = call.github.read().of_owner(&org);
    if shelves.is_empty() && !known {
        return Err(Refusal::NotFound);
    }
    shelves.retain(|shelf| call.caller.sees(shelf));
    Ok(listed(&call, shelves))
}

pub(super) async fn repositories(call: Call) -> Answer {
    if call.caller.token.is_none() {
        return Err(Refusal::RequiresAuthentication);
    }
    let shelves: Vec<Arc<Shelf>> =
        call.github.read().repositories().filter(|shelf| call.caller.sees(shelf)).cloned().collect();
    Ok(listed(&call, shelves))
}

/// `sort` is `created` unless given; `full_name` ascends, dates descend.
fn listed(call: &Call, mut shelves: Vec<Arc<Shelf>>) -> Reply {
    match call.query("sort") {
        Some("full_name") => {}
        Some("pushed") => shelves.sort_by_key(|shelf| std::cmp::Reverse(shelf.data.pushed_at)),
        Some("updated") => shelves.sort_by_key(|shelf| std::cmp::Reverse(shelf.data.updated_at)),
        _ => shelves.sort_by_key(|shelf| std::cmp::Reverse((shelf.data.created_at, shelf.data.id))),
    }
    let natural = if call.query("sort") == Some("full_name") { "asc" } else { "desc" };
    if call.query("direction").is_some_and(|direction| direction != natural) {
        shelves.reverse();
    }
    let right = right(&call.caller);
    call.page(&shelves, |shelf| call.shape().repository(&shelf.data, right))
}

pub(super) async fn organization(Path(org): Path<String>, call: Call) -> Answer {
    let store = call.github.read();
    let login = call.people.organization(&org).map(|owner| owner.login.as_str()).or_else(|| store.owner(&org));
    let login = login.filter(|login| call.people.user(login).is_none()).ok_or(Refusal::NotFound)?;
    Ok(Reply::json(call.shape().organization(login)))
}

pub(super) async fn team(Path((org, team)): Path<(String, String)>, call: Call) -> Answer {
    let team = call.people.team(&org, &team).filter(|_| call.caller.token.is_some()).ok_or(Refusal::NotFound)?;
    Ok(Reply::json(call.shape().full_team(team)))
}

pub(super) async fn teams(Path(org): Path<String>, call: Call) -> Answer {
    if call.caller.token.is_none() {
        return Err(Refusal::NotFound);
    }
    let teams = call.people.teams_of(&org);
    Ok(call.page(&teams, |team| call.shape().team(team)))
}

pub(super) async fn team_members(Path((org, team)): Path<(String, String)>, call: Call) -> Answer {
    let team = call.people.team(&org, &team).filter(|_| call.caller.token.is_some()).ok_or(Refusal::NotFound)?;
    Ok(call.page(&team.members, |login| call.shape().user(login)))
}

pub(super) async fn packages(Path(org): Path<String>, call: Call) -> Answer {
    may_read_packages(&call.caller)?;
    match call.query("package_type") {
        None => {
            return Err(Refusal::Unprocessable(
                "Invalid request. Missing required parameter package_type.".to_owned(),
            ));
        }
        Some("container") => {}
        Some(_) => return Ok(Reply::json(json!([]))),
    }
    let packages: Vec<Package> = call
        .github
        .read()
        .packages
        .iter()
        .filter(|package| package.organization.eq_ignore_ascii_case(&org))
        .cloned()
        .collect();
    Ok(call.page(&packages, |package| call.shape().package(package)))
}

pub(super) async fn package(Path((org, name)): Path<(String, String)>, call: Call) -> Answer {
    let package = find_package(&call, &org, &name)?;
    Ok(Reply::json(call.shape().package(&package)))
}

pub(super) async fn package_versions(Path((org, name)): Path<(String, String)>, call: Call) -> Answer {
    let mut package = find_package(&call, &org, &name)?;
    package.versions.sort_by_key(|version| std::cmp::Reverse((version.created_at, version.id)));
    Ok(call.page(&package.versions, |version| call.shape().package_version(&package, version)))
}

fn find_package(call: &Call, org: &str, name: &str) -> Result<Package, Refusal> {
    may_read_packages(&call.caller)?;
    let store = call.github.read();
    let found = store
        .packages
        .iter()
        .find(|package| package.organization.eq_ignore_ascii_case(org) && package.name == name);
    found.cloned().ok_or(Refusal::NotFound)
}

fn may_read_packages(caller: &Caller) -> Result<(), Refusal> {
    match &caller.token {
        None => Err(Refusal::RequiresAuthentication),
        Some(token) if token.packages => Ok(()),
        Some(_) => Err(Refusal::Forbidden("You need at least read:packages scope to list packages.".to_owned())),
    }
}

fn right(caller: &Caller) -> Right {
    caller.token.as_ref().map_or(Right::Read, |token| token.right)
}

/// The address that a team's own record gives.
pub(super) async fn numbered_team(Path((_, id)): Path<(u64, u64)>, call: Call) -> Answer {
    Ok(Reply::json(call.shape().full_team(with_id(&call, id)?)))
}

pub(super) async fn numbered_team_members(Path((_, id)): Path<(u64, u64)>, call: Call) -> Answer {
    let team = with_id(&call, id)?;
    Ok(call.page(&team.members, |login| call.shape().user(login)))
}

fn with_id(call: &Call, id: u64) -> Result<&Team, Refusal> {
    let team = call.people.team_numbered(id).filter(|_| call.caller.token.is_some());
    team.ok_or(Refusal::NotFound)
}
