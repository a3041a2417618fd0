//! Reads problems with the articles about known errors that are written of them. An article is a problem's public
//! face: where there is none, or we may not read it, the problem speaks for itself.

use std::collections::BTreeSet;

use domain::RecordKind;
use jiff::Timestamp;

use super::client::Servicenow;
use super::convert;
use super::gather::Round;
use super::wire::{ARTICLE, PROBLEM};
use crate::contract::Gathered;
use crate::error::{ConnectorError, FailureKind};
use crate::table_api::settle::{doubt, miss, settle};
use crate::table_api::{Condition, Known, Listing, Query, Read, Row};

/// Problems, and the articles about them as far as they could be read.
pub(super) struct Problems {
    pub(super) main: Listing,
    pub(super) articles: Listing,
    /// Why the articles could not be read.
    pub(super) refused: Option<ConnectorError>,
}

impl Servicenow {
    pub(super) async fn gather_problems(&self, round: &Round<'_>) -> Gathered {
        let kind = RecordKind::Problem;
        let mut gathered = Gathered::default();
        let read = match round.extent(kind).begins() {
            Some(begins) => self.problems_since(round, begins).await,
            None => self.problems_in_horizon(round).await,
        };
        match read {
            Ok(problems) => {
                settle(&mut gathered, self.reading(round, kind), &[&problems.main, &problems.articles]);
                take(round, &problems, &mut gathered);
            }
            Err(error) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    async fn problems_in_horizon(&self, round: &Round<'_>) -> Result<Problems, ConnectorError> {
        let from = round.from();
        let reaches = vec![
            Condition::is("active", "true"),
            Condition::is("known_error", "true"),
            Condition::since("opened_at", from),
            Condition::since("closed_at", from),
        ];
        let query = Query::everything().and_one_of(round.usable(&PROBLEM, reaches));
        let read = self.api.list(Read::of(&PROBLEM, query)).await;
        let main = self.absent_is_empty(round, &PROBLEM, read)?;
        self.with_articles(round, main).await
    }

    /// Problems that were updated, and those whose articles were: writing one does not update the problem.
    async fn problems_since(&self, round: &Round<'_>, begins: Timestamp) -> Result<Problems, ConnectorError> {
        let updated = || Query::everything().and(Condition::since("sys_updated_on", begins));
        let about = |query: Query| query.and(Condition::is_not_empty("source"));
        let (main, articles) = futures::join!(self.api.list(Read::of(&PROBLEM, updated())), async {
            match round.dictionary.knows(&ARTICLE, "source") {
                Known::No => Ok(Listing::default()),
                _ => self.api.list(Read::of(&ARTICLE, about(updated()))).await,
            }
        });
        let mut main = self.absent_is_empty(round, &PROBLEM, main)?;
        let (articles, refused) = self.perhaps(round, articles)?;
        let read: BTreeSet<&str> = main.rows.iter().filter_map(Row::id).collect();
        let named = articles.rows.iter().filter_map(|row| row.value("source"));
        let others: BTreeSet<&str> = named.filter(|problem| !read.contains(problem)).collect();
        let more = self.api.list_by(&Read::of(&PROBLEM, Query::everything()), &["sys_id"], &others).await?;
        main.join(more);
        match refused {
            Some(_) => Ok(Problems { main, articles, refused }),
            None => self.with_articles(round, main).await,
        }
    }

    pub(super) async fn problems_by_id(
        &self,
        round: &Round<'_>,
        ids: &BTreeSet<&str>,
    ) -> Result<Problems, ConnectorError> {
        let main = self.api.list_by(&Read::of(&PROBLEM, Query::everything()), &["sys_id"], ids).await?;
        self.with_articles(round, main).await
    }

    async fn with_articles(&self, round: &Round<'_>, main: Listing) -> Result<Problems, ConnectorError> {
        let ids: BTreeSet<&str> = main.rows.iter().filter_map(Row::id).collect();
        let read = match round.dictionary.knows(&ARTICLE, "source") {
            Known::No => Ok(Listing::default()),
            _ => self.api.list_by(&Read::of(&ARTICLE, Query::everything()), &["source"], &ids).await,
        };
        let (articles, refused) = self.perhaps(round, read)?;
        Ok(Problems { main, articles, refused })
    }

    /// An instance without such articles has none. One that refuses them still has its problems; any other failure
    /// is one of the problems too, because half an answer would take workarounds away that are known already.
    fn perhaps(
        &self,
        round: &Round<'_>,
        read: Result<Listing, ConnectorError>,
    ) -> Result<(Listing, Option<ConnectorError>), ConnectorError> {
        match self.absent_is_empty(round, &ARTICLE, read) {
            Ok(articles) => Ok((articles, None)),
            Err(error) if matches!(error.kind, FailureKind::Denied | FailureKind::Rejected { .. }) => {
                Ok((Listing::default(), Some(error)))
            }
            Err(error) => Err(error),
        }
    }
}

/// Turns rows into problems and known errors, and tells what was refused.
pub(super) fn take(round: &Round<'_>, problems: &Problems, gathered: &mut Gathered) {
    let kind = RecordKind::Problem;
    let rows = problems.main.rows.iter();
    let records: Vec<_> = rows.filter_map(|row| convert::problem(&round.origin, row)).collect();
    gathered.records.known_errors = convert::known_errors(&round.origin, &records, &problems.articles.rows);
    gathered.records.problems = records;
    if let Some(error) = &problems.refused {
        doubt(gathered, kind, error.gap(kind, None));
    }
}
