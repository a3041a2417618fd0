//! Did it go through the stages before, and is it the same thing still? The digest that passed there is the digest that
//! goes on, and the stage was configured as the release expects. Digests of one manifest family are one thing.

use std::collections::BTreeSet;

use domain::{
    DeploymentOutcome, Environment, Evidence, Outcome, RecordKind, ServiceKind, Target, TargetStatus, Text,
};

use super::case::Case;
use super::code::CheckCode;
use super::ground::{meet, seen};
use super::judgement::{Act, ActCode, Check};

pub(super) fn check(case: &Case<'_>) -> Vec<Check> {
    vec![promoted(case), same_artifact(case)]
}

/// The stage right before.
fn before<'a>(case: &Case<'a>) -> Option<&'a Environment> {
    let graph = case.graph();
    let here = graph.environments.by_id(&case.ground.target.environment)?;
    graph.environments.by_id(here.after.as_ref()?)
}

/// The stages before, nearest first. A circle of stages ends where it began.
fn stages<'a>(case: &Case<'a>) -> Vec<&'a Environment> {
    let graph = case.graph();
    let mut found: Vec<&Environment> = Vec::new();
    let mut next = before(case);
    while let Some(stage) = next.filter(|stage| !found.iter().any(|known| known.key == stage.key)) {
        found.push(stage);
        next = stage.after.as_ref().and_then(|key| graph.environments.by_id(key));
    }
    found
}

fn gaps(case: &Case<'_>) -> Vec<domain::Gap> {
    let service = &case.ground.release.service;
    let mut owners = case.ground.monitoring(service);
    let mut gaps = case.ground.dark(&[RecordKind::RuntimeObservation], &owners);
    owners.extend(case.forges());
    gaps.extend(case.ground.dark(&[RecordKind::Deployment], &owners));
    gaps
}

fn promoted(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::Promoted;
    let stages = stages(case);
    if stages.is_empty() {
        let reason = format!("No stage comes before {}.", case.ground.target);
        return Check::before(CODE, Outcome::NotApplicable, reason);
    }
    let mut gaps = gaps(case);
    // What was never seen there may have been there while nobody looked; what failed there has failed.
    let unseen = if gaps.is_empty() { Outcome::Fail } else { Outcome::Unknown };
    let (mut outcome, mut reasons, mut evidence) = (Outcome::NotApplicable, Vec::new(), Vec::new());
    for stage in stages {
        let target = Target::of(&stage.key);
        let states = case.ground.release.targets.iter().filter(|state| meet(&state.target, &target));
        let states: Vec<_> = states.collect();
        let found = states.iter().fold(Outcome::NotApplicable, |all, state| all.and(stood(state.status, unseen)));
        let runs = running_in(case, &target);
        let found = match (states.is_empty(), runs.is_empty()) {
            (false, _) => found,
            // Whoever put it there, it runs there.
            (true, false) => Outcome::Pass,
            (true, true) => unseen,
        };
        evidence.extend(runs);
        let place = &stage.key;
        let reason = match found {
            Outcome::Pass => format!("It went through {place}."),
            Outcome::Unknown => format!("Whether it passed {place} is not known."),
            _ if states.is_empty() => format!("It was never in {place}."),
            _ => {
                let told: Vec<String> = states.iter().map(|state| format!("{:?}", state.status)).collect();
                format!("It did not pass {place}: {}.", told.join(", "))
            }
        };
        evidence.extend(states.iter().flat_map(|state| state.evidence.iter().cloned()));
        outcome = outcome.and(found);
        reasons.push((found, reason));
    }
    let told: Vec<&str> =
        reasons.iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason.as_str()).collect();
    let mut check = Check::before(CODE, outcome, told.join(" ")).resting_on(evidence);
    if check.outcome == Outcome::Pass {
        check = check.despite(std::mem::take(&mut gaps));
    }
    resolved(case, check, gaps)
}

/// Where it is seen running in a stage.
fn running_in(case: &Case<'_>, stage: &Target) -> Vec<Evidence> {
    let release = case.ground.release;
    let placed = case.graph().placements.get(&release.service).into_iter().flatten();
    let there =
        placed.filter(|placed| meet(&placed.target, stage) && placed.release.as_ref() == Some(&release.key));
    there.map(|placed| seen(format!("It runs in {}", placed.target), &placed.source)).collect()
}

fn stood(status: TargetStatus, unseen: Outcome) -> Outcome {
    match status {
        TargetStatus::Deployed | TargetStatus::Validated | TargetStatus::Transitioned => Outcome::Pass,
        TargetStatus::NotStarted | TargetStatus::Deploying => unseen,
        TargetStatus::Failed | TargetStatus::RolledBack => Outcome::Fail,
    }
}

fn resolved(case: &Case<'_>, mut check: Check, gaps: Vec<domain::Gap>) -> Check {
    check.gaps.extend(gaps);
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let stage = before(case).map_or_else(|| "the stage before".to_owned(), |stage| stage.key.to_string());
    let detail = format!("Deploy what goes on of {} to {stage} and let it pass there", case.ground.release.key);
    let by = case.ground.owner(&case.ground.release.service);
    check.resolved_by(vec![Act::new(ActCode::Record, detail, by)])
}

/// Digests of this release that were seen in a stage, with where.
fn seen_in(case: &Case<'_>, stage: &Target) -> Vec<(Text, Evidence)> {
    let (graph, release) = (case.graph(), case.ground.release);
    let mut found = Vec::new();
    for placed in graph.placements.get(&release.service).into_iter().flatten() {
        if meet(&placed.target, stage) && placed.release.as_ref() == Some(&release.key) {
            let digest = placed.digest.clone();
            found.extend(digest.map(|digest| {
                let told = seen(format!("{digest} runs in {}", placed.target), &placed.source);
                (digest, told)
            }));
        }
    }
    for (_, attempt) in graph.deployments_of(&release.key) {
        if meet(&attempt.target, stage)
            && attempt.outcome == DeploymentOutcome::Succeeded
            && let (Some(digest), Some(source)) = (&attempt.digest, attempt.sources.first())
        {
            found.push((digest.clone(), seen(format!("{digest} was deployed to {}", attempt.target), source)));
        }
    }
    found
}

fn same_artifact(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::SameArtifact;
    let Some(stage) = before(case) else {
        return Check::before(
            CODE,
            Outcome::NotApplicable,
            format!("No stage comes before {}.", case.ground.target),
        );
    };
    let kind = case.ground.service.map(|service| service.kind);
    if case.digests().is_empty() && matches!(kind, Some(ServiceKind::Saas | ServiceKind::Infrastructure)) {
        return Check::before(CODE, Outcome::NotApplicable, "Nothing with a digest is installed.");
    }
    let there = seen_in(case, &Target::of(&stage.key));
    let going: Vec<(Text, BTreeSet<Text>)> =
        case.digests().into_iter().map(|digest| (digest.clone(), case.family(digest))).collect();
    let passed: BTreeSet<&Text> = there.iter().map(|(digest, _)| digest).collect();
    let foreign: Vec<&Text> =
        passed.iter().copied().filter(|digest| !going.iter().any(|(_, family)| family.contains(*digest))).collect();
    let missing: Vec<&Text> = going
        .iter()
        .filter(|(_, family)| !family.iter().any(|digest| passed.contains(digest)))
        .map(|(digest, _)| digest)
        .collect();
    let list = |digests: &[&Text]| digests.iter().map(|digest| &***digest).collect::<Vec<_>>().join(", ");
    let place = &stage.key;
    let (outcome, reason) = match (going.is_empty(), there.is_empty()) {
        (true, true) if !case.has_code() => {
            return Check::before(
                CODE,
                Outcome::NotApplicable,
                "Its vendor's package has no digest that anything tells.",
            );
        }
        (true, _) => (Outcome::Unknown, "No digest tells what would be deployed.".to_owned()),
        (false, true) => (Outcome::Unknown, format!("No digest tells what of it was in {place}.")),
        // What is only known because it ran there is the same as what ran there, whatever was built.
        _ if foreign.is_empty() && missing.is_empty() && !case.is_told_by_builds() => (
            Outcome::Unknown,
            format!("What goes on is known only from what ran in {place}, not from what was built."),
        ),
        _ if foreign.is_empty() && missing.is_empty() => (
            Outcome::Pass,
            format!(
                "What goes on is what passed {place}: {}.",
                list(&going.iter().map(|(digest, _)| digest).collect::<Vec<_>>())
            ),
        ),
        _ => (
            Outcome::Fail,
            format!(
                "What goes on is not what passed {place}, though it has the same version: {} goes on, {} passed.",
                list(&going.iter().map(|(digest, _)| digest).collect::<Vec<_>>()),
                list(&passed.iter().copied().collect::<Vec<_>>())
            ),
        ),
    };
    let mut gaps = gaps(case);
    gaps.extend(case.ground.dark(&[RecordKind::Artifact], &case.forges()));
    let mut check = Check::before(CODE, outcome, reason).resting_on(there.into_iter().map(|(_, told)| told));
    if check.outcome == Outcome::Pass {
        check = check.despite(std::mem::take(&mut gaps));
    }
    resolved(case, check, gaps)
}
