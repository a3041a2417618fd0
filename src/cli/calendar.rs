//! `interlock calendar`: what is planned and what gets in each other's way, as a table, as JSON, or as iCalendar.

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use domain::Window;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::{Client, ClientArguments};
use super::{Exit, Failure};
use crate::ics::{self, IcsEvent};

const DOCUMENT: &str = "
query Calendar($from: DateTime!, $to: DateTime!, $environments: [String!], $after: String) {
  calendar(from: $from, to: $to, environments: $environments) {
    entries(first: 100, after: $after) {
      edges { node {
        id kind title start end target { environment { key } region } release { key }
        change { number state stateLabel updatedAt } source { connector url fetchedAt }
      } }
      pageInfo { hasNextPage endCursor }
    }
    conflicts(first: 100) {
      totalCount
      edges { node { kind severity start end explanation resolutions { window { start end } explanation } } }
    }
    gaps { code connector message }
  }
}";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// First moment (RFC 3339); default: now
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// First moment after, at most 400 days later; default: 30 days after the first
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only what concerns this environment; may be given more than once
    #[arg(long = "environment", value_name = "KEY")]
    environments: Vec<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    client: ClientArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// iCalendar (RFC 5545), for calendar programs
    Ics,
    /// One JSON object
    Json,
    /// Lines for people
    Table,
}

/// Passes; fails when the calendar has a conflict that cannot stay so; is unknown when something is missing from it.
pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let from = arguments.from.unwrap_or_else(|| arguments.client.now());
    let to = match arguments.to {
        Some(to) => to,
        None => from
            .saturating_add(SignedDuration::from_hours(24 * 30))
            .map_err(|error| Failure::usage(anyhow!("--from {from}: {error}")))?,
    };
    let client = arguments.client.open().await?;
    let variables = json!({ "from": from, "to": to, "environments": environments(&arguments.environments) });
    let read = pages(&client, variables).await;
    client.close().await;
    let (calendar, entries, partial) = read?;
    match arguments.format {
        Format::Table => print!("{}", table(&calendar, &entries)),
        Format::Json => println!("{:#}", machine_form(&calendar, &entries)),
        Format::Ics => print!("{}", ics::write("Releases", entries.iter().filter_map(event))),
    }
    let verdict = verdict(&calendar);
    Ok(if partial { unsure(verdict) } else { verdict })
}

fn environments(keys: &[String]) -> Value {
    if keys.is_empty() { Value::Null } else { json!(keys) }
}

/// The calendar, all its entries, and whether a system's failure left something out.
async fn pages(client: &Client, mut variables: Value) -> Result<(Value, Vec<Value>, bool), Failure> {
    let (mut entries, mut partial) = (Vec::new(), false);
    loop {
        let answer = client.ask(DOCUMENT, &variables).await?;
        partial |= answer.is_partial();
        let mut fields = answer.fields()?;
        let calendar = fields.get_mut("calendar").map(Value::take).unwrap_or_default();
        let rows = calendar.pointer("/entries/edges").and_then(Value::as_array).into_iter().flatten();
        entries.extend(rows.filter_map(|row| row.get("node").cloned()));
        let more = calendar.pointer("/entries/pageInfo/hasNextPage") == Some(&Value::Bool(true));
        let cursor = calendar.pointer("/entries/pageInfo/endCursor").cloned();
        match (cursor, variables.as_object_mut()) {
            (Some(cursor), Some(variables)) if more => {
                variables.insert("after".to_owned(), cursor);
            }
            _ => return Ok((calendar, entries, partial)),
        }
    }
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn conflicts(calendar: &Value) -> impl Iterator<Item = &Value> {
    let rows = calendar.pointer("/conflicts/edges").and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(|row| row.get("node"))
}

fn verdict(calendar: &Value) -> Exit {
    let gaps = calendar.get("gaps").and_then(Value::as_array).is_none_or(|gaps| !gaps.is_empty());
    match conflicts(calendar).any(|conflict| text(conflict, "/severity") == "ERROR") {
        true => Exit::Fail,
        false if gaps => Exit::Unknown,
        false => Exit::Pass,
    }
}

/// The verdict when not all was read.
fn unsure(verdict: Exit) -> Exit {
    if verdict == Exit::Pass { Exit::Unknown } else { verdict }
}

fn place(entry: &Value) -> String {
    let (environment, region) = (text(entry, "/target/environment/key"), text(entry, "/target/region"));
    if region.is_empty() { environment.to_owned() } else { format!("{environment}/{region}") }
}

fn table(calendar: &Value, entries: &[Value]) -> String {
    let mut lines = Vec::new();
    for entry in entries {
        lines.push(format!(
            "{} {} {:11} {:16} {} {}",
            text(entry, "/start"),
            text(entry, "/end"),
            text(entry, "/kind"),
            place(entry),
            text(entry, "/title"),
            text(entry, "/change/number")
        ));
    }
    for conflict in conflicts(calendar) {
        let (severity, kind) = (text(conflict, "/severity"), text(conflict, "/kind"));
        lines.push(format!("{severity} {kind}: {}", text(conflict, "/explanation")));
        let ways = conflict.get("resolutions").and_then(Value::as_array).into_iter().flatten();
        lines.extend(ways.map(|way| format!("  {}", text(way, "/explanation"))));
    }
    let gaps = calendar.get("gaps").and_then(Value::as_array).into_iter().flatten();
    lines.extend(gaps.map(|gap| format!("MISSING {}", text(gap, "/message"))));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn machine_form(calendar: &Value, entries: &[Value]) -> Value {
    json!({
        "entries": entries,
        "conflicts": conflicts(calendar).collect::<Vec<_>>(),
        "conflictCount": calendar.pointer("/conflicts/totalCount"),
        "gaps": calendar.get("gaps"),
    })
}

fn event(entry: &Value) -> Option<IcsEvent> {
    let moment = |path| text(entry, path).parse::<Timestamp>().ok();
    let window = Window::new(moment("/start")?, moment("/end")?)?;
    let filled = |text: String| (!text.is_empty()).then_some(text);
    let number = text(entry, "/change/number");
    let undecided = ["NEW", "ASSESS", "AUTHORIZE"].contains(&text(entry, "/change/state"));
    Some(IcsEvent {
        uid: format!("{}@interlock", text(entry, "/id")),
        title: text(entry, "/title").to_owned(),
        window,
        category: text(entry, "/kind").to_owned(),
        location: filled(place(entry)),
        description: filled(number.to_owned())
            .map(|number| format!("{number} is {}.", text(entry, "/change/stateLabel"))),
        url: filled(text(entry, "/source/url").to_owned()),
        revised_at: moment("/change/updatedAt").unwrap_or(window.start),
        confirmed: !undecided,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(severity: &str, gaps: &Value) -> Value {
        json!({ "conflicts": { "edges": [{ "node": { "severity": severity } }] }, "gaps": gaps })
    }

    #[test]
    fn a_conflict_that_cannot_stay_fails_and_a_gap_makes_unknown() {
        assert_eq!(verdict(&calendar("ERROR", &json!([]))), Exit::Fail);
        assert_eq!(verdict(&calendar("WARNING", &json!([]))), Exit::Pass);
        assert_eq!(verdict(&calendar("WARNING", &json!([{ "code": "SOURCE_DENIED" }]))), Exit::Unknown);
        assert_eq!(unsure(verdict(&calendar("WARNING", &json!([])))), Exit::Unknown);
    }

    #[test]
    fn an_entry_becomes_an_event() {
        let entry = json!({
            "id": "abc", "kind": "RELEASE", "title": "ledger-core@5.3.0",
            "start": "2026-11-23T18:00:00Z", "end": "2026-11-23T19:30:00Z",
            "target": { "environment": { "key": "production" }, "region": "eu" },
            "change": { "number": "CHG1", "state": "SCHEDULED", "stateLabel": "Scheduled" },
        });
        let event = event(&entry).unwrap();
        assert_eq!((event.uid.as_str(), event.location.as_deref()), ("abc@interlock", Some("production/eu")));
        assert!(event.confirmed);
    }
}
