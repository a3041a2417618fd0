//! The connector against a simulated instance: the neighbourhood comes out once, whatever it looks like.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{CiRelationKind, ConnectorId, GapCode, RecordId, RecordKind, Text, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::{Frozen, SharedClock};
use simulators::estate::{self, servicenow as projection};
use simulators::serve::Server;
use simulators::servicenow::{self as simulated, Fields, Kind, Restriction, ServiceNow, User};

use super::{Cmdb, Options, open};
use crate::contract::{Connector, GatherRequest, Gathered, Interest, ProbeAnswer};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{Secret, Settings};
use crate::{Clock, SystemClock};

struct World {
    instance: ServiceNow,
    server: Server,
    connector: Cmdb,
    now: Timestamp,
    clock: Arc<Frozen>,
}

impl World {
    async fn open(options: Options) -> Self {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().expect("a moment");
        let clock = Arc::new(Frozen::at(now));
        let shared: SharedClock = clock.clone();
        let mut instance = simulated::Options::new(shared.clone());
        instance.users = vec![User::new("svc.interlock", "password")];
        let instance = ServiceNow::new(instance);
        let server = Server::start(instance.router(), 0, shared).await.expect("a port");
        let mut settings = Settings::default();
        settings.limits.requests_per_second = 10_000.0;
        settings.limits.burst = 10_000;
        settings.retry.first_pause = Duration::from_millis(1);
        settings.retry.longest_pause = Duration::from_millis(1);
        let plan = SystemPlan {
            id: ConnectorId::new("cmdb"),
            url: server.url(),
            identification: Identification::Basic {
                username: "svc.interlock".to_owned(),
                password: Secret::new("password"),
            },
            settings,
            extra_ca_pem: None,
        };
        let wall: Arc<dyn Clock> = Arc::new(SystemClock);
        let connector = open(&plan, &options, wall).expect("a connector");
        Self { instance, server, connector, now, clock }
    }

    fn insert(&self, table: &str, cells: &[(&str, &str)]) -> String {
        self.instance.insert(table, fields(cells))
    }

    fn relate(&self, parent: &str, kind: &str, child: &str) -> String {
        let kind = self.instance.find("cmdb_rel_type", &format!("name={kind}")).remove(0);
        self.insert("cmdb_rel_ci", &[("parent", parent), ("child", child), ("type", &kind)])
    }

    fn request(&self, names: &[&str]) -> GatherRequest {
        let horizon = Window { start: self.now, end: self.now + SignedDuration::from_hours(24) };
        let configuration_items = names.iter().map(|name| Text::from(*name)).collect();
        GatherRequest::full(horizon, self.now, Interest { configuration_items, ..Interest::default() })
    }

    async fn gather(&self, names: &[&str]) -> Gathered {
        self.connector.gather(&self.request(names)).await
    }
}

fn fields(cells: &[(&str, &str)]) -> Fields {
    cells.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

fn names(gathered: &Gathered) -> Vec<&str> {
    let mut names: Vec<&str> = gathered.records.configuration_items.iter().map(|item| &*item.name).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn loops_end_and_depth_is_kept() {
    let world = World::open(Options { depth: 2, ..Options::default() }).await;
    let items: Vec<String> =
        (0..5).map(|at| world.insert("cmdb_ci_linux_server", &[("name", &format!("host-{at}"))])).collect();
    for pair in items.windows(2) {
        world.relate(&pair[0], "Depends on::Used by", &pair[1]);
    }
    world.relate(&items[1], "Depends on::Used by", &items[0]);
    let gathered = world.gather(&["host-0"]).await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(names(&gathered), ["host-0", "host-1", "host-2"]);
    assert_eq!(gathered.records.ci_relations.len(), 3);
    let first = &gathered.records.ci_relations.iter().find(|relation| *relation.child.0.native == *items[2]);
    assert_eq!(first.expect("a relation").kind, CiRelationKind::DependsOn);
}

#[tokio::test]
async fn items_are_read_from_their_own_tables_with_all_their_columns() {
    let world = World::open(Options::default()).await;
    world.instance.define("cmdb_ci_linux_server", "u_heap_mb", Kind::Text);
    world.insert("cmdb_ci_linux_server", &[("name", "db-1"), ("kernel_release", "6.8"), ("u_heap_mb", "512")]);
    let gathered = world.gather(&["db-1"]).await;
    let item = &gathered.records.configuration_items[0];
    assert_eq!(&*item.class, "cmdb_ci_linux_server");
    let attribute = |name: &str| item.attributes.get(name).map(|value| value.to_string());
    assert_eq!(
        (attribute("kernel_release").as_deref(), attribute("u_heap_mb").as_deref()),
        (Some("6.8"), Some("512"))
    );
}

#[tokio::test]
async fn names_may_hold_what_a_query_cannot() {
    let world = World::open(Options::default()).await;
    let odd = ["a^ORnameISNOTEMPTY", "pay, \"quoted\" ^ 💶", "comma, only", "مدفوعات"];
    for name in odd {
        world.insert("cmdb_ci_appl", &[("name", name)]);
    }
    world.insert("cmdb_ci_appl", &[("name", "another")]);
    let gathered = world.gather(&odd).await;
    assert_eq!(gathered.gaps, []);
    let mut expected = odd;
    expected.sort_unstable();
    assert_eq!(names(&gathered), expected);
    assert!(world.gather(&["^", "javascript:gs.getUserID()"]).await.records.is_empty());
}

#[tokio::test]
async fn a_relation_of_three_thousand_rows_comes_in_pages() {
    let world = World::open(Options { depth: 1, ..Options::default() }).await;
    let hub = world.insert("cmdb_ci_appl", &[("name", "hub")]);
    let kind = world.instance.find("cmdb_rel_type", "name=Runs on::Runs").remove(0);
    for at in 0..3_000 {
        let child = world.insert("cmdb_ci_linux_server", &[("name", &format!("host-{at}"))]);
        world.insert("cmdb_rel_ci", &[("parent", &hub), ("child", &child), ("type", &kind)]);
    }
    let gathered = world.gather(&["hub"]).await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(gathered.records.ci_relations.len(), 3_000);
    assert_eq!(gathered.records.configuration_items.len(), 3_001);
    assert!(world.server.requests.total() < 40, "{}", world.server.requests.total());
    let few = World::open(Options { most_items: 2, ..Options::default() }).await;
    let hub = few.insert("cmdb_ci_appl", &[("name", "hub")]);
    for at in 0..4 {
        let child = few.insert("cmdb_ci_linux_server", &[("name", &format!("host-{at}"))]);
        few.relate(&hub, "Runs on::Runs", &child);
    }
    let gathered = few.gather(&["hub"]).await;
    assert_eq!(gathered.records.configuration_items.len(), 2);
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceIncomplete; 2]);
    assert!(gathered.complete.is_empty() && gathered.watermarks.is_empty());
}

#[tokio::test]
async fn an_incremental_read_ends_where_a_full_one_ends() {
    let world = World::open(Options::default()).await;
    let app = world.insert("cmdb_ci_appl", &[("name", "app"), ("version", "1.0.0")]);
    let mut held = world.gather(&["app"]).await;
    world.clock.advance(SignedDuration::from_hours(1));
    world.instance.update("cmdb_ci_appl", &app, fields(&[("version", "1.1.0")]));
    let host = world.insert("cmdb_ci_linux_server", &[("name", "host")]);
    world.relate(&app, "Runs on::Runs", &host);
    world.insert("cmdb_ci_appl", &[("name", "other")]);
    let request = GatherRequest { since: held.watermarks.clone(), ..world.request(&["app", "other"]) };
    // An item without relations gives no mark for them, so both kinds are read in full: also a right answer.
    let read = world.connector.gather(&request).await;
    assert_eq!(read.gaps, []);
    let mut read = read.records;
    for kind in RecordKind::ALL {
        held.records.upsert(kind, &mut read);
    }
    let mut full = world.gather(&["app", "other"]).await.records;
    held.records.sort();
    full.sort();
    assert_eq!(held.records, full);
    assert_eq!((full.configuration_items.len(), full.ci_relations.len()), (3, 1));
}

#[tokio::test]
async fn a_read_of_changes_sees_what_was_deleted() {
    let world = World::open(Options::default()).await;
    let app = world.insert("cmdb_ci_appl", &[("name", "app")]);
    let hosts = ["one", "other"].map(|name| world.insert("cmdb_ci_linux_server", &[("name", name)]));
    let relations = hosts.clone().map(|host| world.relate(&app, "Runs on::Runs", &host));
    let held = world.gather(&["app"]).await;
    world.clock.advance(SignedDuration::from_hours(1));
    assert!(world.instance.delete("cmdb_rel_ci", &relations[0]));
    assert!(world.instance.delete("cmdb_ci_linux_server", &hosts[0]));
    world.server.requests.reset();
    let request = GatherRequest { since: held.watermarks.clone(), ..world.request(&["app"]) };
    let read = world.connector.gather(&request).await;
    assert_eq!(read.gaps, []);
    let gone = |kind: RecordKind| read.deleted[&kind].iter().map(|id| id.native.to_string()).collect::<Vec<_>>();
    assert_eq!(gone(RecordKind::CiRelation), [relations[0].clone()]);
    assert_eq!(gone(RecordKind::ConfigurationItem), [hosts[0].clone()]);
    assert!(world.server.requests.total() <= 4, "{:?}", world.server.requests.counts());
}

#[tokio::test]
async fn hidden_rows_are_a_gap() {
    let world = World::open(Options::default()).await;
    let app = world.insert("cmdb_ci_appl", &[("name", "app")]);
    let host = world.insert("cmdb_ci_linux_server", &[("name", "host")]);
    world.relate(&app, "Runs on::Runs", &host);
    let hidden = Restriction::HideRows { table: "cmdb_rel_ci".to_owned(), query: "sys_idISNOTEMPTY".to_owned() };
    world.instance.restrict("svc.interlock", vec![hidden]);
    let gathered = world.gather(&["app"]).await;
    let told: Vec<_> = gathered.gaps.iter().map(|gap| (gap.kind, gap.code)).collect();
    assert_eq!(told, [(RecordKind::CiRelation, GapCode::SourceIncomplete)]);
    let probe = world.connector.probe(world.now).await;
    assert!(matches!(probe.authenticated, ProbeAnswer::Good(_)));
}

#[tokio::test]
async fn named_items_are_read_with_their_attributes() {
    let world = World::open(Options::default()).await;
    let app = world.insert("cmdb_ci_appl", &[("name", "app"), ("tcp_port", "8443")]);
    let id = RecordId::new(&world.connector.descriptor().id, app.as_str());
    let wanted = BTreeMap::from([(RecordKind::ConfigurationItem, BTreeSet::from([id]))]);
    let read = world.connector.read(&wanted, world.now).await;
    assert_eq!(read.records.configuration_items[0].attributes.get("tcp_port").map(|port| &**port), Some("8443"));
    assert!(read.complete.is_empty() && read.changed.contains(&RecordKind::ConfigurationItem));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_banks_cmdb_comes_out() {
    let world = World::open(Options::default()).await;
    let options =
        estate::Options { contents: estate::Contents::StoriesAndNoise, ..estate::Options::new(7, world.now) };
    let estate = estate::generate(&options).expect("an estate");
    for (table, column) in projection::CUSTOM_COLUMNS {
        world.instance.define(table, column, Kind::Text);
    }
    projection::each_row(&estate, projection::MAIN, &mut |table, row| {
        if table.starts_with("cmdb") {
            world.instance.insert(table, row.into_iter().collect());
        }
    });
    let all: Vec<&str> = estate.items.iter().map(|item| &*item.name).collect();
    let gathered = world.gather(&all).await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(gathered.records.configuration_items.len(), world.instance.find("cmdb_ci", "").len());
    assert_eq!(gathered.records.ci_relations.len(), world.instance.find("cmdb_rel_ci", "").len());
    let observed = |item: &&domain::ConfigurationItem| item.attributes.contains_key("u_cfg_log_level");
    assert!(gathered.records.configuration_items.iter().any(|item| observed(&item)));
    let total = world.server.requests.total();
    world.server.requests.reset();
    let request = GatherRequest { since: gathered.watermarks.clone(), ..world.request(&all) };
    let again = world.connector.gather(&request).await;
    assert_eq!((again.gaps.len(), again.records.configuration_items.len()), (0, 0));
    // One for the items and one for what was deleted; the relations were all made in one second, so they come again in their pages.
    let pages = gathered.records.ci_relations.len() as u64 / 1000 + 1;
    assert!(world.server.requests.total() <= 2 + pages, "{} of {total}", world.server.requests.total());
}
