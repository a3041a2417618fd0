//! Each refusal names its limit.

use interlock::http::Limits;

use super::bank::{full_bank, small_bank};

async fn refusal(query: &str, limits: Limits) -> String {
    let mut bank = full_bank();
    bank.limits = limits;
    let response = bank.read().await.execute(query).await;
    assert_eq!(super::world::codes(&response), ["LIMIT_EXCEEDED"], "{query}");
    response.errors[0].message.clone()
}

#[tokio::test]
async fn a_page_s_size_multiplies_what_is_asked_of_each_row() {
    let limits = Limits { complexity: 500, ..Limits::default() };
    let page = |rows: u32| {
        format!(
            "query($n: Int = {rows}) {{ releases(first: $n) {{ edges {{ node {{ key changes(first: 10) {{ totalCount }} }} }} }} }}"
        )
    };
    let message = refusal(&page(50), limits.clone()).await;
    assert!(message.contains("500"), "{message}");
    let mut bank = full_bank();
    bank.limits = limits;
    bank.read().await.data(&page(10)).await;
}

#[tokio::test]
async fn depth_is_limited() {
    let limits = Limits { depth: 5, ..Limits::default() };
    let query = "{ releases(first: 1) { edges { node { service { owner { name } } } } } }";
    assert!(refusal(query, limits).await.contains('5'));
}

#[tokio::test]
async fn pages_have_a_size() {
    let bank = small_bank().await;
    assert_eq!(bank.codes("{ releases { totalCount } }").await, ["BAD_INPUT"]);
    for size in [0, 101] {
        assert_eq!(
            bank.codes(&format!("{{ releases(first: {size}) {{ totalCount }} }}")).await,
            ["LIMIT_EXCEEDED"]
        );
    }
    let deep = r#"{ release(key: "payments-api@2.14.0") { blastRadius(depth: 9) { configurationItemCount } } }"#;
    assert_eq!(bank.codes(deep).await, ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn a_router_asks_for_so_many_entities_at_once() {
    let bank = small_bank().await;
    let entity = r#"{ __typename: "Service", key: "payments-api" },"#;
    let query =
        |count: usize| format!("{{ _entities(representations: [{}]) {{ __typename }} }}", entity.repeat(count));
    assert_eq!(bank.data(&query(1_000)).await["_entities"].as_array().unwrap().len(), 1_000);
    let refused = bank.codes(&query(1_001)).await;
    assert!(!refused.is_empty() && refused.iter().all(|code| code == "LIMIT_EXCEEDED"), "{refused:?}");
}

#[tokio::test]
async fn introspection_as_tools_send_it_is_within_the_limits() {
    let types = "name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name } } } } }";
    let query = format!(
        "{{ __schema {{ types {{ name fields {{ name args {{ name type {{ {types} }} }} type {{ {types} }} }} }} }} }}"
    );
    small_bank().await.data(&query).await;
}

/// A release, a target and a range.
fn sequence(releases: &str, target: &str, range: (&str, &str)) -> String {
    let (from, to) = range;
    format!(
        "{{ sequence(input: {{ releases: [{releases}], target: {{ environment: {target:?} }}, from: {from:?}, to: {to:?} }}) \
         {{ order {{ key }} }} }}"
    )
}

#[tokio::test]
async fn what_order_and_calendar_cannot_answer_is_refused_with_its_limit_or_remedy() {
    let bank = small_bank().await;
    let june = ("2026-06-01T00:00:00Z", "2026-06-20T00:00:00Z");
    let own = r#""payments-api@2.14.0""#;
    let calendar = |range: (&str, &str), environments: &str| {
        let (from, to) = range;
        format!("{{ calendar(from: {from:?}, to: {to:?}, environments: [{environments}]) {{ gaps {{ code }} }} }}")
    };
    bank.data(&sequence(own, "production", june)).await;
    bank.data(&calendar(june, r#""production""#)).await;
    let many = r#""payments-api@2.14.0","#.repeat(2_001);
    for (query, code, words) in [
        (sequence(own, "production", (june.1, june.0)), "BAD_INPUT", "must be before to"),
        (sequence(r#""payments-api@99.0.0""#, "production", june), "BAD_INPUT", "there is no release"),
        (sequence(own, "moon", june), "BAD_INPUT", "moon"),
        (
            sequence(own, "production", ("2026-06-01T00:00:00Z", "2027-06-03T00:00:00Z")),
            "LIMIT_EXCEEDED",
            "366 days",
        ),
        (
            sequence(own, "production", ("2035-06-01T00:00:00Z", "2035-06-20T00:00:00Z")),
            "LIMIT_EXCEEDED",
            "blackouts are known from",
        ),
        (sequence(&many, "production", june), "LIMIT_EXCEEDED", "2001 releases are more than the limit of 2000"),
        (calendar((june.1, june.0), ""), "BAD_INPUT", "must be before to"),
        (calendar((june.0, june.0), ""), "BAD_INPUT", "must be before to"),
        (calendar(("2026-06-01T00:00:00Z", "2027-07-07T00:00:00Z"), ""), "LIMIT_EXCEEDED", "400 days"),
        (calendar(june, r#""moon""#), "BAD_INPUT", "there are: production, staging"),
    ] {
        let answer = bank.execute(&query).await;
        let shown: String = query.chars().take(200).collect();
        assert_eq!(super::world::codes(&answer), [code], "{shown}");
        assert!(answer.errors[0].message.contains(words), "{shown}: {}", answer.errors[0].message);
    }
}
