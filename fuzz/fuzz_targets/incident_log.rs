//! Any bytes as a log of incidents, and what is read of it into an instance.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use simulators::clock::Frozen;
use simulators::servicenow::{IncidentLog, Options, ServiceNow};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(log) = IncidentLog::read(bytes) {
        let now = "2026-06-01T12:00:00Z".parse().expect("a moment");
        let instance = ServiceNow::new(Options::new(Arc::new(Frozen::at(now))));
        instance.adopt_states_of_logs();
        log.events().iter().for_each(|event| instance.replay(event));
    }
});
