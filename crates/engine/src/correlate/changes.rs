//! Releases and the changes that carry them; changes, their configuration items and the services they touch.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Change, ChangeState, EvidenceKind, FindingCode, FindingSeverity, Link, LinkRule, Release, Service, ServiceKind,
    WorkItemType,
};

use super::evidence::seen;
use super::findings::{self, Draft};
use super::walk::{ToldByChange, Walk};
use crate::graph::{Index, RelationBuilder};

/// Confidence of a version that was not written out in full.
pub(super) const SHORT_SPELLING: f64 = 0.8;
/// Confidence that a change that names a release's work item carries the release.
const BY_WORK_ITEM: f64 = 0.7;
/// Confidence of item, window and train together.
const BY_TRAIN: f64 = 0.6;

/// Joins changes with configuration items and, over the mapping, with services.
pub(super) fn link_items(walk: &mut Walk) {
    let mut items = RelationBuilder::default();
    let mut services = RelationBuilder::default();
    for (index, change) in walk.graph.changes.iter() {
        let main = change.main_configuration_item.iter();
        let all: BTreeSet<_> = change.configuration_items.iter().chain(main).collect();
        for id in all {
            let Some(item) = walk.graph.configuration_items.find(id) else { continue };
            let name = &walk.graph.configuration_items.get(item).name;
            let summary = format!("{} names the configuration item {name}", change.number);
            let evidence = seen(EvidenceKind::Field, summary, &change.source);
            items.add(index, item, Link::explicit(LinkRule::Field, evidence));
        }
        let main = change.main_configuration_item.iter();
        let all: BTreeSet<_> = change.configuration_items.iter().chain(main).collect();
        for id in all {
            for service in walk.mapping.items.get(id).into_iter().flatten() {
                let summary = format!(
                    "{} is about the item that stands for {}",
                    change.number,
                    walk.graph.services.get(*service).key
                );
                let evidence = seen(EvidenceKind::Field, summary, &change.source);
                services.add(index, *service, Link::derived(LinkRule::ConfigurationItem, 1.0, evidence));
            }
        }
    }
    for told in &walk.told.changes {
        if let Some(service) = walk.service_of(told.release) {
            services.add(told.change, service, told_link(walk, told));
        }
    }
    let mut mapped = RelationBuilder::default();
    for (id, owners) in &walk.mapping.items {
        let Some(item) = walk.graph.configuration_items.find(id) else { continue };
        for service in owners {
            let summary = format!("{} stands for {}", id, walk.graph.services.get(*service).key);
            let evidence = super::evidence::configured(summary);
            mapped.add(*service, item, Link::explicit(LinkRule::Configuration, evidence));
        }
    }
    walk.graph.service_configuration_items = mapped.build();
    walk.graph.change_configuration_items = items.build();
    walk.graph.change_services = services.build();
}

/// Joins releases and changes: named in a text or by the correlation id, by a deployment that names the change, by a
/// work item that the change names, and, as a suspicion only, by item and train.
pub(super) fn link_releases(walk: &mut Walk) {
    let mut builder = RelationBuilder::default();
    let mut settled: BTreeSet<(Index<Change>, Index<Service>)> = BTreeSet::new();
    for told in &walk.told.changes {
        builder.add(told.release, told.change, told_link(walk, told));
        settled.extend(walk.service_of(told.release).map(|service| (told.change, service)));
    }
    by_deployment(walk, &mut builder, &mut settled);
    by_work_item(walk, &mut builder, &settled);
    by_train(walk, &mut builder, &settled);
    walk.graph.release_changes = builder.build();
}

fn told_link(walk: &Walk, told: &super::walk::ToldByChange) -> Link {
    let change = walk.graph.changes.get(told.change);
    let release = walk.graph.releases.get(told.release);
    match told.rule {
        LinkRule::CorrelationId => {
            let summary = format!("The correlation id of {} is {}", change.number, release.key);
            Link::explicit(LinkRule::CorrelationId, seen(EvidenceKind::Field, summary, &change.source))
        }
        rule => {
            let summary = format!("{} names {} {}", change.number, release.service, told.spelling);
            let confidence = if told.exact { 1.0 } else { SHORT_SPELLING };
            let link = Link::derived(rule, confidence, seen(EvidenceKind::Mention, summary, &change.source));
            Link { exact: told.exact, ..link }
        }
    }
}

fn by_deployment(
    walk: &Walk,
    builder: &mut RelationBuilder<Release, Change>,
    settled: &mut BTreeSet<(Index<Change>, Index<Service>)>,
) {
    let numbers = changes_by_number(walk);
    let exact: Vec<&ToldByChange> = walk.told.changes.iter().filter(|told| told.exact).collect();
    let named: BTreeSet<_> = exact.iter().map(|told| (told.change, told.release)).collect();
    let spoken_for: BTreeSet<_> =
        exact.iter().filter_map(|told| Some((told.change, walk.service_of(told.release)?))).collect();
    for (place, release) in &walk.told.deployments {
        let Some(record) = walk.deployments.get(*place) else { continue };
        // What is put back under a change's number is not what the change brings.
        if record.rollback_of.is_some() {
            continue;
        }
        let Some(number) = &record.change_number else { continue };
        let [change] = numbers.get(number.to_uppercase().as_str()).map(Vec::as_slice).unwrap_or_default() else {
            continue;
        };
        // Nor is anything else of a service whose version the change itself names.
        let service = walk.service_of(*release);
        let speaks = service.is_some_and(|service| spoken_for.contains(&(*change, service)));
        if speaks && !named.contains(&(*change, *release)) {
            continue;
        }
        let summary = format!("A deployment of {} names {number}", walk.graph.releases.get(*release).key);
        let evidence = seen(EvidenceKind::Field, summary, &record.source);
        builder.add(*release, *change, Link::explicit(LinkRule::Field, evidence));
        settled.extend(service.map(|service| (*change, service)));
    }
}

/// Changes by their number; several instances may have the same.
pub(super) fn changes_by_number(walk: &Walk) -> BTreeMap<String, Vec<Index<Change>>> {
    let mut numbers: BTreeMap<String, Vec<Index<Change>>> = BTreeMap::new();
    for (index, change) in walk.graph.changes.iter() {
        numbers.entry(change.number.to_uppercase()).or_default().push(index);
    }
    numbers
}

/// A change that names a release's own tracking item carries it; naming any other of its items is a weaker sign.
fn by_work_item(
    walk: &Walk,
    builder: &mut RelationBuilder<Release, Change>,
    settled: &BTreeSet<(Index<Change>, Index<Service>)>,
) {
    for (item, change, _) in walk.graph.work_item_changes.iter() {
        let node = walk.graph.work_items.get(item);
        let releases: Vec<Index<Release>> = walk
            .graph
            .release_work_items
            .to(item)
            .filter(|related| related.link.rule == LinkRule::FixVersion)
            .map(|related| related.index)
            .collect();
        let [release] = releases.as_slice() else { continue };
        let Some(service) = walk.service_of(*release) else { continue };
        if settled.contains(&(change, service)) {
            continue;
        }
        let record = walk.graph.changes.get(change);
        let key = &walk.graph.releases.get(*release).key;
        let summary = format!("{} names {}, which is fixed in {key}", record.number, node.key);
        let evidence = seen(EvidenceKind::Mention, summary, &record.source);
        let link = Link::derived(LinkRule::KeyInText, BY_WORK_ITEM, evidence);
        builder.add(*release, change, Link { exact: node.kind == WorkItemType::Release, ..link });
    }
}

fn by_train(
    walk: &Walk,
    builder: &mut RelationBuilder<Release, Change>,
    settled: &BTreeSet<(Index<Change>, Index<Service>)>,
) {
    let mut aboard: BTreeMap<_, Vec<Index<Release>>> = BTreeMap::new();
    for (train, release) in &walk.told.trains {
        aboard.entry(*train).or_default().push(*release);
    }
    for (change, node) in walk.graph.changes.iter() {
        let Some(train) = node.train.as_ref().and_then(|id| walk.graph.trains.find(id)) else { continue };
        for related in walk.graph.change_services.from(change) {
            if settled.contains(&(change, related.index)) {
                continue;
            }
            let of_service = aboard
                .get(&train)
                .into_iter()
                .flatten()
                .filter(|index| walk.service_of(**index) == Some(related.index));
            for release in of_service {
                let summary = format!(
                    "{} is about the service's item and goes on the train that names {}",
                    node.number,
                    walk.graph.releases.get(*release).key
                );
                let evidence = seen(EvidenceKind::Timing, summary, &node.source);
                builder.add(*release, change, Link::inferred(LinkRule::TimeAndTopology, BY_TRAIN, vec![evidence]));
            }
        }
    }
}

/// Joins releases with the trains that name them, or that their changes go on.
pub(super) fn link_trains(walk: &mut Walk) {
    let mut builder = RelationBuilder::default();
    for (train, release) in &walk.told.trains {
        let node = walk.graph.trains.get(*train);
        let summary = format!("{} names {}", node.number, walk.graph.releases.get(*release).key);
        let evidence = seen(EvidenceKind::Mention, summary, &node.source);
        builder.add(*release, *train, Link::derived(LinkRule::VersionInText, 1.0, evidence));
    }
    for (release, change, link) in walk.graph.release_changes.iter().filter(|(.., link)| link.supports()) {
        let node = walk.graph.changes.get(change);
        if let Some(train) = node.train.as_ref().and_then(|id| walk.graph.trains.find(id)) {
            let summary = format!("{} goes on the train {}", node.number, walk.graph.trains.get(train).number);
            let evidence = seen(EvidenceKind::Field, summary, &node.source);
            builder.add(release, train, Link { evidence: vec![evidence], ..link.clone() });
        }
    }
    walk.graph.release_trains = builder.build();
}

/// Tells of changes that look like a release of a built or bought service and name none.
pub(super) fn note_unlinked(walk: &mut Walk) {
    let mut drafts = Vec::new();
    for ((index, change), named) in walk.graph.changes.iter().zip(&walk.mentions) {
        let linked = walk.graph.release_changes.to(index).len() > 0;
        let release_like = named.release_like || !named.versions.is_empty();
        if linked || !release_like || change.state == ChangeState::Canceled {
            continue;
        }
        let service = walk
            .graph
            .change_services
            .from(index)
            .filter(|related| related.link.rule == LinkRule::ConfigurationItem)
            .map(|related| walk.graph.services.get(related.index))
            .find(|service| matches!(service.kind, ServiceKind::Built | ServiceKind::Vendor));
        let Some(service) = service else { continue };
        drafts.push(Draft {
            code: FindingCode::UnlinkedChange,
            severity: FindingSeverity::Info,
            subject: findings::record(&change.id, &change.id.0),
            service: Some(service.key.clone()),
            part: String::new(),
            detail: format!(
                "{} reads like a release of {} and names no version of it; put '{}@version' into its correlation id.",
                change.number, service.key, service.key
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

    /// Links of releases and changes: release, change, rule; `~` marks what carries no supporting evidence.
    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let links = graph.release_changes.iter().map(|(release, change, link)| {
            let mark = if link.supports() { "" } else { "~" };
            let (release, change) = (graph.releases.get(release), graph.changes.get(change));
            format!("{}<-{} {mark}{:?}", release.key, change.number, link.rule)
        });
        let findings = graph.findings.iter().map(|(_, finding)| finding.key.to_string());
        let seen: Vec<String> = links.chain(findings).collect();
        assert_eq!(seen.join("; "), expected);
    }

    fn pay() -> World {
        World::new().service("payments-api", "PAY").service("card-gateway", "CARD")
    }

    #[test]
    fn a_change_is_joined_by_what_it_names() {
        check(
            pay().change("CHG1", "Deploy", Some("payments-api@2.14.0")),
            "payments-api@2.14.0<-CHG1 CorrelationId",
        );
        check(
            pay().change("CHG1", "Database for payments-api 2.14.0 and card-gateway 4.0.0", None),
            "card-gateway@4.0.0<-CHG1 VersionInText; payments-api@2.14.0<-CHG1 VersionInText",
        );
        check(
            pay().change("CHG1", "Deploy payments-api 2.14", None).tag("bank/payments-api", "v2.14.0", "c1"),
            "payments-api@2.14.0<-CHG1 ~VersionInText",
        );
    }

    #[test]
    fn the_long_text_does_not_speak_against_the_title() {
        let world = pay().tag("bank/payments-api", "v2.13.1", "c0");
        check(
            world.change_saying("CHG1", "Deploy payments-api 2.14.0", "Way back: payments-api 2.13.1"),
            "payments-api@2.14.0<-CHG1 VersionInText",
        );
    }

    #[test]
    fn a_deployment_joins_its_release_with_the_change_it_names_but_not_what_it_puts_back() {
        let repo = "bank/payments-api";
        let deployed = |title: &str, shape: &dyn Fn(&mut domain::DeploymentRecord)| {
            let world = pay().tag(repo, "v2.13.1", "c0").tag(repo, "v2.14.0", "c1").change("CHG1", title, None);
            let mut world = world.deployed(repo, "v2.14.0", "production", "2026-06-10T18:00:00Z", "success");
            world = world.deployed(repo, "v2.13.1", "production", "2026-06-10T18:47:00Z", "success");
            for record in &mut world.records.deployments {
                record.change_number = Some("CHG1".into());
            }
            shape(world.records.deployments.last_mut().expect("just added"));
            world
        };
        let back = |record: &mut domain::DeploymentRecord| record.rollback_of = Some("2.14.0".into());
        check(deployed("Deploy", &back), "payments-api@2.14.0<-CHG1 Field");
        check(deployed("Deploy payments-api 2.14.0", &|_| {}), "payments-api@2.14.0<-CHG1 Field");
        check(deployed("Deploy", &|_| {}), "payments-api@2.13.1<-CHG1 Field; payments-api@2.14.0<-CHG1 Field");
    }

    #[test]
    fn a_change_that_names_a_work_item_is_a_weaker_sign() {
        let world = pay().tracked("10", "PAY", "2.14.0").work_item("1", "PAY-7", &["10"]);
        check(world.change("CHG1", "See pay-7", None), "payments-api@2.14.0<-CHG1 ~KeyInText");
    }

    #[test]
    fn a_change_that_reads_like_a_release_and_names_none_is_told() {
        check(
            pay().change("CHG1", "Deploy the new build", None).about("CHG1", "payments-api"),
            "UNLINKED_CHANGE:Change:servicenow:CHG1:",
        );
        check(pay().change("CHG1", "Tighten firewall rules", None).about("CHG1", "payments-api"), "");
    }
}
