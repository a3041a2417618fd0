//! Short ways to write down what a link rests on.

use domain::{Evidence, EvidenceKind, Source};
use jiff::Timestamp;

/// What a record says or shows.
pub(super) fn seen(kind: EvidenceKind, summary: String, source: &Source) -> Evidence {
    Evidence {
        kind,
        summary: summary.into(),
        record: Some(source.record.clone()),
        url: source.url.clone(),
        observed_at: None,
    }
}

/// What a record says or shows, and when.
pub(super) fn seen_at(kind: EvidenceKind, summary: String, source: &Source, at: Option<Timestamp>) -> Evidence {
    Evidence { observed_at: at, ..seen(kind, summary, source) }
}

/// What the configuration says.
pub(super) fn configured(summary: String) -> Evidence {
    Evidence {
        kind: EvidenceKind::Configuration,
        summary: summary.into(),
        record: None,
        url: None,
        observed_at: None,
    }
}
