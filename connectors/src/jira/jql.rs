//! Queries, always bounded. Records are named by number; a value of any other kind must go through `quoted`.
//! Moments are told in minutes before the search: absolute ones are read in the time zone of the calling account,
//! where an hour of autumn comes twice.

use jiff::{SignedDuration, Timestamp};

use super::wire::Id;

/// Most ids in one query.
pub(super) const MOST_IDS: usize = 200;
/// What may be changed while it is searched, or reaches the index late, is read twice.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// Issues of projects that changed since a moment.
pub(super) fn updated_since(projects: &[Id], since: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(since).max(SignedDuration::ZERO).saturating_add(OVERLAP);
    // Precision is the minute, so a started one counts.
    let minutes = age.as_secs().saturating_add(59).div_euclid(60);
    format!("project in ({}) AND updated >= {} {ORDER}", listed(projects), quoted(&format!("-{minutes}m")))
}

/// Issues that are fixed in any of the versions.
pub(super) fn fixed_in(versions: &[Id]) -> String {
    format!("fixVersion in ({}) {ORDER}", listed(versions))
}

/// Issues of one project.
pub(super) fn of_project(project: Id) -> String {
    format!("project = {project} {ORDER}")
}

/// The date of creation never changes, so nothing moves between pages.
const ORDER: &str = "ORDER BY created ASC";

fn listed(ids: &[Id]) -> String {
    let ids: Vec<String> = ids.iter().map(Id::to_string).collect();
    ids.join(",")
}

/// A value as a string of the query language.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        // A line end would end the string.
        text.push(if character.is_control() { ' ' } else { character });
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    #[test]
    fn moments_are_minutes_before_the_search_with_an_overlap() {
        let query = updated_since(&[Id(10), Id(11)], at("2026-03-02T11:50:30Z"), at("2026-03-02T12:00:00Z"));
        assert_eq!(query, "project in (10,11) AND updated >= \"-15m\" ORDER BY created ASC");
    }

    #[test]
    fn a_mark_in_the_future_still_reads_the_overlap() {
        let query = updated_since(&[Id(10)], at("2026-03-02T13:00:00Z"), at("2026-03-02T12:00:00Z"));
        assert!(query.contains("\"-5m\""), "{query}");
    }

    #[test]
    fn versions_are_named_by_number() {
        assert_eq!(fixed_in(&[Id(1), Id(2)]), "fixVersion in (1,2) ORDER BY created ASC");
        assert_eq!(of_project(Id(7)), "project = 7 ORDER BY created ASC");
    }

    proptest! {
        #[test]
        fn a_quoted_value_ends_where_it_should(value in ".*") {
            let text = quoted(&value);
            let inside = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotes");
            let mut escaped = false;
            for character in inside.chars() {
                prop_assert!(escaped || character != '"');
                escaped = !escaped && character == '\\';
            }
            prop_assert!(!escaped);
        }
    }
}
