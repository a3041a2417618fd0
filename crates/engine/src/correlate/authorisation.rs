//! What each change authorises: change × release × target, with a hash of the present scope.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Approval, ApprovalState, Authorisation, Change, ChangeClass, ChangeState, FindingCode, FindingSeverity,
    RecordKind, Release, ReleaseKey, ScopeCoverage, Target, Text,
};
use jiff::Timestamp;

use super::coverage::history_of;
use super::environments::targets_of_change;
use super::findings::{self, Draft};
use super::walk::Walk;
use crate::graph::{Index, ReleaseGraph};

/// Does this approval cover its change's scope as it is now? What was never approved covers nothing.
pub fn approval_coverage(graph: &ReleaseGraph, approval: &Approval) -> ScopeCoverage {
    graph.approval_coverage.get(&approval.id).copied().unwrap_or(ScopeCoverage::Unknown)
}

/// Fills in the authorisations, over links that carry supporting evidence.
pub(super) fn authorise(walk: &mut Walk) {
    let mut carried: BTreeMap<Index<Change>, BTreeSet<Index<Release>>> = BTreeMap::new();
    for (release, change, link) in walk.graph.release_changes.iter() {
        if link.supports() {
            carried.entry(change).or_default().insert(release);
        }
    }
    let mut authorisations = Vec::new();
    for (index, releases) in carried {
        let change = walk.graph.changes.get(index);
        let mut targets: BTreeMap<Index<Release>, Vec<Target>> = BTreeMap::new();
        for release in &releases {
            if let Some(service) = walk.service_of(*release) {
                targets.insert(*release, targets_of_change(walk, change, service));
            }
        }
        let hash = scope_hash(walk, change, &targets);
        for (release, targets) in targets {
            let key = walk.graph.releases.get(release).key.clone();
            let added_at = added_at(walk, change, release);
            authorisations.extend(targets.into_iter().map(|target| Authorisation {
                change: change.id.clone(),
                release: key.clone(),
                target,
                window: change.window,
                scope_hash: hash.clone(),
                added_at,
            }));
        }
    }
    authorisations.sort_by(|a, b| (&a.change, &a.release, &a.target).cmp(&(&b.change, &b.release, &b.target)));
    walk.graph.authorisations = authorisations;
}

/// BLAKE3 over window, configuration items, targets, releases, steps, backout plan and template version, each on a
/// line of its own. Two scopes with one hash are the same scope.
fn scope_hash(walk: &Walk, change: &Change, targets: &BTreeMap<Index<Release>, Vec<Target>>) -> Text {
    let mut lines: Vec<String> = Vec::new();
    if let Some(window) = change.window {
        lines.push(format!("window {} {}", window.start, window.end));
    }
    let items: BTreeSet<_> = change.configuration_items.iter().chain(&change.main_configuration_item).collect();
    lines.extend(items.into_iter().map(|item| format!("item {item}")));
    for (release, targets) in targets {
        let release = walk.graph.releases.get(*release);
        lines.extend(targets.iter().map(|target| format!("release {} {target}", release.key)));
        for step in &release.steps {
            lines.push(format!("step {} {:?} {}", release.key, step.kind, step.digest.as_deref().unwrap_or("-")));
        }
    }
    lines.push(format!("backout {:?}", change.backout_plan));
    lines.push(format!("template {:?} {:?}", change.template, change.template_version));
    blake3::hash(lines.join("\n").as_bytes()).to_hex().to_string().into()
}

/// When a change first named a release: as its history tells, else when it was raised with the name in it.
fn added_at(walk: &Walk, change: &Change, release: Index<Release>) -> Option<Timestamp> {
    let service = walk.service_of(release)?;
    let names = |text: &str| {
        walk.names.read(&text.replace('@', " "), change.created_at).versions.iter().any(|(named, version)| {
            *named == service && walk.version_of(service, version).is_some_and(|index| index == release)
        })
    };
    let history = history_of(&walk.graph.field_changes, change);
    let texts = history.iter().filter(|entry| walk.policy.scope_fields.texts.contains(&entry.field));
    let added = texts.filter(|entry| names(&entry.after) && !names(&entry.before)).map(|entry| entry.at).min();
    added.or_else(|| {
        let known = walk.knows_all(&change.id.0.connector, RecordKind::FieldHistory);
        change.created_at.filter(|_| known)
    })
}

/// A change's approvals by change.
pub(super) type Approvals<'a> = BTreeMap<&'a domain::ChangeId, Vec<&'a Approval>>;

pub(super) fn approvals_by_change(graph: &ReleaseGraph) -> Approvals<'_> {
    let mut approvals: Approvals<'_> = BTreeMap::new();
    for (_, approval) in graph.approvals.iter() {
        approvals.entry(&approval.change).or_default().push(approval);
    }
    approvals
}

/// Is a change authorised as it is now? Every required approval was given and covers the present scope; a standard
/// change is approved by its live template. On hold, nothing is authorised.
pub(super) fn is_authorised(walk: &Walk, change: &Change, approvals: &[&Approval]) -> bool {
    if change.on_hold == Some(true) || matches!(change.state, ChangeState::New | ChangeState::Canceled) {
        return false;
    }
    let given = |approval: &&&Approval| {
        approval.state == ApprovalState::Approved
            && approval_coverage(&walk.graph, approval) == ScopeCoverage::Covered
    };
    let moot = |approval: &&Approval| {
        matches!(
            approval.state,
            ApprovalState::NotRequired
                | ApprovalState::Duplicate
                | ApprovalState::Cancelled
                | ApprovalState::NotRequested
        ) || approval.required == Some(false)
    };
    let all = approvals.iter().filter(|approval| !moot(approval)).all(|approval| given(&approval));
    let any = approvals.iter().any(|approval| given(&approval));
    all && (any || template_is_live(walk, change))
}

fn template_is_live(walk: &Walk, change: &Change) -> bool {
    let now = walk.graph.assembled_at;
    change.class == ChangeClass::Standard
        && change.template.as_ref().and_then(|id| walk.graph.change_templates.by_id(id)).is_some_and(|template| {
            template.active
                && template.valid_from.is_none_or(|from| from <= now)
                && template.valid_to.is_none_or(|to| now < to)
                && template.revoked_at.is_none_or(|at| now < at)
        })
}

/// Tells of approvals that a change has outgrown, where the change carries a release.
pub(super) fn note_outgrown(walk: &mut Walk) {
    let mut drafts = Vec::new();
    for (_, approval) in walk.graph.approvals.iter() {
        if approval_coverage(&walk.graph, approval) != ScopeCoverage::Outgrown {
            continue;
        }
        let Some(index) = walk.graph.changes.find(&approval.change) else { continue };
        let change = walk.graph.changes.get(index);
        let Some(related) = walk.graph.release_changes.to(index).next() else { continue };
        let release: &ReleaseKey = &walk.graph.releases.get(related.index).key;
        let person = approval.approver.as_ref().and_then(|id| walk.graph.account_people.get(id));
        let who = person.and_then(|key| walk.graph.people.by_id(key)).map_or("somebody", |person| &*person.name);
        drafts.push(Draft {
            code: FindingCode::ScopeChangedAfterApproval,
            severity: FindingSeverity::Error,
            subject: findings::record(&change.id, &change.id.0),
            service: Some(walk.graph.releases.get(related.index).service.clone()),
            part: approval.id.to_string(),
            detail: format!(
                "The scope of {} moved or grew after {who} approved it; the approval does not cover {release} as it \
                 is planned now. Ask for it again.",
                change.number
            ),
            claims: Vec::new(),
        });
    }
    for draft in drafts {
        walk.findings.note(draft);
    }
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    fn hashes(world: World) -> Vec<String> {
        let graph = world.graph();
        graph
            .authorisations
            .iter()
            .map(|row| format!("{} {} {}", row.release, row.target, row.scope_hash))
            .collect()
    }

    fn world() -> World {
        World::new()
            .service("payments-api", "PAY")
            .with_service("payments-api", |service| service.regions = vec!["eu".into(), "uk".into()])
            .service("ledger-core", "LED")
            .change("CHG1", "Database for payments-api 2.14.0 and ledger-core 5.3.0", None)
            .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
    }

    #[test]
    fn a_change_authorises_each_release_at_each_of_its_targets() {
        let seen: Vec<String> =
            hashes(world()).iter().map(|row| row.rsplit_once(' ').expect("a hash").0.to_owned()).collect();
        assert_eq!(
            seen,
            [
                "ledger-core@5.3.0 production",
                "payments-api@2.14.0 production/eu",
                "payments-api@2.14.0 production/uk"
            ]
        );
    }

    #[test]
    fn every_part_of_the_scope_is_in_the_hash_and_nothing_else() {
        let base = hashes(world());
        let differs = |world: World| assert_ne!(hashes(world)[0], base[0]);
        differs(world().planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T21:00:00Z"));
        differs(world().about("CHG1", "ledger-core"));
        differs(world().with_change("CHG1", |change| change.backout_plan = Some("undo".into())));
        differs(world().with_change("CHG1", |change| change.template_version = Some("2".into())));
        differs(world().with_change("CHG1", |change| change.environment = Some("staging".into())));
        differs(world().change_named("CHG1", "Database for payments-api 2.14.0"));
        assert_eq!(hashes(world().with_change("CHG1", |change| change.justification = Some("why".into()))), base);
    }
}
