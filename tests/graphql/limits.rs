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
async fn introspection_as_tools_send_it_is_within_the_limits() {
    let types = "name kind ofType { name kind ofType { name kind ofType { name kind ofType { name kind ofType { name } } } } }";
    let query = format!(
        "{{ __schema {{ types {{ name fields {{ name args {{ name type {{ {types} }} }} type {{ {types} }} }} }} }} }}"
    );
    small_bank().await.data(&query).await;
}
