//! Whole plans of random small worlds: nothing that goes passes through a state that fails, the order of records and
//! keys does not matter, and a what-if that asks for nothing changes nothing.

use std::collections::BTreeMap;

use domain::{ConfiguredCompatibility, ConfiguredDependency, DependencyKind, Pool, ServiceKey, Text, VersionRange};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::worlds::{ask, request, with_production};
use crate::correlate::world::World;
use crate::sequence::{Sequence, SequenceRequest, WhatIf};

const SERVICES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// From, to, how binding, above what runs or not, hours between.
type Need = (usize, usize, u8, bool, i64);
/// Two services, the version of each, whether they work.
type Fact = ((usize, u8), (usize, u8), Option<bool>);

#[derive(Debug, Clone)]
struct Plan {
    needs: Vec<Need>,
    facts: Vec<Fact>,
    exclusive: bool,
    capacity: Option<u32>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let need = (0..4_usize, 0..4_usize, 0..3_u8, any::<bool>(), 0..3_i64);
    let works = prop_oneof![3 => Just(Some(false)), 2 => Just(Some(true)), 1 => Just(None)];
    let fact = ((0..4_usize, 1..3_u8), (0..4_usize, 1..3_u8), works);
    let parts = (
        prop::collection::vec(need, 0..5),
        prop::collection::vec(fact, 0..6),
        any::<bool>(),
        prop::option::of(1..3_u32),
    );
    parts.prop_map(|(needs, facts, exclusive, capacity)| Plan { needs, facts, exclusive, capacity })
}

impl Plan {
    fn world(&self) -> World {
        let mut world = World::new();
        for (place, key) in SERVICES.iter().enumerate() {
            let project = key.to_uppercase();
            world = world.service(key, &project).tracked(&place.to_string(), &project, "2.0.0").seen(
                key,
                "1.0.0",
                "production",
                "2026-06-01T00:00:00Z",
                None,
            );
        }
        let needs = self.needs.iter().filter(|(from, to, ..)| from != to);
        world.landscape.dependencies.extend(needs.map(|(from, to, kind, above, lag)| ConfiguredDependency {
            from: ServiceKey::new(SERVICES[*from]),
            to: ServiceKey::new(SERVICES[*to]),
            kind: [DependencyKind::Hard, DependencyKind::Soft, DependencyKind::Assumed][usize::from(*kind)],
            constraint: Some(if *above { ">=2.0.0" } else { ">=1.0.0" }.into()),
            lag: SignedDuration::from_hours(*lag),
            reason: None,
        }));
        let facts = self.facts.iter().filter(|((one, _), (other, _), _)| one != other);
        world.landscape.compatibilities.extend(facts.map(|(one, other, works)| {
            let range = |(service, version): &(usize, u8)| VersionRange {
                service: ServiceKey::new(SERVICES[*service]),
                version: format!("{version}.0.0").into(),
            };
            ConfiguredCompatibility { one: range(one), other: range(other), works: *works, reason: None }
        }));
        if let Some(capacity) = self.capacity {
            world.landscape.pools.push(Pool { key: "managers".into(), capacity, teams: Vec::new() });
        }
        with_production(world, |production| production.exclusive = self.exclusive)
    }

    /// Does somebody know that these versions fail together? Of several facts, the failure counts.
    fn fails(&self, versions: &BTreeMap<&str, u8>) -> bool {
        self.facts.iter().any(|((one, a), (other, b), works)| {
            let there = versions[SERVICES[*one]] == *a && versions[SERVICES[*other]] == *b;
            one != other && *works == Some(false) && there
        })
    }
}

fn everything() -> SequenceRequest {
    request(&SERVICES.map(|key| format!("{key}@2.0.0")).each_ref().map(String::as_str))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_state_on_the_way_fails_that_does_not_fail_already(plan in plans()) {
        let graph = plan.world().graph();
        let found = ask(&graph, &everything()).unwrap();
        let mut versions: BTreeMap<&str, u8> = SERVICES.iter().map(|key| (*key, 1)).collect();
        let running_fails = plan.fails(&versions);
        let mut starts: Vec<_> = found.schedule.iter().map(|row| row.window.start).collect();
        starts.sort();
        starts.dedup();
        for unit in &found.units {
            let goes = |row: &&crate::sequence::Scheduled| unit.releases.contains(&row.release);
            if found.schedule.iter().filter(goes).count() == 0 {
                continue;
            }
            for release in &unit.releases {
                let service = graph.releases.get(*release).service.as_str();
                versions.insert(SERVICES[SERVICES.iter().position(|key| *key == service).unwrap()], 2);
            }
            prop_assert!(running_fails || !plan.fails(&versions), "{versions:?}");
        }
        for row in &found.unschedulable {
            prop_assert!(!row.blockers.is_empty());
            prop_assert!(found.schedule.iter().all(|other| other.release != row.release));
        }
        prop_assert!(found.quality.is_none_or(|quality| quality.lower_bound <= quality.makespan));
    }

    #[test]
    fn the_order_of_records_and_keys_does_not_matter(plan in plans(), turn in 0..4_usize) {
        let world = plan.world();
        let mut turned = world.clone();
        turned.landscape.dependencies.reverse();
        turned.landscape.compatibilities.reverse();
        turned.landscape.services.rotate_left(turn);
        turned.records.tracked_versions.rotate_left(turn);
        turned.records.runtime_observations.reverse();
        let mut keys = everything();
        keys.releases.as_mut().unwrap().rotate_left(turn);
        prop_assert_eq!(ask(&world.graph(), &everything()).unwrap(), ask(&turned.graph(), &keys).unwrap());
    }

    #[test]
    fn a_what_if_that_asks_for_what_is_so_changes_nothing(plan in plans(), pick in 0..4_usize) {
        let graph = plan.world().graph();
        let known = ask(&graph, &everything()).unwrap();
        prop_assert_eq!(&known.difference, &None);
        let key: Text = format!("{}@2.0.0", SERVICES[pick]).into();
        let what_if = WhatIf {
            add: vec![key.clone()],
            // Without a change that plans a window, an hour is what a release takes.
            durations: vec![(key, SignedDuration::from_hours(1))],
            capacities: plan.capacity.map(|capacity| ("managers".into(), capacity)).into_iter().collect(),
            ..WhatIf::default()
        };
        let same = ask(&graph, &SequenceRequest { what_if, ..everything() }).unwrap();
        let difference = same.difference.clone().unwrap();
        prop_assert!(difference.shifted.is_empty() && difference.waves_changed.is_empty());
        prop_assert_eq!(difference.ends_before, difference.ends_after);
        prop_assert_eq!(Sequence { difference: None, ..same }, known);
    }
}
