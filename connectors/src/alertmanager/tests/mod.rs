//! The connector against the simulated server, which it knows by its address alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{AlertState, ConnectorId, GapCode, RecordKind, Window};
use jiff::{SignedDuration, Timestamp};
use simulators::alertmanager::Alertmanager as Simulated;
use simulators::alertmanager::content::{Alert, Content, Inhibition, Matcher, Route};
use simulators::clock::{Frozen, SharedClock};
use simulators::faults::{Effect, Fault};
use simulators::serve::Server;

use super::{Alertmanager, Options, open};
use crate::SystemClock;
use crate::contract::{Connector as _, GatherRequest, Gathered, Interest, ProbeAnswer, Wanted};
use crate::reach::{Identification, SystemPlan};
use crate::resilience::{Secret, Settings};

struct Bench {
    clock: Arc<Frozen>,
    simulated: Simulated,
    server: Server,
    options: Options,
}

fn now() -> Timestamp {
    "2026-11-23T12:03:20Z".parse().expect("a moment")
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

impl Bench {
    async fn with(content: Content) -> Self {
        let clock = Arc::new(Frozen::at(now()));
        let shared: SharedClock = clock.clone();
        let options = simulators::alertmanager::Options { clock: shared.clone(), content };
        let simulated = Simulated::new(options);
        let server = Server::start(simulated.router(), 0, shared).await.expect("a free port");
        Self { clock, simulated, server, options: Options::default() }
    }

    fn connector(&self) -> Alertmanager {
        let mut settings = Settings::default();
        settings.retry.retries = 0;
        settings.try_timeout = Duration::from_millis(700);
        settings.max_body_bytes = 1024 * 1024;
        let plan = SystemPlan {
            id: ConnectorId::new("alertmanager"),
            url: self.server.url(),
            identification: Identification::Token(Secret::new("hunter2")),
            settings,
            extra_ca_pem: None,
        };
        open(&plan, &self.options, Arc::new(SystemClock)).expect("a connector")
    }

    async fn gather(&self) -> Gathered {
        let horizon = Window { start: ago(60 * 24), end: now() };
        self.connector().gather(&GatherRequest::full(horizon, now(), Interest::default())).await
    }

    /// Answers one path with JSON of its own.
    fn answers(&self, path: &str, body: &str) {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        self.server.faults.set(Fault::on(path, Effect::Status { status: 200, headers, body: body.to_owned() }));
    }
}

fn firing(name: &str, service: &str) -> Alert {
    let labels = [("service", service), ("severity", "critical"), ("site", "test")];
    let mut alert = Alert::firing(name, &labels, ago(30));
    alert.annotations = BTreeMap::from([("summary".to_owned(), "It hurts ⚠ שלום".to_owned())]);
    alert
}

fn holding(alerts: Vec<Alert>) -> Content {
    Content { alerts, ..Content::default() }
}

#[tokio::test]
async fn an_alert_is_read_with_its_external_labels() {
    let bench = Bench::with(holding(vec![firing("Down", "a")])).await;
    let gathered = bench.gather().await;
    let [alert] = gathered.records.alerts.as_slice() else { panic!("{gathered:?}") };
    assert_eq!(
        (&*alert.name, alert.state, alert.severity.as_deref()),
        ("Down", AlertState::Firing, Some("critical"))
    );
    assert_eq!(&*alert.labels["site"], "test");
    assert_eq!(alert.summary.as_deref(), Some("It hurts ⚠ שלום"));
    assert_eq!(alert.started_at, Some(ago(30)));
    let page = alert.source.url.as_deref().expect("a page");
    assert!(page.ends_with("/#/alerts?filter=%7Balertname%3D%22Down%22%7D"), "{page}");
    assert!(gathered.complete.contains(&RecordKind::Alert) && gathered.gaps.is_empty());
}

#[tokio::test]
async fn the_rolling_end_of_a_firing_alert_is_no_end() {
    let bench = Bench::with(holding(vec![firing("Down", "a")])).await;
    let first = bench.gather().await;
    bench.clock.advance(SignedDuration::from_mins(10));
    let second = bench.gather().await;
    for gathered in [&first, &second] {
        assert_eq!(
            (gathered.records.alerts[0].ended_at, gathered.records.alerts[0].state),
            (None, AlertState::Firing)
        );
    }
    assert_eq!(first.records.alerts[0].id, second.records.alerts[0].id);
}

#[tokio::test]
async fn a_resolved_alert_vanishes_from_a_complete_read() {
    let bench = Bench::with(holding(vec![firing("Down", "a"), firing("Down", "b")])).await;
    assert_eq!(bench.gather().await.records.alerts.len(), 2);
    bench.simulated.resolve(&BTreeMap::from([("service".to_owned(), "a".to_owned())]));
    let gathered = bench.gather().await;
    assert_eq!(gathered.records.alerts.len(), 1);
    assert!(gathered.complete.contains(&RecordKind::Alert));
}

#[tokio::test]
async fn a_silenced_alert_is_kept_with_its_silences() {
    let bench = Bench::with(holding(vec![firing("Down", "a"), firing("Down", "b")])).await;
    let silence =
        bench.simulated.silence(vec![Matcher::equal("service", "a")], now() + SignedDuration::from_hours(1));
    let gathered = bench.gather().await;
    let mut told: Vec<_> = gathered
        .records
        .alerts
        .iter()
        .map(|alert| (&*alert.labels["service"], alert.state, alert.silenced_by.iter().map(|id| &**id).collect()))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [("a", AlertState::Suppressed, vec![silence.as_str()]), ("b", AlertState::Firing, Vec::<&str>::new())]
    );
    bench.simulated.expire(&silence);
    let gathered = bench.gather().await;
    assert!(gathered.records.alerts.iter().all(|alert| alert.state == AlertState::Firing));
}

#[tokio::test]
async fn an_inhibited_alert_is_kept_and_has_no_silence() {
    let inhibitions = vec![Inhibition {
        source: vec![Matcher::equal("alertname", "SiteDown")],
        target: vec![Matcher::equal("alertname", "Down")],
        equal: vec!["site".to_owned()],
    }];
    let alerts = vec![firing("Down", "a"), firing("SiteDown", "b")];
    let bench = Bench::with(Content { alerts, inhibitions, ..Content::default() }).await;
    let gathered = bench.gather().await;
    let down = gathered.records.alerts.iter().find(|alert| &*alert.name == "Down").expect("it is kept");
    assert_eq!((down.state, down.silenced_by.len()), (AlertState::Suppressed, 0));
}

#[tokio::test]
async fn only_the_configured_receivers_alerts_are_read() {
    let route = |service: &str, receiver: &str| Route {
        matchers: vec![Matcher::equal("service", service)],
        receiver: receiver.to_owned(),
        group_by: Vec::new(),
    };
    let content = Content {
        alerts: vec![firing("Down", "a"), firing("Down", "b"), firing("Down", "c")],
        routes: vec![route("a", "payments"), route("b", "lending")],
        ..Content::default()
    };
    let mut bench = Bench::with(content).await;
    bench.options.receiver = Some("pay.*|lending".to_owned());
    assert_eq!(bench.gather().await.records.alerts.len(), 2);
    bench.options.receiver = Some("(".to_owned());
    let gathered = bench.gather().await;
    assert!(gathered.complete.is_empty());
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceMalformed]);
}

#[tokio::test]
async fn an_empty_server_has_no_alerts_and_says_so_completely() {
    let gathered = Bench::with(Content::default()).await.gather().await;
    assert!(gathered.records.is_empty() && gathered.gaps.is_empty());
    assert!(gathered.complete.contains(&RecordKind::Alert));
}

#[tokio::test]
async fn a_member_that_is_joining_its_cluster_may_not_know_all() {
    let bench = Bench::with(holding(vec![firing("Down", "a")])).await;
    bench.answers("/api/v2/status", r#"{"cluster":{"status":"settling"},"versionInfo":{"version":"0.28.0"}}"#);
    let gathered = bench.gather().await;
    assert_eq!(gathered.records.alerts.len(), 1);
    assert!(gathered.changed.contains(&RecordKind::Alert) && gathered.complete.is_empty());
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceIncomplete]);
}

#[tokio::test]
async fn unprocessed_alerts_fire_and_unknown_states_are_refused() {
    let alert = |state: &str| {
        format!(
            r#"[{{"labels":{{"alertname":"Down"}},"startsAt":"0001-01-01T00:00:00Z","endsAt":"2026-11-23T13:00:00Z",
            "fingerprint":"f0","receivers":[],"updatedAt":"2026-11-23T12:00:00Z","newer":{{}},
            "status":{{"state":"{state}","silencedBy":[],"inhibitedBy":[],"mutedBy":[]}}}}]"#
        )
    };
    let bench = Bench::with(Content::default()).await;
    bench.answers("/api/v2/alerts", &alert("unprocessed"));
    let gathered = bench.gather().await;
    assert_eq!(gathered.records.alerts[0].state, AlertState::Firing);
    // Go's zero time is no time.
    assert_eq!(gathered.records.alerts[0].started_at, None);
    bench.server.faults.clear();
    bench.answers("/api/v2/alerts", &alert("dreaming"));
    let gathered = bench.gather().await;
    assert!(gathered.records.is_empty());
    assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceMalformed]);
}

#[tokio::test]
async fn refusals_have_many_shapes() {
    for (status, body) in
        [(400, r#""bad matcher hunter2""#), (422, r#"{"code":612,"message":"hunter2"}"#), (404, "")]
    {
        let bench = Bench::with(holding(vec![firing("Down", "a")])).await;
        let effect = Effect::Status { status, headers: BTreeMap::new(), body: body.to_owned() };
        bench.server.faults.set(Fault::on("/api/v2/alerts", effect));
        let gathered = bench.gather().await;
        assert!(gathered.records.is_empty() && gathered.complete.is_empty() && gathered.changed.is_empty());
        assert_eq!(gathered.gaps.iter().map(|gap| gap.code).collect::<Vec<_>>(), [GapCode::SourceMalformed]);
        assert!(!format!("{gathered:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn the_number_of_requests_does_not_grow_with_alerts() {
    for count in [0, 1, 400] {
        let alerts = (0..count).map(|number| firing("Down", &format!("s{number}"))).collect();
        let bench = Bench::with(holding(alerts)).await;
        assert_eq!(bench.gather().await.records.alerts.len(), count);
        assert_eq!(bench.server.requests.total(), 2);
    }
}

#[tokio::test]
async fn named_alerts_are_read_again() {
    let bench = Bench::with(holding(vec![firing("Down", "a"), firing("Down", "b")])).await;
    let first = bench.gather().await.records.alerts.remove(0);
    let wanted = Wanted::from([(RecordKind::Alert, [first.id.0.clone()].into())]);
    let again = bench.connector().read(&wanted, now()).await;
    assert_eq!(again.records.alerts, [first]);
    assert!(again.complete.is_empty() && again.changed.contains(&RecordKind::Alert));
    assert_eq!(bench.connector().read(&Wanted::new(), now()).await, Gathered::default());
}

#[tokio::test]
async fn the_probe_tells_version_and_silences() {
    let bench = Bench::with(holding(vec![firing("Down", "a")])).await;
    bench.simulated.silence(vec![Matcher::equal("service", "a")], now() + SignedDuration::from_hours(1));
    let probe = bench.connector().probe(now()).await;
    let told = format!("{:?} {:?}", probe.reachable, probe.permitted);
    assert!(told.contains("Alertmanager 0.") && told.contains("alerts: 1, active silences: 1"), "{told}");
    bench.server.faults.set(Fault::on("/api", Effect::ExpiredToken));
    let probe = bench.connector().probe(now()).await;
    assert!(
        matches!(probe.reachable, ProbeAnswer::Good(_)) && matches!(probe.authenticated, ProbeAnswer::Failed(_))
    );
    bench.server.faults.clear();
    bench.server.faults.set(Fault::on("/api", Effect::Refuse));
    let probe = bench.connector().probe(now()).await;
    assert!(
        matches!(probe.reachable, ProbeAnswer::Failed(_)) && matches!(probe.authenticated, ProbeAnswer::Skipped)
    );
}
