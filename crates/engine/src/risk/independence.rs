//! Independence of author, approver and deployer, between persons and across systems: two accounts of one person are
//! one person. Who cannot be resolved makes a check UNKNOWN, never PASS.

use std::collections::BTreeSet;

use domain::{AccountId, AccountKind, ApprovalState, Outcome, PersonKey, Release, ReviewState, Stage, Text};

use crate::graph::{Index, ReleaseGraph};

/// One check of independence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Independence {
    /// Stable code.
    pub code: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub reason: Text,
}

/// Persons, and whether somebody among them could not be resolved to one.
#[derive(Debug, Default)]
struct Persons {
    known: BTreeSet<PersonKey>,
    unresolved: bool,
}

impl Persons {
    fn add(&mut self, person: Option<PersonKey>) {
        match person {
            Some(person) => drop(self.known.insert(person)),
            None => self.unresolved = true,
        }
    }
}

/// The checks of a release: approved by somebody else than its authors, deployed by somebody else, and each pull
/// request approved by somebody else after its last commit that is no merge.
pub fn independence(graph: &ReleaseGraph, release: Index<Release>) -> [Independence; 3] {
    let authors = authors(graph, release);
    [approved(graph, release, &authors), deployed(graph, release, &authors), reviewed(graph, release)]
}

/// The human behind an account; a machine hides one.
fn human(graph: &ReleaseGraph, account: &AccountId) -> Option<PersonKey> {
    let key = graph.account_people.get(account)?;
    let person = graph.people.by_id(key)?;
    (person.kind == AccountKind::Human).then(|| key.clone())
}

fn author(graph: &ReleaseGraph, commit: &domain::Commit) -> Option<PersonKey> {
    let by_account = commit.author_account.as_ref().and_then(|account| human(graph, account));
    by_account.or_else(|| graph.email_people.get(&*commit.author.email.to_lowercase()).cloned())
}

fn authors(graph: &ReleaseGraph, release: Index<Release>) -> Persons {
    let mut authors = Persons::default();
    for related in graph.release_commits.from(release) {
        let commit = graph.commits.get(related.index);
        if commit.parents.len() < 2 {
            authors.add(author(graph, commit));
        }
    }
    authors
}

fn verdict(code: &'static str, outcome: Outcome, reason: &str) -> Independence {
    Independence { code, outcome, reason: reason.into() }
}

fn approved(graph: &ReleaseGraph, release: Index<Release>, authors: &Persons) -> Independence {
    const CODE: &str = "APPROVER_IS_NOT_AUTHOR";
    let mut approvers = Persons::default();
    for related in graph.release_changes.from(release).filter(|related| related.link.supports()) {
        let change = &graph.changes.get(related.index).id;
        let given = graph.approvals_of(change).filter(|(_, approval)| approval.state == ApprovalState::Approved);
        for (_, approval) in given {
            approvers.add(approval.approver.as_ref().and_then(|account| human(graph, account)));
        }
    }
    let other = approvers.known.difference(&authors.known).next().is_some();
    match () {
        () if approvers.known.is_empty() && !approvers.unresolved => {
            verdict(CODE, Outcome::Unknown, "no approval of a change that carries it is known")
        }
        () if authors.known.is_empty() || authors.unresolved => {
            verdict(CODE, Outcome::Unknown, "not all of its authors could be resolved to persons")
        }
        () if other => verdict(CODE, Outcome::Pass, "approved by a person who wrote none of it"),
        () if approvers.unresolved => {
            verdict(CODE, Outcome::Unknown, "an approver could not be resolved to a person")
        }
        () => verdict(CODE, Outcome::Fail, "every approval is by a person who wrote part of it"),
    }
}

fn deployed(graph: &ReleaseGraph, release: Index<Release>, authors: &Persons) -> Independence {
    const CODE: &str = "DEPLOYER_IS_NOT_AUTHOR";
    let key = &graph.releases.get(release).key;
    let mut deployers = Persons::default();
    let mut attempts = 0;
    for (_, attempt) in graph.deployments_of(key) {
        let stage = graph.environments.by_id(&attempt.target.environment).map(|environment| environment.stage);
        if stage == Some(Stage::Production) {
            attempts += 1;
            let trigger = attempt.triggered_by.clone();
            deployers.add(trigger.filter(|person| {
                graph.people.by_id(person).is_some_and(|person| person.kind == AccountKind::Human)
            }));
        }
    }
    match () {
        () if attempts == 0 => verdict(CODE, Outcome::NotDue, "it has not been deployed to production"),
        () if !deployers.known.is_disjoint(&authors.known) => {
            verdict(CODE, Outcome::Fail, "a person who wrote part of it deployed it")
        }
        () if deployers.unresolved || authors.unresolved || authors.known.is_empty() => {
            verdict(CODE, Outcome::Unknown, "a machine's trigger or an author could not be resolved to a person")
        }
        () => verdict(CODE, Outcome::Pass, "deployed by a person who wrote none of it"),
    }
}

fn reviewed(graph: &ReleaseGraph, release: Index<Release>) -> Independence {
    const CODE: &str = "REVIEW_AFTER_LAST_COMMIT";
    let mut outcome = None;
    for related in graph.release_pull_requests.from(release) {
        let pull = graph.pull_requests.get(related.index);
        let commits = graph.pull_request_commits.from(related.index).map(|found| graph.commits.get(found.index));
        // A merge of the base brings nothing of the pull request's own.
        let own: Vec<_> = commits.filter(|commit| commit.parents.len() < 2).collect();
        let Some(last) = own.iter().map(|commit| commit.committer.at).max() else {
            outcome = Some(outcome.unwrap_or(Outcome::Pass).and(Outcome::Unknown));
            continue;
        };
        let mut writers = Persons::default();
        own.iter().for_each(|commit| writers.add(author(graph, commit)));
        let mut covered = Outcome::Fail;
        for review in pull.reviews.iter().filter(|review| review.state == ReviewState::Approved) {
            let late = review.submitted_at.is_some_and(|at| at >= last);
            match review.author.as_ref().and_then(|account| human(graph, account)) {
                Some(person) if late && !writers.known.contains(&person) && !writers.unresolved => {
                    covered = Outcome::Pass;
                }
                Some(person) if writers.known.contains(&person) => {}
                _ if late && covered == Outcome::Fail => covered = Outcome::Unknown,
                _ => {}
            }
        }
        if covered == Outcome::Fail && !pull.reviews_complete {
            covered = Outcome::Unknown;
        }
        outcome = Some(outcome.unwrap_or(Outcome::Pass).and(covered));
    }
    match outcome {
        Some(Outcome::Pass) => {
            verdict(CODE, Outcome::Pass, "each pull request was approved by another person after its last commit")
        }
        Some(Outcome::Fail) => {
            verdict(CODE, Outcome::Fail, "a pull request has no approval by another person after its last commit")
        }
        _ => verdict(CODE, Outcome::Unknown, "reviews, commits or persons of a pull request are not known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::{World, account};

    /// A release with one commit by Ada, and an approval by the account with this address in another system.
    fn check(approver: Option<&str>, expected: &str) {
        let mut world = World::new()
            .service("payments-api", "PAY")
            .tag("bank/payments-api", "v2.14.0", "c1")
            .commit("bank/payments-api", "c1", "Pay twice")
            .range("bank/payments-api", None, "v2.14.0", &["c1"])
            .change("CHG1", "Deploy payments-api 2.14.0", None);
        let person = |system: &str, native: &str, email: &str| {
            let mut account = account(system, native);
            account.email = Some(email.into());
            account
        };
        world.records.accounts.push(person("git", "ada", "ada@bank.example"));
        if let Some(email) = approver {
            world = world.approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"));
            let account = person("servicenow", "approver", email);
            world.records.approvals[0].approver = Some(account.id.clone());
            world.records.accounts.push(account);
        }
        let graph = world.graph();
        let key = domain::ReleaseKey::new("payments-api@2.14.0");
        let release = graph.releases.find(&key).expect("a release");
        let told = independence(&graph, release).map(|check| format!("{:?}", check.outcome));
        assert_eq!(told.join(" "), expected, "{approver:?}");
    }

    #[test]
    fn a_second_account_of_the_author_is_the_author() {
        check(Some("grace@bank.example"), "Pass NotDue Unknown");
        check(Some("ada@bank.example"), "Fail NotDue Unknown");
        check(None, "Unknown NotDue Unknown");
    }
}
