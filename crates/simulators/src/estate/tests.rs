//! Tests of the estate as a whole: the same input gives the same bytes, every reference resolves, and each story
//! stands in the model on every day of two years.

mod facts;

use std::collections::HashSet;

use jiff::Timestamp;

use super::model::*;
use super::servicenow::{self, LENDING, MAIN, Row};
use super::{Contents, Options, generate};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn stories(now: Timestamp) -> Estate {
    let options = Options { contents: Contents::Stories, ..Options::new(7, now) };
    generate(&options).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let options = Options::new(7, at("2026-11-23T00:00:00Z"));
    let first = generate(&options).unwrap();
    let second = generate(&options).unwrap();
    assert_eq!(serde_json::to_vec(&first).unwrap(), serde_json::to_vec(&second).unwrap());
    assert_eq!(servicenow::rows(&first, MAIN), servicenow::rows(&second, MAIN));
    let other = generate(&Options { seed: 8, ..options }).unwrap();
    assert_ne!(first, other);
}

/// Every story's window, as the contract's table has it.
const WINDOWS: [(&str, usize); 14] = [
    ("ledger-core@5.3.0", 1),
    ("payments-api@2.14.0", 2),
    ("customer-portal@8.1.0", 1),
    ("notification-hub@1.5.0", 1),
    ("fraud-engine@3.7.0", 3),
    ("card-gateway@4.0.0", 3),
    ("loan-origination@7.6.0", 4),
    ("kyc-service@3.0.0", 4),
    ("statement-batch@2.0.0", 4),
    ("loan-origination@7.5.0", 2),
    ("kyc-service@2.2.1", 5),
    ("data-lake@0.9.0", 1),
    ("treasury-suite@2026.3", 3),
    ("mobile-app@12.0.0", 5),
];

/// Two tests, so that they run side by side.
#[test]
fn stories_hold_on_every_day_of_a_year() {
    walk_days("2026-01-01T00:00:00Z");
}

#[test]
fn stories_hold_on_every_day_of_the_next_year() {
    walk_days("2027-01-01T00:00:00Z");
}

fn walk_days(from: &str) {
    let mut now = at(from);
    for _ in 0..366 {
        walk(&stories(now));
        now += jiff::SignedDuration::from_hours(24);
    }
}

fn walk(estate: &Estate) {
    let now = estate.now;
    for (key, offset) in WINDOWS {
        let change = estate.change_of(key).unwrap();
        let service = estate.service(key.split('@').next().unwrap()).unwrap();
        let open: Vec<&Interval> = estate
            .windows
            .iter()
            .filter(|window| window.start > now)
            .filter(|window| {
                !estate.blackouts.iter().any(|blackout| blackout.closes(service) && blackout.span.overlaps(window))
            })
            .collect();
        assert!(open[offset - 1].contains(&change.planned), "{key} at {now}");
    }
    let closed = estate.change_of("reporting-warehouse@1.9.0").unwrap();
    assert!(closed.planned.start > now);
    assert!(
        estate
            .blackouts
            .iter()
            .any(|blackout| { blackout.closes == Closes::Tag("icfr") && blackout.span.contains(&closed.planned) })
    );
    for change in &estate.changes {
        check_change(estate, change);
    }
    for seen in &estate.observations {
        assert!(seen.from <= now, "{seen:?} at {now}");
        assert!(seen.until.is_none_or(|until| until > seen.from && until <= now), "{seen:?} at {now}");
    }
    facts::check(estate);
    let bookings: Vec<(&Text, Interval)> = estate
        .changes
        .iter()
        .flat_map(|change| change.tasks.iter().map(move |task| (change, task)))
        .filter(|(_, task)| task.item.as_deref() == Some("staging"))
        .filter_map(|(change, task)| Some((change.releases.first()?, task.planned?)))
        .collect();
    let [(portal, first), (mobile, second)] = bookings.as_slice() else {
        panic!("two bookings of staging, not {bookings:?}");
    };
    assert_eq!((&***portal, &***mobile), ("customer-portal@8.1.0", "mobile-app@12.0.0"));
    assert!(first.overlaps(second) && first.start > now, "{now}");
}

/// What no change may contradict, whatever its story.
fn check_change(estate: &Estate, change: &Change) {
    let now = estate.now;
    let number = &change.number;
    assert!(change.created <= now, "{number} at {now}");
    assert!(change.history.is_sorted_by_key(|line| line.at), "{number} at {now}: {:?}", change.history);
    for line in &change.history {
        assert!(line.at <= now && line.at >= change.created, "{number} at {now}: {line:?}");
    }
    for approval in &change.approvals {
        assert!(approval.decided.is_none_or(|at| at <= now && at >= approval.requested), "{number} at {now}");
    }
    if change.planned.start > now && change.approvals.iter().all(|a| a.state != ApprovalState::Requested) {
        assert_eq!(change.state, ChangeState::Scheduled, "{number} at {now}");
    }
    if let Some(cab) = change.cab {
        use jiff::civil::Weekday;
        let meeting = cab.to_zoned(jiff::tz::TimeZone::UTC);
        assert!(matches!(meeting.weekday(), Weekday::Tuesday | Weekday::Thursday), "{number}");
        assert_eq!((meeting.hour(), meeting.minute()), (14, 0));
    }
    if let Some(closing) = &change.closing {
        assert!(closing.at <= now, "{number} at {now}");
    }
}

#[test]
fn every_reference_resolves() {
    for contents in [Contents::Stories, Contents::Everything] {
        let options = Options { contents, ..Options::new(7, at("2026-11-23T00:00:00Z")) };
        let estate = generate(&options).unwrap();
        for instance in [MAIN, LENDING] {
            let rows = servicenow::rows(&estate, instance);
            let mut ids: HashSet<&str> = HashSet::new();
            for (table, row) in &rows {
                assert!(ids.insert(&row["sys_id"]), "{table}: {row:?} has another's sys_id");
            }
            for (table, row) in &rows {
                for column in REFERENCES {
                    // The audit trail names users by their user name.
                    if table == "sys_audit" {
                        continue;
                    }
                    let value = row.get(column).map_or("", String::as_str);
                    assert!(value.is_empty() || ids.contains(value), "{table}.{column} of {row:?}");
                }
            }
        }
        for seen in &estate.observations {
            assert!(seen.until.is_none_or(|until| until > seen.from), "{seen:?}");
        }
        let items: HashSet<&Text> = estate.work_items.iter().map(|item| &item.key).collect();
        for item in &estate.work_items {
            assert!(item.links.iter().all(|link| items.contains(&link.target)), "{item:?}");
            assert!(item.parent.iter().all(|parent| items.contains(parent)), "{item:?}");
        }
        let people: HashSet<&Text> = estate.people.iter().map(|person| &person.key).collect();
        for deployment in &estate.deployments {
            assert!(people.contains(&deployment.triggered_by));
            assert!(deployment.change.iter().all(|number| estate.change(number).is_some()));
        }
        for repository in &estate.repositories {
            for (place, commit) in repository.commits.iter().enumerate() {
                assert!(commit.parents.iter().all(|parent| *parent < place));
                assert!(people.contains(&commit.author), "{}", commit.author);
            }
        }
    }
}

const REFERENCES: [&str; 27] = [
    "user",
    "group",
    "delegate",
    "manager",
    "requested_by",
    "opened_by",
    "assigned_to",
    "assignment_group",
    "cmdb_ci",
    "parent",
    "child",
    "task",
    "ci_item",
    "sysapproval",
    "approver",
    "change_request",
    "release",
    "schedule",
    "caused_by",
    "rfc",
    "problem_id",
    "sla",
    "template",
    "caller_id",
    "support_group",
    "cab_meeting",
    "std_change_producer_version",
];

fn row<'a>(rows: &'a [(String, Row)], table: &str, column: &str, value: &str) -> &'a Row {
    rows.iter()
        .find(|(name, row)| name == table && row.get(column).is_some_and(|held| held == value))
        .map(|(_, row)| row)
        .unwrap()
}

#[test]
fn service_now_tells_the_stories() {
    let estate = stories(at("2026-11-23T00:00:00Z"));
    let rows = servicenow::rows(&estate, MAIN);
    let change = |key: &str| row(&rows, "change_request", "correlation_id", key);
    assert_eq!(change("ledger-core@5.3.0")["state"], "-2");
    assert_eq!(change("ledger-core@5.3.0")["approval"], "approved");
    assert_eq!(change("payments-api@2.14.0")["approval"], "requested");
    assert_eq!(change("auth-service@6.2.1")["type"], "emergency");
    let failed = change("kyc-service@2.2.0");
    assert_eq!(failed["close_code"], "unsuccessful");
    let incident = row(&rows, "incident", "number", "INC0010002");
    assert_eq!(incident["caused_by"], failed["sys_id"]);
    let problem = row(&rows, "problem", "sys_id", &incident["problem_id"]);
    assert_eq!(problem["known_error"], "true");
    assert!(!problem["workaround"].is_empty());
    let moved = change("auth-service@6.2.0");
    let audit = rows.iter().find(|(table, row)| {
        table == "sys_audit" && row["documentkey"] == moved["sys_id"] && row["fieldname"] == "start_date"
    });
    let decided = rows
        .iter()
        .filter(|(table, row)| table == "sysapproval_approver" && row["sysapproval"] == moved["sys_id"])
        .map(|(_, row)| row["sys_updated_on"].clone())
        .max();
    assert!(audit.unwrap().1["sys_created_on"] > decided.unwrap());
    let misuse = change("notification-hub@1.5.0");
    let version = row(&rows, "std_change_producer_version", "sys_id", &misuse["std_change_producer_version"]);
    let allowed: Vec<&String> = rows
        .iter()
        .filter(|(table, row)| {
            table == "std_change_template_ci" && row["template"] == version["std_change_producer"]
        })
        .map(|(_, row)| &row["ci_item"])
        .collect();
    assert!(!allowed.contains(&&misuse["cmdb_ci"]));
    assert!(allowed.contains(&&change("customer-portal@8.1.0")["cmdb_ci"]));
}

#[test]
fn the_history_fails_as_often_as_its_odds_say() {
    let options = Options { missing_caused_by: 0.8, scale: 3, ..Options::new(11, at("2026-11-23T00:00:00Z")) };
    let estate = generate(&options).unwrap();
    assert_eq!(estate.services.len(), 42);
    let expected: f64 = estate.truths.iter().map(|truth| truth.probability).sum();
    let failed: Vec<&Truth> = estate.truths.iter().filter(|truth| truth.failed).collect();
    let spread: f64 = estate.truths.iter().map(|truth| truth.probability * (1.0 - truth.probability)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let count = failed.len() as f64;
    assert!((count - expected).abs() < 4.0 * spread.sqrt(), "{count} of {expected}");
    let named: HashSet<&Text> =
        estate.incidents.iter().filter_map(|incident| incident.caused_by.as_ref()).collect();
    let told = failed.iter().filter(|truth| named.contains(&truth.change)).count();
    let share = told as f64 / count;
    assert!((0.1..0.3).contains(&share), "{share} of the failures name their cause");
    for truth in &estate.truths {
        let again = super::failure::failure_probability(&truth.features, &super::failure::COEFFICIENTS);
        assert!((again - truth.probability).abs() < 1e-12);
        let change = estate.changes.iter().find(|change| change.number == truth.change);
        assert!(change.is_some_and(|change| change.closing.is_some()));
    }
}

#[test]
fn history_does_not_change_the_stories() {
    let now = at("2026-11-23T00:00:00Z");
    let alone = stories(now);
    let whole = generate(&Options::new(7, now)).unwrap();
    for (key, _) in WINDOWS {
        assert_eq!(alone.change_of(key), whole.change_of(key), "{key}");
    }
    let keys = |estate: &Estate| -> Vec<Text> {
        let told = estate.work_items.iter().filter(|item| item.fix_versions.contains(&"v2.14.0".into()));
        told.map(|item| item.key.clone()).collect()
    };
    assert_eq!(keys(&alone), keys(&whole));
}
