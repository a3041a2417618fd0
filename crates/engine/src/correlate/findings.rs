//! Collects findings while the graph is made: each with a stable key, an owner, and the claims side by side.

use std::collections::BTreeMap;

use domain::{
    Claim, Finding, FindingCode, FindingKey, FindingSeverity, FindingSubject, NodeKey, Service, ServiceKey, Text,
};

use crate::graph::Table;

/// The findings so far, by key.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: BTreeMap<FindingKey, Finding>,
}

/// A finding before it has a key and an owner.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) code: FindingCode,
    pub(super) severity: FindingSeverity,
    pub(super) subject: FindingSubject,
    pub(super) service: Option<ServiceKey>,
    /// What tells it from other findings of this code about this subject; often empty.
    pub(super) part: String,
    pub(super) detail: String,
    pub(super) claims: Vec<Claim>,
}

impl Findings {
    /// Notes a finding; what was noted under the same key before stays.
    pub(super) fn note(&mut self, draft: Draft) {
        let key =
            FindingKey::new(format!("{}:{}:{}", code_word(draft.code), subject_word(&draft.subject), draft.part));
        self.found.entry(key.clone()).or_insert_with(|| Finding {
            key,
            code: draft.code,
            severity: draft.severity,
            owner: None,
            detail: draft.detail.into(),
            subject: draft.subject,
            service: draft.service,
            claims: draft.claims,
        });
    }

    /// All findings, owned by their services' teams.
    pub(super) fn finish(self, services: &Table<Service>) -> Table<Finding> {
        let rows = self.found.into_values().map(|mut finding| {
            finding.owner = finding
                .service
                .as_ref()
                .and_then(|key| services.by_id(key))
                .and_then(|service| service.owner.clone());
            finding
        });
        Table::new(rows.collect())
    }
}

/// A finding about a record.
pub(super) fn record<K: NodeKey>(id: &K, record: &domain::RecordId) -> FindingSubject {
    let _: &K = id;
    FindingSubject::Record { node_type: Text::from(K::TYPE), record: record.clone() }
}

fn subject_word(subject: &FindingSubject) -> String {
    match subject {
        FindingSubject::Release(key) => key.to_string(),
        FindingSubject::Service(key) => key.to_string(),
        FindingSubject::Record { node_type, record } => format!("{node_type}:{record}"),
    }
}

fn code_word(code: FindingCode) -> &'static str {
    match code {
        FindingCode::StatusConflict => "STATUS_CONFLICT",
        FindingCode::Ambiguous => "AMBIGUOUS",
        FindingCode::SpellingVariants => "SPELLING_VARIANTS",
        FindingCode::DanglingKey => "DANGLING_KEY",
        FindingCode::MappingConflict => "MAPPING_CONFLICT",
        FindingCode::DigestMismatch => "DIGEST_MISMATCH",
        FindingCode::ScopeChangedAfterApproval => "SCOPE_CHANGED_AFTER_APPROVAL",
        FindingCode::CommitsLost => "COMMITS_LOST",
        FindingCode::RuntimeMismatch => "RUNTIME_MISMATCH",
        FindingCode::UnlinkedChange => "UNLINKED_CHANGE",
        FindingCode::InvalidRecord => "INVALID_RECORD",
        FindingCode::UnresolvedAccount => "UNRESOLVED_ACCOUNT",
        FindingCode::DependencyCycle => "DEPENDENCY_CYCLE",
        FindingCode::Retroactive => "RETROACTIVE",
    }
}
