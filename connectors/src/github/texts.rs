//! Long texts that are read only when somebody asks for them, across repositories in one request.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{RecordId, Text};
use serde_json::{Value, json};

use super::Github;
use super::graphql::{Batch, quoted};
use crate::contract::{LongText, LongTexts};
use crate::error::ConnectorError;

/// Pull requests in one request.
const MOST: usize = 100;
const OPERATION: &str = "read descriptions of pull requests";

#[async_trait]
impl LongTexts for Github {
    async fn long_texts(
        &self,
        what: LongText,
        ids: &BTreeSet<RecordId>,
    ) -> Result<BTreeMap<RecordId, Text>, ConnectorError> {
        if what != LongText::PullRequestDescription {
            return Ok(BTreeMap::new());
        }
        let names: BTreeMap<u64, String> = {
            let held = self.held();
            held.values().map(|held| (held.survey.database_id, held.survey.name_with_owner.clone())).collect()
        };
        let is_read = |id: &RecordId| {
            let repository = id.native.split_once('#').and_then(|(repository, _)| repository.parse().ok());
            repository.is_none_or(|repository| names.contains_key(&repository))
        };
        if !ids.iter().all(is_read) {
            return Err(self.client.never_read(OPERATION));
        }
        let item = |(place, id): (usize, &RecordId)| {
            let (repository, number) = id.native.split_once('#')?;
            let (owner, name) = names.get(&repository.parse().ok()?)?.split_once('/')?;
            let number: u64 = number.parse().ok()?;
            let (owner, name) = (quoted(owner), quoted(name));
            let selection =
                format!("repository(owner: {owner}, name: {name}) {{ pullRequest(number: {number}) {{ body }} }}");
            Some((format!("p{place}"), selection))
        };
        let items: Vec<_> = ids.iter().enumerate().filter_map(item).collect();
        let batch = Batch {
            operation: OPERATION,
            head: "query Descriptions {",
            tail: "}",
            at: &[],
            variables: json!({}),
            most: MOST,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut texts = BTreeMap::new();
        for (place, id) in ids.iter().enumerate() {
            let Some(answer) = answers.remove(&format!("p{place}")) else { continue };
            let told = answer?;
            let body = told.as_ref().and_then(|told| told.pointer("/pullRequest/body")).and_then(Value::as_str);
            if let Some(body) = body.filter(|body| !body.is_empty()) {
                texts.insert(id.clone(), body.into());
            }
        }
        Ok(texts)
    }
}
