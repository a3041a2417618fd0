//! The configuration items below each service, their relations, and the shared ones between them.

use super::EstateError;
use super::draw::Draw;
use super::model::Interval;
use super::model::{Closes, ConfigurationItem, Life, Relation, RelationKind, Service, ServiceKind, Template, Text};
use super::world::{World, days};

/// The firewall that card-gateway's and payments-api's traffic crosses.
pub(super) const FIREWALL: &str = "fw-dmz-01";
pub(super) const ROUTINE_TEMPLATE: &str = "channels-routine-release";

const APPLICATION: &str = "cmdb_ci_service_discovered";

pub(super) fn furnish(world: &mut World) -> Result<(), EstateError> {
    for service in world.estate.services.clone() {
        furnish_service(world, &service);
    }
    for service in world.estate.services.clone() {
        for needed in &service.depends_on {
            relate(world, &service.key, needed, RelationKind::DependsOn);
        }
    }
    shared(world);
    templates(world);
    Ok(())
}

fn furnish_service(world: &mut World, service: &Service) {
    let mut draw = Draw::new(world.estate.seed, &format!("items of {}", service.key));
    let key = &service.key;
    let application = |name: Text, environment| ConfigurationItem {
        attributes: vec![
            ("busines_criticality", criticality(service.tier).into()),
            ("u_tier", service.tier.to_string().into()),
            ("u_regulatory_scope", service.tags.join(",").into()),
            ("u_jira_project", service.project.clone()),
            ("u_repository", service.code.as_ref().map_or_else(|| "".into(), |code| code.repository.clone())),
            ("used_for", environment_word(environment).into()),
        ],
        ..item(name, APPLICATION, environment, service)
    };
    let staging: Text = format!("{key}-staging").into();
    world.estate.items.push(application(key.clone(), "production"));
    world.estate.items.push(application(staging.clone(), "staging"));
    let mut below: Vec<(String, &'static str, RelationKind)> = Vec::new();
    let places: &[&str] = if service.regions.is_empty() { &["lon"] } else { &["eu", "uk"] };
    let fewest = if service.regions.is_empty() { 2 } else { 1 };
    for place in places {
        for number in 1..=draw.count(fewest, fewest + 1) {
            below.push((format!("{key}-{place}-{number:02}"), server_class(service), RelationKind::RunsOn));
        }
    }
    below.push((format!("{key}-db"), "cmdb_ci_db_instance", RelationKind::DependsOn));
    below.push((format!("{key}-queue"), "cmdb_ci_appl_queue", RelationKind::DependsOn));
    if draw.chance(0.5) {
        below.push((format!("{key}-cache"), "cmdb_ci_appl", RelationKind::DependsOn));
    }
    if service.tier <= 1 {
        below.push((format!("{key}-lb"), "cmdb_ci_cluster", RelationKind::DependsOn));
    }
    for (name, class, kind) in below {
        let name: Text = name.into();
        world.estate.items.push(item(name.clone(), class, "production", service));
        relate(world, key, &name, kind);
    }
    let server: Text = format!("{key}-stg-01").into();
    world.estate.items.push(item(server.clone(), server_class(service), "staging", service));
    relate(world, &staging, &server, RelationKind::RunsOn);
}

fn server_class(service: &Service) -> &'static str {
    match service.kind {
        ServiceKind::Built => "cmdb_ci_linux_server",
        ServiceKind::Vendor => "cmdb_ci_win_server",
    }
}

fn criticality(tier: u8) -> &'static str {
    match tier {
        0 => "1 - most critical",
        1 => "2 - somewhat critical",
        2 => "3 - less critical",
        _ => "4 - not critical",
    }
}

fn environment_word(environment: &str) -> &'static str {
    match environment {
        "production" => "Production",
        "staging" => "Staging",
        "test" => "Test",
        _ => "Development",
    }
}

fn item(name: Text, class: &'static str, environment: &'static str, service: &Service) -> ConfigurationItem {
    ConfigurationItem {
        name,
        class,
        environment,
        service: Some(service.key.clone()),
        team: Some(service.team.clone()),
        life: Life::Operational,
        attributes: Vec::new(),
    }
}

pub(super) fn relate(world: &mut World, parent: &Text, child: &Text, kind: RelationKind) {
    world.estate.relations.push(Relation { parent: parent.clone(), child: child.clone(), kind });
}

/// Items that belong to no service: the environments, the firewall, the core switch, the batch scheduler.
fn shared(world: &mut World) {
    let keys: Vec<&'static str> = world.estate.environments.iter().map(|e| e.key).collect();
    for key in keys {
        world.estate.items.push(infrastructure(key, "cmdb_ci_environment", key));
    }
    for (name, class) in [
        ("dns-01", "cmdb_ci_linux_server"),
        ("ntp-01", "cmdb_ci_linux_server"),
        ("backup-01", "cmdb_ci_linux_server"),
        ("mail-relay-01", "cmdb_ci_linux_server"),
        (FIREWALL, "cmdb_ci_ip_firewall"),
        ("core-switch-01", "cmdb_ci_netgear"),
        ("batch-scheduler", "cmdb_ci_appl"),
    ] {
        world.estate.items.push(infrastructure(name, class, "production"));
    }
    for (parent, child) in [
        ("card-gateway", FIREWALL),
        ("payments-api-lb", FIREWALL),
        ("statement-batch", "batch-scheduler"),
        ("notification-hub-queue", "core-switch-01"),
    ] {
        relate(world, &parent.into(), &child.into(), RelationKind::DependsOn);
    }
}

pub(super) fn infrastructure(name: &str, class: &'static str, environment: &'static str) -> ConfigurationItem {
    ConfigurationItem {
        name: name.into(),
        class,
        environment,
        service: None,
        team: Some("platform".into()),
        life: Life::Operational,
        attributes: vec![("used_for", environment_word(environment).into())],
    }
}

/// A live template for the channels, one for patching, and one that was revoked.
fn templates(world: &mut World) {
    let now = world.now();
    let valid = Interval { start: now - days(900), end: now + days(200) };
    let template = |key: &str, name: &str, items: &[&str]| Template {
        key: key.into(),
        name: name.into(),
        version: 3,
        allowed_items: items.iter().map(|item| Text::from(*item)).collect(),
        steps: vec!["ARTIFACT"],
        valid,
        revoked: None,
    };
    let all: Vec<Text> = world.estate.services.iter().map(|service| service.key.clone()).collect();
    world.estate.templates = vec![
        Template {
            allowed_items: all,
            revoked: Some(now - days(40)),
            ..template("service-routine-release", "Routine release of any service", &[])
        },
        template(ROUTINE_TEMPLATE, "Routine release of a customer channel", &["customer-portal", "mobile-app"]),
        Template {
            steps: vec!["INFRASTRUCTURE"],
            ..template(
                "monthly-patching",
                "Monthly operating system patches",
                &["dns-01", "ntp-01", "backup-01", "mail-relay-01"],
            )
        },
        Template {
            revoked: Some(now - days(45)),
            ..template("payments-config", "Payments routing table update", &["payments-api"])
        },
    ];
}

/// Names of the services a blackout closes, for systems that list them.
pub(super) fn closed_by<'a>(closes: &Closes, services: &'a [Service]) -> Vec<&'a Text> {
    services
        .iter()
        .filter(|service| match closes {
            Closes::Tag(tag) => service.has_tag(tag),
            Closes::TierUpTo(tier) => service.tier <= *tier,
        })
        .map(|service| &service.key)
        .collect()
}
