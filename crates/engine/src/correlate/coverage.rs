//! Does an approval still cover its change's scope? Judged against the vendor's own history of the change's fields:
//! a window that moved, an item or release that was added afterwards outgrow it; narrowing keeps it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Approval, ApprovalState, Change, FieldChange, RecordKind, ScopeCoverage, Text};
use jiff::Timestamp;

use super::walk::Walk;

/// Judges every approval that was given.
pub(super) fn judge(walk: &mut Walk) {
    let mut coverage = BTreeMap::new();
    for (_, approval) in
        walk.graph.approvals.iter().filter(|(_, approval)| approval.state == ApprovalState::Approved)
    {
        let judged = match walk.graph.changes.by_id(&approval.change) {
            Some(change) => judge_one(walk, change, approval),
            None => ScopeCoverage::Unknown,
        };
        coverage.insert(approval.id.clone(), judged);
    }
    walk.graph.approval_coverage = coverage;
}

fn judge_one(walk: &Walk, change: &Change, approval: &Approval) -> ScopeCoverage {
    let Some(decided) = approval.decided_at else { return ScopeCoverage::Unknown };
    let history = history_of(&walk.graph.field_changes, change);
    let later: Vec<&FieldChange> = history.iter().filter(|entry| entry.at > decided).collect();
    let verdict = compare(walk, change, &later);
    if verdict != ScopeCoverage::Covered {
        return verdict;
    }
    let untouched = change.updated_at.is_some_and(|updated| updated <= decided);
    match walk.knows_all(&change.id.0.connector, RecordKind::FieldHistory) || untouched {
        true => ScopeCoverage::Covered,
        false => ScopeCoverage::Unknown,
    }
}

/// The history of one record; the list is sorted by record.
pub(super) fn history_of<'a>(all: &'a [FieldChange], change: &Change) -> &'a [FieldChange] {
    let start = all.partition_point(|entry| entry.record < change.id.0);
    let rest = all.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|entry| entry.record == change.id.0)).unwrap_or_default()
}

/// Compares the present scope with that of the moment behind which `later` begins.
fn compare(walk: &Walk, change: &Change, later: &[&FieldChange]) -> ScopeCoverage {
    let fields = &walk.policy.scope_fields;
    if first_of(later, &fields.fixed).is_some() {
        return ScopeCoverage::Outgrown;
    }
    let verdicts = [
        edge(later, &fields.window_start, change.window.map(|window| window.start), |then, now| now >= then),
        edge(later, &fields.window_end, change.window.map(|window| window.end), |then, now| now <= then),
        items(later, &fields.configuration_items, change),
        releases(walk, later, &fields.texts, change),
    ];
    match verdicts {
        _ if verdicts.contains(&ScopeCoverage::Outgrown) => ScopeCoverage::Outgrown,
        _ if verdicts.contains(&ScopeCoverage::Unknown) => ScopeCoverage::Unknown,
        _ => ScopeCoverage::Covered,
    }
}

/// The first change of one of these fields: what it was before is what was approved.
fn first_of<'a>(later: &[&'a FieldChange], names: &[Text]) -> Option<&'a FieldChange> {
    later.iter().copied().filter(|entry| names.contains(&entry.field)).min_by_key(|entry| entry.at)
}

fn edge(
    later: &[&FieldChange],
    names: &[Text],
    now: Option<Timestamp>,
    inside: impl Fn(Timestamp, Timestamp) -> bool,
) -> ScopeCoverage {
    let Some(entry) = first_of(later, names) else { return ScopeCoverage::Covered };
    match (read_moment(&entry.before), now) {
        (Some(then), Some(now)) if inside(then, now) => ScopeCoverage::Covered,
        // An approval of a change without a date approves any date as little as one that has lost its date.
        (Some(_), _) => ScopeCoverage::Outgrown,
        (None, _) if entry.before.is_empty() => ScopeCoverage::Outgrown,
        (None, _) => ScopeCoverage::Unknown,
    }
}

fn items(later: &[&FieldChange], names: &[Text], change: &Change) -> ScopeCoverage {
    for name in names {
        let Some(entry) = first_of(later, std::slice::from_ref(name)) else { continue };
        let then: BTreeSet<&str> = list(&entry.before);
        let last = later.iter().filter(|other| other.field == *name).max_by_key(|other| other.at);
        let now: BTreeSet<&str> = last.map(|last| list(&last.after)).unwrap_or_default();
        if !now.is_subset(&then) {
            return ScopeCoverage::Outgrown;
        }
        // The record may name its item by a name where the history names it by id: then only the history counts.
        if then.is_empty() && change.main_configuration_item.is_some() {
            return ScopeCoverage::Outgrown;
        }
    }
    ScopeCoverage::Covered
}

fn list(ids: &str) -> BTreeSet<&str> {
    ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect()
}

fn releases(walk: &Walk, later: &[&FieldChange], names: &[Text], change: &Change) -> ScopeCoverage {
    for name in names {
        let Some(entry) = first_of(later, std::slice::from_ref(name)) else { continue };
        let named = |text: &str| -> BTreeSet<_> {
            let text = text.replace('@', " ");
            walk.names.read(&text, change.created_at).versions.into_iter().collect()
        };
        let last = later.iter().filter(|other| other.field == *name).max_by_key(|other| other.at);
        let now = last.map(|last| named(&last.after)).unwrap_or_default();
        if !now.is_subset(&named(&entry.before)) {
            return ScopeCoverage::Outgrown;
        }
    }
    ScopeCoverage::Covered
}

/// A moment as histories write it: RFC 3339, or `2026-06-01 18:00:00` in UTC.
pub(crate) fn read_moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;
    use domain::{ApprovalState, RecordKind};

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let seen: Vec<String> = graph.approval_coverage.values().map(|coverage| format!("{coverage:?}")).collect();
        let told = graph.findings.iter().map(|(_, finding)| format!("{:?}", finding.code));
        assert_eq!(seen.into_iter().chain(told).collect::<Vec<_>>().join(" "), expected);
    }

    fn approved() -> World {
        World::new()
            .service("payments-api", "PAY")
            .change("CHG1", "Deploy payments-api 2.14.0", None)
            .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
            .approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"))
    }

    const AFTER: &str = "2026-06-11T09:00:00Z";
    const BEFORE: &str = "2026-06-09T09:00:00Z";

    #[test]
    fn moving_the_window_outgrows_an_approval_and_narrowing_keeps_it() {
        check(approved(), "Covered");
        let moved =
            |before: &str, at: &str| approved().audited("CHG1", "start_date", (before, "2026-06-20 18:00:00"), at);
        check(moved("2026-06-18 18:00:00", AFTER), "Covered");
        check(moved("2026-06-20 19:00:00", AFTER), "Outgrown ScopeChangedAfterApproval");
        check(moved("2026-06-20 19:00:00", BEFORE), "Covered");
        check(
            moved("2026-06-18 18:00:00", AFTER).audited(
                "CHG1",
                "end_date",
                ("2026-06-18 20:00:00", "2026-06-20 20:00:00"),
                AFTER,
            ),
            "Outgrown ScopeChangedAfterApproval",
        );
        check(moved("tomorrow", AFTER), "Unknown");
    }

    #[test]
    fn adding_an_item_a_release_or_another_way_back_outgrows_an_approval() {
        let audited = |field: &str, values: (&str, &str)| approved().audited("CHG1", field, values, AFTER);
        check(audited("cmdb_ci", ("a,b", "a")), "Covered");
        check(audited("cmdb_ci", ("a", "a,b")), "Outgrown ScopeChangedAfterApproval");
        check(audited("backout_plan", ("one", "other")), "Outgrown ScopeChangedAfterApproval");
        check(audited("correlation_id", ("", "payments-api@2.14.0")), "Outgrown ScopeChangedAfterApproval");
        check(audited("work_notes", ("", "hello")), "Covered");
    }

    #[test]
    fn without_history_only_an_untouched_change_is_covered() {
        let dark = || approved().dark("servicenow", RecordKind::FieldHistory);
        check(dark(), "Covered");
        let touched = dark().with_change("CHG1", |change| {
            change.updated_at = Some("2026-06-11T09:00:00Z".parse().expect("a moment"))
        });
        check(touched, "Unknown");
    }
}
