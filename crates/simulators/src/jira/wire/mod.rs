//! The store's values as Jira's JSON, written from Atlassian's published description.

pub(super) mod adf;
pub(super) mod fields;
pub(super) mod issues;
pub(super) mod records;
pub(super) mod times;

use jiff::Timestamp;
use jiff::civil::Date;

use super::access::Caller;
use super::store::Store;

/// Which description the caller speaks: v3 has rich text as ADF, v2 as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    V2,
    V3,
}

/// What one request sees of the site.
pub(super) struct View<'a> {
    pub(super) store: &'a Store,
    pub(super) caller: &'a Caller,
    pub(super) base: &'a str,
    pub(super) api: Api,
    pub(super) now: Timestamp,
}

impl View<'_> {
    /// The absolute address of a resource below `/rest/api/N/`.
    pub(super) fn link(&self, path: &str) -> String {
        let version = match self.api {
            Api::V2 => 2,
            Api::V3 => 3,
        };
        format!("{}/rest/api/{version}/{path}", self.base)
    }

    /// The day it is for the caller.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.caller.zone.clone()).date()
    }
}
