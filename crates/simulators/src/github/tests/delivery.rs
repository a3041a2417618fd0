//! Checks, workflow runs, deployments, environments, packages, attestations.

use serde_json::{Value, json};

use super::world::{PAYMENTS, World, at, day, sha};
use crate::github::*;

/// The part of the payments repository that this file asks about.
pub(super) fn delivered() -> Repository {
    let check = |id: u64, conclusion: Option<&str>, on: i64| CheckRun {
        id,
        suite: 500,
        head_sha: sha(300),
        name: "build".into(),
        status: if conclusion.is_some() { "completed".into() } else { "in_progress".into() },
        conclusion: conclusion.map(str::to_owned),
        app: "github-actions".into(),
        started_at: day(on),
        ..CheckRun::default()
    };
    let status = |state: &str, on: i64| DeploymentStatus {
        id: u64::try_from(on).unwrap(),
        state: state.into(),
        creator: "bob".into(),
        created_at: day(on),
        ..DeploymentStatus::default()
    };
    let deployment = |id: u64, environment: &str, statuses: Vec<DeploymentStatus>| Deployment {
        id,
        sha: sha(300),
        reference: "v2.14.0".into(),
        task: "deploy".into(),
        environment: environment.into(),
        production_environment: environment == "production",
        creator: "bob".into(),
        created_at: day(i64::try_from(id).unwrap()),
        statuses,
        ..Deployment::default()
    };
    Repository {
        check_runs: vec![check(1, Some("failure"), 300), check(2, Some("success"), 301)],
        workflows: vec![Workflow {
            id: 80,
            name: "Release".into(),
            path: ".github/workflows/release.yml".into(),
            created_at: day(0),
        }],
        workflow_runs: vec![run()],
        deployments: vec![
            deployment(302, "staging", vec![status("success", 302), status("inactive", 305)]),
            deployment(303, "production", vec![status("in_progress", 303), status("success", 304)]),
        ],
        environments: vec![Environment {
            id: 90,
            name: "production".into(),
            wait_minutes: 5,
            reviewers: Some(RequiredReviewers {
                users: vec!["eve".into()],
                teams: vec!["release".into()],
                prevent_self_review: true,
            }),
            protected_branches_only: true,
            created_at: day(0),
        }],
        attestations: vec![Attestation {
            subject_digest: format!("sha256:{}", "ab".repeat(32)),
            subject_name: "payments-api".into(),
            predicate_type: "https://slsa.dev/provenance/v1".into(),
            predicate: json!({ "buildDefinition": {} }),
            initiator: "user".into(),
        }],
        ..Repository::new(1, "bank", "payments-api")
    }
}

fn run() -> WorkflowRun {
    let attempt = |conclusion: &str, actor: &str, job: u64, on: i64| RunAttempt {
        status: "completed".into(),
        conclusion: Some(conclusion.into()),
        triggering_actor: actor.into(),
        started_at: day(on),
        updated_at: day(on),
        jobs: vec![Job {
            id: job,
            name: "test".into(),
            status: "completed".into(),
            conclusion: Some(conclusion.into()),
            started_at: day(on),
            ..Job::default()
        }],
    };
    let suite =
        TestSuite { name: "unit".into(), passed: 3, duration_ms: 900, at: day(300), ..TestSuite::default() };
    WorkflowRun {
        id: 1_000,
        workflow: 80,
        run_number: 12,
        display_title: "Release 2.14.0".into(),
        event: "push".into(),
        head_branch: Some("main".into()),
        head_sha: sha(300),
        actor: "ada".into(),
        created_at: day(300),
        attempts: vec![attempt("failure", "ada", 1, 300), attempt("success", "bob", 2, 301)],
        artifacts: vec![Artifact {
            id: 40,
            name: "test-results".into(),
            created_at: day(300),
            expires_at: at("2026-03-03T00:00:00Z"),
            files: vec![ArtifactFile { path: "unit.xml".into(), content: ArtifactContent::JUnit(suite) }],
        }],
        approvals: vec![RunApproval {
            environments: vec!["production".into()],
            state: "approved".into(),
            user: "eve".into(),
            comment: "Go".into(),
        }],
        pending_deployments: vec![PendingDeployment {
            environment: "production".into(),
            wait_started_at: Some(day(300)),
        }],
        ..WorkflowRun::default()
    }
}

#[tokio::test]
async fn no_statuses_at_all_read_as_pending() {
    let world = World::new();
    let path = format!("{PAYMENTS}/commits/main/status");
    let none = world.get(&path).await.json();
    assert_eq!((&none["state"], &none["total_count"]), (&json!("pending"), &json!(0)));
    let status = |id: u64, context: &str, state: &str| CommitStatus {
        id,
        sha: sha(300),
        context: context.into(),
        state: state.into(),
        creator: "bob".into(),
        created_at: day(300 + i64::try_from(id).unwrap()),
        ..CommitStatus::default()
    };
    world.github.edit("bank/payments-api", |repository| {
        repository.statuses =
            vec![status(1, "sonar", "failure"), status(2, "sonar", "success"), status(3, "scan", "success")];
    });
    let now = world.get(&path).await.json();
    assert_eq!(
        (&now["state"], &now["total_count"]),
        (&json!("success"), &json!(2)),
        "the newest of each context counts"
    );
}

#[tokio::test]
async fn latest_hides_re_runs() {
    let world = World::new();
    let path = format!("{PAYMENTS}/commits/{}/check-runs", sha(300));
    let latest = world.get(&path).await.json();
    assert_eq!((&latest["total_count"], &latest["check_runs"][0]["conclusion"]), (&json!(1), &json!("success")));
    assert_eq!(world.get(&format!("{path}?filter=all")).await.json()["total_count"], 2);
}

#[tokio::test]
async fn a_run_shows_its_last_attempt_and_keeps_the_others() {
    let world = World::new();
    let runs = world
        .get(&format!(
            "{PAYMENTS}/actions/runs?head_sha={}&event=push&status=success&created=%3E=2025-10-01",
            sha(300)
        ))
        .await
        .json();
    assert_eq!((&runs["total_count"], &runs["workflow_runs"][0]["run_attempt"]), (&json!(1), &json!(2)));
    assert_eq!(runs["workflow_runs"][0]["actor"]["login"], "ada");
    assert_eq!(runs["workflow_runs"][0]["triggering_actor"]["login"], "bob");
    assert_eq!(
        world.get(&format!("{PAYMENTS}/actions/runs/1000/attempts/1")).await.json()["conclusion"],
        "failure"
    );
    assert_eq!(world.get(&format!("{PAYMENTS}/actions/runs/1000/jobs")).await.json()["jobs"][0]["id"], 2);
    assert_eq!(world.get(&format!("{PAYMENTS}/actions/runs/1000/jobs?filter=all")).await.json()["total_count"], 2);
    assert_eq!(world.get(&format!("{PAYMENTS}/actions/runs?status=failure")).await.json()["total_count"], 0);
    assert_eq!(world.get(&format!("{PAYMENTS}/actions/workflows/release.yml/runs")).await.json()["total_count"], 1);
}

#[tokio::test]
async fn who_approved_and_who_is_waited_for() {
    let world = World::new();
    let approvals = world.get(&format!("{PAYMENTS}/actions/runs/1000/approvals")).await.json();
    assert_eq!(
        (&approvals[0]["user"]["login"], &approvals[0]["environments"][0]["name"]),
        (&json!("eve"), &json!("production"))
    );
    let pending = world.get(&format!("{PAYMENTS}/actions/runs/1000/pending_deployments")).await.json();
    assert_eq!(
        (&pending[0]["current_user_can_approve"], &pending[0]["wait_timer"]),
        (&json!(true), &json!(5)),
        "ada is in the team"
    );
    let rules = world.get(&format!("{PAYMENTS}/environments/production")).await.json();
    let kinds: Vec<&Value> =
        rules["protection_rules"].as_array().unwrap().iter().map(|rule| &rule["type"]).collect();
    assert_eq!(kinds, ["wait_timer", "required_reviewers", "branch_policy"]);
}

#[tokio::test]
async fn an_artifact_is_fetched_from_elsewhere_without_a_token() {
    let world = World::new();
    let artifact =
        world.get(&format!("{PAYMENTS}/actions/runs/1000/artifacts")).await.json()["artifacts"][0].clone();
    let sent = world.get(artifact["archive_download_url"].as_str().unwrap()).await;
    assert_eq!(sent.status, 302);
    let there = sent.header("location").to_owned();
    let zip = world.with(&there, &[]).await;
    assert_eq!((zip.header("content-type"), &zip.bytes[..4]), ("application/zip", &b"PK\x03\x04"[..]));
    assert_eq!(artifact["digest"], format!("sha256:{}", crate::github::zip::sha256(&zip.bytes)));
    assert_eq!(artifact["size_in_bytes"], zip.bytes.len());
    world.clock.advance(jiff::SignedDuration::from_mins(2));
    assert_eq!(world.with(&there, &[]).await.status, 403, "the address is old");
    world.clock.advance(jiff::SignedDuration::from_hours(24));
    let path = format!("{PAYMENTS}/actions/artifacts/40");
    assert_eq!(world.get(&path).await.json()["expired"], true);
    assert_eq!(world.get(&format!("{path}/zip")).await.status, 410);
}

#[tokio::test]
async fn a_deployment_has_no_state_of_its_own() {
    let world = World::new();
    let all = world.get(&format!("{PAYMENTS}/deployments?environment=production")).await.json();
    assert_eq!((all.as_array().unwrap().len(), all[0].get("state")), (1, None));
    let statuses = world.get(all[0]["statuses_url"].as_str().unwrap()).await.json();
    assert_eq!(
        (&statuses[0]["state"], &statuses[1]["state"]),
        (&json!("success"), &json!("in_progress")),
        "newest first"
    );
}

#[tokio::test]
async fn success_supersedes_what_ran_before_outside_production() {
    let world = World::new();
    let success = |id: u64| DeploymentStatus {
        id,
        state: "success".into(),
        creator: "bob".into(),
        created_at: day(410),
        ..DeploymentStatus::default()
    };
    world.github.edit("bank/payments-api", |repository| {
        let before = repository.deployments.clone();
        for (id, of) in [(500, &before[0]), (501, &before[1])] {
            repository.deployments.push(Deployment { id, statuses: Vec::new(), ..of.clone() });
        }
        repository.deployments[0].statuses.truncate(1);
        repository.report_deployment(500, success(9_000));
        repository.report_deployment(501, success(9_001));
    });
    let latest = async |id: u64| {
        world.get(&format!("{PAYMENTS}/deployments/{id}/statuses")).await.json()[0]["state"].clone()
    };
    assert_eq!(
        (latest(302).await, latest(303).await),
        (json!("inactive"), json!("success")),
        "production keeps its word"
    );
}

#[tokio::test]
async fn a_package_version_is_named_by_its_digest() {
    let versions = World::new().get("/orgs/bank/packages/container/payments-api/versions").await.json();
    assert_eq!(versions[0]["name"], format!("sha256:{}", "ab".repeat(32)));
    assert_eq!(versions[0]["metadata"]["container"]["tags"], json!(["2.14.0"]));
}

#[tokio::test]
async fn an_attestation_is_a_statement_in_an_envelope() {
    let world = World::new();
    let found = world.get(&format!("{PAYMENTS}/attestations/sha256:{}", "ab".repeat(32))).await.json();
    let payload = found["attestations"][0]["bundle"]["dsseEnvelope"]["payload"].as_str().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
    let statement: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(statement["subject"][0]["digest"]["sha256"], "ab".repeat(32));
    assert_eq!(world.get(&format!("{PAYMENTS}/attestations/sha256:00")).await.status, 404);
}
