//! What client commands share: a GraphQL document is posted to a running gateway, or to one that this process starts
//! for the one question; failures become exit codes. Machine forms go to standard output, everything else beside it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use connectors::resilience::Secret;
use domain::{Actor, Scope};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exit, Failure, Gateway};
use crate::config::{self, Token};

/// Where a client command asks.
#[derive(Debug, Args)]
pub(super) struct ClientArguments {
    /// Address of the gateway; its token comes from INTERLOCK_TOKEN
    #[arg(long, value_name = "URL", env = "INTERLOCK_URL", default_value = "http://127.0.0.1:4000")]
    gateway: String,
    /// Ask no gateway: read the systems of this configuration once, here
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// With --config: go by this moment instead of the machine's clock (RFC 3339)
    #[arg(long, value_name = "TIME", requires = "config")]
    now: Option<Timestamp>,
    /// Keep trying for so long while the gateway cannot be reached or is not ready, for example PT60S
    #[arg(long, value_name = "DURATION")]
    wait: Option<SignedDuration>,
}

/// A gateway that can be asked.
pub(super) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<Secret>,
    wait: Option<Duration>,
    /// The gateway of this process, where there is one.
    own: Option<Gateway>,
}

/// What a gateway answered.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    /// The fields; null where an error took all along.
    #[serde(default)]
    pub(super) data: Value,
    /// What went wrong.
    #[serde(default)]
    pub(super) errors: Vec<AnswerError>,
}

/// One error of an answer.
#[derive(Debug, Deserialize)]
pub(super) struct AnswerError {
    /// What went wrong, for people.
    pub(super) message: String,
    #[serde(default)]
    extensions: Value,
}

impl AnswerError {
    /// Its stable code; empty where there is none.
    pub(super) fn code(&self) -> &str {
        self.extensions.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    /// What it means for a pipeline: 3 for what the caller can mend, 4 for what is not reached, 5 for our own fault.
    fn exit(&self) -> Exit {
        match self.code() {
            "BAD_INPUT" | "LIMIT_EXCEEDED" | "AMBIGUOUS_KEY" | "CURSOR_EXPIRED" | "UNAUTHENTICATED"
            | "FORBIDDEN" => Exit::Usage,
            "NOT_READY" => Exit::Unreachable,
            code if code.starts_with("SOURCE_") => Exit::Unreachable,
            _ => Exit::Internal,
        }
    }
}

impl Answer {
    /// The fields, unless an error says that there is no answer. An answer beside errors of systems is one in which
    /// something is missing: the caller's verdict is at best unknown.
    ///
    /// # Errors
    /// What the gateway said, with the exit code that it means.
    pub(super) fn fields(self) -> Result<Value, Failure> {
        let worst = self.errors.iter().max_by_key(|error| error.exit() as u8);
        match worst {
            Some(error)
                if self.data.is_null() || self.is_empty_handed() || !error.code().starts_with("SOURCE_") =>
            {
                let messages: Vec<&str> = self.errors.iter().map(|error| error.message.as_str()).collect();
                Err(Failure { exit: error.exit(), error: anyhow!(messages.join("\n")) })
            }
            _ => Ok(self.data),
        }
    }

    /// Did failures of systems leave nothing at all? A gateway that has only just started answers so: what was asked
    /// for may exist.
    pub(super) fn is_empty_handed(&self) -> bool {
        let nothing = match &self.data {
            Value::Object(fields) => fields.values().all(Value::is_null),
            other => other.is_null(),
        };
        let not_ready = self.errors.iter().any(|error| error.code() == "NOT_READY");
        not_ready || (nothing && self.is_partial())
    }

    /// Did a system's failure leave something out?
    pub(super) fn is_partial(&self) -> bool {
        self.errors.iter().any(|error| error.code().starts_with("SOURCE_"))
    }
}

impl ClientArguments {
    /// The present, as the question goes by it.
    pub(super) fn now(&self) -> Timestamp {
        super::serve::clock(self.now).now()
    }

    /// A gateway to ask: the running one, or one of our own that has read every system once.
    ///
    /// # Errors
    /// A configuration or address that cannot be used.
    pub(super) async fn open(&self) -> Result<Client, Failure> {
        let wait = match self.wait.map(Duration::try_from) {
            None => None,
            Some(Ok(wait)) => Some(wait),
            Some(Err(_)) => return Err(Failure::usage(anyhow!("--wait is a duration above zero, such as PT60S"))),
        };
        if let Some(path) = &self.config {
            let mut config = config::load(path).map_err(Failure::usage)?;
            let secret = fresh_secret();
            config.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
            config.tokens.push(Token {
                name: "command line".to_owned(),
                secret: Secret::new(secret.clone()),
                actor: Actor::interlock(),
                scope: Scope::All,
            });
            eprintln!("Reading {} systems once ...", config.connectors.len());
            let gateway = Gateway::start(config, super::serve::clock(self.now)).await?;
            gateway.gathered().await;
            let url = format!("http://{}", gateway.address());
            return Ok(Client {
                http: http(&url)?,
                url,
                token: Some(Secret::new(secret)),
                wait,
                own: Some(gateway),
            });
        }
        let token = std::env::var("INTERLOCK_TOKEN").ok().filter(|token| !token.is_empty()).map(Secret::new);
        Ok(Client { http: http(&self.gateway)?, url: self.gateway.clone(), token, wait, own: None })
    }
}

/// A secret that lives as long as one command, from the randomness that the standard library seeds its hashes with.
fn fresh_secret() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}

fn http(url: &str) -> Result<reqwest::Client, Failure> {
    let place = || format!("--gateway {url}");
    let url: url::Url = url.parse().with_context(place).map_err(Failure::usage)?;
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("interlock/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(120));
    if url.scheme() == "http" {
        // Without TLS a machine that has no certificates at all must still do.
        builder = builder.tls_certs_only(Vec::new());
    }
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if loopback {
        builder = builder.no_proxy();
    }
    builder.build().with_context(place).map_err(Failure::usage)
}

/// The first pause between tries; each is twice as long as the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Client {
    /// For how long an answer that is not yet good may be asked for again.
    pub(super) fn patience(&self) -> Duration {
        self.wait.unwrap_or_default()
    }

    /// Posts a document. With `--wait`, again and again with growing pauses until there is an answer or time is up.
    ///
    /// # Errors
    /// Exit 4 when there is no gateway or it has nothing to answer from, 3 when it does not let us in.
    pub(super) async fn ask(&self, document: &str, variables: &Value) -> Result<Answer, Failure> {
        let Some(wait) = self.wait else { return self.post(document, variables).await };
        let mut last = None;
        let tries = async {
            let mut pause = FIRST_PAUSE;
            loop {
                match self.post(document, variables).await {
                    Ok(answer) if !answer.is_empty_handed() => return Ok(answer),
                    Err(failure) if failure.exit != Exit::Unreachable => return Err(failure),
                    other => last = Some(other),
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        match tokio::time::timeout(wait, tries).await {
            Ok(answer) => answer,
            Err(_) => {
                last.unwrap_or_else(|| Err(unreachable(anyhow!("{} did not answer within {wait:?}", self.url))))
            }
        }
    }

    async fn post(&self, document: &str, variables: &Value) -> Result<Answer, Failure> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url.trim_end_matches('/')))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/graphql-response+json, application/json")
            .body(body);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let place = || format!("the gateway at {} cannot be reached", self.url);
        let answer = request.send().await.with_context(place).map_err(unreachable)?;
        let status = answer.status();
        let text = answer.text().await.with_context(place).map_err(unreachable)?;
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(Failure::usage(anyhow!(
                "the gateway does not let us in ({status}); set INTERLOCK_TOKEN to a token of its configuration"
            )));
        }
        serde_json::from_str(&text)
            .map_err(|_| unreachable(anyhow!("{} answered {status}, and not as a gateway does", self.url)))
    }

    /// Stops the gateway of this process, where there is one.
    pub(super) async fn close(self) {
        if let Some(gateway) = self.own {
            gateway.stop().await;
        }
    }
}

fn unreachable(error: anyhow::Error) -> Failure {
    Failure { error, exit: Exit::Unreachable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Value, expected: Result<Value, Exit>) {
        let answer: Answer = serde_json::from_value(answer).unwrap();
        assert_eq!(answer.fields().map_err(|failure| failure.exit), expected);
    }

    #[test]
    fn an_error_s_code_decides_how_a_command_ends() {
        let error = |code: &str| json!([{ "message": "no", "extensions": { "code": code } }]);
        check(json!({ "data": { "a": 1 } }), Ok(json!({ "a": 1 })));
        check(json!({ "data": null, "errors": error("BAD_INPUT") }), Err(Exit::Usage));
        check(json!({ "data": { "a": null }, "errors": error("AMBIGUOUS_KEY") }), Err(Exit::Usage));
        check(json!({ "errors": error("NOT_READY") }), Err(Exit::Unreachable));
        check(json!({ "data": null, "errors": error("SOURCE_TIMED_OUT") }), Err(Exit::Unreachable));
        check(json!({ "data": { "a": 1 }, "errors": error("SOURCE_TIMED_OUT") }), Ok(json!({ "a": 1 })));
        check(json!({ "data": null, "errors": [{ "message": "?" }] }), Err(Exit::Internal));
    }

    #[test]
    fn an_answer_without_anything_is_waited_out() {
        let answer = |answer: Value| serde_json::from_value::<Answer>(answer).unwrap();
        let error = |code: &str| json!([{ "message": "no", "extensions": { "code": code } }]);
        let unread = || answer(json!({ "data": { "release": null }, "errors": error("SOURCE_UNAVAILABLE") }));
        assert!(unread().is_empty_handed());
        assert_eq!(unread().fields().unwrap_err().exit, Exit::Unreachable, "what is not read may exist");
        assert!(answer(json!({ "errors": error("NOT_READY") })).is_empty_handed());
        assert!(!answer(json!({ "data": { "release": null } })).is_empty_handed(), "there is none");
        let some = json!({ "data": { "release": {}, "other": null }, "errors": error("SOURCE_TIMED_OUT") });
        assert!(!answer(some).is_empty_handed());
    }

    #[tokio::test]
    async fn nobody_there_is_no_verdict() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let arguments = ClientArguments {
            gateway: format!("http://{}", free.local_addr().unwrap()),
            config: None,
            now: None,
            wait: Some(SignedDuration::from_millis(300)),
        };
        drop(free);
        let client = arguments.open().await.unwrap();
        let failure = client.ask("{ __typename }", &Value::Null).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        client.close().await;
    }
}
