//! Was each approval given by who may give it? By the approver in person or a valid delegate, for every group that was
//! asked, and holding still when the deployment starts. A standard change is approved by its live template.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Account, Approval, ApprovalState, Change, ChangeClass, Delegation, Evidence, Gap, Outcome, RecordKind, Text,
};

use super::authority::that_count;
use super::case::{Case, Who};
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check, Party};

const CODE: CheckCode = CheckCode::ApprovalGenuine;

/// One check for each change that carries it; one that says so where none does.
pub(super) fn check(case: &Case<'_>) -> Vec<Check> {
    let ground = &case.ground;
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::Approval], &ground.itsm());
    if ground.carriers.is_empty() {
        let outside = || format!("{} is not where customers are; nobody has to approve it there.", ground.target);
        let check = match ground.in_production() {
            true => Check::before(CODE, Outcome::Fail, "No change carries it for certain, so nobody approved it."),
            false => return vec![Check::before(CODE, Outcome::NotApplicable, outside())],
        };
        return vec![if gaps.is_empty() { check } else { unknown(check.reason, gaps) }];
    }
    case.changes().map(|change| of_change(case, change).despite(gaps.clone())).collect()
}

fn unknown(reason: Text, gaps: Vec<Gap>) -> Check {
    Check::before(CODE, Outcome::Pass, reason).despite(gaps)
}

/// A verdict with what it rests on.
struct Judged {
    outcome: Outcome,
    reason: String,
    evidence: Vec<Evidence>,
    gaps: Vec<Gap>,
}

impl Judged {
    fn new(outcome: Outcome, reason: String) -> Self {
        Self { outcome, reason, evidence: Vec::new(), gaps: Vec::new() }
    }
}

fn of_change(case: &Case<'_>, change: &Change) -> Check {
    let approvals = that_count(&case.ground, change);
    let mut judged: Vec<Judged> = approvals
        .iter()
        .filter(|approval| approval.state == ApprovalState::Approved)
        .map(|approval| one(case, change, approval))
        .collect();
    judged.extend(groups(case, change, &approvals));
    let mut expires_at = None;
    if judged.is_empty() {
        let (template, until) = by_template(case, change);
        expires_at = until;
        judged.push(template);
    }
    let outcome = judged.iter().fold(Outcome::NotApplicable, |all, one| all.and(one.outcome));
    let reasons: BTreeSet<&str> =
        judged.iter().filter(|one| one.outcome == outcome).map(|one| one.reason.as_str()).collect();
    let reason = reasons.into_iter().collect::<Vec<_>>().join(" ");
    let evidence = judged.iter().flat_map(|one| one.evidence.iter().cloned());
    let mut check = Check::before(CODE, outcome, reason).resting_on(evidence);
    check.gaps = judged.into_iter().flat_map(|one| one.gaps).collect();
    check.change = Some(change.id.clone());
    if outcome == Outcome::Pass {
        check.expires_at = expires_at;
        return check;
    }
    let number = &change.number;
    let by = approvals.first().and_then(|approval| asked(case, approval));
    let detail = format!("Let those who were asked approve {number} themselves, or through a recorded delegation");
    check.resolved_by(vec![Act::new(ActCode::Approve, detail, by)])
}

/// Who was asked.
fn asked(case: &Case<'_>, approval: &Approval) -> Option<Party> {
    let group = approval.group.as_ref().and_then(|id| case.graph().groups.by_id(id));
    let name = group.map(|group| group.name.clone()).or_else(|| spoken(approver(case, approval)?))?;
    Some(Party { name, team: None })
}

fn approver<'a>(case: &Case<'a>, approval: &Approval) -> Option<&'a Account> {
    approval.approver.as_ref().and_then(|id| case.graph().accounts.by_id(id))
}

fn spoken(account: &Account) -> Option<Text> {
    account.name.clone().or_else(|| account.login.clone())
}

fn one(case: &Case<'_>, change: &Change, approval: &Approval) -> Judged {
    let number = &change.number;
    let Some(account) = approver(case, approval) else {
        return Judged::new(Outcome::Unknown, format!("Who approved {number} is not known."));
    };
    let who = spoken(account).unwrap_or_else(|| "somebody".into());
    let evidence = vec![seen(format!("{who}: {}", approval.state_label), &approval.source)];
    let mut judged = by_person(case, change, (approval, account, &who));
    judged.evidence.splice(0..0, evidence);
    judged
}

fn by_person(case: &Case<'_>, change: &Change, (approval, account, who): (&Approval, &Account, &Text)) -> Judged {
    let number = &change.number;
    let person = case.who(&account.id);
    match &person {
        Who::Machine => {
            return Judged::new(Outcome::Fail, format!("{who}, who approved {number}, is a machine's account."));
        }
        Who::Nobody => {
            return Judged::new(
                Outcome::Unknown,
                format!("{who}, who approved {number}, cannot be resolved to a person."),
            );
        }
        Who::Human(_) => {}
    }
    let Some(decided) = approval.decided_at else {
        return Judged::new(Outcome::Unknown, format!("When {who} approved {number} is not known."));
    };
    if decided > case.at {
        let reason = format!("{who} approved {number} at {decided}, after the start at {}.", case.at);
        return Judged::new(Outcome::Fail, reason);
    }
    let Some(recorded) = &approval.recorded_by else {
        return Judged::new(
            Outcome::Unknown,
            format!("Who recorded the approval of {number} by {who} is not told."),
        );
    };
    if account.login.as_ref().is_some_and(|login| login.eq_ignore_ascii_case(recorded)) {
        return Judged::new(Outcome::Pass, format!("{who} approved {number} in person."));
    }
    let graph = case.graph();
    let same_system = |other: &&Account| {
        other.id.0.connector == approval.id.0.connector
            && other.login.as_ref().is_some_and(|login| login.eq_ignore_ascii_case(recorded))
    };
    let recorder = graph.accounts.iter().map(|(_, account)| account).find(same_system);
    let Some(recorder) = recorder else {
        let reason = format!("The approval of {number} by {who} was recorded by {recorded}, whom nobody knows.");
        return Judged::new(Outcome::Unknown, reason);
    };
    if matches!(person, Who::Human(_)) && case.who(&recorder.id) == person {
        return Judged::new(Outcome::Pass, format!("{who} approved {number} under another account."));
    }
    let delegation = graph.delegations.iter().find(|row| covers(row, (approval, account, recorder), decided));
    if let (Some(delegation), Who::Human(_)) = (delegation, case.who(&recorder.id)) {
        let reason = format!("{recorded} approved {number} for {who}, by a delegation that was valid then.");
        let evidence = vec![seen(format!("Delegation from {who} to {recorded}"), &delegation.source)];
        return Judged { evidence, ..Judged::new(Outcome::Pass, reason) };
    }
    let dark = case.ground.missing(&[RecordKind::Delegation], &case.ground.itsm());
    let reason = format!(
        "The approval of {number} by {who} was recorded by {recorded}, who is neither the approver nor a delegate."
    );
    match dark.is_empty() || case.who(&recorder.id) == Who::Machine {
        true => Judged::new(Outcome::Fail, reason),
        false => Judged { gaps: dark, ..Judged::new(Outcome::Unknown, reason) },
    }
}

/// Did the delegation let the recorder answer for the approver, at that moment?
fn covers(
    row: &Delegation,
    (approval, approver, recorder): (&Approval, &Account, &Account),
    decided: jiff::Timestamp,
) -> bool {
    let for_whom = approval.on_behalf_of.as_ref().unwrap_or(&approver.id);
    row.approvals
        && row.from == *for_whom
        && row.to == recorder.id
        && row.starts_at.is_none_or(|start| start <= decided)
        && row.ends_at.is_none_or(|end| decided < end)
}

/// Every group that was asked says yes itself: that another's answer made its own moot is no yes.
fn groups(case: &Case<'_>, change: &Change, given: &[&Approval]) -> Vec<Judged> {
    let all = case.graph().approvals.iter().map(|(_, approval)| approval);
    let mut asked: BTreeMap<_, Vec<&Approval>> = BTreeMap::new();
    for approval in all.filter(|approval| approval.change == change.id) {
        if let Some(group) = &approval.group {
            asked.entry(group).or_default().push(approval);
        }
    }
    let open = asked.into_iter().filter(|(group, members)| {
        let moot = |approval: &&&Approval| approval.state == ApprovalState::NotRequired;
        let answered = given.iter().any(|approval| approval.group.as_ref() == Some(group));
        !answered && members.iter().any(|approval| moot(&approval))
    });
    let mut found: Vec<Judged> = open
        .map(|(id, members)| {
            let name = case.graph().groups.by_id(id).map_or_else(|| id.to_string(), |group| group.name.to_string());
            let reason =
                format!("Nobody of {name} approved {}: that an answer was not required is no yes.", change.number);
            let evidence =
                members.iter().map(|approval| seen(format!("{name}: {}", approval.state_label), &approval.source));
            Judged { evidence: evidence.collect(), ..Judged::new(Outcome::Fail, reason) }
        })
        .collect();
    let board = |approval: &&Approval| {
        matches!(approval.via, domain::ApprovalVia::Cab | domain::ApprovalVia::Delegate)
            && approval.state == ApprovalState::Approved
    };
    let all_given = given.iter().all(|approval| approval.state == ApprovalState::Approved);
    if change.cab_required == Some(true) && all_given && !given.iter().copied().any(|approval| board(&approval)) {
        let reason = format!("{} must be seen by the board, and no answer of the board is yes.", change.number);
        found.push(Judged::new(Outcome::Fail, reason));
    }
    found
}

/// Without any answer, only a template that is live when the deployment starts approves.
fn by_template(case: &Case<'_>, change: &Change) -> (Judged, Option<jiff::Timestamp>) {
    let number = &change.number;
    let id = change.template.as_ref().filter(|_| change.class == ChangeClass::Standard);
    let Some(id) = id else {
        return (Judged::new(Outcome::Fail, format!("Nobody approved {number}.")), None);
    };
    let gaps = case.ground.missing(&[RecordKind::ChangeTemplate], &case.ground.itsm());
    let Some(template) = case.graph().change_templates.by_id(id) else {
        let judged = Judged::new(Outcome::Unknown, format!("The template of {number} cannot be read."));
        return (Judged { gaps, ..judged }, None);
    };
    let ends = template.valid_to.into_iter().chain(template.revoked_at).min();
    let live = template.active
        && template.valid_from.is_none_or(|from| from <= case.at)
        && ends.is_none_or(|end| case.at < end);
    let evidence = vec![seen(format!("Template '{}'", template.name), &template.source)];
    let judged = match (live, gaps.is_empty()) {
        (true, true) => Judged::new(Outcome::Pass, format!("The template '{}' approves {number}.", template.name)),
        (true, false) => {
            let told: Vec<&str> = gaps.iter().map(|gap| &*gap.message).collect();
            Judged::new(
                Outcome::Unknown,
                format!("Whether the template of {number} is live cannot be told: {}", told.join(" ")),
            )
        }
        (false, _) => Judged::new(
            Outcome::Fail,
            format!("The template '{}' of {number} may not be used at {}.", template.name, case.at),
        ),
    };
    (Judged { evidence, gaps, ..judged }, ends)
}
