//! Would going there lose anything that runs? Only a complete range of commits between the two tells that nothing is lost.

use std::collections::BTreeSet;

use domain::{ConnectorId, Outcome, Placement, RecordKind, Release};

use super::ground::{Ground, seen};
use super::judgement::{Act, ActCode, Check, CheckCode};
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
    let running = ground.running(service);
    let dark = ground.dark(&[RecordKind::RuntimeObservation], &ground.monitoring(service));
    let checks = running.iter().filter(|placed| placed.release.as_ref() != Some(&ground.release.key));
    let worst = checks.map(|placed| one(ground, placed)).min_by_key(|check| match check.outcome {
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

fn one(ground: &Ground<'_>, placed: &Placement) -> Check {
    let (graph, new) = (ground.graph, &ground.release.key);
    let Some(old_index) = placed.release.as_ref().and_then(|key| graph.releases.find(key)) else {
        let reason = format!("What runs in {} is none of the known releases.", placed.target);
        return unknown(ground, reason).resting_on([seen("It runs", &placed.source)]);
    };
    let compared = graph.release_comparisons.iter().filter(|row| row.from == old_index && row.to == ground.index);
    let old = &graph.releases.get(old_index).key;
    let compared: Vec<&ReleaseComparison> = compared.collect();
    let evidence = compared
        .iter()
        .map(|row| seen(format!("{} commits of {old} are missing in {new}", row.lost.len()), &row.source));
    let lost: Vec<&str> = compared.iter().flat_map(|row| &row.lost).map(|sha| &**sha).collect();
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
    match keeps_all(graph, old_index, ground.index) {
        true => {
            let reason = format!("{new} has all commits of {old}, which runs in {}.", placed.target);
            Check::before(CODE, Outcome::Pass, reason).resting_on(evidence)
        }
        false => unknown(ground, format!("Not all commits between {old}, which runs, and {new} were read.")),
    }
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
