//! Any text as the catalogue file of a repository, from which services are proposed.

#![no_main]

use domain::{ConnectorId, FileAtTag, Landscape, RecordId, Records, RepositoryId, Source};
use engine::mapping::{Options, propose};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &str| {
    let id = |native: &str| RecordId::new(&ConnectorId::new("github"), native);
    let file = FileAtTag {
        repository: RepositoryId(id("7")),
        tag: "v1.0".into(),
        path: "catalog-info.yaml".into(),
        content: content.into(),
        source: Source { record: id("7:catalog"), url: None, fetched_at: Timestamp::UNIX_EPOCH },
    };
    let records = Records { files: vec![file], ..Records::default() };
    let _proposal = propose(&records, &Landscape::default(), &Options::default());
});
