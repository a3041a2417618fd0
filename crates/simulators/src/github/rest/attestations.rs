//! Attestations of many digests at once, of all repositories of an organisation that the caller sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};

use crate::github::call::{Answer, Call, Refusal, Reply};
use crate::github::shelf::Shelf;

const MOST_DIGESTS: usize = 1_024;

/// A digest that nobody attested anything of is named with null. Pages are cut between digests; a cursor is a place
/// among those asked for.
pub(super) async fn of_many(Path(org): Path<String>, call: Call, Json(asked): Json<Value>) -> Answer {
    let Some(digests) = asked.get("subject_digests").and_then(Value::as_array) else {
        return Err(Refusal::Unprocessable("Invalid request. \"subject_digests\" wasn't supplied.".to_owned()));
    };
    let digests: Vec<&str> = digests.iter().filter_map(Value::as_str).collect();
    if !(1..=MOST_DIGESTS).contains(&digests.len()) {
        let sentence = format!("Invalid request. \"subject_digests\" must hold 1 to {MOST_DIGESTS} digests.");
        return Err(Refusal::Unprocessable(sentence));
    }
    let (_, size) = call.paging();
    let start = call.query("after").and_then(|after| after.parse::<usize>().ok()).unwrap_or_default();
    let end = start.saturating_add(size).min(digests.len());
    let wanted = call.query("predicate_type");
    let github = call.github.clone();
    let store = github.read();
    let page = digests.get(start..end).unwrap_or_default();
    let mut bundles: BTreeMap<&str, Option<Vec<Value>>> = page.iter().map(|digest| (*digest, None)).collect();
    let ours = |shelf: &&Arc<Shelf>| shelf.data.owner.eq_ignore_ascii_case(&org) && call.caller.sees(shelf);
    for shelf in store.repositories().filter(ours) {
        for attestation in &shelf.data.attestations {
            let Some(held) = bundles.get_mut(attestation.subject_digest.as_str()) else { continue };
            if wanted.is_none_or(|kind| super::deployments::is_kind(attestation, kind)) {
                held.get_or_insert_default().push(call.shape().attestation(&shelf.data, attestation));
            }
        }
    }
    let mut about = json!({ "has_next": end < digests.len(), "has_previous": start > 0 });
    if let (Some(about), true) = (about.as_object_mut(), end < digests.len()) {
        about.insert("next".to_owned(), json!(end.to_string()));
    }
    Ok(Reply::json(json!({ "attestations_subject_digests": bundles, "page_info": about })))
}
