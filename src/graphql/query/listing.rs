//! Lists of the whole graph: filtered, ordered, and cut into pages.

use std::hash::Hash;

use async_graphql::{Context, Result};
use domain::{RecordKind, Scope, ServiceKey, Text};
use engine::graph::Index;
use jiff::Timestamp;

use crate::graphql::connection::Sheet;
use crate::graphql::coverage::Coverage;
use crate::graphql::paging::{self, Binding, OrderDirection, OrderKey, PageArguments};
use crate::graphql::session::Session;
use crate::graphql::visibility::{Entity, is_visible};

/// Which list of the whole graph is asked for.
pub(super) struct Listing<'a, S> {
    /// Its field's name.
    pub(super) name: &'static str,
    /// Filter and order: cursors are good for these only.
    pub(super) shape: &'a S,
    /// What it is made from.
    pub(super) kinds: &'a [RecordKind],
    /// Up or down, for each part of the order.
    pub(super) directions: &'a [OrderDirection],
    /// Which page.
    pub(super) arguments: PageArguments,
}

impl<S: Hash> Listing<'_, S> {
    /// The page of these rows, ranked in the order that was asked for and then by their ids.
    pub(super) fn page<T: Entity>(
        &self,
        (ctx, session): (&Context<'_>, &Session),
        mut rows: Vec<Index<T>>,
        rank: impl Fn(Index<T>) -> Vec<OrderKey>,
    ) -> Result<Option<Sheet<Index<T>>>> {
        let place = |index: &Index<T>| {
            let mut place = rank(*index);
            place.extend(T::table(&session.graph).get(*index).order());
            place
        };
        if !self.directions.is_empty() {
            paging::sort(&mut rows, self.directions, place);
        }
        let coverage = Coverage::of(session, &session.graph, self.kinds, &[]);
        let unknown = coverage.is_unknown(ctx, rows.len());
        let binding = Binding::new(self.name, self.shape, session.scope());
        let page = paging::page_in_order(rows, self.directions, binding, (&self.arguments, place))?;
        Ok((!unknown).then(|| Sheet::new(page, coverage.gaps)))
    }
}

/// Does this node touch one of the services? Nobody is asked for no services.
pub(super) fn touches<T: Entity>(session: &Session, index: Index<T>, services: Option<&Scope>) -> bool {
    services.is_none_or(|services| is_visible(&session.graph, index, services))
}

/// Service keys as the set of what one would see who sees only these.
pub(super) fn only(services: Option<&Vec<String>>) -> Option<Scope> {
    let keys = services?.iter().map(|key| ServiceKey::new(key.as_str()));
    Some(Scope::Services(keys.collect()))
}

/// Does one of the texts contain the words, in any case?
pub(super) fn contains<'t>(texts: impl IntoIterator<Item = Option<&'t str>>, words: Option<&String>) -> bool {
    let Some(words) = words else { return true };
    let words = words.to_lowercase();
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&words))
}

/// Is a word among those asked for?
pub(super) fn among<W: PartialEq>(wanted: Option<&Vec<W>>, word: impl Into<W>) -> bool {
    let word = word.into();
    wanted.is_none_or(|wanted| wanted.contains(&word))
}

/// Did it happen at or after the moment? What has no moment did not.
pub(super) fn at_or_after(moment: Option<Timestamp>, from: Option<Timestamp>) -> bool {
    from.is_none_or(|from| moment.is_some_and(|moment| from <= moment))
}

/// A moment as a part of an order.
pub(super) fn time_key(moment: Option<Timestamp>) -> OrderKey {
    moment.map_or(OrderKey::Missing, |moment| OrderKey::Number(moment.as_microsecond()))
}

/// A word as a part of an order.
pub(super) fn text_key(text: &Text) -> OrderKey {
    OrderKey::Text(text.to_string())
}
