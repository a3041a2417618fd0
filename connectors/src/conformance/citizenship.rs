//! How good a citizen we are: the demonstration bank enforces its vendors' limits, and is read in full with the settings
//! that nobody has changed. `bench/citizenship` reads a large bank; a small one is read with every test run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{ConnectorId, Text, Window};
use futures::future::join_all;
use jiff::SignedDuration;
use simulators::bank::{Bank, Places, TemporaryFolder, secret};
use simulators::clock::{Running, SharedClock};
use simulators::estate::systems::Ports;
use simulators::estate::{Contents, Options, github, jira};
use simulators::requests::Requests;
use simulators::serve::Server;
use simulators::{jira as site, servicenow as instance};

use crate::contract::{GatherRequest, Interest};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{Secret, Settings};
use crate::{SystemClock, Vendor, alertmanager, prometheus, servicenow, servicenow_cmdb};

/// What a vendor says when it wants to be left alone.
const PATIENCE: [u16; 2] = [403, 429];

struct System {
    name: &'static str,
    url: String,
    requests: Requests,
    identification: Identification,
    vendor: Vendor,
}

/// Every system puts up with as much as its vendor's documentation says, and not more.
fn enforce(bank: &Bank) {
    for instance in [&bank.systems.servicenow.system, &bank.systems.servicenow_lending.system] {
        let rule = instance::RateRule {
            sys_id: "f0".repeat(16),
            resource: "Table API".to_owned(),
            path: "/api/now/table".to_owned(),
            applies_to: instance::AppliesTo::Everybody,
            per_hour: 10_000,
        };
        instance.set_limits(instance::Limits {
            rules: vec![rule],
            semaphore: Some(instance::SemaphoreLimit::default()),
            work: Duration::from_millis(5),
            ..instance::Limits::default()
        });
    }
    let limits = site::Limits { burst: Some(20), points: Some(65_000), ..site::Limits::default() };
    bank.systems.jira.system.set_limits(limits);
    // GitHub counts from the start: 5,000 requests an hour, 900 and 2,000 points a minute.
    bank.systems.github.system.edit_limits(|limits| assert!(limits.enabled));
}

fn systems(bank: &Bank) -> Vec<System> {
    let systems = &bank.systems;
    let basic = |username: &str, variable: &str| Identification::Basic {
        username: username.to_owned(),
        password: Secret::new(secret(variable).expect("a secret")),
    };
    let itsm = || basic("svc.interlock", "SERVICENOW_PASSWORD");
    let system = |name, server: &Server, identification, vendor| {
        let (url, requests) = (server.url(), server.requests.clone());
        System { name, url, requests, identification, vendor }
    };
    let (main, lending) = (&systems.servicenow.server, &systems.servicenow_lending.server);
    let token = Identification::Token(Secret::new(secret("GITHUB_TOKEN").expect("a secret")));
    let ratio = "sum by ({labels}) (rate(http_requests_total{code=~\"5..\",{selector}}[5m]))";
    let mut monitoring = prometheus::Options::default();
    let query = prometheus::HealthQuery { query: ratio.to_owned(), at_most: 0.05, samples: None };
    monitoring.health.insert("errors".to_owned(), query);
    let itsm_options = || Vendor::Servicenow(servicenow::Options::default());
    let cmdb = Vendor::ServicenowCmdb(servicenow_cmdb::Options::default());
    vec![
        system("servicenow", main, itsm(), itsm_options()),
        system("servicenow-cmdb", main, itsm(), cmdb),
        system("servicenow-lending", lending, itsm(), itsm_options()),
        system(
            "jira",
            &systems.jira.server,
            basic(jira::READER.1, "JIRA_TOKEN"),
            Vendor::Jira(crate::jira::Options::default()),
        ),
        system("github", &systems.github.server, token, Vendor::Github(crate::github::Options::default())),
        system("prometheus", &systems.prometheus.server, Identification::Anonymous, Vendor::Prometheus(monitoring)),
        system(
            "alertmanager",
            &systems.alertmanager.server,
            Identification::Anonymous,
            Vendor::Alertmanager(alertmanager::Options::default()),
        ),
    ]
}

/// Everything that the bank has.
fn interest(bank: &Bank) -> Interest {
    let estate = &bank.estate;
    let mut interest = Interest {
        projects: jira::content(estate).projects.iter().map(|project| Text::from(project.key.as_str())).collect(),
        configuration_items: estate.items.iter().map(|item| Text::from(&*item.name)).collect(),
        ..Interest::default()
    };
    let shas = simulators::estate::git::all_shas(estate);
    for repository in github::content(estate, &shas).repositories {
        interest.repositories.insert(repository.full_name().into(), BTreeSet::new());
    }
    for service in &estate.services {
        interest.selectors.insert([("service".into(), Text::from(&*service.key))].into());
        let Some(code) = &service.code else { continue };
        if let Some(patterns) = interest.repositories.get_mut(&*code.repository) {
            patterns.insert(Text::from(code.tag("{version}")));
        }
    }
    interest
}

/// Reads one system in full, prints what it cost, and says what was impolite.
async fn visit(system: System, request: GatherRequest) -> Vec<String> {
    let System { name, url, requests, identification, vendor } = system;
    // A machine that is busy with other tests is slow, which says nothing about how often we ask.
    let mut settings = Settings { max_body_bytes: 64 << 20, ..Settings::default() };
    (settings.deadline, settings.try_timeout) = (Duration::from_secs(600), Duration::from_secs(300));
    let plan = SystemPlan { id: ConnectorId::new(name), url, identification, settings, extra_ca_pem: None };
    let connector = vendor.connector(&plan, Arc::new(SystemClock)).expect("a connector");
    let gathered = connector.gather(&request).await;
    let told = connector.telemetry();
    let refused = told.failures.get("rate_limited").copied().unwrap_or_default();
    let spared = told.spared.by_cache + told.spared.by_coalescing + told.spared.by_revalidation;
    println!(
        "{name:20} {:7} records  {:5} requests  {refused:3} refused  {spared:4} spared  {:3} at once",
        gathered.records.len(),
        told.sent,
        requests.most_in_flight(),
    );
    let mut wrong: Vec<String> = gathered.gaps.iter().map(|gap| format!("{name}: {gap:?}")).collect();
    let seen = requests.matching("");
    if seen.windows(2).any(|pair| pair.iter().all(|seen| PATIENCE.contains(&seen.status))) {
        wrong.push(format!("{name}: it was asked again at once when it wanted to be left alone"));
    }
    if gathered.records.is_empty() && name != "alertmanager" {
        wrong.push(format!("{name}: nothing was read"));
    }
    wrong
}

async fn read_politely(options: Options) {
    let clock: SharedClock = Arc::new(Running::from(options.now));
    let folder = TemporaryFolder::make().expect("a folder");
    let places = Places { gateway: String::new(), ports: Ports::Any, folder: folder.path().to_owned() };
    let bank = Bank::open(&options, &places, clock.clone()).await.expect("a bank");
    enforce(&bank);
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let now = clock.now();
    let horizon = Window { start: now - days(90), end: now + days(180) };
    let request = GatherRequest::full(horizon, now, interest(&bank));
    let visits = systems(&bank).into_iter().map(|system| visit(system, request.clone()));
    let wrong: Vec<String> = join_all(visits).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_with_its_vendors_limits_is_read_politely() {
    let scale = std::env::var("CITIZENSHIP_SCALE").ok().and_then(|scale| scale.parse().ok());
    let contents = if scale.is_some() { Contents::Everything } else { Contents::Stories };
    let now = "2026-06-01T00:00:00Z".parse().expect("a moment");
    read_politely(Options { scale: scale.unwrap_or(1), contents, ..Options::new(1, now) }).await;
}
