//! The neighbourhood of items: breadth first, many items to a request, each item once however the relations loop.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ConnectorError;
use crate::table_api::{Condition, Listing, Query, Read, Row, TableApi, as_prefix};

use super::wire::{OUTLINE, RELATION};

/// Items that were found, by id, with their classes.
pub(super) type Classes = BTreeMap<String, String>;

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Items that were not known before.
    pub(super) found: Classes,
    /// The relations on the way.
    pub(super) relations: Listing,
    /// Did it stop because there were too many items?
    pub(super) is_cut: bool,
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) depth: usize,
    pub(super) most_items: usize,
}

/// Walks from items that were just found to their neighbours; what is known already is not entered again.
pub(super) async fn walk(
    api: &TableApi,
    start: Classes,
    known: &BTreeSet<String>,
    reach: Reach,
) -> Result<Walk, ConnectorError> {
    let read = Read::of(&RELATION, Query::everything());
    let mut walk = Walk::default();
    let room = reach.most_items.saturating_sub(known.len());
    walk.is_cut = start.len() > room;
    walk.found = start.into_iter().take(room).collect();
    let mut frontier: BTreeSet<String> = walk.found.keys().cloned().collect();
    for _ in 0..reach.depth {
        if frontier.is_empty() {
            break;
        }
        let ids: BTreeSet<&str> = frontier.iter().map(String::as_str).collect();
        let listing = api.list_by(&read, &["parent", "child"], &ids).await?;
        let mut next = BTreeSet::new();
        for (id, class) in listing.rows.iter().flat_map(ends) {
            if known.contains(id) || walk.found.contains_key(id) {
                continue;
            }
            if walk.found.len() >= room {
                walk.is_cut = true;
                continue;
            }
            walk.found.insert(id.to_owned(), class.to_owned());
            next.insert(id.to_owned());
        }
        walk.relations.join(listing);
        frontier = next;
    }
    let mut seen = BTreeSet::new();
    walk.relations.rows.retain(|row| seen.insert(row.id().map(str::to_owned)));
    Ok(walk)
}

/// Both ends of a relation with their classes.
pub(super) fn ends(row: &Row) -> impl Iterator<Item = (&str, &str)> {
    let end = |id: &str, class: &str| Some((row.value(id)?, row.value(class).unwrap_or_default()));
    [end("parent", "parent.sys_class_name"), end("child", "child.sys_class_name")].into_iter().flatten()
}

/// Finds items by names and ids. Names may hold anything, also what a query cannot: those are looked for by their
/// beginning, and compared here.
pub(super) async fn find(api: &TableApi, sought: &BTreeSet<String>) -> Result<Listing, ConnectorError> {
    let outline = Read::of(&OUTLINE, Query::everything());
    let (ids, names): (Vec<&str>, Vec<&str>) = sought.iter().map(String::as_str).partition(|text| is_sys_id(text));
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    let (odd, plain): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| name.contains(',') || as_prefix(name) != Some(*name));
    let plain: BTreeSet<&str> = plain.into_iter().collect();
    let (by_id, by_name, by_beginning) = futures::join!(
        api.list_by(&outline, &["sys_id"], &ids),
        api.list_by(&outline, &["name"], &plain),
        find_odd(api, &odd),
    );
    let mut found = by_id?;
    found.join(by_name?);
    found.join(by_beginning?);
    Ok(found)
}

async fn find_odd(api: &TableApi, names: &[&str]) -> Result<Listing, ConnectorError> {
    let mut found = Listing::default();
    let prefixes: BTreeSet<&str> = names.iter().filter_map(|name| as_prefix(name)).collect();
    let prefixes: Vec<&str> = prefixes.into_iter().collect();
    for some in prefixes.chunks(20) {
        let conditions = some.iter().map(|prefix| Condition::starts_with("name", prefix));
        let query = Query::everything().and_one_of(conditions);
        let mut listing = api.list(Read::of(&OUTLINE, query)).await?;
        listing.rows.retain(|row| row.value("name").is_some_and(|name| names.contains(&name)));
        found.join(listing);
    }
    Ok(found)
}

fn is_sys_id(text: &str) -> bool {
    text.len() == 32 && text.chars().all(|letter| letter.is_ascii_hexdigit())
}
