//! Incidents: what their records say caused them, and where they say nothing, who is suspected and how much.
//!
//! A suspect is a production deployment of a release, or the work of a change that carries no release, that began at
//! most `incident_horizon` before the incident was opened, on an item from which trouble reaches the incident's item in
//! at most `topology_depth` relations. Its weight is `0.5 ^ (t / half-life) * 0.5 ^ distance`, where `t` is the time from its
//! end to the opening (0 while it was under way). Its posterior is its weight over the sum of all weights and
//! `incident_unattributed`; what is left belongs to nobody.

use std::collections::BTreeMap;

use domain::{
    Change, ConfigurationItem, DeploymentOutcome, EvidenceKind, Incident, KnownError, Link, LinkRule, Problem,
    Release, ReleaseStatus, Source, Stage,
};
use jiff::Timestamp;

use super::evidence::{seen, seen_at};
use super::walk::Walk;
use crate::graph::{Index, Relation, RelationBuilder};

/// Who may have caused an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Culprit {
    Release(Index<Release>),
    Change(Index<Change>),
}

/// Something that was done on an item.
#[derive(Debug, Clone)]
struct Act {
    started: Timestamp,
    ended: Timestamp,
    culprit: Culprit,
    source: Source,
}

type Acts = BTreeMap<Index<ConfigurationItem>, Vec<Act>>;
/// The heaviest act of each suspect, with its weight, hours and distance.
type Suspects<'a> = BTreeMap<Culprit, (f64, &'a Act, u32)>;

/// Edges while they are collected.
#[derive(Default)]
struct Edges {
    caused: RelationBuilder<Change, Incident>,
    answered: RelationBuilder<Change, Incident>,
    released: RelationBuilder<Release, Incident>,
    problems: RelationBuilder<Incident, Problem>,
}

/// Joins incidents with changes, releases and problems.
pub(super) fn link_incidents(walk: &mut Walk) {
    let mut edges = stated(walk);
    suspect(walk, &mut edges);
    link_answers(walk, &mut edges.answered);
    put(walk, edges);
}

/// The same as far as the records themselves say it: nobody is suspected.
pub(super) fn link_stated(walk: &mut Walk) {
    let edges = stated(walk);
    put(walk, edges);
}

fn put(walk: &mut Walk, edges: Edges) {
    walk.graph.change_incidents = edges.caused.build();
    walk.graph.change_answered_incidents = edges.answered.build();
    walk.graph.release_answered_incidents = answering_releases(walk);
    walk.graph.release_incidents = edges.released.build();
    walk.graph.incident_problems = edges.problems.build();
}

/// What the incidents' records say.
fn stated(walk: &Walk) -> Edges {
    let mut edges = Edges::default();
    for (index, incident) in walk.graph.incidents.iter() {
        let said = |what: &str| seen(EvidenceKind::Field, format!("{} {what}", incident.number), &incident.source);
        if let Some(problem) = incident.problem.as_ref().and_then(|id| walk.graph.problems.find(id)) {
            edges.problems.add(index, problem, Link::explicit(LinkRule::Field, said("names its problem")));
        }
        if let Some(change) = incident.fixed_by.as_ref().and_then(|id| walk.graph.changes.find(id)) {
            edges.answered.add(change, index, Link::explicit(LinkRule::Field, said("says what fixes it")));
        }
        if let Some(change) = incident.caused_by.as_ref().and_then(|id| walk.graph.changes.find(id)) {
            let link = Link::explicit(LinkRule::Field, said("says what caused it"));
            edges.caused.add(change, index, link.clone());
            for related in walk.graph.release_changes.to(change).filter(|related| related.link.supports()) {
                edges.released.add(related.index, index, link.clone());
            }
        }
    }
    edges
}

/// Suspects of the incidents whose records say nothing of a cause.
fn suspect(walk: &Walk, edges: &mut Edges) {
    let acts = acts(walk);
    for (index, incident) in walk.graph.incidents.iter().filter(|(_, incident)| incident.caused_by.is_none()) {
        for (culprit, link) in suspicions(walk, incident, &acts) {
            match culprit {
                Culprit::Change(change) => edges.caused.add(change, index, link),
                Culprit::Release(release) => {
                    for related in walk.graph.release_changes.from(release) {
                        if related.link.supports() {
                            edges.caused.add(related.index, index, link.clone());
                        }
                    }
                    edges.released.add(release, index, link);
                }
            }
        }
    }
}

/// Changes whose parent is an incident, or that name one by its number.
fn link_answers(walk: &Walk, builder: &mut RelationBuilder<Change, Incident>) {
    let mut numbers: BTreeMap<String, Vec<Index<Incident>>> = BTreeMap::new();
    for (index, incident) in walk.graph.incidents.iter() {
        numbers.entry(incident.number.to_uppercase()).or_default().push(index);
    }
    for ((index, change), named) in walk.graph.changes.iter().zip(&walk.mentions) {
        let parent =
            change.parent.as_ref().and_then(|id| walk.graph.incidents.find(&domain::IncidentId(id.clone())));
        if let Some(incident) = parent {
            let evidence =
                seen(EvidenceKind::Field, format!("{} was raised from it", change.number), &change.source);
            builder.add(index, incident, Link::explicit(LinkRule::ParentRecord, evidence));
        }
        for number in &named.numbers {
            if let Some([incident]) = numbers.get(&**number).map(Vec::as_slice) {
                let evidence =
                    seen(EvidenceKind::Mention, format!("{} names {number}", change.number), &change.source);
                builder.add(index, *incident, Link::derived(LinkRule::KeyInText, 1.0, evidence));
            }
        }
    }
}

/// A release answers what the changes that carry it answer.
fn answering_releases(walk: &Walk) -> Relation<Release, Incident> {
    let mut builder = RelationBuilder::default();
    for (change, incident, link) in walk.graph.change_answered_incidents.iter() {
        for related in walk.graph.release_changes.to(change).filter(|related| related.link.supports()) {
            builder.add(related.index, incident, link.clone());
        }
    }
    builder.build()
}

/// What was done in production, by item, oldest first.
fn acts(walk: &Walk) -> Acts {
    let mut acts: Acts = BTreeMap::new();
    let production = |key: &domain::EnvironmentKey| {
        walk.graph.environments.by_id(key).is_some_and(|environment| environment.stage == Stage::Production)
    };
    let begun = |row: &domain::Deployment| row.outcome != DeploymentOutcome::Pending;
    for (_, deployment) in walk.graph.deployments.iter() {
        if !begun(deployment) || !production(&deployment.target.environment) {
            continue;
        }
        let (Some(started), Some(release)) =
            (deployment.started_at.or(deployment.finished_at), walk.graph.releases.find(&deployment.release))
        else {
            continue;
        };
        let (Some(service), Some(source)) = (walk.service_of(release), deployment.sources.first()) else {
            continue;
        };
        for related in walk.graph.service_configuration_items.from(service) {
            acts.entry(related.index).or_default().push(Act {
                started,
                ended: deployment.finished_at.unwrap_or(Timestamp::MAX),
                culprit: Culprit::Release(release),
                source: source.clone(),
            });
        }
    }
    for (index, change) in walk.graph.changes.iter() {
        let Some(started) = change.work_started_at else { continue };
        if walk.graph.release_changes.to(index).any(|related| related.link.supports()) {
            continue;
        }
        for related in walk.graph.change_configuration_items.from(index) {
            acts.entry(related.index).or_default().push(Act {
                started,
                ended: change.work_ended_at.unwrap_or(Timestamp::MAX),
                culprit: Culprit::Change(index),
                source: change.source.clone(),
            });
        }
    }
    for rows in acts.values_mut() {
        rows.sort_by_key(|act| (act.started, act.ended, act.culprit));
    }
    acts
}

/// The suspects of an incident, each with its posterior.
fn suspicions(walk: &Walk, incident: &Incident, acts: &Acts) -> Vec<(Culprit, Link)> {
    let Some(opened) = incident.opened_at else { return Vec::new() };
    let items = [&incident.configuration_item, &incident.business_service];
    let Some(item) = items.into_iter().flatten().find_map(|id| walk.graph.configuration_items.find(id)) else {
        return Vec::new();
    };
    let horizon = walk.policy.incident_horizon;
    let half_life = walk.policy.incident_half_life.as_secs_f64().max(1.0);
    let mut suspects: Suspects<'_> = BTreeMap::new();
    for (place, distance) in walk.graph.topology.causes_of(item, walk.policy.topology_depth) {
        let Some(rows) = acts.get(&place) else { continue };
        let first = rows.partition_point(|act| opened.duration_since(act.started) > horizon);
        for act in rows.get(first..).unwrap_or_default().iter().take_while(|act| act.started <= opened) {
            let passed = opened.duration_since(act.ended.min(opened)).as_secs_f64();
            let weight = 0.5_f64.powf(passed / half_life) * 0.5_f64.powi(distance as i32);
            let held = suspects.entry(act.culprit).or_insert((weight, act, distance));
            if weight > held.0 {
                *held = (weight, act, distance);
            }
        }
    }
    let sum: f64 = suspects.values().map(|(weight, ..)| weight).sum::<f64>() + walk.policy.incident_unattributed;
    let name = &walk.graph.configuration_items.get(item).name;
    suspects
        .into_iter()
        .map(|(culprit, (weight, act, distance))| {
            let passed = opened.duration_since(act.ended.min(opened));
            let when = format!("It ended {} minutes before {} was opened", passed.as_mins(), incident.number);
            let evidence = vec![
                seen_at(EvidenceKind::Timing, when, &act.source, Some(act.ended.min(opened))),
                seen(
                    EvidenceKind::Topology,
                    format!("It is {distance} relations away from {name}"),
                    &incident.source,
                ),
            ];
            (culprit, Link::inferred(LinkRule::TimeAndTopology, weight / sum, evidence))
        })
        .collect()
}

/// Joins known errors with the releases that they concern: the one whose incident led to the problem, and the service's
/// later ones until a release carries the fix.
pub(super) fn link_known_errors(walk: &mut Walk) {
    let mut builder: RelationBuilder<Release, KnownError> = RelationBuilder::default();
    let mut incidents: BTreeMap<&domain::ProblemId, Vec<Index<Incident>>> = BTreeMap::new();
    for (index, incident) in walk.graph.incidents.iter() {
        if let Some(problem) = &incident.problem {
            incidents.entry(problem).or_default().push(index);
        }
    }
    for (index, error) in walk.graph.known_errors.iter() {
        let evidence = |what: &str| seen(EvidenceKind::Field, format!("{} {what}", error.number), &error.source);
        let problem = walk.graph.problems.by_id(&error.problem);
        let fix = problem.and_then(|problem| problem.fixed_by.as_ref()).and_then(|id| walk.graph.changes.find(id));
        let fixes: Vec<Index<Release>> = fix
            .into_iter()
            .flat_map(|change| walk.graph.release_changes.to(change))
            .filter(|related| related.link.supports())
            .map(|related| related.index)
            .collect();
        let mended = |release: Index<Release>| {
            fixes.iter().any(|fix| {
                walk.service_of(*fix) == walk.service_of(release)
                    && (*fix == release || walk.newer(Some(release), Some(*fix)))
            })
        };
        let mut origins: Vec<Index<Release>> = incidents
            .get(&error.problem)
            .into_iter()
            .flatten()
            .flat_map(|incident| walk.graph.release_incidents.to(*incident))
            .filter(|related| related.link.supports())
            .map(|related| related.index)
            .collect();
        origins.sort_unstable();
        origins.dedup();
        for origin in &origins {
            let link = Link::explicit(LinkRule::Field, evidence("comes from an incident of this release"));
            builder.add(*origin, index, link);
            for later in walk.releases_of(*origin).filter(|other| walk.newer(Some(*other), Some(*origin))) {
                if !mended(later) {
                    let link =
                        Link::derived(LinkRule::Field, 0.9, evidence("concerns an earlier release of the service"));
                    builder.add(later, index, link);
                }
            }
        }
        if origins.is_empty() {
            let item = problem.and_then(|problem| problem.configuration_item.as_ref());
            for service in item.and_then(|id| walk.mapping.items.get(id)).into_iter().flatten() {
                let first = (*service, String::new());
                let mine = walk.told.by_version.range(first..).take_while(|((other, _), _)| other == service);
                for (_, release) in mine {
                    let next = walk.graph.releases.get(*release).status <= ReleaseStatus::Scheduled;
                    if next && !mended(*release) {
                        let link = Link::derived(
                            LinkRule::ConfigurationItem,
                            0.8,
                            evidence("is about the service's item"),
                        );
                        builder.add(*release, index, link);
                    }
                }
            }
        }
    }
    walk.graph.release_known_errors = builder.build();
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::{World, connector, source};
    use domain::{KnownError, KnownErrorId, ProblemId};

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let released = graph.release_incidents.iter().map(|(release, incident, link)| {
            let (release, incident) = (&graph.releases.get(release).key, &graph.incidents.get(incident).number);
            format!("{incident}<-{release} {:?} {:.2}", link.origin, link.confidence)
        });
        let changed = graph.change_incidents.iter().map(|(change, incident, link)| {
            let (change, incident) = (&graph.changes.get(change).number, &graph.incidents.get(incident).number);
            format!("{incident}<-{change} {:?} {:.2}", link.origin, link.confidence)
        });
        let seen: Vec<String> = released.chain(changed).collect();
        assert_eq!(seen.join("; "), expected);
    }

    const REPO: &str = "bank/card-gateway";

    fn cards() -> World {
        World::new()
            .service("card-gateway", "CARD")
            .item("fw", "fw-dmz-01")
            .depends("card-gateway", "fw")
            .tag(REPO, "v3.9.2", "c1")
            .deployed(REPO, "v3.9.2", "production", "2026-06-10T18:00:00Z", "success")
            .change("CHG1", "Tighten egress rules", None)
            .about("CHG1", "fw")
            .worked("CHG1", "2026-06-10T19:00:00Z", "2026-06-10T20:06:00Z")
    }

    #[test]
    fn what_the_record_says_needs_no_suspects() {
        let world = cards().change("CHG2", "Deploy card-gateway 3.9.2", None).incident(
            "INC1",
            Some("card-gateway"),
            "2026-06-10T20:06:00Z",
            Some("CHG2"),
        );
        check(world, "INC1<-card-gateway@3.9.2 Explicit 1.00; INC1<-CHG2 Explicit 1.00");
    }

    #[test]
    fn a_release_answers_the_incident_that_its_change_mends() {
        let mut world = cards().change("CHG2", "Deploy card-gateway 3.9.2", None).incident(
            "INC1",
            Some("card-gateway"),
            "2026-06-10T17:00:00Z",
            None,
        );
        world.records.incidents[0].fixed_by = Some(domain::ChangeId::new(&connector("servicenow"), "CHG2"));
        let graph = world.graph();
        assert!(graph.release_incidents.is_empty());
        let answered: Vec<_> = graph.release_answered_incidents.iter().collect();
        let [(release, _, link)] = answered.as_slice() else { panic!("{answered:?}") };
        assert_eq!(graph.releases.get(*release).key.as_str(), "card-gateway@3.9.2");
        assert_eq!(link.origin, domain::LinkOrigin::Explicit);
    }

    #[test]
    fn suspects_share_the_blame_by_time_and_distance_and_leave_a_rest() {
        // Weights: release 0.5^(2h/12h) = 0.891, firewall 0.5^0 * 0.5^1 = 0.5, nobody 0.5; sum 1.891.
        check(
            cards().incident("INC1", Some("card-gateway"), "2026-06-10T20:06:00Z", None),
            "INC1<-card-gateway@3.9.2 Inferred 0.47; INC1<-CHG1 Inferred 0.26",
        );
        check(cards().incident("INC1", Some("card-gateway"), "2026-06-20T20:06:00Z", None), "");
        check(cards().incident("INC1", Some("fw"), "2026-06-10T20:06:00Z", None), "INC1<-CHG1 Inferred 0.67");
        check(cards().incident("INC1", None, "2026-06-10T20:06:00Z", None), "");
    }

    #[test]
    fn a_known_error_concerns_the_next_releases_too() {
        let mut world = cards()
            .tag(REPO, "v3.9.1", "c0")
            .tag(REPO, "v4.0.0", "c2")
            .change("CHG2", "Deploy card-gateway 3.9.2", None)
            .incident("INC1", Some("card-gateway"), "2026-06-10T20:06:00Z", Some("CHG2"));
        let problem = ProblemId::new(&connector("servicenow"), "PRB1");
        world.records.incidents[0].problem = Some(problem.clone());
        world.records.known_errors.push(KnownError {
            id: KnownErrorId::new(&connector("servicenow"), "KE1"),
            number: "PRB1".into(),
            summary: None,
            workaround: None,
            problem,
            source: source("servicenow", "KE1"),
        });
        let graph = world.graph();
        let seen: Vec<String> = graph
            .release_known_errors
            .iter()
            .map(|(release, ..)| graph.releases.get(release).key.to_string())
            .collect();
        assert_eq!(seen, ["card-gateway@3.9.2", "card-gateway@4.0.0"]);
    }
}
