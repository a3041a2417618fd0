//! `interlock sequence`: in which order, together with what, and when releases can go to a target.

use std::fmt::Write as _;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::client::ClientArguments;
use super::logs::LogArguments;
use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Keys of the releases, `service@version`; default: all to come that the options below let through
    #[arg(value_name = "RELEASE")]
    releases: Vec<String>,
    /// Only releases of this service; may be given several times
    #[arg(long, value_name = "KEY")]
    service: Vec<String>,
    /// Only releases on the train with this number or name
    #[arg(long, value_name = "TRAIN")]
    train: Option<String>,
    /// Environment they go to
    #[arg(long, value_name = "KEY", default_value = "production")]
    environment: String,
    /// Region they go to; default: all of them
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// Not before this moment (RFC 3339); default: the present
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// All must be done by this moment (RFC 3339); default: 14 days later
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// What if this release went too
    #[arg(long, value_name = "RELEASE")]
    add: Vec<String>,
    /// What if this release did not go
    #[arg(long, value_name = "RELEASE")]
    remove: Vec<String>,
    /// What if this release started then
    #[arg(long = "move", value_name = "RELEASE=TIME", value_parser = pair)]
    moves: Vec<(String, String)>,
    /// What if this release took so long
    #[arg(long, value_name = "RELEASE=DURATION", value_parser = pair)]
    duration: Vec<(String, String)>,
    /// What if this pool or team served so many releases at once
    #[arg(long, value_name = "POOL=NUMBER", value_parser = pair)]
    capacity: Vec<(String, String)>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    client: ClientArguments,
    #[command(flatten)]
    logs: LogArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Tables for people
    Table,
    /// One JSON object, as GraphQL answers it
    Json,
}

/// What stands before and behind the last `=`.
fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.rsplit_once('=').ok_or("expected two parts with = between them")?;
    Ok((key.to_owned(), value.to_owned()))
}

const DOCUMENT: &str = r"query Sequence($input: SequenceInput!) {
  sequence(input: $input) {
    graphVersion
    units { id verified releases { key } because { from { key } to { key } kind reason } }
    waves { index units { id } }
    order { key }
    cycles { releases { key } exact breakBy { from { key } to { key } reason } }
    wrongTargets { from { key } to { key } reason }
    unverified { from { key } to { key } reason }
    verificationsToSplit { unit from { key } to { key } detail }
    criticalPath { releases { key } duration }
    quality { lowerBound makespan gap }
    schedule { release { key } target { environment { key } region } window { start end } slack boundBy { code detail } }
    unschedulable { release { key } blockers { code detail release { key } } }
    rollbackOrder { key }
    irreversible { release { key } reason }
    difference { shifted { release { key } before { start end } after { start end } } wavesChanged { key } makespan endsBefore endsAfter }
    gaps { code connector message }
  }
}";

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let input = arguments.input()?;
    let client = arguments.client.open().await?;
    let answer = client.ask(DOCUMENT, &json!({ "input": input })).await;
    client.close().await;
    let answer = answer?;
    let partial = answer.is_partial();
    let sequence = answer.fields()?.get_mut("sequence").map(Value::take).unwrap_or_default();
    match arguments.format {
        Format::Table => print!("{}", table(&sequence)),
        Format::Json => println!("{sequence:#}"),
    }
    let exit = verdict(&sequence);
    Ok(if partial && exit == Exit::Pass { Exit::Unknown } else { exit })
}

impl Arguments {
    fn input(&self) -> Result<Value, Failure> {
        let from = match self.from {
            Some(from) => from,
            None => next_minute(self.client.now()).map_err(Failure::usage)?,
        };
        let to = match self.to {
            Some(to) => to,
            None => from.checked_add(SignedDuration::from_hours(14 * 24)).map_err(Failure::usage)?,
        };
        let mut filter = Map::new();
        if !self.service.is_empty() {
            filter.insert("services".to_owned(), json!(self.service));
        }
        if let Some(train) = &self.train {
            filter.insert("train".to_owned(), json!(train));
        }
        let mut capacity = Vec::new();
        for (pool, number) in &self.capacity {
            let number: i32 = number
                .parse()
                .map_err(|_| Failure::usage(anyhow!("--capacity {pool}={number}: expected a whole number")))?;
            capacity.push(json!({ "pool": pool, "capacity": number }));
        }
        let move_to = |(release, start): &(String, String)| json!({ "release": release, "start": start });
        let lasting = |(release, time): &(String, String)| json!({ "release": release, "duration": time });
        let what_if = json!({
            "add": self.add,
            "remove": self.remove,
            "move": self.moves.iter().map(move_to).collect::<Vec<_>>(),
            "durations": self.duration.iter().map(lasting).collect::<Vec<_>>(),
            "capacity": capacity,
        });
        let asks_what_if =
            [self.add.len(), self.remove.len(), self.moves.len(), self.duration.len(), capacity.len()]
                .into_iter()
                .any(|count| count > 0);
        Ok(json!({
            "releases": (!self.releases.is_empty()).then_some(&self.releases),
            "filter": (self.releases.is_empty() || !filter.is_empty()).then_some(filter),
            "target": { "environment": self.environment, "region": self.region },
            "from": from,
            "to": to,
            "whatIf": asks_what_if.then_some(what_if),
        }))
    }
}

/// Plans are for people: they start at whole minutes.
fn next_minute(moment: Timestamp) -> Result<Timestamp, jiff::Error> {
    moment.round(jiff::TimestampRound::new().smallest(jiff::Unit::Minute).mode(jiff::RoundMode::Ceil))
}

fn rows<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// 1 when something cannot go, 2 when that is not known, 0 when all can.
fn verdict(sequence: &Value) -> Exit {
    let blockers = rows(sequence, "unschedulable").flat_map(|row| rows(row, "blockers"));
    let codes: Vec<&str> = blockers.map(|blocker| text(blocker, "/code")).collect();
    // What runs there already has nothing left to do: a pipeline that is run again has not failed.
    let codes: Vec<&str> = codes.into_iter().filter(|code| *code != "ALREADY_RUNNING").collect();
    if codes.iter().any(|code| *code != "DEPENDENCY_UNKNOWN") {
        return Exit::Fail;
    }
    let dark = rows(sequence, "gaps").any(|gap| text(gap, "/code") != "SOURCE_NOT_CONFIGURED");
    if dark || !codes.is_empty() || sequence.is_null() { Exit::Unknown } else { Exit::Pass }
}

fn table(sequence: &Value) -> String {
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            writeln!(out, "{title}").ok();
            for line in lines {
                writeln!(out, "  {line}").ok();
            }
            out.push('\n');
        }
    };
    let pairs = |name: &str| {
        let row = |row: &Value| {
            format!("{} with {}: {}", text(row, "/from/key"), text(row, "/to/key"), text(row, "/reason"))
        };
        rows(sequence, name).map(row).collect::<Vec<_>>()
    };
    section("No plan: these fail together", pairs("wrongTargets"));
    section("Waves", rows(sequence, "waves").map(wave).collect());
    section("Go together", rows(sequence, "units").filter_map(unit).collect());
    section(
        "Verify to split",
        rows(sequence, "verificationsToSplit").map(|row| text(row, "/detail").to_owned()).collect(),
    );
    section("Nobody verified", pairs("unverified"));
    section("Circles", rows(sequence, "cycles").map(cycle).collect());
    let path = sequence.get("criticalPath").unwrap_or(&Value::Null);
    section("Schedule (UTC)", rows(sequence, "schedule").map(scheduled).collect());
    if let Some(quality) = sequence.get("quality").filter(|quality| !quality.is_null()) {
        let gap = quality.get("gap").and_then(Value::as_f64).unwrap_or_default() * 100.0;
        let line = format!(
            "ends after {}, at best {}: {gap:.1} % longer",
            text(quality, "/makespan"),
            text(quality, "/lowerBound")
        );
        section("Quality", vec![line]);
        let line = format!("{} ({})", keys(path, "releases").join(" > "), text(path, "/duration"));
        section("Critical path", vec![line]);
    }
    section("Cannot go", rows(sequence, "unschedulable").flat_map(blocked).collect());
    section("What changes", sequence.get("difference").into_iter().flat_map(difference).collect());
    let back = keys(sequence, "rollbackOrder");
    section("Way back", if back.is_empty() { Vec::new() } else { vec![back.join(" > ")] });
    let stays = |row: &Value| format!("{}: {}", text(row, "/release/key"), text(row, "/reason"));
    section("Cannot be taken back", rows(sequence, "irreversible").map(stays).collect());
    let gap = |gap: &Value| format!("{} {}", text(gap, "/code"), text(gap, "/message"));
    section("Missing evidence", rows(sequence, "gaps").map(gap).collect());
    out
}

fn keys(value: &Value, name: &str) -> Vec<String> {
    rows(value, name).map(|row| text(row, "/key").to_owned()).collect()
}

fn wave(wave: &Value) -> String {
    let units: Vec<&str> = rows(wave, "units").map(|unit| text(unit, "/id")).collect();
    format!("{} {}", wave.get("index").and_then(Value::as_u64).unwrap_or_default() + 1, units.join("  "))
}

fn unit(unit: &Value) -> Option<String> {
    let releases = keys(unit, "releases");
    if releases.len() < 2 {
        return None;
    }
    let reasons: Vec<&str> = rows(unit, "because").map(|row| text(row, "/reason")).collect();
    let verified = unit.get("verified") == Some(&Value::Bool(true));
    let word = if verified { "verified" } else { "assumed" };
    Some(format!("{} ({word}): {}", releases.join(" + "), reasons.join("; ")))
}

fn cycle(cycle: &Value) -> String {
    let circle = keys(cycle, "releases").join(" needs ");
    let drop: Vec<String> = rows(cycle, "breakBy")
        .map(|row| format!("{} needs {} ({})", text(row, "/from/key"), text(row, "/to/key"), text(row, "/reason")))
        .collect();
    match drop.is_empty() {
        true => format!("{circle}: no soft dependency can break it"),
        false => format!("{circle}: left out {}", drop.join(", ")),
    }
}

fn scheduled(row: &Value) -> String {
    format!(
        "{} - {}  {:<32} slack {:<10} {}",
        text(row, "/window/start"),
        text(row, "/window/end"),
        text(row, "/release/key"),
        text(row, "/slack"),
        text(row, "/boundBy/detail")
    )
}

fn blocked(row: &Value) -> Vec<String> {
    let key = text(row, "/release/key");
    rows(row, "blockers")
        .map(|blocker| format!("{key}  {}  {}", text(blocker, "/code"), text(blocker, "/detail")))
        .collect()
}

fn difference(difference: &Value) -> Vec<String> {
    let start = |row: &Value, name: &str| match text(row, name) {
        "" => "not at all".to_owned(),
        start => start.to_owned(),
    };
    let mut lines: Vec<String> = rows(difference, "shifted")
        .map(|row| {
            let key = text(row, "/release/key");
            format!("{key}  {} -> {}", start(row, "/before/start"), start(row, "/after/start"))
        })
        .collect();
    if !difference.is_null() {
        let ends = (start(difference, "/endsBefore"), start(difference, "/endsAfter"));
        lines.push(format!("ends {} -> {}", ends.0, ends.1));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sequence: &Value, expected: Exit) {
        assert_eq!(verdict(sequence), expected);
    }

    #[test]
    fn what_cannot_go_fails_and_what_is_not_known_is_unknown() {
        let blocked = |code: &str| json!({ "unschedulable": [{ "blockers": [{ "code": code }] }] });
        check(&json!({ "unschedulable": [], "gaps": [] }), Exit::Pass);
        check(&blocked("ALREADY_RUNNING"), Exit::Pass);
        check(&blocked("DEPENDENCY_MISSING"), Exit::Fail);
        check(&blocked("DEPENDENCY_UNKNOWN"), Exit::Unknown);
        check(&json!({ "gaps": [{ "code": "SOURCE_UNAVAILABLE" }] }), Exit::Unknown);
        check(&json!({ "gaps": [{ "code": "SOURCE_NOT_CONFIGURED" }] }), Exit::Pass);
        check(&Value::Null, Exit::Unknown);
    }

    #[test]
    fn a_table_tells_units_schedule_and_blockers() {
        let key = |key: &str| json!({ "key": key });
        let told = table(&json!({
            "waves": [{ "index": 0, "units": [{ "id": "a@1+b@1" }] }],
            "units": [{ "releases": [key("a@1"), key("b@1")], "verified": true, "because": [{ "reason": "a 1 with b 0 fails" }] }],
            "schedule": [{
                "release": key("a@1"), "slack": "PT1H", "boundBy": { "detail": "It opens" },
                "window": { "start": "2026-11-23T18:00:00Z", "end": "2026-11-23T19:00:00Z" },
            }],
            "unschedulable": [{ "release": key("c@1"), "blockers": [{ "code": "NO_WINDOW", "detail": "closed" }] }],
        }));
        for line in [
            "  1 a@1+b@1",
            "  a@1 + b@1 (verified): a 1 with b 0 fails",
            "  2026-11-23T18:00:00Z - 2026-11-23T19:00:00Z  a@1                              slack PT1H       It opens",
            "  c@1  NO_WINDOW  closed",
        ] {
            assert!(told.lines().any(|found| found == line), "{line:?} in\n{told}");
        }
    }
}
