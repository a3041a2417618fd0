//! What runs and what ran before.

use domain::{RecordKind, RuntimeObservation};
use jiff::{SignedDuration, Timestamp};
use simulators::clock::Clock as _;
use simulators::prometheus::content::{Content, Series, named};

use super::bench::{Bench, ago, gaps, now};
use crate::contract::Gathered;

fn build(service: &str, version: &str, since: Timestamp) -> Series {
    let labels = [("service", service), ("environment", "production"), ("version", version), ("instance", "a:1")];
    Series::constant("build_info", &labels, since, 1.0)
}

/// `service version since-until`, with an exclamation mark for what is current; hours and minutes before now.
fn told(gathered: &Gathered) -> Vec<String> {
    let minutes = |at: Timestamp| now().duration_since(at).as_mins();
    let one = |seen: &RuntimeObservation| {
        let since = minutes(seen.since.expect("a start"));
        let mark = if seen.current { "!" } else { "" };
        let (service, version) = (&seen.labels["service"], &seen.labels["version"]);
        format!("{service} {version} {since}-{}{mark}", minutes(seen.observed_at))
    };
    let mut told: Vec<String> = gathered.records.runtime_observations.iter().map(one).collect();
    told.sort();
    told
}

#[tokio::test]
async fn what_runs_and_what_it_replaced_are_told_with_their_times() {
    let series = vec![build("a", "1.0.0", ago(3000)).until(ago(603)), build("a", "1.1.0", ago(603))];
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    let gathered = bench.gather(&[]).await;
    // Steps lie on whole five minutes: the first one at which 1.1.0 is there is five minutes after the last of 1.0.0.
    assert_eq!(told(&gathered), ["a 1.0.0 2998-603", "a 1.1.0 598-0!"]);
    assert!(gathered.complete.contains(&RecordKind::RuntimeObservation));
    assert!(gathered.gaps.is_empty());
}

#[tokio::test]
async fn a_rollback_shows_as_three_stretches() {
    let mut again = build("a", "1.0.0", ago(303));
    again.labels.insert("instance".to_owned(), "b:1".to_owned());
    let series =
        vec![build("a", "1.0.0", ago(3003)).until(ago(603)), build("a", "1.1.0", ago(603)).until(ago(303)), again];
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    let gathered = bench.gather(&[]).await;
    assert_eq!(told(&gathered), ["a 1.0.0 298-0!", "a 1.0.0 2998-603", "a 1.1.0 598-303"]);
    let ids: std::collections::BTreeSet<_> =
        gathered.records.runtime_observations.iter().map(|seen| seen.source.record.clone()).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn what_runs_since_before_the_lookback_is_seen_from_its_first_day() {
    let since = now() - SignedDuration::from_hours(24 * 60);
    let bench = Bench::with(Content { series: vec![build("a", "1.0.0", since)], ..Content::default() }).await;
    let gathered = bench.gather(&[]).await;
    let seen = &gathered.records.runtime_observations[0];
    assert_eq!(seen.since.map(|at| at.to_string()).as_deref(), Some("2026-11-09T00:00:00Z"));
}

#[tokio::test]
async fn processes_of_one_build_are_one_observation() {
    let mut series = Vec::new();
    for instance in ["a:1", "b:1", "c:1"] {
        let mut one = build("a", "1.0.0", ago(100));
        one.labels.insert("instance".to_owned(), instance.to_owned());
        series.push(one);
    }
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    let gathered = bench.gather(&[]).await;
    assert_eq!(gathered.records.runtime_observations.len(), 1);
    let labels = &gathered.records.runtime_observations[0].labels;
    assert!(!labels.contains_key("instance") && !labels.contains_key("__name__"));
}

#[tokio::test]
async fn ids_stay_while_time_goes_on_and_what_ends_is_told_as_past() {
    let bench = Bench::with(Content { series: vec![build("a", "1.0.0", ago(100))], ..Content::default() }).await;
    let connector = bench.connector();
    let gather = async || {
        use crate::contract::Connector as _;
        connector.gather(&bench.request(&[])).await.records.runtime_observations.remove(0)
    };
    let first = gather().await;
    bench.clock.advance(SignedDuration::from_mins(20));
    let second = gather().await;
    assert_eq!((&first.source.record, first.since), (&second.source.record, second.since));
    assert_eq!(second.observed_at, bench.clock.now());
    bench.simulated.end_series(&named("build_info", &[("service", "a")]));
    bench.clock.advance(SignedDuration::from_mins(30));
    let past = gather().await;
    assert!(!past.current);
    assert_ne!(past.source.record, first.source.record);
    assert_eq!(past.since, first.since);
}

#[tokio::test]
async fn a_series_that_ended_a_moment_ago_is_neither_lost_nor_current() {
    let series = vec![build("a", "1.0.0", ago(100)).until(ago(1)), build("a", "1.1.0", ago(1))];
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    assert_eq!(told(&bench.gather(&[]).await), ["a 1.0.0 98-3", "a 1.1.0 0-0!"]);
}

#[tokio::test]
async fn no_more_than_11000_points_are_asked_for_in_one_range() {
    let since = now() - SignedDuration::from_hours(24 * 80);
    let changed = now() - SignedDuration::from_hours(24 * 60);
    let series = vec![build("a", "1.0.0", since).until(changed), build("a", "1.1.0", changed)];
    let mut bench = Bench::with(Content { series, ..Content::default() }).await;
    bench.options.lookback = SignedDuration::from_hours(24 * 100);
    let gathered = bench.gather(&[]).await;
    assert_eq!(gaps(&gathered, RecordKind::RuntimeObservation), Vec::<String>::new());
    let spoken: Vec<bool> = gathered.records.runtime_observations.iter().map(|seen| seen.current).collect();
    assert_eq!(spoken.len(), 2);
    assert!(bench.server.requests.matching("query_range").len() <= 48);
}

#[tokio::test]
async fn an_empty_server_runs_nothing_and_says_so_completely() {
    let bench = Bench::with(Content::default()).await;
    let gathered = bench.gather(&[]).await;
    assert!(gathered.records.is_empty() && gathered.gaps.is_empty());
    assert_eq!(gathered.complete.len(), 3);
}

#[tokio::test]
async fn warnings_of_a_success_are_a_gap() {
    let content = Content {
        series: vec![build("a", "1.0.0", ago(100))],
        warnings: vec!["remote store secret.example did not answer".to_owned()],
        ..Content::default()
    };
    let bench = Bench::with(content).await;
    let gathered = bench.gather(&[]).await;
    assert_eq!(gathered.records.runtime_observations.len(), 1);
    let told = gaps(&gathered, RecordKind::RuntimeObservation);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("SOURCE_INCOMPLETE prometheus: its answers carry"), "{told:?}");
    assert!(!told[0].contains("secret.example"));
    assert!(gathered.changed.contains(&RecordKind::RuntimeObservation));
    assert!(!gathered.complete.contains(&RecordKind::RuntimeObservation));
}

#[tokio::test]
async fn an_incremental_read_ends_where_a_full_read_ends_and_asks_for_less() {
    use crate::contract::Connector as _;
    let series = vec![build("a", "1.0.0", ago(3000)).until(ago(603)), build("a", "1.1.0", ago(603))];
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    let connector = bench.connector();
    let first = connector.gather(&bench.request(&[])).await;
    bench.server.requests.reset();
    bench.clock.advance(SignedDuration::from_mins(40));
    bench.simulated.end_series(&named("build_info", &[("version", "1.1.0")]));
    bench.simulated.edit(|content| content.series.push(build("a", "1.0.0", bench.clock.now())));
    bench.clock.advance(SignedDuration::from_hours(30));
    let mut request = bench.request(&[]);
    request.since = first.watermarks;
    let incremental = connector.gather(&request).await;
    assert_eq!(bench.server.requests.matching("query_range").len(), 2);
    let full = bench.gather(&[]).await;
    assert_eq!(incremental.records, full.records);
    assert_eq!(incremental.complete, full.complete);
    assert_eq!(full.records.runtime_observations.len(), 3);
}

#[tokio::test]
async fn a_read_soon_after_asks_for_less_and_ends_where_a_full_one_ends() {
    use crate::contract::Connector as _;
    let series = vec![build("a", "1.0.0", ago(3000)).until(ago(603)), build("a", "1.1.0", ago(603))];
    let bench = Bench::with(Content { series, ..Content::default() }).await;
    let connector = bench.connector();
    let mut marks = connector.gather(&bench.request(&[])).await.watermarks;
    for step in 0..4 {
        match step {
            1 => bench.simulated.end_series(&named("build_info", &[("version", "1.1.0")])),
            2 => bench.simulated.edit(|content| content.series.push(build("a", "1.2.0", bench.clock.now()))),
            _ => {}
        }
        bench.clock.advance(SignedDuration::from_mins(17));
        bench.server.requests.reset();
        let mut request = bench.request(&[]);
        request.since = marks;
        let incremental = connector.gather(&request).await;
        // What runs with the time, and the short past.
        assert_eq!(bench.server.requests.matching("/query").len(), 2, "{:?}", bench.server.requests.counts());
        let full = bench.gather(&[]).await;
        assert_eq!(incremental.records, full.records, "after step {step}");
        marks = incremental.watermarks;
    }
}
