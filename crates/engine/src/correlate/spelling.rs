//! What a spelling of a version means among a service's other versions, and what is told about spellings.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Claim, FindingCode, FindingSeverity, FindingSubject, RecordKind, ReleaseKey, Text, Version};

use super::findings::Draft;
use super::sightings::Sighting;
use super::walk::Walk;

/// What a spelling means.
pub(super) enum Meaning {
    /// One version, in the form that its spellings share.
    One(String),
    /// One of several, or none of them.
    Several(Vec<String>),
}

/// What a spelling means among the versions that are written out in full. `2.14` means 2.14.0 when no other 2.14.x is
/// known; beside 2.14.1 alone it may still mean a 2.14.0 that nobody named, so it means nothing.
pub(super) fn meaning(version: &Version, known: &BTreeMap<String, &Version>) -> Meaning {
    let canonical = version.canonical();
    let Some(padded) = version.padded.as_ref().filter(|_| !version.is_exact()) else {
        return Meaning::One(canonical);
    };
    let parts = version.written.split(['-', '+']).next().unwrap_or_default().split('.').count();
    let candidates: Vec<String> = known
        .iter()
        .filter(|(_, other)| {
            other.padded.as_ref().is_some_and(|other| {
                other.major == padded.major && (parts < 2 || other.minor == padded.minor) && other.pre == padded.pre
            })
        })
        .map(|(canonical, _)| canonical.clone())
        .collect();
    match candidates.as_slice() {
        [] => Meaning::One(canonical),
        [only] if *only == canonical => Meaning::One(canonical),
        _ => Meaning::Several(candidates),
    }
}

/// Tells that a spelling could mean several releases, so that it was joined to none.
pub(super) fn note_ambiguous(walk: &mut Walk, sighting: &Sighting, candidates: &[String]) {
    let service = walk.graph.services.get(sighting.service);
    let detail = format!(
        "'{}' could mean {} of {}; write the version out in full.",
        sighting.spelling,
        candidates.join(" or "),
        service.key
    );
    let claims = vec![Claim {
        field: "version".into(),
        value: sighting.spelling.clone(),
        used: false,
        source: Some((&sighting.source).into()),
    }];
    walk.findings.note(Draft {
        code: FindingCode::Ambiguous,
        severity: FindingSeverity::Warning,
        subject: FindingSubject::Record {
            node_type: sighting.node_type().into(),
            record: sighting.source.record.clone(),
        },
        service: Some(service.key.clone()),
        part: sighting.version.written.to_string(),
        detail,
        claims,
    });
}

/// Tells where one tracker or forge spells one version in two ways.
pub(super) fn note_variants(walk: &mut Walk, sightings: &[Sighting]) {
    let mut spelled: BTreeMap<_, BTreeMap<Text, &Sighting>> = BTreeMap::new();
    let named = [RecordKind::TrackedVersion, RecordKind::Tag];
    for sighting in sightings.iter().filter(|sighting| named.contains(&sighting.kind())) {
        let connector = sighting.source.record.connector.clone();
        let name = (sighting.service, sighting.version.canonical(), connector);
        spelled.entry(name).or_default().entry(sighting.spelling.clone()).or_insert(sighting);
    }
    for ((service, canonical, connector), variants) in spelled.into_iter().filter(|(_, all)| all.len() > 1) {
        let service = walk.graph.services.get(service);
        let words: BTreeSet<&str> = variants.keys().map(|spelling| &**spelling).collect();
        let words: Vec<&str> = words.into_iter().collect();
        let claims = variants.iter().map(|(spelling, sighting)| Claim {
            field: "version".into(),
            value: spelling.clone(),
            used: true,
            source: Some((&sighting.source).into()),
        });
        walk.findings.note(Draft {
            code: FindingCode::SpellingVariants,
            severity: FindingSeverity::Info,
            subject: FindingSubject::Release(ReleaseKey::new(format!("{}@{canonical}", service.key))),
            service: Some(service.key.clone()),
            part: connector.to_string(),
            detail: format!(
                "{connector} spells {} {canonical} in several ways: {}.",
                service.key,
                words.join(", ")
            ),
            claims: claims.collect(),
        });
    }
}
