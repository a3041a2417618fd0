//! JUnit and Cobertura reports. Read as a stream: nothing nests in memory and no entity is expanded.

use std::collections::BTreeMap;

use domain::FileCoverage;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::{Failure, FailureKind};

/// Most files told of one coverage report.
const MOST_FILES: usize = 20_000;

/// What one report says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Report {
    /// The suite's own name; coverage has none.
    pub(super) suite: Option<String>,
    pub(super) executed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    pub(super) line_coverage: Option<f64>,
    pub(super) files: Vec<FileCoverage>,
}

/// How one test case ended.
#[derive(Clone, Copy)]
enum Case {
    Passed,
    Failed,
    Skipped,
}

#[derive(Default)]
struct Walk {
    /// Suites at the top, in order.
    suites: Vec<Report>,
    /// How many suites are open.
    depth: usize,
    case: Option<Case>,
    coverage: Option<Report>,
    /// Lines of each file: reached or not. A line may stand in a method and in its class.
    lines: BTreeMap<String, BTreeMap<u32, bool>>,
    file: Option<String>,
}

/// The reports in one file; none when it is XML of another kind.
pub(super) fn read(text: &[u8]) -> Result<Vec<Report>, Failure> {
    let broken = |_| Failure::new(FailureKind::Malformed, "a report is broken XML");
    let mut reader = Reader::from_reader(text);
    let mut walk = Walk::default();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).map_err(broken)? {
            Event::Start(element) => walk.open(&element),
            Event::Empty(element) => {
                walk.open(&element);
                walk.close(element.name().as_ref());
            }
            Event::End(element) => walk.close(element.name().as_ref()),
            Event::Eof => break,
            _ => {}
        }
        if walk.lines.len() > MOST_FILES {
            return Err(Failure::new(FailureKind::TooLarge, "a coverage report tells of too many files"));
        }
        buffer.clear();
    }
    Ok(walk.finished())
}

impl Walk {
    fn open(&mut self, element: &BytesStart<'_>) {
        match element.name().as_ref() {
            b"testsuite" => {
                if self.depth == 0 {
                    self.suites.push(Report { suite: attribute(element, "name"), ..Report::default() });
                }
                self.depth += 1;
            }
            b"testcase" => self.case = Some(Case::Passed),
            b"failure" | b"error" if self.case.is_some() => self.case = Some(Case::Failed),
            b"skipped" if matches!(self.case, Some(Case::Passed)) => self.case = Some(Case::Skipped),
            b"coverage" => {
                let rate = attribute(element, "line-rate").and_then(|rate| rate.parse::<f64>().ok());
                let rate = rate.filter(|rate| (0.0..=1.0).contains(rate));
                self.coverage = Some(Report { line_coverage: rate, ..Report::default() });
            }
            b"class" => self.file = attribute(element, "filename"),
            b"line" => self.line(element),
            _ => {}
        }
    }

    fn line(&mut self, element: &BytesStart<'_>) {
        let number = attribute(element, "number").and_then(|number| number.parse().ok());
        let hits = attribute(element, "hits").and_then(|hits| hits.parse::<u64>().ok());
        if let (Some(file), Some(number), Some(hits)) = (&self.file, number, hits) {
            let line = self.lines.entry(file.clone()).or_default().entry(number).or_default();
            *line |= hits > 0;
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"testsuite" => self.depth = self.depth.saturating_sub(1),
            b"testcase" => self.count(),
            b"class" => self.file = None,
            _ => {}
        }
    }

    fn count(&mut self) {
        let Some(case) = self.case.take() else { return };
        if self.suites.is_empty() {
            self.suites.push(Report::default());
        }
        let Some(suite) = self.suites.last_mut() else { return };
        match case {
            Case::Passed => suite.executed += 1,
            Case::Failed => {
                suite.executed += 1;
                suite.failed += 1;
            }
            Case::Skipped => suite.skipped += 1,
        }
    }

    fn finished(self) -> Vec<Report> {
        let mut reports = self.suites;
        if let Some(mut coverage) = self.coverage {
            coverage.files = self.lines.into_iter().map(|(path, lines)| told(path, lines)).collect();
            let count = |of: fn(&FileCoverage) -> usize| coverage.files.iter().map(of).sum::<usize>();
            let (covered, missed) = (count(|file| file.covered.len()), count(|file| file.missed.len()));
            if covered + missed > 0 {
                coverage.line_coverage = Some(share(covered, covered + missed));
            }
            reports.push(coverage);
        }
        reports
    }
}

fn told(path: String, lines: BTreeMap<u32, bool>) -> FileCoverage {
    let (covered, missed): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(_, reached)| *reached);
    let numbers = |lines: Vec<(u32, bool)>| lines.into_iter().map(|(number, _)| number).collect();
    FileCoverage { path: path.into(), covered: numbers(covered), missed: numbers(missed) }
}

#[expect(clippy::cast_precision_loss, reason = "no report has so many lines")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok().flatten()?;
    let value = found.unescape_value().ok()?;
    (!value.is_empty()).then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_counted_and_not_what_attributes_claim() {
        let text = br#"<?xml version="1.0"?>
            <testsuites tests="99">
              <testsuite name="unit" tests="9">
                <testsuite name="inner"><testcase name="a"/><testcase name="b"><failure/><error/></testcase></testsuite>
                <testcase name="c"><skipped/></testcase>
              </testsuite>
              <testsuite name="contract"><testcase name="d"><system-out>&lt;failure/&gt;</system-out></testcase></testsuite>
            </testsuites>"#;
        let reports = read(text).expect("reports");
        let told: Vec<String> = reports
            .iter()
            .map(|report| {
                let suite = report.suite.as_deref().unwrap_or_default();
                format!("{suite} {} {} {}", report.executed, report.failed, report.skipped)
            })
            .collect();
        assert_eq!(told, ["unit 2 1 1", "contract 1 0 0"]);
    }

    #[test]
    fn a_line_in_method_and_class_counts_once() {
        let text = br#"<coverage line-rate="0.9"><packages><package><classes>
            <class filename="src/a.rs"><methods><method><lines><line number="1" hits="1"/></lines></method></methods>
              <lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
            </classes></package></packages></coverage>"#;
        let reports = read(text).expect("reports");
        let coverage = reports.first().expect("coverage");
        assert_eq!(coverage.line_coverage, Some(0.5));
        let file = coverage.files.first().expect("a file");
        assert_eq!((&*file.path, &file.covered, &file.missed), ("src/a.rs", &vec![1], &vec![2]));
    }

    #[test]
    fn other_xml_is_no_report() {
        assert_eq!(read(b"<project><line number='1' hits='2'/></project>").expect("nothing"), []);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _read = read(text.as_bytes());
        }
    }
}
