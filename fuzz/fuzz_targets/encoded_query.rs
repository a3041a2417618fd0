//! Any text as an encoded query over a few rows.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use simulators::clock::Frozen;
use simulators::servicenow::{Options, ServiceNow};

static INSTANCE: LazyLock<ServiceNow> = LazyLock::new(|| {
    let now = "2026-06-01T12:00:00Z".parse().expect("a moment");
    let instance = ServiceNow::new(Options::new(Arc::new(Frozen::at(now))));
    for number in 0..8 {
        let row = [("short_description", format!("change {number}")), ("start_date", "2026-06-10 18:00:00".into())];
        instance.insert("change_request", row.map(|(column, value)| (column.to_owned(), value)).into());
    }
    instance
});

fuzz_target!(|query: &str| {
    INSTANCE.find("change_request", query);
});
