//! What of a range of commits is a release's own: in a repository that several services share, what stands in its paths.
//! And how much of that tests reach: of the diff's own lines where the diff shows them; else of all lines of the files
//! that it changes, and then it says so. What nothing tells is missing, never an average.

use std::collections::BTreeMap;

use domain::{ChangedLines, CommitRange, FileCoverage, Release, Text};

use super::calibrate::size;
use crate::correlate::globs::glob_matches;
use crate::graph::ReleaseGraph;

/// The lines of the diff itself.
const LINES: &str = "of the changed lines covered by tests";
/// The nearest that can be told without them.
const FILES: &str = "of the changed files' lines covered by tests";
/// Deleted lines are counted for a whole range alone.
const ADDED: &str = "lines added or changed in its part of the repository";

/// A service's part of a range.
pub(super) struct Part<'g> {
    range: &'g CommitRange,
    /// Empty: all of it.
    globs: &'g [Text],
}

impl<'g> Part<'g> {
    pub(super) fn of(graph: &'g ReleaseGraph, release: &Release, range: &'g CommitRange) -> Self {
        let name = graph.repositories.by_id(&range.repository).map(|repository| &repository.name);
        let service = graph.services.by_id(&release.service);
        let sources = service.map(|service| service.sources.repositories.as_slice()).unwrap_or_default();
        let own = sources.iter().find(|source| Some(&source.repository) == name);
        Self { range, globs: own.map(|source| source.paths.as_slice()).unwrap_or_default() }
    }

    /// Is all of the range its own?
    pub(super) fn is_whole(&self) -> bool {
        self.range.paths.as_ref().map_or(self.globs.is_empty(), |paths| paths.iter().all(|path| self.has(path)))
    }

    fn has(&self, path: &str) -> bool {
        self.globs.is_empty() || self.globs.iter().any(|glob| glob_matches(glob, path))
    }

    /// Its paths that differ; `None` when not read.
    pub(super) fn paths(&self) -> Option<Vec<&'g str>> {
        let paths = self.range.paths.as_ref()?.iter();
        Some(paths.map(|path| &**path).filter(|path| self.has(path)).collect())
    }

    fn shown(&self) -> BTreeMap<&'g str, &'g ChangedLines> {
        self.range.lines.iter().flatten().map(|lines| (&*lines.path, lines)).collect()
    }

    /// How many lines changed, and what was counted where it is not all that was added and deleted.
    pub(super) fn lines_changed(&self) -> Option<(f64, Option<&'static str>)> {
        if self.is_whole() {
            let lines = self.range.additions?.saturating_add(self.range.deletions?);
            return Some((size(usize::try_from(lines).ok()?), None));
        }
        let shown = self.shown();
        let mut lines: usize = 0;
        for path in self.paths()? {
            let stretches = &shown.get(path)?.stretches;
            let count: u32 =
                stretches.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1)).sum();
            lines = lines.saturating_add(usize::try_from(count).ok()?);
        }
        Some((size(lines), Some(ADDED)))
    }

    /// The share of its lines that tests reach, and of which lines; `None` where the report tells of none of them.
    pub(super) fn coverage(&self, files: &[FileCoverage]) -> Option<(f64, &'static str)> {
        let paths = self.paths()?;
        let told: Vec<&FileCoverage> = files.iter().filter(|file| paths.contains(&&*file.path)).collect();
        let lines = self.shown();
        // A file whose lines are not shown would drop out of the measure with whatever it hides.
        let whole = told.iter().all(|file| lines.contains_key(&*file.path));
        let share = |counts: &dyn Fn(&FileCoverage, u32) -> bool| {
            let count = |file: &FileCoverage, of: &[u32]| of.iter().filter(|line| counts(file, **line)).count();
            let covered: usize = told.iter().map(|file| count(file, &file.covered)).sum();
            let missed: usize = told.iter().map(|file| count(file, &file.missed)).sum();
            let all = covered + missed;
            (all > 0).then(|| size(covered) / size(all))
        };
        if whole {
            // Nothing that can be run changed: there is nothing to cover.
            return share(&|file, line| lines.get(&*file.path).is_some_and(|lines| lines.has(line)))
                .map(|share| (share, LINES));
        }
        share(&|_, _| true).map(|share| (share, FILES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;

    /// Lines that a diff adds, by file.
    type Added<'a> = Vec<(&'a str, &'a [(u32, u32)])>;
    /// A number, with how it was measured.
    type Measured<'a, How> = Option<(f64, How)>;

    fn range(lines: Option<Added<'_>>) -> CommitRange {
        let world = World::new().range("bank/payments-api", Some("v1"), "v2", &["c1"]);
        let mut range = world.records.commit_ranges[0].clone();
        range.paths = Some(vec!["a.rs".into(), "b.rs".into()]);
        range.lines = lines.map(|files| {
            files
                .into_iter()
                .map(|(path, stretches)| ChangedLines { path: path.into(), stretches: stretches.to_vec() })
                .collect()
        });
        range
    }

    fn report() -> Vec<FileCoverage> {
        let file = |path: &str, covered: &[u32], missed: &[u32]| FileCoverage {
            path: path.into(),
            covered: covered.to_vec(),
            missed: missed.to_vec(),
        };
        vec![
            file("a.rs", &[1, 2, 3, 4], &[10]),
            file("b.rs", &[7], &[8, 9, 20]),
            file("untouched.rs", &[1, 2, 3], &[]),
        ]
    }

    #[test]
    fn the_lines_of_the_diff_count_where_they_are_known() {
        let check = |lines, expected: Option<(f64, &str)>| {
            let range = range(lines);
            assert_eq!(Part { range: &range, globs: &[] }.coverage(&report()), expected);
        };
        check(Some(vec![("a.rs", &[(4, 10)][..]), ("b.rs", &[(7, 8)][..])]), Some((0.5, LINES)));
        // Lines of one file are not shown, or of none: all lines of the changed files, and that is said.
        check(Some(vec![("a.rs", &[(4, 10)][..])]), Some((5.0 / 9.0, FILES)));
        check(None, Some((5.0 / 9.0, FILES)));
        // Nothing that tests could reach changed: missing, not 0 and not 1.
        check(Some(vec![("a.rs", &[(50, 60)][..]), ("b.rs", &[][..])]), None);
    }

    #[test]
    fn what_no_report_tells_is_missing() {
        let range = range(None);
        assert_eq!(Part { range: &range, globs: &[] }.coverage(&[]), None);
        let unread = CommitRange { paths: None, ..range };
        assert_eq!(Part { range: &unread, globs: &[] }.coverage(&report()), None);
    }

    #[test]
    fn in_a_shared_repository_only_its_own_paths_count() {
        let shared = CommitRange {
            additions: Some(900),
            deletions: Some(100),
            ..range(Some(vec![("a.rs", &[(4, 10)][..]), ("b.rs", &[(7, 8), (20, 20)][..])]))
        };
        let part = |globs: &[Text], expected: (Vec<&str>, Measured<'_, Option<&str>>, Measured<'_, &str>)| {
            let part = Part { range: &shared, globs };
            assert_eq!((part.paths().expect("read"), part.lines_changed(), part.coverage(&report())), expected);
        };
        part(&[], (vec!["a.rs", "b.rs"], Some((1_000.0, None)), Some((0.4, LINES))));
        part(&["b*".into()], (vec!["b.rs"], Some((3.0, Some(ADDED))), Some((1.0 / 3.0, LINES))));
        let hidden = CommitRange { lines: None, ..shared.clone() };
        assert_eq!(Part { range: &hidden, globs: &["b*".into()] }.lines_changed(), None, "missing is missing");
    }
}
