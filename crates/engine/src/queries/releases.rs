//! Lists of releases: filtered, ordered, and only what the caller may see.

use std::cmp::Ordering;

use domain::{EnvironmentKey, Release, ReleaseStatus, Scope, ServiceKey, TargetStatus, Text};
use jiff::Timestamp;

use super::counts::open_incident_count;
use crate::graph::{Index, ReleaseGraph};

/// Which releases. Every part that is given must hold; a list holds when one of its values does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReleaseFilter {
    /// Of these services.
    pub services: Option<Vec<ServiceKey>>,
    /// Of services of these tiers.
    pub tiers: Option<Vec<u8>>,
    /// Of services with one of these tags.
    pub tags: Option<Vec<Text>>,
    /// In one of these states.
    pub statuses: Option<Vec<ReleaseStatus>>,
    /// Planned for or seen in one of these environments.
    pub environments: Option<Vec<EnvironmentKey>>,
    /// With a window that ends after this.
    pub window_from: Option<Timestamp>,
    /// With a window that starts before this.
    pub window_to: Option<Timestamp>,
    /// Of one of these risk levels.
    pub risk_levels: Option<Vec<Text>>,
    /// With these words, in any case, in key, name, description or an alias.
    pub text: Option<Text>,
    /// With, or without, an open incident.
    pub has_open_incident: Option<bool>,
    /// On the train with this number or name.
    pub train: Option<Text>,
    /// Carried by the change with this number.
    pub change: Option<Text>,
}

/// By what to order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseOrderBy {
    /// Service, then version.
    Key,
    /// Start of the first window.
    WindowStart,
    /// Risk score.
    Risk,
    /// Status, in the order of the status machine.
    Status,
    /// Tier of the service.
    Tier,
    /// Latest change of any of its records.
    UpdatedAt,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderDirection {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// One criterion of an order. What has no value comes last, whichever way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseOrder {
    /// By what.
    pub by: ReleaseOrderBy,
    /// Which way.
    pub direction: OrderDirection,
}

/// A release's risk, as the risk engine judges it.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskRank {
    /// The level.
    pub level: Text,
    /// The score.
    pub score: f64,
}

impl From<&crate::risk::Risk> for RiskRank {
    fn from(risk: &crate::risk::Risk) -> Self {
        Self { level: risk.record.result.level.as_str().into(), score: risk.points() }
    }
}

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseSelection<'a> {
    /// Which releases.
    pub filter: &'a ReleaseFilter,
    /// In which order; the first criterion that tells two apart decides.
    pub order: &'a [ReleaseOrder],
    /// What the caller may see.
    pub scope: &'a Scope,
}

/// The releases that a filter lets through and the caller may see, in order; ties are broken by id. `risk` is asked
/// only where the filter or the order needs it.
pub fn select_releases(
    graph: &ReleaseGraph,
    selection: ReleaseSelection<'_>,
    risk: &dyn Fn(Index<Release>) -> Option<RiskRank>,
) -> Vec<Index<Release>> {
    let ReleaseSelection { filter, order, scope } = selection;
    let by_risk = order.iter().any(|order| order.by == ReleaseOrderBy::Risk);
    let mut keyed: Vec<(Option<f64>, Index<Release>)> = graph
        .releases
        .iter()
        .filter(|(_, release)| scope.allows(&release.service))
        .filter(|(index, _)| matches_filter(graph, filter, *index, risk))
        .map(|(index, _)| (by_risk.then(|| risk(index)).flatten().map(|rank| rank.score), index))
        .collect();
    keyed.sort_by(|a, b| {
        let criteria = order.iter().map(|order| compare(graph, *order, a, b));
        let first = criteria.into_iter().find(|ordering| ordering.is_ne());
        first.unwrap_or_else(|| graph.releases.get(a.1).id.cmp(&graph.releases.get(b.1).id))
    });
    keyed.into_iter().map(|(_, index)| index).collect()
}

/// Does a filter let a release through?
pub fn matches_filter(
    graph: &ReleaseGraph,
    filter: &ReleaseFilter,
    index: Index<Release>,
    risk: &dyn Fn(Index<Release>) -> Option<RiskRank>,
) -> bool {
    let release = graph.releases.get(index);
    let service = graph.services.by_id(&release.service);
    let listed =
        |wanted: &Option<Vec<ServiceKey>>| wanted.as_ref().is_none_or(|all| all.contains(&release.service));
    listed(&filter.services)
        && filter
            .tiers
            .as_ref()
            .is_none_or(|tiers| service.and_then(|service| service.tier).is_some_and(|tier| tiers.contains(&tier)))
        && filter
            .tags
            .as_ref()
            .is_none_or(|tags| service.is_some_and(|service| tags.iter().any(|tag| service.tags.contains(tag))))
        && filter.statuses.as_ref().is_none_or(|statuses| statuses.contains(&release.status))
        && filter.environments.as_ref().is_none_or(|keys| goes_to(graph, release, keys))
        && in_window(filter, release)
        && filter.text.as_ref().is_none_or(|text| says(release, text))
        && filter.has_open_incident.is_none_or(|open| (open_incident_count(graph, index) > 0) == open)
        && filter.train.as_ref().is_none_or(|name| {
            graph.release_trains.from(index).any(|related| {
                let train = graph.trains.get(related.index);
                train.number.eq_ignore_ascii_case(name) || train.name.eq_ignore_ascii_case(name)
            })
        })
        && filter.change.as_ref().is_none_or(|number| {
            let mut changes = graph.release_changes.from(index);
            changes.any(|related| graph.changes.get(related.index).number.eq_ignore_ascii_case(number))
        })
        && filter
            .risk_levels
            .as_ref()
            .is_none_or(|levels| risk(index).is_some_and(|rank| levels.contains(&rank.level)))
}

fn goes_to(graph: &ReleaseGraph, release: &Release, keys: &[EnvironmentKey]) -> bool {
    let planned = release.windows.iter().map(|window| &window.target);
    let attempted = release.targets.iter().filter(|state| state.status != TargetStatus::NotStarted);
    let placed = graph.placements.get(&release.service).into_iter().flatten();
    let placed = placed.filter(|placement| placement.release.as_ref() == Some(&release.key));
    planned
        .chain(attempted.map(|state| &state.target))
        .chain(placed.map(|placement| &placement.target))
        .any(|target| keys.contains(&target.environment))
}

fn in_window(filter: &ReleaseFilter, release: &Release) -> bool {
    if filter.window_from.is_none() && filter.window_to.is_none() {
        return true;
    }
    let environments = filter.environments.as_ref();
    release.windows.iter().filter(|row| environments.is_none_or(|keys| keys.contains(&row.target.environment))).any(
        |row| {
            filter.window_from.is_none_or(|from| from < row.window.end)
                && filter.window_to.is_none_or(|to| row.window.start < to)
        },
    )
}

fn says(release: &Release, text: &str) -> bool {
    let text = text.to_lowercase();
    let words = [Some(release.key.as_str()), release.name.as_deref(), release.description.as_deref()];
    words
        .into_iter()
        .flatten()
        .chain(release.aliases.iter().map(|alias| &*alias.value))
        .any(|word| word.to_lowercase().contains(&text))
}

fn compare(
    graph: &ReleaseGraph,
    order: ReleaseOrder,
    (risk_a, a): &(Option<f64>, Index<Release>),
    (risk_b, b): &(Option<f64>, Index<Release>),
) -> Ordering {
    let (one, two) = (graph.releases.get(*a), graph.releases.get(*b));
    let tier = |release: &Release| graph.services.by_id(&release.service).and_then(|service| service.tier);
    let start = |release: &Release| release.windows.iter().map(|row| row.window.start).min();
    let way = order.direction;
    match order.by {
        ReleaseOrderBy::Key => directed(Some(()), Some(()), way, |(), ()| by_key(one, two)),
        ReleaseOrderBy::WindowStart => directed(start(one), start(two), way, Ord::cmp),
        ReleaseOrderBy::Risk => directed(*risk_a, *risk_b, way, f64::total_cmp),
        ReleaseOrderBy::Status => directed(Some(one.status), Some(two.status), way, Ord::cmp),
        ReleaseOrderBy::Tier => directed(tier(one), tier(two), way, Ord::cmp),
        ReleaseOrderBy::UpdatedAt => directed(one.updated_at, two.updated_at, way, Ord::cmp),
    }
}

/// Service, then versions with an order before those without, then the key as written.
fn by_key(one: &Release, two: &Release) -> Ordering {
    let version = |release: &Release| release.version.as_ref().and_then(|version| version.padded.clone());
    let (a, b) = (version(one), version(two));
    let numeric = b.is_some().cmp(&a.is_some());
    one.service.cmp(&two.service).then(numeric).then_with(|| a.cmp(&b)).then_with(|| one.key.cmp(&two.key))
}

fn directed<T>(
    one: Option<T>,
    two: Option<T>,
    direction: OrderDirection,
    cmp: impl Fn(&T, &T) -> Ordering,
) -> Ordering {
    match (&one, &two) {
        (Some(one), Some(two)) => match direction {
            OrderDirection::Ascending => cmp(one, two),
            OrderDirection::Descending => cmp(two, one),
        },
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::{World, moment};
    use std::collections::BTreeSet;

    fn world() -> World {
        World::new()
            .service("payments-api", "PAY")
            .service("ledger-core", "LED")
            .with_service("ledger-core", |service| {
                service.tier = Some(0);
                service.tags.insert("icfr".into());
            })
            .tag("bank/payments-api", "v2.9.0", "c1")
            .tag("bank/payments-api", "v2.10.0", "c2")
            .change("CHG1", "Deploy ledger-core 5.3.0", None)
            .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
            .incident("INC1", Some("ledger-core"), "2026-06-20T19:00:00Z", Some("CHG1"))
    }

    fn check(filter: ReleaseFilter, order: &[ReleaseOrder], scope: &Scope, expected: &str) {
        let graph = world().graph();
        let score = |index: Index<Release>| {
            let minor = graph.releases.get(index).version.as_ref()?.padded.as_ref()?.minor;
            Some(RiskRank { level: if minor > 9 { "HIGH".into() } else { "LOW".into() }, score: minor as f64 })
        };
        let found = select_releases(&graph, ReleaseSelection { filter: &filter, order, scope }, &score);
        let seen: Vec<&str> = found.iter().map(|index| graph.releases.get(*index).key.as_str()).collect();
        assert_eq!(seen.join(" "), expected, "{filter:?}");
    }

    const UP: ReleaseOrder = ReleaseOrder { by: ReleaseOrderBy::Key, direction: OrderDirection::Ascending };

    #[test]
    fn each_part_of_a_filter_holds() {
        let none = ReleaseFilter::default;
        let check = |filter: ReleaseFilter, expected: &str| check(filter, &[UP], &Scope::All, expected);
        check(none(), "ledger-core@5.3.0 payments-api@2.9.0 payments-api@2.10.0");
        check(
            ReleaseFilter { services: Some(vec![ServiceKey::new("ledger-core")]), ..none() },
            "ledger-core@5.3.0",
        );
        check(ReleaseFilter { services: Some(vec![]), ..none() }, "");
        check(ReleaseFilter { tiers: Some(vec![0]), ..none() }, "ledger-core@5.3.0");
        check(ReleaseFilter { tags: Some(vec!["icfr".into()]), ..none() }, "ledger-core@5.3.0");
        check(ReleaseFilter { statuses: Some(vec![ReleaseStatus::Deployed]), ..none() }, "");
        check(ReleaseFilter { text: Some("2.10".into()), ..none() }, "payments-api@2.10.0");
        check(ReleaseFilter { change: Some("chg1".into()), ..none() }, "ledger-core@5.3.0");
        check(ReleaseFilter { has_open_incident: Some(true), ..none() }, "ledger-core@5.3.0");
        check(ReleaseFilter { risk_levels: Some(vec!["HIGH".into()]), ..none() }, "payments-api@2.10.0");
        check(ReleaseFilter { train: Some("RLSE1".into()), ..none() }, "");
        check(
            ReleaseFilter { environments: Some(vec![EnvironmentKey::new("production")]), ..none() },
            "ledger-core@5.3.0",
        );
        check(ReleaseFilter { window_from: Some(moment("2026-06-20T20:00:00Z")), ..none() }, "");
        check(ReleaseFilter { window_to: Some(moment("2026-06-20T18:00:01Z")), ..none() }, "ledger-core@5.3.0");
    }

    #[test]
    fn what_has_no_value_comes_last_whichever_way() {
        let by = |by, direction| [ReleaseOrder { by, direction }, UP];
        let none = ReleaseFilter::default;
        let check = |order: &[ReleaseOrder], expected: &str| check(none(), order, &Scope::All, expected);
        let all = "ledger-core@5.3.0 payments-api@2.9.0 payments-api@2.10.0";
        check(&by(ReleaseOrderBy::WindowStart, OrderDirection::Ascending), all);
        check(&by(ReleaseOrderBy::WindowStart, OrderDirection::Descending), all);
        check(
            &by(ReleaseOrderBy::Risk, OrderDirection::Descending),
            "payments-api@2.10.0 payments-api@2.9.0 ledger-core@5.3.0",
        );
        check(
            &by(ReleaseOrderBy::Tier, OrderDirection::Descending),
            "payments-api@2.9.0 payments-api@2.10.0 ledger-core@5.3.0",
        );
    }

    #[test]
    fn a_caller_sees_only_what_is_in_scope() {
        let scope = Scope::Services(BTreeSet::from([ServiceKey::new("ledger-core")]));
        check(ReleaseFilter::default(), &[UP], &scope, "ledger-core@5.3.0");
    }
}
