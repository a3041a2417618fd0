//! Properties of correlation as a whole: the order in which records come does not show, keys are joined as a naive
//! search would join them, and what goes dark never makes a release look further along.

use std::collections::BTreeSet;

use domain::{ChangeState, LinkRule, RecordKind, Records};
use proptest::prelude::*;

use super::correlate;
use super::world::World;
use crate::ReleaseGraph;

const REPO: &str = "bank/payments-api";

/// One record of a random world.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    Tag(u8),
    Tracked(u8, u8),
    Item(u8, Vec<u8>),
    Commit(u8, String),
    Range(u8, Vec<u8>),
    Merged(u8, u8, String),
    Change(u8, String),
    Deployed(u8, u8, u8),
    Seen(u8, u8, bool),
    Incident(u8, u8),
}

const SPELLINGS: [&str; 4] = ["2.{}.0", "v2.{}.0", "payments-api 2.{}.0", "Release 2.{}"];

fn text() -> impl Strategy<Value = String> {
    let words = vec![
        "PAY-1",
        "pay-2",
        "PAY-3",
        "PAY-12",
        "xPAY-1",
        "payments-api 2.1.0",
        "payments-api",
        "2.2.0",
        "deploy",
        "to",
        "UTF-8",
        "PAY-1x",
        "PAY-1.5",
        "(PAY-2)",
        "PAY-3,PAY-1",
        "é",
        "payments-api 2.3",
    ];
    proptest::collection::vec(proptest::sample::select(words), 0..5).prop_map(|words| words.join(" "))
}

pub(crate) fn fact() -> impl Strategy<Value = Fact> {
    let n = 0u8..4;
    prop_oneof![
        n.clone().prop_map(Fact::Tag),
        (n.clone(), 0u8..4).prop_map(|(version, spelling)| Fact::Tracked(version, spelling)),
        (1u8..14, proptest::collection::vec(0u8..4, 0..3)).prop_map(|(key, versions)| Fact::Item(key, versions)),
        (n.clone(), text()).prop_map(|(sha, message)| Fact::Commit(sha, message)),
        (n.clone(), proptest::collection::vec(0u8..4, 0..4)).prop_map(|(tag, commits)| Fact::Range(tag, commits)),
        (n.clone(), 0u8..4, text()).prop_map(|(number, commit, text)| Fact::Merged(number, commit, text)),
        (0u8..6, text()).prop_map(|(number, text)| Fact::Change(number, text)),
        (n.clone(), 0u8..20, 0u8..3).prop_map(|(tag, hour, end)| Fact::Deployed(tag, hour, end)),
        (n.clone(), 0u8..20, any::<bool>()).prop_map(|(version, hour, now)| Fact::Seen(version, hour, now)),
        (0u8..4, 0u8..6).prop_map(|(number, change)| Fact::Incident(number, change)),
    ]
}

/// A world of these facts; of two records with one id the first is taken.
pub(crate) fn world_of(facts: &[Fact]) -> World {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let start = World::new().service("payments-api", "PAY").service("ledger-core", "LED");
    facts.iter().fold(start.depends("payments-api", "ledger-core"), |world, fact| {
        let id = match fact {
            Fact::Tag(n) => format!("tag {n}"),
            Fact::Tracked(version, spelling) => format!("tracked {version}{spelling}"),
            Fact::Item(key, _) => format!("item {key}"),
            Fact::Commit(n, _) => format!("commit {n}"),
            Fact::Range(n, _) => format!("range {n}"),
            Fact::Merged(n, ..) => format!("pull request {n}"),
            Fact::Change(n, _) => format!("change {n}"),
            Fact::Deployed(n, hour, _) => format!("deployed {n} {hour}"),
            Fact::Seen(n, hour, _) => format!("seen {n} {hour}"),
            Fact::Incident(n, _) => format!("incident {n}"),
        };
        if seen.insert(id) { with(world, fact) } else { world }
    })
}

fn with(world: World, fact: &Fact) -> World {
    let at = |hour: &u8| format!("2026-06-10T{hour:02}:00:00Z");
    match fact {
        Fact::Tag(n) => world.tag(REPO, &format!("v2.{n}.0"), &format!("c{n}")),
        Fact::Tracked(version, spelling) => {
            let name = SPELLINGS[usize::from(*spelling)].replace("{}", &version.to_string());
            world.tracked(&format!("{version}{spelling}"), "PAY", &name)
        }
        Fact::Item(key, versions) => {
            let versions: Vec<String> = versions.iter().map(|version| format!("{version}0")).collect();
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            world.work_item(&key.to_string(), &format!("PAY-{key}"), &versions)
        }
        Fact::Commit(n, message) => world.commit(REPO, &format!("c{n}"), message),
        Fact::Range(n, commits) => {
            let commits: Vec<String> = commits.iter().map(|n| format!("c{n}")).collect();
            let commits: Vec<&str> = commits.iter().map(String::as_str).collect();
            world.range(REPO, None, &format!("v2.{n}.0"), &commits)
        }
        Fact::Merged(n, commit, text) => {
            let mut world = world.pull_request(REPO, u64::from(*n), &format!("c{commit}"), &[]);
            world.records.pull_requests.last_mut().expect("just added").title = text.as_str().into();
            world
        }
        Fact::Change(n, text) => {
            let number = format!("CHG000000{n}");
            let world = world.change(&number, text, None).about(&number, "payments-api");
            let states = [ChangeState::New, ChangeState::Authorize, ChangeState::Scheduled, ChangeState::Closed];
            world.state(&number, states[usize::from(*n) % states.len()])
        }
        Fact::Deployed(n, hour, end) => {
            let end = ["success", "failure", "open"][usize::from(*end)];
            world.deployed(REPO, &format!("v2.{n}.0"), "production", &at(hour), end)
        }
        Fact::Seen(n, hour, now) => {
            let until = (!now).then_some("2026-06-11T00:00:00Z");
            world.seen("payments-api", &format!("2.{n}.0"), "production", &at(hour), until)
        }
        Fact::Incident(n, change) => {
            let change = (*change < 4).then(|| format!("CHG000000{change}"));
            world.incident(
                &format!("INC000000{n}"),
                Some("payments-api"),
                "2026-06-10T21:00:00Z",
                change.as_deref(),
            )
        }
    }
}

fn rotate(records: &mut Records, by: usize) {
    macro_rules! turn {
        ($($field:ident),*) => {$(
            let length = records.$field.len().max(1);
            records.$field.rotate_left(by % length);
            if by % 2 == 1 {
                records.$field.reverse();
            }
        )*};
    }
    turn!(
        changes,
        incidents,
        tracked_versions,
        work_items,
        tags,
        commits,
        commit_ranges,
        deployments,
        pull_requests
    );
    turn!(runtime_observations, configuration_items, ci_relations, repositories);
}

/// Is there, in any case, exactly this key in the text, not as part of something longer?
fn names_key(text: &str, key: &str) -> bool {
    let text = text.to_uppercase();
    text.match_indices(key).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().chars().next_back();
        let behind = text.get(at + key.len()..).unwrap_or_default();
        let mut after = behind.chars();
        let next = after.next();
        let decimal = next == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit());
        before.is_none_or(|c| !c.is_alphanumeric()) && next.is_none_or(|c| !c.is_alphanumeric()) && !decimal
    })
}

fn joined_by_key(graph: &ReleaseGraph) -> BTreeSet<(String, String)> {
    let commits = graph.work_item_commits.iter().map(|(item, commit, link)| {
        assert_eq!(link.rule, LinkRule::KeyInCommit);
        (graph.work_items.get(item).key.to_string(), graph.commits.get(commit).sha.to_string())
    });
    let changes = graph.work_item_changes.iter().map(|(item, change, _)| {
        (graph.work_items.get(item).key.to_string(), graph.changes.get(change).number.to_string())
    });
    commits.chain(changes).collect()
}

fn naively_joined(graph: &ReleaseGraph) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (_, item) in graph.work_items.iter() {
        for (_, commit) in graph.commits.iter().filter(|(_, commit)| names_key(&commit.message, &item.key)) {
            found.insert((item.key.to_string(), commit.sha.to_string()));
        }
        for (_, change) in graph.changes.iter() {
            if change.short_description.as_deref().is_some_and(|text| names_key(text, &item.key)) {
                found.insert((item.key.to_string(), change.number.to_string()));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_records_does_not_show(facts in proptest::collection::vec(fact(), 0..40), by in 0usize..50) {
        let world = world_of(&facts);
        let mut turned = world.input();
        rotate(&mut turned.records, by);
        prop_assert_eq!(world.graph(), correlate(turned));
    }

    #[test]
    fn keys_are_joined_as_a_naive_search_joins_them(facts in proptest::collection::vec(fact(), 0..40)) {
        let graph = world_of(&facts).graph();
        prop_assert_eq!(joined_by_key(&graph), naively_joined(&graph));
    }

    #[test]
    fn what_goes_dark_leaves_no_release_more_certain(facts in proptest::collection::vec(fact(), 0..40)) {
        let world = world_of(&facts);
        let clear = world.graph();
        for (system, kind) in [
            ("prometheus", RecordKind::RuntimeObservation),
            ("git", RecordKind::Deployment),
            ("servicenow", RecordKind::Change),
        ] {
            let dark = world.clone().dark(system, kind).graph();
            for ((_, before), (_, after)) in clear.releases.iter().zip(dark.releases.iter()) {
                prop_assert_eq!(&before.key, &after.key);
                prop_assert!(before.certain || !after.certain, "{} under {:?}", before.key, kind);
                prop_assert!(after.certain || after.possible.contains(&after.status));
            }
        }
    }
}
