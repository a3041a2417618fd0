//! `interlock gate`: may this release go to this target? Exit codes let a pipeline branch on the answer; the answer is
//! written as a pipeline's own tools read it.

mod report;

use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::blockers::{target, text};
use super::client::{Client, ClientArguments};
use super::{Exit, Failure};

const DOCUMENT: &str = "
query Gate($key: String!, $target: TargetInput!, $at: DateTime) {
  release(key: $key) {
    key
    gate(target: $target, at: $at) {
      decision binding at graphVersion policyVersion nextWindow { start end }
      checks {
        code predicate phase outcome closes waived reason dueAt expiresAt
        resolvableBy { name } gaps { code connector message } evidence { kind summary url observedAt }
      }
    }
    whatWouldUnblock(target: $target, at: $at) { acts { code detail by { name } } earliest { start end } exact }
  }
}";

/// Between two questions of one that waits.
const PAUSE: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Key of the release, for example payments-api@2.14.0
    release: String,
    /// Where it is to go: an environment, with a region and a tenant where it has those
    #[arg(long, value_name = "ENVIRONMENT[/REGION[/TENANT]]")]
    target: String,
    /// The moment of the deployment (RFC 3339); default: now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Only look: nothing is recorded, and the answer binds nobody. Decisions that bind are not taken by this version
    #[arg(long, required = true)]
    dry_run: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
    /// JUnit XML: each check is a test
    Junit,
    /// SARIF 2.1.0: each blocker is a result
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

/// Passes when the gate allows, fails when it denies, is unknown when nobody knows. With --wait it asks again until
/// the gate allows or the time is over.
pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let variables = json!({
        "key": arguments.release, "target": target(&arguments.target)?, "at": arguments.at,
    });
    let client = arguments.client.open().await?;
    let answer = ask_until_open(&client, &variables).await;
    client.close().await;
    let release = answer?;
    let report = report::Report { release: &release, target: &arguments.target };
    print!("{}", report.write(arguments.format));
    Ok(exit(&release))
}

async fn ask_until_open(client: &Client, variables: &Value) -> Result<Value, Failure> {
    let mut left = client.patience();
    loop {
        let release = ask(client, variables).await?;
        let pause = PAUSE.min(left);
        if exit(&release) == Exit::Pass || pause.is_zero() {
            return Ok(release);
        }
        eprintln!("interlock: {}; asking again in {} s", text(&release, "/gate/decision"), pause.as_secs().max(1));
        tokio::time::sleep(pause).await;
        left -= pause;
    }
}

async fn ask(client: &Client, variables: &Value) -> Result<Value, Failure> {
    let fields = client.ask(DOCUMENT, variables).await?.fields()?;
    let release = fields.get("release").filter(|release| !release.is_null()).cloned();
    let key = text(variables, "/key");
    release.ok_or_else(|| Failure::usage(anyhow!("there is no release {key:?}, or you may not see it")))
}

fn exit(release: &Value) -> Exit {
    match text(release, "/gate/decision") {
        "ALLOW" => Exit::Pass,
        "DENY" => Exit::Fail,
        _ => Exit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_is_the_exit_code_and_what_is_not_understood_is_unknown() {
        let release = |decision: &str| json!({ "gate": { "decision": decision } });
        assert_eq!(exit(&release("ALLOW")), Exit::Pass);
        assert_eq!(exit(&release("DENY")), Exit::Fail);
        assert_eq!(exit(&release("UNKNOWN")), Exit::Unknown);
        assert_eq!(exit(&json!({})), Exit::Unknown);
    }
}
