//! What runs where. A runtime's own word comes first, then deployment records, then a change's work, then the CMDB,
//! then the tracker's "released". A source that says otherwise becomes a finding with both claims.

use std::collections::BTreeMap;

use domain::{
    Claim, Deployment, DeploymentOutcome, EvidenceKind, FindingCode, FindingSeverity, FindingSubject, Link,
    LinkRule, Placement, Release, ReleaseKey, Service, ServiceKey, Source, Stage, Target, Text, Version,
};
use jiff::Timestamp;

use super::changes::SHORT_SPELLING;
use super::environments::{production_targets, target_of};
use super::findings::Draft;
use super::walk::Walk;
use crate::graph::Index;

/// A service's version as a runtime showed it at a target.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) release: Option<Index<Release>>,
    pub(super) version: Option<Text>,
    pub(super) digest: Option<Text>,
    /// First moment it was seen, as far as known.
    pub(super) from: Timestamp,
    /// Last moment it was seen.
    pub(super) until: Timestamp,
    pub(super) since: Option<Timestamp>,
    pub(super) current: bool,
    pub(super) source: Source,
}

/// What runtimes showed, by service and target, oldest first.
pub(super) type Sights = BTreeMap<(Index<Service>, Target), Vec<Seen>>;

/// Reads the runtime observations.
pub(super) fn read_sights(walk: &mut Walk) {
    let mut sights: Sights = BTreeMap::new();
    for (place, observation) in walk.graph.runtime_observations.iter().enumerate() {
        let Some(service) = walk.told.runtime_services.get(place).copied().flatten() else { continue };
        let label = |names: &[&str]| names.iter().find_map(|name| observation.labels.get(*name));
        let Some(word) = label(&["environment", "env", "stage"]) else { continue };
        let Some(target) = target_of(&walk.graph.environments, word, label(&["region"])) else { continue };
        sights.entry((service, target)).or_default().push(Seen {
            release: walk.told.runtime.get(&place).copied(),
            version: label(&["version"]).cloned(),
            digest: label(&["digest"]).cloned(),
            from: observation.since.unwrap_or(observation.observed_at),
            until: observation.observed_at,
            since: observation.since,
            current: observation.current,
            source: observation.source.clone(),
        });
    }
    for seen in sights.values_mut() {
        seen.sort_by(|a, b| (a.from, a.until, &a.source.record).cmp(&(b.from, b.until, &b.source.record)));
    }
    walk.sights = sights;
}

impl Walk {
    /// The release that a runtime showed at a target just before a moment, other than `but`.
    pub(super) fn ran_before(
        &self,
        at: (Index<Service>, &Target),
        moment: Timestamp,
        but: &ReleaseKey,
    ) -> Option<ReleaseKey> {
        let seen = self.sights.get(&(at.0, at.1.clone()))?;
        let before = seen.partition_point(|seen| seen.from < moment);
        let releases = seen.get(..before)?.iter().rev().filter_map(|seen| seen.release);
        releases.map(|index| &self.graph.releases.get(index).key).find(|key| *key != but).cloned()
    }
}

/// What one source says runs at a target.
struct Word<'a> {
    field: &'static str,
    release: Option<Index<Release>>,
    version: Option<Text>,
    source: &'a Source,
}

/// Fills in the placements and tells of the sources that lose.
pub(super) fn place(walk: &mut Walk) {
    let mut placements: BTreeMap<ServiceKey, Vec<Placement>> = BTreeMap::new();
    let mut drafts = Vec::new();
    let deployed = last_deployed(walk);
    let services: Vec<Index<Service>> = walk.graph.services.iter().map(|(index, _)| index).collect();
    for service in services {
        let node = walk.graph.services.get(service);
        let mut targets = production_targets(&walk.graph.environments, node);
        targets.extend(of_service(&walk.sights, service).map(|((_, target), _)| target.clone()));
        targets.extend(of_service(&deployed, service).map(|((_, target), _)| target.clone()));
        targets.sort();
        targets.dedup();
        let mut rows = Vec::new();
        for target in targets {
            let at = (service, target.clone());
            let current: Vec<&Seen> =
                walk.sights.get(&at).into_iter().flatten().filter(|seen| seen.current).collect();
            let last = deployed.get(&at).map(|index| walk.graph.deployments.get(*index));
            rows.extend(current.iter().map(|seen| placement_of(walk, &target, seen)));
            if current.is_empty()
                && let Some(last) = last
            {
                rows.extend(placement_of_deployment(&target, last));
            }
            drafts.extend(conflicts(walk, &at, &current, last));
        }
        if !rows.is_empty() {
            placements.insert(node.key.clone(), rows);
        }
    }
    walk.graph.placements = placements;
    for draft in drafts {
        walk.findings.note(draft);
    }
}

fn of_service<T>(
    map: &BTreeMap<(Index<Service>, Target), T>,
    service: Index<Service>,
) -> impl Iterator<Item = (&(Index<Service>, Target), &T)> {
    let first = Target { environment: domain::EnvironmentKey::new(""), region: None, tenant: None };
    map.range((service, first)..).take_while(move |((other, _), _)| *other == service)
}

fn placement_of(walk: &Walk, target: &Target, seen: &Seen) -> Placement {
    Placement {
        target: target.clone(),
        release: seen.release.map(|index| walk.graph.releases.get(index).key.clone()),
        version: seen.version.clone(),
        digest: seen.digest.clone(),
        observed_at: seen.until,
        since: seen.since,
        link: seen.release.map(|_| shown(walk, target, seen)),
        source: seen.source.clone(),
    }
}

/// How we know that a release is what a runtime shows: its label names the version or, where it names none, the digest.
fn shown(walk: &Walk, target: &Target, seen: &Seen) -> Link {
    let says = |what: &str| {
        let summary = format!("A label of what runs in {target} says {what}");
        super::evidence::seen_at(EvidenceKind::Observation, summary, &seen.source, Some(seen.until))
    };
    let service = seen.release.and_then(|release| walk.service_of(release));
    let names = service.map(|service| walk.graph.services.get(service).names()).unwrap_or_default();
    let label = seen.version.as_deref().filter(|label| label.contains(|c: char| c.is_ascii_digit()));
    match (label, label.and_then(|label| Version::parse(label, &names))) {
        (None, _) => Link::explicit(LinkRule::Digest, says(seen.digest.as_deref().unwrap_or("?"))),
        (Some(label), Some(version)) if version.is_exact() => Link::explicit(LinkRule::RuntimeLabel, says(label)),
        (Some(label), _) => {
            let link = Link::derived(LinkRule::RuntimeLabel, SHORT_SPELLING, says(label));
            Link { exact: false, ..link }
        }
    }
}

fn placement_of_deployment(target: &Target, last: &Deployment) -> Option<Placement> {
    let at = last.finished_at.or(last.started_at)?;
    Some(Placement {
        target: target.clone(),
        release: Some(last.release.clone()),
        version: None,
        digest: last.digest.clone(),
        observed_at: at,
        since: Some(at),
        link: Some(Link::explicit(
            LinkRule::Field,
            super::evidence::seen_at(
                EvidenceKind::Field,
                format!("The last deployment in {target} that succeeded was of {}", last.release),
                last.sources.first()?,
                Some(at),
            ),
        )),
        source: last.sources.first()?.clone(),
    })
}

/// The last deployment that succeeded, by service and target.
fn last_deployed(walk: &Walk) -> BTreeMap<(Index<Service>, Target), Index<Deployment>> {
    type Last = (Option<Timestamp>, Index<Deployment>);
    let mut last: BTreeMap<(Index<Service>, Target), Last> = BTreeMap::new();
    for (place, deployment) in walk.graph.deployments.iter() {
        if deployment.outcome != DeploymentOutcome::Succeeded {
            continue;
        }
        let Some(release) = walk.graph.releases.find(&deployment.release) else { continue };
        let Some(service) = walk.service_of(release) else { continue };
        let at = deployment.finished_at.or(deployment.started_at);
        let held = last.entry((service, deployment.target.clone())).or_insert((at, place));
        if at >= held.0 {
            *held = (at, place);
        }
    }
    last.into_iter().map(|(key, (_, place))| (key, place)).collect()
}

/// Tells when something else runs than was deployed, and when a weaker source says that something else runs.
fn conflicts(
    walk: &Walk,
    at: &(Index<Service>, Target),
    current: &[&Seen],
    last: Option<&Deployment>,
) -> Vec<Draft> {
    let production = walk
        .graph
        .environments
        .by_id(&at.1.environment)
        .is_some_and(|environment| environment.stage == Stage::Production);
    let mut words: Vec<Word<'_>> = Vec::new();
    words.extend(current.iter().map(|seen| Word {
        field: "runtime",
        release: seen.release,
        version: seen.version.clone(),
        source: &seen.source,
    }));
    if let Some(last) = last
        && let Some(source) = last.sources.first()
        && settled(walk, last, current)
    {
        let release = walk.graph.releases.find(&last.release);
        words.push(Word { field: "deployment", release, version: None, source });
    }
    if production {
        words.extend(said_by_cmdb(walk, at.0));
        words.extend(said_by_tracker(walk, at.0, words.first().and_then(|word| word.release)));
    }
    let Some(used) = words.first().filter(|word| word.release.is_some()) else { return Vec::new() };
    let (truth, others): (Vec<&Word<'_>>, Vec<&Word<'_>>) = words.iter().partition(|word| word.field == used.field);
    let differs =
        |word: &&Word<'_>| word.release.is_some() && truth.iter().all(|truth| truth.release != word.release);
    let (meant, told): (Vec<&Word<'_>>, Vec<&Word<'_>>) =
        others.into_iter().filter(differs).partition(|word| word.field == "deployment");
    let ours = format!("The {} says that {} runs in {}", used.field, named(walk, used), at.1);
    let mut drafts = Vec::new();
    if let Some(meant) = meant.first() {
        let detail = format!(
            "{ours}; deployed last was {}. Deploy it again, or find out who put there what runs.",
            named(walk, meant)
        );
        drafts.push((FindingCode::RuntimeMismatch, FindingSeverity::Error, detail, vec![*meant]));
    }
    if let Some(first) = told.first() {
        let detail = format!("{ours}; the {} says otherwise. The {} counts.", first.field, used.field);
        drafts.push((FindingCode::StatusConflict, FindingSeverity::Warning, detail, told.clone()));
    }
    let service = &walk.graph.services.get(at.0).key;
    let drafts = drafts.into_iter().map(|(code, severity, detail, losers)| Draft {
        code,
        severity,
        subject: FindingSubject::Service(service.clone()),
        service: Some(service.clone()),
        part: at.1.to_string(),
        detail,
        claims: truth.iter().copied().chain(losers).map(|word| claim(walk, word, used.field)).collect(),
    });
    drafts.collect()
}

fn named(walk: &Walk, word: &Word<'_>) -> Text {
    match word.release {
        Some(index) => Text::from(walk.graph.releases.get(index).key.as_str()),
        None => word.version.clone().unwrap_or_else(|| "?".into()),
    }
}

fn claim(walk: &Walk, word: &Word<'_>, used: &str) -> Claim {
    Claim {
        field: word.field.into(),
        value: named(walk, word),
        used: word.field == used,
        source: Some(word.source.into()),
    }
}

/// Is the deployment old enough that a runtime, asked after it, must show it?
fn settled(walk: &Walk, last: &Deployment, current: &[&Seen]) -> bool {
    let Some(done) = last.finished_at else { return current.is_empty() };
    current.iter().all(|seen| seen.until.duration_since(done) > walk.policy.confirm_within)
}

fn said_by_cmdb(walk: &Walk, service: Index<Service>) -> Option<Word<'_>> {
    let node = walk.graph.services.get(service);
    let related = walk.graph.service_configuration_items.from(service).next()?;
    let item = walk.graph.configuration_items.get(related.index);
    let version = Version::parse(item.version.as_deref()?, &node.names())?;
    let release = walk.told.by_version.get(&(service, version.canonical())).copied();
    Some(Word { field: "configuration item", release, version: item.version.clone(), source: &item.source })
}

/// A version that the tracker calls released, above the one that runs.
fn said_by_tracker(walk: &Walk, service: Index<Service>, running: Option<Index<Release>>) -> Option<Word<'_>> {
    let running = running?;
    let first = (service, String::new());
    let mine = walk.told.by_version.range(first..).take_while(|((other, _), _)| *other == service);
    let mut best: Option<Index<Release>> = None;
    for (_, release) in mine {
        let above = walk.newer(Some(*release), best.or(Some(running)));
        if above && walk.told.released.contains_key(release) {
            best = Some(*release);
        }
    }
    let tracked = walk.told.released.get(&best?)?;
    let source = &walk.graph.tracked_versions.get(*tracked).source;
    Some(Word { field: "tracker", release: best, version: None, source })
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let placed = graph.placements.values().flatten().map(|placement| {
            let release = placement.release.as_ref().map(ToString::to_string).unwrap_or_default();
            let link = placement.link.as_ref().expect("a named release");
            let mark = if link.supports() { "" } else { "~" };
            format!("{release} in {} by {mark}{:?}", placement.target, link.rule)
        });
        let findings = graph.findings.iter().map(|(_, finding)| {
            let claims = finding.claims.iter();
            let claims =
                claims.map(|claim| format!("{}={}{}", claim.field, claim.value, if claim.used { "!" } else { "" }));
            format!("{:?}: {}", finding.code, claims.collect::<Vec<_>>().join(", "))
        });
        let seen: Vec<String> = placed.chain(findings).collect();
        assert_eq!(seen.join("; "), expected);
    }

    const REPO: &str = "bank/payments-api";

    fn pay() -> World {
        World::new().service("payments-api", "PAY").tag(REPO, "v2.13.0", "c1").tag(REPO, "v2.14.0", "c2").deployed(
            REPO,
            "v2.14.0",
            "production",
            "2026-06-10T18:00:00Z",
            "success",
        )
    }

    #[test]
    fn a_runtime_counts_more_than_a_deployment() {
        check(pay(), "payments-api@2.14.0 in production by Field");
        check(
            pay().seen("payments-api", "2.14.0", "production", "2026-06-10T18:10:00Z", None),
            "payments-api@2.14.0 in production by RuntimeLabel",
        );
        check(
            pay().seen("payments-api", "v2.13.0", "production", "2026-06-10T18:10:00Z", None),
            "payments-api@2.13.0 in production by RuntimeLabel; \
             RuntimeMismatch: runtime=payments-api@2.13.0!, deployment=payments-api@2.14.0",
        );
    }

    #[test]
    fn a_label_that_is_short_or_names_no_version_says_how_it_was_understood() {
        check(
            pay().seen("payments-api", "2.14", "production", "2026-06-10T18:10:00Z", None),
            "payments-api@2.14.0 in production by ~RuntimeLabel",
        );
        let mut built = pay();
        built.records.deployments[0].digest = Some("sha256:a".into());
        check(
            built.seen("payments-api", "latest", "production", "2026-06-10T18:10:00Z", None).digest("sha256:a"),
            "payments-api@2.14.0 in production by Digest",
        );
    }

    #[test]
    fn the_cmdb_and_the_tracker_lose_and_are_told() {
        let mut world = pay().tracked("10", "PAY", "2.15.0");
        world.records.tracked_versions[0].released = true;
        world.records.configuration_items[0].version = Some("2.13.0".into());
        check(
            world,
            "payments-api@2.14.0 in production by Field; StatusConflict: deployment=payments-api@2.14.0!, \
             configuration item=payments-api@2.13.0, tracker=payments-api@2.15.0",
        );
    }
}
