//! Every false PASS to refuse and every false FAIL to avoid, of what must hold before a deployment beside its approval.

use domain::*;

use super::sound::*;
use super::{PredicateId, Terms, predicates};
use crate::correlate::world::{World, connector, moment};

use PredicateId::{P3, P4, P5, P6, P9, P15, P16};

pub(super) fn fails(world: &World, id: PredicateId, words: &str) {
    check(&says(world, id), &format!("Fail: {words}"));
}

pub(super) fn unknown(world: &World, id: PredicateId, words: &str) {
    check(&says(world, id), &format!("Unknown: {words}"));
}

pub(super) fn passes(world: &World, id: PredicateId) {
    check(&says(world, id), "Pass");
}

#[test]
fn everything_holds_of_a_sound_release_but_what_nobody_can_tell() {
    let told: Vec<String> = look(&sound())
        .iter()
        .filter(|predicate| predicate.phase == Phase::Before && predicate.outcome != Outcome::Pass)
        .map(|predicate| format!("{:?} {:?}: {}", predicate.id, predicate.outcome, predicate.reason()))
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("P9 Unknown"), "{told:?}");
    for predicate in look(&sound()).iter().filter(|predicate| predicate.phase != Phase::Before) {
        let expected = if predicate.id == PredicateId::P8 { Outcome::NotApplicable } else { Outcome::NotDue };
        assert_eq!(predicate.outcome, expected, "{:?}: {}", predicate.id, predicate.reason());
    }
}

// P3

fn tested(reports: &[(&str, u32, u64, u64)]) -> World {
    let mut world = sound();
    world.records.test_reports.clear();
    world.records.pipeline_runs.clear();
    reports.iter().fold(world, |world, (suite, attempt, executed, failed)| {
        world.tests((suite, *attempt), (*executed, *failed))
    })
}

#[test]
fn p3_lint_is_no_test_and_what_ran_nothing_neither() {
    unknown(&tested(&[("eslint", 1, 40, 0)]), P3, "No suite");
    unknown(&tested(&[("unit", 1, 0, 0)]), P3, "No suite");
    unknown(&tested(&[]), P3, "No suite");
    passes(&tested(&[("unit", 1, 40, 0)]), P3);
}

#[test]
fn p3_run_until_green_is_not_passed() {
    fails(&tested(&[("unit", 1, 40, 2), ("unit", 2, 40, 0)]), P3, "run until green");
    fails(&tested(&[("unit", 1, 40, 2)]), P3, "failed");
    unknown(&tested(&[("unit", 2, 40, 0)]), P3, "in attempt 1 is not known");
}

#[test]
fn p3_the_tests_are_of_this_digest_and_done_before_the_start() {
    let mut other = sound();
    for report in &mut other.records.test_reports {
        report.subject = "c1".into();
    }
    unknown(&other, P3, "No suite");
    let mut platform = sound();
    for report in &mut platform.records.test_reports {
        report.subject = "sha256:arm".into();
    }
    passes(&platform, P3);
    let mut late = sound();
    for report in &mut late.records.test_reports {
        report.finished_at = Some(moment("2026-06-16T18:31:00Z"));
    }
    unknown(&late, P3, "before the start");
}

#[test]
fn p3_named_suites_must_all_have_run() {
    let graph = sound().graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("a release");
    let outcome = |suites: &[&str]| {
        let terms = Terms { suites: suites.iter().map(|name| Text::from(*name)).collect(), ..Terms::default() };
        let all = predicates(&graph, release, &proposal(), &terms);
        all.into_iter().find(|predicate| predicate.id == P3).expect("a predicate").outcome
    };
    assert_eq!(outcome(&["unit", "acceptance"]), Outcome::Pass);
    assert_eq!(outcome(&["unit", "penetration"]), Outcome::Unknown);
}

#[test]
fn p3_and_p4_a_vendor_attests_and_we_test_its_configuration() {
    let vendor = sound().with_service("payments-api", |service| {
        service.kind = ServiceKind::Vendor;
        service.sources.repositories.clear();
    });
    unknown(&vendor, P3, "no record of an attestation");
    let done = Some(moment("2026-06-10T10:00:00Z"));
    let attested = vendor.task("Vendor attestation received", done);
    unknown(&attested, P3, "no record of a test of its configuration");
    let both = attested.task("Configuration test in staging", done);
    passes(&both, P3);
    check(&says(&both, P4), "NotApplicable");
}

// P4

#[test]
fn p4_a_cut_range_is_unknown_and_a_commit_without_review_fails() {
    let mut half = sound();
    half.records.commit_ranges[0].complete = false;
    unknown(&half, P4, "were read");
    let mut unread = sound();
    unread.records.commits.clear();
    unknown(&unread, P4, "were read");
    let more = sound().commit(REPO, "c3", "Past everybody");
    let mut more = more;
    more.records.commit_ranges[0].commits.push("c3".into());
    fails(&more, P4, "c3 came without a pull request");
}

#[test]
fn p4_a_review_by_the_author_or_before_the_last_change_is_none() {
    let ada = || Some(AccountId::new(&connector("git"), "ada"));
    fails(&sound().with_request(|request| request.reviews[0].author = ada()), P4, "no approval by another person");
    let early = sound().with_request(|request| {
        request.reviews[0].commit = Some("c0".into());
        request.reviews[0].submitted_at = Some(moment("2026-06-01T00:00:00Z"));
    });
    fails(&early, P4, "no approval by another person");
    let taken_back = sound().with_request(|request| {
        let mut no = request.reviews[0].clone();
        no.state = ReviewState::ChangesRequested;
        no.submitted_at = Some(moment("2026-06-16T12:00:00Z"));
        request.reviews.push(no);
    });
    fails(&taken_back, P4, "no approval by another person");
    let cut = sound().with_request(|request| {
        request.reviews.clear();
        request.reviews_complete = false;
    });
    unknown(&cut, P4, "not known in full");
}

#[test]
fn p4_squashed_by_the_author_counts_what_was_reviewed_of_the_branch() {
    // The main line has one commit by the author, younger than the review, which looked at the branch's last one.
    let squashed = sound()
        .with_commit("c2", |commit| commit.committer.at = moment("2026-06-15T18:00:00Z"))
        .with_request(|request| {
            request.merge_commit = Some("c2".into());
            request.commits = vec!["b1".into()];
            request.head_commit = Some("b1".into());
            request.reviews[0].commit = Some("b1".into());
        });
    passes(&squashed, P4);
    let by_author = squashed.with_request(|request| {
        request.reviews[0].author = Some(AccountId::new(&connector("git"), "ada"));
    });
    fails(&by_author, P4, "no approval by another person");
}

#[test]
fn p4_merges_of_the_main_line_keep_the_review_and_picked_commits_do_not_fail() {
    let merge = sound().commit(REPO, "m1", "Merge branch 'main'");
    let mut merge = merge.with_commit("m1", |commit| commit.parents = vec!["c1".into(), "c2".into()]);
    merge.records.commit_ranges[0].commits.push("m1".into());
    passes(&merge, P4);
    let picked = sound().commit(REPO, "c4", "Fix\n\n(cherry picked from commit c2)");
    let mut picked = picked;
    picked.records.commit_ranges[0].commits.push("c4".into());
    unknown(&picked, P4, "picked from another");
}

#[test]
fn p4_where_there_are_no_pull_requests_trailers_tell() {
    let plain = |value: &str| {
        let mut world = sound();
        world.records.pull_requests.clear();
        for system in &mut world.connectors {
            system.kinds.retain(|kind| *kind != RecordKind::PullRequest);
        }
        let trailer = Trailer { token: "Reviewed-by".into(), value: value.into() };
        world.with_commit("c2", |commit| commit.trailers = vec![trailer.clone()])
    };
    passes(&plain("Grace <grace@bank.example>"), P4);
    fails(&plain("Ada <ada@bank.example>"), P4, "by its author alone");
    unknown(&plain("somebody"), P4, "Nothing tells who reviewed");
}

// P5

#[test]
fn p5_not_applicable_is_no_plan() {
    for plan in ["N/A", "none.", " - ", ""] {
        let world = sound().with_change("CHG1", |change| change.backout_plan = Some(plan.into()));
        fails(&world, P5, "has no backout plan");
    }
    let mut never = sound();
    never.records.change_tasks.clear();
    fails(&never, P5, "No rehearsal");
    let mut old = sound();
    old.records.change_tasks[0].closed_at = Some(moment("2025-06-09T10:00:00Z"));
    fails(&old, P5, "is older than 180 days");
    let mut unnamed = sound();
    unnamed.records.runtime_observations[0].labels.insert("version".into(), "unheard-of".into());
    unknown(&unnamed, P5, "none of the known releases");
}

#[test]
fn p5_what_cannot_be_taken_back_is_accepted_by_name() {
    let mut schema = sound();
    schema.records.commit_ranges[0].paths = Some(vec!["db/migrations/1.sql".into()]);
    unknown(&schema, P5, "Nobody accepts by name");
    passes(&schema.with_change("CHG1", |change| change.backout_plan = Some("Drop the columns.".into())), P5);
}

// P6

#[test]
fn p6_the_same_version_with_another_digest_is_another_thing() {
    let mut other = sound();
    let seen = other.records.runtime_observations.last_mut().expect("an observation");
    seen.labels.insert("digest".into(), "sha256:bb".into());
    fails(&other, P6, "sha256:bb passed");
    let mut unseen = sound();
    unseen.records.runtime_observations.last_mut().expect("an observation").labels.remove("digest");
    unknown(&unseen, P6, "No digest tells");
}

#[test]
fn p6_index_and_platform_digests_of_one_family_are_the_same() {
    let mut platform = sound();
    let seen = platform.records.runtime_observations.last_mut().expect("an observation");
    seen.labels.insert("digest".into(), "sha256:arm".into());
    passes(&platform, P6);
}

#[test]
fn p6_what_is_proposed_must_be_what_passed() {
    let graph = sound().graph();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("a release");
    let proposal = super::Proposal { digests: vec!["sha256:cc".into()], ..proposal() };
    let all = predicates(&graph, release, &proposal, &Terms::default());
    let found = all.iter().find(|one| one.id == P6).expect("a predicate");
    check(&format!("{:?}: {}", found.outcome, found.reason()), "Fail: sha256:cc goes on");
}

// P9, P15, P16

#[test]
fn p9_without_a_source_of_access_it_is_unknown_and_says_so() {
    unknown(&sound(), P9, "No system is configured that tells who may write");
}

#[test]
fn p15_an_assessment_after_the_approval_is_none() {
    fails(&sound().with_change("CHG1", |change| change.risk_impact_analysis = None), P15, "no assessment");
    let late = sound().audited("CHG1", "risk_impact_analysis", ("", "All is well"), "2026-06-11T09:00:00Z");
    fails(&late, P15, "after the approval");
    let early = sound().audited("CHG1", "risk_impact_analysis", ("", "All is well"), "2026-06-09T09:00:00Z");
    passes(&early, P15);
    unknown(&sound().dark("servicenow", RecordKind::FieldHistory), P15, "is not known");
}

#[test]
fn p16_a_lost_hotfix_fails_and_what_was_taken_back_is_not_lost() {
    let lost = sound().missing(&["h1"]);
    fails(&lost, P16, "among them h1");
    let reverted = sound().missing(&["h1", "h2"]).commit(REPO, "h1", "Hotfix").commit(
        REPO,
        "h2",
        "Revert \"Hotfix\"\n\nThis reverts commit h1.",
    );
    passes(&reverted, P16);
    let again = reverted.missing(&["h1", "h2", "h3"]).commit(REPO, "h3", "Again\n\nThis reverts commit h2.");
    fails(&again, P16, "among them h1");
    let picked = sound().missing(&["h1"]).with_commit("c2", |commit| {
        commit.message = "Fix\n\n(cherry picked from commit h1)".into();
    });
    unknown(&picked, P16, "were brought over");
}

#[test]
fn witnesses_who_can_supply_and_until_when_stand_with_each() {
    let all = look(&sound());
    for predicate in all.iter().filter(|predicate| predicate.outcome == Outcome::Pass) {
        let told = predicate.checks.iter().any(|check| !check.evidence.is_empty());
        assert!(told, "{:?} has no witness", predicate.id);
    }
    let backout = all.iter().find(|predicate| predicate.id == P5).expect("a predicate");
    assert_eq!(backout.expires_at, Some(moment("2026-12-06T10:00:00Z")));
    let mut bare = sound();
    bare.records.test_reports.clear();
    bare.records.change_tasks.clear();
    for predicate in look(&bare).iter().filter(|one| one.phase == Phase::Before && one.outcome == Outcome::Fail) {
        assert!(predicate.checks.iter().any(|check| !check.acts.is_empty()), "{:?}", predicate.id);
    }
}
