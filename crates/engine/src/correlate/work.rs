//! Work items: by fix version, and by their keys in commits, pull requests and changes.
//! Keys count in any case, and under the names that an item had before it moved.

use std::collections::{BTreeSet, HashMap};

use domain::{
    EvidenceKind, FindingCode, FindingSeverity, FindingSubject, Link, LinkRule, RecordKind, Source, Text, WorkItem,
};

use super::evidence::seen;
use super::findings::Draft;
use super::walk::Walk;
use crate::graph::{Index, RelationBuilder};

/// Confidence of a work item that is only named in the notes of the release.
const BY_NOTES: f64 = 0.9;
/// Confidence of a work item that is only named in a change of the release.
const BY_CHANGE: f64 = 0.7;

/// Work items by key; looked up in, never walked.
pub(super) struct Keys {
    by_key: HashMap<Text, BTreeSet<Index<WorkItem>>>,
    projects: BTreeSet<Text>,
    /// The lowest number that is held of each project: older ones lie outside the horizon.
    oldest: HashMap<Text, u64>,
}

impl Keys {
    pub(super) fn new(walk: &Walk) -> Self {
        let mut keys = Self { by_key: HashMap::new(), projects: BTreeSet::new(), oldest: HashMap::new() };
        let mut former: Vec<(Text, Index<WorkItem>)> = Vec::new();
        for (index, item) in walk.graph.work_items.iter() {
            keys.by_key.entry(item.key.to_uppercase().into()).or_default().insert(index);
            keys.projects.insert(item.project.to_uppercase().into());
            former.extend(item.former_keys.iter().map(|key| (Text::from(key.to_uppercase()), index)));
        }
        let present: BTreeSet<Text> =
            former.iter().filter(|(key, _)| keys.by_key.contains_key(key)).map(|(key, _)| key.clone()).collect();
        for (key, index) in former.into_iter().filter(|(key, _)| !present.contains(key)) {
            keys.by_key.entry(key).or_default().insert(index);
        }
        for (_, item) in walk.graph.work_items.iter() {
            if let Some((project, number)) = numbered(&item.key.to_uppercase()) {
                keys.oldest.entry(project).and_modify(|held| *held = number.min(*held)).or_insert(number);
            }
        }
        for (_, service) in walk.graph.services.iter() {
            keys.projects
                .extend(service.sources.projects.iter().map(|source| Text::from(source.project.to_uppercase())));
        }
        keys
    }

    fn read(&self, key: &Text) -> Reading {
        match self.by_key.get(key) {
            Some(items) => match super::services::only(items) {
                Some(item) => Reading::Item(item),
                None => Reading::Several,
            },
            None => {
                let Some((project, number)) = numbered(key).filter(|(project, _)| self.projects.contains(project))
                else {
                    return Reading::NoKey;
                };
                let older = self.oldest.get(&project).is_some_and(|oldest| number < *oldest);
                if older { Reading::NoKey } else { Reading::Dangling }
            }
        }
    }
}

/// A key's project and number.
fn numbered(key: &str) -> Option<(Text, u64)> {
    let (project, number) = key.rsplit_once('-')?;
    Some((project.into(), number.parse().ok()?))
}

enum Reading {
    Item(Index<WorkItem>),
    Several,
    Dangling,
    NoKey,
}

/// A key that leads nowhere or to several items, where it was seen first.
struct Loose<'a> {
    key: &'a Text,
    several: bool,
    node_type: &'static str,
    source: &'a Source,
}

/// Joins work items with the commits, pull requests and changes that name them.
pub(super) fn link_mentions(walk: &mut Walk) {
    let keys = Keys::new(walk);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut told: BTreeSet<Text> = BTreeSet::new();
    let mut loosen = |loose: Loose<'_>| {
        if told.insert(loose.key.clone()) {
            drafts.push(loose_key(&loose));
        }
    };
    let mut commits = RelationBuilder::default();
    for (index, commit) in walk.graph.commits.iter() {
        for key in &walk.names.keys(&commit.message) {
            match keys.read(key) {
                Reading::Item(item) => {
                    let short: String = commit.sha.chars().take(10).collect();
                    let evidence =
                        seen(EvidenceKind::Commit, format!("The message of {short} names {key}"), &commit.source);
                    commits.add(item, index, Link::derived(LinkRule::KeyInCommit, 1.0, evidence));
                }
                Reading::NoKey => {}
                reading => loosen(Loose {
                    key,
                    several: matches!(reading, Reading::Several),
                    node_type: "Commit",
                    source: &commit.source,
                }),
            }
        }
    }
    let mut pull_requests = RelationBuilder::default();
    for (index, request) in walk.graph.pull_requests.iter() {
        let texts = [
            (Some(&request.title), LinkRule::KeyInTitle, "title"),
            (request.head_branch.as_ref(), LinkRule::KeyInBranch, "branch"),
            (request.body.as_ref(), LinkRule::KeyInTitle, "text"),
        ];
        for (text, rule, what) in texts {
            for key in &text.map(|text| walk.names.keys(text)).unwrap_or_default() {
                match keys.read(key) {
                    Reading::Item(item) => {
                        let summary = format!("The {what} of pull request {} names {key}", request.number);
                        let evidence = seen(EvidenceKind::Mention, summary, &request.source);
                        pull_requests.add(item, index, Link::derived(rule, 1.0, evidence));
                    }
                    Reading::NoKey => {}
                    reading => loosen(Loose {
                        key,
                        several: matches!(reading, Reading::Several),
                        node_type: "PullRequest",
                        source: &request.source,
                    }),
                }
            }
        }
    }
    let mut changes = RelationBuilder::default();
    for ((index, change), named) in walk.graph.changes.iter().zip(&walk.mentions) {
        for key in &named.keys {
            match keys.read(key) {
                Reading::Item(item) => {
                    let summary = format!("{} names {key}", change.number);
                    let evidence = seen(EvidenceKind::Mention, summary, &change.source);
                    changes.add(item, index, Link::derived(LinkRule::KeyInText, 1.0, evidence));
                }
                Reading::NoKey => {}
                reading => loosen(Loose {
                    key,
                    several: matches!(reading, Reading::Several),
                    node_type: "Change",
                    source: &change.source,
                }),
            }
        }
    }
    walk.graph.work_item_commits = commits.build();
    walk.graph.work_item_pull_requests = pull_requests.build();
    walk.graph.work_item_changes = changes.build();
    if !walk.darkness.covers_any(RecordKind::WorkItem) {
        for draft in drafts {
            walk.findings.note(draft);
        }
    }
}

fn loose_key(loose: &Loose<'_>) -> Draft {
    let Loose { key, several, node_type, source } = loose;
    let (code, detail) = match several {
        true => (FindingCode::Ambiguous, format!("{key} is the key of several work items; it was joined to none.")),
        false => (
            FindingCode::DanglingKey,
            format!("{key} leads nowhere: its project exists, the item does not, or may not be read."),
        ),
    };
    Draft {
        code,
        severity: FindingSeverity::Info,
        subject: FindingSubject::Record { node_type: (*node_type).into(), record: source.record.clone() },
        service: None,
        part: key.to_string(),
        detail,
        claims: Vec::new(),
    }
}

/// The work items that a release's fix version names.
pub(super) fn link_fix_versions(walk: &mut Walk) {
    let mut builder = RelationBuilder::default();
    for (index, item) in walk.graph.work_items.iter() {
        for version in &item.fix_versions {
            let Some(tracked) = walk.graph.tracked_versions.find(version) else { continue };
            let Some((release, exact)) = walk.told.tracked.get(&tracked) else { continue };
            let name = &walk.graph.tracked_versions.get(tracked).name;
            let evidence = seen(EvidenceKind::Field, format!("{} is fixed in '{name}'", item.key), &item.source);
            let link = match exact {
                true => Link::explicit(LinkRule::FixVersion, evidence),
                false => Link { exact: false, ..Link::derived(LinkRule::FixVersion, 0.9, evidence) },
            };
            builder.add(*release, index, link);
        }
    }
    walk.graph.release_work_items = builder.build();
}

/// Adds the work items that a release's notes, commits, pull requests and changes name.
pub(super) fn link_through(walk: &mut Walk) {
    let mut builder = RelationBuilder::default();
    let keys = Keys::new(walk);
    for (release, tags) in &walk.told.tags {
        for tag in tags.iter().map(|tag| walk.graph.tags.get(*tag)) {
            for key in tag.notes.as_ref().map(|notes| walk.names.keys(notes)).unwrap_or_default() {
                if let Reading::Item(item) = keys.read(&key) {
                    let summary = format!("The notes of {} name {key}", tag.name);
                    let evidence = seen(EvidenceKind::Mention, summary, &tag.source);
                    // Notes may also name what went out before, or is still to come.
                    let link = Link::derived(LinkRule::KeyInText, BY_NOTES, evidence);
                    builder.add(*release, item, Link { exact: false, ..link });
                }
            }
        }
    }
    for (release, item, link) in walk.graph.release_work_items.iter() {
        builder.add(release, item, link.clone());
    }
    for (release, commit, way) in walk.graph.release_commits.iter() {
        for related in walk.graph.work_item_commits.to(commit) {
            let exact = way.exact && related.link.exact;
            builder.add(release, related.index, Link { exact, ..related.link.clone() });
        }
    }
    for (release, request, way) in walk.graph.release_pull_requests.iter() {
        for related in walk.graph.work_item_pull_requests.to(request) {
            let exact = way.exact && related.link.exact;
            builder.add(release, related.index, Link { exact, ..related.link.clone() });
        }
    }
    for (release, change, _) in walk.graph.release_changes.iter().filter(|(.., link)| link.supports()) {
        for related in walk.graph.work_item_changes.to(change) {
            let link = Link { confidence: BY_CHANGE, exact: false, ..related.link.clone() };
            builder.add(release, related.index, link);
        }
    }
    walk.graph.release_work_items = builder.build();
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let links = graph.release_work_items.iter().map(|(release, item, link)| {
            let mark = if link.supports() { "" } else { "~" };
            let (release, item) = (graph.releases.get(release), graph.work_items.get(item));
            format!("{}<-{} {mark}{:?}", release.key, item.key, link.rule)
        });
        let findings = graph.findings.iter().map(|(_, finding)| finding.key.to_string());
        let seen: Vec<String> = links.chain(findings).collect();
        assert_eq!(seen.join("; "), expected);
    }

    fn pay() -> World {
        World::new().service("payments-api", "PAY").tag("bank/payments-api", "v2.14.0", "c2")
    }

    #[test]
    fn work_is_found_by_fix_version_and_by_keys() {
        check(
            pay().tracked("10", "PAY", "2.14.0").work_item("1", "PAY-7", &["10"]),
            "payments-api@2.14.0<-PAY-7 FixVersion",
        );
        check(
            pay().work_item("1", "PAY-7", &[]).commit("bank/payments-api", "c2", "pay-7: mind the gap").range(
                "bank/payments-api",
                None,
                "v2.14.0",
                &["c2"],
            ),
            "payments-api@2.14.0<-PAY-7 KeyInCommit",
        );
    }

    #[test]
    fn an_item_that_moved_is_found_under_its_old_key() {
        check(
            pay()
                .work_item("1", "CORE-1", &[])
                .formerly("CORE-1", "PAY-7")
                .commit("bank/payments-api", "c2", "PAY-7 done")
                .range("bank/payments-api", None, "v2.14.0", &["c2"]),
            "payments-api@2.14.0<-CORE-1 KeyInCommit",
        );
    }

    #[test]
    fn a_key_of_a_known_project_that_leads_nowhere_is_told() {
        check(
            pay().work_item("1", "PAY-7", &[]).commit("bank/payments-api", "c2", "PAY-8, UTF-8, SHA-256"),
            "DANGLING_KEY:Commit:git:bank/payments-api@c2:PAY-8",
        );
    }

    #[test]
    fn a_key_that_two_systems_have_is_joined_to_none() {
        check(
            pay()
                .work_item("1", "PAY-7", &[])
                .work_item_of("jira2", "1", "PAY-7")
                .commit("bank/payments-api", "c2", "PAY-7")
                .range("bank/payments-api", None, "v2.14.0", &["c2"]),
            "AMBIGUOUS:Commit:git:bank/payments-api@c2:PAY-7",
        );
    }
}
