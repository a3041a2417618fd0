//! Was each commit that it brings reviewed by somebody else, after its last change? What joins two lines keeps the
//! reviews of both; of a commit that says it was picked from another nobody can tell here whether it is the same.

use std::collections::BTreeSet;

use domain::{Commit, Evidence, Outcome, PersonKey, PullRequest, RecordKind, Review, ReviewState};

use super::case::{Case, Who};
use super::code::CheckCode;
use super::ground::seen;
use super::independent::{addresses, author, co_authors};
use super::judgement::{Act, ActCode, Check};
use crate::graph::Index;

const CODE: CheckCode = CheckCode::Reviewed;

/// So many commits without a review are named.
const NAMED: usize = 3;

pub(super) fn check(case: &Case<'_>) -> Check {
    if !case.has_code() {
        let reason =
            format!("{} has no repository: others review what it is built from.", case.ground.release.service);
        return Check::before(CODE, Outcome::NotApplicable, reason);
    }
    let runtime = case.ground.monitoring(&case.ground.release.service);
    let mut gaps = case.code_gaps(&[RecordKind::Commit, RecordKind::Tag]);
    gaps.extend(case.ground.dark(&[RecordKind::PullRequest], &case.forges()));
    gaps.extend(case.ground.dark(&[RecordKind::RuntimeObservation], &runtime));
    let check = match case.brought() {
        Err(why) => Check::before(CODE, Outcome::Unknown, why),
        Ok(commits) => of_commits(case, &commits),
    };
    let check = check.despite(gaps);
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let detail = format!("Let somebody else review what {} brings", case.ground.release.key);
    let by = case.ground.owner(&case.ground.release.service);
    check.resolved_by(vec![Act::new(ActCode::Record, detail, by)])
}

fn of_commits(case: &Case<'_>, commits: &[&Commit]) -> Check {
    let own: Vec<&Commit> = commits.iter().copied().filter(|commit| commit.parents.len() < 2).collect();
    let mut outcome = Outcome::Pass;
    let (mut open, mut evidence): (Vec<(Outcome, String)>, BTreeSet<Evidence>) = (Vec::new(), BTreeSet::new());
    for commit in &own {
        let reviewed = one(case, commit);
        outcome = outcome.and(reviewed.outcome);
        evidence.extend(reviewed.evidence);
        if reviewed.outcome != Outcome::Pass {
            open.push((reviewed.outcome, reviewed.reason));
        }
    }
    let reason = match outcome {
        Outcome::Pass => format!("All {} commits that it brings were reviewed by somebody else.", own.len()),
        _ => {
            let worst: Vec<&str> =
                open.iter().filter(|(found, _)| *found == outcome).map(|(_, why)| why.as_str()).collect();
            let told = worst.iter().take(NAMED).copied().collect::<Vec<_>>().join(" ");
            match worst.len().saturating_sub(NAMED) {
                0 => told,
                more => format!("{told} And {more} more."),
            }
        }
    };
    Check::before(CODE, outcome, reason).resting_on(evidence)
}

/// Whether one commit, or one pull request, was reviewed.
struct Reviewed {
    outcome: Outcome,
    reason: String,
    evidence: Vec<Evidence>,
}

impl Reviewed {
    fn new(outcome: Outcome, reason: String) -> Self {
        Self { outcome, reason, evidence: Vec::new() }
    }
}

fn one(case: &Case<'_>, commit: &Commit) -> Reviewed {
    let graph = case.graph();
    let Some(index) = graph.commits.find(&commit.id) else {
        return Reviewed::new(Outcome::Unknown, format!("{} was not read.", commit.sha));
    };
    let linked = graph.pull_request_commits.to(index).filter(|related| related.link.supports());
    let requests: BTreeSet<Index<PullRequest>> = linked.map(|related| related.index).collect();
    let found: Vec<Reviewed> = requests
        .into_iter()
        .map(|request| of_request(case, (commit, graph.pull_requests.get(request))))
        .chain(by_trailer(case, commit))
        .collect();
    let best = found.into_iter().min_by_key(|reviewed| match reviewed.outcome {
        Outcome::Pass => 0,
        Outcome::Unknown => 1,
        _ => 2,
    });
    let reads = |forge: &domain::ConnectorId| {
        graph.readers.get(&RecordKind::PullRequest).is_some_and(|readers| readers.contains(forge))
    };
    match best {
        Some(best) if best.outcome != Outcome::Fail => best,
        best if commit.message.contains("cherry picked from commit ") => {
            let reason = format!(
                "{} says that it was picked from another; whether it is the same cannot be told.",
                commit.sha
            );
            Reviewed {
                evidence: best.map(|best| best.evidence).unwrap_or_default(),
                ..Reviewed::new(Outcome::Unknown, reason)
            }
        }
        Some(best) => best,
        None if reads(&commit.id.0.connector) => {
            Reviewed::new(Outcome::Fail, format!("{} came without a pull request.", commit.sha))
        }
        None => Reviewed::new(Outcome::Unknown, format!("Nothing tells who reviewed {}.", commit.sha)),
    }
}

fn of_request(case: &Case<'_>, (commit, request): (&Commit, &PullRequest)) -> Reviewed {
    let graph = case.graph();
    let number = request.number;
    let index = graph.pull_requests.find(&request.id);
    let linked = index.into_iter().flat_map(|index| graph.pull_request_commits.from(index));
    let commits = linked.map(|related| graph.commits.get(related.index)).filter(|own| own.parents.len() < 2);
    let own: Vec<&Commit> = commits.chain([commit]).collect();
    let mut writers: BTreeSet<PersonKey> = BTreeSet::new();
    let mut unresolved = false;
    for who in own.iter().map(|own| author(case, own)).chain(request.author.as_ref().map(|id| case.who(id))) {
        match who {
            Who::Human(person) => drop(writers.insert(person)),
            Who::Machine => {}
            Who::Nobody => unresolved = true,
        }
    }
    writers.extend(own.iter().flat_map(|own| co_authors(own)).filter_map(|email| case.by_email(email)));
    // Squashed or rebased by the author: what was reviewed is the branch's last commit, not when the main line got it.
    let in_branch = |own: &&&Commit| request.commits.is_empty() || request.commits.contains(&own.sha);
    let last = own.iter().filter(in_branch).map(|own| own.committer.at).max();
    let mut outcome = Outcome::Fail;
    let mut evidence = Vec::new();
    for review in latest(&request.reviews) {
        let late = match (&review.commit, &request.head_commit) {
            (Some(looked_at), Some(head)) if looked_at == head => true,
            _ => review.submitted_at.zip(last).is_some_and(|(at, last)| at >= last),
        };
        let person = review.author.as_ref().map(|account| case.who(account));
        let found = match person {
            Some(Who::Human(person)) if writers.contains(&person) => Outcome::Fail,
            Some(Who::Human(_)) if late && !unresolved => Outcome::Pass,
            Some(Who::Human(_)) | Some(Who::Nobody) | None if late => Outcome::Unknown,
            _ => Outcome::Fail,
        };
        if found == Outcome::Pass {
            evidence.push(seen(format!("#{number} was approved by another person"), &request.source));
        }
        outcome = match (outcome, found) {
            (Outcome::Pass, _) | (_, Outcome::Pass) => Outcome::Pass,
            (Outcome::Unknown, _) | (_, Outcome::Unknown) => Outcome::Unknown,
            _ => Outcome::Fail,
        };
    }
    if outcome == Outcome::Fail && !request.reviews_complete {
        outcome = Outcome::Unknown;
    }
    let reason = match outcome {
        Outcome::Pass => format!("#{number} was reviewed."),
        Outcome::Unknown => format!("Who reviewed #{number}, and what of it, is not known in full."),
        _ => format!("#{number} has no approval by another person after its last commit ({}).", commit.sha),
    };
    Reviewed { evidence, ..Reviewed::new(outcome, reason) }
}

/// The reviews that say yes and are their author's last word; comments change no mind.
fn latest(reviews: &[Review]) -> Vec<&Review> {
    let says = |review: &&Review| !matches!(review.state, ReviewState::Commented | ReviewState::Pending);
    let later = |review: &Review| {
        reviews.iter().filter(says).any(|other| {
            other.author == review.author
                && other.state != ReviewState::Approved
                && other.submitted_at > review.submitted_at
        })
    };
    reviews.iter().filter(|review| review.state == ReviewState::Approved && !later(review)).collect()
}

/// A repository without pull requests: trailers `Reviewed-by`, which the commit's own author may have typed.
fn by_trailer(case: &Case<'_>, commit: &Commit) -> Option<Reviewed> {
    let readers = case.graph().readers.get(&RecordKind::PullRequest);
    if readers.is_some_and(|readers| readers.contains(&commit.id.0.connector)) {
        return None;
    }
    let reviewers: Vec<PersonKey> =
        addresses(commit, "Reviewed-by").filter_map(|email| case.by_email(email)).collect();
    if reviewers.is_empty() {
        return None;
    }
    let mut writers: BTreeSet<PersonKey> = co_authors(commit).filter_map(|email| case.by_email(email)).collect();
    match author(case, commit) {
        Who::Human(person) => drop(writers.insert(person)),
        Who::Machine => {}
        Who::Nobody => {
            return Some(Reviewed::new(Outcome::Unknown, format!("Who wrote {} cannot be resolved.", commit.sha)));
        }
    }
    let other = reviewers.iter().find(|reviewer| !writers.contains(reviewer));
    Some(match other {
        Some(reviewer) => {
            let evidence =
                seen(format!("{} is signed as reviewed by {}", commit.sha, case.name(reviewer)), &commit.source);
            Reviewed { evidence: vec![evidence], ..Reviewed::new(Outcome::Pass, String::new()) }
        }
        None => Reviewed::new(Outcome::Fail, format!("{} was reviewed by its author alone.", commit.sha)),
    })
}
