//! The mapping that `interlock map` proposes for the bank, against the one that the bank's own configuration holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{Records, Service};
use engine::mapping::{Options, Proposal, ProposedService, propose};
use interlock::cli::map;
use interlock::clock::FrozenClock;
use interlock::config::{self, Config};
use jiff::Timestamp;
use simulators::bank::{Bank, Places, TemporaryFolder};
use simulators::clock::Frozen;
use simulators::estate::systems::Ports;
use simulators::estate::{self, Contents};

const NOW: &str = "2026-11-23T00:00:00Z";

fn checked(text: &str) -> Config {
    let secrets = |name: &str| simulators::bank::secret(name).map(str::to_owned);
    let config = config::check(text, &secrets).unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    crate::scenarios::patient(config)
}

/// The configuration before anybody has mapped anything: systems and environments.
fn unmapped(config: &str) -> String {
    let mapped = ["[[services]]", "[[teams]]", "[[people]]", "[[dependencies]]"];
    let mut kept = Vec::new();
    let mut skipping = false;
    for line in config.lines() {
        if line.starts_with('[') {
            skipping = mapped.contains(&line.trim());
        }
        if !skipping {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// One service's mapping, entry by entry.
fn entries(service: &Service) -> BTreeSet<String> {
    let (key, sources) = (&service.key, &service.sources);
    let items = sources.configuration_items.iter().map(|one| format!("{key}: item {} {}", one.connector, one.name));
    let repositories = sources
        .repositories
        .iter()
        .map(|one| format!("{key}: repository {} {} {:?} {}", one.connector, one.repository, one.paths, one.tags));
    let projects = sources
        .projects
        .iter()
        .map(|one| format!("{key}: project {} {} {:?}", one.connector, one.project, one.component));
    let labels = sources.monitoring.iter().map(|one| format!("{key}: labels {} {:?}", one.connector, one.labels));
    items.chain(repositories).chain(projects).chain(labels).collect()
}

fn claimed(service: &ProposedService) -> BTreeSet<String> {
    let sources = domain::ServiceSources {
        repositories: service.repositories.iter().map(|one| one.value.clone()).collect(),
        projects: service.projects.iter().map(|one| one.value.clone()).collect(),
        configuration_items: service.configuration_items.iter().map(|one| one.value.clone()).collect(),
        monitoring: service.monitoring.iter().map(|one| one.value.clone()).collect(),
        itsm: None,
    };
    entries(&Service {
        key: service.key.value.clone(),
        name: service.name.value.clone(),
        kind: service.kind.value,
        tier: None,
        tags: BTreeSet::new(),
        owner: None,
        aliases: Vec::new(),
        succeeds: Vec::new(),
        regions: Vec::new(),
        sources,
    })
}

/// How much of the true mapping is claimed; a wrong claim fails the test.
fn found(what: &str, proposal: &Proposal, truth: &BTreeSet<String>) -> usize {
    let claims: BTreeSet<String> = proposal.services.iter().flat_map(claimed).collect();
    let wrong: Vec<&String> = claims.difference(truth).collect();
    let missed: Vec<&String> = truth.difference(&claims).collect();
    let found = claims.intersection(truth).count();
    println!(
        "{what}: {found} of {} entries found, {} wrong, {} questions",
        truth.len(),
        wrong.len(),
        proposal.unmapped.len()
    );
    println!("  missed: {missed:#?}");
    assert!(wrong.is_empty(), "{what}: claimed and not true: {wrong:#?}");
    found
}

/// Takes away the columns in which the bank writes projects and repositories into its CMDB.
fn without_columns(records: &mut Records) {
    for item in &mut records.configuration_items {
        item.attributes.retain(|name, _| !["u_jira_project", "u_repository"].contains(&&**name));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_banks_mapping_is_found_and_nothing_wrong_is_claimed() {
    let now: Timestamp = NOW.parse().expect("a moment");
    let folder = TemporaryFolder::make().expect("a folder");
    let options = estate::Options { contents: Contents::StoriesAndNoise, ..estate::Options::new(1, now) };
    let places = Places { gateway: "127.0.0.1:0".to_owned(), ports: Ports::Any, folder: folder.path().to_owned() };
    let bank = Bank::open(&options, &places, Arc::new(Frozen::at(now))).await.expect("a bank");
    let true_config = checked(&bank.config);
    let truth: BTreeSet<String> = true_config.landscape.services.iter().flat_map(entries).collect();

    let bare = unmapped(&bank.config);
    let config = checked(&bare);
    assert!(config.landscape.services.is_empty() && config.landscape.teams.is_empty());
    let clock: Arc<dyn connectors::Clock> = Arc::new(FrozenClock(now));
    let (proposal, mut surveyed) = map::look(&config, &clock, &Options::default()).await.expect("a proposal");
    assert_eq!(surveyed.gaps, Vec::new());
    let all = found("with the CMDB's columns", &proposal, &truth);
    assert!(all * 100 >= truth.len() * 95, "{all} of {}", truth.len());

    // Appended to the systems, it loads, and says the same again.
    let whole = checked(&format!("{bare}\n{}", map::toml_of(&proposal, &Options::default())));
    let loaded: BTreeSet<String> = whole.landscape.services.iter().flat_map(entries).collect();
    assert_eq!(loaded, proposal.services.iter().flat_map(claimed).collect());
    for service in &whole.landscape.services {
        let truly =
            true_config.landscape.services.iter().find(|one| one.key == service.key).expect("a true service");
        assert_eq!((service.tier, &service.tags), (truly.tier, &truly.tags), "{}", service.key);
        assert_eq!(service.sources.itsm, truly.sources.itsm, "{}", service.key);
        assert_eq!(service.owner, truly.owner, "{}", service.key);
    }
    let again = propose(&surveyed.records, &whole.landscape, &Options::default());
    assert_eq!(again.services, Vec::new(), "what is configured is not proposed again");

    // A company whose CMDB says nothing of projects and repositories: names, tags, commits and changes alone.
    without_columns(&mut surveyed.records);
    let harder = propose(&surveyed.records, &config.landscape, &Options::default());
    let most = found("without them", &harder, &truth);
    assert!(most * 100 >= truth.len() * 80, "{most} of {}", truth.len());
}
