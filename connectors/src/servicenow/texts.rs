//! Long texts that are read only when somebody asks for them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::{RecordId, Text};

use super::client::Servicenow;
use super::wire::{ARTICLE_TEXT, CHANGE_TEXT};
use crate::contract::{LongText, LongTexts};
use crate::error::ConnectorError;
use crate::table_api::{Query, Read};

#[async_trait]
impl LongTexts for Servicenow {
    async fn long_texts(
        &self,
        what: LongText,
        ids: &BTreeSet<RecordId>,
    ) -> Result<BTreeMap<RecordId, Text>, ConnectorError> {
        let (table, column) = match what {
            LongText::ImplementationPlan => (&CHANGE_TEXT, "implementation_plan"),
            LongText::KnownErrorArticle => (&ARTICLE_TEXT, "kb_description"),
            LongText::PullRequestDescription => return Ok(BTreeMap::new()),
        };
        let natives: BTreeSet<&str> = ids.iter().map(|id| &*id.native).collect();
        let listing = self.api.list_by(&Read::of(table, Query::everything()), &["sys_id"], &natives).await?;
        let text = |row: &crate::table_api::Row| {
            Some((RecordId::new(&self.descriptor.id, row.id()?), row.value(column)?.into()))
        };
        Ok(listing.rows.iter().filter_map(text).collect())
    }
}
