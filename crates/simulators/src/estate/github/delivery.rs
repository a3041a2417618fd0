//! Pipeline runs with their reports, checks, deployments, provenance, and what the repository demands.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::super::model::{Artifact, CodeHome, Deployment, FileChange, Outcome, PipelineRun};
use super::super::pact;
use super::{Book, PIPELINE_LOGIN, REVIEWERS, login};
use crate::github as hub;

const WORKFLOWS: [(&str, &str); 3] = [
    ("ci", ".github/workflows/ci.yml"),
    ("release", ".github/workflows/release.yml"),
    ("deploy", ".github/workflows/deploy.yml"),
];

pub(super) fn write(book: &Book<'_>, repository: &mut hub::Repository) {
    repository.workflows = WORKFLOWS
        .iter()
        .enumerate()
        .map(|(place, (name, path))| hub::Workflow {
            id: book.id(place),
            name: (*name).to_owned(),
            path: (*path).to_owned(),
            created_at: book.held.created,
        })
        .collect();
    for (place, run) in book.desk.runs.get(&*book.held.name).into_iter().flatten().enumerate() {
        let written = write_run(book, place, run);
        repository.check_runs.extend(checks(book, place, run));
        repository.workflow_runs.push(written);
    }
    repository.attestations = book
        .desk
        .artifacts
        .get(&*book.held.name)
        .into_iter()
        .flatten()
        .map(|artifact| attestation(book, artifact))
        .collect();
    deployments(book, repository);
}

fn workflow(book: &Book<'_>, name: &str) -> u64 {
    book.id(WORKFLOWS.iter().position(|(held, _)| *held == name).unwrap_or(0))
}

fn conclusion(run: &PipelineRun) -> Option<String> {
    Some(if run.succeeded { "success" } else { "failure" }.to_owned())
}

fn write_run(book: &Book<'_>, place: usize, run: &PipelineRun) -> hub::WorkflowRun {
    let id = book.id(place) + 100_000;
    let job = |offset: u64, name: &str| hub::Job {
        id: id * 10 + offset,
        name: name.to_owned(),
        status: "completed".to_owned(),
        conclusion: conclusion(run),
        started_at: run.started,
        completed_at: Some(run.finished),
        ..hub::Job::default()
    };
    hub::WorkflowRun {
        id,
        workflow: workflow(book, run.workflow),
        run_number: place as u64 + 1,
        display_title: run.title.to_string(),
        event: "push".to_owned(),
        head_branch: Some(run.branch.to_string()),
        head_sha: book.shas.commit(run.commit),
        actor: login(&run.actor),
        created_at: run.started,
        attempts: vec![hub::RunAttempt {
            status: "completed".to_owned(),
            conclusion: conclusion(run),
            triggering_actor: login(&run.actor),
            started_at: run.started,
            updated_at: run.finished,
            jobs: (0..)
                .zip(&run.suites)
                .map(|(offset, suite)| job(offset, suite.name))
                .chain([job(9, "build")])
                .collect(),
        }],
        artifacts: reports(book, id, run),
        ..hub::WorkflowRun::default()
    }
}

/// Test and coverage reports; kept ninety days, as organisations do.
fn reports(book: &Book<'_>, id: u64, run: &PipelineRun) -> Vec<hub::Artifact> {
    let file = |path: &str, content| hub::ArtifactFile { path: path.to_owned(), content };
    let mut archives = vec![(
        "test-results",
        run.suites
            .iter()
            .map(|suite| {
                let report = hub::TestSuite {
                    name: suite.name.to_owned(),
                    passed: suite.passed,
                    failed: (0..suite.failed).map(|number| format!("case {number}")).collect(),
                    skipped: suite.skipped,
                    duration_ms: u64::from(suite.passed) * 40,
                    at: run.finished,
                };
                file(&format!("{}.xml", suite.name), hub::ArtifactContent::JUnit(report))
            })
            .collect(),
    )];
    if let Some((lines, covered)) = run.coverage {
        let share = f64::from(covered) / f64::from(lines.max(1));
        let files = released_files(book, run).into_iter().map(|change| hub::FileCoverage {
            path: change.path.to_string(),
            lines: change.additions,
            covered: part_of(change.additions, share),
        });
        archives.push(("coverage", vec![file("coverage.xml", hub::ArtifactContent::Cobertura(files.collect()))]));
    }
    if let Some(digest) = &run.digest {
        let text = json!({ "digest": digest, "title": run.title }).to_string();
        archives
            .push(("image", vec![file("image.json", hub::ArtifactContent::Bytes(Arc::from(text.into_bytes())))]));
    }
    if let Some(matrix) = pact::of_repository(book.desk.estate, &book.held.name).filter(|_| run.digest.is_some()) {
        let bytes = Arc::from(matrix.to_string().into_bytes());
        archives.push(("pact-matrix", vec![file("pact-matrix.json", hub::ArtifactContent::Bytes(bytes))]));
    }
    (0..)
        .zip(archives)
        .map(|(place, (name, files))| hub::Artifact {
            id: id * 10 + place,
            name: name.to_owned(),
            created_at: run.finished,
            expires_at: run.finished + SignedDuration::from_hours(24 * 90),
            files,
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
fn part_of(lines: u32, share: f64) -> u32 {
    (f64::from(lines) * share).round() as u32
}

/// What the run's release changed: the main line's merges since the tag before, within the service's folder.
fn released_files<'a>(book: &Book<'a>, run: &PipelineRun) -> Vec<&'a FileChange> {
    let held = book.held;
    let tagged: HashSet<usize> =
        held.tags.iter().map(|tag| tag.commit).filter(|commit| *commit != run.commit).collect();
    let folder = home(book, &run.title).map_or("", |code| &*code.folder);
    let mut files = Vec::new();
    let mut next = Some(run.commit);
    while let Some(place) = next.filter(|place| !tagged.contains(place)) {
        let Some(commit) = held.commits.get(place) else {
            break;
        };
        files.extend(commit.files.iter().filter(|file| file.path.starts_with(folder)));
        // A check looks at its own merge only; a release at all of them.
        next = commit.parents.first().copied().filter(|_| run.digest.is_some());
    }
    files
}

/// The service a run's title speaks of.
fn home<'a>(book: &Book<'a>, title: &str) -> Option<&'a CodeHome> {
    let key = title.split(' ').next().unwrap_or_default();
    let services = book.desk.services.get(&*book.held.name)?;
    services.iter().find(|(service, _)| &*service.key == key).map(|(_, code)| *code)
}

fn checks(book: &Book<'_>, place: usize, run: &PipelineRun) -> Vec<hub::CheckRun> {
    let id = book.id(place) + 100_000;
    let check = |offset: u64, name: String, app: &str, title: String| hub::CheckRun {
        id: id * 10 + offset,
        suite: id,
        head_sha: book.shas.commit(run.commit),
        name,
        status: "completed".to_owned(),
        conclusion: conclusion(run),
        app: app.to_owned(),
        external_id: id.to_string(),
        started_at: run.started,
        completed_at: Some(run.finished),
        output: hub::CheckOutput { title: Some(title.clone()), summary: Some(title), text: None },
    };
    let mut checks: Vec<hub::CheckRun> = (0..)
        .zip(&run.suites)
        .map(|(offset, suite)| {
            let title = format!("{} passed, {} failed, {} skipped", suite.passed, suite.failed, suite.skipped);
            check(offset, format!("{} tests", suite.name), "github-actions", title)
        })
        .collect();
    if let Some((lines, covered)) = run.coverage {
        let percent = f64::from(covered) * 100.0 / f64::from(lines.max(1));
        let title = format!("Diff coverage {percent:.1} % ({covered} of {lines} lines)");
        checks.push(check(8, "diff coverage".to_owned(), "coverage-bot", title));
    }
    checks
}

fn attestation(book: &Book<'_>, artifact: &Artifact) -> hub::Attestation {
    hub::Attestation {
        subject_digest: artifact.digest.to_string(),
        subject_name: artifact.image.to_string(),
        predicate_type: "https://slsa.dev/provenance/v1".to_owned(),
        predicate: json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": { "workflow": { "path": ".github/workflows/release.yml" } },
                "resolvedDependencies": [{ "digest": { "gitCommit": book.shas.commit(artifact.commit) } }],
            },
            "runDetails": { "metadata": { "finishedOn": artifact.built } },
        }),
        initiator: PIPELINE_LOGIN.to_owned(),
    }
}

fn deployments(book: &Book<'_>, repository: &mut hub::Repository) {
    let commits: HashMap<(&str, &str), usize> = book
        .desk
        .artifacts
        .get(&*book.held.name)
        .into_iter()
        .flatten()
        .map(|artifact| ((&*artifact.service, &*artifact.version), artifact.commit))
        .collect();
    let codes: HashMap<&str, &CodeHome> = book
        .desk
        .services
        .get(&*book.held.name)
        .into_iter()
        .flatten()
        .map(|(service, code)| (&*service.key, *code))
        .collect();
    // Below production a success retires the one before it in the same place.
    let mut current: HashMap<(&str, &str), usize> = HashMap::new();
    for (place, deployment) in book.desk.deployments.get(&*book.held.name).into_iter().flatten().enumerate() {
        let commit = commits.get(&(&*deployment.service, &*deployment.version)).copied().unwrap_or_default();
        let tag = codes.get(&*deployment.service).map(|code| code.tag(&deployment.version)).unwrap_or_default();
        let run = deploy_run(book, place, deployment, (&tag, commit));
        let written = write_deployment(book, place, deployment, (&tag, commit, run.id));
        if deployment.outcome == Outcome::Succeeded && deployment.environment != "production" {
            let before =
                current.insert((&*deployment.service, deployment.environment), repository.deployments.len());
            let at = deployment.finished.unwrap_or(deployment.started);
            if let Some(old) = before.and_then(|old| repository.deployments.get_mut(old)) {
                let id = old.id * 10 + 5;
                old.statuses.push(status(id, "inactive", at));
            }
        }
        repository.workflow_runs.push(run);
        repository.deployments.push(written);
    }
}

/// The run that deployed: its actor is the human who started it.
fn deploy_run(
    book: &Book<'_>,
    place: usize,
    deployment: &Deployment,
    (tag, commit): (&str, usize),
) -> hub::WorkflowRun {
    let by = login(&deployment.triggered_by);
    let finished = deployment.finished.unwrap_or(deployment.started);
    let (state, outcome) = match deployment.outcome {
        Outcome::Succeeded => ("completed", Some("success".to_owned())),
        Outcome::Failed => ("completed", Some("failure".to_owned())),
        Outcome::Pending => ("waiting", None),
    };
    hub::WorkflowRun {
        id: book.id(place) + 500_000,
        workflow: workflow(book, "deploy"),
        run_number: place as u64 + 1,
        display_title: format!("{} {} to {}", deployment.service, deployment.version, environment(deployment)),
        event: "workflow_dispatch".to_owned(),
        head_branch: Some(tag.to_owned()),
        head_sha: book.shas.commit(commit),
        actor: by.clone(),
        created_at: deployment.started,
        attempts: vec![hub::RunAttempt {
            status: state.to_owned(),
            conclusion: outcome,
            triggering_actor: by,
            started_at: deployment.started,
            updated_at: finished,
            jobs: Vec::new(),
        }],
        approvals: approvals(book, deployment),
        pending_deployments: match deployment.outcome {
            Outcome::Pending => vec![hub::PendingDeployment {
                environment: environment(deployment),
                wait_started_at: Some(deployment.started),
            }],
            _ => Vec::new(),
        },
        ..hub::WorkflowRun::default()
    }
}

/// Production waits for one of the platform's people who did not start it himself; whoever is next in line agrees.
fn approvals(book: &Book<'_>, deployment: &Deployment) -> Vec<hub::RunApproval> {
    if deployment.environment != "production" || deployment.outcome == Outcome::Pending {
        return Vec::new();
    }
    let team = book.desk.estate.teams.iter().find(|team| &*team.key == REVIEWERS);
    let others = team.into_iter().flat_map(|team| &team.members).filter(|key| **key != deployment.triggered_by);
    let reviewer = others.map(|key| login(key)).next();
    let agreed = |user| hub::RunApproval {
        environments: vec![environment(deployment)],
        state: "approved".to_owned(),
        user,
        comment: String::new(),
    };
    reviewer.map(agreed).into_iter().collect()
}

fn environment(deployment: &Deployment) -> String {
    match deployment.region {
        Some(region) => format!("{}-{region}", deployment.environment),
        None => deployment.environment.to_owned(),
    }
}

fn status(id: u64, state: &str, at: jiff::Timestamp) -> hub::DeploymentStatus {
    hub::DeploymentStatus {
        id,
        state: state.to_owned(),
        creator: PIPELINE_LOGIN.to_owned(),
        created_at: at,
        ..hub::DeploymentStatus::default()
    }
}

fn write_deployment(
    book: &Book<'_>,
    place: usize,
    deployment: &Deployment,
    (tag, commit, run): (&str, usize, u64),
) -> hub::Deployment {
    let id = book.id(place) + 300_000;
    let log = format!("https://github.com/{}/actions/runs/{run}", book.held.name);
    let mut statuses = match (deployment.outcome, deployment.finished) {
        (Outcome::Pending, _) | (_, None) => vec![status(id * 10, "waiting", deployment.started)],
        (outcome, Some(finished)) => {
            let last = if outcome == Outcome::Succeeded { "success" } else { "failure" };
            vec![status(id * 10, "in_progress", deployment.started), status(id * 10 + 1, last, finished)]
        }
    };
    for status in &mut statuses {
        status.log_url = Some(log.clone());
    }
    hub::Deployment {
        id,
        sha: book.shas.commit(commit),
        reference: tag.to_owned(),
        task: "deploy".to_owned(),
        environment: environment(deployment),
        production_environment: deployment.environment == "production",
        transient_environment: false,
        creator: PIPELINE_LOGIN.to_owned(),
        description: Some(format!("{} {}", deployment.service, deployment.version)),
        payload: json!({
            "service": deployment.service,
            "version": deployment.version,
            "digest": deployment.digest,
            "region": deployment.region,
            "attempt": deployment.attempt,
            "change": deployment.change,
            "triggered_by": login(&deployment.triggered_by),
            "rollback_of": deployment.rollback_of,
        }),
        created_at: deployment.started,
        statuses,
    }
}
