//! Was impact on service and security assessed before the approval; may anybody write to development and production;
//! and did those look at it whom its risk asks for?

use domain::{
    Approval, ApprovalState, ApprovalVia, Change, ChangeClass, Gap, GapCode, Outcome, RecordKind, ScopeCoverage,
};
use jiff::Timestamp;

use super::authority::that_count;
use super::case::Case;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check, Party};
use crate::correlate::approval_coverage;
use crate::risk::Escalation;

/// What people write who assessed nothing.
const NO_WORDS: [&str; 7] = ["", "n/a", "na", "none", "-", "tbd", "not applicable"];
/// The vendor's names of the field, as its history tells them.
const FIELDS: [&str; 2] = ["risk_impact_analysis", "impact_analysis"];

pub(super) fn check(case: &Case<'_>) -> Vec<Check> {
    vec![analysed(case), separated(case), routed(case)]
}

fn analysed(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::ImpactAnalysed;
    let ground = &case.ground;
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::Approval], &ground.itsm());
    if ground.carriers.is_empty() {
        let check = match ground.in_production() {
            true => Check::before(
                CODE,
                Outcome::Unknown,
                "No change carries it for certain that could assess its impact.",
            ),
            false => return Check::before(CODE, Outcome::NotApplicable, "Nobody has to approve it there."),
        };
        return check.despite(gaps);
    }
    let judged: Vec<(Outcome, String)> = case.changes().map(|change| one(case, change)).collect();
    let outcome = judged.iter().fold(Outcome::NotApplicable, |all, (found, _)| all.and(*found));
    let told: Vec<&str> =
        judged.iter().filter(|(found, _)| *found == outcome).map(|(_, reason)| reason.as_str()).collect();
    let evidence = case.changes().map(|change| seen(format!("Assessment of {}", change.number), &change.source));
    let check = Check::before(CODE, outcome, told.join(" ")).resting_on(evidence).despite(gaps);
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let by = case.changes().next().and_then(|change| ground.keeper(change));
    check.resolved_by(vec![Act::new(ActCode::Record, "Assess the impact, then ask for approval anew", by)])
}

fn one(case: &Case<'_>, change: &Change) -> (Outcome, String) {
    let number = &change.number;
    let text =
        change.risk_impact_analysis.as_deref().unwrap_or_default().trim().trim_end_matches('.').to_lowercase();
    if NO_WORDS.contains(&text.as_str()) {
        return (Outcome::Fail, format!("{number} tells of no assessment of its impact."));
    }
    let approvals = that_count(&case.ground, change);
    let first = approvals
        .iter()
        .filter(|approval| approval.state == ApprovalState::Approved)
        .filter_map(|approval| approval.decided_at)
        .min();
    let Some(first) = first else {
        return match (change.class, &change.template) {
            (ChangeClass::Standard, Some(_)) => {
                (Outcome::Pass, format!("{number} tells of its impact; its template approves it."))
            }
            _ => (Outcome::Unknown, format!("{number} tells of its impact; nobody has approved it yet.")),
        };
    };
    match written_at(case, change) {
        Some(written) if written <= first => {
            (Outcome::Pass, format!("{number} told of its impact before it was approved."))
        }
        Some(written) => (
            Outcome::Fail,
            format!("The impact of {number} was written down at {written}, after the approval at {first}."),
        ),
        None => {
            (Outcome::Unknown, format!("Whether {number} told of its impact before it was approved is not known."))
        }
    }
}

/// When there was first something to read: as the history tells, else when the change was raised.
fn written_at(case: &Case<'_>, change: &Change) -> Option<Timestamp> {
    let graph = case.graph();
    let start = graph.field_changes.partition_point(|entry| entry.record < change.id.0);
    let history = graph.field_changes.iter().skip(start).take_while(|entry| entry.record == change.id.0);
    let texts = history.filter(|entry| FIELDS.contains(&&*entry.field));
    let first = texts.filter(|entry| entry.before.trim().is_empty()).map(|entry| entry.at).min();
    let told = case.ground.missing(&[RecordKind::FieldHistory], &[change.id.0.connector.clone()].into()).is_empty();
    first.or_else(|| change.created_at.filter(|_| told))
}

/// No system that is read tells who may write where.
fn separated(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::AccessSeparated;
    if !case.ground.in_production() {
        return Check::before(CODE, Outcome::NotApplicable, "It is about who may write to production.");
    }
    let gap = Gap {
        code: GapCode::SourceNotConfigured,
        connector: None,
        kind: RecordKind::Account,
        message: "No system is configured that tells who may write to which environment.".into(),
        since: None,
        retryable: false,
    };
    Check::before(CODE, Outcome::Pass, "").despite(vec![gap])
}

/// A score routes; it never approves. Whoever it routes to must have said yes.
fn routed(case: &Case<'_>) -> Check {
    const CODE: CheckCode = CheckCode::RiskRouted;
    let ground = &case.ground;
    if !ground.in_production() {
        return Check::before(CODE, Outcome::NotApplicable, "Outside production its risk sends it to nobody.");
    }
    let gaps = ground.missing(&[RecordKind::Change, RecordKind::Approval], &ground.itsm());
    let given: Vec<&Approval> = case
        .changes()
        .flat_map(|change| that_count(ground, change))
        .filter(|approval| approval.state == ApprovalState::Approved)
        .filter(|approval| approval_coverage(case.graph(), approval) == ScopeCoverage::Covered)
        .collect();
    let by_board = |approval: &&&Approval| approval.via == ApprovalVia::Cab || by_delegate_of_board(case, approval);
    let by_executive = |approval: &&&Approval| {
        let group = approval.group.as_ref().and_then(|id| case.graph().groups.by_id(id));
        group.is_some_and(|group| case.terms.executives.contains(&group.name))
    };
    let reviewed = || super::review::check(case).outcome == Outcome::Pass;
    let (outcome, reason) = match case.proposal.routed {
        None => (Outcome::Unknown, "How risky it is was not asked."),
        Some(Escalation::PreApproved) => (Outcome::Pass, "Its risk asks for nobody beyond its template."),
        Some(Escalation::PeerReview) if !given.is_empty() || reviewed() => {
            (Outcome::Pass, "A peer looked at it, as its risk asks.")
        }
        Some(Escalation::PeerReview) => (Outcome::Fail, "Its risk asks for a peer's review, and nobody gave one."),
        Some(Escalation::Cab) if given.iter().any(|one| by_board(&one) || by_executive(&one)) => {
            (Outcome::Pass, "The board approved it, as its risk asks.")
        }
        Some(Escalation::Cab) => (Outcome::Fail, "Its risk asks for the board, which has not approved it."),
        Some(Escalation::Executive) if given.iter().any(|one| by_executive(&one)) => {
            (Outcome::Pass, "An executive approved it, as its risk asks.")
        }
        Some(Escalation::Executive) if case.terms.executives.is_empty() => {
            (Outcome::Unknown, "Its risk asks for an executive, and no group is configured as executives.")
        }
        Some(Escalation::Executive) => (Outcome::Fail, "Its risk asks for an executive, who has not approved it."),
    };
    let evidence =
        given.iter().map(|approval| seen(format!("Approval: {}", approval.state_label), &approval.source));
    let check = Check::before(CODE, outcome, reason).resting_on(evidence).despite(gaps);
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let name = match case.proposal.routed {
        Some(Escalation::Executive) => case.terms.executives.first().cloned(),
        Some(Escalation::Cab) => Some("the change advisory board".into()),
        _ => None,
    };
    let by = name.map(|name| Party { name, team: None });
    let detail = format!("Let those approve {} whom its risk asks for", ground.release.key);
    check.resolved_by(vec![Act::new(ActCode::RequestApproval, detail, by)])
}

/// A delegate's answer counts as the board's where others of the same group are asked as a board.
fn by_delegate_of_board(case: &Case<'_>, approval: &Approval) -> bool {
    approval.via == ApprovalVia::Delegate
        && approval.group.is_some()
        && case
            .graph()
            .approvals_of(&approval.change)
            .any(|(_, other)| other.group == approval.group && other.via == ApprovalVia::Cab)
}
