//! Environments, branch protection and rules.

use serde_json::{Value, json};

use super::commit::decimal;
use super::{Shape, time};
use crate::github::content::{Branch, BranchProtection, Environment, Repository, RequiredReviewers, Rule, Ruleset};
use crate::github::node_id;

impl Shape<'_> {
    pub(in crate::github) fn simple_environment(
        &self,
        repository: &Repository,
        environment: &Environment,
    ) -> Value {
        let name: String = url::form_urlencoded::byte_serialize(environment.name.as_bytes()).collect();
        let page = format!("{}/deployments/activity_log?environments_filter={name}", self.page(repository));
        let url = format!("{}/environments/{}", self.api(repository), name.replace('+', "%20"));
        json!({
            "id": environment.id, "node_id": node_id::write("EN", repository.id, environment.id), "name": environment.name, "url": url, "html_url": page,
            "created_at": time(environment.created_at), "updated_at": time(environment.created_at),
        })
    }

    pub(in crate::github) fn environment(&self, repository: &Repository, environment: &Environment) -> Value {
        let mut rules = Vec::new();
        let rule = |kind: &str| {
            let id = decimal(&format!("{} {kind}", environment.id));
            json!({ "id": id, "node_id": node_id::write("GA", repository.id, id), "type": kind })
        };
        if environment.wait_minutes > 0 {
            let mut timer = rule("wait_timer");
            super::person::extend(&mut timer, json!({ "wait_timer": environment.wait_minutes }));
            rules.push(timer);
        }
        if let Some(required) = &environment.reviewers {
            let mut reviewers = rule("required_reviewers");
            let more = json!({ "prevent_self_review": required.prevent_self_review, "reviewers": self.reviewers(repository, Some(required)) });
            super::person::extend(&mut reviewers, more);
            rules.push(reviewers);
        }
        let mut policy = Value::Null;
        if environment.protected_branches_only {
            rules.push(rule("branch_policy"));
            policy = json!({ "protected_branches": true, "custom_branch_policies": false });
        }
        let mut body = self.simple_environment(repository, environment);
        super::person::extend(
            &mut body,
            json!({ "can_admins_bypass": true, "protection_rules": rules, "deployment_branch_policy": policy }),
        );
        body
    }

    pub(super) fn reviewers(&self, repository: &Repository, required: Option<&RequiredReviewers>) -> Value {
        let Some(required) = required else {
            return json!([]);
        };
        let users = required.users.iter().map(|login| json!({ "type": "User", "reviewer": self.user(login) }));
        let teams = required.teams.iter().filter_map(|slug| self.people.team(&repository.owner, slug));
        let teams = teams.map(|team| json!({ "type": "Team", "reviewer": self.team(team) }));
        Value::Array(users.chain(teams).collect())
    }

    pub(in crate::github) fn short_branch(&self, repository: &Repository, branch: &Branch) -> Value {
        let api = self.api(repository);
        json!({
            "name": branch.name, "commit": { "sha": branch.sha, "url": format!("{api}/commits/{}", branch.sha) }, "protected": protected(repository, &branch.name),
        })
    }

    pub(in crate::github) fn branch(&self, repository: &Repository, branch: &Branch, commit: Value) -> Value {
        let url = format!("{}/branches/{}", self.api(repository), branch.name);
        let classic = repository.protections.iter().find(|protection| protection.branch == branch.name);
        let checks = classic.map(|protection| protection.required_checks.clone()).unwrap_or_default();
        json!({
            "name": branch.name, "commit": commit, "_links": { "self": url, "html": format!("{}/tree/{}", self.page(repository), branch.name) },
            "protected": protected(repository, &branch.name),
            "protection": {
                "enabled": classic.is_some(),
                "required_status_checks": {
                    "enforcement_level": if checks.is_empty() { "off" } else { "non_admins" }, "contexts": checks,
                    "checks": checks.iter().map(|context| json!({ "context": context, "app_id": null })).collect::<Vec<_>>(),
                },
            },
            "protection_url": format!("{url}/protection"),
        })
    }

    pub(in crate::github) fn protection(&self, repository: &Repository, protection: &BranchProtection) -> Value {
        let url = format!("{}/branches/{}/protection", self.api(repository), protection.branch);
        let switch = |on: bool| json!({ "enabled": on });
        let mut body = json!({
            "url": url, "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
            "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": protection.enforce_admins },
            "required_linear_history": switch(protection.linear_history), "allow_force_pushes": switch(protection.force_pushes),
            "allow_deletions": switch(protection.deletions), "block_creations": switch(false), "required_conversation_resolution": switch(false),
            "lock_branch": switch(false), "allow_fork_syncing": switch(false),
        });
        if let Some(reviews) = &protection.reviews {
            let required = json!({
                "url": format!("{url}/required_pull_request_reviews"), "dismiss_stale_reviews": reviews.dismiss_stale,
                "require_code_owner_reviews": reviews.code_owners, "required_approving_review_count": reviews.count, "require_last_push_approval": reviews.last_push_approval,
            });
            super::person::extend(&mut body, json!({ "required_pull_request_reviews": required }));
        }
        if !protection.required_checks.is_empty() {
            let checks =
                protection.required_checks.iter().map(|context| json!({ "context": context, "app_id": null }));
            let required = json!({
                "url": format!("{url}/required_status_checks"), "strict": protection.strict, "contexts": protection.required_checks,
                "contexts_url": format!("{url}/required_status_checks/contexts"), "checks": checks.collect::<Vec<_>>(),
            });
            super::person::extend(&mut body, json!({ "required_status_checks": required }));
        }
        body
    }

    pub(in crate::github) fn rule(&self, repository: &Repository, ruleset: &Ruleset, rule: &Rule) -> Value {
        let mut body = json!({
            "type": rule.kind, "ruleset_source_type": "Repository", "ruleset_source": repository.full_name(), "ruleset_id": ruleset.id,
        });
        if !rule.parameters.is_null() {
            super::person::extend(&mut body, json!({ "parameters": rule.parameters }));
        }
        body
    }
}

/// Either of the two ways to protect.
fn protected(repository: &Repository, branch: &str) -> bool {
    repository.protections.iter().any(|protection| protection.branch == branch)
        || !rules_for(repository, branch).is_empty()
}

/// The active rules that apply to a branch.
pub(in crate::github) fn rules_for<'a>(repository: &'a Repository, branch: &str) -> Vec<(&'a Ruleset, &'a Rule)> {
    use crate::github::content::Enforcement;
    let applies = |pattern: &String| match pattern.as_str() {
        "~ALL" => true,
        "~DEFAULT_BRANCH" => branch == repository.default_branch,
        pattern => wildcard(pattern.strip_prefix("refs/heads/").unwrap_or(pattern), branch),
    };
    let active = repository.rulesets.iter().filter(|ruleset| ruleset.enforcement == Enforcement::Active);
    let matching = active.filter(|ruleset| ruleset.include.iter().any(applies));
    matching.flat_map(|ruleset| ruleset.rules.iter().map(move |rule| (ruleset, rule))).collect()
}

fn wildcard(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
        }
    }
}
