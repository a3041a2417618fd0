//! May it go as it is planned now? Every change that carries the release for certain, in every part of the target, must
//! be approved in its present scope; a standard change is approved by a live template that allows what it does.

use domain::{
    Approval, ApprovalState, Change, ChangeClass, ChangeState, ChangeTemplate, Evidence, Outcome, RecordKind,
    ScopeCoverage, Target, Text,
};

use super::code::CheckCode;
use super::ground::{Ground, seen};
use super::judgement::{Act, ActCode, Check, Party};
use crate::correlate::approval_coverage;
use crate::graph::ReleaseGraph;

/// One check of the approval for each carrying change, or one for each part of the target that none authorises; and one
/// of the template for each standard change.
pub(super) fn check(ground: &Ground<'_>) -> Vec<Check> {
    let mut found = Vec::new();
    for part in ground.parts() {
        let authorised = ground.carriers.iter().any(|(_, targets)| targets.iter().any(|at| at.covers(&part)));
        if !authorised {
            found.push(unauthorised(ground, &part));
        }
    }
    for (change, _) in &ground.carriers {
        found.extend(approved(ground, change));
        if change.class == ChangeClass::Standard {
            found.push(template_fits(ground, change));
        }
    }
    if !found.iter().any(|check| check.code == CheckCode::TemplateFits) {
        let none = "No standard change carries it, so no template has to allow it.";
        let check = Check::before(CheckCode::TemplateFits, Outcome::NotApplicable, none);
        found.push(check.despite(ground.missing(&[RecordKind::Change], &ground.itsm())));
    }
    found
}

fn unauthorised(ground: &Ground<'_>, part: &Target) -> Check {
    let gaps = ground.missing(&[RecordKind::Change], &ground.itsm());
    if !ground.in_production() {
        let reason = format!("{part} is not where customers are; nobody has to approve it there.");
        return Check::before(CheckCode::Approved, Outcome::NotApplicable, reason);
    }
    let key = &ground.release.key;
    if !gaps.is_empty() {
        return Check::before(CheckCode::Approved, Outcome::NotApplicable, "").despite(gaps);
    }
    let act = Act::new(
        ActCode::RaiseChange,
        format!("Raise a change that carries {key} to {part}"),
        ground.owner(&ground.release.service),
    );
    let reason = format!("No open change carries {key} to {part} for certain.");
    Check::before(CheckCode::Approved, Outcome::Fail, reason).resolved_by(vec![act])
}

/// The approvals of a change that have a say: not those that were made moot, and not those that need not be given.
pub(super) fn that_count<'a>(ground: &Ground<'a>, change: &Change) -> Vec<&'a Approval> {
    use ApprovalState::{Cancelled, Duplicate, NotRequested, NotRequired};
    let all = ground.graph.approvals_of(&change.id).map(|(_, approval)| approval);
    all.filter(|approval| {
        approval.required != Some(false)
            && !matches!(approval.state, NotRequired | Duplicate | Cancelled | NotRequested)
    })
    .collect()
}

fn approved(ground: &Ground<'_>, change: &Change) -> Vec<Check> {
    let about = |outcome, reason: String| {
        let mut check = Check::before(CheckCode::Approved, outcome, reason);
        check.change = Some(change.id.clone());
        check
    };
    let number = &change.number;
    let held = |reason: String, code, detail: String| {
        let act = Act::new(code, detail, ground.keeper(change));
        about(Outcome::Fail, reason).resting_on([evidence(change)]).resolved_by(vec![act])
    };
    if change.state == ChangeState::New {
        return vec![held(
            format!("{number} is only a draft: nobody was asked."),
            ActCode::RequestApproval,
            format!("Ask for approval of {number}"),
        )];
    }
    let mut found = Vec::new();
    match change.on_hold {
        Some(true) => found.push(held(
            format!("{number} is on hold."),
            ActCode::ReleaseHold,
            format!("Take {number} off hold"),
        )),
        Some(false) => {}
        None => {
            let hidden = format!("Whether {number} is on hold is hidden from us.");
            let act =
                Act::new(ActCode::RestoreSource, format!("Let the gateway read whether {number} is on hold"), None);
            found.push(about(Outcome::Unknown, hidden).resting_on([evidence(change)]).resolved_by(vec![act]));
        }
    }
    let approvals = that_count(ground, change);
    found.extend(approvals.iter().filter_map(|approval| missing_approval(ground, change, approval)));
    let template = approvals.is_empty().then(|| template_in_force(ground.graph, change)).flatten();
    if approvals.is_empty() && template.is_none() {
        found.push(held(
            format!("Nobody approved {number}, and no live template does."),
            ActCode::RequestApproval,
            format!("Ask for approval of {number}"),
        ));
    }
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::Approval], &ground.itsm());
    if found.is_empty() {
        let reason = match template {
            Some(template) => format!("{number} is approved by the template '{}'.", template.name),
            None => format!("{number} is approved as it is planned now."),
        };
        let yes = approvals.iter().map(|approval| seen(summary(ground, approval), &approval.source));
        let live = template.map(|template| seen(format!("Template '{}'", template.name), &template.source));
        found.push(about(Outcome::Pass, reason).resting_on([evidence(change)]).resting_on(yes).resting_on(live));
    }
    found.into_iter().map(|check| check.despite(gaps.clone())).collect()
}

fn evidence(change: &Change) -> Evidence {
    seen(format!("{} is {}", change.number, change.state_label), &change.source)
}

fn summary(ground: &Ground<'_>, approval: &Approval) -> String {
    format!(
        "{}: {}",
        approver(ground.graph, approval).map_or("somebody".into(), |party| party.name),
        approval.state_label
    )
}

/// What is wrong with an approval, if anything.
fn missing_approval(ground: &Ground<'_>, change: &Change, approval: &Approval) -> Option<Check> {
    let by = approver(ground.graph, approval);
    let who: Text = by.as_ref().map_or_else(|| "somebody".into(), |party| party.name.clone());
    let number = &change.number;
    let (outcome, reason) = match (approval.state, approval_coverage(ground.graph, approval)) {
        (ApprovalState::Approved, ScopeCoverage::Covered) => return None,
        (ApprovalState::Approved, ScopeCoverage::Outgrown) => (
            Outcome::Fail,
            format!(
                "{who} approved {number}, but its scope moved or grew afterwards: the approval does not cover it."
            ),
        ),
        (ApprovalState::Approved, ScopeCoverage::Unknown) => {
            (Outcome::Unknown, format!("{who} approved {number}; what its scope was then cannot be reconstructed."))
        }
        (ApprovalState::Rejected, _) => (Outcome::Fail, format!("{who} rejected {number}.")),
        (ApprovalState::Requested, _) => {
            (Outcome::Fail, format!("{who} was asked to approve {number} and has not."))
        }
        _ => (
            Outcome::Unknown,
            format!("What {who} said of {number} is '{}', which is neither yes nor no.", approval.state_label),
        ),
    };
    let mut check = Check::before(CheckCode::Approved, outcome, reason)
        .resting_on([evidence(change), seen(summary(ground, approval), &approval.source)]);
    check.change = Some(change.id.clone());
    check.resolves_at = meeting(ground, change).filter(|_| approval.state == ApprovalState::Requested);
    let detail = format!("Approve {number} as it is planned now");
    Some(check.resolved_by(vec![Act::new(ActCode::Approve, detail, by)]))
}

/// When the board sees the change next, as far as an agenda says.
fn meeting(ground: &Ground<'_>, change: &Change) -> Option<jiff::Timestamp> {
    let meetings = ground.graph.cab_meetings.iter().map(|(_, meeting)| meeting);
    let ahead = meetings.filter(|meeting| meeting.agenda.contains(&change.id));
    let ends = ahead.filter_map(|meeting| Some(meeting.window?.end));
    ends.filter(|end| *end > ground.graph.assembled_at).min()
}

/// Who is asked for it, as people call them.
pub(super) fn approver(graph: &ReleaseGraph, approval: &Approval) -> Option<Party> {
    let group = approval.group.as_ref().and_then(|id| graph.groups.by_id(id));
    let account = || approval.approver.as_ref().and_then(|id| graph.accounts.by_id(id));
    let name = match group {
        Some(group) => Some(group.name.clone()),
        None => account().and_then(|account| account.name.clone().or_else(|| account.login.clone())),
    };
    Some(Party { name: name?, team: None })
}

/// The template that approves a standard change, if it may be used now.
pub(super) fn template_in_force<'a>(graph: &'a ReleaseGraph, change: &Change) -> Option<&'a ChangeTemplate> {
    let now = graph.assembled_at;
    let template = change.template.as_ref().and_then(|id| graph.change_templates.by_id(id))?;
    let live = template.active
        && template.valid_from.is_none_or(|from| from <= now)
        && template.valid_to.is_none_or(|to| now < to)
        && template.revoked_at.is_none_or(|at| now < at);
    (change.class == ChangeClass::Standard && live).then_some(template)
}

fn template_fits(ground: &Ground<'_>, change: &Change) -> Check {
    let gaps = ground.missing(&[RecordKind::ChangeTemplate], &ground.itsm());
    let (outcome, reason, evidence) = judge_template(ground, change);
    let mut check = Check::before(CheckCode::TemplateFits, outcome, reason).resting_on(evidence);
    check.change = Some(change.id.clone());
    if outcome == Outcome::Pass {
        return check.despite(gaps);
    }
    check.gaps = gaps;
    let number = &change.number;
    let detail = format!("Use a template that allows what {number} does, or make it a normal change");
    check.resolved_by(vec![Act::new(ActCode::ChooseTemplate, detail, ground.keeper(change))])
}

fn judge_template(ground: &Ground<'_>, change: &Change) -> (Outcome, String, Vec<Evidence>) {
    let number = &change.number;
    let Some(id) = &change.template else {
        return (
            Outcome::Fail,
            format!("{number} is a standard change without a template."),
            vec![evidence(change)],
        );
    };
    let Some(template) = ground.graph.change_templates.by_id(id) else {
        return (Outcome::Unknown, format!("The template of {number} cannot be read."), vec![evidence(change)]);
    };
    let told = vec![evidence(change), seen(format!("Template '{}'", template.name), &template.source)];
    let name = &template.name;
    if template_in_force(ground.graph, change).is_none() {
        return (Outcome::Fail, format!("The template '{name}' of {number} may not be used now."), told);
    }
    let items: Vec<_> = change.configuration_items.iter().chain(&change.main_configuration_item).collect();
    if let Some(allowed) = &template.allowed_configuration_items {
        if let Some(foreign) = items.iter().find(|item| !allowed.contains(item)) {
            let known = ground.graph.configuration_items.by_id(foreign);
            let item = known.map_or_else(|| foreign.to_string(), |item| item.name.to_string());
            return (Outcome::Fail, format!("The template '{name}' of {number} does not allow {item}."), told);
        }
        if items.is_empty() {
            return (Outcome::Unknown, format!("{number} names no item that its template could allow."), told);
        }
    }
    if let Some(allowed) = &template.allowed_steps
        && let Some(step) = ground.release.steps.iter().find(|step| !allowed.contains(&step.kind))
    {
        return (
            Outcome::Fail,
            format!("The template '{name}' of {number} does not allow a step of kind {:?}.", step.kind),
            told,
        );
    }
    if template.allowed_configuration_items.is_none() && template.allowed_steps.is_none() {
        return (Outcome::Unknown, format!("What the template '{name}' allows is not recorded."), told);
    }
    (Outcome::Pass, format!("The template '{name}' allows what {number} does."), told)
}
