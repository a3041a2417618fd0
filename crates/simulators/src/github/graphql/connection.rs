//! Connections: a page of a list with cursors, under GitHub's rules for `first` and `last`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::literal::Arguments;
use super::object::{Object, Problem};

const LARGEST_PAGE: i64 = 100;

/// A list before it is cut.
#[derive(Debug)]
pub(super) struct Connection<'a> {
    /// `PullRequestConnection`
    pub(super) kind: &'static str,
    pub(super) items: Vec<Object<'a>>,
}

/// The part that was asked for.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) kind: &'static str,
    pub(super) items: Vec<Object<'a>>,
    pub(super) total: usize,
    start: usize,
}

impl<'a> Connection<'a> {
    pub(super) fn new(kind: &'static str, items: Vec<Object<'a>>) -> Self {
        Self { kind, items }
    }

    pub(super) fn cut(self, name: &str, arguments: &Arguments) -> Result<Page<'a>, Problem> {
        let (first, last) = (arguments.number("first"), arguments.number("last"));
        if first.is_none() && last.is_none() {
            let message =
                format!("You must provide a `first` or `last` value to properly paginate the `{name}` connection.");
            return Err(Problem::typed("MISSING_PAGINATION_BOUNDARIES", message));
        }
        for (argument, size) in [("first", first), ("last", last)] {
            let Some(size) = size else { continue };
            if size > LARGEST_PAGE {
                let message = format!(
                    "Requesting {size} records on the `{name}` connection exceeds the `{argument}` limit of {LARGEST_PAGE} records."
                );
                return Err(Problem::typed("EXCESSIVE_PAGINATION", message));
            }
            if size < 1 {
                let message = format!("`{argument}` on the `{name}` connection must be at least 1.");
                return Err(Problem::typed("INVALID_PAGINATION_BOUNDARIES", message));
            }
        }
        let total = self.items.len();
        let mut start = match arguments.text("after") {
            Some(cursor) => position(cursor)?.saturating_add(1).min(total),
            None => 0,
        };
        let mut end = match arguments.text("before") {
            Some(cursor) => position(cursor)?.clamp(start, total),
            None => total,
        };
        if let Some(first) = first.and_then(|size| usize::try_from(size).ok()) {
            end = end.min(start.saturating_add(first));
        }
        if let Some(last) = last.and_then(|size| usize::try_from(size).ok()) {
            start = start.max(end.saturating_sub(last));
        }
        let items = self.items.get(start..end).unwrap_or_default().to_vec();
        Ok(Page { kind: self.kind, items, total, start })
    }
}

impl Page<'_> {
    pub(super) fn cursor(&self, at: usize) -> String {
        STANDARD.encode(format!("cursor:v2:{}", self.start + at))
    }

    pub(super) fn info(&self) -> Value {
        let end = self.start + self.items.len();
        let cursor = |at: usize| {
            if self.items.is_empty() { Value::Null } else { json!(self.cursor(at)) }
        };
        json!({
            "__typename": "PageInfo", "hasNextPage": end < self.total, "hasPreviousPage": self.start > 0,
            "startCursor": cursor(0), "endCursor": cursor(self.items.len().saturating_sub(1)),
        })
    }
}

fn position(cursor: &str) -> Result<usize, Problem> {
    let bytes = STANDARD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let number =
        text.as_deref().and_then(|text| text.strip_prefix("cursor:v2:")).and_then(|number| number.parse().ok());
    number.ok_or_else(|| {
        Problem::typed("INVALID_CURSOR_ARGUMENTS", format!("`{cursor}` does not appear to be a valid cursor."))
    })
}
