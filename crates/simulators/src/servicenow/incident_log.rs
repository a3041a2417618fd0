//! The exported log of a real instance's incidents, one line per update, played into a simulated one.
//! The form is that of the public "incident event log" of the UCI repository: labels instead of values, `?` for an
//! empty cell, days before months, times in UTC to the minute.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::store::{Fields, Stamp, Store, stored_time};
use super::{ServiceNow, writes};

/// Updates in the order in which they happened.
#[derive(Clone, Debug)]
pub struct IncidentLog {
    events: Vec<Event>,
}

/// One update of one incident: who made it, when, and how the whole record read afterwards.
#[derive(Clone, Debug)]
pub struct Event {
    pub number: String,
    pub at: Timestamp,
    by: String,
    cells: BTreeMap<&'static str, String>,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log cannot be read")]
    Read(#[from] std::io::Error),
    #[error("the log cannot be unpacked: {0}")]
    Packed(String),
    #[error("the log is not CSV")]
    Csv(#[from] csv::Error),
    #[error("the log has no column {0:?}; its first line must name the columns")]
    NoColumn(&'static str),
    #[error("line {line}, column {column:?}: {value:?} is not {expected}")]
    Cell { line: u64, column: &'static str, value: String, expected: &'static str },
    #[error("the log has no lines after its first")]
    Empty,
}

/// What becomes of a column.
#[derive(Clone, Copy)]
enum Becomes {
    /// Kept under this name as it is.
    Text(&'static str),
    /// `TRUE` and `FALSE` become a flag.
    Flag(&'static str),
    /// Of `2 - Medium` the number is kept.
    Rank(&'static str),
    /// A moment.
    Time(&'static str),
    /// The row of another table that is known by this column.
    Row(&'static str, &'static str, &'static str),
    /// A label of [`STATES`].
    State,
}

const COLUMNS: [(&str, Becomes); 29] = [
    ("incident_state", Becomes::State),
    ("active", Becomes::Flag("active")),
    ("reassignment_count", Becomes::Text("reassignment_count")),
    ("reopen_count", Becomes::Text("reopen_count")),
    ("sys_mod_count", Becomes::Text("sys_mod_count")),
    ("made_sla", Becomes::Flag("made_sla")),
    ("caller_id", Becomes::Row("caller_id", "sys_user", "name")),
    ("opened_by", Becomes::Row("opened_by", "sys_user", "name")),
    ("opened_at", Becomes::Time("opened_at")),
    ("sys_created_by", Becomes::Text("sys_created_by")),
    ("sys_created_at", Becomes::Time("sys_created_on")),
    ("sys_updated_by", Becomes::Text("sys_updated_by")),
    ("sys_updated_at", Becomes::Time("sys_updated_on")),
    ("contact_type", Becomes::Text("contact_type")),
    ("location", Becomes::Row("location", "cmn_location", "name")),
    ("category", Becomes::Text("category")),
    ("subcategory", Becomes::Text("subcategory")),
    ("u_symptom", Becomes::Text("u_symptom")),
    ("cmdb_ci", Becomes::Row("cmdb_ci", "cmdb_ci", "name")),
    ("impact", Becomes::Rank("impact")),
    ("urgency", Becomes::Rank("urgency")),
    ("priority", Becomes::Rank("priority")),
    ("assignment_group", Becomes::Row("assignment_group", "sys_user_group", "name")),
    ("assigned_to", Becomes::Row("assigned_to", "sys_user", "name")),
    ("problem_id", Becomes::Row("problem_id", "problem", "number")),
    ("rfc", Becomes::Row("rfc", "change_request", "number")),
    ("caused_by", Becomes::Row("caused_by", "change_request", "number")),
    ("closed_code", Becomes::Text("close_code")),
    ("resolved_by", Becomes::Row("resolved_by", "sys_user", "name")),
];

const LATER: [(&str, Becomes); 2] =
    [("resolved_at", Becomes::Time("resolved_at")), ("closed_at", Becomes::Time("closed_at"))];

/// The states of that instance, which is older than "On Hold", with the values such instances give them.
const STATES: [(&str, &str); 9] = [
    ("1", "New"),
    ("2", "Active"),
    ("3", "Awaiting Problem"),
    ("4", "Awaiting User Info"),
    ("5", "Awaiting Evidence"),
    ("6", "Resolved"),
    ("7", "Closed"),
    ("11", "Awaiting Vendor"),
    ("-100", "-100"),
];

impl IncidentLog {
    /// Reads a file; `.gz` and `.xz` are unpacked.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such log; the error names line and column.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let mut file = BufReader::new(std::fs::File::open(path)?);
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gz") => Self::read(flate2::bufread::MultiGzDecoder::new(file)),
            Some("xz") => {
                let mut text = Vec::new();
                lzma_rs::xz_decompress(&mut file, &mut text)
                    .map_err(|error| LogError::Packed(error.to_string()))?;
                Self::read(text.as_slice())
            }
            _ => Self::read(file),
        }
    }

    /// Reads CSV.
    ///
    /// # Errors
    /// When it is no such log; the error names line and column.
    pub fn read(text: impl Read) -> Result<Self, LogError> {
        let mut reader = csv::Reader::from_reader(text);
        let head = reader.headers()?.clone();
        let place = |name: &'static str| head.iter().position(|own| own == name).ok_or(LogError::NoColumn(name));
        let number = place("number")?;
        let mut columns = Vec::new();
        for (name, becomes) in COLUMNS.into_iter().chain(LATER) {
            columns.push((name, becomes, place(name)?));
        }
        let mut events = Vec::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, csv::Position::line);
            let mut event = Event {
                number: record.get(number).unwrap_or_default().to_owned(),
                at: Timestamp::UNIX_EPOCH,
                by: String::new(),
                cells: BTreeMap::new(),
            };
            for (column, becomes, place) in &columns {
                let value = record.get(*place).unwrap_or_default().trim();
                let bad = |expected| LogError::Cell { line, column, value: value.to_owned(), expected };
                if value != "?" {
                    event.cells.insert(column, understood(value, *becomes).map_err(bad)?);
                }
            }
            let at = record.get(place("sys_updated_at")?).unwrap_or_default().trim();
            let bad = || LogError::Cell { line, column: "sys_updated_at", value: at.to_owned(), expected: MOMENT };
            event.at = moment(at).ok_or_else(bad)?;
            event.by = event.cells.get("sys_updated_by").cloned().unwrap_or_default();
            events.push(event);
        }
        // Lines of one incident stand together in the file; an instance lived through them by time.
        events.sort_by_key(|event| event.at);
        if events.is_empty() { Err(LogError::Empty) } else { Ok(Self { events }) }
    }

    /// The updates, oldest first; those of one minute in the order of the file.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The moments of the first and the last update.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let at = |event: Option<&Event>| event.map_or(Timestamp::UNIX_EPOCH, |event| event.at);
        (at(self.events.first()), at(self.events.last()))
    }
}

const MOMENT: &str = "a moment like 29-02-2016 01:16";

fn moment(value: &str) -> Option<Timestamp> {
    let local = DateTime::strptime("%d-%m-%Y %H:%M", value.replace('/', "-")).ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The value as a row stores it; for references still the label.
fn understood(value: &str, becomes: Becomes) -> Result<String, &'static str> {
    match becomes {
        Becomes::Text(_) | Becomes::Row(..) => Ok(value.to_owned()),
        Becomes::Flag(_) => match value {
            "TRUE" | "true" => Ok("true".to_owned()),
            "FALSE" | "false" => Ok("false".to_owned()),
            _ => Err("TRUE or FALSE"),
        },
        Becomes::Rank(_) => match value.split_once(" - ") {
            Some((number, _)) if number.parse::<u8>().is_ok() => Ok(number.to_owned()),
            _ => Err("a rank like 2 - Medium"),
        },
        Becomes::Time(_) => moment(value).map(stored_time).ok_or(MOMENT),
        Becomes::State => STATES
            .iter()
            .find(|(_, label)| *label == value)
            .map(|(value, _)| (*value).to_owned())
            .ok_or("a state that such a log has, for example Awaiting User Info"),
    }
}

impl ServiceNow {
    /// Gives the instance the incident states that a log uses.
    pub fn adopt_states_of_logs(&self) {
        for (value, label) in STATES {
            let choice = format!("name=incident^element=state^value={value}");
            let row = |pairs: &[(&str, &str)]| writes::fields(pairs);
            match self.find("sys_choice", &choice).first() {
                Some(id) => drop(self.update("sys_choice", id, row(&[("label", label)]))),
                None => drop(self.insert(
                    "sys_choice",
                    row(&[
                        ("name", "incident"),
                        ("element", "state"),
                        ("value", value),
                        ("label", label),
                        ("language", "en"),
                        ("inactive", "false"),
                    ]),
                )),
            }
        }
    }

    /// Lets one update of a log happen: the incident and what it refers to come into being when first named.
    pub fn replay(&self, event: &Event) {
        let mut store = self.instance.write();
        let stamp = Stamp { by: event.by.clone(), at: event.at };
        let mut row = Fields::new();
        for (column, becomes) in COLUMNS.into_iter().chain(LATER) {
            let value = event.cells.get(column).cloned().unwrap_or_default();
            let (name, value) = match becomes {
                Becomes::Text(name) | Becomes::Flag(name) | Becomes::Rank(name) | Becomes::Time(name) => {
                    (name, value)
                }
                Becomes::State => ("state", value),
                Becomes::Row(name, table, known_by) => {
                    (name, row_of(&mut store, (table, known_by, &value), &stamp))
                }
            };
            row.insert(name.to_owned(), value);
        }
        let known = store.with_value("incident", "number", &event.number).first().map(|row| row.id.to_string());
        match known {
            Some(id) => {
                row.remove("sys_created_on");
                row.remove("sys_created_by");
                writes::update(&mut store, ("incident", &id), row, &stamp);
            }
            None => {
                row.retain(|_, value| !value.is_empty());
                row.insert("number".to_owned(), event.number.clone());
                writes::insert(&mut store, "incident", row, &stamp);
            }
        }
    }
}

/// The sys_id of the row with this name or number, which is made when nobody has named it before.
fn row_of(store: &mut Store, (table, known_by, value): (&str, &str, &str), stamp: &Stamp) -> String {
    if value.is_empty() {
        return String::new();
    }
    let known = store.with_value(table, known_by, value).first().map(|row| row.id.to_string());
    known.unwrap_or_else(|| {
        let mut row = writes::fields(&[(known_by, value)]);
        if store.dictionary.extends(table, "task") {
            // The log tells nothing of it but that it is there and being worked on.
            row.extend(writes::fields(&[("active", "true"), ("opened_at", &stored_time(stamp.at))]));
        }
        writes::insert(store, table, row, stamp)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Frozen;
    use crate::servicenow::Options;

    const HEAD: &str = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,\
        opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,\
        subcategory,u_symptom,cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,\
        u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at";

    fn line(number: &str, state: &str, at: &str, caused_by: &str) -> String {
        format!(
            "{number},{state},TRUE,0,0,1,TRUE,Caller 1,?,29-02-2016 01:16,?,?,Ada,{at},Phone,Hall,C,S,?,?,2 - Medium,\
             2 - Medium,3 - Moderate,Group 56,?,TRUE,FALSE,?,?,?,?,{caused_by},code 5,?,?,05-03-2016 12:00"
        )
    }

    fn read(lines: &[String]) -> Result<IncidentLog, LogError> {
        IncidentLog::read([&[HEAD.to_owned()], lines].concat().join("\n").as_bytes())
    }

    fn instance(log: &IncidentLog) -> ServiceNow {
        let servicenow = ServiceNow::new(Options::new(Arc::new(Frozen::at(Timestamp::UNIX_EPOCH))));
        servicenow.adopt_states_of_logs();
        log.events().iter().for_each(|event| servicenow.replay(event));
        servicenow
    }

    #[test]
    fn updates_happen_by_time_and_the_last_one_stands() {
        let log = read(&[
            line("INC1", "Closed", "05-03-2016 12:00", "CHG7"),
            line("INC2", "Awaiting Vendor", "01-03-2016 10:00", "?"),
            line("INC1", "New", "29-02-2016 01:23", "?"),
        ])
        .unwrap();
        let servicenow = instance(&log);
        let found = servicenow.find("incident", "numberININC1,INC2^ORDERBYnumber");
        let rows: Vec<Fields> = found.iter().filter_map(|id| servicenow.row("incident", id)).collect();
        let cell = |row: usize, column: &str| rows[row].get(column).cloned().unwrap_or_default();
        assert_eq!(rows.len(), 2);
        assert_eq!((cell(0, "state"), cell(0, "sys_updated_on")), ("7".into(), "2016-03-05 12:00:00".into()));
        assert_eq!((cell(0, "sys_created_on"), cell(0, "priority")), ("2016-02-29 01:23:00".into(), "3".into()));
        assert_eq!((cell(1, "state"), cell(1, "caused_by")), ("11".into(), String::new()));
        let change = servicenow.row("change_request", &cell(0, "caused_by")).unwrap();
        assert_eq!(change["number"], "CHG7");
        assert_eq!(servicenow.find("sys_user_group", "name=Group 56").len(), 1);
        assert_eq!(servicenow.find("sys_audit", "fieldname=state").len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_log_is_read_or_refused(cells in proptest::collection::vec("[^\n]{0,20}", 36), state in "New|Closed|-100|.{0,6}") {
            let mut lines = vec![line("INC1", &state, "05-03-2016 12:00", "?"), cells.join(",")];
            let _read = read(&lines);
            lines.truncate(1);
            if let Ok(log) = read(&lines) {
                instance(&log);
            }
            let _unlike = IncidentLog::read(cells.join("\n").as_bytes());
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for (line, told) in [
            (line("INC1", "Open", "05-03-2016 12:00", "?"), "line 2, column \"incident_state\": \"Open\" is not"),
            (line("INC1", "New", "2016-03-05", "?"), "line 2, column \"sys_updated_at\": \"2016-03-05\" is not"),
            (line("INC1", "New", "?", "?"), "line 2, column \"sys_updated_at\": \"?\" is not"),
        ] {
            let error = read(&[line]).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
        assert!(matches!(read(&[]), Err(LogError::Empty)));
        assert!(matches!(IncidentLog::read("a,b\n1,2".as_bytes()), Err(LogError::NoColumn("number"))));
    }
}
