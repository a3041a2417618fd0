//! What a full read brings.

use super::world::{World, payments};
use crate::github::KINDS;

#[tokio::test]
async fn a_release_is_read_with_all_it_left_behind() {
    let world = World::of(vec![payments()]).await;
    let gathered = world.sweep().await;
    assert_eq!(gathered.gaps, []);
    assert_eq!(gathered.complete, KINDS.into());
    let mut records = gathered.records;
    records.sort();
    println!("{}", serde_json::to_string_pretty(&records.pull_requests).expect("JSON"));
    println!("{}", serde_json::to_string_pretty(&records.deployments).expect("JSON"));
    println!("{}", serde_json::to_string_pretty(&records.tags).expect("JSON"));
    println!("{}", serde_json::to_string_pretty(&records.pipeline_runs).expect("JSON"));
    println!("{}", serde_json::to_string_pretty(&records.artifacts).expect("JSON"));
    println!("{}", serde_json::to_string_pretty(&records.accounts).expect("JSON"));
    let ranges: Vec<_> = records
        .commit_ranges
        .iter()
        .map(|r| (r.base.clone(), r.head.clone(), r.commits.len(), r.complete))
        .collect();
    println!("{ranges:?} requests {}", world.requests());
    let again = world.sweep().await;
    println!("sweep requests {}", world.requests());
    assert_eq!(again.records.len(), records.len());
    let third = world.refresh(&again).await;
    println!("refresh requests {}", world.requests());
    assert_eq!(third.records.len(), records.len());
}
