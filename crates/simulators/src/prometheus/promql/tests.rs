//! Expressions against a small content, and texts that must never make the parser panic.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Evaluation, Source, Value, Window, parse};
use crate::prometheus::answer::number;
use crate::prometheus::content::{Content, Sample, Samples, Series, Step, named};

fn start() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn after(minutes: i64) -> Timestamp {
    start() + SignedDuration::from_mins(minutes)
}

fn content() -> Content {
    let line = |metric, labels: &[(&str, &str)], value, per_second| {
        Series::line(metric, labels, Step { from: start(), value, per_second })
    };
    let restarted = Series {
        labels: named("restarted_total", &[]),
        samples: Samples::Points(
            [(50, 100.0), (52, 200.0), (54, 20.0), (56, 60.0)]
                .map(|(minute, value)| Sample { at: after(minute), value })
                .to_vec(),
        ),
    };
    Content {
        series: vec![
            line("up", &[("job", "pay"), ("instance", "a")], 1.0, 0.0),
            line("up", &[("job", "pay"), ("instance", "b")], 0.0, 0.0),
            line("up", &[("job", "card"), ("instance", "c")], 1.0, 0.0),
            line("requests_total", &[("job", "pay"), ("code", "200")], 0.0, 9.0),
            line("requests_total", &[("job", "pay"), ("code", "500")], 0.0, 1.0),
            line("owner", &[("job", "pay"), ("team", "payments")], 1.0, 0.0),
            line("zero", &[("job", "pay")], 0.0, 0.0),
            line("lat_bucket", &[("le", "0.1")], 0.0, 5.0),
            line("lat_bucket", &[("le", "0.5")], 0.0, 9.0),
            line("lat_bucket", &[("le", "+Inf")], 0.0, 10.0),
            line("gone", &[], 1.0, 0.0).until(after(58)),
            restarted,
        ],
        ..Content::default()
    }
}

/// The answer one hour after the start, written as `{label="value"} number` and sorted.
fn answer(query: &str) -> String {
    let content = content();
    let source = Source::new(&content, after(60));
    let at = after(60).as_millisecond();
    let evaluation = Evaluation::new(&source, Window { start: at, end: at, step: 1 });
    let expression = match parse(query) {
        Ok(expression) => expression,
        Err(error) => return format!("refused: {error}"),
    };
    match evaluation.instant(&expression, at) {
        Err(failure) => format!("failed: {failure}"),
        Ok(Value::Scalar(value)) => number(value),
        Ok(Value::Text(text)) => text,
        Ok(Value::Matrix(series)) => format!("{} ranges", series.len()),
        Ok(Value::Vector(elements)) => {
            let mut lines: Vec<String> = elements
                .iter()
                .map(|element| {
                    let pairs: Vec<String> =
                        element.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    // Nine digits: sums of floats differ in their last bits.
                    let rounded = (element.value * 1e9).round() / 1e9;
                    format!("{{{}}} {}", pairs.join(","), number(rounded))
                })
                .collect();
            lines.sort();
            lines.join("; ")
        }
    }
}

#[test]
fn expressions_have_the_values_of_the_real_server() {
    let table = [
        ("up{job=\"card\"}", "{__name__=up,instance=c,job=card} 1"),
        ("up{instance!~\"a|b\"}", "{__name__=up,instance=c,job=card} 1"),
        // Regexes are anchored.
        ("up{job=~\"car\"}", ""),
        ("up{job!=\"pay\",missing=\"\"}", "{__name__=up,instance=c,job=card} 1"),
        ("zero offset 30m", "{__name__=zero,job=pay} 0"),
        ("zero offset 2h", ""),
        ("rate(requests_total{code=\"500\"}[5m])", "{code=500,job=pay} 1"),
        ("increase(requests_total{code=\"500\"}[10m])", "{code=500,job=pay} 600"),
        // 100 + 20 (after the reset) + 40 in six minutes; the missing last four count as half a spacing.
        ("increase(restarted_total[10m])", "{} 186.666666667"),
        ("resets(restarted_total[10m])", "{} 1"),
        ("changes(restarted_total[10m])", "{} 3"),
        ("avg_over_time(restarted_total[10m])", "{} 95"),
        ("max_over_time(restarted_total[10m])", "{} 200"),
        ("min_over_time(restarted_total[10m])", "{} 20"),
        ("count_over_time(restarted_total[10m])", "{} 4"),
        ("last_over_time(restarted_total[10m])", "{__name__=restarted_total} 60"),
        // A series is seen for five minutes after its last sample, or not at all once its target is gone.
        ("restarted_total", "{__name__=restarted_total} 60"),
        ("restarted_total offset -90s", ""),
        ("gone", ""),
        ("absent(gone)", "{} 1"),
        ("absent(nothing{job=\"x\",a=~\"b\"})", "{job=x} 1"),
        ("absent(up)", ""),
        ("sum by (job) (up)", "{job=card} 1; {job=pay} 1"),
        ("sum without (instance) (up)", "{job=card} 1; {job=pay} 1"),
        ("avg(up)", "{} 0.666666667"),
        ("min(up)", "{} 0"),
        ("count(up == 0)", "{} 1"),
        ("topk(1, requests_total)", "{__name__=requests_total,code=200,job=pay} 32400"),
        // The sum of nothing is nothing, not zero.
        ("sum(nothing)", ""),
        ("count(nothing) or vector(0)", "{} 0"),
        ("zero / zero", "{job=pay} NaN"),
        ("zero / zero > 0.99", ""),
        ("zero / zero < 0.99", ""),
        ("1 / zero", "{job=pay} +Inf"),
        ("up == 0", "{__name__=up,instance=b,job=pay} 0"),
        ("up{job=\"pay\"} == bool 0", "{instance=a,job=pay} 0; {instance=b,job=pay} 1"),
        ("1 > bool 2", "0"),
        ("-2 ^ 2", "-4"),
        ("2 ^ 3 ^ 2", "512"),
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("up and on(job) owner", "{__name__=up,instance=a,job=pay} 1; {__name__=up,instance=b,job=pay} 0"),
        ("up unless on(job) owner", "{__name__=up,instance=c,job=card} 1"),
        ("up{job=\"card\"} or zero", "{__name__=up,instance=c,job=card} 1; {__name__=zero,job=pay} 0"),
        (
            "up * on(job) group_left(team) owner",
            "{instance=a,job=pay,team=payments} 1; {instance=b,job=pay,team=payments} 0",
        ),
        (
            "up * on(job) owner",
            "failed: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ),
        ("requests_total{code=\"500\"} / ignoring(code) requests_total{code=\"200\"}", "{job=pay} 0.111111111"),
        ("sum(rate(requests_total{code=~\"5..\"}[5m])) / sum(rate(requests_total[5m]))", "{} 0.1"),
        ("scalar(zero) + 1", "1"),
        ("scalar(up)", "NaN"),
        ("vector(time())", "{} 1772456400"),
        (
            "label_replace(zero, \"service\", \"$1-api\", \"job\", \"(.*)\")",
            "{__name__=zero,job=pay,service=pay-api} 0",
        ),
        ("histogram_quantile(0.5, rate(lat_bucket[5m]))", "{} 0.1"),
        ("histogram_quantile(0.7, rate(lat_bucket[5m]))", "{} 0.3"),
        ("max_over_time(sum(up)[10m:1m])", "{} 2"),
        ("rate({__name__=~\"zero|owner\", job=\"pay\"}[5m]) * 0", "{job=pay,team=payments} 0; {job=pay} 0"),
        ("\"a\\n\\\"b\"", "a\n\"b"),
        ("up[5m]", "3 ranges"),
        ("{__name__=~\"zero|owner\"} + 0", "{job=pay,team=payments} 1; {job=pay} 0"),
    ];
    for (query, expected) in table {
        assert_eq!(answer(query), expected, "{query}");
    }
}

#[test]
fn texts_that_are_no_promql_are_refused_with_their_place() {
    let table = [
        ("", "1:1: parse error: no expression found in input"),
        ("up{job=}", "1:8: parse error: unexpected \"}\" in label matching, expected string"),
        ("sum(\n up", "2:4: parse error: unexpected end of input in aggregation, expected \",\""),
        ("(up", "1:4: parse error: unclosed left parenthesis"),
        (
            "rate(up)",
            "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
        ),
        ("nope(up)", "1:1: parse error: unknown function with name \"nope\""),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("{job=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("1 > 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        // Decimals and growing units are no durations.
        ("up[0.5m]", "1:4: parse error: bad number or duration syntax: \"0.5m\""),
        ("up[30s1m]", "1:4: parse error: bad number or duration syntax: \"30s1m\""),
        ("up offset 5m offset 5m", "1:14: parse error: offset and @ may not be set multiple times"),
    ];
    for (query, expected) in table {
        assert_eq!(answer(query), format!("refused: {expected}"), "{query}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(answer(&deep).contains("nested too deeply"));
    assert!(answer(&"-".repeat(100_000)).contains("nested too deeply"));
    assert!(answer(&format!("1{}", " + 1".repeat(10_000))).contains("too many operators"));
}

#[test]
fn durations_beyond_all_calendars_overflow_nothing() {
    for query in [
        "rate(up[200000000y])",
        "up offset 200000000y",
        "up offset -200000000y",
        "rate(up[200000000y] offset 200000000y)",
        "sum_over_time(up[200000000y:1ms])",
        "up @ 1e300",
        "rate(up[200000000y] @ -1e300)",
        "max_over_time(up[200000000y:200000000y] offset 200000000y)",
    ] {
        assert!(!answer(query).starts_with("refused"), "{query}");
    }
}

/// Fragments that, joined by chance, come close to PromQL.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "up",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "5m",
        ":",
        ",",
        "job",
        "=",
        "=~",
        "\"a\"",
        "'",
        "sum",
        "by",
        "rate",
        "offset",
        "@",
        "-",
        "+",
        "^",
        "and",
        "on",
        "group_left",
        "bool",
        "==",
        "0x",
        "1e",
        "1.",
        "\\",
        "#",
        "\n",
        "start",
        " ",
        "é",
        "topk",
        "label_replace",
        "vector",
        "absent",
        "100000000000000y",
        "9e999",
        "[5m:]",
        "[1m:1s]",
    ]);
    prop::collection::vec(fragment, 0..24).prop_map(|parts| parts.join(" "))
}

/// A range query may keep a value while nothing that it sees changes: that must not show.
#[test]
fn a_range_is_the_instants_one_after_the_other() {
    let content = content();
    let source = Source::new(&content, after(60));
    for query in [
        "up",
        "sum by (job) (up)",
        "gone unless gone offset 3m",
        "gone offset 3m unless gone",
        "max without (code) (requests_total) > 100",
        "restarted_total",
        "-up + 1",
        "time()",
        "rate(requests_total[5m])",
        "up offset 55m or zero",
        "gone @ end()",
        "1 + 1",
    ] {
        let (from, to) = (after(-3).as_millisecond(), after(64).as_millisecond());
        let expression = parse(query).unwrap();
        let window = Window { start: from, end: to, step: 30_000 };
        let ranges = Evaluation::new(&source, window).range(&expression).unwrap();
        let evaluation = Evaluation::new(&source, window);
        let mut alone: std::collections::BTreeMap<_, Vec<(i64, f64)>> = std::collections::BTreeMap::new();
        for moment in (from..=to).step_by(30_000) {
            match evaluation.instant(&expression, moment).unwrap() {
                Value::Scalar(value) => alone.entry(Default::default()).or_default().push((moment, value)),
                Value::Vector(elements) => elements
                    .into_iter()
                    .for_each(|element| alone.entry(element.labels).or_default().push((moment, element.value))),
                _ => {}
            }
        }
        let told: std::collections::BTreeMap<_, _> =
            ranges.into_iter().map(|series| (series.labels, series.points)).collect();
        assert_eq!(told, alone, "{query}");
    }
}

proptest! {
    #[test]
    fn the_parser_never_panics(text in prop_oneof![any::<String>(), fragments()]) {
        // What parses must evaluate without a panic too; most texts are refused.
        if text.len() < 200 {
            answer(&text);
        }
    }
}
