//! A history as CSV, plain or gzipped: `id, service, change_type, decided_at, failed`, optional `team`, `labelled_at`,
//! `close_code`, `caused_p1`…`caused_p3`, and any number of `f_*`; a simulated one also the true `probability`.
//! Each mistake names its line and column.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use csv::StringRecord;
use domain::Text;
use engine::risk::{Case, Feature, History, Sign, spec};
use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use crate::cli::Failure;

/// A history, and for simulated changes the probability that their fate was drawn with.
pub(super) struct Told {
    pub(super) history: History,
    pub(super) truth: BTreeMap<Text, f64>,
}

/// Reads a history.
pub(super) fn read(path: &Path) -> Result<Told, Failure> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("{} cannot be read", path.display()))
        .map_err(Failure::usage)?;
    parse(&bytes).with_context(|| path.display().to_string()).map_err(Failure::usage)
}

fn parse(bytes: &[u8]) -> Result<Told, anyhow::Error> {
    let mut text = Vec::new();
    // Told by its first two bytes rather than by its name, which may be anything.
    let plain = match bytes {
        [0x1f, 0x8b, ..] => {
            MultiGzDecoder::new(bytes).read_to_end(&mut text).context("the gzip stream is damaged")?;
            text.as_slice()
        }
        _ => bytes,
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(plain);
    let columns = Columns::of(reader.headers().context("the first line must name the columns")?)?;
    let mut cases = Vec::new();
    let mut truth = BTreeMap::new();
    let mut lines: BTreeMap<Text, u64> = BTreeMap::new();
    for record in reader.records() {
        let record = record.context("a row cannot be read")?;
        let line = record.position().map_or(0, csv::Position::line);
        let case = columns.case(&record).with_context(|| format!("line {line}"))?;
        anyhow::ensure!(!case.id.is_empty(), "line {line}: the id is empty");
        if let Some(first) = lines.insert(case.id.clone(), line) {
            anyhow::bail!(
                "line {line}: the id {:?} stands on line {first} already; each change has one row",
                case.id
            );
        }
        if let Some(cell) = columns.truth.and_then(|place| record.get(place)) {
            let probability = number(cell).with_context(|| format!("line {line}: probability"))?;
            truth.insert(case.id.clone(), probability);
        }
        cases.push(case);
    }
    anyhow::ensure!(!cases.is_empty(), "there are no rows below the names of the columns");
    let features = columns.features.iter().map(|(_, feature)| feature.clone()).collect();
    Ok(Told { history: History::new(features, cases), truth })
}

struct Columns {
    id: usize,
    service: usize,
    change_type: usize,
    decided_at: usize,
    failed: usize,
    team: Option<usize>,
    labelled_at: Option<usize>,
    close_code: Option<usize>,
    caused: [Option<usize>; 3],
    truth: Option<usize>,
    features: Vec<(usize, Feature)>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, anyhow::Error> {
        let place = |name: &str| header.iter().position(|column| column == name);
        let needed = |name: &str| {
            let found = place(name).with_context(|| {
                format!(
                    "line 1: the column {name:?} is missing; needed are id, service, change_type, decided_at, failed, \
                     separated by commas"
                )
            })?;
            let again = header.iter().skip(found + 1).any(|column| column == name);
            anyhow::ensure!(!again, "line 1: the column {name:?} stands there twice");
            Ok::<usize, anyhow::Error>(found)
        };
        let feature = |(place, column): (usize, &str)| {
            let name = column.strip_prefix("f_")?;
            // A feature of ours keeps its sign, wherever its values come from.
            let sign = spec(name).map_or(Sign::Free, |spec| spec.sign);
            Some((place, Feature { name: name.into(), sign }))
        };
        Ok(Self {
            id: needed("id")?,
            service: needed("service")?,
            change_type: needed("change_type")?,
            decided_at: needed("decided_at")?,
            failed: needed("failed")?,
            team: place("team"),
            labelled_at: place("labelled_at"),
            close_code: place("close_code"),
            caused: ["caused_p1", "caused_p2", "caused_p3"].map(place),
            truth: place("probability"),
            features: header.iter().enumerate().filter_map(feature).collect(),
        })
    }

    fn case(&self, record: &StringRecord) -> Result<Case, anyhow::Error> {
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let text = |place: Option<usize>| place.map(cell).filter(|cell| !cell.is_empty());
        let values = self
            .features
            .iter()
            .map(|(place, feature)| number(cell(*place)).with_context(|| format!("f_{}", feature.name)));
        Ok(Case {
            id: cell(self.id).into(),
            service: cell(self.service).into(),
            team: text(self.team).map(Into::into),
            change_type: cell(self.change_type).into(),
            decided_at: moment(cell(self.decided_at)).context("decided_at")?,
            labelled_at: text(self.labelled_at).map_or(Ok(None), moment).context("labelled_at")?,
            failed: outcome(cell(self.failed)).context("failed")?,
            values: values.collect::<Result<_, _>>()?,
            points: self.points(record)?,
        })
    }

    /// `ServiceNow`'s published points: +3 success, −2 with issues, −5 unsuccessful, −10, −5, −2 per P1, P2, P3 caused.
    fn points(&self, record: &StringRecord) -> Result<Option<i32>, anyhow::Error> {
        let Some(code) = self.close_code.and_then(|place| record.get(place)).filter(|code| !code.is_empty()) else {
            return Ok(None);
        };
        let mut points = match code.to_lowercase().replace(['_', '-'], " ").as_str() {
            "successful" => 3,
            "successful issues" | "successful with issues" => -2,
            "unsuccessful" => -5,
            _ => 0,
        };
        for (place, worth) in self.caused.iter().zip([10, 5, 2]) {
            let count = place.and_then(|place| record.get(place)).filter(|count| !count.is_empty());
            let count = count.map_or(Ok(0), str::parse::<u16>).context("caused_p1 to caused_p3 are counts")?;
            points -= i32::from(count) * worth;
        }
        Ok(Some(points))
    }
}

fn number(cell: &str) -> Result<f64, anyhow::Error> {
    if cell.is_empty() {
        return Ok(f64::NAN);
    }
    let value: f64 =
        cell.parse().map_err(|_| anyhow::anyhow!("{cell:?} is no number; leave unknown values empty"))?;
    // An infinite value has no place on a scale; "nan" is how some tools write an empty cell.
    Ok(if value.is_finite() { value } else { f64::NAN })
}

fn outcome(cell: &str) -> Result<Option<bool>, anyhow::Error> {
    match cell.to_lowercase().as_str() {
        "" => Ok(None),
        "1" | "1.0" | "true" => Ok(Some(true)),
        "0" | "0.0" | "false" => Ok(Some(false)),
        _ => anyhow::bail!("{cell:?} is neither 1 nor 0 nor empty (not known yet)"),
    }
}

/// RFC 3339; a moment or a day without a zone is read in UTC.
fn moment(cell: &str) -> Result<Option<Timestamp>, anyhow::Error> {
    if cell.is_empty() {
        return Ok(None);
    }
    if let Ok(moment) = cell.parse::<Timestamp>() {
        return Ok(Some(moment));
    }
    let civil = cell.parse::<jiff::civil::DateTime>();
    let civil =
        civil.map_err(|_| anyhow::anyhow!("{cell:?} is no moment; write for example 2026-06-15T12:00:00Z"))?;
    Ok(Some(civil.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(told) => {
                format!(
                    "{:?}",
                    told.history.cases().iter().map(|case| (&*case.id, case.failed)).collect::<Vec<_>>()
                )
            }
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn reads_rows_in_the_order_of_time_and_blank_labels_as_unknown() {
        let text = "id,service,change_type,decided_at,failed,f_files\n\
                    b,s,normal,2026-02-01T00:00:00Z,,1\n\
                    undated,s,normal,,0,2\n\
                    a,s,normal,2026-01-01,1,\n";
        assert_eq!(told(text), r#"[("a", Some(true)), ("b", None), ("undated", Some(false))]"#);
        let history = parse(text.as_bytes()).expect("reads").history;
        assert!(history.cases()[0].values[0].is_nan() && history.cases()[0].usable_at().is_some());
        assert!(history.cases()[2].usable_at().is_none());
    }

    #[test]
    fn a_mistake_names_its_place_and_the_remedy() {
        assert!(told("id,service\n").contains("line 1: the column \"change_type\" is missing"));
        assert!(told("id;service\n").contains("separated by commas"));
        assert!(told("id,id,service,change_type,decided_at,failed\n").contains("\"id\" stands there twice"));
        let row = |row: &str| told(&format!("id,service,change_type,decided_at,failed,f_files\n{row}\n"));
        assert!(row("a,s,n,yesterday,0,1").starts_with("line 2: decided_at: \"yesterday\" is no moment"));
        assert!(
            row("a,s,n,2026-01-01,0,1\na,s,n,2026-01-02,0,1").starts_with("line 3: the id \"a\" stands on line 2")
        );
        assert!(row(",s,n,2026-01-01,0,1").starts_with("line 2: the id is empty"));
        assert!(row("a,s,n").contains("line: 2"));
        let text = b"id,service,change_type,decided_at,failed\na,s\xff,n,2026-01-01,0\n";
        assert!(format!("{:#}", parse(text).err().expect("refused")).contains("line 2"));
        assert!(row("a,s,n,2026-01-01,perhaps,1").starts_with("line 2: failed:"));
        assert!(row("a,s,n,2026-01-01,0,many").starts_with("line 2: f_files: \"many\" is no number"));
        assert!(told("id,service,change_type,decided_at,failed\n").contains("no rows"));
    }

    #[test]
    fn points_follow_the_published_scheme() {
        let text = "id,service,change_type,decided_at,failed,close_code,caused_p1,caused_p3\n\
                    a,s,n,2026-01-01,1,unsuccessful,1,2\n";
        assert_eq!(parse(text.as_bytes()).expect("reads").history.cases()[0].points, Some(-19));
    }
}
