//! Users, organisations, teams and apps.

use serde_json::{Value, json};

use super::{Shape, time};
use crate::github::content::{Team, User, UserKind};
use crate::github::store::id_of;

impl Shape<'_> {
    /// A user; logins without a record get one made from the login.
    pub(in crate::github) fn user(&self, login: &str) -> Value {
        let known = self.people.user(login);
        let id = known.map_or_else(|| id_of(login), |user| user.id);
        let bot = known.map_or_else(|| login.ends_with("[bot]"), |user| user.kind == UserKind::Bot);
        self.account(login, id, if bot { ("User", "Bot") } else { ("User", "User") })
    }

    /// `null` where the account was deleted or never known.
    pub(in crate::github) fn user_or_null(&self, login: Option<&str>) -> Value {
        match login {
            Some(login) if !self.people.is_deleted(login) => self.user(login),
            _ => Value::Null,
        }
    }

    /// The owner of a repository, in the form of a user whatever it is.
    pub(in crate::github) fn owner(&self, login: &str) -> Value {
        if self.people.user(login).is_some() {
            return self.user(login);
        }
        let id = self.people.organization(login).map_or_else(|| id_of(login), |owner| owner.id);
        self.account(login, id, ("Organization", "Organization"))
    }

    /// `GET /user`.
    pub(in crate::github) fn private_user(&self, user: &User) -> Value {
        let mut body = self.user(&user.login);
        let more = json!({
            "user_view_type": "private", "name": user.name, "company": null, "blog": "", "location": null, "email": user.email,
            "hireable": null, "bio": null, "twitter_username": null, "notification_email": user.email,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": time(user.created_at), "updated_at": time(user.created_at),
            "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
            "collaborators": 0, "two_factor_authentication": true,
        });
        extend(&mut body, more);
        body
    }

    /// `GET /users/{login}`.
    pub(in crate::github) fn public_user(&self, login: &str) -> Value {
        let known = self.people.user(login);
        let mut body = if known.is_some() { self.user(login) } else { self.owner(login) };
        let created = time(known.map(|user| user.created_at).unwrap_or_default());
        let name = known
            .and_then(|user| user.name.clone())
            .or_else(|| self.people.organization(login).map(|owner| owner.name.clone()));
        let more = json!({
            "user_view_type": "public", "name": name, "company": null, "blog": "", "location": null,
            "email": known.and_then(|user| user.email.clone()), "hireable": null, "bio": null, "twitter_username": null,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "created_at": created, "updated_at": created,
        });
        extend(&mut body, more);
        body
    }

    pub(in crate::github) fn team(&self, team: &Team) -> Value {
        let url = format!("{}/organizations/{}/team/{}", self.base, id_of(&team.organization), team.id);
        json!({
            "id": team.id, "node_id": format!("T_kwDO{}", team.id), "name": team.name, "slug": team.slug, "description": null,
            "privacy": "closed", "notification_setting": "notifications_enabled", "permission": "push", "parent": null, "type": "organization",
            "url": url, "html_url": format!("{}/orgs/{}/teams/{}", self.pages, team.organization, team.slug),
            "members_url": format!("{url}/members{{/member}}"), "repositories_url": format!("{url}/repos"),
        })
    }

    /// `GET /orgs/{org}/teams/{team}`.
    pub(in crate::github) fn full_team(&self, team: &Team) -> Value {
        let mut body = self.team(team);
        let more = json!({
            "members_count": team.members.len(), "repos_count": 0, "created_at": time(jiff::Timestamp::UNIX_EPOCH), "updated_at": time(jiff::Timestamp::UNIX_EPOCH),
            "organization": self.organization(&team.organization),
        });
        extend(&mut body, more);
        body
    }

    /// `GET /orgs/{org}`.
    pub(in crate::github) fn organization(&self, login: &str) -> Value {
        let known = self.people.organization(login);
        let id = known.map_or_else(|| id_of(login), |owner| owner.id);
        let url = format!("{}/orgs/{login}", self.base);
        json!({
            "login": login, "id": id, "node_id": format!("O_kgDO{id}"), "url": url, "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events"),
            "hooks_url": format!("{url}/hooks"), "issues_url": format!("{url}/issues"), "members_url": format!("{url}/members{{/member}}"),
            "public_members_url": format!("{url}/public_members{{/member}}"), "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "description": null, "name": known.map(|owner| &owner.name), "html_url": format!("{}/{login}", self.pages), "type": "Organization",
            "has_organization_projects": true, "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
            "created_at": time(jiff::Timestamp::UNIX_EPOCH), "updated_at": time(jiff::Timestamp::UNIX_EPOCH), "archived_at": null,
        })
    }

    /// A GitHub App by its slug.
    pub(in crate::github) fn app(&self, slug: &str) -> Value {
        let id = id_of(slug) % 1_000_000;
        json!({
            "id": id, "slug": slug, "node_id": format!("A_kwHO{id}"), "client_id": format!("Iv1.{id:016x}"), "owner": self.owner("github"),
            "name": slug, "description": "", "external_url": format!("{}/apps/{slug}", self.pages), "html_url": format!("{}/apps/{slug}", self.pages),
            "created_at": "2018-07-30T09:30:17Z", "updated_at": "2024-04-10T20:33:16Z",
            "permissions": { "checks": "write", "contents": "read", "metadata": "read" }, "events": ["check_run", "push"],
        })
    }

    fn account(&self, login: &str, id: u64, (node, kind): (&str, &str)) -> Value {
        let prefix = if node == "User" { "U" } else { "O" };
        let url = format!("{}/users/{login}", self.base);
        json!({
            "login": login, "id": id, "node_id": format!("{prefix}_kgDO{id}"),
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"), "gravatar_id": "",
            "url": url, "html_url": format!("{}/{login}", self.pages), "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"), "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"), "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"), "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"), "type": kind, "user_view_type": "public", "site_admin": false,
        })
    }
}

/// Adds the members of one object to another.
pub(super) fn extend(body: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
}
