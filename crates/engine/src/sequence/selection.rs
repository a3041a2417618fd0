//! Which releases are asked for, and which of them have a way to go: what runs already, or was overtaken, stays out.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Placement, Release, ReleaseStatus, Scope, ServiceKey, Target, TargetStatus, Text, Version};
use jiff::Timestamp;

use super::answer::{Blocker, BlockerCode};
use super::request::{SequenceError, SequencePolicy, SequenceRequest};
use crate::graph::{Index, ReleaseGraph};
use crate::queries::{find_releases, matches_filter};

/// What one plan is made from. A release is known by its place in `releases`.
pub(super) struct Selection<'g> {
    pub(super) graph: &'g ReleaseGraph,
    pub(super) scope: &'g Scope,
    pub(super) target: &'g Target,
    /// What moves, by key.
    pub(super) releases: Vec<Index<Release>>,
    /// What moves of each service, in the order in which it goes.
    pub(super) chains: BTreeMap<&'g ServiceKey, Vec<u32>>,
    /// What was asked for and does not move.
    pub(super) still: BTreeMap<Index<Release>, Blocker>,
}

/// The releases that a question asks for, without its what-if.
pub(super) fn asked(
    graph: &ReleaseGraph,
    request: &SequenceRequest,
    scope: &Scope,
) -> Result<BTreeSet<Index<Release>>, SequenceError> {
    let passes = |index: Index<Release>| {
        request.filter.as_ref().is_none_or(|filter| matches_filter(graph, filter, index, &|_| None))
    };
    match (&request.releases, &request.filter) {
        (None, None) => Err(SequenceError::NothingAsked),
        (Some(keys), _) => {
            let found = keys.iter().map(|key| resolve(graph, (key, "releases"), scope));
            let found: Result<BTreeSet<Index<Release>>, SequenceError> = found.collect();
            Ok(found?.into_iter().filter(|index| passes(*index)).collect())
        }
        (None, Some(_)) => {
            let coming = graph.releases.iter().filter(|(index, release)| {
                scope.allows(&release.service)
                    && passes(*index)
                    && hindrance(graph, *index, &request.target).is_none()
                    && is_coming(release.status)
            });
            Ok(coming.map(|(index, _)| index).collect())
        }
    }
}

fn is_coming(status: ReleaseStatus) -> bool {
    use ReleaseStatus::{
        AwaitingApproval, Built, Deploying, PartiallyDeployed, Planned, Rejected, Scheduled, Staged,
    };
    matches!(
        status,
        Planned | Built | Staged | AwaitingApproval | Scheduled | Rejected | Deploying | PartiallyDeployed
    )
}

/// The one release that a key means, as far as the caller may see.
pub(super) fn resolve(
    graph: &ReleaseGraph,
    (key, place): (&Text, &'static str),
    scope: &Scope,
) -> Result<Index<Release>, SequenceError> {
    let mut found = find_releases(graph, key);
    found.retain(|index| scope.allows(&graph.releases.get(*index).service));
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(SequenceError::UnknownRelease { place, key: key.clone() }),
        several => {
            let keys = several.iter().map(|index| graph.releases.get(*index).key.to_string()).collect();
            Err(SequenceError::AmbiguousRelease { place, key: key.clone(), keys })
        }
    }
}

impl<'g> Selection<'g> {
    pub(super) fn new(
        (graph, scope): (&'g ReleaseGraph, &'g Scope),
        target: &'g Target,
        wanted: &BTreeSet<Index<Release>>,
        policy: &SequencePolicy,
    ) -> Result<Self, SequenceError> {
        if wanted.len() > policy.most_releases {
            return Err(SequenceError::TooMany { count: wanted.len(), limit: policy.most_releases });
        }
        let (mut releases, mut still) = (Vec::new(), BTreeMap::new());
        for index in wanted {
            match hindrance(graph, *index, target) {
                Some(blocker) => drop(still.insert(*index, blocker)),
                None => releases.push(*index),
            }
        }
        let mut chains: BTreeMap<&ServiceKey, Vec<u32>> = BTreeMap::new();
        for (place, index) in (0..).zip(&releases) {
            chains.entry(&graph.releases.get(*index).service).or_default().push(place);
        }
        let version = |place: &u32| {
            let release = releases.get(*place as usize).map(|index| graph.releases.get(*index));
            release.and_then(|release| release.version.as_ref())
        };
        for chain in chains.values_mut() {
            // What has no order stays in the order of keys.
            chain.sort_by(|one, two| {
                let both = version(one).zip(version(two));
                both.and_then(|(one, two)| one.compare(two)).unwrap_or_else(|| one.cmp(two))
            });
        }
        Ok(Self { graph, scope, target, releases, chains, still })
    }

    /// The release at a place.
    pub(super) fn release(&self, place: u32) -> Index<Release> {
        #[expect(clippy::indexing_slicing, reason = "places are places in `releases`")]
        self.releases[place as usize]
    }

    /// Its record.
    pub(super) fn record(&self, place: u32) -> &'g Release {
        self.graph.releases.get(self.release(place))
    }

    /// The place of a release that moves.
    pub(super) fn place(&self, release: Index<Release>) -> Option<u32> {
        self.releases.binary_search(&release).ok().and_then(|place| u32::try_from(place).ok())
    }

    /// May the caller see releases of this service?
    pub(super) fn sees(&self, service: &ServiceKey) -> bool {
        self.scope.allows(service)
    }

    /// The versions of a service that run at the target; one for each of its regions there.
    pub(super) fn running(&self, service: &ServiceKey) -> Vec<Option<Version>> {
        running(self.graph, service, self.target).map(|placement| version_of(self.graph, placement)).collect()
    }

    /// Since when all that is seen of a service at the target runs there without a break; `None` where that is not known.
    pub(super) fn running_since(&self, service: &ServiceKey) -> Option<Timestamp> {
        let since: Option<Vec<Timestamp>> =
            running(self.graph, service, self.target).map(|placement| placement.since).collect();
        since?.into_iter().max()
    }

    /// A service as the caller may know it.
    pub(super) fn spoken(&self, service: &ServiceKey) -> String {
        if self.sees(service) { service.to_string() } else { "a service that you may not see".to_owned() }
    }
}

/// What is seen of a service at a target, or at a part of it.
fn running<'g>(
    graph: &'g ReleaseGraph,
    service: &ServiceKey,
    target: &Target,
) -> impl Iterator<Item = &'g Placement> {
    let target = target.clone();
    let placements = graph.placements.get(service).into_iter().flatten();
    placements.filter(move |seen| target.covers(&seen.target) || seen.target.covers(&target))
}

fn version_of(graph: &ReleaseGraph, placement: &Placement) -> Option<Version> {
    let release = placement.release.as_ref().and_then(|key| graph.releases.by_id(key));
    release
        .and_then(|release| release.version.clone())
        .or_else(|| Version::parse(placement.version.as_deref()?, &[]))
}

/// Why a release does not move to a target at all.
fn hindrance(graph: &ReleaseGraph, index: Index<Release>, target: &Target) -> Option<Blocker> {
    let release = graph.releases.get(index);
    let blocker = |code, detail: String| Some(Blocker { code, detail: detail.into(), release: None });
    if release.status == ReleaseStatus::Cancelled {
        return blocker(BlockerCode::Cancelled, format!("{} was cancelled", release.key));
    }
    let seen: Vec<&Placement> = running(graph, &release.service, target).collect();
    let is_there = |placement: &&Placement| placement.release.as_ref() == Some(&release.key);
    let states = release.targets.iter().filter(|state| target.covers(&state.target) || state.target.covers(target));
    let done = states.clone().count() > 0
        && states.clone().all(|state| {
            matches!(state.status, TargetStatus::Deployed | TargetStatus::Validated | TargetStatus::Transitioned)
        });
    if !seen.is_empty() && seen.iter().all(is_there) && (states.count() == 0 || done) {
        return blocker(BlockerCode::AlreadyRunning, format!("{} runs at {target} already", release.key));
    }
    let newer = |placement: &&Placement| {
        let running = version_of(graph, placement)?;
        let own = release.version.as_ref()?;
        (running.compare(own)? == std::cmp::Ordering::Greater).then_some(running)
    };
    let overtaken: Option<Vec<Version>> = seen.iter().map(newer).collect();
    match overtaken.as_deref() {
        Some([version, ..]) => {
            let detail = format!("{} {version} runs at {target} already, which is newer", release.service);
            blocker(BlockerCode::OlderThanRunning, detail)
        }
        _ => None,
    }
}
