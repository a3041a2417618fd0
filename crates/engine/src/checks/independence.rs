//! Independence of author, approver and deployer, between persons and across systems: two accounts of one person are
//! one person. A machine's work is nobody's own; who cannot be resolved makes a check UNKNOWN, never PASS.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountKind, Approval, ApprovalState, Change, ChangeState, Commit, Outcome, PersonKey, Phase,
    PullRequest, Release, Review, ReviewState, ServiceKind, Stage,
};

use super::authority::template_in_force;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check, Party};
use crate::graph::{Index, ReleaseGraph};

/// Approved, deployed and reviewed by somebody else: three checks of a release, whatever its risk. What is missing
/// from a system that was not read is UNKNOWN because the persons or records are not there; nothing is assumed.
pub fn independence(graph: &ReleaseGraph, release: Index<Release>) -> [Check; 3] {
    let desk = Desk { graph, release };
    let writers = desk.writers();
    [desk.approved(&writers), desk.deployed(&writers), desk.reviewed()]
}

/// Persons, and whether somebody among them could not be resolved to one.
#[derive(Debug, Default)]
struct Persons {
    known: BTreeSet<PersonKey>,
    unresolved: bool,
}

/// Who stands behind an account or an address.
enum Behind {
    Human(PersonKey),
    Machine,
    Nobody,
}

impl Persons {
    fn add(&mut self, behind: Behind) {
        match behind {
            Behind::Human(person) => drop(self.known.insert(person)),
            Behind::Machine => {}
            Behind::Nobody => self.unresolved = true,
        }
    }
}

struct Desk<'g> {
    graph: &'g ReleaseGraph,
    release: Index<Release>,
}

impl<'g> Desk<'g> {
    fn account(&self, account: &AccountId) -> Behind {
        match self.graph.account_people.get(account) {
            Some(key) => self.person(key),
            None => match self.graph.accounts.by_id(account).map(|account| account.kind) {
                Some(AccountKind::Machine) => Behind::Machine,
                _ => Behind::Nobody,
            },
        }
    }

    fn person(&self, key: &PersonKey) -> Behind {
        match self.graph.people.by_id(key).map(|person| person.kind) {
            Some(AccountKind::Human) => Behind::Human(key.clone()),
            Some(AccountKind::Machine) => Behind::Machine,
            None => Behind::Nobody,
        }
    }

    fn address(&self, address: &str) -> Behind {
        self.graph.email_people.get(&*address.to_lowercase()).map_or(Behind::Nobody, |key| self.person(key))
    }

    /// Who wrote a commit: its author, and those whom it names as co-authors.
    fn writers_of(&self, commit: &Commit, writers: &mut Persons) {
        let account = commit.author_account.as_ref().map(|account| self.account(account));
        writers.add(match account {
            Some(Behind::Nobody) | None => self.address(&commit.author.email),
            Some(behind) => behind,
        });
        for named in trailers(commit, "co-authored-by") {
            writers.add(self.address(named));
        }
    }

    fn commits(&self) -> impl Iterator<Item = (Index<Commit>, &'g Commit)> {
        let commits = self.graph.release_commits.from(self.release);
        let commits = commits.map(|related| (related.index, self.graph.commits.get(related.index)));
        // A merge brings nothing of its own.
        commits.filter(|(_, commit)| commit.parents.len() < 2)
    }

    /// A vendor's package has no commits of ours.
    fn is_built_here(&self) -> bool {
        let service = self.graph.services.by_id(&self.graph.releases.get(self.release).service);
        service.is_none_or(|service| service.kind == ServiceKind::Built)
    }

    /// Were all commits since the version before read?
    fn is_whole(&self) -> bool {
        self.graph.release_comparisons.iter().any(|row| row.to == self.release && row.complete)
    }

    fn writers(&self) -> Persons {
        let mut writers = Persons::default();
        self.commits().for_each(|(_, commit)| self.writers_of(commit, &mut writers));
        writers.unresolved |= self.is_built_here() && !self.is_whole();
        writers
    }

    fn changes(&self) -> Vec<&'g Change> {
        let related = self.graph.release_changes.from(self.release).filter(|related| related.link.supports());
        let changes = related.map(|related| self.graph.changes.get(related.index));
        changes.filter(|change| change.state != ChangeState::Canceled).collect()
    }

    fn approvals(&self, change: &Change) -> impl Iterator<Item = &'g Approval> {
        let all = self.graph.approvals_of(&change.id).map(|(_, approval)| approval);
        all.filter(|approval| approval.required != Some(false))
    }

    /// Each change that carries it has an approval by somebody who neither wrote part of it nor asked for it.
    fn approved(&self, writers: &Persons) -> Check {
        let changes = self.changes();
        let each = changes.iter().map(|change| self.approval_of(change, writers));
        let worst =
            each.reduce(|one, other| if one.outcome.and(other.outcome) == one.outcome { one } else { other });
        worst.unwrap_or_else(|| {
            let reason = "No change is known that carries it, so nobody else can have approved it.";
            Check::before(CheckCode::IndependentApproval, Outcome::Unknown, reason)
        })
    }

    fn approval_of(&self, change: &Change, writers: &Persons) -> Check {
        let number = &change.number;
        let about = |outcome, reason: String| {
            let mut check = Check::before(CheckCode::IndependentApproval, outcome, reason);
            check.change = Some(change.id.clone());
            check
        };
        if let Some(template) = template_in_force(self.graph, change) {
            let reason =
                format!("{number} is approved by the template '{}', which nobody wrote for it.", template.name);
            return about(Outcome::Pass, reason)
                .resting_on([seen(format!("Template '{}'", template.name), &template.source)]);
        }
        let mut own = Persons { known: writers.known.clone(), unresolved: writers.unresolved };
        match (&change.requested_by, &change.opened_by) {
            (None, None) => own.unresolved = true,
            (asked, raised) => asked.iter().chain(raised).for_each(|account| own.add(self.account(account))),
        }
        let given = self.approvals(change).filter(|approval| approval.state == ApprovalState::Approved);
        let (mut by_own, mut unresolved, mut evidence) = (false, false, Vec::new());
        for approval in given {
            let mut voices = Persons::default();
            let named = approval.approver.iter().chain(&approval.on_behalf_of);
            named.for_each(|account| voices.add(self.account(account)));
            by_own |= !voices.known.is_disjoint(&own.known);
            // A machine recorded it, or nobody is named: no person said yes.
            unresolved |= voices.unresolved || voices.known.is_empty();
            if !voices.unresolved && !voices.known.is_empty() && voices.known.is_disjoint(&own.known) {
                evidence.push(seen(format!("{number}: {}", approval.state_label), &approval.source));
            }
        }
        let other = || {
            let detail = format!("Let somebody who neither wrote nor asked for it approve {number}");
            vec![Act::new(ActCode::Approve, detail, None)]
        };
        match () {
            () if !by_own && !unresolved && evidence.is_empty() => {
                about(Outcome::Unknown, format!("Nobody has approved {number} yet."))
                    .resolved_by(self.asked(change))
            }
            () if evidence.is_empty() && !unresolved => about(
                Outcome::Fail,
                format!("Every approval of {number} is by a person who wrote part of it or asked for it."),
            )
            .resolved_by(other()),
            () if own.unresolved || evidence.is_empty() => about(
                Outcome::Unknown,
                format!("Who wrote, asked for or approved {number} could not be resolved to persons."),
            )
            .resolved_by(other()),
            () => about(
                Outcome::Pass,
                format!("{number} is approved by a person who neither wrote nor asked for it."),
            )
            .resting_on(evidence),
        }
    }

    /// The approvals that were asked for: giving them also settles who gave them.
    fn asked(&self, change: &Change) -> Vec<Act> {
        let open = self.approvals(change).filter(|approval| approval.state == ApprovalState::Requested);
        let detail = format!("Approve {} as it is planned now", change.number);
        let by = |approval: &Approval| super::authority::approver(self.graph, approval);
        let mut acts: Vec<Act> =
            open.map(|approval| Act::new(ActCode::Approve, detail.clone(), by(approval))).collect();
        if acts.is_empty() {
            let detail = format!("Ask for approval of {}", change.number);
            acts.push(Act::new(ActCode::RequestApproval, detail, None));
        }
        acts.sort();
        acts.dedup();
        acts
    }

    /// Whoever brought it to production neither wrote part of it nor was the only one to approve it.
    fn deployed(&self, writers: &Persons) -> Check {
        let key = &self.graph.releases.get(self.release).key;
        let (mut deployers, mut evidence) = (Persons::default(), Vec::new());
        for (_, attempt) in self.graph.deployments_of(key) {
            let environment = self.graph.environments.by_id(&attempt.target.environment);
            if environment.is_some_and(|environment| environment.stage == Stage::Production) {
                // Behind a machine stands the one who pressed its button.
                deployers.add(match attempt.triggered_by.as_ref().map(|person| self.person(person)) {
                    Some(Behind::Human(person)) => Behind::Human(person),
                    _ => Behind::Nobody,
                });
                let by = attempt.triggered_by.as_ref().and_then(|person| self.graph.people.by_id(person));
                let name = by.map_or("nobody known", |person| &*person.name);
                evidence.extend(attempt.sources.first().map(|source| seen(format!("Started by {name}"), source)));
            }
        }
        let approvers: BTreeSet<PersonKey> = self
            .changes()
            .into_iter()
            .flat_map(|change| self.approvals(change))
            .filter(|approval| approval.state == ApprovalState::Approved)
            .filter_map(|approval| match self.account(approval.approver.as_ref()?) {
                Behind::Human(person) => Some(person),
                _ => None,
            })
            .collect();
        let wrote = !deployers.known.is_disjoint(&writers.known);
        let alone = !approvers.is_empty() && approvers.is_subset(&deployers.known);
        let (outcome, reason) = match () {
            () if evidence.is_empty() && deployers.known.is_empty() && !deployers.unresolved => {
                (Outcome::NotDue, "It has not been deployed to production.")
            }
            () if wrote => (Outcome::Fail, "A person who wrote part of it deployed it."),
            () if alone => (Outcome::Fail, "The only person who approved it deployed it."),
            () if deployers.unresolved || writers.unresolved => {
                (Outcome::Unknown, "Who deployed it, or who wrote it, could not be resolved to persons.")
            }
            () => (Outcome::Pass, "Deployed by a person who neither wrote it nor approved it alone."),
        };
        let mut check = Check::before(CheckCode::IndependentDeployment, outcome, reason).resting_on(evidence);
        check.phase = Phase::During;
        check
    }

    /// Each commit came in by a pull request that somebody else approved after its last commit, or names a reviewer.
    fn reviewed(&self) -> Check {
        let (mut outcome, mut evidence, mut open) = (Outcome::Pass, Vec::new(), Vec::new());
        let mut covered: BTreeSet<Index<Commit>> = BTreeSet::new();
        let mut merges: BTreeSet<&str> = BTreeSet::new();
        for related in self.graph.release_pull_requests.from(self.release) {
            let pull = self.graph.pull_requests.get(related.index);
            let own: Vec<_> = self.graph.pull_request_commits.from(related.index).collect();
            covered.extend(own.iter().map(|related| related.index));
            merges.extend(pull.merge_commit.as_deref());
            let own = own.into_iter().map(|related| self.graph.commits.get(related.index));
            let found = self.review_of(pull, &own.collect::<Vec<_>>());
            outcome = outcome.and(found);
            match found {
                Outcome::Pass => evidence.push(seen(format!("#{} was reviewed", pull.number), &pull.source)),
                _ => open.push(format!("#{}", pull.number)),
            }
        }
        let mut commits = 0;
        for (index, commit) in self.commits() {
            commits += 1;
            if covered.contains(&index) || merges.contains(&*commit.sha) || self.names_a_reviewer(commit) {
                continue;
            }
            outcome = outcome.and(Outcome::Unknown);
            open.push(commit.sha.chars().take(10).collect());
        }
        if !self.is_built_here() && commits == 0 && open.is_empty() {
            let reason = "It was not built here: there are no commits to review.";
            return Check::before(CheckCode::ReviewedAfterLastCommit, Outcome::NotApplicable, reason);
        }
        if !self.is_whole() {
            outcome = outcome.and(Outcome::Unknown);
            open.push("commits that were not read".to_owned());
        }
        let told = named(&open);
        let (outcome, reason) = match outcome {
            _ if commits == 0 && evidence.is_empty() && open.is_empty() => {
                (Outcome::Unknown, "Its commits are not known.".to_owned())
            }
            Outcome::Pass => {
                (Outcome::Pass, "Everything in it was approved by another person after its last commit.".to_owned())
            }
            Outcome::Fail => (
                Outcome::Fail,
                format!("Not everything was approved by another person after its last commit: {told}."),
            ),
            _ => (Outcome::Unknown, format!("Reviews, commits or persons are not known of {told}.")),
        };
        let detail = format!("Let another person review {told} as it is now");
        let owner = self.graph.services.by_id(&self.graph.releases.get(self.release).service);
        let team = owner.and_then(|service| service.owner.as_ref()).and_then(|key| self.graph.teams.by_id(key));
        let by = team.map(|team| Party { name: team.name.clone(), team: Some(team.key.clone()) });
        let check = Check::before(CheckCode::ReviewedAfterLastCommit, outcome, reason).resting_on(evidence);
        if outcome == Outcome::Pass {
            check
        } else {
            check.resolved_by(vec![Act::new(ActCode::Review, detail, by)])
        }
    }

    fn review_of(&self, pull: &PullRequest, commits: &[&Commit]) -> Outcome {
        let own: Vec<&&Commit> = commits.iter().filter(|commit| commit.parents.len() < 2).collect();
        let Some(last) = own.iter().map(|commit| commit.committer.at).max() else { return Outcome::Unknown };
        let mut writers = Persons::default();
        own.iter().for_each(|commit| self.writers_of(commit, &mut writers));
        pull.author.iter().for_each(|account| writers.add(self.account(account)));
        let mut outcome = if pull.reviews_complete { Outcome::Fail } else { Outcome::Unknown };
        for review in standing_approvals(pull) {
            // Who looked at the very head has seen it all; a rebase may have made the commits look younger since.
            let of_head = review.commit.is_some() && review.commit == pull.head_commit;
            let late = of_head || review.submitted_at.is_none_or(|at| at >= last);
            let voice = review.author.as_ref().map_or(Behind::Nobody, |account| self.account(account));
            match voice {
                Behind::Human(person) if late && !writers.known.contains(&person) => {
                    if (of_head || review.submitted_at.is_some()) && !writers.unresolved {
                        return Outcome::Pass;
                    }
                    outcome = Outcome::Unknown;
                }
                Behind::Nobody if late => outcome = Outcome::Unknown,
                _ => {}
            }
        }
        outcome
    }

    /// Plain repositories keep reviews as trailers; what is signed there is the commit as it is.
    fn names_a_reviewer(&self, commit: &Commit) -> bool {
        let mut writers = Persons::default();
        self.writers_of(commit, &mut writers);
        let mut reviewers = trailers(commit, "reviewed-by").map(|address| self.address(address));
        !writers.unresolved
            && reviewers
                .any(|reviewer| matches!(reviewer, Behind::Human(person) if !writers.known.contains(&person)))
    }
}

/// The last word of each reviewer whose last word is yes.
fn standing_approvals(pull: &PullRequest) -> impl Iterator<Item = &Review> {
    let mut last: BTreeMap<Option<&AccountId>, &Review> = BTreeMap::new();
    for review in &pull.reviews {
        let says =
            matches!(review.state, ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed);
        if says {
            last.insert(review.author.as_ref(), review);
        }
    }
    last.into_values().filter(|review| review.state == ReviewState::Approved)
}

/// Addresses behind a trailer: `Token: Name <address>`.
fn trailers<'c>(commit: &'c Commit, token: &'static str) -> impl Iterator<Item = &'c str> {
    let named = commit.trailers.iter().filter(move |trailer| trailer.token.eq_ignore_ascii_case(token));
    named.map(|trailer| {
        let address = trailer.value.rsplit_once('<').map_or(&*trailer.value, |(_, address)| address);
        address.trim().trim_end_matches('>')
    })
}

/// At most three by name.
fn named(open: &[String]) -> String {
    let first: Vec<&str> = open.iter().take(3).map(String::as_str).collect();
    match open.len().checked_sub(3) {
        Some(more @ 1..) => format!("{} and {more} more", first.join(", ")),
        _ => first.join(", "),
    }
}
