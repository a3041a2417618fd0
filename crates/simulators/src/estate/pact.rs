//! The contract broker's matrix, in the broker's own JSON: which version of a consumer was verified with which provider's.

use serde_json::{Value, json};

use super::model::{ContractVerification, Estate, Service};

/// The whole matrix.
pub fn matrix(estate: &Estate) -> Value {
    json!({ "matrix": estate.contracts.iter().map(row).collect::<Vec<_>>() })
}

/// The rows that concern the services of a repository; `None` where there are none.
pub fn of_repository(estate: &Estate, repository: &str) -> Option<Value> {
    let lives_here = |service: &&Service| service.code.as_ref().is_some_and(|code| &*code.repository == repository);
    let keys: Vec<_> = estate.services.iter().filter(lives_here).map(|service| &service.key).collect();
    let rows: Vec<Value> = estate
        .contracts
        .iter()
        .filter(|held| keys.contains(&&held.consumer) || keys.contains(&&held.provider))
        .map(row)
        .collect();
    (!rows.is_empty()).then(|| json!({ "matrix": rows }))
}

fn row(held: &ContractVerification) -> Value {
    let side = |name: &str, version: &str| json!({ "name": name, "version": { "number": version } });
    json!({
        "consumer": side(&held.consumer, &held.consumer_version),
        "provider": side(&held.provider, &held.provider_version),
        "verificationResult": { "success": held.success, "verifiedAt": held.at },
    })
}
