//! iCalendar (RFC 5545) out of entries of the release calendar: for feeds and for files.

use domain::Window;
use icalendar::{Calendar, Component as _, Event, EventLike as _};
use jiff::Timestamp;

/// One event. Its times are written in UTC: calendars show them in their reader's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IcsEvent {
    /// Stays the same while the record stands, also when its time moves.
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) window: Window,
    pub(crate) category: String,
    /// Where it happens, in our words.
    pub(crate) location: Option<String>,
    pub(crate) description: Option<String>,
    /// Where a person can open the record.
    pub(crate) url: Option<String>,
    /// When the record was last revised, as far as known; else when the calendar was made.
    pub(crate) revised_at: Timestamp,
    /// Is it decided, or still to be?
    pub(crate) confirmed: bool,
}

/// The calendar as text with CRLF, in the order of the events. The same events make the same bytes.
pub(crate) fn write(name: &str, events: impl IntoIterator<Item = IcsEvent>) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0"));
    calendar.append_property(("PRODID", "-//Interlock//Release calendar//EN"));
    calendar.append_property(("CALSCALE", "GREGORIAN"));
    calendar.append_property(("METHOD", "PUBLISH"));
    calendar.name(&one_line(name));
    for event in events {
        calendar.push(written(event));
    }
    fold(&calendar.done().to_string())
}

/// Most octets of a line (RFC 5545, 3.1), without its end.
const LINE: usize = 75;

/// Folds anew: the library does not count the blank with which a continued line begins, and so goes over the limit.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let mut used = 0;
        for letter in line.chars() {
            if used + letter.len_utf8() > LINE {
                folded.push_str("\r\n ");
                used = 1;
            }
            folded.push(letter);
            used += letter.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}

fn written(event: IcsEvent) -> Event {
    let mut told = Event::new();
    told.uid(&event.uid).summary(&one_line(&event.title));
    told.add_property("DTSTAMP", utc(event.revised_at));
    told.add_property("LAST-MODIFIED", utc(event.revised_at));
    told.add_property("DTSTART", utc(event.window.start));
    told.add_property("DTEND", utc(event.window.end));
    told.add_property("SEQUENCE", sequence(event.revised_at).to_string());
    told.add_property("CATEGORIES", event.category);
    told.add_property("STATUS", if event.confirmed { "CONFIRMED" } else { "TENTATIVE" });
    if let Some(location) = &event.location {
        told.location(&one_line(location));
    }
    if let Some(description) = &event.description {
        told.description(description);
    }
    if let Some(url) = &event.url {
        told.add_property("URL", one_line(url));
    }
    told.done()
}

/// Grows with every revision, and needs no memory: minutes since 2020. Two revisions in one minute are one.
fn sequence(revised_at: Timestamp) -> i64 {
    const START_OF_2020: i64 = 1_577_836_800;
    (revised_at.as_second().saturating_sub(START_OF_2020) / 60).max(0)
}

fn utc(moment: Timestamp) -> String {
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Control characters have no place in a line of iCalendar.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(title: &str) -> IcsEvent {
        let start: Timestamp = "2026-11-23T18:00:00Z".parse().unwrap();
        IcsEvent {
            uid: "a@interlock".to_owned(),
            title: title.to_owned(),
            window: Window { start, end: "2026-11-23T19:30:00Z".parse().unwrap() },
            category: "RELEASE".to_owned(),
            location: Some("production/eu".to_owned()),
            description: Some("CHG1; two\nlines".to_owned()),
            url: None,
            revised_at: "2026-11-20T09:00:00Z".parse().unwrap(),
            confirmed: true,
        }
    }

    #[test]
    fn an_event_has_what_readers_need_and_lines_are_folded() {
        let long = "שלום, \"ledger\" ".repeat(12);
        let text = write("Releases, of all", [event(&long)]);
        for line in [
            "VERSION:2.0\r\n",
            "UID:a@interlock\r\n",
            "DTSTAMP:20261120T090000Z\r\n",
            "DTSTART:20261123T180000Z\r\n",
            "DTEND:20261123T193000Z\r\n",
            "SEQUENCE:3622140\r\n",
            "STATUS:CONFIRMED\r\n",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
        assert!(text.lines().all(|line| line.len() <= 75), "{text}");
        assert!(text.replace("\r\n ", "").contains("שלום\\, \"ledger\""), "{text}");
        assert!(text.contains("CHG1\\; two\\nlines"), "{text}");
    }

    #[test]
    fn a_later_revision_has_a_greater_number_and_the_same_id() {
        let first = write("x", [event("a")]);
        let moved = IcsEvent { revised_at: "2026-11-20T09:05:00Z".parse().unwrap(), ..event("a") };
        let second = write("x", [moved]);
        assert_eq!(first, write("x", [event("a")]));
        assert!(second.contains("SEQUENCE:3622145") && second.contains("UID:a@interlock"));
    }

    #[test]
    fn a_title_cannot_smuggle_a_property_in() {
        let text = write("x", [event("a\r\nATTACH:evil")]);
        assert!(!text.lines().any(|line| line.starts_with("ATTACH")), "{text}");
    }
}
