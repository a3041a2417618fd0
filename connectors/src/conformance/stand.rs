//! What the suite needs to know of a vendor, and nothing more: where its records are, and how to make, change and
//! remove one.

use std::sync::Arc;

use axum::Router;
use domain::{GapCode, RecordKind, Records};
use simulators::clock::Frozen;

use crate::Vendor;
use crate::contract::Interest;
use crate::reach::Identification;

/// The credential that no error, log or record may ever show.
pub(super) const SECRET: &str = "s3cr3t-that-nobody-must-see";

/// One row of the table: a list of records at a vendor.
#[derive(Clone, Copy)]
pub(super) struct System {
    /// The vendor's name in the configuration.
    pub(super) vendor: &'static str,
    /// The records that are counted.
    pub(super) kind: RecordKind,
    /// Makes an empty simulated system whose time is this clock's.
    pub(super) raise: fn(&Arc<Frozen>) -> Box<dyn Stand>,
    /// Start of the path from which the list is read; empty where the system is not reached over HTTP.
    pub(super) list: &'static str,
    /// So many records fill at least three pages, where the list has pages.
    pub(super) three_pages: usize,
    /// Kinds that stay complete when only the list fails.
    pub(super) beside: &'static [RecordKind],
    /// What 404 means there: hidden from us, or a server that is not what we took it for.
    pub(super) hides: GapCode,
}

impl System {
    /// Whether what is there once is there for good.
    pub(super) fn forgets_nothing(&self) -> bool {
        self.kind == RecordKind::PullRequest
    }
}

/// A simulated system that holds numbered records of one kind.
pub(super) trait Stand: Send {
    /// Its routes; none where it is not reached over HTTP.
    fn router(&self) -> Option<Router>;

    /// Its own part of the configuration.
    fn options(&self) -> Vendor;

    /// How it knows us, by [`SECRET`].
    fn identification(&self) -> Identification;

    /// What the company has mapped of it.
    fn interest(&self) -> Interest;

    /// The hand that makes, changes and removes records, also while it is being asked.
    fn hand(&self) -> Box<dyn Hand>;

    /// The vendor's id of a record.
    fn id(&self, number: usize) -> String;

    /// The numbers of the records that were read, as often as they came.
    fn numbers(&self, records: &Records) -> Vec<usize>;
}

/// Changes what a system holds.
pub(super) trait Hand: Send {
    /// Makes a record. A smaller number comes earlier wherever the vendor orders by id or name.
    fn put(&self, number: usize);

    /// Changes a record as of now.
    fn touch(&self, number: usize);

    /// Removes a record. False: nothing is ever removed there.
    fn take(&self, number: usize) -> bool;
}

/// A record's name, from which its number is read back.
pub(super) fn name(number: usize) -> String {
    format!("record-{number:05}")
}

/// The number that a name tells.
pub(super) fn number(name: &str) -> Option<usize> {
    name.strip_prefix("record-")?.parse().ok()
}
