//! Which versions of two services work together: from a contract broker's matrix or a manifest in a repository, and
//! from the configuration. What was verified last counts; verified at one moment, a failure counts more.

use domain::{Compatibility, EvidenceKind, FileAtTag, Link, LinkRule, ServiceKey, Text, Version, VersionRange};
use jiff::Timestamp;
use serde::Deserialize;

use super::dependencies::{MANIFEST, ReleasesAtTags, satisfies};
use super::evidence::{configured, seen, seen_at};
use super::walk::Walk;

/// The file that holds a Pact Broker's matrix, as the broker's API answers it.
const MATRIX: &str = "pact-matrix.json";

#[derive(Deserialize)]
struct Matrix {
    #[serde(default)]
    matrix: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    consumer: Pacticipant,
    provider: Pacticipant,
    verification_result: Option<Verification>,
}

#[derive(Deserialize)]
struct Pacticipant {
    name: String,
    version: Option<PactVersion>,
}

#[derive(Deserialize)]
struct PactVersion {
    number: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    success: Option<bool>,
    verified_at: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    compatibility: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    service: String,
    version: String,
    works: Option<bool>,
}

/// Fills in what is known of versions together.
pub(super) fn compare(walk: &mut Walk) {
    let mut found = configured_ones(walk);
    let at_tags = ReleasesAtTags::of(walk);
    let mut doubts = Vec::new();
    for file in &walk.graph.files {
        match file.path.rsplit('/').next() {
            Some(MATRIX) => match serde_json::from_str::<Matrix>(&file.content) {
                Ok(rows) => found.extend(matrix(walk, (file, rows))),
                Err(error) => {
                    let doubt = format!("{} cannot be read: {error}", file.path);
                    doubts.extend(at_tags.only(file).map(|release| (release, Text::from(doubt))));
                }
            },
            Some(MANIFEST) => found.extend(manifest(walk, file, &at_tags)),
            _ => {}
        }
    }
    found.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.link.evidence.cmp(&b.link.evidence)));
    found.dedup_by(|later, first| {
        let same = order(later) == order(first);
        if same {
            first.link.strengthen(later.link.clone());
        }
        same
    });
    walk.graph.compatibilities = found;
    for (release, doubt) in doubts {
        walk.graph.doubtful_needs.entry(release).or_default().push(doubt);
    }
}

fn order(row: &Compatibility) -> (&VersionRange, &VersionRange, Option<Timestamp>, Option<bool>) {
    (&row.one, &row.other, row.verified_at, row.works)
}

fn configured_ones(walk: &Walk) -> Vec<Compatibility> {
    let rows = walk.compatible.iter().map(|row| {
        let (one, other) = (&row.one, &row.other);
        let versions = format!("{} {} and {} {}", one.service, one.version, other.service, other.version);
        let told = match (&row.reason, row.works) {
            (Some(reason), _) => reason.to_string(),
            (None, Some(true)) => format!("The configuration says that {versions} work together"),
            (None, Some(false)) => format!("The configuration says that {versions} do not work together"),
            (None, None) => format!("The configuration says that {versions} are to be verified"),
        };
        Compatibility {
            one: one.clone(),
            other: other.clone(),
            works: row.works,
            verified_at: None,
            link: Link::explicit(LinkRule::Configuration, configured(told)),
        }
    });
    rows.collect()
}

fn matrix(walk: &Walk, (file, matrix): (&FileAtTag, Matrix)) -> Vec<Compatibility> {
    let rows = matrix.matrix.into_iter().filter_map(|row| {
        let (one, other) = (version_of(walk, row.consumer)?, version_of(walk, row.provider)?);
        let (works, at) = match row.verification_result {
            Some(result) => (result.success, result.verified_at),
            None => (None, None),
        };
        let verified_at = at.and_then(|at| at.parse::<Timestamp>().ok());
        let outcome = match works {
            Some(true) => "passes",
            Some(false) => "fails",
            None => "is not verified",
        };
        let summary = format!(
            "The contract of {} {} with {} {} {outcome} ({})",
            one.service, one.version, other.service, other.version, file.path
        );
        let evidence = seen_at(EvidenceKind::Observation, summary, &file.source, verified_at);
        Some(Compatibility {
            one,
            other,
            works,
            verified_at,
            link: Link::explicit(LinkRule::ContractTest, evidence),
        })
    });
    rows.collect()
}

/// A participant without a version makes the two services' source known, and tells of no version.
fn version_of(walk: &Walk, participant: Pacticipant) -> Option<VersionRange> {
    let service = walk.graph.services.get(walk.names.service_called(&participant.name, None)?);
    let number = participant.version.and_then(|version| version.number);
    let version = number.and_then(|number| Version::parse(&number, &service.names()));
    Some(VersionRange {
        service: service.key.clone(),
        version: version.map_or_else(|| Text::from(""), |version| version.written),
    })
}

fn manifest(walk: &Walk, file: &FileAtTag, at_tags: &ReleasesAtTags<'_>) -> Vec<Compatibility> {
    let (Some(release), Ok(manifest)) = (at_tags.only(file), toml::from_str::<Manifest>(&file.content)) else {
        return Vec::new();
    };
    let release = walk.graph.releases.get(release);
    let Some(version) = &release.version else { return Vec::new() };
    let one = VersionRange { service: release.service.clone(), version: version.written.clone() };
    let rows = manifest.compatibility.into_iter().filter_map(|row| {
        let service = walk.names.service_called(&row.service, None)?;
        let other =
            VersionRange { service: walk.graph.services.get(service).key.clone(), version: row.version.into() };
        let works = match row.works {
            Some(true) => "works",
            Some(false) => "does not work",
            None => "is not verified",
        };
        let summary = format!(
            "{} of {} says that it {works} with {} {}",
            file.path, release.key, other.service, other.version
        );
        let link = Link::explicit(LinkRule::Manifest, seen(EvidenceKind::Field, summary, &file.source));
        Some(Compatibility { one: one.clone(), other, works: row.works, verified_at: None, link })
    });
    rows.collect()
}

/// Is the version one that a record tells of? A bare version means itself and no newer one.
fn covers(range: &VersionRange, version: &Version) -> bool {
    let written = range.version.trim();
    match written.starts_with(['<', '>', '=', '^', '~', '*']) {
        true => satisfies(version, written) == Some(true),
        false => Version::parse(written, &[]).is_some_and(|own| own == *version),
    }
}

/// What is known of a version of one service with a version of another, whichever of the two the record names first.
/// Of several records that tell, the one that was verified last counts; without a moment, or at the same one, a
/// failure. `None` when none tells.
pub fn works_together<'g>(
    compatibilities: &'g [Compatibility],
    (one, one_version): (&ServiceKey, &Version),
    (other, other_version): (&ServiceKey, &Version),
) -> Option<&'g Compatibility> {
    let tells = |a: &VersionRange, b: &VersionRange| {
        a.service == *one && b.service == *other && covers(a, one_version) && covers(b, other_version)
    };
    let rows = compatibilities.iter().filter(|row| tells(&row.one, &row.other) || tells(&row.other, &row.one));
    rows.filter(|row| row.works.is_some()).max_by_key(|row| (row.verified_at, row.works == Some(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::{World, connector, source};
    use domain::RepositoryId;

    fn world(files: &[(&str, &str)]) -> World {
        let mut world = World::new().service("loan-origination", "LOAN").service("kyc-service", "KYC").tag(
            "bank/loan-origination",
            "v7.6.0",
            "c1",
        );
        for (path, content) in files {
            world.records.files.push(FileAtTag {
                repository: RepositoryId::new(&connector("git"), "bank/loan-origination"),
                tag: "v7.6.0".into(),
                path: (*path).into(),
                content: (*content).into(),
                source: source("git", path),
            });
        }
        world
    }

    #[track_caller]
    fn check(world: &World, versions: (&str, &str), expected: Option<bool>) {
        let graph = world.graph();
        let version = |text| Version::parse(text, &[]).unwrap();
        let (loan, kyc) = (ServiceKey::new("loan-origination"), ServiceKey::new("kyc-service"));
        let (one, other) = (version(versions.0), version(versions.1));
        let both = [((&loan, &one), (&kyc, &other)), ((&kyc, &other), (&loan, &one))];
        for (a, b) in both {
            let found = works_together(&graph.compatibilities, a, b);
            assert_eq!(found.and_then(|row| row.works), expected, "{versions:?}");
        }
    }

    fn row(provider: &str, result: &str) -> String {
        format!(
            r#"{{"consumer": {{"name": "loan-origination", "version": {{"number": "7.6.0"}}}},
                "provider": {{"name": "kyc-service", "version": {provider}}}, "verificationResult": {result}}}"#
        )
    }

    #[test]
    fn a_broker_s_matrix_is_read_as_it_is() {
        let rows = [
            row(r#"{"number": "3.0.0"}"#, r#"{"success": true, "verifiedAt": "2026-11-20T10:00:00+00:00"}"#),
            row(r#"{"number": "2.1.4"}"#, r#"{"success": false, "verifiedAt": "2026-11-20T10:00:00Z"}"#),
            row(r#"{"number": "2.9.0"}"#, "null"),
            row("null", "null"),
        ];
        let world = world(&[("contracts/pact-matrix.json", &format!(r#"{{"matrix": [{}]}}"#, rows.join(",")))]);
        check(&world, ("7.6.0", "3.0.0"), Some(true));
        check(&world, ("7.6.0", "2.1.4"), Some(false));
        check(&world, ("7.6.0", "2.9.0"), None);
        check(&world, ("7.5.0", "3.0.0"), None);
        assert_eq!(world.graph().compatibilities.len(), 4);
    }

    #[test]
    fn what_was_verified_last_counts_and_a_failure_breaks_a_tie() {
        let both = |early: bool, late: bool, at: &str| {
            let row = |success: bool, at: &str| {
                row(r#"{"number": "3.0.0"}"#, &format!(r#"{{"success": {success}, "verifiedAt": "{at}"}}"#))
            };
            let rows = [row(late, at), row(early, "2026-11-20T10:00:00Z")];
            world(&[("pact-matrix.json", &format!(r#"{{"matrix": [{}]}}"#, rows.join(",")))])
        };
        check(&both(false, true, "2026-11-21T10:00:00Z"), ("7.6.0", "3.0.0"), Some(true));
        check(&both(true, false, "2026-11-21T10:00:00Z"), ("7.6.0", "3.0.0"), Some(false));
        check(&both(true, false, "2026-11-20T10:00:00Z"), ("7.6.0", "3.0.0"), Some(false));
        check(&both(false, true, "2026-11-20T10:00:00Z"), ("7.6.0", "3.0.0"), Some(false));
    }

    #[test]
    fn a_manifest_speaks_of_its_own_release() {
        let text = "[[compatibility]]\nservice = \"kyc-service\"\nversion = \">=3.0.0\"\nworks = true\n\
                    [[compatibility]]\nservice = \"kyc-service\"\nversion = \"2.1.4\"\nworks = false\n";
        let world = world(&[("release-manifest.toml", text)]);
        check(&world, ("7.6.0", "3.1.0"), Some(true));
        check(&world, ("7.6.0", "2.1.4"), Some(false));
        // A bare version means no other one.
        check(&world, ("7.6.0", "2.1.5"), None);
    }

    #[test]
    fn no_matrix_is_no_source() {
        let world = world(&[("pact-matrix.json", "<html>"), ("other.json", "{}")]);
        assert!(world.graph().compatibilities.is_empty());
    }
}
