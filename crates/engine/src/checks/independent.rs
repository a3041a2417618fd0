//! Is whoever approved it somebody else than those who wrote, asked for and deploy it? Judged between persons, so that
//! a second account of one person is the same person. Who cannot be resolved makes it UNKNOWN, never PASS.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Account, AccountKind, Approval, ApprovalState, Change, ChangeClass, Commit, Outcome, PersonKey, RecordKind,
};

use super::authority::that_count;
use super::case::{Case, Who};
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check};

const CODE: CheckCode = CheckCode::Independent;

/// Persons with the parts they have in a release.
#[derive(Default)]
struct Involved {
    parts: BTreeMap<PersonKey, BTreeSet<&'static str>>,
    /// Why it is not certain that these are all.
    doubts: Vec<String>,
}

impl Involved {
    fn add(&mut self, part: &'static str, person: PersonKey) {
        self.parts.entry(person).or_default().insert(part);
    }
}

/// One check over all changes that carry it.
pub(super) fn check(case: &Case<'_>) -> Check {
    let ground = &case.ground;
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::Approval], &ground.itsm());
    if ground.carriers.is_empty() {
        let check = match ground.in_production() {
            true => {
                Check::before(CODE, Outcome::Unknown, "No change carries it for certain, so nobody approved it.")
            }
            false => return Check::before(CODE, Outcome::NotApplicable, "Nobody has to approve it there."),
        };
        return check.despite(gaps);
    }
    let involved = involved(case);
    let mut check = judge(case, &involved);
    let code = if case.has_code() { case.ground.dark(&[RecordKind::Commit], &case.forges()) } else { Vec::new() };
    check = check.despite(gaps.into_iter().chain(code).collect());
    if matches!(check.outcome, Outcome::Fail | Outcome::Unknown) && check.acts.is_empty() {
        let detail = format!("Let somebody approve {} who has no part in it", ground.release.key);
        let by = case.changes().next().and_then(|change| ground.keeper(change));
        check = check.resolved_by(vec![Act::new(ActCode::Approve, detail, by)]);
    }
    check
}

fn involved(case: &Case<'_>) -> Involved {
    let mut all = Involved::default();
    if case.has_code() {
        match case.brought() {
            Ok(commits) => commits.into_iter().for_each(|commit| add_authors(case, commit, &mut all)),
            Err(why) => {
                all.doubts.push(why);
                let own = case.graph().release_commits.from(case.ground.index);
                own.for_each(|related| add_authors(case, case.graph().commits.get(related.index), &mut all));
            }
        }
    }
    for change in case.changes() {
        // Whoever opened it for others has told for whom.
        let asked = change.requested_by.as_ref().or(change.opened_by.as_ref());
        match asked.map(|account| case.who(account)) {
            Some(Who::Human(person)) => all.add("asked for it", person),
            Some(Who::Machine) => {}
            Some(Who::Nobody) | None => all.doubts.push(format!("Who asked for {} is not known.", change.number)),
        }
    }
    for editor in &case.proposal.editors {
        all.add("edited what lets it through", editor.clone());
    }
    add_deployers(case, &mut all);
    all
}

fn add_authors(case: &Case<'_>, commit: &Commit, all: &mut Involved) {
    // Joining two lines writes nothing of one's own.
    if commit.parents.len() > 1 {
        return;
    }
    match author(case, commit) {
        Who::Human(person) => all.add("wrote part of it", person),
        Who::Machine => {}
        Who::Nobody => all.doubts.push(format!("Who wrote {} cannot be resolved to a person.", commit.sha)),
    }
    for email in co_authors(commit) {
        match case.by_email(email) {
            Some(person) if is_human(case, &person) => all.add("wrote part of it", person),
            Some(_) => {}
            None => all.doubts.push(format!("A co-author of {} cannot be resolved to a person.", commit.sha)),
        }
    }
}

fn is_human(case: &Case<'_>, person: &PersonKey) -> bool {
    case.graph().people.by_id(person).is_some_and(|person| person.kind == AccountKind::Human)
}

/// Who wrote a commit: the account that the forge proves, else the address.
pub(super) fn author(case: &Case<'_>, commit: &Commit) -> Who {
    let by_account = commit.author_account.as_ref().map(|account| case.who(account));
    match by_account {
        Some(Who::Nobody) | None => match case.by_email(&commit.author.email) {
            Some(person) if is_human(case, &person) => Who::Human(person),
            Some(_) => Who::Machine,
            None => Who::Nobody,
        },
        Some(who) => who,
    }
}

/// Addresses in trailers `Co-authored-by: Name <address>`.
pub(super) fn co_authors(commit: &Commit) -> impl Iterator<Item = &str> {
    addresses(commit, "Co-authored-by")
}

/// Addresses in trailers with this token.
pub(super) fn addresses<'c>(commit: &'c Commit, token: &'static str) -> impl Iterator<Item = &'c str> {
    let trailers = commit.trailers.iter().filter(move |trailer| trailer.token.eq_ignore_ascii_case(token));
    trailers.filter_map(|trailer| Some(trailer.value.rsplit_once('<')?.1.split_once('>')?.0.trim()))
}

/// Who starts it: as proposed, as done, else whoever the changes are assigned to.
fn add_deployers(case: &Case<'_>, all: &mut Involved) {
    const PART: &str = "deploys it";
    if let Some(done) = case.ground.done {
        match done.triggered_by.as_ref().filter(|person| is_human(case, person)) {
            Some(person) => all.add(PART, person.clone()),
            None => all.doubts.push("The human who started the deployment is not known.".to_owned()),
        }
        return;
    }
    if let Some(actor) = &case.proposal.actor {
        match is_human(case, actor) {
            true => all.add(PART, actor.clone()),
            false => {
                all.doubts.push("Whoever starts it is a machine, and for which human is not known.".to_owned())
            }
        }
        return;
    }
    for change in case.changes() {
        match change.assigned_to.as_ref().map(|account| case.who(account)) {
            Some(Who::Human(person)) => all.add(PART, person),
            _ => all.doubts.push(format!("Which human deploys it is not known: nobody has {}.", change.number)),
        }
    }
}

/// For each change and each group that was asked, somebody without another part approved.
fn judge(case: &Case<'_>, involved: &Involved) -> Check {
    let mut outcome = Outcome::NotApplicable;
    let mut reasons: BTreeSet<(Outcome, String)> = BTreeSet::new();
    let mut evidence = Vec::new();
    for change in case.changes() {
        let approvals = that_count(&case.ground, change);
        let mut groups: BTreeMap<_, Vec<&Approval>> = BTreeMap::new();
        for approval in approvals.into_iter().filter(|approval| approval.state == ApprovalState::Approved) {
            let alone = approval.group.is_none().then(|| approval.id.clone());
            groups.entry((approval.group.clone(), alone)).or_default().push(approval);
            evidence
                .push(seen(format!("Approval of {}: {}", change.number, approval.state_label), &approval.source));
        }
        if groups.is_empty() {
            let (found, reason) = unapproved(case, change);
            outcome = outcome.and(found);
            reasons.insert((found, reason));
        }
        for members in groups.values() {
            let (found, reason) = members
                .iter()
                .map(|approval| one(case, involved, approval))
                .min_by_key(|(found, _)| match found {
                    Outcome::Pass => 0,
                    Outcome::Unknown => 1,
                    _ => 2,
                })
                .unwrap_or((Outcome::Unknown, String::new()));
            outcome = outcome.and(found);
            reasons.insert((found, reason));
        }
    }
    if outcome == Outcome::Pass && !involved.doubts.is_empty() {
        outcome = Outcome::Unknown;
    }
    let mut told: BTreeSet<String> =
        reasons.into_iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason).collect();
    if outcome == Outcome::Unknown {
        told.extend(involved.doubts.iter().take(3).cloned());
    }
    let reason = told.into_iter().collect::<Vec<_>>().join(" ");
    Check::before(CODE, outcome, reason).resting_on(evidence)
}

/// A standard change is approved by its template, whose owner has no part in one release.
fn unapproved(case: &Case<'_>, change: &Change) -> (Outcome, String) {
    let number = &change.number;
    let template = change.template.as_ref().and_then(|id| case.graph().change_templates.by_id(id));
    match (change.class, template) {
        (ChangeClass::Standard, Some(template)) => {
            (Outcome::Pass, format!("{number} is approved by the template '{}', not by a person.", template.name))
        }
        _ => (Outcome::Unknown, format!("Nobody approved {number}.")),
    }
}

fn one(case: &Case<'_>, involved: &Involved, approval: &Approval) -> (Outcome, String) {
    let graph = case.graph();
    // Who answered for another has a part in the answer, and so has the other.
    let Some(login) = &approval.recorded_by else {
        return (Outcome::Unknown, "Who recorded the approval is not told.".to_owned());
    };
    let is_login =
        |account: &&Account| account.login.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(login));
    let mut known = graph.accounts.iter().map(|(_, account)| account);
    let recorder = known.find(|account| account.id.0.connector == approval.id.0.connector && is_login(account));
    let Some(recorder) = recorder else {
        return (Outcome::Unknown, format!("{login}, who recorded the approval, cannot be resolved to a person."));
    };
    let mut persons = BTreeSet::new();
    let accounts = approval.approver.iter().chain(&approval.on_behalf_of).chain([&recorder.id]);
    let all: BTreeSet<_> = accounts.cloned().collect();
    for account in &all {
        match case.who(account) {
            Who::Human(person) => drop(persons.insert(person)),
            Who::Machine => return (Outcome::Unknown, "A machine recorded the approval.".to_owned()),
            Who::Nobody => return (Outcome::Unknown, "An approver cannot be resolved to a person.".to_owned()),
        }
    }
    if persons.is_empty() {
        return (Outcome::Unknown, "Who approved it is not known.".to_owned());
    }
    let part = persons.iter().find_map(|person| Some((person, involved.parts.get(person)?)));
    match part {
        Some((person, parts)) => {
            let parts: Vec<&str> = parts.iter().copied().collect();
            (Outcome::Fail, format!("{} approved it, and {}.", case.name(person), parts.join(" and ")))
        }
        None => {
            let names: Vec<String> = persons.iter().map(|person| case.name(person).to_string()).collect();
            (Outcome::Pass, format!("{} approved it, with no part in it.", names.join(" for ")))
        }
    }
}
