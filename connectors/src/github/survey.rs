//! Which repositories there are and whether they have changed: one GraphQL request for many of them.

use std::collections::BTreeMap;

use domain::Text;
use serde_json::json;

use super::client::{Client, Next};
use super::graph_wire::Survey;
use super::graphql::{Batch, quoted};
use super::wire::RepositoryNamed;
use crate::contract::{Breadth, Interest};
use crate::error::{ConnectorError, FailureKind};

/// Most repositories of a system that nobody has mapped yet.
const MOST_LISTED: usize = 2_000;
/// Repositories looked at in one request.
const MOST_REPOSITORIES: usize = 50;

pub(super) const TAIL: &str = concat!("}\n", include_str!("documents/survey.graphql"));

/// Names as mapped or listed, with what was found under each.
pub(super) type Surveyed = BTreeMap<Text, Result<Survey, ConnectorError>>;

impl Client {
    /// The repositories to read: the mapped ones, else those of the configured organisations.
    pub(super) async fn repositories(&self, interest: &Interest) -> Result<Vec<Text>, ConnectorError> {
        if interest.breadth == Breadth::Mapped && !interest.repositories.is_empty() {
            return Ok(interest.repositories.keys().cloned().collect());
        }
        const OPERATION: &str = "list repositories";
        let organizations = &self.options.organizations;
        let mut requests: Vec<_> =
            organizations.iter().map(|name| self.rest(OPERATION, &["orgs", name, "repos"])).collect();
        if interest.breadth == Breadth::All && organizations.is_empty() {
            requests.push(self.rest(OPERATION, &["user", "repos"]));
        }
        let mut names: Vec<Text> = Vec::new();
        for request in requests {
            let take = |page: Vec<RepositoryNamed>| {
                let living = page.into_iter().filter(|repository| !repository.archived);
                names.extend(living.map(|repository| Text::from(repository.full_name)));
                if names.len() > MOST_LISTED { Next::Stop } else { Next::Page }
            };
            self.pages(OPERATION, request, take).await?;
        }
        if interest.breadth == Breadth::All && names.len() > MOST_LISTED {
            let because = "too many repositories are shown to us; name organizations or repositories";
            return Err(self.failed(OPERATION, FailureKind::TooLarge, because));
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
