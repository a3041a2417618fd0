//! The instance as clients meet it: requests through the router, answers compared as JSON.

mod access;
mod apis;
mod table_api;
mod table_writes;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use base64::Engine;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::clock::Frozen;

/// One answer, its body already read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn result(&self) -> &Value {
        &self.body["result"]
    }
}

struct World {
    clock: Arc<Frozen>,
    servicenow: ServiceNow,
}

fn row(pairs: &[(&str, &str)]) -> Fields {
    writes::fields(pairs)
}

fn basic(user: &str, password: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {encoded}")
}

impl World {
    /// Users ada (nothing hidden, London time) and max; three changes of one CI; an OAuth client.
    fn new() -> Self {
        let clock = Arc::new(Frozen::at("2026-07-01T09:00:00Z".parse().unwrap()));
        let mut ada = User::new("ada", "secret");
        ada.name = "Ada Example".to_owned();
        ada.sys_id = Some("a".repeat(32));
        ada.time_zone = "Europe/London".to_owned();
        ada.api_key = Some("key-1".to_owned());
        let mut options = Options::new(clock.clone());
        options.users = vec![ada, User::new("max", "hidden")];
        options.oauth_clients = vec![OauthClient::new("client", "shh", "max")];
        let servicenow = ServiceNow::new(options);
        servicenow.insert("cmdb_ci_service_discovered", row(&[("sys_id", "svc"), ("name", "payments-api")]));
        for n in 1..=3 {
            servicenow.insert(
                "change_request",
                row(&[
                    ("sys_id", &format!("c{n}")),
                    ("number", &format!("CHG003000{n}")),
                    ("state", "-5"),
                    ("type", "normal"),
                    ("active", "true"),
                    ("assigned_to", if n == 1 { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } else { "" }),
                    ("cmdb_ci", "svc"),
                    ("start_date", "2026-07-02 18:00:00"),
                    ("end_date", "2026-07-02 20:00:00"),
                ]),
            );
        }
        Self { clock, servicenow }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.servicenow.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, headers, body }
    }

    async fn get(&self, target: &str) -> Answer {
        self.send(asking("GET", target).body(Body::empty()).unwrap()).await
    }

    async fn write(&self, method: &str, target: &str, body: Value) -> Answer {
        let request = asking(method, target).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// The sys_ids a list answers.
    async fn ids(&self, target: &str) -> Vec<String> {
        let answer = self.get(target).await;
        let rows = answer.result().as_array().unwrap();
        rows.iter().map(|row| row["sys_id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A request of ada's.
fn asking(method: &str, target: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(target);
    request
        .header("accept", "application/json")
        .header("host", "acme.example")
        .header("authorization", basic("ada", "secret"))
}
