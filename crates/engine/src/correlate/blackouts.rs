//! Blackouts out of the systems' schedules and the configuration: expanded, and held against what they apply to.
//! What cannot be understood closes more rather than less, and says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Blackout, BlackoutException, BlackoutId, BlackoutScope, ChangeId, ConfigurationItem, ConfiguredBlackout,
    ConnectorId, RecordId, RecordKind, ScheduleKind, ScheduleRecord, Service, Source, Target, Text, Window,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::environments::environment_word;
use super::services::only;
use super::walk::Walk;
use crate::calendar::{Intervals, Recurrence, expand};
use crate::graph::{Index, Table};

/// Blackouts are expanded from so many days before the graph's day …
const DAYS_BACK: i64 = 400;
/// … to so many days after it: a calendar of 400 days that starts a year ahead is still whole.
const DAYS_AHEAD: i64 = 800;

/// Fills in the blackouts.
pub(super) fn expand_blackouts(walk: &mut Walk) {
    let reach = reach(walk.graph.assembled_at);
    let mut by_schedule: BTreeMap<&RecordId, Vec<&ScheduleRecord>> = BTreeMap::new();
    for row in walk.graph.schedules.iter().filter(|row| row.kind == ScheduleKind::Blackout) {
        by_schedule.entry(&row.schedule).or_default().push(row);
    }
    let items = ItemNames::new(walk);
    let recorded = by_schedule.into_values().filter_map(|spans| recorded(walk, &items, &spans, reach));
    let configured = walk.configured_blackouts.iter().map(|row| configured(walk, row, reach));
    let blackouts = Table::new(recorded.chain(configured).collect());
    walk.graph.blackouts = blackouts;
}

/// Whole days, so that graphs of one day have the same windows.
fn reach(now: Timestamp) -> Window {
    let day = SignedDuration::from_hours(24);
    let today = now.as_second().div_euclid(86_400).saturating_mul(86_400);
    let today = Timestamp::from_second(today).unwrap_or(now);
    let moved = |days: i64| today.saturating_add(day.saturating_mul(days as i32)).unwrap_or(today);
    Window { start: moved(-DAYS_BACK), end: moved(DAYS_AHEAD) }
}

/// Items by name, as schedules name them.
struct ItemNames<'a> {
    by_name: HashMap<(&'a ConnectorId, String), Vec<&'a ConfigurationItem>>,
}

impl<'a> ItemNames<'a> {
    fn new(walk: &'a Walk) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        if walk.graph.schedules.iter().any(|row| !row.item_names.is_empty()) {
            for (_, item) in walk.graph.configuration_items.iter() {
                by_name.entry((&item.id.0.connector, item.name.to_lowercase())).or_default().push(item);
            }
        }
        Self { by_name }
    }

    fn called(&self, inventory: &'a ConnectorId, name: &str) -> &[&'a ConfigurationItem] {
        self.by_name.get(&(inventory, name.to_lowercase())).map(Vec::as_slice).unwrap_or_default()
    }
}

/// One schedule of a system, from its spans.
fn recorded(walk: &Walk, items: &ItemNames<'_>, spans: &[&ScheduleRecord], reach: Window) -> Option<Blackout> {
    let first = spans.first()?;
    let mut doubts: BTreeSet<String> = BTreeSet::new();
    let mut windows = Vec::new();
    for span in spans {
        for zone in zones(walk, span) {
            let what = Recurrence {
                place: &span.name,
                rule: span.rrule.as_deref(),
                start: span.start,
                end: span.end,
                zone: &zone,
            };
            windows.extend(expand(&what, reach).unwrap_or_else(|error| {
                doubts.insert(error.to_string());
                from_then_on(&what, reach)
            }));
        }
    }
    let scope = scope(walk, items, first, &mut doubts);
    Some(Blackout {
        id: BlackoutId(first.schedule.clone()),
        name: first.schedule_name.clone(),
        windows: Intervals::new(windows).iter().collect(),
        scope,
        exceptions: Vec::new(),
        doubt: doubt(doubts),
        source: first.source.clone(),
    })
}

fn doubt(doubts: BTreeSet<String>) -> Option<Text> {
    (!doubts.is_empty()).then(|| doubts.into_iter().collect::<Vec<_>>().join("; ").into())
}

/// The zone of a span. One without a zone means everybody's own: those of all environments.
fn zones(walk: &Walk, span: &ScheduleRecord) -> Vec<Text> {
    if let Some(zone) = &span.time_zone {
        return vec![zone.clone()];
    }
    let own: BTreeSet<Text> =
        walk.graph.environments.iter().map(|(_, environment)| environment.time_zone.clone()).collect();
    if own.is_empty() { vec!["UTC".into()] } else { own.into_iter().collect() }
}

/// A rule that cannot be expanded may close at any time after its start.
fn from_then_on(what: &Recurrence<'_>, reach: Window) -> Vec<Window> {
    let start = TimeZone::UTC.to_timestamp(what.start).unwrap_or(reach.start);
    let start = start.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(reach.start);
    Window::new(start.max(reach.start), reach.end).into_iter().collect()
}

/// To which services, items and targets a schedule applies.
fn scope(walk: &Walk, items: &ItemNames<'_>, row: &ScheduleRecord, doubts: &mut BTreeSet<String>) -> BlackoutScope {
    let mut scope = BlackoutScope::default();
    let Some(condition) = &row.condition else { return scope };
    if row.configuration_items.is_empty() && row.item_names.is_empty() {
        doubts.insert(format!("its condition '{condition}' is not understood"));
        return scope;
    }
    let dark = walk.darkness.covers(&row.inventory, RecordKind::ConfigurationItem);
    let by_id = row.configuration_items.iter().map(|id| {
        let known = walk.graph.configuration_items.by_id(id);
        (id.0.native.as_str(), known.into_iter().collect::<Vec<_>>())
    });
    let by_name = row.item_names.iter().map(|name| (name.as_ref(), items.called(&row.inventory, name).to_vec()));
    let mut targets: BTreeSet<Option<Target>> = BTreeSet::new();
    for (word, found) in by_id.chain(by_name) {
        if found.is_empty() && dark {
            doubts.insert(format!("the item '{word}' that it names could not be read"));
        }
        for item in found {
            match walk.mapping.items.get(&item.id).and_then(only) {
                Some(service) => scope.services.push(service_key(walk, service)),
                None => scope.configuration_items.push(item.id.clone()),
            }
            targets.insert(target_of_item(walk, item));
        }
    }
    scope.configuration_items.extend(row.configuration_items.iter().cloned());
    scope.services.sort();
    scope.services.dedup();
    scope.configuration_items.sort();
    scope.configuration_items.dedup();
    // An item that stands in no environment leaves all of them closed.
    scope.targets = targets.into_iter().collect::<Option<Vec<Target>>>().unwrap_or_default();
    match scope.services.is_empty() && scope.configuration_items.is_empty() {
        // It names only what concerns none of our services; an empty scope would mean everything.
        true if doubts.is_empty() => BlackoutScope { configuration_items: foreign(row), ..scope },
        _ => scope,
    }
}

/// Ids that nothing here has.
fn foreign(row: &ScheduleRecord) -> Vec<domain::ConfigurationItemId> {
    row.item_names.iter().map(|name| domain::ConfigurationItemId::new(&row.inventory, name.clone())).collect()
}

fn service_key(walk: &Walk, service: Index<Service>) -> domain::ServiceKey {
    walk.graph.services.get(service).key.clone()
}

fn target_of_item(walk: &Walk, item: &ConfigurationItem) -> Option<Target> {
    let word = environment_word(&walk.graph.environments, item.environment.as_deref()?)?;
    Some(Target { environment: word.environment, region: word.region, tenant: None })
}

/// One blackout of the configuration. Its rule was checked when the configuration was read.
fn configured(walk: &Walk, row: &ConfiguredBlackout, reach: Window) -> Blackout {
    let what = Recurrence {
        place: &row.name,
        rule: row.rrule.as_deref(),
        start: row.start,
        end: row.end,
        zone: &row.time_zone,
    };
    let mut doubts = BTreeSet::new();
    let windows = expand(&what, reach).unwrap_or_else(|error| {
        doubts.insert(error.to_string());
        from_then_on(&what, reach)
    });
    let exceptions = row.exceptions.iter().flat_map(|exception| {
        changes_called(walk, &exception.change).map(move |change| BlackoutException {
            change,
            targets: exception.targets.clone(),
            window: exception.window,
            approver: Some(exception.approver.clone()),
            reason: exception.reason.clone(),
        })
    });
    let record = RecordId::new(&ConnectorId::new("configuration"), row.name.clone());
    Blackout {
        id: BlackoutId(record.clone()),
        name: row.name.clone(),
        windows: Intervals::new(windows).iter().collect(),
        scope: row.scope.clone(),
        exceptions: exceptions.collect(),
        doubt: doubt(doubts),
        source: Source { record, url: None, fetched_at: walk.graph.assembled_at },
    }
}

/// The change with a number; none where two systems have it, since nobody says which is let through.
fn changes_called<'a>(walk: &'a Walk, number: &'a str) -> impl Iterator<Item = ChangeId> + use<'a> {
    let all: Vec<ChangeId> = walk
        .graph
        .changes
        .iter()
        .filter(|(_, change)| change.number.eq_ignore_ascii_case(number))
        .map(|(_, change)| change.id.clone())
        .collect();
    (all.len() == 1).then_some(all).into_iter().flatten()
}
