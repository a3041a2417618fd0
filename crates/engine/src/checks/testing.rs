//! Did the suites pass for what is deployed? All attempts are witnesses: a suite that was run until it was green did
//! not pass. Where a vendor tests, its attestation and our test of its configuration count.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AliasScheme, ChangeTask, ChangeTaskState, CloseCode, Evidence, Outcome, PipelineRun, RecordKind, TestReport,
    Text,
};

use super::case::Case;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check};

const CODE: CheckCode = CheckCode::Tested;

pub(super) fn check(case: &Case<'_>) -> Check {
    if !case.has_code() {
        return attested(case);
    }
    let gaps = case.code_gaps(&[RecordKind::TestReport]);
    let check = by_reports(case).despite(gaps);
    let detail =
        format!("Run the tests for what is deployed of {}, and publish their reports", case.ground.release.key);
    acted(case, check, detail)
}

fn acted(case: &Case<'_>, check: Check, detail: String) -> Check {
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let by = case.ground.owner(&case.ground.release.service);
    check.resolved_by(vec![Act::new(ActCode::Record, detail, by)])
}

/// Reports about one thing that is deployed: of its digests, or of the commit that it was built from.
fn reports<'a>(case: &Case<'a>, digest: &Text) -> Vec<&'a TestReport> {
    let family = case.family(digest);
    let mut built: BTreeSet<&Text> =
        case.artifacts(digest).into_iter().filter_map(|artifact| artifact.commit.as_ref()).collect();
    // Where nothing tells what it was built from, and nothing else goes by the release's name, it is the release's tag.
    if built.is_empty() && !case.artifacts(digest).is_empty() && case.digests().len() == 1 {
        let aliases = case.ground.release.aliases.iter();
        built.extend(aliases.filter(|alias| alias.scheme == AliasScheme::Commit).map(|alias| &alias.value));
    }
    let all = case.graph().test_reports.iter();
    all.filter(|report| family.contains(&report.subject) || built.contains(&report.subject)).collect()
}

fn by_reports(case: &Case<'_>) -> Check {
    let digests = case.digests();
    if digests.is_empty() {
        return Check::before(
            CODE,
            Outcome::Unknown,
            "No digest tells what would be deployed, so no report is about it.",
        );
    }
    let (mut outcome, mut reasons, mut evidence) = (Outcome::NotApplicable, BTreeSet::new(), Vec::new());
    for digest in digests {
        let told = reports(case, digest);
        evidence.extend(told.iter().map(|report| witness(report)));
        for (found, reason) in judge(case, digest, &told) {
            outcome = outcome.and(found);
            reasons.insert((found, reason));
        }
    }
    let told: Vec<String> =
        reasons.into_iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason).collect();
    Check::before(CODE, outcome, told.join(" ")).resting_on(evidence)
}

fn witness(report: &TestReport) -> Evidence {
    let summary =
        format!("{}: {} run, {} failed, {} skipped", report.suite, report.executed, report.failed, report.skipped);
    let mut evidence = seen(summary, &report.source);
    evidence.observed_at = report.finished_at.or(evidence.observed_at);
    evidence
}

fn judge(case: &Case<'_>, digest: &Text, told: &[&TestReport]) -> Vec<(Outcome, String)> {
    let is_test = |suite: &str| {
        let suite = suite.to_lowercase();
        !case.terms.no_suites.iter().any(|word| suite.contains(&*word.to_lowercase()))
    };
    let mut suites: BTreeMap<&str, Vec<&TestReport>> = BTreeMap::new();
    // What has run nothing is no test. A report of coverage is one of those.
    for report in told.iter().filter(|report| is_test(&report.suite)) {
        suites.entry(&report.suite).or_default().push(report);
    }
    let named: Vec<&str> = match case.terms.suites.as_slice() {
        [] => suites
            .iter()
            .filter(|(_, runs)| runs.iter().any(|run| run.executed > 0))
            .map(|(name, _)| *name)
            .collect(),
        named => named.iter().map(|name| &**name).collect(),
    };
    if named.is_empty() {
        return vec![(Outcome::Unknown, format!("No suite is known to have run for {digest}."))];
    }
    named
        .into_iter()
        .map(|suite| one(case, (suite, digest), suites.get(suite).map_or(&[], Vec::as_slice)))
        .collect()
}

fn one(case: &Case<'_>, (suite, digest): (&str, &Text), runs: &[&TestReport]) -> (Outcome, String) {
    let failed = runs.iter().filter(|run| run.failed > 0).count();
    let in_time = |run: &&&TestReport| run.finished_at.is_some_and(|finished| finished <= case.at);
    let passed = runs.iter().filter(|run| run.failed == 0 && run.executed > 0).filter(in_time).count();
    match (failed, passed) {
        (0, 0) if runs.iter().any(|run| run.executed > 0) => {
            (Outcome::Unknown, format!("{suite} has not finished for {digest} before the start."))
        }
        (0, 0) => (Outcome::Unknown, format!("{suite} is not known to have run a test of {digest}.")),
        (0, _) => match unread_attempt(case, runs) {
            Some(attempt) => {
                (Outcome::Unknown, format!("What {suite} said of {digest} in attempt {attempt} is not known."))
            }
            None => (Outcome::Pass, format!("{suite} passed for {digest}.")),
        },
        (failed, 0) => (Outcome::Fail, format!("{suite} failed for {digest} in {failed} runs.")),
        (failed, _) => (
            Outcome::Fail,
            format!(
                "{suite} failed for {digest} in {failed} runs before it passed: run until green is not passed."
            ),
        ),
    }
}

/// The first attempt of a run whose report of this suite is missing.
fn unread_attempt(case: &Case<'_>, reports: &[&TestReport]) -> Option<u32> {
    let graph = case.graph();
    let runs: Vec<&PipelineRun> =
        reports.iter().filter_map(|report| graph.pipeline_runs.by_id(&report.run)).collect();
    let told = |run: &PipelineRun, attempt| {
        runs.iter().any(|other| other.attempt == attempt && other.name == run.name && other.commit == run.commit)
    };
    runs.iter().find_map(|run| (1..run.attempt).find(|attempt| !told(run, *attempt)))
}

/// The evidence of what others build: their attestation, and our own test of its configuration.
fn attested(case: &Case<'_>) -> Check {
    let gaps = case.ground.missing(&[RecordKind::Change, RecordKind::ChangeTask], &case.ground.itsm());
    let tasks = || {
        let all = case.graph().change_tasks.iter().map(|(_, task)| task);
        all.filter(|task| case.changes().any(|change| task.change.as_ref() == Some(&change.id)))
    };
    let about = |words: [&str; 2]| -> Vec<&ChangeTask> {
        let named = tasks().filter(|task| {
            let text = task.short_description.as_deref().unwrap_or_default().to_lowercase();
            words.iter().all(|word| text.contains(word))
        });
        named.collect()
    };
    let (mut outcome, mut reasons, mut evidence) = (Outcome::NotApplicable, Vec::new(), Vec::new());
    for (what, found) in [
        ("an attestation of the vendor", about(["attestation", ""])),
        ("a test of its configuration", about(["configuration", "test"])),
    ] {
        evidence.extend(found.iter().map(|task| {
            seen(
                format!("{}: {}", task.number, task.short_description.as_deref().unwrap_or_default()),
                &task.source,
            )
        }));
        let (one, reason) = task_outcome(case, what, &found);
        outcome = outcome.and(one);
        reasons.push((one, reason));
    }
    let told: Vec<String> =
        reasons.into_iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason).collect();
    let check = Check::before(CODE, outcome, told.join(" ")).resting_on(evidence).despite(gaps);
    let detail = "Record the vendor's attestation and our test of the configuration as closed tasks of the change";
    acted(case, check, detail.to_owned())
}

fn task_outcome(case: &Case<'_>, what: &str, tasks: &[&ChangeTask]) -> (Outcome, String) {
    let failed = |task: &&&ChangeTask| task.close_code == Some(CloseCode::Unsuccessful);
    let done = |task: &&&ChangeTask| {
        task.state == ChangeTaskState::Closed && task.closed_at.is_some_and(|closed| closed <= case.at)
    };
    match () {
        () if tasks.iter().any(|task| failed(&task)) => (Outcome::Fail, format!("The task for {what} failed.")),
        () if tasks.iter().any(|task| done(&task)) => (Outcome::Pass, format!("There is {what}.")),
        () => (Outcome::Unknown, format!("There is no record of {what} that is done.")),
    }
}
