//! Ranges between older release tags, many in one request. GraphQL tells their commits, and neither paths nor lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::convert;
use super::graph_wire::{CommitFacts, Connection};
use super::graphql::{Batch, quoted};
use super::held::{Ends, Range};
use super::reading::Reading;
use super::tags::Step;
use crate::error::{ConnectorError, FailureKind};

/// Ranges in one request; it is split where that was too much.
const MOST_RANGES: usize = 20;

pub(super) const TAIL: &str =
    concat!("} }\n", include_str!("documents/comparison.graphql"), include_str!("documents/who.graphql"));

#[derive(Deserialize)]
struct Based {
    compare: Option<Compared>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    behind_by: u64,
    commits: Connection<CommitFacts>,
}

impl Reading<'_> {
    /// The ranges that one answer tells as a whole. Those that are longer, that lack commits of their base, or whose
    /// ends are not related are left to be read one by one.
    pub(super) async fn compared(&self, steps: &[&Step]) -> Result<BTreeMap<Ends, Arc<Range>>, ConnectorError> {
        let (owner, name) = self.owner_and_name();
        let item = |(place, step): (usize, &&Step)| {
            let base = quoted(&format!("refs/tags/{}", step.base.as_ref()?.name));
            let head = quoted(&step.head.commit);
            let selection = format!("ref(qualifiedName: {base}) {{ compare(headRef: {head}) {{ ...Compared }} }}");
            Some((format!("c{place}"), selection))
        };
        let items: Vec<_> = steps.iter().enumerate().filter_map(item).collect();
        let batch = Batch {
            operation: "compare tags",
            head: "query Comparisons($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {",
            tail: TAIL,
            at: &["repository"],
            variables: json!({ "owner": owner, "name": name }),
            most: MOST_RANGES,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut ranges = BTreeMap::new();
        for (place, step) in steps.iter().enumerate() {
            let value = match answers.remove(&format!("c{place}")).unwrap_or(Ok(None)) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                // REST tells it in pages.
                Err(error) if error.kind == FailureKind::TooLarge => continue,
                Err(error) => return Err(error),
            };
            let told: Based = self.decode(batch.operation, value)?;
            if let Some(range) = told.compare.and_then(|compared| self.whole(step, &compared)) {
                ranges.insert(step.ends(), Arc::new(range));
            }
        }
        Ok(ranges)
    }

    fn whole(&self, step: &Step, compared: &Compared) -> Option<Range> {
        let mut range = Range { complete: true, ..Range::default() };
        let sent: Vec<_> = compared.commits.each().map(CommitFacts::sent).collect();
        if compared.behind_by > 0 || compared.commits.total_count != Some(sent.len() as u64) {
            return None;
        }
        let newest_first = sent.iter().rev();
        range.commits = newest_first.map(|sent| convert::commit(&self.place, &mut range.people, sent)).collect();
        let base = step.base.as_ref()?;
        range.url = Some(format!("{}/compare/{}...{}", self.place.url, base.commit, step.head.commit));
        Some(range)
    }
}
