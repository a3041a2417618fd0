//! One suite that every connector passes: each system of the table meets each fault, and its records come, go and
//! change while their pages are read. A new vendor joins by one row of [`SYSTEMS`] and a stand that says how its
//! simulator is filled; what only one vendor does is tested beside that vendor.

mod bench;
mod cases;
mod citizenship;
mod faults;
mod listening;
mod mutation;
mod paging;
mod stand;
mod systems;
mod transport;

use std::collections::BTreeSet;

use domain::{GapCode, RecordKind};

use crate::Vendor;
use stand::System;
use systems::{alertmanager, git, github, jira, prometheus, servicenow, servicenow_cmdb};

/// Every list of records that the suite pages through, at least one for each vendor.
const SYSTEMS: [System; 8] = [
    System {
        vendor: "servicenow",
        kind: RecordKind::Change,
        raise: servicenow::raise,
        list: "/api/now/table/change_request",
        three_pages: 8,
        beside: &[RecordKind::Incident],
        hides: GapCode::SourceDenied,
    },
    System {
        vendor: "servicenow-cmdb",
        kind: RecordKind::ConfigurationItem,
        raise: servicenow_cmdb::raise,
        list: "/api/now/table/cmdb_rel_ci",
        three_pages: 8,
        beside: &[],
        hides: GapCode::SourceDenied,
    },
    System {
        vendor: "jira",
        kind: RecordKind::WorkItem,
        raise: jira::raise_issues,
        list: "/rest/api/3/search/jql",
        three_pages: 8,
        beside: &[RecordKind::TrackedVersion],
        hides: GapCode::SourceDenied,
    },
    System {
        vendor: "jira",
        kind: RecordKind::TrackedVersion,
        raise: jira::raise_versions,
        list: "/rest/api/3/project/10000/version",
        three_pages: 250,
        beside: &[],
        hides: GapCode::SourceDenied,
    },
    System {
        vendor: "github",
        kind: RecordKind::PullRequest,
        raise: github::raise,
        list: "/repos/bank/payments-api/pulls",
        three_pages: 250,
        beside: &[RecordKind::Tag],
        hides: GapCode::SourceDenied,
    },
    System {
        vendor: "git",
        kind: RecordKind::Tag,
        raise: git::raise,
        list: "",
        three_pages: 8,
        beside: &[],
        hides: GapCode::SourceUnavailable,
    },
    System {
        vendor: "prometheus",
        kind: RecordKind::Alert,
        raise: prometheus::raise,
        list: "/api/v1/alerts",
        three_pages: 8,
        beside: &[RecordKind::RuntimeObservation],
        hides: GapCode::SourceMalformed,
    },
    System {
        vendor: "alertmanager",
        kind: RecordKind::Alert,
        raise: alertmanager::raise,
        list: "/api/v2/alerts",
        three_pages: 8,
        beside: &[],
        hides: GapCode::SourceMalformed,
    },
];

#[test]
fn every_vendor_has_a_row() {
    let held: BTreeSet<&str> = SYSTEMS.iter().map(|system| system.vendor).collect();
    assert_eq!(held, Vendor::NAMES.into(), "a connector without a row here has not been tried by the suite");
}
