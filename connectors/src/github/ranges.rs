//! The commits between release tags. A range between two shas never changes, so each is read once.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Commit, CommitRange, Records, Text};

use super::client::Next;
use super::convert;
use super::held::{Bag, Ends, Held, Range, Stage};
use super::patch;
use super::people::People;
use super::reading::Reading;
use super::tags::Step;
use super::wire::{CommitSent, Comparison};
use crate::error::ConnectorError;

/// Most commits read of one range; beyond it the range is told incomplete.
const MOST_COMMITS: usize = 5_000;
/// Commits read before the first release tag, where a range has no beginning.
const MOST_FIRST_COMMITS: usize = 500;
/// GitHub tells at most so many files of a range, without saying that there are more.
const MOST_FILES: usize = 300;

impl Reading<'_> {
    pub(super) async fn ranges(&self, stage: &Stage, held: &mut Held) -> Result<Bag, ConnectorError> {
        let mut bag = Bag::default();
        let mut ranges: BTreeMap<Ends, Arc<Range>> = BTreeMap::new();
        let mut commits: BTreeMap<Text, Commit> = BTreeMap::new();
        let with_lines = |step: &Step| step.newer < self.client.options.lines_for;
        let known = |ranges: &BTreeMap<Ends, Arc<Range>>, step: &Step| {
            ranges.get(&step.ends()).filter(|range| range.with_lines || !with_lines(step)).cloned()
        };
        let batched: Vec<&Step> =
            stage.steps.iter().filter(|step| !with_lines(step) && known(&held.ranges, step).is_none()).collect();
        held.ranges.extend(self.compared(&batched).await?);
        for step in &stage.steps {
            let ends = step.ends();
            let range = match known(&ranges, step).or_else(|| known(&held.ranges, step)) {
                Some(range) => range,
                None => Arc::new(self.range(&ends).await?),
            };
            for commit in range.commits.iter().chain(&range.missing) {
                commits.entry(commit.sha.clone()).or_insert_with(|| Commit {
                    paths: held.paths.get(&commit.sha).cloned().or_else(|| commit.paths.clone()),
                    ..commit.clone()
                });
            }
            bag.people.merge(&range.people);
            bag.records.commit_ranges.push(self.told(step, &range));
            // Kept at once: what was read before a failure is not asked for again after it.
            held.ranges.insert(ends.clone(), Arc::clone(&range));
            ranges.insert(ends, range);
        }
        held.ranges = ranges;
        bag.records.commits = commits.into_values().collect();
        Ok(bag)
    }

    fn told(&self, step: &Step, range: &Range) -> CommitRange {
        let shas = |commits: &[Commit]| commits.iter().map(|commit| commit.sha.clone()).collect();
        CommitRange {
            repository: self.place.id(),
            base: step.base.as_ref().map(|base| base.name.as_str().into()),
            head: step.head.name.as_str().into(),
            commits: shas(&range.commits),
            missing: shas(&range.missing),
            complete: range.complete,
            paths: range.paths.clone(),
            additions: range.additions,
            deletions: range.deletions,
            lines: range.lines.clone(),
            source: self.place.origin.source(self.place.native('@', &step.head.name), range.url.clone()),
        }
    }

    async fn range(&self, (base, head): &Ends) -> Result<Range, ConnectorError> {
        let Some(base) = base else { return self.beginning(head).await };
        let mut range = Range { with_lines: true, ..Range::default() };
        let compared = self.compare(base, head, &mut range.people).await?;
        range.complete = compared.complete;
        range.commits = compared.commits;
        range.url = compared.url;
        if let Some(files) = compared.files.filter(|files| files.len() < MOST_FILES) {
            range.additions = Some(files.iter().map(|file| file.additions).sum());
            range.deletions = Some(files.iter().map(|file| file.deletions).sum());
            range.lines = Some(files.iter().filter_map(patch::changed_lines).collect());
            let names = files.into_iter().flat_map(|file| [Some(file.filename), file.previous_filename]);
            range.paths = Some(names.flatten().map(Text::from).collect());
        }
        // What one commit changed is what the range changed, unless something is taken back by it as well.
        if let ([commit], false) = (range.commits.as_mut_slice(), compared.behind) {
            commit.paths.clone_from(&range.paths);
        }
        if compared.behind {
            // What was fixed on the base alone would be lost by going to the head.
            let lost = self.compare(head, base, &mut range.people).await?;
            range.complete &= lost.complete;
            range.missing = lost.commits;
        }
        Ok(range)
    }

    async fn compare(&self, base: &str, head: &str, people: &mut People) -> Result<Compared, ConnectorError> {
        let between = format!("{base}...{head}");
        let request = self
            .client
            .of_repository("compare commits", &self.place.name, &["compare", &between])
            .query("page", "1");
        let mut compared = Compared::default();
        let mut total = 0;
        let mut first = true;
        let take = |page: Comparison| {
            if first {
                (first, total) = (false, page.total_commits);
                compared.behind = page.behind_by > 0;
                compared.url = page.html_url;
                compared.files = page.files;
            }
            compared.commits.extend(page.commits.iter().map(|sent| convert::commit(&self.place, people, sent)));
            if compared.commits.len() >= MOST_COMMITS { Next::Stop } else { Next::Page }
        };
        self.client.pages("compare commits", request, take).await?;
        compared.complete = compared.commits.len() as u64 == total;
        compared.commits.reverse();
        Ok(compared)
    }

    /// The commits up to the first release tag.
    async fn beginning(&self, head: &str) -> Result<Range, ConnectorError> {
        let request = self.client.of_repository("list commits", &self.place.name, &["commits"]).query("sha", head);
        let mut range = Range { with_lines: true, ..Range::default() };
        let mut stopped = false;
        let take = |page: Vec<CommitSent>| {
            range.commits.extend(page.iter().map(|sent| convert::commit(&self.place, &mut range.people, sent)));
            stopped = range.commits.len() >= MOST_FIRST_COMMITS;
            if stopped { Next::Stop } else { Next::Page }
        };
        self.client.pages("list commits", request, take).await?;
        range.complete = !stopped;
        Ok(range)
    }

    /// A release's own assets as artifacts.
    pub(super) fn assets(&self, stage: &Stage) -> Bag {
        let mut records = Records::default();
        for step in &stage.steps {
            let assets = stage.release(&step.head.name).into_iter().flat_map(|release| &release.assets);
            for asset in assets.filter(|asset| asset.digest.is_some()) {
                let native = self.place.native('~', asset.id);
                records.artifacts.push(domain::Artifact {
                    id: domain::ArtifactId::new(&self.place.origin.connector, native.as_str()),
                    name: asset.name.as_str().into(),
                    digest: convert::filled(asset.digest.as_deref()),
                    family: Vec::new(),
                    tags: vec![step.head.name.as_str().into()],
                    repository: Some(self.place.id()),
                    commit: Some(step.head.commit.as_str().into()),
                    run: None,
                    created_at: Some(asset.created_at),
                    source: self
                        .place
                        .origin
                        .source(native, Some(format!("{}/releases/tag/{}", self.place.url, step.head.name))),
                });
            }
        }
        Bag { records, ..Bag::default() }
    }
}

/// One direction of a comparison.
#[derive(Default)]
struct Compared {
    /// Newest first.
    commits: Vec<Commit>,
    complete: bool,
    behind: bool,
    files: Option<Vec<super::wire::FileChanged>>,
    url: Option<String>,
}
