//! Reads lists of the Table API, page by page in the order of `sys_id`: it never changes, so a record that is updated
//! while the pages are read neither moves behind the cursor nor comes twice. Rights are applied after a page is cut,
//! so a short or empty page is never taken for the end, and rows that were counted but not sent are told.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::form_urlencoded::byte_serialize;

use super::dictionary::{Dictionary, Known};
use super::query::{Condition, Query};
use super::row::Row;
use super::table::{Forms, Table};
use crate::error::{ConnectorError, Failure, FailureKind};
use crate::paging::PageGuard;
use crate::resilience::{Answer, Request, Upstream, vendor_now};

/// Addresses longer than this are refused by some proxies; lists of ids are cut so that they stay below it.
const LONGEST_ADDRESS: usize = 7_400;
const MOST_PAGES: usize = 20_000;
const SMALLEST_PAGE: usize = 50;

const DICTIONARY: Table = Table {
    name: "sys_dictionary",
    operation: "read the dictionary",
    extends: &[],
    columns: &["sys_id", "name", "element"],
    essential: &[],
    forms: Forms::Values,
};

/// One instance as its tables are read.
#[derive(Debug)]
pub(crate) struct TableApi {
    upstream: Upstream,
    page_size: usize,
    known: Vec<&'static Table>,
    dictionary: OnceCell<Dictionary>,
}

/// What is read of a table.
#[derive(Debug, Clone)]
pub(crate) struct Read<'a> {
    /// The table.
    pub(crate) table: &'a Table,
    /// The table that is really asked where it is a child of `table`, such as a class of items.
    pub(crate) child: Option<&'a str>,
    /// Columns beside the table's own.
    pub(crate) more_columns: &'a [String],
    /// Which rows.
    pub(crate) query: Query,
}

impl<'a> Read<'a> {
    /// The rows of a table that a query finds.
    pub(crate) fn of(table: &'a Table, query: Query) -> Self {
        Self { table, child: None, more_columns: &[], query }
    }
}

/// The rows that a read found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The rows, each once.
    pub(crate) rows: Vec<Row>,
    /// How many rows were counted but not shown to us.
    pub(crate) hidden_rows: u64,
    /// Essential columns that were left out of a row.
    pub(crate) hidden_columns: BTreeSet<&'static str>,
    /// The instance's own time when the read began.
    pub(crate) began_at: Option<Timestamp>,
}

impl Listing {
    /// Was everything shown to us that we asked for?
    pub(crate) fn is_whole(&self) -> bool {
        self.hidden_rows == 0 && self.hidden_columns.is_empty()
    }

    /// Adds another part of the same list.
    pub(crate) fn join(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.hidden_rows += other.hidden_rows;
        self.hidden_columns.extend(other.hidden_columns);
        self.began_at = match (self.began_at, other.began_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

#[derive(Deserialize)]
struct Envelope {
    result: Option<Vec<Row>>,
    error: Option<ErrorBody>,
}

#[derive(Deserialize)]
struct ErrorBody {
    message: Option<String>,
}

struct Page {
    rows: Vec<Row>,
    total: Option<u64>,
    answered_at: Timestamp,
}

impl TableApi {
    /// Reads these tables of an instance.
    pub(crate) fn new(upstream: Upstream, page_size: usize, mut known: Vec<&'static Table>) -> Self {
        known.push(&DICTIONARY);
        Self { upstream, page_size: page_size.clamp(1, 10_000), known, dictionary: OnceCell::new() }
    }

    /// The system behind it.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Which columns there are. Read once; untold as long as it cannot be read.
    pub(crate) async fn dictionary(&self) -> Dictionary {
        let read = self.dictionary.get_or_try_init(|| self.read_dictionary()).await;
        read.cloned().unwrap_or_else(|_| Dictionary::untold())
    }

    async fn read_dictionary(&self) -> Result<Dictionary, ConnectorError> {
        let mut tables: Vec<&str> = Vec::new();
        let mut columns: Vec<&str> = Vec::new();
        for table in &self.known {
            tables.push(table.name);
            tables.extend(table.extends);
            columns.extend(table.columns.iter().filter_map(|column| column.split('.').next()));
        }
        for names in [&mut tables, &mut columns] {
            names.sort_unstable();
            names.dedup();
        }
        let query = Query::everything()
            .and(Condition::among("name", &tables))
            .and_one_of([Condition::among("element", &columns), Condition::starts_with("element", "u_")]);
        let listing = self.pages(&Read::of(&DICTIONARY, query), &Dictionary::untold()).await;
        match listing {
            // A dictionary of which only a part is shown would make us believe that columns do not exist.
            Ok(listing) if listing.is_whole() && !listing.rows.is_empty() => Ok(Dictionary::read(&listing.rows)),
            Ok(_) => Ok(Dictionary::untold()),
            Err(error) if matches!(error.kind, FailureKind::Denied | FailureKind::Rejected { .. }) => {
                Ok(Dictionary::untold())
            }
            Err(error) => Err(error),
        }
    }

    /// The columns that these tables define themselves, where the dictionary may be read.
    pub(crate) async fn columns_of_tables(
        &self,
        tables: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, ConnectorError> {
        let named = Query::everything().and(Condition::is_not_empty("element"));
        let listing = self.list_by(&Read::of(&DICTIONARY, named), &["name"], tables).await?;
        let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in &listing.rows {
            if let (Some(table), Some(column)) = (row.value("name"), row.value("element")) {
                columns.entry(table.to_owned()).or_default().insert(column.to_owned());
            }
        }
        Ok(columns)
    }

    /// All rows that a read finds.
    pub(crate) async fn list(&self, read: Read<'_>) -> Result<Listing, ConnectorError> {
        let dictionary = self.dictionary().await;
        self.pages(&read, &dictionary).await
    }

    /// All rows whose column holds one of the ids, beside what the read's own query says.
    pub(crate) async fn list_by(
        &self,
        read: &Read<'_>,
        columns: &[&str],
        ids: &BTreeSet<&str>,
    ) -> Result<Listing, ConnectorError> {
        let dictionary = self.dictionary().await;
        let room = self.room_for_ids(read, &dictionary)? / columns.len().max(1);
        let mut chunks: Vec<Vec<&str>> = Vec::new();
        let mut used = usize::MAX;
        // An id that a comma would split is nobody's id: left out, it is not found, as it should be.
        for id in ids.iter().copied().filter(|id| !id.is_empty() && !id.contains([',', '^'])) {
            let length = encoded_length(id) + 3;
            if used.saturating_add(length) > room {
                chunks.push(Vec::new());
                used = 0;
            }
            used += length;
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(id);
            }
        }
        let reads = chunks.into_iter().map(|chunk| {
            let conditions: Vec<Condition> =
                columns.iter().map(|column| Condition::among(column, &chunk)).collect();
            let read = Read { query: read.query.clone().and_one_of(conditions), ..read.clone() };
            let dictionary = &dictionary;
            async move { self.pages(&read, dictionary).await }
        });
        let reads: Vec<_> = reads.collect();
        let mut parts = stream::iter(reads).buffered(self.upstream.concurrency().max(1));
        let mut whole = Listing::default();
        while let Some(part) = parts.try_next().await? {
            whole.join(part);
        }
        let mut seen = BTreeSet::new();
        whole.rows.retain(|row| seen.insert(row.id().map(str::to_owned)));
        Ok(whole)
    }

    /// May the table be read at all? Asks for one row without counting.
    pub(crate) async fn peek(&self, table: &Table) -> Result<(), ConnectorError> {
        let request = Request::get(table.operation, "api/now/table")
            .segment(table.name)
            .query("sysparm_fields", "sys_id")
            .query("sysparm_limit", "1")
            .query("sysparm_no_count", "true")
            .query("sysparm_exclude_reference_link", "true");
        self.ask(table, request).await.map(|_| ())
    }

    fn room_for_ids(&self, read: &Read<'_>, dictionary: &Dictionary) -> Result<usize, ConnectorError> {
        let query = read.query.write().map_err(|failure| self.failed(read.table, failure))?;
        let fixed = encoded_length(&columns_of(read, dictionary).join(",")) + encoded_length(&query);
        Ok(LONGEST_ADDRESS.saturating_sub(fixed + 600).max(200))
    }

    async fn pages(&self, read: &Read<'_>, dictionary: &Dictionary) -> Result<Listing, ConnectorError> {
        for column in read.query.columns() {
            if dictionary.knows(read.table, column) == Known::No {
                let cause = format!("the query names {column}, which this instance does not have");
                return Err(self.failed(read.table, Failure::new(FailureKind::Unsendable, cause)));
            }
        }
        let columns = columns_of(read, dictionary).join(",");
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut listing = Listing::default();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let (mut cursor, mut offset, mut limit) = (None::<String>, 0, self.page_size);
        let mut announced = None;
        loop {
            guard.enter((cursor.clone(), offset, limit)).map_err(|failure| self.failed(read.table, failure))?;
            let request = self.request(read, &columns, (cursor.as_deref(), offset, limit))?;
            let page = match self.ask(read.table, request).await {
                // The instance gives up on what takes it too long: less at a time may do.
                Err(error) if is_too_much(&error) && limit > SMALLEST_PAGE => {
                    limit = (limit / 4).max(SMALLEST_PAGE);
                    continue;
                }
                page => page?,
            };
            listing.began_at.get_or_insert(page.answered_at);
            announced = announced.or(page.total);
            let is_last = match page.total {
                Some(total) => total <= (offset + limit) as u64,
                None => page.rows.is_empty(),
            };
            let last = page.rows.last().map(|row| row.id().map(str::to_owned));
            for row in page.rows {
                let Some(id) = row.id() else {
                    let cause = "a record came without its sys_id";
                    return Err(self.failed(read.table, Failure::new(FailureKind::Malformed, cause)));
                };
                if seen.insert(id.to_owned()) {
                    listing.rows.push(row);
                }
            }
            if is_last {
                break;
            }
            match last {
                Some(id) => (cursor, offset) = (id, 0),
                None => offset += limit,
            }
        }
        listing.hidden_rows = announced.unwrap_or(0).saturating_sub(listing.rows.len() as u64);
        listing.hidden_columns = hidden_columns(read, dictionary, &listing.rows);
        Ok(listing)
    }

    fn request(
        &self,
        read: &Read<'_>,
        columns: &str,
        (cursor, offset, limit): (Option<&str>, usize, usize),
    ) -> Result<Request, ConnectorError> {
        let query = match cursor {
            Some(last) => read.query.clone().and(Condition::after("sys_id", last)),
            None => read.query.clone(),
        };
        let query = query.write().map_err(|failure| self.failed(read.table, failure))?;
        let separator = if query.is_empty() { "" } else { "^" };
        let mut request = Request::get(read.table.operation, "api/now/table")
            .segment(read.child.unwrap_or(read.table.name))
            .query("sysparm_query", format!("{query}{separator}ORDERBYsys_id"))
            .query("sysparm_fields", columns)
            .query("sysparm_limit", limit.to_string())
            .query("sysparm_display_value", read.table.forms.parameter())
            .query("sysparm_exclude_reference_link", "true")
            .query("sysparm_suppress_pagination_header", "true");
        if offset > 0 {
            request = request.query("sysparm_offset", offset.to_string());
        }
        Ok(request)
    }

    async fn ask(&self, table: &Table, request: Request) -> Result<Page, ConnectorError> {
        let answer = self.upstream.send(request).await?;
        if answer.status == StatusCode::NOT_FOUND {
            // Absent and hidden look alike; an empty list would be a claim that we cannot make.
            let cause = "there is no such list, or we may not see it";
            return Err(self.failed(table, Failure::new(FailureKind::Denied, cause)));
        }
        let envelope: Envelope = self.upstream.decode(table.operation, &answer)?;
        if let Some(error) = envelope.error {
            return Err(self.failed(table, told_error(&error)));
        }
        let Some(rows) = envelope.result else {
            let cause = "the answer holds neither records nor an error";
            return Err(self.failed(table, Failure::new(FailureKind::Malformed, cause)));
        };
        Ok(Page { rows, total: total_of(&answer), answered_at: vendor_now(&answer) })
    }

    fn failed(&self, table: &Table, failure: Failure) -> ConnectorError {
        failure.of(self.upstream.system(), table.operation)
    }
}

/// An instance that runs out of time sends what it has with status 200 and an error beside it.
fn told_error(error: &ErrorBody) -> Failure {
    let message = error.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    if message.contains("transaction cancelled") || message.contains("execution time") {
        return Failure::new(FailureKind::TimedOut, "the instance gave up on the query");
    }
    Failure::new(FailureKind::Incomplete, "the answer tells an error beside its records")
}

fn is_too_much(error: &ConnectorError) -> bool {
    matches!(error.kind, FailureKind::TooLarge)
        || (error.kind == FailureKind::TimedOut
            && error.cause.as_ref().is_some_and(|cause| cause.as_str().starts_with("the instance gave up")))
}

fn total_of(answer: &Answer) -> Option<u64> {
    answer.headers.get("x-total-count")?.to_str().ok()?.trim().parse().ok()
}

fn columns_of<'a>(read: &Read<'a>, dictionary: &Dictionary) -> Vec<&'a str> {
    let own = read.table.columns.iter().copied();
    let own = own.filter(|column| dictionary.knows(read.table, column) != Known::No);
    own.chain(read.more_columns.iter().map(String::as_str)).collect()
}

fn hidden_columns(read: &Read<'_>, dictionary: &Dictionary, rows: &[Row]) -> BTreeSet<&'static str> {
    let essential = read.table.essential.iter().copied();
    essential
        .filter(|column| dictionary.knows(read.table, column) != Known::No)
        .filter(|column| rows.iter().any(|row| !row.has(column)))
        .collect()
}

fn encoded_length(text: &str) -> usize {
    byte_serialize(text.as_bytes()).map(str::len).sum()
}
