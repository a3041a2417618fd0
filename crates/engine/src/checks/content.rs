//! Would going there lose anything that runs? Only a complete range of commits between the two tells that nothing is lost.

use std::collections::BTreeSet;

use domain::{Commit, ConnectorId, Outcome, RecordKind, Release};

use super::code::CheckCode;
use super::ground::{Ground, Left, seen};
use super::judgement::{Act, ActCode, Check};
use crate::graph::{Index, ReleaseComparison, ReleaseGraph};

const CODE: CheckCode = CheckCode::CommitsKept;

pub(super) fn check(ground: &Ground<'_>) -> Check {
    let repositories = ground.service.map(|service| service.sources.repositories.as_slice()).unwrap_or_default();
    if repositories.is_empty() {
        let reason = format!("{} has no repository.", ground.release.service);
        return Check::before(CODE, Outcome::NotApplicable, reason);
    }
    let owners: BTreeSet<ConnectorId> = repositories.iter().map(|source| source.connector.clone()).collect();
    let code = ground.missing(&[RecordKind::Commit, RecordKind::Tag], &owners);
    let service = &ground.release.service;
    let running = ground.left(service);
    let dark = ground.dark(&[RecordKind::RuntimeObservation], &ground.monitoring(service));
    let checks = running.iter().filter(|left| left.release != Some(&ground.release.key));
    let worst = checks.map(|left| one(ground, left)).min_by_key(|check| match check.outcome {
        Outcome::Fail => 0,
        Outcome::Unknown => 1,
        _ => 2,
    });
    let nothing = || {
        let reason = match running.is_empty() {
            true => format!("Nothing of {service} runs in {} that could be lost.", ground.target),
            false => format!("{} runs in {} already.", ground.release.key, ground.target),
        };
        Check::before(CODE, Outcome::Pass, reason)
    };
    worst.unwrap_or_else(nothing).despite(code.into_iter().chain(dark).collect())
}

fn one(ground: &Ground<'_>, placed: &Left<'_>) -> Check {
    let (graph, new) = (ground.graph, &ground.release.key);
    let Some(old_index) = placed.release.and_then(|key| graph.releases.find(key)) else {
        let reason = format!("What runs in {} is none of the known releases.", placed.target);
        return unknown(ground, reason).resting_on(placed.source.map(|source| seen("It runs", source)));
    };
    let compared = graph.release_comparisons.iter().filter(|row| row.from == old_index && row.to == ground.index);
    let old = &graph.releases.get(old_index).key;
    let compared: Vec<&ReleaseComparison> = compared.collect();
    let evidence = compared
        .iter()
        .map(|row| seen(format!("{} commits of {old} are missing in {new}", row.lost.len()), &row.source));
    let lost: Vec<&str> = compared.iter().flat_map(|row| &row.lost).map(|sha| &**sha).collect();
    let (lost, picked) = really_lost(ground, &lost);
    if let (Some(first), true) = (lost.first(), lost.iter().all(|sha| picked.contains(sha))) {
        let reason = format!(
            "{} commits of {old}, which runs in {}, are not in {new}; its commits say that they were brought over, \
             among them {first}, but whether they are the same cannot be told.",
            lost.len(),
            placed.target
        );
        return unknown(ground, reason).resting_on(evidence);
    }
    if let Some(first) = lost.first() {
        let reason = format!(
            "{} commits of {old}, which runs in {}, are missing in {new}, among them {first}.",
            lost.len(),
            placed.target
        );
        let act = Act::new(
            ActCode::MergeCommits,
            format!("Bring what {old} has, among it {first}, into {new} and build it again"),
            ground.owner(&ground.release.service),
        );
        let mut check = Check::before(CODE, Outcome::Fail, reason).resting_on(evidence).resolved_by(vec![act]);
        check.release = Some(old.clone());
        return check;
    }
    let all_taken_back = !compared.is_empty() && compared.iter().all(|row| row.complete);
    match keeps_all(graph, old_index, ground.index) || all_taken_back {
        true => {
            let reason = format!("{new} has all commits of {old}, which runs in {}.", placed.target);
            Check::before(CODE, Outcome::Pass, reason).resting_on(evidence)
        }
        false => unknown(ground, format!("Not all commits between {old}, which runs, and {new} were read.")),
    }
}

/// Without those that were taken back on the way, by a commit that says so and is not brought along either; and those
/// of the rest that a commit of the release says it brings over.
fn really_lost<'a>(ground: &Ground<'_>, lost: &[&'a str]) -> (Vec<&'a str>, BTreeSet<&'a str>) {
    let graph = ground.graph;
    let shas: BTreeSet<&str> = lost.iter().copied().collect();
    let gone = graph.commits.iter().map(|(_, commit)| commit).filter(|commit| shas.contains(&*commit.sha));
    let gone: Vec<&Commit> = if shas.is_empty() { Vec::new() } else { gone.collect() };
    let undone: BTreeSet<&str> =
        lost.iter().filter_map(|sha| Some([*sha, taken_back_by(&gone, sha, lost.len())?])).flatten().collect();
    let own = || graph.release_commits.from(ground.index).map(|related| graph.commits.get(related.index));
    let left: Vec<&str> = lost.iter().copied().filter(|sha| !undone.contains(sha)).collect();
    let is_picked = |sha: &&&str| own().any(|commit| names(&commit.message, "cherry picked from commit ", sha));
    let picked = left.iter().filter(is_picked).copied().collect();
    (left, picked)
}

/// The commit that takes this one back, unless it was itself taken back.
fn taken_back_by<'a>(gone: &[&'a Commit], sha: &str, depth: usize) -> Option<&'a str> {
    let after = depth.checked_sub(1)?;
    let mut all = gone.iter().filter(|commit| names(&commit.message, "This reverts commit ", sha));
    let standing = all.find(|commit| taken_back_by(gone, &commit.sha, after).is_none())?;
    Some(&standing.sha)
}

/// Does a message name this commit after these words?
fn names(message: &str, words: &str, sha: &str) -> bool {
    message.split(words).skip(1).any(|rest| rest.starts_with(sha))
}

/// Does a chain of complete ranges lead from one release to the other, each without a loss?
fn keeps_all(graph: &ReleaseGraph, from: Index<Release>, to: Index<Release>) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut ahead = vec![from];
    while let Some(at) = ahead.pop() {
        if at == to {
            return true;
        }
        let start = graph.release_comparisons.partition_point(|row| row.from < at);
        let next = graph.release_comparisons.iter().skip(start).take_while(|row| row.from == at);
        let whole = next.filter(|row| row.complete && row.lost.is_empty());
        ahead.extend(whole.map(|row| row.to).filter(|release| seen.insert(*release)));
    }
    false
}

fn unknown(ground: &Ground<'_>, reason: String) -> Check {
    let act = Act::new(
        ActCode::Record,
        format!("Tag {} and what runs, so that their commits can be compared", ground.release.key),
        ground.owner(&ground.release.service),
    );
    Check::before(CODE, Outcome::Unknown, reason).resolved_by(vec![act])
}
