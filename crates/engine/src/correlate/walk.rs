//! The graph while it is being made, with what every step of the walk looks things up in.

use std::collections::BTreeMap;

use domain::{
    Artifact, Change, CommitRange, ConnectorId, DeploymentRecord, LinkRule, RecordKind, Release, Service, Tag,
    Text, TrackedVersion, Train,
};

use super::findings::Findings;
use super::names::{Named, Names};
use super::running::Sights;
use super::services::Mapping;
use super::{ConnectedSystem, CorrelationPolicy, Darkness};
use crate::graph::{Index, ReleaseGraph};

/// Everything the steps share. Each step reads the tables and fills in its own relations.
pub(super) struct Walk {
    pub(super) graph: ReleaseGraph,
    pub(super) policy: CorrelationPolicy,
    /// What lies before it alone makes no release.
    pub(super) horizon_start: Option<jiff::Timestamp>,
    pub(super) darkness: Darkness,
    pub(super) connectors: Vec<ConnectedSystem>,
    /// Dependencies as configured.
    pub(super) configured: Vec<domain::ConfiguredDependency>,
    /// Versions that work together, or do not, as configured.
    pub(super) compatible: Vec<domain::ConfiguredCompatibility>,
    /// Blackouts as configured.
    pub(super) configured_blackouts: Vec<domain::ConfiguredBlackout>,
    pub(super) names: Names,
    pub(super) mapping: Mapping,
    pub(super) findings: Findings,
    /// Deployments as recorded, sorted.
    pub(super) deployments: Vec<DeploymentRecord>,
    /// What each change's texts name, by place in the table of changes.
    pub(super) mentions: Vec<Named>,
    pub(super) told: Told,
    /// What runtimes showed, by service and target.
    pub(super) sights: Sights,
}

/// Which records name which releases.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// With it: is the spelling exact?
    pub(super) tracked: BTreeMap<Index<TrackedVersion>, (Index<Release>, bool)>,
    /// Releases that a tracker calls released, and by which version.
    pub(super) released: BTreeMap<Index<Release>, Index<TrackedVersion>>,
    pub(super) tags: BTreeMap<Index<Release>, Vec<Index<Tag>>>,
    pub(super) changes: Vec<ToldByChange>,
    pub(super) trains: Vec<(Index<Train>, Index<Release>)>,
    pub(super) artifacts: Vec<(Index<Artifact>, Index<Release>)>,
    /// By place in `Walk::deployments`.
    pub(super) deployments: BTreeMap<usize, Index<Release>>,
    /// By place in `ReleaseGraph::runtime_observations`.
    pub(super) runtime: BTreeMap<usize, Index<Release>>,
    /// The service of each runtime observation.
    pub(super) runtime_services: Vec<Option<Index<Service>>>,
    /// Releases by version, in the form that all spellings share.
    pub(super) by_version: BTreeMap<(Index<Service>, String), Index<Release>>,
    /// The service of each release.
    pub(super) service_of: Vec<Index<Service>>,
}

/// A change that names a release.
#[derive(Debug, Clone)]
pub(super) struct ToldByChange {
    pub(super) change: Index<Change>,
    pub(super) release: Index<Release>,
    pub(super) rule: LinkRule,
    pub(super) exact: bool,
    pub(super) spelling: Text,
}

impl Walk {
    /// The service of a release.
    pub(super) fn service_of(&self, release: Index<Release>) -> Option<Index<Service>> {
        self.told.service_of.get(release.place() as usize).copied()
    }

    /// Was this kind of this system read in full, so that what is absent does not exist?
    pub(super) fn knows_all(&self, connector: &ConnectorId, kind: RecordKind) -> bool {
        let reads = self.connectors.iter().any(|system| system.id == *connector && system.kinds.contains(&kind));
        reads && !self.darkness.covers(connector, kind)
    }

    /// What runs in a service's production.
    pub(super) fn runs_in_production(&self, service: &domain::ServiceKey) -> impl Iterator<Item = Index<Release>> {
        let production = |placement: &&domain::Placement| {
            let environment = self.graph.environments.by_id(&placement.target.environment);
            environment.is_some_and(|environment| environment.stage == domain::Stage::Production)
        };
        let placements = self.graph.placements.get(service).into_iter().flatten().filter(production);
        placements.filter_map(|placement| self.graph.releases.find(placement.release.as_ref()?))
    }

    /// The range of commits that a release brings: from the greatest version below it that a range starts at.
    pub(super) fn range_of(&self, release: Index<Release>) -> Option<&CommitRange> {
        let service = self.service_of(release)?;
        let version = self.graph.releases.get(release).version.as_ref();
        let tags = self.told.tags.get(&release)?;
        let ranges = tags.iter().flat_map(|tag| {
            let tag = self.graph.tags.get(*tag);
            [&tag.name, &tag.commit].into_iter().flat_map(|head| self.ranges_to(&tag.repository, head))
        });
        let mut best: Option<(&CommitRange, Option<Index<Release>>)> = None;
        for range in ranges {
            let base = range.base.as_deref().and_then(|base| self.release_at(service, range, base));
            let below = |other: Option<Index<Release>>| {
                let other = other.and_then(|index| self.graph.releases.get(index).version.as_ref());
                match (other, version) {
                    (Some(other), Some(version)) => other.compare(version) == Some(std::cmp::Ordering::Less),
                    _ => false,
                }
            };
            let better = match best {
                None => true,
                Some((_, held)) => match (below(base), below(held)) {
                    (true, true) => self.newer(base, held),
                    (one, other) => one && !other,
                },
            };
            if better {
                best = Some((range, base));
            }
        }
        best.map(|(range, _)| range)
    }

    /// The ranges of a repository that end at a tag or commit; the list is sorted by (repository, head).
    fn ranges_to(&self, repository: &domain::RepositoryId, head: &str) -> impl Iterator<Item = &CommitRange> {
        let ranges = &self.graph.commit_ranges;
        let start = ranges.partition_point(|range| (&range.repository, &*range.head) < (repository, head));
        let rest = ranges.get(start..).unwrap_or_default();
        let end = rest.partition_point(|range| (&range.repository, &*range.head) == (repository, head));
        rest.get(..end).unwrap_or_default().iter()
    }

    /// The service's release whose tag a range's end names.
    pub(super) fn release_at(
        &self,
        service: Index<Service>,
        range: &CommitRange,
        end: &str,
    ) -> Option<Index<Release>> {
        let parts = self.mapping.repositories.get(&range.repository)?;
        let part = parts.iter().find(|part| part.service == service)?;
        let version = super::sightings::version_of_tag(self.graph.services.get(service), part, end, parts.len())?;
        self.told.by_version.get(&(service, version.canonical())).copied()
    }

    /// The service's release that a spelling of a version names.
    pub(super) fn version_of(&self, service: Index<Service>, spelling: &str) -> Option<Index<Release>> {
        let version = domain::Version::parse(spelling, &self.graph.services.get(service).names())?;
        self.told.by_version.get(&(service, version.canonical())).copied()
    }

    /// The releases with a version of the service that a release belongs to.
    pub(super) fn releases_of(&self, release: Index<Release>) -> impl Iterator<Item = Index<Release>> {
        let service = self.service_of(release);
        let all = service.into_iter().flat_map(move |service| {
            let mine = self.told.by_version.range((service, String::new())..);
            mine.take_while(move |((other, _), _)| *other == service)
        });
        all.map(|(_, release)| *release)
    }

    /// Is the first release's version greater than the second's?
    pub(super) fn newer(&self, one: Option<Index<Release>>, other: Option<Index<Release>>) -> bool {
        let version =
            |index: Option<Index<Release>>| index.and_then(|index| self.graph.releases.get(index).version.as_ref());
        match (version(one), version(other)) {
            (Some(one), Some(other)) => one.compare(other) == Some(std::cmp::Ordering::Greater),
            _ => false,
        }
    }
}
