//! Path globs: `*` within one part of a path, `**` across parts, `?` one character. Everything else is itself.
//! Linear in pattern times path; no regular expression is compiled per service.

/// Does the path match the glob?
pub(crate) fn glob_matches(glob: &str, path: &str) -> bool {
    let glob: Vec<&str> = glob.trim_start_matches('/').split('/').collect();
    let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    parts_match(&glob, &path)
}

/// `reached[i]`: can the globs read so far end before path part `i`?
fn parts_match(glob: &[&str], path: &[&str]) -> bool {
    let mut reached = vec![false; path.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for part in glob {
        let mut next = vec![false; path.len() + 1];
        if *part == "**" {
            let mut open = false;
            for (slot, was) in next.iter_mut().zip(&reached) {
                open |= *was;
                *slot = open;
            }
        } else {
            for ((slot, was), name) in next.iter_mut().skip(1).zip(&reached).zip(path) {
                *slot = *was && part_matches(part, name);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

fn part_matches(glob: &str, name: &str) -> bool {
    if glob == "*" {
        return true;
    }
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for sign in glob.chars() {
        let mut next = vec![false; name.len() + 1];
        if sign == '*' {
            let mut open = false;
            for (slot, was) in next.iter_mut().zip(&reached) {
                open |= *was;
                *slot = open;
            }
        } else {
            for ((slot, was), letter) in next.iter_mut().skip(1).zip(&reached).zip(&name) {
                *slot = *was && (sign == '?' || sign == *letter);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(clippy::fn_params_excessive_bools, reason = "a row of a table")]
    fn check(glob: &str, path: &str, expected: bool) {
        assert_eq!(glob_matches(glob, path), expected, "{glob} on {path}");
    }

    #[test]
    fn globs_match_parts_of_paths() {
        check("**", "a/b/c.rs", true);
        check("apps/portal/**", "apps/portal/src/main.ts", true);
        check("apps/portal/**", "apps/portal", true);
        check("apps/portal/**", "apps/portal-old/x", false);
        check("apps/*/package.json", "apps/mobile/package.json", true);
        check("apps/*/package.json", "apps/mobile/a/package.json", false);
        check("**/*.sql", "db/2026/V1__init.sql", true);
        check("**/*.sql", "V1.sql", true);
        check("**/migrations/**", "src/migrations/1.py", true);
        check("?.md", "a.md", true);
        check("?.md", "ab.md", false);
        check("[a].md", "[a].md", true);
        check("", "a", false);
    }

    proptest! {
        #[test]
        fn a_path_matches_itself_and_everything_matches_two_stars(path in "[a-z./]{1,20}") {
            prop_assert!(glob_matches(&path, &path));
            prop_assert!(glob_matches("**", &path));
        }
    }
}
