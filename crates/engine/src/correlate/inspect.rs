//! Looks over the joined graph for what somebody should mend: lost commits, one version with several digests, records
//! that contradict themselves; circles and unresolved accounts have files of their own.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Claim, FindingCode, FindingSeverity, FindingSubject, NodeKey, Release, ReleaseStatus, Source, Target, Text,
};
use jiff::Timestamp;

use super::code::{shas, touches};
use super::findings::{Draft, record};
use super::services::Touches;
use super::walk::Walk;
use crate::graph::{Index, ReleaseComparison};

/// Notes everything that there is to note.
pub(super) fn inspect(walk: &mut Walk) {
    walk.graph.release_comparisons = compare(walk);
    let mut drafts = lost_commits(walk);
    drafts.extend(digest_mismatches(walk));
    drafts.extend(super::circles::circles(walk));
    drafts.extend(invalid_records(walk));
    drafts.extend(doubtful_needs(walk));
    drafts.extend(super::unresolved::unresolved_accounts(walk));
    for draft in drafts {
        walk.findings.note(draft);
    }
}

pub(super) fn about_release(walk: &Walk, release: Index<Release>, code: FindingCode, detail: String) -> Draft {
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
                commit.is_none_or(|index| touches(walk, part, *index) != Touches::No)
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

/// What a release says that it needs, and nobody can understand.
fn doubtful_needs(walk: &Walk) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (release, doubts) in &walk.graph.doubtful_needs {
        drafts.extend(doubts.iter().map(|doubt| Draft {
            part: doubt.to_string(),
            ..about_release(walk, *release, FindingCode::InvalidRecord, format!("{doubt}."))
        }));
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

has_record!(ChangeId, IncidentId, DeploymentId);

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

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
    fn a_record_that_ends_before_it_starts_is_told() {
        let world = World::new().change("CHG1", "Something", None);
        check(
            world.worked("CHG1", "2026-06-10T20:00:00Z", "2026-06-10T18:00:00Z"),
            "INVALID_RECORD:Change:servicenow:CHG1:its work",
        );
    }
}
