//! `interlock blockers`: what stands in a release's way at a target, and what would let it through. A preview: it reads
//! and records nothing beyond the gateway's graph.

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::ClientArguments;
use super::{Exit, Failure};

const DOCUMENT: &str = "
query Blockers($key: String!, $target: TargetInput!, $at: DateTime) {
  release(key: $key) {
    key
    blockers(target: $target, at: $at) {
      code outcome detail resolvesAt
      release { key status } change { number state } resolvableBy { name } gaps { code connector message }
    }
    whatWouldUnblock(target: $target, at: $at) { acts { code detail by { name } } earliest { start end } exact }
  }
}";

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
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Lines for people
    Table,
    /// One JSON object
    Json,
}

/// Passes when nothing blocks, fails when something does, is unknown when only evidence is missing.
pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let target = target(&arguments.target)?;
    let variables = json!({ "key": arguments.release, "target": target, "at": arguments.at });
    let client = arguments.client.open().await?;
    let answer = client.ask(DOCUMENT, &variables).await;
    client.close().await;
    let fields = answer?.fields()?;
    let release = fields.get("release").filter(|release| !release.is_null());
    let Some(release) = release else {
        return Err(Failure::usage(anyhow!("there is no release {:?}, or you may not see it", arguments.release)));
    };
    match arguments.format {
        Format::Table => print!("{}", table(release)),
        Format::Json => println!("{release:#}"),
    }
    Ok(verdict(release))
}

/// `production/eu` as the input of the API.
pub(super) fn target(text: &str) -> Result<Value, Failure> {
    let mut parts = text.split('/');
    let (environment, region, tenant) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if environment.is_empty() || parts.next().is_some() {
        return Err(Failure::usage(anyhow!(
            "--target {text}: write ENVIRONMENT, ENVIRONMENT/REGION, or with /TENANT"
        )));
    }
    Ok(json!({ "environment": environment, "region": region, "tenant": tenant }))
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn verdict(release: &Value) -> Exit {
    let outcomes: Vec<&str> = list(release, "blockers").map(|blocker| text(blocker, "/outcome")).collect();
    match outcomes.as_slice() {
        [] => Exit::Pass,
        some if some.contains(&"FAIL") => Exit::Fail,
        _ => Exit::Unknown,
    }
}

/// What would let it through, act by act, and when that could be.
pub(super) fn way_out(release: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let way = release.get("whatWouldUnblock").unwrap_or(&Value::Null);
    for act in list(way, "acts") {
        let by = text(act, "/by/name");
        let by = if by.is_empty() { String::new() } else { format!(" ({by})") };
        lines.push(format!("TO DO    {}: {}{by}", text(act, "/code"), text(act, "/detail")));
    }
    let (start, end) = (text(way, "/earliest/start"), text(way, "/earliest/end"));
    lines.push(match start.is_empty() {
        true => "EARLIEST no window in reach".to_owned(),
        false => format!("EARLIEST {start} to {end}"),
    });
    lines
}

fn table(release: &Value) -> String {
    let mut lines = Vec::new();
    for blocker in list(release, "blockers") {
        lines.push(format!(
            "{:8} {}: {}",
            text(blocker, "/outcome"),
            text(blocker, "/code"),
            text(blocker, "/detail")
        ));
        let (by, at) = (text(blocker, "/resolvableBy/name"), text(blocker, "/resolvesAt"));
        let hints = [("by", by), ("resolves at", at)].into_iter().filter(|(_, word)| !word.is_empty());
        let hints: Vec<String> = hints.map(|(name, word)| format!("{name} {word}")).collect();
        if !hints.is_empty() {
            lines.push(format!("         {}", hints.join(", ")));
        }
    }
    if lines.is_empty() {
        lines.push("PASS     Nothing stands in its way.".to_owned());
    }
    lines.extend(way_out(release));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(outcomes: &[&str]) -> Value {
        let blockers =
            outcomes.iter().map(|outcome| json!({ "code": "APPROVED", "outcome": outcome, "detail": "no" }));
        json!({
            "blockers": blockers.collect::<Vec<_>>(),
            "whatWouldUnblock": { "acts": [{ "code": "APPROVE", "detail": "Approve it", "by": { "name": "CAB" } }] },
        })
    }

    #[test]
    fn the_worst_outcome_is_the_exit_code() {
        assert_eq!(verdict(&release(&[])), Exit::Pass);
        assert_eq!(verdict(&release(&["UNKNOWN"])), Exit::Unknown);
        assert_eq!(verdict(&release(&["UNKNOWN", "FAIL"])), Exit::Fail);
    }

    #[test]
    fn a_target_is_an_environment_with_region_and_tenant() {
        let read = |text| target(text).ok();
        assert_eq!(
            read("production/eu"),
            Some(json!({ "environment": "production", "region": "eu", "tenant": null }))
        );
        assert_eq!(read(""), None);
        assert_eq!(read("a/b/c/d"), None);
    }

    #[test]
    fn people_read_who_must_do_what() {
        let told = table(&release(&["FAIL"]));
        assert_eq!(
            told,
            "FAIL     APPROVED: no\nTO DO    APPROVE: Approve it (CAB)\nEARLIEST no window in reach\n"
        );
    }
}
