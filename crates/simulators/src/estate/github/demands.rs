//! What a repository demands before a merge or a deployment.

use serde_json::json;

use super::Book;
use crate::github as hub;

/// Its environments with their reviewers, and what the main line asks for.
pub(super) fn write(book: &Book<'_>, repository: &mut hub::Repository) {
    let mut names: Vec<&str> = repository.deployments.iter().map(|held| held.environment.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    repository.environments = (10_u64..)
        .zip(names)
        .map(|(place, name)| hub::Environment {
            id: book.number * 1_000 + place,
            name: name.to_owned(),
            reviewers: name.starts_with("production").then(|| hub::RequiredReviewers {
                teams: vec!["platform".to_owned()],
                prevent_self_review: true,
                ..hub::RequiredReviewers::default()
            }),
            created_at: book.held.created,
            ..hub::Environment::default()
        })
        .collect();
    repository.protections = vec![hub::BranchProtection {
        branch: "main".to_owned(),
        reviews: Some(hub::RequiredReviews { count: 1, dismiss_stale: true, ..hub::RequiredReviews::default() }),
        required_checks: vec!["unit tests".to_owned(), "integration tests".to_owned()],
        strict: true,
        ..hub::BranchProtection::default()
    }];
    repository.rulesets = vec![hub::Ruleset {
        id: book.number * 1_000 + 1,
        name: "main line".to_owned(),
        include: vec!["~DEFAULT_BRANCH".to_owned()],
        enforcement: hub::Enforcement::Active,
        rules: vec![hub::Rule {
            kind: "pull_request".to_owned(),
            parameters: json!({
                "required_approving_review_count": 1, "dismiss_stale_reviews_on_push": true,
                "require_code_owner_review": false, "require_last_push_approval": false,
                "required_review_thread_resolution": false,
            }),
        }],
    }];
}
