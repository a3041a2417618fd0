//! The Table API: the protocol that a ServiceNow instance speaks for every table, whatever lives in it.
//! Two connectors speak it, ITSM and CMDB; what a table means stays with them.

mod read;

mod query;

mod table;

mod dictionary;

mod row;

mod moment;

mod probe;

pub(crate) mod settle;

pub(crate) use dictionary::{Dictionary, Known};
pub(crate) use moment::{SpanMoment, read_span_moment};
pub(crate) use query::{Condition, Query, as_prefix};
pub(crate) use read::{Listing, Read, TableApi};
pub(crate) use row::Row;
#[cfg(test)]
pub(crate) use row::testing;
pub(crate) use table::{Forms, Table};
