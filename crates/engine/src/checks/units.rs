//! May it stand beside what runs? Between services with a source of compatibility, a version that was verified to fail
//! with what runs of another cannot go alone: the other goes before it, or, where that fails too, with it. They go
//! together when nothing else stands in the way of either at that moment. What was never verified is an assumption,
//! which closes no gate.

use std::collections::BTreeSet;

use domain::{Compatibility, ConnectorId, Outcome, RecordKind, Release, ServiceKey, Version};

use jiff::Timestamp;

use super::code::CheckCode;
use super::ground::{Ground, meet};
use super::judgement::{Act, ActCode, Check};
use crate::calendar::Intervals;
use crate::correlate::works_together;
use crate::graph::{Index, ReleaseGraph};

const CODE: CheckCode = CheckCode::CompatibleWithRunning;

/// One check for each service that shares a source of compatibility with the release's; one that says so for none.
/// `going` are releases that are taken to go at the same moment; who goes along with them is added.
pub(super) fn check(ground: &Ground<'_>, at: Timestamp, going: &mut Vec<Index<Release>>) -> Vec<Check> {
    let own = &ground.release.service;
    let mut others: BTreeSet<&ServiceKey> = BTreeSet::new();
    for row in &ground.graph.compatibilities {
        match (&row.one.service, &row.other.service) {
            (one, other) if one == own && other != own => others.insert(other),
            (one, other) if other == own && one != own => others.insert(one),
            _ => false,
        };
    }
    let sources = |service: Option<&domain::Service>| -> BTreeSet<ConnectorId> {
        let repositories = service.into_iter().flat_map(|service| &service.sources.repositories);
        repositories.map(|source| source.connector.clone()).collect()
    };
    let dark = ground.dark(&[RecordKind::File], &sources(ground.service));
    if others.is_empty() {
        let none = format!("Nothing says which versions of other services {own} works with.");
        return vec![Check::before(CODE, Outcome::NotApplicable, none).despite(dark)];
    }
    others.into_iter().map(|other| beside(ground, other, (at, going)).despite(dark.clone())).collect()
}

fn beside(ground: &Ground<'_>, other: &ServiceKey, (at, going): (Timestamp, &mut Vec<Index<Release>>)) -> Check {
    let (graph, target, key) = (ground.graph, ground.target, &ground.release.key);
    let running = ground.running(other);
    let version_of = |placed: &&domain::Placement| {
        let release = placed.release.as_ref().and_then(|key| graph.releases.by_id(key));
        let written = || Version::parse(placed.version.as_ref()?, &[]);
        release.and_then(|release| release.version.clone()).or_else(written)
    };
    let versions: Vec<Option<Version>> = running.iter().map(version_of).collect();
    let known = |version: &Option<Version>| -> Option<&Compatibility> {
        let own = ground.release.version.as_ref()?;
        works_together(&graph.compatibilities, (&ground.release.service, own), (other, version.as_ref()?))
    };
    let rows: Vec<Option<&Compatibility>> = versions.iter().map(known).collect();
    let fails = rows.iter().flatten().find(|row| row.works == Some(false));
    let works = !rows.is_empty() && rows.iter().all(|row| row.is_some_and(|row| row.works == Some(true)));
    let dark = ground.dark(&[RecordKind::RuntimeObservation, RecordKind::Deployment], &ground.monitoring(other));
    let evidence = rows.iter().flatten().flat_map(|row| row.link.evidence.iter().cloned());
    let about = |outcome, reason: String| {
        let mut check = Check::before(CODE, outcome, reason).resting_on(evidence.clone());
        check.services = vec![other.clone()];
        check
    };
    if fails.is_none() {
        return match works {
            true => about(Outcome::Pass, format!("{key} works with what runs of {other} in {target}.")),
            false => about(
                Outcome::NotApplicable,
                format!("Nobody verified {key} with what runs of {other} in {target}: it is assumed to work."),
            ),
        }
        .despite(dark);
    }
    let names: Vec<String> = versions.iter().flatten().map(|version| version.written.to_string()).collect();
    let partner = partner(ground, other);
    let reason = format!("{key} fails together with {other} {}, which runs in {target}.", names.join(", "));
    if let Some(partner) = partner.filter(|partner| needs_this_one(ground, *partner)) {
        let met = Company { partner, at, reason: &reason };
        return met.together(ground, going, about).despite(dark);
    }
    let detail = match partner {
        Some(index) => {
            format!("Deploy {} to {target} before {key}, or together with it", graph.releases.get(index).key)
        }
        None => format!("Build a release of {other} that works with {key}, and deploy it to {target} first"),
    };
    let mut check = about(Outcome::Fail, reason);
    if let Some(index) = partner {
        let release = graph.releases.get(index);
        check.release = Some(release.key.clone());
        let there = release.windows.iter().filter(|planned| meet(&planned.target, target));
        check.resolves_at = there.map(|planned| planned.window.end).min();
    }
    let act = Act {
        services: check.services.clone(),
        ..Act::new(ActCode::DeployDependency, detail, ground.owner(other))
    };
    check.gaps = dark;
    check.resolved_by(vec![act])
}

/// Does the other fail with what runs of this one's service, so that neither can go first?
fn needs_this_one(ground: &Ground<'_>, partner: Index<Release>) -> bool {
    let (graph, partner) = (ground.graph, ground.graph.releases.get(partner));
    let own = &ground.release.service;
    ground.running(own).iter().any(|placed| {
        let release = placed.release.as_ref().and_then(|key| graph.releases.by_id(key));
        let written = || Version::parse(placed.version.as_ref()?, &[]);
        let known = release.and_then(|release| release.version.clone()).or_else(written);
        let row = partner
            .version
            .as_ref()
            .zip(known.as_ref())
            .and_then(|(new, old)| works_together(&graph.compatibilities, (&partner.service, new), (own, old)));
        row.is_some_and(|row| row.works == Some(false))
    })
}

/// Two that only go together.
struct Company<'a> {
    partner: Index<Release>,
    at: Timestamp,
    /// Why neither goes alone.
    reason: &'a str,
}

impl Company<'_> {
    /// Holds when the other can go at the same moment, too.
    fn together(
        &self,
        ground: &Ground<'_>,
        going: &mut Vec<Index<Release>>,
        about: impl Fn(Outcome, String) -> Check,
    ) -> Check {
        let (graph, target, key) = (ground.graph, ground.target, &ground.release.key);
        let partner = graph.releases.get(self.partner);
        let other = Ground::new(graph, self.partner, target);
        let theirs = match going.contains(&self.partner) {
            true => Vec::new(),
            false => {
                going.push(self.partner);
                super::basic(&other, self.at, going)
            }
        };
        let hindrances: BTreeSet<&str> = super::blockers(&theirs).map(|check| check.code.as_str()).collect();
        let mut check = match hindrances.is_empty() {
            true => {
                let mut check = about(
                    Outcome::Pass,
                    format!("{} It goes together with {}, which can go then, too.", self.reason, partner.key),
                );
                check.expires_at = theirs.iter().filter_map(|check| check.expires_at).min();
                check
            }
            false => {
                let codes = hindrances.into_iter().collect::<Vec<_>>().join(", ");
                let detail = format!("Let {} go to {target} together with {key}: mend its {codes}", partner.key);
                let act = Act {
                    services: vec![partner.service.clone()],
                    ..Act::new(ActCode::DeployDependency, detail, ground.owner(&partner.service))
                };
                let reason = format!(
                    "{} It goes together with {}, which cannot go then: {codes}.",
                    self.reason, partner.key
                );
                let mut check = about(Outcome::Fail, reason).resolved_by(vec![act]);
                let windows = |ground: &Ground<'_>| {
                    Intervals::new(super::time::planned(ground).into_iter().map(|(_, window)| window))
                };
                let both = windows(ground).intersect(&windows(&other));
                check.resolves_at = both.iter().map(|window| window.start.max(self.at)).next();
                check
            }
        };
        check.release = Some(partner.key.clone());
        check
    }
}

/// The release of the other service that is verified with this one and is still to come.
fn partner(ground: &Ground<'_>, other: &ServiceKey) -> Option<Index<Release>> {
    let (graph, own): (&ReleaseGraph, _) = (ground.graph, ground.release.version.as_ref()?);
    let suits = |release: &Release| {
        let version = release.version.as_ref();
        let row = version.and_then(|version| {
            works_together(&graph.compatibilities, (&ground.release.service, own), (other, version))
        });
        row.is_some_and(|row| row.works == Some(true))
    };
    let coming = graph.releases.iter().filter(|(_, release)| {
        release.service == *other && release.status < domain::ReleaseStatus::Rejected && suits(release)
    });
    coming.map(|(index, _)| index).next()
}
