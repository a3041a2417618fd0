//! Which lines a unified diff adds or changes, from its hunks. A diff that does not add up is not believed.

use domain::ChangedLines;

use super::wire::FileChanged;

/// The lines of the new file that are added or changed; `None` where the diff is absent, cut, or does not add up to the
/// lines that the system counted.
pub(super) fn changed_lines(file: &FileChanged) -> Option<ChangedLines> {
    let unchanged = (file.additions, file.deletions) == (0, 0);
    let patch = match &file.patch {
        Some(patch) => patch.as_str(),
        // Renamed, and nothing else.
        None if unchanged => "",
        None => return None,
    };
    let mut stretches: Vec<(u32, u32)> = Vec::new();
    let (mut line, mut added, mut deleted) = (0_u32, 0_u64, 0_u64);
    for row in patch.lines() {
        match row.as_bytes().first() {
            Some(b'@') => line = start_of(row)?,
            Some(b'+') => {
                added += 1;
                match stretches.last_mut().filter(|(_, last)| *last + 1 == line) {
                    Some((_, last)) => *last = line,
                    None => stretches.push((line, line)),
                }
                line = line.checked_add(1)?;
            }
            Some(b'-') => deleted += 1,
            // "No newline at end of file".
            Some(b'\\') => {}
            _ => line = line.checked_add(1)?,
        }
    }
    let whole = added == file.additions && deleted == file.deletions;
    whole.then(|| ChangedLines { path: file.filename.as_str().into(), stretches })
}

/// `@@ -10,4 +12,6 @@ fn main()`: 12.
fn start_of(hunk: &str) -> Option<u32> {
    let (_, rest) = hunk.split_once('+')?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patch: Option<&str>, (additions, deletions): (u64, u64), expected: Option<&[(u32, u32)]>) {
        let file = FileChanged {
            filename: "src/main.rs".into(),
            previous_filename: None,
            additions,
            deletions,
            patch: patch.map(Into::into),
        };
        let found = changed_lines(&file).map(|lines| lines.stretches);
        assert_eq!(found.as_deref(), expected, "{patch:?}");
    }

    #[test]
    fn hunks_tell_the_lines_of_the_new_file() {
        let patch = "@@ -1,3 +1,4 @@\n one\n-two\n+2\n+2.5\n three\n@@ -40,2 +41,3 @@ fn far() {\n a\n+b\n c\n\\ No newline at end of file";
        check(Some(patch), (3, 1), Some(&[(2, 3), (42, 42)]));
        check(Some("@@ -0,0 +1,2 @@\n+a\n+b"), (2, 0), Some(&[(1, 2)]));
        check(Some("@@ -1,2 +0,0 @@\n-a\n-b"), (0, 2), Some(&[]));
        // Renamed only; binary; cut short.
        check(None, (0, 0), Some(&[]));
        check(None, (9, 0), None);
        check(Some("@@ -0,0 +1,2 @@\n+a"), (2, 0), None);
    }

    proptest::proptest! {
        #[test]
        fn any_patch_tells_lines_or_none(patch in "(@@ [-+]?[0-9]{0,12},?[0-9]{0,3} [+]?[0-9]{0,12} @@|[-+ ]?.{0,4}|\\n){0,12}") {
            let count = |sign| patch.lines().filter(|line| line.starts_with(sign)).count() as u64;
            let file = FileChanged {
                filename: "a".into(),
                previous_filename: None,
                additions: count('+'),
                deletions: count('-'),
                patch: Some(patch),
            };
            for (from, to) in changed_lines(&file).into_iter().flat_map(|lines| lines.stretches) {
                proptest::prop_assert!(from <= to, "{from}..{to}");
            }
        }
    }
}
