//! A system answers whatever it likes to each connector: headers, statuses and bodies.
//! The first byte is the vendor, the second the status, the first line the headers' values, the rest the body.

#![no_main]

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use connectors::reach::{Identification, SystemPlan};
use connectors::resilience::Settings;
use connectors::{
    GatherRequest, Interest, SystemClock, Vendor, alertmanager, github, jira, prometheus, servicenow,
    servicenow_cmdb,
};
use domain::{ConnectorId, Window};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use simulators::clock::Frozen;
use simulators::serve::Server;

const HEADERS: [&str; 7] = [
    "link",
    "date",
    "retry-after",
    "x-ratelimit-reset",
    "x-ratelimit-remaining",
    "x-total-count",
    "etag",
];
const STATUSES: [u16; 8] = [200, 200, 200, 200, 304, 404, 429, 503];

fn vendor(byte: u8) -> Vendor {
    match byte % 6 {
        0 => Vendor::Servicenow(servicenow::Options::default()),
        1 => Vendor::ServicenowCmdb(servicenow_cmdb::Options::default()),
        2 => Vendor::Jira(jira::Options::default()),
        3 => Vendor::Github(github::Options::default()),
        4 => Vendor::Prometheus(prometheus::Options::default()),
        _ => Vendor::Alertmanager(alertmanager::Options::default()),
    }
}

fn interest() -> Interest {
    Interest {
        projects: ["PAY".into()].into(),
        repositories: [("bank/api".into(), ["v{version}".into()].into())].into(),
        configuration_items: ["api".into()].into(),
        selectors: [[("service".into(), "api".into())].into()].into(),
        ..Interest::default()
    }
}

async fn gather(vendor: Vendor, status: StatusCode, headers: Vec<HeaderValue>, body: Vec<u8>) {
    let answer = move || {
        let (headers, body) = (headers.clone(), body.clone());
        async move {
            let mut response = (status, body).into_response();
            let content = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, content);
            for (name, value) in HEADERS.into_iter().zip(headers) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
            response
        }
    };
    let now: Timestamp = "2026-06-01T12:00:00Z".parse().expect("a moment");
    let clock = Arc::new(Frozen::at(now));
    let server = Server::start(Router::new().fallback(answer), 0, clock).await.expect("a free port");
    let mut settings = Settings::default();
    settings.retry.retries = 0;
    settings.limits.requests_per_second = 10_000.0;
    settings.limits.burst = 10_000;
    settings.max_body_bytes = 1 << 20;
    let plan = SystemPlan {
        id: ConnectorId::new("fuzzed"),
        url: server.url(),
        identification: Identification::Anonymous,
        settings,
        extra_ca_pem: None,
    };
    let connector = vendor.connector(&plan, Arc::new(SystemClock)).expect("a connector");
    let horizon = Window { start: now - SignedDuration::from_hours(2_000), end: now };
    let gathered = connector.gather(&GatherRequest::full(horizon, now, interest())).await;
    for kind in connector.descriptor().kinds {
        let missed = gathered.gaps.iter().any(|gap| gap.kind == *kind);
        let told = gathered.complete.contains(kind) || gathered.changed.contains(kind);
        assert!(told || missed, "nobody speaks of {kind:?}");
    }
}

fuzz_target!(|input: &[u8]| {
    let [first, second, rest @ ..] = input else { return };
    let status = STATUSES[usize::from(*second) % STATUSES.len()];
    let status = StatusCode::from_u16(status).expect("a status");
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (head, body) = rest.split_at(line);
    let headers = head.split(|byte| *byte == b'\t').filter_map(|value| HeaderValue::from_bytes(value).ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(gather(vendor(*first), status, headers.collect(), body.to_vec()));
});
