//! Accounts, teams, apps, and the authors that stand in commits; and the names of all types.

use serde_json::Value;

use super::execute::Context;
use super::literal::Arguments;
use super::object::{Object, Outcome, Problem, connection, leaf, maybe};
use crate::github::content::UserKind;
use crate::github::store::id_of;

impl<'a> Object<'a> {
    pub(super) fn type_name(self, context: Context<'_>) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::RateLimit => "RateLimit",
            Self::Account(login) => context.kind_of(login),
            Self::Team(_) => "Team",
            Self::Repository(_) => "Repository",
            Self::Pull(..) => "PullRequest",
            Self::PullCommit(..) => "PullRequestCommit",
            Self::ChangedFile(..) => "PullRequestChangedFile",
            Self::Label(..) => "Label",
            Self::Review(..) => "PullRequestReview",
            Self::ReviewRequest(..) => "ReviewRequest",
            Self::Commit(..) => "Commit",
            Self::GitActor(_) => "GitActor",
            Self::Branch(..) | Self::TagRef(..) => "Ref",
            Self::Tag(..) => "Tag",
            Self::Comparison(..) => "Comparison",
            Self::Blob(..) => "Blob",
            Self::TreeEntry(..) => "TreeEntry",
            Self::Release(..) => "Release",
            Self::Asset(..) => "ReleaseAsset",
            Self::Environment(..) => "Environment",
            Self::Deployment(..) => "Deployment",
            Self::DeploymentStatus(..) => "DeploymentStatus",
            Self::Rollup(..) => "StatusCheckRollup",
            Self::CheckRun(..) | Self::JobOfRun(..) => "CheckRun",
            Self::CheckSuite(..) | Self::SuiteOfRun(..) => "CheckSuite",
            Self::WorkflowRun(..) => "WorkflowRun",
            Self::DeploymentReview(..) => "DeploymentReview",
            Self::App(_) => "App",
            Self::StatusContext(..) => "StatusContext",
        }
    }
}

impl<'a> Context<'a> {
    fn kind_of(self, login: &str) -> &'static str {
        match self.store.people.user(login).map(|user| user.kind) {
            Some(UserKind::Bot) => "Bot",
            Some(UserKind::User) => "User",
            None if login.ends_with("[bot]") => "Bot",
            None if self.store.people.organization(login).is_some() || self.store.owner(login).is_some() => {
                "Organization"
            }
            None => "User",
        }
    }

    /// `None` where the account was deleted.
    pub(super) fn actor(self, login: Option<&'a str>) -> Option<Object<'a>> {
        login.filter(|login| !self.store.people.is_deleted(login)).map(Object::Account)
    }

    pub(super) fn person(self, who: Object<'a>, name: &str, arguments: &Arguments) -> Outcome<'a> {
        match (who, name) {
            (Object::Account(login), _) => self.of_account(login, name, arguments),
            (Object::Team(team), "id") => leaf(format!("T_kwDO{}", team.id)),
            (Object::Team(team), "databaseId") => leaf(team.id),
            (Object::Team(team), "name") => leaf(team.name.as_str()),
            (Object::Team(team), "slug") => leaf(team.slug.as_str()),
            (Object::Team(team), "combinedSlug") => leaf(format!("{}/{}", team.organization, team.slug)),
            (Object::Team(team), "members") => {
                connection("TeamMemberConnection", team.members.iter().map(|login| Object::Account(login)))
            }
            (Object::App(slug), "slug" | "name") => leaf(slug),
            (Object::App(slug), "databaseId") => leaf(id_of(slug) % 1_000_000),
            (Object::App(slug), "id") => leaf(format!("A_kwHO{}", id_of(slug) % 1_000_000)),
            (Object::GitActor(by), "name") => leaf(&*by.name),
            (Object::GitActor(by), "email") => leaf(&*by.email),
            (Object::GitActor(by), "date") => self.date(Some(by.date)),
            (Object::GitActor(by), "user") => maybe(self.actor(by.login.as_deref())),
            _ => Err(Problem::Undefined),
        }
    }

    fn of_account(self, login: &'a str, name: &str, arguments: &Arguments) -> Outcome<'a> {
        let user = self.store.people.user(login);
        let organization = self.store.people.organization(login);
        match name {
            "login" => leaf(login.strip_suffix("[bot]").unwrap_or(login)),
            "id" => leaf(self.shape.owner(login).get("node_id").cloned().unwrap_or(Value::Null)),
            "databaseId" => leaf(self.shape.owner(login).get("id").cloned().unwrap_or(Value::Null)),
            "url" => leaf(format!("{}/{login}", self.shape.pages)),
            "avatarUrl" => leaf(self.shape.owner(login).get("avatar_url").cloned().unwrap_or(Value::Null)),
            "name" if self.kind_of(login) != "Bot" => leaf(
                user.and_then(|user| user.name.clone()).or_else(|| organization.map(|owner| owner.name.clone())),
            ),
            // Hidden addresses are the empty text, never null.
            "email" if self.kind_of(login) != "Bot" => {
                leaf(user.and_then(|user| user.email.clone()).unwrap_or_default())
            }
            "createdAt" => self.date(Some(user.map(|user| user.created_at).unwrap_or_default())),
            "repositories" => self.repositories_of(login),
            "repository" => {
                let found = self.store.ever_named(login, arguments.text("name").unwrap_or_default());
                maybe(found.filter(|shelf| self.call.caller.sees(shelf)).map(Object::Repository))
            }
            _ => Err(Problem::Undefined),
        }
    }
}

/// Does an object of type `kind` fit a fragment on `condition`?
pub(super) fn fits(kind: &str, condition: &str) -> bool {
    kind == condition
        || match condition {
            "Actor" | "RepositoryOwner" | "ProfileOwner" => {
                matches!(kind, "User" | "Bot" | "Organization")
            }
            "GitObject" => matches!(kind, "Commit" | "Tag" | "Blob" | "Tree"),
            "RequestedReviewer" => matches!(kind, "User" | "Team" | "Bot"),
            "StatusCheckRollupContext" => matches!(kind, "CheckRun" | "StatusContext"),
            "RequirableByPullRequest" => matches!(kind, "CheckRun" | "StatusContext"),
            "Node" => {
                !matches!(kind, "Query" | "RateLimit" | "GitActor" | "TreeEntry" | "PullRequestChangedFile")
                    && !kind.ends_with("Connection")
            }
            _ => false,
        }
}
