//! Small companies in lines of text: what is claimed, and what is left as a question.

use std::collections::BTreeMap;

use domain::{FileAtTag, Landscape, Records, RepositoryId, RuntimeObservation, Text};

use super::*;
use crate::correlate::world::{World, connector, now, source};

fn attributes(text: &str) -> BTreeMap<Text, Text> {
    text.split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
}

/// A service's item that the CMDB discovered.
fn with_item(world: World, name: &str, rest: &str) -> World {
    let mut world = world.item(name, name);
    let item = world.records.configuration_items.last_mut().expect("just added");
    item.class = "cmdb_ci_service_discovered".into();
    item.attributes = attributes(rest);
    world
}

fn with_commit(world: World, repository: &str, (message, paths): (&str, &[&str])) -> World {
    let sha = format!("{:040}", world.records.commits.len());
    let mut world = world.commit(repository, &sha, message);
    let commit = world.records.commits.last_mut().expect("just added");
    commit.paths = (!paths.is_empty()).then(|| paths.iter().map(|path| Text::from(*path)).collect());
    world
}

/// A company in lines: `item NAME a=b`, `repo NAME`, `tag REPO NAME`, `label VALUE`, `project KEY`,
/// `commits REPO COUNT PATHS MESSAGE` (paths joined by commas, `-` for none), `catalog REPO NAME PROJECT`.
fn company(lines: &str) -> Records {
    let mut world = World::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let rest = |from: usize| words[from..].join(" ");
        world = match words[0] {
            "item" => with_item(world, words[1], &rest(2)),
            "repo" => world.repository(words[1]),
            "tag" => world.tag(words[1], words[2], "c"),
            "label" => {
                world.records.runtime_observations.push(RuntimeObservation {
                    labels: [("service".into(), words[1].into())].into(),
                    since: None,
                    observed_at: now(),
                    current: true,
                    source: source("prometheus", words[1]),
                });
                world
            }
            "project" => world.work_item_of("jira", words[1], &format!("{}-1", words[1])),
            "commits" => {
                let paths: Vec<&str> = words[3].split(',').filter(|path| *path != "-").collect();
                let count: usize = words[2].parse().expect("a count");
                (0..count).fold(world, |world, _| with_commit(world, words[1], (&rest(4), &paths)))
            }
            "catalog" => {
                world.records.files.push(FileAtTag {
                    repository: RepositoryId::new(&connector("git"), words[1]),
                    tag: "v1.0.0".into(),
                    path: "catalog-info.yaml".into(),
                    content: format!(
                        "kind: Component\nmetadata:\n  name: {}\n  annotations:\n    jira/project-key: {}\n",
                        words[2], words[3]
                    )
                    .into(),
                    source: source("git", words[1]),
                });
                world
            }
            other => panic!("no line begins with {other}"),
        };
    }
    world.records
}

fn told(proposal: &Proposal) -> String {
    let mut told = Vec::new();
    for service in &proposal.services {
        let mut parts = Vec::new();
        parts.extend(service.configuration_items.iter().map(|one| format!("ci {}", one.value.name)));
        parts.extend(
            service.repositories.iter().map(|one| {
                format!("repo {} {} {}", one.value.repository, one.value.paths.join(","), one.value.tags)
            }),
        );
        parts.extend(service.projects.iter().map(|one| format!("project {}", one.value.project)));
        parts.extend(
            service.monitoring.iter().flat_map(|one| one.value.labels.values()).map(|v| format!("label {v}")),
        );
        told.push(format!("{}: {}", service.key.value, parts.join("; ")));
    }
    told.join("\n")
}

fn check(lines: &str, expected: &str) {
    let records = company(lines);
    let proposal = propose(&records, &Landscape::default(), &Options::default());
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(told(&proposal), expected.join("\n"), "{lines}\n{:#?}", proposal.unmapped);
}

#[test]
fn names_that_two_systems_share_are_a_service() {
    check(
        "repo bank/payments_api\n tag bank/payments_api v1.0.0\n label PaymentsApi",
        "payments-api: repo bank/payments_api ** v{version}; label PaymentsApi",
    );
    check("repo bank/payments-api\n label payments-batch", "");
    check("item payments-api", "");
}

#[test]
fn attributes_lead_where_names_do_not() {
    check(
        "item payments-api u_repository=https://host/bank/pay.git u_jira_project=PAY\n repo bank/pay\n project PAY",
        "payments-api: ci payments-api; repo bank/pay ** v{version}; project PAY",
    );
    // An attribute that leads nowhere, and a repository whose name only ends alike.
    check("item payments-api u_repository=bank/pay u_jira_project=NONE\n repo riverbank/pay", "");
}

#[test]
fn items_of_environments_belong_to_one_service() {
    check(
        "item portal\n item portal-staging\n item stage-left\n label portal",
        "portal: ci portal; ci portal-staging; label portal",
    );
}

#[test]
fn a_repository_of_several_is_cut_by_tags_and_folders() {
    let channels = "repo bank/channels\n label portal\n label mobile\n project WEB\n project MOB
        tag bank/channels portal-v1.0.0\n tag bank/channels mobile-v2.0.0
        commits bank/channels 5 apps/portal/a.rs WEB-1 x\n commits bank/channels 5 apps/mobile/a.rs MOB-1 x";
    check(
        channels,
        "mobile: repo bank/channels apps/mobile/** mobile-v{version}; project MOB; label mobile
         portal: repo bank/channels apps/portal/** portal-v{version}; project WEB; label portal",
    );
}

#[test]
fn a_repository_that_two_claim_and_nothing_divides_is_a_question() {
    let lines =
        "item a u_repository=bank/both\n item b u_repository=bank/both\n label a\n label b\n repo bank/both";
    check(lines, "a: ci a; label a\nb: ci b; label b");
    let proposal = propose(&company(lines), &Landscape::default(), &Options::default());
    assert!(proposal.unmapped.iter().any(|one| one.what == "repository bank/both" && one.confidence > 0.9));
}

#[test]
fn commits_name_a_project_by_their_share() {
    let lines = |own: usize, other: usize| {
        format!(
            "repo bank/pay\n label pay\n project PAY\n project LED
             commits bank/pay {own} - pay-7: x\n commits bank/pay {other} - see LED-1"
        )
    };
    check(&lines(20, 1), "pay: repo bank/pay ** v{version}; project PAY; label pay");
    // Too few, and too mixed.
    check(&lines(3, 0), "pay: repo bank/pay ** v{version}; label pay");
    check(&lines(12, 8), "pay: repo bank/pay ** v{version}; label pay");
}

#[test]
fn a_project_that_two_services_share_is_neither_s() {
    check(
        "item a u_jira_project=X\n item b u_jira_project=X\n label a\n label b\n project X",
        "a: ci a; label a\nb: ci b; label b",
    );
}

#[test]
fn a_catalog_file_is_enough() {
    check(
        "repo bank/zeta\n catalog bank/zeta payments PAY\n project PAY",
        "payments: repo bank/zeta ** v{version}; project PAY",
    );
}

#[test]
fn two_items_of_one_name_are_a_question() {
    let mut records = company("item a\n item b\n label a");
    records.configuration_items.last_mut().expect("an item").name = "a".into();
    let proposal = propose(&records, &Landscape::default(), &Options::default());
    assert_eq!(told(&proposal), "a: label a");
}

#[test]
fn what_is_configured_is_not_proposed_again() {
    let mut records = company("repo bank/pay\n tag bank/pay v1.0.0\n label pay\n repo bank/led\n label led");
    let everything = propose(&records, &Landscape::default(), &Options::default());
    assert_eq!(everything.services.len(), 2);
    let configured = crate::correlate::world::service("pay", "Pay");
    let landscape = Landscape { services: vec![configured], ..Landscape::default() };
    let rest = propose(&records, &landscape, &Options::default());
    assert_eq!(told(&rest), "led: repo bank/led ** v{version}; label led");
    records.changes.clear();
    assert_eq!(propose(&records, &landscape, &Options::default()), rest);
}
