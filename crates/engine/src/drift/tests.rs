//! One release, its file, and what is observed of it.

use domain::{ReleaseKey, RepositoryId, Target, Text};

use super::drift_at;
use crate::correlate::world::{World, connector, source};

/// A release at its tag with expected configuration for staging.
fn world(expected: Option<&str>) -> World {
    let mut world = World::new().service("payments-api", "PAY").tag("bank/payments-api", "v2.14.0", "c1");
    world = world.with_service("payments-api", |service| {
        service
            .sources
            .configuration_items
            .push(domain::ConfigurationItemSource { connector: connector("cmdb"), name: "pay".into() });
    });
    if let Some(content) = expected {
        world.records.files.push(domain::FileAtTag {
            repository: RepositoryId::new(&connector("git"), "bank/payments-api"),
            tag: "v2.14.0".into(),
            path: "config/staging.properties".into(),
            content: content.into(),
            source: source("git", "file"),
        });
    }
    world
}

fn with_item(world: World, environment: &str, attributes: &[(&str, &str)]) -> World {
    let mut world = world.item("pay", "pay");
    for item in &mut world.records.configuration_items {
        item.environment = Some(environment.into());
        item.attributes = attributes.iter().map(|(key, value)| (Text::from(*key), Text::from(*value))).collect();
    }
    world
}

fn check(world: World, expected: Option<&str>) {
    let graph = world.graph();
    let staging = graph.environments.iter().find(|(_, environment)| environment.is_called("staging"));
    let target = Target::of(&staging.expect("an environment").1.key);
    let told = drift_at(&graph, &ReleaseKey::new("payments-api@2.14.0"), &target).map(|all| {
        let line = |one: super::Drift| {
            format!("{} {} -> {}", one.key, one.expected.as_deref().unwrap_or("(none)"), one.observed)
        };
        all.into_iter().map(line).collect::<Vec<_>>().join("; ")
    });
    assert_eq!(told.as_deref(), expected);
}

const FILE: Option<&str> = Some("batch_size=500\ntimeout=30\n");

#[test]
fn keys_with_another_value_and_keys_that_nobody_expects_are_drift() {
    let same = &[("u_cfg_batch_size", "500"), ("u_cfg_timeout", "30"), ("ip_address", "10.0.0.1")];
    check(with_item(world(FILE), "staging", same), Some(""));
    let other = &[("u_cfg_batch_size", "250"), ("u_cfg_debug", "on")];
    check(with_item(world(FILE), "staging", other), Some("batch_size 500 -> 250; debug (none) -> on"));
}

#[test]
fn what_is_not_expected_or_not_observed_cannot_be_told() {
    let observed = &[("u_cfg_batch_size", "250")];
    check(with_item(world(None), "staging", observed), None);
    check(with_item(world(FILE), "production", observed), None);
    check(with_item(world(FILE), "staging", &[("ip_address", "10.0.0.1")]), None);
    check(world(FILE), None);
}
