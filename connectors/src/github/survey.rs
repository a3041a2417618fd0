//! Which repositories there are and whether they have changed: one GraphQL request for many of them.

use std::collections::BTreeMap;

use domain::Text;
use serde_json::json;

use super::client::{Client, Next};
use super::graph_wire::Survey;
use super::graphql::{Batch, quoted};
use super::wire::RepositoryNamed;
use crate::contract::Interest;
use crate::error::{ConnectorError, FailureKind};

/// Repositories looked at in one request.
const MOST_REPOSITORIES: usize = 50;

pub(super) const TAIL: &str = concat!("}\n", include_str!("documents/survey.graphql"));

/// Names as mapped or listed, with what was found under each.
pub(super) type Surveyed = BTreeMap<Text, Result<Survey, ConnectorError>>;

impl Client {
    /// The repositories to read: the mapped ones, else those of the configured organisations.
    pub(super) async fn repositories(&self, interest: &Interest) -> Result<Vec<Text>, ConnectorError> {
        if !interest.repositories.is_empty() {
            return Ok(interest.repositories.keys().cloned().collect());
        }
        let mut names = Vec::new();
        for organization in &self.options.organizations {
            let request = self.rest("list repositories", &["orgs", organization, "repos"]);
            let take = |page: Vec<RepositoryNamed>| {
                let living = page.into_iter().filter(|repository| !repository.archived);
                names.extend(living.map(|repository| Text::from(repository.full_name)));
                Next::Page
            };
            self.pages("list repositories", request, take).await?;
        }
        Ok(names)
    }

    /// Looks at all of them.
    pub(super) async fn survey(&self, names: &[Text]) -> Surveyed {
        let mut surveyed = Surveyed::new();
        for chunk in names.chunks(MOST_REPOSITORIES) {
            surveyed.extend(self.survey_some(chunk).await);
        }
        surveyed
    }

    async fn survey_some(&self, names: &[Text]) -> Surveyed {
        const OPERATION: &str = "look at repositories";
        let item = |(place, name): (usize, &Text)| {
            let (owner, repository) = name.split_once('/').unwrap_or((name, ""));
            let selection =
                format!("repository(owner: {}, name: {}) {{ ...Survey }}", quoted(owner), quoted(repository));
            (format!("r{place}"), selection)
        };
        let items: Vec<_> = names.iter().enumerate().map(item).collect();
        let batch = Batch {
            operation: OPERATION,
            head: "query Survey {",
            tail: TAIL,
            at: &[],
            variables: json!({}),
            most: MOST_REPOSITORIES,
        };
        let mut answers = self.batch(&batch, &items).await;
        let read = |place: usize| match answers.remove(&format!("r{place}")) {
            Some(Ok(Some(value))) => serde_json::from_value(value).map_err(|_| {
                self.failed(OPERATION, FailureKind::Malformed, "the GraphQL answer has another shape")
            }),
            Some(Ok(None)) | None => Err(self.hidden(OPERATION)),
            Some(Err(error)) => Err(error),
        };
        let found: Vec<_> = (0..names.len()).map(read).collect();
        names.iter().cloned().zip(found).collect()
    }
}
