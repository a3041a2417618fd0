//! What keeping fresh costs the systems: refreshes in which nothing changed, by system.

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
pub(super) async fn unchanged_refreshes_cost_little(world: &World) {
    let federation = &world.base().federation;
    let first = federation.graph().expect("a graph");
    let ids: Vec<&str> = federation.connectors().iter().map(|system| system.descriptor().id.as_str()).collect();
    world.base().ask(&ids, Stage::Real);
    for _ in 0..2 {
        world.bank.servers().iter().for_each(|(_, server)| server.requests.reset());
        let graph = federation.gather(Extent::Changes).await.expect("a graph");
        assert_eq!(graph.version, first.version, "nothing new was told");
        for ((id, server), (named, most)) in world.bank.servers().into_iter().zip(MOST) {
            assert_eq!(id, named);
            let sent = server.requests.total();
            println!("{id}: {sent} requests of at most {most}");
            assert!(sent <= most, "{id}: {sent} requests of at most {most}: {:?}", server.requests.counts());
        }
    }
}
