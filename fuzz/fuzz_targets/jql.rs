//! Any text as JQL over a few issues.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use simulators::clock::Frozen;
use simulators::jira::content::{Content, Issue};
use simulators::jira::{Jira, Options};

static SITE: LazyLock<Jira> = LazyLock::new(|| {
    let now = "2026-06-01T12:00:00Z".parse().expect("a moment");
    let mut content = Content::standard();
    content.issues = (1..8).map(|id| Issue { id, key: format!("A-{id}"), status: 3, ..Issue::default() }).collect();
    Jira::new(Options::new(Arc::new(Frozen::at(now)), content))
});

fuzz_target!(|jql: &str| {
    if let Err(messages) = SITE.find(jql) {
        assert!(!messages.is_empty(), "a refusal says why");
    }
});
