//! Looks over the joined graph for what somebody should mend: lost commits, one version with several digests, cycles,
//! records that contradict themselves, accounts that nobody could be found for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountKind, ApprovalState, Claim, FindingCode, FindingSeverity, FindingSubject, NodeKey, Release,
    ReleaseStatus, Source, Target, Text,
};
use jiff::Timestamp;
use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::code::shas;
use super::findings::{Draft, record};
use super::services::Touches;
use super::walk::Walk;
use crate::graph::{Index, ReleaseComparison};

/// Notes everything that there is to note.
pub(super) fn inspect(walk: &mut Walk) {
    walk.graph.release_comparisons = compare(walk);
    let mut drafts = lost_commits(walk);
    drafts.extend(digest_mismatches(walk));
    drafts.extend(cycles(walk));
    drafts.extend(invalid_records(walk));
    drafts.extend(unresolved_accounts(walk));
    for draft in drafts {
        walk.findings.note(draft);
    }
}

fn about_release(walk: &Walk, release: Index<Release>, code: FindingCode, detail: String) -> Draft {
    let node = walk.graph.releases.get(release);
    Draft {
        code,
        severity: FindingSeverity::Error,
        subject: FindingSubject::Release(node.key.clone()),
        service: Some(node.service.clone()),
        part: String::new(),
        detail,
        claims: Vec::new(),
    }
}

/// What each release brings and loses beside the ones that a range of commits was read from.
fn compare(walk: &Walk) -> Vec<ReleaseComparison> {
    let shas = shas(walk);
    let mut found = Vec::new();
    for range in &walk.graph.commit_ranges {
        for part in walk.mapping.repositories.get(&range.repository).into_iter().flatten() {
            let base = range.base.as_deref().and_then(|base| walk.release_at(part.service, range, base));
            let head = walk.release_at(part.service, range, &range.head);
            let (Some(base), Some(head)) = (base, head) else { continue };
            let lost = range.missing.iter().filter(|sha| {
                let commit = shas.get(&(range.repository.clone(), Text::clone(sha)));
                commit.is_none_or(|index| part.touched_by(walk.graph.commits.get(*index)) != Touches::No)
            });
            found.push(ReleaseComparison {
                from: base,
                to: head,
                lost: lost.cloned().collect(),
                complete: range.complete,
                source: range.source.clone(),
            });
        }
    }
    found.sort_by(|a, b| (a.from, a.to, &a.source.record).cmp(&(b.from, b.to, &b.source.record)));
    found
}

/// Commits of the version that runs which are missing in a release that is still to come.
fn lost_commits(walk: &Walk) -> Vec<Draft> {
    let mut running: BTreeSet<Index<Release>> = BTreeSet::new();
    for (_, service) in walk.graph.services.iter() {
        running.extend(walk.runs_in_production(&service.key));
    }
    let mut drafts = Vec::new();
    for compared in &walk.graph.release_comparisons {
        let (from, to) = (walk.graph.releases.get(compared.from), walk.graph.releases.get(compared.to));
        let ahead = to.status <= ReleaseStatus::Rejected;
        let (Some(first), true, true) = (compared.lost.first(), ahead, running.contains(&compared.from)) else {
            continue;
        };
        let (old, new) = (&from.key, &to.key);
        let detail = format!(
            "{} commits of {old}, which runs, are missing in {new}, among them {first}; going there would lose them.",
            compared.lost.len()
        );
        let claims = compared.lost.iter().map(|sha| Claim {
            field: "commit".into(),
            value: Text::clone(sha),
            used: true,
            source: Some((&compared.source).into()),
        });
        let claims = claims.collect();
        drafts.push(Draft {
            part: old.to_string(),
            claims,
            ..about_release(walk, compared.to, FindingCode::CommitsLost, detail)
        });
    }
    drafts
}

/// Where each manifest family of a release is seen, and the record that first showed it.
type DigestFamilies<'w> = BTreeMap<&'w Text, (BTreeSet<String>, &'w Source)>;

/// One version that is seen with digests of several manifest families.
fn digest_mismatches(walk: &Walk) -> Vec<Draft> {
    let mut families: BTreeMap<&Text, &Text> = BTreeMap::new();
    for (_, artifact) in walk.graph.artifacts.iter() {
        if let Some(head) = &artifact.digest {
            families.insert(head, head);
            families.extend(artifact.family.iter().map(|digest| (digest, head)));
        }
    }
    let mut seen: BTreeMap<Index<Release>, DigestFamilies<'_>> = BTreeMap::new();
    let mut see = |release, digest, target: &Target, source| {
        let family = families.get(digest).copied().unwrap_or(digest);
        let places = seen.entry(release).or_default().entry(family).or_insert_with(|| (BTreeSet::new(), source));
        places.0.insert(target.to_string());
    };
    for ((_, target), rows) in &walk.sights {
        for row in rows {
            if let (Some(release), Some(digest)) = (row.release, &row.digest) {
                see(release, digest, target, &row.source);
            }
        }
    }
    for (_, deployment) in walk.graph.deployments.iter() {
        let release = walk.graph.releases.find(&deployment.release);
        if let (Some(release), Some(digest), Some(source)) =
            (release, &deployment.digest, deployment.sources.first())
        {
            see(release, digest, &deployment.target, source);
        }
    }
    let mut drafts = Vec::new();
    for (release, digests) in seen.into_iter().filter(|(_, digests)| digests.len() > 1) {
        let key = &walk.graph.releases.get(release).key;
        let places: Vec<String> =
            digests.iter().map(|(digest, (targets, _))| format!("{digest} in {}", listed(targets))).collect();
        let claims = digests.iter().map(|(digest, (targets, source))| Claim {
            field: listed(targets).into(),
            value: Text::clone(digest),
            used: false,
            source: Some((*source).into()),
        });
        let claims = claims.collect();
        let detail =
            format!("{key} is not the same everywhere: {}. A version must never change.", places.join(", "));
        drafts.push(Draft { claims, ..about_release(walk, release, FindingCode::DigestMismatch, detail) });
    }
    drafts
}

fn listed(targets: &BTreeSet<String>) -> String {
    targets.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn cycles(walk: &Walk) -> Vec<Draft> {
    let nodes: Vec<Index<Release>> = walk.graph.releases.iter().map(|(index, _)| index).collect();
    let edges = walk.graph.release_dependencies.iter().map(|edge| (edge.from.place(), edge.to.place()));
    let graph: DiGraph<(), ()> = DiGraph::from_edges(edges);
    let mut drafts = Vec::new();
    for component in tarjan_scc(&graph).into_iter().filter(|component| component.len() > 1) {
        let mut cycle: Vec<Index<Release>> =
            component.iter().filter_map(|node| nodes.get(node.index()).copied()).collect();
        cycle.sort_unstable();
        let keys: Vec<String> = cycle.iter().map(|index| walk.graph.releases.get(*index).key.to_string()).collect();
        let Some(first) = cycle.first() else { continue };
        let detail =
            format!("{} depend on each other in a circle; one of the dependencies must go.", keys.join(", "));
        drafts.push(Draft {
            part: keys.join(" "),
            ..about_release(walk, *first, FindingCode::DependencyCycle, detail)
        });
    }
    drafts.sort_by(|a, b| a.part.cmp(&b.part));
    drafts
}

fn invalid_records(walk: &Walk) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (_, change) in walk.graph.changes.iter() {
        let span = (change.work_started_at, change.work_ended_at);
        drafts.extend(turned_around(&change.id, (&change.number, "its work"), span));
        let life = (change.created_at, change.closed_at);
        drafts.extend(turned_around(&change.id, (&change.number, "its life"), life));
    }
    for (_, incident) in walk.graph.incidents.iter() {
        let span = (incident.opened_at, incident.resolved_at);
        drafts.extend(turned_around(&incident.id, (&incident.number, "its time to resolve"), span));
    }
    for (_, deployment) in walk.graph.deployments.iter() {
        let span = (deployment.started_at, deployment.finished_at);
        let name = Text::from(format!("A deployment of {}", deployment.release));
        let mut found = turned_around(&deployment.id, (&name, "its run"), span);
        if let Some(draft) = &mut found {
            let release = walk.graph.releases.by_id(&deployment.release);
            draft.service = release.map(|release| release.service.clone());
        }
        drafts.extend(found);
    }
    drafts
}

/// A finding when the second moment lies before the first.
fn turned_around<K: NodeKey + HasRecord>(
    id: &K,
    (name, what): (&Text, &str),
    span: (Option<Timestamp>, Option<Timestamp>),
) -> Option<Draft> {
    let (Some(start), Some(end)) = span else { return None };
    (end < start).then(|| Draft {
        code: FindingCode::InvalidRecord,
        severity: FindingSeverity::Warning,
        subject: record(id, id.record()),
        service: None,
        part: what.to_owned(),
        detail: format!("{name} contradicts itself: {what} ends at {end}, before it starts at {start}."),
        claims: Vec::new(),
    })
}

/// An id that is a record's.
trait HasRecord {
    fn record(&self) -> &domain::RecordId;
}

macro_rules! has_record {
    ($($id:ident),*) => {$(
        impl HasRecord for domain::$id {
            fn record(&self) -> &domain::RecordId {
                &self.0
            }
        }
    )*};
}

has_record!(ChangeId, IncidentId, DeploymentId, AccountId);

/// Humans' accounts that approve, ask for changes, write or review, and that nothing joins to a person known elsewhere.
fn unresolved_accounts(walk: &Walk) -> Vec<Draft> {
    let graph = &walk.graph;
    let mut acting: BTreeSet<&AccountId> = BTreeSet::new();
    for (_, approval) in graph.approvals.iter().filter(|(_, approval)| approval.state == ApprovalState::Approved) {
        acting.extend(approval.approver.iter().chain(&approval.on_behalf_of));
    }
    acting.extend(graph.changes.iter().flat_map(|(_, change)| &change.requested_by));
    for (_, request) in graph.pull_requests.iter() {
        acting.extend(
            request.author.iter().chain(request.reviews.iter().filter_map(|review| review.author.as_ref())),
        );
    }
    let mut drafts = Vec::new();
    for id in acting {
        let detail = match graph.accounts.by_id(id) {
            None => format!("The account {id} acts and could not be read; who stands behind it is not known."),
            Some(account) if account.kind == AccountKind::Machine => continue,
            Some(account) => {
                let named = [&account.email, &account.directory_id];
                let alone = graph
                    .account_people
                    .get(id)
                    .and_then(|key| graph.people.by_id(key))
                    .is_none_or(|person| person.accounts.len() < 2 && person.email.is_none());
                if !alone || named.into_iter().flatten().any(|name| !name.is_empty()) {
                    continue;
                }
                format!(
                    "The account {id} has neither an e-mail address nor a directory id; join it to its person in the \
                     configuration."
                )
            }
        };
        drafts.push(Draft {
            code: FindingCode::UnresolvedAccount,
            severity: FindingSeverity::Warning,
            subject: record(id, id.record()),
            service: None,
            part: String::new(),
            detail,
            claims: Vec::new(),
        });
    }
    drafts
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::{World, account, connector};
    use domain::AccountId;

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let seen: Vec<String> = graph
            .findings
            .iter()
            .map(|(_, finding)| {
                assert_eq!(finding.owner.is_some(), finding.service.is_some(), "a service's finding has an owner");
                finding.key.to_string()
            })
            .collect();
        assert_eq!(seen.join("; "), expected);
    }

    const REPO: &str = "bank/payments-api";

    fn running() -> World {
        World::new()
            .service("payments-api", "PAY")
            .with_team("payments-api")
            .tag(REPO, "v2.13.1", "c1")
            .tag(REPO, "v2.14.0", "c2")
            .seen("payments-api", "2.13.1", "production", "2026-06-01T00:00:00Z", None)
    }

    #[test]
    fn a_hotfix_that_the_next_release_lacks_is_told() {
        check(
            running().range(REPO, Some("v2.13.1"), "v2.14.0", &["c2"]).missing(&["c1"]),
            "COMMITS_LOST:payments-api@2.14.0:payments-api@2.13.1",
        );
        check(running().range(REPO, Some("v2.13.1"), "v2.14.0", &["c2"]), "");
    }

    #[test]
    fn one_version_with_two_digests_is_told() {
        let seen = |digest: &str| {
            running()
                .digest("sha256:a")
                .seen("payments-api", "2.13.1", "staging", "2026-06-01T00:00:00Z", None)
                .digest(digest)
        };
        check(seen("sha256:b"), "DIGEST_MISMATCH:payments-api@2.13.1:");
        check(seen("sha256:a"), "");
    }

    #[test]
    fn a_circle_of_releases_is_told_once() {
        let world = World::new()
            .service("card-gateway", "CARD")
            .service("fraud-engine", "FRD")
            .tracked("1", "CARD", "4.0.0")
            .tracked("2", "FRD", "3.7.0")
            .work_item("1", "CARD-1", &["1"])
            .work_item("2", "FRD-1", &["2"])
            .blocked_by("CARD-1", "FRD-1", "is blocked by")
            .blocked_by("FRD-1", "CARD-1", "is blocked by");
        check(world, "DEPENDENCY_CYCLE:card-gateway@4.0.0:card-gateway@4.0.0 fraud-engine@3.7.0");
    }

    #[test]
    fn a_record_that_ends_before_it_starts_is_told() {
        let world = World::new().change("CHG1", "Something", None);
        check(
            world.worked("CHG1", "2026-06-10T20:00:00Z", "2026-06-10T18:00:00Z"),
            "INVALID_RECORD:Change:servicenow:CHG1:its work",
        );
    }

    #[test]
    fn an_acting_account_that_nothing_joins_to_a_person_is_told() {
        let asked = |email: Option<&str>| {
            let mut world = World::new().change("CHG1", "Something", None).with_change("CHG1", |change| {
                change.requested_by = Some(AccountId::new(&connector("servicenow"), "ada"));
            });
            let mut ada = account("servicenow", "ada");
            ada.email = email.map(Into::into);
            world.records.accounts.push(ada);
            world
        };
        check(asked(Some("ada@bank.example")), "");
        check(asked(None), "UNRESOLVED_ACCOUNT:Account:servicenow:ada:");
    }
}
