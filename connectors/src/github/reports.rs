//! Test and coverage reports out of run artifacts. An archive is foreign input: it is bounded in size before it is
//! downloaded and while it is unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};

use domain::{PipelineRun, RecordKind, TestReport};
use jiff::Timestamp;

use super::client::Next;
use super::held::{Bag, Held, Stage};
use super::reading::{Depth, Reading};
use super::report_xml::{self, Report};
use super::wire::{RunArtifact, RunArtifacts};
use crate::error::{ConnectorError, Failure, FailureKind};

/// Most files looked at in one archive.
const MOST_FILES: usize = 1_000;
/// Largest file unpacked, and largest sum of all files of an archive.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;
const MOST_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;

impl Reading<'_> {
    /// The reports of the runs of the newest releases, and those read before. One that cannot be understood does not
    /// hide the others.
    pub(super) async fn reports(&self, stage: &Stage, held: &mut Held) -> Result<Bag, ConnectorError> {
        if let Some(error) = held.failures.get(&RecordKind::PipelineRun) {
            return Err(error.clone());
        }
        let runs: BTreeMap<String, PipelineRun> = held
            .bags
            .get(&RecordKind::PipelineRun)
            .iter()
            .flat_map(|bag| &bag.records.pipeline_runs)
            .map(|run| (run.id.0.native.to_string(), run.clone()))
            .collect();
        let mut bag = Bag::default();
        // What was read stays known, however old its release gets to be.
        held.reports.retain(|_, read| match read {
            Ok(reports) => reports.iter().all(|report| runs.contains_key(&*report.run.0.native)),
            Err(_) => self.depth == Depth::Changes,
        });
        for read in held.reports.values() {
            match read {
                Ok(reports) => bag.records.test_reports.extend(reports.iter().cloned()),
                Err(error) => bag.failure = Some(error.clone()),
            }
        }
        let newest: BTreeSet<&str> = stage.newest(self.client.options.reports_for).collect();
        let wanted = || runs.values().filter(|run| newest.contains(&*run.commit));
        let Some(since) = wanted().map(|run| run.started_at.unwrap_or(self.horizon.start)).min() else {
            bag.records.test_reports = joined(std::mem::take(&mut bag.records.test_reports));
            return Ok(bag);
        };
        for artifact in self.report_artifacts(since).await? {
            let number = artifact.workflow_run.as_ref().and_then(|run| run.id).unwrap_or_default();
            let run = runs.get(&self.place.native('!', number)).filter(|run| newest.contains(&*run.commit));
            let Some(run) = run.filter(|_| !artifact.expired && !held.reports.contains_key(&artifact.id)) else {
                continue;
            };
            let read = self.report(&artifact, run).await;
            match &read {
                Ok(reports) => bag.records.test_reports.extend(reports.iter().cloned()),
                Err(error) => bag.failure = Some(error.clone()),
            }
            // What may succeed next time is asked for again then.
            if read.as_ref().err().is_none_or(|error| !error.is_retryable()) {
                held.reports.insert(artifact.id, read);
            }
        }
        bag.records.test_reports = joined(std::mem::take(&mut bag.records.test_reports));
        Ok(bag)
    }

    /// The artifacts of the repository that go by a report's name, newest first.
    async fn report_artifacts(&self, since: Timestamp) -> Result<Vec<RunArtifact>, ConnectorError> {
        let mut found: Vec<RunArtifact> = Vec::new();
        let request = self.client.of_repository("list artifacts", &self.place.name, &["actions", "artifacts"]);
        let take = |page: RunArtifacts| {
            let past = page.artifacts.last().is_some_and(|last| last.created_at.is_some_and(|at| at < since));
            let patterns = &self.client.options.reports;
            let named = |artifact: &RunArtifact| patterns.iter().any(|pattern| matches(pattern, &artifact.name));
            found.extend(page.artifacts.into_iter().filter(named));
            if past { Next::Stop } else { Next::Page }
        };
        self.client.pages("list artifacts", request, take).await?;
        Ok(found)
    }

    async fn report(&self, artifact: &RunArtifact, run: &PipelineRun) -> Result<Vec<TestReport>, ConnectorError> {
        const OPERATION: &str = "read a report";
        let most = self.client.options.most_artifact_bytes;
        if artifact.size_in_bytes > most as u64 {
            return Err(self.client.failed(
                OPERATION,
                FailureKind::TooLarge,
                "the archive is larger than configured",
            ));
        }
        let number = artifact.id.to_string();
        let path = ["actions", "artifacts", &number, "zip"];
        let request = self.client.download(OPERATION, &self.place.name, &path).max_body_bytes(most);
        let Some(answer) = self.client.upstream.send(request).await?.found() else {
            return Err(self.client.hidden(OPERATION));
        };
        let reports =
            unpack(&answer.body).map_err(|failure| failure.of(self.client.upstream.system(), OPERATION))?;
        let native = self.place.native('!', format!("{number}:{}", artifact.name));
        let told = |report: Report| TestReport {
            run: run.id.clone(),
            suite: report.suite.as_deref().unwrap_or(&artifact.name).into(),
            subject: run.commit.clone(),
            executed: report.executed,
            failed: report.failed,
            skipped: report.skipped,
            line_coverage: report.line_coverage,
            files: report.files,
            finished_at: run.finished_at.or(artifact.created_at),
            source: self.place.origin.source(native.as_str(), run.source.url.as_ref().map(ToString::to_string)),
        };
        Ok(reports.into_iter().map(told).collect())
    }
}

/// All reports in an archive; files of other kinds are passed over.
fn unpack(bytes: &[u8]) -> Result<Vec<Report>, Failure> {
    let broken = |_| Failure::new(FailureKind::Malformed, "the archive is broken");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MOST_FILES {
        return Err(Failure::new(FailureKind::TooLarge, "the archive holds too many files"));
    }
    let mut reports = Vec::new();
    let mut left = MOST_UNPACKED_BYTES;
    for place in 0..archive.len() {
        let file = archive.by_index(place).map_err(broken)?;
        if !file.is_file() || !file.name().to_ascii_lowercase().ends_with(".xml") {
            continue;
        }
        // What the archive says of its sizes may be false: only what comes out counts.
        let most = left.min(MOST_FILE_BYTES);
        let mut text = Vec::new();
        let read = file.take(most + 1).read_to_end(&mut text);
        read.map_err(|_| Failure::new(FailureKind::Malformed, "the archive is broken"))?;
        if text.len() as u64 > most {
            return Err(Failure::new(FailureKind::TooLarge, "a file of the archive unpacks to too much"));
        }
        left -= text.len() as u64;
        reports.extend(report_xml::read(&text)?);
    }
    Ok(reports)
}

/// Reports of one suite of one run as one: shards and files share a suite's name.
fn joined(reports: Vec<TestReport>) -> Vec<TestReport> {
    let mut by_suite: BTreeMap<_, TestReport> = BTreeMap::new();
    for report in reports {
        match by_suite.get_mut(&(report.run.clone(), report.suite.clone())) {
            Some(held) => {
                held.executed += report.executed;
                held.failed += report.failed;
                held.skipped += report.skipped;
                held.line_coverage = held.line_coverage.or(report.line_coverage);
                held.files.extend(report.files);
            }
            None => {
                by_suite.insert((report.run.clone(), report.suite.clone()), report);
            }
        }
    }
    by_suite.into_values().collect()
}

/// Does a name fit a pattern in which `*` stands for any part?
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a file");
            writer.write_all(bytes).expect("bytes");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn a_bomb_is_refused_while_it_unpacks() {
        let bomb = archive(&[("big.xml", &vec![b' '; 17 * 1024 * 1024])]);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(&bomb).expect_err("too large").kind, FailureKind::TooLarge);
    }

    #[test]
    fn other_files_are_passed_over() {
        let told = archive(&[
            ("notes.txt", b"hello"),
            ("unit.xml", br#"<testsuite name="unit"><testcase name="a"/></testsuite>"#),
        ]);
        let reports = unpack(&told).expect("reports");
        assert_eq!(reports.iter().map(|report| report.executed).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, fits) in [
            ("*test*", "test-results", true),
            ("*test*", "unit-tests", true),
            ("*coverage*", "image", false),
            ("junit", "junit-2", false),
            ("a*b", "ab", true),
            ("a*b", "a", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes: Vec<u8>) {
            let _read = unpack(&bytes);
        }
    }
}
