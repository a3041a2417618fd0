//! What keeping fresh and answering cost the systems: refreshes in which nothing changed, and the page of a release.

use interlock::federation::Extent;

use super::world::{Stage, World};

/// Most requests of a refresh in which nothing changed: two for each kind of records that is read there.
const MOST: [(&str, u64); 6] = [
    // 14 kinds, and the CMDB's 2.
    ("servicenow", 32),
    ("servicenow-lending", 28),
    // 4 kinds.
    ("jira", 8),
    // 10 kinds, looked at together.
    ("github", 10),
    // 3 kinds.
    ("prometheus", 6),
    ("alertmanager", 2),
];

/// Refreshes the unchanged bank and counts.
pub(super) async fn unchanged_refreshes(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let federation = &world.base().federation;
    let first = federation.graph().expect("a graph");
    let ids: Vec<String> =
        federation.connectors().iter().map(|system| system.descriptor().id.to_string()).collect();
    world.base().ask(&ids, Stage::Real);
    for _ in 0..2 {
        world.bank.servers().iter().for_each(|(_, server)| server.requests.reset());
        let graph = federation.gather(Extent::Changes).await.expect("a graph");
        if graph.version != first.version {
            wrong.push("a refresh of the unchanged bank made another graph".to_owned());
        }
        for ((id, server), (named, most)) in world.bank.servers().into_iter().zip(MOST) {
            assert_eq!(id, named);
            let sent = server.requests.total();
            println!("{id}: {sent} requests of at most {most}");
            if sent > most {
                wrong.push(format!("{id}: {sent} requests of at most {most}: {:?}", server.requests.counts()));
            }
        }
    }
    wrong
}

/// A release's page with everything on it that is read live.
const PAGE: &str = r"query Page($key: String!) { release(key: $key) {
    changes(first: 20) { edges { node { number implementationPlan } } }
    pullRequests(first: 50) { edges { node { number description } } }
    knownErrors(first: 10) { edges { node { number article } } }
} }";
/// Most requests of the page when nothing of it was read before.
const MOST_COLD: u64 = 25;

/// Asks for the contract's operations and for the page twice, and counts.
pub(super) async fn answers_cost_little(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let sent = || world.bank.servers().iter().map(|(_, server)| server.requests.total()).sum::<u64>();
    world.bank.servers().iter().for_each(|(_, server)| server.requests.reset());
    world.base().answers().await;
    if sent() > 0 {
        wrong.push(format!("the contract's operations sent {} requests", sent()));
    }
    let page = world.base().ask_twice(PAGE, &sent).await;
    for (key, [cold, hot]) in page {
        println!("{key}: cold {cold} requests, hot {hot}");
        if cold > MOST_COLD || hot > 0 {
            wrong.push(format!("the page of {key} sent {cold} requests, and {hot} when asked again"));
        }
    }
    wrong
}
