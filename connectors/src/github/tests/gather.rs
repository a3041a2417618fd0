//! What a full read brings.

use domain::{AccountKind, DeploymentOutcome, RecordKind, ReviewState, RunConclusion};

use super::world::{World, now, payments, said, sha};
use crate::contract::{Breadth, Connector as _, Interest, ProbeAnswer, Wanted};
use crate::github::{KINDS, Options};

#[tokio::test]
async fn a_release_is_read_with_all_it_left_behind() {
    let options = Options { files: vec!["Cargo.toml".into()], ..Options::default() };
    let world = World::with(vec![payments()], options).await;
    let gathered = world.sweep().await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(gathered.complete, KINDS.into());
    let mut records = gathered.records;
    records.sort();

    let tags: Vec<_> = records.tags.iter().map(|tag| (&*tag.name, tag.annotated, tag.digests.len())).collect();
    assert_eq!(tags, [("v2.12.0", false, 0), ("v2.13.0", false, 0), ("v2.14.0", true, 1)]);
    let ranges: Vec<_> = records
        .commit_ranges
        .iter()
        .map(|range| (range.base.as_deref(), &*range.head, range.commits.len(), range.complete))
        .collect();
    assert_eq!(
        ranges,
        [
            (None, "v2.12.0", 6, true),
            (Some("v2.12.0"), "v2.13.0", 35, true),
            (Some("v2.13.0"), "v2.14.0", 50, true)
        ]
    );
    let newest = records.commit_ranges.iter().find(|range| &*range.head == "v2.14.0").expect("a range");
    assert_eq!(newest.commits.first().map(|commit| &**commit), Some(sha(90).as_str()));
    let commit = records.commits.iter().find(|commit| *commit.sha == *sha(60)).expect("a commit");
    assert_eq!(commit.trailers.first().map(|trailer| &*trailer.value), Some("Bob"));
    assert_eq!(commit.author_account.as_ref().map(|account| &*account.0.native), Some("1"));

    let pull = records.pull_requests.first().expect("a pull request");
    assert_eq!(
        pull.reviews.iter().map(|one| one.state).collect::<Vec<_>>(),
        [ReviewState::Approved, ReviewState::Commented]
    );
    assert!(pull.reviews_complete);
    let known = |id: &str| records.accounts.iter().find(|account| &*account.id.0.native == id);
    let address = |id: &str| known(id).expect("an account").email.as_deref();
    assert_eq!((address("3"), address("1")), (Some("eve@bank.example"), None), "who shows one on a profile");

    let deployment = records.deployments.first().expect("a deployment");
    assert_eq!(deployment.outcome, DeploymentOutcome::Succeeded);
    assert_eq!(deployment.reference.as_deref(), Some("v2.14.0"));
    assert_eq!(deployment.change_number.as_deref(), Some("CHG0030001"));
    assert_eq!(deployment.triggered_by.as_ref().map(|account| &*account.0.native), Some("3"));
    let run = records.pipeline_runs.first().expect("a run");
    assert_eq!(deployment.run.as_ref(), Some(&run.id));
    assert_eq!(
        (run.conclusion, run.path.as_deref()),
        (RunConclusion::Success, Some(".github/workflows/release.yml"))
    );
    assert_eq!(run.jobs.len(), 1);

    let unit = records.test_reports.iter().find(|report| &*report.suite == "unit").expect("a report");
    assert_eq!((unit.executed, unit.failed, unit.skipped), (12, 1, 2));
    let coverage = records.test_reports.iter().find_map(|report| report.line_coverage).expect("coverage");
    assert!((coverage - 0.62).abs() < 0.001, "{coverage}");

    let image = records.artifacts.iter().find(|artifact| &*artifact.name == "bank/payments-api").expect("an image");
    assert_eq!(image.repository.as_ref(), records.repositories.first().map(|held| &held.id));
    assert_eq!(image.tags.first().map(|tag| &**tag), Some("2.14.0"));
    assert!(image.digest.as_deref().is_some_and(|digest| digest.starts_with("sha256:")));
    let machines: Vec<_> = records.accounts.iter().filter(|account| account.kind == AccountKind::Machine).collect();
    assert_eq!(
        machines.iter().filter_map(|account| account.login.as_deref()).collect::<Vec<_>>(),
        ["release-pipeline[bot]"]
    );
}

#[tokio::test]
async fn nothing_mapped_and_no_organisation_is_empty_and_complete() {
    let mut world = World::of(vec![payments()]).await;
    world.interest = Interest::default();
    let gathered = world.sweep().await;
    assert_eq!((gathered.records.len(), gathered.gaps.len()), (0, 0));
    assert_eq!(gathered.complete, KINDS.into());
}

#[tokio::test]
async fn without_a_mapping_the_organisations_repositories_are_read() {
    let options = Options { organizations: vec!["bank".into()], ..Options::default() };
    let mut world = World::with(vec![payments()], options).await;
    world.interest = Interest::default();
    let gathered = world.sweep().await;
    assert_eq!(gathered.records.repositories.len(), 1);
    assert_eq!(said(&gathered, RecordKind::Tag), "complete");
}

#[tokio::test]
async fn everything_shown_is_read_without_what_no_mapping_rests_on() {
    let mut world = World::of(vec![payments()]).await;
    world.interest = Interest { breadth: Breadth::All, ..Interest::default() };
    let gathered = world.sweep().await;
    assert_eq!(gathered.records.repositories.len(), 1);
    assert_eq!(said(&gathered, RecordKind::Tag), "complete");
    assert_eq!(gathered.records.pipeline_runs, []);
    assert!(!gathered.complete.contains(&RecordKind::PipelineRun), "what was not read is not complete");
}

#[tokio::test]
async fn an_empty_repository_is_complete() {
    let world = World::of(vec![simulators::github::Repository::new(8, "bank", "empty")]).await;
    let gathered = world.sweep().await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(gathered.records.repositories.len(), 1);
    assert_eq!(gathered.records.tags.len(), 0);
}

#[tokio::test]
async fn named_records_are_read_again() {
    let world = World::of(vec![payments()]).await;
    let gathered = world.sweep().await;
    let pull = gathered.records.pull_requests.first().expect("a pull request").id.0.clone();
    let deployment = gathered.records.deployments.first().expect("a deployment").id.0.clone();
    world.hub.edit("bank/payments-api", |repository| {
        for held in &mut repository.pull_requests {
            held.title = "Changed".into();
        }
    });
    world.requests();
    let wanted =
        Wanted::from([(RecordKind::PullRequest, [pull].into()), (RecordKind::Deployment, [deployment].into())]);
    let read = world.github.read(&wanted, now()).await;
    assert_eq!(read.gaps, []);
    assert_eq!(read.records.pull_requests.first().map(|held| &*held.title), Some("Changed"));
    let deployment = read.records.deployments.first().expect("a deployment");
    assert!(deployment.triggered_by.is_some());
    assert_eq!(world.requests(), 2);
}

#[tokio::test]
async fn a_probe_tells_rights_and_limits() {
    let world = World::of(vec![payments()]).await;
    world.sweep().await;
    let probe = world.github.probe(now()).await;
    assert!(matches!(probe.authenticated, ProbeAnswer::Good(_)), "{probe:?}");
    assert!(probe.permitted.iter().all(|(_, answer)| matches!(answer, ProbeAnswer::Good(_))), "{probe:?}");
    world.hub.edit_tokens(Vec::clear);
    let probe = world.github.probe(now()).await;
    assert!(matches!(probe.authenticated, ProbeAnswer::Failed(_)), "{probe:?}");
}
