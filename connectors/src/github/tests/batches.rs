//! What is read many at a time says the same as what is read one by one, and what is left out by choice stays known
//! once it was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::RecordKind;
use simulators::faults::{Effect, Fault};
use simulators::github as hub;

use super::world::{World, day, now, payments, sha, tag};
use crate::contract::{Connector as _, Gathered, Wanted};
use crate::github::Options;

/// Four releases, one of them a fix that the next lacks.
fn branched() -> hub::Repository {
    let mut repository = payments();
    let fix = hub::Commit {
        sha: sha(9_000),
        parents: vec![sha(40)],
        ..repository.commits.get(40).cloned().expect("a commit")
    };
    repository.commits.push(fix);
    repository.branches.push(hub::Branch { name: "hotfix".into(), sha: sha(9_000) });
    repository.tags.push(tag("v2.13.1", 9_000));
    repository
}

#[tokio::test]
async fn old_ranges_have_the_same_commits_in_one_request() {
    let one_by_one = World::with(vec![branched()], Options { lines_for: 99, ..Options::default() }).await;
    let together = World::with(vec![branched()], Options { lines_for: 0, ..Options::default() }).await;
    // Apart from what GraphQL does not tell, and the addresses of the two servers.
    let told = |gathered: Gathered| {
        let mut records = gathered.records;
        records.sort();
        for range in &mut records.commit_ranges {
            (range.paths, range.lines) = (None, None);
            (range.additions, range.deletions) = (None, None);
            range.source.url = None;
        }
        for commit in &mut records.commits {
            (commit.paths, commit.source.url) = (None, None);
        }
        let accounts: Vec<_> =
            records.accounts.into_iter().map(|account| (account.id, account.login, account.kind)).collect();
        (records.commit_ranges, records.commits, accounts)
    };
    let (expected, found) = (told(one_by_one.sweep().await), told(together.sweep().await));
    assert!(found == expected, "the commits differ");
    assert_eq!(one_by_one.server.requests.matching("/compare/").len(), 4);
    // Only the range that takes back the fix needs both directions.
    assert_eq!(together.server.requests.matching("/compare/").len(), 2);
}

#[tokio::test]
async fn files_of_all_releases_come_in_one_request() {
    let mut repository = payments();
    let written = |path: &str, content: &[u8]| hub::FileChange {
        path: path.into(),
        content: Some(Arc::from(content)),
        ..hub::FileChange::default()
    };
    repository.commits.first_mut().expect("a commit").files =
        vec![written("app.toml", b"port = 1"), written("logo.png", &[0xff, 0xfe, 0x00])];
    repository.commits.get_mut(60).expect("a commit").files = vec![written("app.toml", b"port = 2")];
    let files = ["app.toml", "logo.png", "missing.txt"].map(str::to_owned).to_vec();
    let plain = World::of(vec![repository.clone()]).await;
    plain.sweep().await;
    let world = World::with(vec![repository], Options { files, ..Options::default() }).await;
    let first = world.sweep().await;
    assert_eq!(first.gaps, []);
    let told: BTreeMap<_, _> =
        first.records.files.iter().map(|file| (&*file.tag, (&*file.path, &*file.content))).collect();
    let expected = [
        ("v2.12.0", ("app.toml", "port = 1")),
        ("v2.13.0", ("app.toml", "port = 1")),
        ("v2.14.0", ("app.toml", "port = 2")),
    ];
    assert_eq!(told, expected.into());
    assert_eq!(first.records.files.len(), 3, "neither binary nor missing files");
    assert_eq!(world.requests(), plain.requests() + 1);
}

#[tokio::test]
async fn jobs_beyond_one_answer_are_read_too() {
    let mut repository = payments();
    for attempt in repository.workflow_runs.iter_mut().flat_map(|run| &mut run.attempts) {
        let job = attempt.jobs.first().cloned().expect("a job");
        attempt.jobs =
            (0..60).map(|id| hub::Job { id: 6_000 + id, name: format!("build {id}"), ..job.clone() }).collect();
    }
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    assert_eq!(gathered.records.pipeline_runs.first().map(|run| run.jobs.len()), Some(60));
    assert_eq!(world.server.requests.matching("/jobs").len(), 1);
}

/// A run with test results on the commit of `v2.13.0`, beside the one on `v2.14.0`.
fn reported_twice() -> hub::Repository {
    let mut repository = payments();
    let mut older = repository.workflow_runs.first().cloned().expect("a run");
    (older.id, older.head_sha, older.created_at) = (400, sha(40), day(41));
    for (place, artifact) in (0..).zip(&mut older.artifacts) {
        artifact.id = 501 + place;
    }
    repository.workflow_runs.push(older);
    repository
}

#[tokio::test]
async fn reports_of_older_releases_are_read_where_asked_for() {
    for (reports_for, downloads) in [(0, 0), (1, 2), (2, 4)] {
        let world = World::with(vec![reported_twice()], Options { reports_for, ..Options::default() }).await;
        let gathered = world.sweep().await;
        assert_eq!(gathered.records.count(RecordKind::PipelineRun), 2);
        assert_eq!(world.server.requests.matching("/zip").len(), downloads, "{reports_for}");
    }
}

#[tokio::test]
async fn reports_stay_known_when_a_newer_release_comes() {
    let world = World::of(vec![payments()]).await;
    let first = world.sweep().await;
    assert!(first.records.count(RecordKind::TestReport) > 0);
    world.hub.edit("bank/payments-api", |repository| {
        repository.tags.push(tag("v2.15.0", 95));
        repository.pushed_at = day(99);
    });
    let second = world.sweep().await;
    assert_eq!(second.records.test_reports.len(), first.records.test_reports.len());
    assert_eq!(world.server.requests.matching("/zip").len(), 2);
}

#[tokio::test]
async fn runs_of_a_busy_repository_are_asked_for_by_commit() {
    let mut repository = reported_twice();
    let run = repository.workflow_runs.first().cloned().expect("a run");
    let others = (0..400).map(|id| hub::WorkflowRun {
        id: 10_000 + id,
        head_sha: sha(70),
        artifacts: Vec::new(),
        ..run.clone()
    });
    repository.workflow_runs.extend(others);
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    let mut runs: Vec<_> = gathered.records.pipeline_runs.iter().map(|run| &*run.source.record.native).collect();
    runs.sort_unstable();
    assert_eq!(runs, ["7!400", "7!500"]);
    assert_eq!(world.server.requests.matching("/actions/runs?").len(), 3);
}

#[tokio::test]
async fn a_pull_request_tells_the_paths_of_its_merge() {
    let mut repository = payments();
    let file = hub::FileChange { path: "portal/page.ts".into(), ..hub::FileChange::default() };
    repository.commits.get_mut(60).expect("a commit").files = vec![file];
    let world = World::of(vec![repository]).await;
    let gathered = world.sweep().await;
    let paths = |number: usize| {
        let commit = gathered.records.commits.iter().find(|commit| *commit.sha == *sha(number)).expect("a commit");
        commit.paths.as_ref().map(|paths| paths.iter().map(|path| path.to_string()).collect::<Vec<_>>())
    };
    assert_eq!(paths(60), Some(vec!["portal/page.ts".to_owned()]));
    assert_eq!(paths(61), None, "no pull request, and not read");
}

#[tokio::test]
async fn hidden_checks_do_not_hide_jobs() {
    let world = World::of(vec![payments()]).await;
    let first = world.sweep().await;
    let run = first.records.pipeline_runs.first().expect("a run");
    assert_eq!(world.server.requests.matching("/jobs").len(), 0);
    // Run again, so that its jobs are asked for again.
    world.hub.edit("bank/payments-api", |repository| {
        let again = repository.workflow_runs.first_mut().expect("a run");
        let attempt = again.attempts.first().cloned().expect("an attempt");
        again.attempts.push(attempt);
    });
    let denied = r#"{"data":{"w500":null,"repository":{"c0":null}},"errors":[
        {"type":"FORBIDDEN","path":["w500"],"message":"no"},
        {"type":"FORBIDDEN","path":["repository","c0"],"message":"no"}]}"#;
    let effect = Effect::Status { status: 200, headers: BTreeMap::new(), body: denied.to_owned() };
    world.server.faults.set(Fault::on("/graphql", effect));
    let wanted = Wanted::from([(RecordKind::PipelineRun, [run.id.0.clone()].into())]);
    let second = world.github.read(&wanted, now()).await;
    assert_eq!(second.gaps, []);
    assert_eq!(world.server.requests.matching("/jobs").len(), 1);
    let again = second.records.pipeline_runs.first().expect("the run");
    assert_eq!((again.attempt, &again.jobs), (2, &run.jobs));
}
