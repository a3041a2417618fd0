//! Features of releases, read from the graph as known at a moment. What no system tells is missing; it is never
//! replaced by an average. Reads each table once, so that all releases of a graph cost little more than one.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Change, ChangeClass, CommitRange, Deployment, PipelineRun, ProblemState, RecordId, Release, Scope, ServiceKey,
    Stage, TestReport, Text,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::catalog::{COVERAGE, EMERGENCY};
use super::known::{Reading, Snapshot};
use super::part::Part;
use crate::graph::{Index, ReleaseGraph};
use crate::queries::blast_radius;

/// Changes that start this close are concurrent.
const CONCURRENT: SignedDuration = SignedDuration::from_hours(6);
/// Steps over which a blast radius is looked at.
const DEPTH: u32 = 3;

/// The graph, arranged for reading features.
pub(super) struct Ground<'g> {
    pub(super) graph: &'g ReleaseGraph,
    attempts: BTreeMap<&'g ServiceKey, Vec<&'g Deployment>>,
    ranges: BTreeMap<&'g str, (&'g CommitRange, Option<Timestamp>)>,
    reports: BTreeMap<&'g str, Vec<(&'g PipelineRun, &'g TestReport)>>,
    starts: Vec<(Timestamp, Option<Timestamp>)>,
    reach: BTreeMap<&'g ServiceKey, [f64; 2]>,
    troubles: BTreeMap<&'g ServiceKey, Vec<Trouble>>,
}

/// A problem or an incident on a service.
struct Trouble {
    feature: &'static str,
    opened: Timestamp,
    ended: Option<Timestamp>,
    record: RecordId,
}

impl<'g> Ground<'g> {
    pub(super) fn of(graph: &'g ReleaseGraph) -> Self {
        let mut attempts: BTreeMap<&ServiceKey, Vec<&Deployment>> = BTreeMap::new();
        for (_, attempt) in graph.deployments.iter() {
            if let Some(release) = graph.releases.by_id(&attempt.release) {
                attempts.entry(&release.service).or_default().push(attempt);
            }
        }
        let by_head: BTreeMap<_, &CommitRange> =
            graph.commit_ranges.iter().map(|range| ((&range.repository, &*range.head), range)).collect();
        let mut ranges = BTreeMap::new();
        for (_, tag) in graph.tags.iter() {
            if let Some(range) = by_head.get(&(&tag.repository, &*tag.name)) {
                ranges.insert(&*tag.commit, (*range, tag.committed_at));
            }
        }
        let mut reports: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for report in &graph.test_reports {
            if let Some(run) = graph.pipeline_runs.by_id(&report.run) {
                reports.entry(&run.commit).or_default().push((run, report));
            }
        }
        let mut starts: Vec<_> = graph
            .changes
            .iter()
            .filter_map(|(_, change)| Some((change.window?.start, change.created_at)))
            .collect();
        starts.sort_unstable();
        let mut ground =
            Self { graph, attempts, ranges, reports, starts, reach: BTreeMap::new(), troubles: troubles(graph) };
        for (index, release) in graph.releases.iter() {
            if !ground.reach.contains_key(&release.service) {
                let reach = ground.reach_of(index);
                ground.reach.insert(&release.service, reach);
            }
        }
        ground
    }

    /// Deployments of the release's service.
    pub(super) fn attempts(&self, release: &Release) -> &[&'g Deployment] {
        self.attempts.get(&release.service).map(Vec::as_slice).unwrap_or_default()
    }

    /// When it was decided to let it go: its first start in production, or now.
    pub(super) fn decided_at(&self, release: &Release) -> Timestamp {
        super::labels::deployed_at(self.graph, release, self.attempts(release)).unwrap_or(self.graph.assembled_at)
    }

    /// How many services of tier 0 and 1 trouble with the release's service reaches, its own included.
    fn reach_of(&self, index: Index<Release>) -> [f64; 2] {
        let radius = blast_radius(self.graph, index, DEPTH, &Scope::All);
        let own = self.graph.services.find(&self.graph.releases.get(index).service);
        let mut reach = [0.0; 2];
        for service in radius.services.iter().map(|(service, _)| *service).chain(own) {
            let tier = self.graph.services.get(service).tier.map(usize::from);
            if let Some(count) = tier.and_then(|tier| reach.get_mut(tier)) {
                *count += 1.0;
            }
        }
        reach
    }

    /// The features of a release as known at a moment. Facts that are younger are left out, not put in.
    pub(super) fn snapshot(&self, index: Index<Release>, at: Timestamp) -> Snapshot {
        let release = self.graph.releases.get(index);
        let mut readings = Vec::new();
        self.code(release, &mut readings);
        self.tests(release, at, &mut readings);
        self.service(release, at, &mut readings);
        self.changes(index, at, &mut readings);
        let mut snapshot = Snapshot::at(at);
        for reading in readings {
            // A reading from the future is none: the feature stays missing.
            drop(snapshot.admit(reading));
        }
        snapshot
    }

    fn commits<'r>(&self, release: &'r Release) -> impl Iterator<Item = &'r str> {
        let aliases = release.aliases.iter();
        aliases.filter(|alias| alias.scheme == domain::AliasScheme::Commit).map(|alias| &*alias.value)
    }

    fn range(&self, release: &Release) -> Option<(&'g CommitRange, Option<Timestamp>)> {
        self.commits(release).find_map(|commit| self.ranges.get(commit)).copied()
    }

    fn code(&self, release: &Release, readings: &mut Vec<Reading>) {
        // A range that was cut short would make a large release look small.
        let Some((range, tagged)) = self.range(release).filter(|(range, _)| range.complete) else { return };
        let from = (tagged, Some(&range.source.record));
        let part = Part::of(self.graph, release, range);
        readings.extend(part.lines_changed().map(|(lines, measure)| {
            let reading = Reading::new("linesChanged", lines, from);
            measure.map_or(reading.clone(), |measure| reading.measuring(measure))
        }));
        let mut read = |feature, value: Option<usize>| {
            readings.extend(value.map(|value| Reading::new(feature, super::calibrate::size(value), from)));
        };
        let paths = part.paths();
        read("files", paths.as_ref().map(Vec::len));
        let directory = |path: &&str| path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        read("directories", paths.map(|paths| paths.iter().map(directory).collect::<BTreeSet<_>>().len()));
        let index = self.graph.releases.find(&release.key);
        let commits = index.map(|index| self.graph.release_commits.from(index));
        let own = commits.as_ref().map(ExactSizeIterator::len);
        let count = if part.is_whole() { Some(range.commits.len()) } else { own };
        read("commits", count);
        let authors: BTreeSet<&str> = commits
            .into_iter()
            .flatten()
            .map(|related| &*self.graph.commits.get(related.index).author.email)
            .filter(|address| !address.is_empty())
            .collect();
        read("developers", Some(authors.len()).filter(|count| *count > 0));
    }

    fn tests(&self, release: &Release, at: Timestamp, readings: &mut Vec<Reading>) {
        let mut told: Vec<_> = self
            .commits(release)
            .filter_map(|commit| self.reports.get(commit))
            .flatten()
            .filter(|(_, report)| report.finished_at.is_some_and(|finished| finished <= at))
            .collect();
        told.sort_by_key(|(run, report)| (report.finished_at, run.attempt));
        let Some((_, last)) = told.last() else { return };
        let from = (last.finished_at, Some(&last.source.record));
        let mut suites: BTreeMap<&str, (bool, bool, u64)> = BTreeMap::new();
        for (_, report) in told.iter().filter(|(_, report)| report.executed > 0) {
            let suite = suites.entry(&report.suite).or_default();
            *suite = (suite.0 || report.failed == 0, suite.1 || report.failed > 0, report.failed);
        }
        if !suites.is_empty() {
            let failed: u64 = suites.values().map(|suite| suite.2).sum();
            let flaky = suites.values().filter(|suite| suite.0 && suite.1).count();
            let failed = usize::try_from(failed).unwrap_or(usize::MAX);
            readings.push(Reading::new("failedTests", super::calibrate::size(failed), from));
            readings.push(Reading::new("flakySuites", super::calibrate::size(flaky), from));
        }
        let newest = told.iter().rev().find(|(_, report)| !report.files.is_empty());
        if let (Some((range, _)), Some((_, report))) = (self.range(release), newest)
            && let Some((share, measure)) = Part::of(self.graph, release, range).coverage(&report.files)
        {
            let from = (report.finished_at, Some(&report.source.record));
            readings.push(Reading::new(COVERAGE, share, from).measuring(measure));
        }
    }

    fn service(&self, release: &Release, at: Timestamp, readings: &mut Vec<Reading>) {
        let service = self.graph.services.by_id(&release.service);
        if let Some(tier) = service.and_then(|service| service.tier) {
            readings.push(Reading::new("criticality", 4.0 - f64::from(tier.min(4)), (None, None)));
        }
        if let Some([zero, one]) = self.reach.get(&release.service) {
            readings.push(Reading::new("tierZeroServices", *zero, (None, None)));
            readings.push(Reading::new("tierOneServices", *one, (None, None)));
        }
        let known = |feature| {
            let kind =
                if feature == "openProblems" { domain::RecordKind::Problem } else { domain::RecordKind::Incident };
            !self.graph.gaps.iter().any(|gap| gap.kind == kind)
        };
        for feature in ["openProblems", "openIncidents"] {
            let all = self.troubles.get(&release.service).into_iter().flatten();
            let open: Vec<&Trouble> = all
                .filter(|trouble| trouble.feature == feature && trouble.opened <= at)
                .filter(|trouble| trouble.ended.is_none_or(|ended| ended > at))
                .collect();
            // None that we know of is not none when a source is dark.
            if !open.is_empty() || known(feature) {
                let newest = open.iter().max_by_key(|trouble| trouble.opened);
                let from = (newest.map(|trouble| trouble.opened), newest.map(|trouble| &trouble.record));
                readings.push(Reading::new(feature, super::calibrate::size(open.len()), from));
            }
        }
    }

    fn changes(&self, index: Index<Release>, at: Timestamp, readings: &mut Vec<Reading>) {
        let carried = self.graph.release_changes.from(index).map(|related| self.graph.changes.get(related.index));
        let known: Vec<&Change> =
            carried.filter(|change| change.created_at.is_some_and(|created| created <= at)).collect();
        let Some(newest) = known.iter().max_by_key(|change| change.created_at) else { return };
        let from = (newest.created_at, Some(&newest.id.0));
        let flag = |set: bool| f64::from(u8::from(set));
        let emergency = known.iter().any(|change| change.class == ChangeClass::Emergency);
        readings.push(Reading::new(EMERGENCY, flag(emergency), from));
        let standard = known.iter().all(|change| change.class == ChangeClass::Standard);
        readings.push(Reading::new("standardChange", flag(standard), from));
        let plan = |change: &&Change| self.backout_at(change, at).is_some_and(|plan| !plan.trim().is_empty());
        readings.push(Reading::new("noBackoutPlan", flag(!known.iter().any(plan)), from));
        let Some(start) = known.iter().filter_map(|change| change.window).map(|window| window.start).min() else {
            return;
        };
        let low = start.checked_sub(CONCURRENT).unwrap_or(start);
        let high = start.checked_add(CONCURRENT).unwrap_or(start);
        let begin = self.starts.partition_point(|(other, _)| *other < low);
        let near = self.starts.get(begin..).unwrap_or_default().iter().take_while(|(other, _)| *other <= high);
        let near = near.filter(|(_, created)| created.is_some_and(|created| created <= at)).count();
        let others = near.saturating_sub(known.iter().filter(|change| change.window.is_some()).count());
        readings.push(Reading::new("concurrentChanges", super::calibrate::size(others), from));
        let production =
            self.graph.environments.iter().find(|(_, environment)| environment.stage == Stage::Production);
        if let Some(zone) = production.and_then(|(_, production)| TimeZone::get(&production.time_zone).ok()) {
            let hour = start.to_zoned(zone).hour();
            readings.push(Reading::new("outsideHours", flag(!(8..20).contains(&hour)), from));
        }
    }

    /// The backout plan as it stood at a moment: the vendor's history tells what it was before it was changed later.
    fn backout_at<'c>(&'c self, change: &'c Change, at: Timestamp) -> Option<&'c Text> {
        let record = &change.id.0;
        let start = self.graph.field_changes.partition_point(|entry| entry.record < *record);
        let history = self.graph.field_changes.get(start..).unwrap_or_default().iter();
        let later = history
            .take_while(|entry| entry.record == *record)
            .filter(|entry| &*entry.field == "backout_plan" && entry.at > at)
            .min_by_key(|entry| entry.at);
        later.map(|entry| &entry.before).or(change.backout_plan.as_ref())
    }
}

fn troubles(graph: &ReleaseGraph) -> BTreeMap<&ServiceKey, Vec<Trouble>> {
    let mut all: BTreeMap<&ServiceKey, Vec<Trouble>> = BTreeMap::new();
    let mut add = |item: Option<&domain::ConfigurationItemId>, make: &dyn Fn() -> Trouble| {
        let Some(item) = item.and_then(|item| graph.configuration_items.find(item)) else { return };
        for owner in graph.service_configuration_items.to(item) {
            all.entry(&graph.services.get(owner.index).key).or_default().push(make());
        }
    };
    for (_, problem) in graph.problems.iter() {
        let Some(opened) = problem.opened_at else { continue };
        let over = matches!(problem.state, ProblemState::Resolved | ProblemState::Closed);
        // Over, but nobody says since when: taken as over all along, which never adds risk that nobody recorded.
        let ended = problem.resolved_at.or(over.then_some(Timestamp::MIN));
        add(problem.configuration_item.as_ref(), &|| Trouble {
            feature: "openProblems",
            opened,
            ended,
            record: problem.id.0.clone(),
        });
    }
    for (_, incident) in graph.incidents.iter() {
        let Some(opened) = incident.opened_at else { continue };
        let ended = incident.resolved_at.or((!incident.state.is_open()).then_some(Timestamp::MIN));
        add(incident.configuration_item.as_ref(), &|| Trouble {
            feature: "openIncidents",
            opened,
            ended,
            record: incident.id.0.clone(),
        });
    }
    all
}
