//! Relay paging over lists in memory. A cursor holds the place of its row in the order, not a number of rows to skip,
//! so it survives a refresh; it is bound to filter, order and scope, and refused elsewhere.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};

use async_graphql::{ErrorExtensions, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Scope;
use serde::{Deserialize, Serialize};

use super::errors;

/// Most rows of one page.
pub(crate) const LARGEST_PAGE: i32 = 100;

/// Which page is asked for. `first` or `last` is required, 1 to 100.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageArguments {
    pub(crate) first: Option<i32>,
    pub(crate) after: Option<String>,
    pub(crate) last: Option<i32>,
    pub(crate) before: Option<String>,
}

#[cfg(test)]
impl PageArguments {
    /// The rows from the start of the list, or behind a cursor.
    pub(crate) fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, last: None, before: None }
    }
}

/// One part of a row's place in an order. Rows without a value come last, whichever the direction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum OrderKey {
    Text(String),
    Number(i64),
    Missing,
}

/// Upwards or downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub(crate) enum OrderDirection {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// What a list is: its cursors are good for this list only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding(u64);

impl Binding {
    /// The list called `name`, filtered and ordered as `shape` says, as the caller with `scope` sees it.
    pub(crate) fn new(name: &str, shape: &impl Hash, scope: &Scope) -> Self {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        shape.hash(&mut hasher);
        match scope {
            Scope::All => 0.hash(&mut hasher),
            Scope::Services(services) => services.hash(&mut hasher),
        }
        Self(hasher.finish())
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor(u64, Vec<OrderKey>);

fn write_cursor(binding: Binding, place: &[OrderKey]) -> String {
    let text = serde_json::to_vec(&Cursor(binding.0, place.to_vec())).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text)
}

fn read_cursor(binding: Binding, argument: &str, text: &str) -> async_graphql::Result<Vec<OrderKey>> {
    let cursor = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Cursor>(&bytes).ok());
    match cursor {
        Some(Cursor(bound, place)) if bound == binding.0 => Ok(place),
        Some(_) => Err(errors::coded(
            "CURSOR_EXPIRED",
            format!(
                "`{argument}` is a cursor of another list: filter, order or rights were different. Start again without it."
            ),
        )),
        None => Err(errors::bad_input(format!("`{argument}` is no cursor of this API."))),
    }
}

/// Relay's page information.
#[derive(Debug, Clone, SimpleObject)]
pub(crate) struct PageInfo {
    /// Are there rows behind this page?
    has_next_page: bool,
    /// Are there rows before this page?
    has_previous_page: bool,
    /// Cursor of the first row; null on an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last row; null on an empty page.
    end_cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// Rows with their cursors.
    pub(crate) rows: Vec<(String, T)>,
    /// Where the page lies.
    pub(crate) info: PageInfo,
    /// How many rows the whole list has.
    pub(crate) total: usize,
}

/// Compares two places; parts without a direction count upwards.
fn compare(a: &[OrderKey], b: &[OrderKey], directions: &[OrderDirection]) -> Ordering {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        let ordering = match (a, b) {
            (OrderKey::Missing, _) | (_, OrderKey::Missing) => a.cmp(b),
            _ if directions.get(at) == Some(&OrderDirection::Desc) => b.cmp(a),
            _ => a.cmp(b),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

/// Cuts the page out of the rows of a list that stand in their order; the place of a row is only made where needed.
pub(crate) fn page_in_order<T>(
    rows: Vec<T>,
    directions: &[OrderDirection],
    binding: Binding,
    (arguments, place): (&PageArguments, impl Fn(&T) -> Vec<OrderKey>),
) -> async_graphql::Result<Page<T>> {
    let size = page_size(arguments)?;
    let total = rows.len();
    let behind = |at: &[OrderKey], inclusive: Ordering| {
        rows.partition_point(|row| {
            let ordering = compare(&place(row), at, directions);
            ordering == Ordering::Less || ordering == inclusive
        })
    };
    let start = match &arguments.after {
        Some(after) => behind(&read_cursor(binding, "after", after)?, Ordering::Equal),
        None => 0,
    };
    let end = match &arguments.before {
        Some(before) => behind(&read_cursor(binding, "before", before)?, Ordering::Less).max(start),
        None => total,
    };
    let (start, end) = match arguments.first {
        Some(_) => (start, end.min(start.saturating_add(size))),
        None => (start.max(end.saturating_sub(size)), end),
    };
    let rows: Vec<(String, T)> = rows
        .into_iter()
        .skip(start)
        .take(end - start)
        .map(|row| (write_cursor(binding, &place(&row)), row))
        .collect();
    let info = PageInfo {
        has_next_page: end < total,
        has_previous_page: start > 0,
        start_cursor: rows.first().map(|(cursor, _)| cursor.clone()),
        end_cursor: rows.last().map(|(cursor, _)| cursor.clone()),
    };
    Ok(Page { rows, info, total })
}

/// Sorts rows by their places.
pub(crate) fn sort<T>(rows: &mut [T], directions: &[OrderDirection], place: impl Fn(&T) -> Vec<OrderKey>) {
    rows.sort_by_cached_key(|row| Sorted { place: place(row), directions });
}

/// A place that sorts in given directions.
struct Sorted<'d> {
    place: Vec<OrderKey>,
    directions: &'d [OrderDirection],
}

impl PartialEq for Sorted<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Sorted<'_> {}

impl PartialOrd for Sorted<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sorted<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.place, &other.place, self.directions)
    }
}

fn page_size(arguments: &PageArguments) -> async_graphql::Result<usize> {
    let (name, size) = match (arguments.first, arguments.last) {
        (Some(first), None) => ("first", first),
        (None, Some(last)) => ("last", last),
        (None, None) => return Err(errors::bad_input("A page needs `first` or `last`, 1 to 100.")),
        (Some(_), Some(_)) => return Err(errors::bad_input("A page takes `first` or `last`, not both.")),
    };
    match usize::try_from(size) {
        Ok(size) if (1..=LARGEST_PAGE as usize).contains(&size) => Ok(size),
        _ => Err(errors::limit_exceeded(format!("`{name}` is {size}; a page has 1 to {LARGEST_PAGE} rows."))
            .extend_with(|_, e| e.set("limit", LARGEST_PAGE))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(ids: &[u8]) -> Vec<u8> {
        ids.to_vec()
    }

    /// The rows in the order of their ids; 0 has no value.
    fn page(
        mut rows: Vec<u8>,
        directions: &[OrderDirection],
        binding: Binding,
        arguments: &PageArguments,
    ) -> async_graphql::Result<Page<u8>> {
        let place = |id: &u8| match id {
            0 => vec![OrderKey::Missing],
            id => vec![OrderKey::Text(format!("{id:03}"))],
        };
        sort(&mut rows, directions, place);
        page_in_order(rows, directions, binding, (arguments, place))
    }

    fn binding() -> Binding {
        Binding::new("test", &(), &Scope::All)
    }

    fn ids(page: &Page<u8>) -> Vec<u8> {
        page.rows.iter().map(|(_, id)| *id).collect()
    }

    #[test]
    fn a_page_needs_a_size_within_bounds() {
        for (first, last) in
            [(None, None), (Some(1), Some(1)), (Some(0), None), (Some(101), None), (None, Some(-1))]
        {
            let arguments = PageArguments { first, last, ..PageArguments::default() };
            assert!(page(rows(&[1]), &[], binding(), &arguments).is_err(), "{first:?} {last:?}");
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let first = page(rows(&[1, 2]), &[], binding(), &PageArguments::forward(Some(1), None)).expect("a page");
        let other = Binding::new("test", &"another filter", &Scope::All);
        let refused = page(rows(&[1, 2]), &[], other, &PageArguments::forward(Some(1), first.info.end_cursor));
        assert!(refused.expect_err("refused").message.contains("another list"));
    }

    #[test]
    fn rows_without_a_value_come_last_in_both_directions() {
        for direction in [OrderDirection::Asc, OrderDirection::Desc] {
            let page =
                page(vec![0, 1], &[direction], binding(), &PageArguments::forward(Some(9), None)).expect("a page");
            assert_eq!(ids(&page), [1, 0]);
        }
    }

    proptest! {
        #[test]
        fn walking_either_way_sees_every_row_once(
            set in proptest::collection::btree_set(1u8..200, 0..60), size in 1i32..20,
        ) {
            let all: Vec<u8> = set.into_iter().collect();
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = page(rows(&all), &[], binding(), &PageArguments::forward(Some(size), after)).expect("a page");
                seen.extend(ids(&page));
                after = page.info.end_cursor.clone();
                if !page.info.has_next_page { break }
            }
            prop_assert_eq!(&seen, &all);
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let arguments = PageArguments { last: Some(size), before, ..PageArguments::default() };
                let page = page(rows(&all), &[], binding(), &arguments).expect("a page");
                seen.splice(0..0, ids(&page));
                before = page.info.start_cursor.clone();
                if !page.info.has_previous_page { break }
            }
            prop_assert_eq!(&seen, &all);
        }

        #[test]
        fn a_cursor_survives_rows_that_come_and_go(
            before in proptest::collection::btree_set(1u8..100, 1..30),
            later in proptest::collection::btree_set(1u8..100, 0..30),
        ) {
            let before: Vec<u8> = before.into_iter().collect();
            let first = page(rows(&before), &[], binding(), &PageArguments::forward(Some(5), None)).expect("a page");
            let last = *ids(&first).last().expect("not empty");
            let later: Vec<u8> = later.into_iter().collect();
            let next = PageArguments::forward(Some(100), first.info.end_cursor);
            let next = page(rows(&later), &[], binding(), &next).expect("a page");
            prop_assert_eq!(ids(&next), later.into_iter().filter(|id| *id > last).collect::<Vec<_>>());
        }

        #[test]
        fn foreign_cursors_are_refused_without_panic(text in ".*") {
            let refused = page(rows(&[1]), &[], binding(), &PageArguments::forward(Some(1), Some(text)));
            prop_assert!(refused.is_err());
        }
    }
}
