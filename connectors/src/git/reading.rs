//! One reading of one repository, synchronous: which tags matter, the ranges between them, their commits and files.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Commit, CommitRange, ConnectorId, FileAtTag, RecordId, Records, Repository, RepositoryId, Source, Tag, TagId,
    TagPattern, Text, Window,
};
use gix::ObjectId;
use jiff::Timestamp;

use super::config::PlainRepository;
use super::convert;
use super::history::Walked;
use super::repository::{Opened, OwnPaths, TagFound};
use super::tags;
use crate::contract::Breadth;
use crate::error::Failure;

/// Most commits read of one range; beyond it the range is told incomplete.
const MOST_COMMITS: usize = 5_000;
/// Longest range whose commits' own paths are read: each costs a comparison of two trees.
const MOST_COMMITS_WITH_PATHS: usize = 2_000;
/// Commits read before the first release tag, where a range has no beginning.
const MOST_FIRST_COMMITS: usize = 500;
/// Release tags older than the horizon that are read all the same, so that what still runs is known.
const OLDER_TAGS: usize = 5;

/// What one reading was about: the refs, the tag patterns and files asked for, and the day the horizon begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    refs: Vec<(String, ObjectId)>,
    patterns: BTreeSet<Text>,
    breadth: Breadth,
    horizon_day: i64,
}

/// What to read.
pub(super) struct Reading {
    pub(super) connector: ConnectorId,
    pub(super) repository: PlainRepository,
    pub(super) breadth: Breadth,
    pub(super) patterns: BTreeSet<Text>,
    pub(super) files: Vec<String>,
    pub(super) horizon: Window,
    pub(super) now: Timestamp,
}

impl Reading {
    /// Reads the repository, or nothing when it is as `known` says.
    pub(super) fn read(&self, known: Option<&Fingerprint>) -> Result<(Fingerprint, Option<Records>), Failure> {
        let opened = Opened::open(&self.repository)?;
        let all = opened.tags()?;
        let fingerprint = Fingerprint {
            refs: all.iter().map(|tag| (tag.name.clone(), tag.target)).chain(opened.head()?).collect(),
            patterns: self.patterns.clone(),
            breadth: self.breadth,
            horizon_day: self.horizon.start.as_second().div_euclid(86_400),
        };
        if known == Some(&fingerprint) {
            return Ok((fingerprint, None));
        }
        let mut records = Records { repositories: vec![self.repository_record(&opened)?], ..Records::default() };
        let mut seen: BTreeMap<ObjectId, Commit> = BTreeMap::new();
        let patterns = match self.breadth {
            Breadth::Mapped => self.patterns.clone(),
            Breadth::All => TagPattern::all(all.iter().map(|tag| tag.name.as_str())),
        };
        for group in tags::by_pattern(&all, &patterns) {
            for (place, tag) in tags::in_horizon(&group, self.horizon.start, OLDER_TAGS) {
                let base = place.checked_sub(1).and_then(|before| group.get(before)).map(|(_, tag)| *tag);
                records.tags.push(self.tag_record(tag));
                records.commit_ranges.push(self.range(&opened, (base, tag), &mut seen)?);
                self.read_files(&opened, tag, &mut records.files)?;
            }
        }
        records.commits = seen.into_values().collect();
        Ok((fingerprint, Some(records)))
    }

    fn id(&self) -> RepositoryId {
        RepositoryId::new(&self.connector, self.repository.name.as_str())
    }

    fn source(&self, native: &str, url: Option<String>) -> Source {
        Source { record: RecordId::new(&self.connector, native), url: url.map(Text::from), fetched_at: self.now }
    }

    fn repository_record(&self, opened: &Opened) -> Result<Repository, Failure> {
        let branch = match &self.repository.branch {
            Some(branch) => Some(branch.clone()),
            None => opened.default_branch()?,
        };
        Ok(Repository {
            id: self.id(),
            name: self.repository.name.as_str().into(),
            former_names: Vec::new(),
            default_branch: branch.map(Text::from),
            source: self.source(&self.repository.name, None),
        })
    }

    fn tag_record(&self, tag: &TagFound) -> Tag {
        let native = format!("{}@{}", self.repository.name, tag.name);
        Tag {
            id: TagId::new(&self.connector, native.as_str()),
            repository: self.id(),
            name: tag.name.as_str().into(),
            commit: tag.commit.to_string().into(),
            annotated: tag.annotated,
            tagger: tag.tagger.clone(),
            committed_at: Some(tag.committed_at),
            release_name: None,
            notes: tag.message.as_deref().map(Text::from),
            published_at: None,
            prerelease: false,
            digests: Vec::new(),
            source: self.source(&native, None),
        }
    }

    fn range(
        &self,
        opened: &Opened,
        (base, head): (Option<&TagFound>, &TagFound),
        seen: &mut BTreeMap<ObjectId, Commit>,
    ) -> Result<CommitRange, Failure> {
        let most = if base.is_some() { MOST_COMMITS } else { MOST_FIRST_COMMITS };
        let inside = opened.walk(head.commit, base.map(|base| base.commit), most)?;
        let lost = match base {
            Some(base) => opened.walk(base.commit, Some(head.commit), MOST_COMMITS)?,
            None => Walked { complete: true, ..Walked::default() },
        };
        let paths = match inside.commits.len() {
            ..=MOST_COMMITS_WITH_PATHS => OwnPaths::Read,
            _ => OwnPaths::Skipped,
        };
        for commit in inside.commits.iter().chain(&lost.commits) {
            if !seen.contains_key(commit) {
                seen.insert(*commit, self.commit(opened, *commit, paths)?);
            }
        }
        let difference = opened.difference(base.map(|base| base.commit), head.commit)?;
        let shas = |walked: Vec<ObjectId>| walked.iter().map(|id| id.to_string().into()).collect();
        let native = format!("{}@{}", self.repository.name, head.name);
        Ok(CommitRange {
            repository: self.id(),
            base: base.map(|base| base.name.as_str().into()),
            head: head.name.as_str().into(),
            complete: inside.complete && lost.complete,
            commits: shas(inside.commits),
            missing: shas(lost.commits),
            paths: Some(difference.paths.into_iter().map(Text::from).collect()),
            additions: difference.additions,
            deletions: difference.deletions,
            lines: None,
            source: self.source(&native, None),
        })
    }

    fn commit(&self, opened: &Opened, id: ObjectId, paths: OwnPaths) -> Result<Commit, Failure> {
        let native = format!("{}@{id}", self.repository.name);
        let url = self.repository.commit_url.as_ref().map(|prefix| format!("{prefix}{id}"));
        let read = opened.commit(id, paths)?;
        Ok(convert::commit(read, self.id(), self.source(&native, url)))
    }

    fn read_files(&self, opened: &Opened, tag: &TagFound, files: &mut Vec<FileAtTag>) -> Result<(), Failure> {
        for (path, content) in opened.files(tag.commit, &self.files)? {
            let native = format!("{}@{}:{path}", self.repository.name, tag.name);
            files.push(FileAtTag {
                repository: self.id(),
                tag: tag.name.as_str().into(),
                path: path.into(),
                content: content.into(),
                source: self.source(&native, None),
            });
        }
        Ok(())
    }
}
