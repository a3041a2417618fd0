//! What others than workflows report on release commits.

use std::collections::BTreeMap;

use domain::{GapCode, RecordKind, RunConclusion};
use simulators::faults::{Effect, Fault};
use simulators::github as hub;

use super::world::{World, day, now, payments, said, sha};
use crate::contract::{Connector as _, Wanted};

fn check(suite: u64, name: &str, conclusion: Option<&str>) -> hub::CheckRun {
    hub::CheckRun {
        id: suite * 10 + name.len() as u64,
        suite,
        head_sha: sha(90),
        name: name.into(),
        status: if conclusion.is_some() { "completed" } else { "in_progress" }.into(),
        conclusion: conclusion.map(str::to_owned),
        app: "quality-gate".into(),
        started_at: day(91),
        completed_at: conclusion.map(|_| day(92)),
        ..hub::CheckRun::default()
    }
}

fn status(context: &str, state: &str, on: usize) -> hub::CommitStatus {
    hub::CommitStatus {
        id: 1,
        sha: sha(on),
        context: context.into(),
        state: state.into(),
        creator: "eve".into(),
        target_url: Some("https://ci.example/1".into()),
        created_at: day(92),
        ..hub::CommitStatus::default()
    }
}

fn reported() -> hub::Repository {
    let mut repository = payments();
    repository.check_runs = vec![
        check(70, "coverage", Some("success")),
        check(70, "debts", Some("failure")),
        check(71, "licences", Some("neutral")),
    ];
    repository.statuses = vec![status("ci/build", "success", 90), status("ci/other", "failure", 95)];
    repository
}

#[tokio::test]
async fn suites_of_apps_and_statuses_are_runs_on_release_commits() {
    let world = World::of(vec![reported()]).await;
    let gathered = world.sweep().await;
    assert_eq!(said(&gathered, RecordKind::PipelineRun), "complete");
    let mut runs: Vec<_> = gathered.records.pipeline_runs.iter().filter(|run| run.path.is_none()).collect();
    runs.sort_by_key(|run| &run.id);
    let told: Vec<_> = runs.iter().map(|run| (&*run.name, run.conclusion, run.jobs.len())).collect();
    assert_eq!(
        told,
        [
            ("ci/build", RunConclusion::Success, 0),
            ("quality-gate", RunConclusion::Failure, 2),
            ("quality-gate", RunConclusion::Neutral, 1),
        ],
        "not those of a commit that is no release's"
    );
    assert!(runs.iter().all(|run| *run.commit == *sha(90) && run.finished_at == Some(day(92))));
    assert_eq!(runs[0].source.url.as_deref(), Some("https://ci.example/1"));
    assert_eq!(runs[0].actor.as_ref().map(|account| &*account.0.native), Some("3"));
    // The workflow's own jobs are told once, with its run.
    let workflows: Vec<_> = gathered.records.pipeline_runs.iter().filter(|run| run.path.is_some()).collect();
    assert_eq!(workflows.len(), 1);
}

#[tokio::test]
async fn what_is_still_open_is_looked_at_again_and_old_ones_are_not() {
    for (age, again) in [(3, true), (40, false)] {
        let mut repository = reported();
        repository.check_runs = vec![check(70, "coverage", None)];
        for commit in &mut repository.commits {
            if commit.sha == sha(90) {
                commit.committer.date = now() - jiff::SignedDuration::from_hours(24 * age);
            }
        }
        let world = World::of(vec![repository]).await;
        let first = world.sweep().await;
        world.hub.edit("bank/payments-api", |held| held.check_runs = vec![check(70, "coverage", Some("success"))]);
        let second = world.refresh(&first).await;
        let run = second.records.pipeline_runs.iter().find(|run| &*run.name == "quality-gate").expect("a run");
        assert_eq!(run.conclusion == RunConclusion::Success, again, "{age} days old");
    }
}

#[tokio::test]
async fn hidden_checks_do_not_hide_a_run_that_is_asked_for() {
    let world = World::of(vec![reported()]).await;
    let first = world.sweep().await;
    let run = first.records.pipeline_runs.iter().find(|run| run.path.is_some()).expect("a workflow's run");
    let denied = r#"{"data":{"repository":{"c0":null}},"errors":[{"type":"FORBIDDEN","path":["repository","c0"],"message":"no"}]}"#;
    let effect = Effect::Status { status: 200, headers: BTreeMap::new(), body: denied.to_owned() };
    world.server.faults.set(Fault::on("/graphql", effect));
    let all = first.records.pipeline_runs.iter().map(|run| run.id.0.clone());
    let wanted = Wanted::from([(RecordKind::PipelineRun, all.collect())]);
    let refused = world.github.read(&wanted, now()).await;
    let gaps: Vec<_> = refused.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(gaps, [(RecordKind::PipelineRun, GapCode::SourceDenied)]);
    let wanted = Wanted::from([(RecordKind::PipelineRun, [run.id.0.clone()].into())]);
    let read = world.github.read(&wanted, now()).await;
    assert_eq!((read.gaps.len(), read.records.pipeline_runs.len()), (0, 1));
}
