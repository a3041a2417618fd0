//! How much of a released diff tests reach. Of its own lines where the diff shows them; else of all lines of the files
//! that it changes, and then it says so. What no report tells is missing, never an average.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ChangedLines, CommitRange, FileCoverage};

/// The lines of the diff itself.
const LINES: &str = "of the changed lines covered by tests";
/// The nearest that can be told without them.
const FILES: &str = "of the changed files' lines covered by tests";

/// The share of lines that tests reach, and of which lines; `None` where the report tells of none of them.
pub(super) fn diff_coverage(range: &CommitRange, files: &[FileCoverage]) -> Option<(f64, &'static str)> {
    let changed: BTreeSet<&str> = range.paths.as_ref()?.iter().map(|path| &**path).collect();
    let told: Vec<&FileCoverage> = files.iter().filter(|file| changed.contains(&*file.path)).collect();
    let lines: BTreeMap<&str, &ChangedLines> =
        range.lines.iter().flatten().map(|lines| (&*lines.path, lines)).collect();
    // A file whose lines are not shown would drop out of the measure with whatever it hides.
    let whole = told.iter().all(|file| lines.contains_key(&*file.path));
    let share = |counts: &dyn Fn(&FileCoverage, u32) -> bool| {
        let count = |file: &FileCoverage, of: &[u32]| of.iter().filter(|line| counts(file, **line)).count();
        let covered: usize = told.iter().map(|file| count(file, &file.covered)).sum();
        let missed: usize = told.iter().map(|file| count(file, &file.missed)).sum();
        let all = covered + missed;
        (all > 0).then(|| super::calibrate::size(covered) / super::calibrate::size(all))
    };
    if whole {
        // Nothing that can be run changed: there is nothing to cover.
        return share(&|file, line| lines.get(&*file.path).is_some_and(|lines| lines.has(line)))
            .map(|share| (share, LINES));
    }
    share(&|_, _| true).map(|share| (share, FILES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;

    fn range(lines: Option<Vec<(&str, &[(u32, u32)])>>) -> CommitRange {
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
            let found = diff_coverage(&range(lines), &report());
            assert_eq!(found, expected);
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
        assert_eq!(diff_coverage(&range(None), &[]), None);
        let unread = CommitRange { paths: None, ..range(None) };
        assert_eq!(diff_coverage(&unread, &report()), None);
    }
}
