//! What the checks of one release at one target look things up in.

use std::collections::BTreeSet;

use domain::{
    Change, ConnectorId, Deployment, Evidence, EvidenceKind, Gap, GapCode, Placement, RecordKind, Release,
    ReleaseKey, Service, ServiceKey, Source, Stage, Target, Text,
};

use super::judgement::Party;
use crate::correlate::environments::targets_in;
use crate::graph::{Index, ReleaseGraph};

/// A release on its way to a target.
pub(super) struct Ground<'a> {
    pub(super) graph: &'a ReleaseGraph,
    pub(super) index: Index<Release>,
    pub(super) release: &'a Release,
    pub(super) service: Option<&'a Service>,
    pub(super) target: &'a Target,
    /// Changes that carry it for certain and are not over, with the parts of the target that each authorises. About a
    /// deployment that was done: those that were not cancelled.
    pub(super) carriers: Vec<(&'a Change, Vec<&'a Target>)>,
    /// The deployment, where it is about one that was done.
    pub(super) done: Option<&'a Deployment>,
}

impl<'a> Ground<'a> {
    /// About going there.
    pub(super) fn new(graph: &'a ReleaseGraph, index: Index<Release>, target: &'a Target) -> Self {
        let mut ground = Self::with_all(graph, index, target);
        ground.carriers.retain(|(change, _)| is_open(change));
        ground
    }

    /// About having gone there.
    pub(super) fn after(
        graph: &'a ReleaseGraph,
        index: Index<Release>,
        target: &'a Target,
        done: &'a Deployment,
    ) -> Self {
        let mut ground = Self::with_all(graph, index, target);
        ground.carriers.retain(|(change, _)| change.state != domain::ChangeState::Canceled);
        ground.done = Some(done);
        ground
    }

    fn with_all(graph: &'a ReleaseGraph, index: Index<Release>, target: &'a Target) -> Self {
        let release = graph.releases.get(index);
        let own = graph.authorisations.iter().filter(|row| row.release == release.key && meet(&row.target, target));
        let mut carriers: Vec<(&Change, Vec<&Target>)> = Vec::new();
        for row in own {
            let Some(change) = graph.changes.by_id(&row.change) else { continue };
            match carriers.last_mut() {
                Some((last, targets)) if last.id == change.id => targets.push(&row.target),
                _ => carriers.push((change, vec![&row.target])),
            }
        }
        Self {
            graph,
            index,
            release,
            service: graph.services.by_id(&release.service),
            target,
            carriers,
            done: None,
        }
    }

    /// Is it where customers are? Elsewhere nobody needs a change.
    pub(super) fn in_production(&self) -> bool {
        let environment = self.graph.environments.by_id(&self.target.environment);
        environment.is_none_or(|environment| matches!(environment.stage, Stage::Production | Stage::Dr))
    }

    /// The target itself, or the regions of it that the service goes to.
    pub(super) fn parts(&self) -> Vec<Target> {
        let environment = self.graph.environments.by_id(&self.target.environment);
        let (Some(environment), Some(service)) = (environment, self.service) else {
            return vec![self.target.clone()];
        };
        let parts: Vec<Target> =
            targets_in(environment, service).into_iter().filter(|part| self.target.covers(part)).collect();
        if parts.is_empty() { vec![self.target.clone()] } else { parts }
    }

    /// What runs of a service in the target.
    pub(super) fn running(&self, service: &ServiceKey) -> Vec<&'a Placement> {
        let all = self.graph.placements.get(service).into_iter().flatten();
        all.filter(|placement| meet(&placement.target, self.target)).collect()
    }

    /// What of the service the release takes the place of: what runs, or what the deployment that was done replaced.
    pub(super) fn left(&self, service: &ServiceKey) -> Vec<Left<'a>> {
        match self.done {
            Some(done) if *service == self.release.service => {
                let left =
                    Left { release: done.replaced.as_ref(), target: &done.target, source: done.sources.first() };
                if done.replaced.is_some() { vec![left] } else { Vec::new() }
            }
            _ => {
                let running = self.running(service).into_iter();
                let left = |placed: &'a Placement| Left {
                    release: placed.release.as_ref(),
                    target: &placed.target,
                    source: Some(&placed.source),
                };
                running.map(left).collect()
            }
        }
    }

    /// What is missing of these kinds of records: as [`Self::dark`], and where no system is read for them at all.
    pub(super) fn missing(&self, kinds: &[RecordKind], owners: &BTreeSet<ConnectorId>) -> Vec<Gap> {
        let unread = kinds.iter().filter(|kind| self.graph.readers.get(kind).is_none_or(BTreeSet::is_empty));
        unread.map(|kind| not_configured(*kind)).chain(self.dark(kinds, owners)).collect()
    }

    /// What configured systems did not tell of these kinds of records: the owners, or any where none of them owns it.
    pub(super) fn dark(&self, kinds: &[RecordKind], owners: &BTreeSet<ConnectorId>) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for kind in kinds {
            let owned = self.graph.readers.get(kind).into_iter().flatten().any(|reader| owners.contains(reader));
            let mine = self.graph.gaps.iter().filter(|gap| {
                let owner = gap.connector.as_ref().is_none_or(|connector| !owned || owners.contains(connector));
                gap.kind == *kind && owner
            });
            gaps.extend(mine.cloned());
        }
        gaps
    }

    /// The system that owns the service's changes; none means any.
    pub(super) fn itsm(&self) -> BTreeSet<ConnectorId> {
        self.service.and_then(|service| service.sources.itsm.clone()).into_iter().collect()
    }

    /// The systems that watch a service.
    pub(super) fn monitoring(&self, service: &ServiceKey) -> BTreeSet<ConnectorId> {
        let service = self.graph.services.by_id(service);
        let sources = service.into_iter().flat_map(|service| &service.sources.monitoring);
        sources.map(|source| source.connector.clone()).collect()
    }

    /// The team that owns a service.
    pub(super) fn owner(&self, service: &ServiceKey) -> Option<Party> {
        let key = self.graph.services.by_id(service)?.owner.as_ref()?;
        let name = self.graph.teams.by_id(key).map_or_else(|| key.as_str().into(), |team| team.name.clone());
        Some(Party { name, team: Some(key.clone()) })
    }

    /// Who carries a change out: its group, else the service's team.
    pub(super) fn keeper(&self, change: &Change) -> Option<Party> {
        let group = change.assignment_group.as_ref().and_then(|id| self.graph.groups.by_id(id));
        match group {
            Some(group) => Some(Party { name: group.name.clone(), team: None }),
            None => self.owner(&self.release.service),
        }
    }
}

/// What makes room for the release somewhere.
pub(super) struct Left<'a> {
    /// The release, where it could be named.
    pub(super) release: Option<&'a ReleaseKey>,
    pub(super) target: &'a Target,
    pub(super) source: Option<&'a Source>,
}

/// Is it still to be done?
pub(super) fn is_open(change: &Change) -> bool {
    use domain::ChangeState::{Canceled, Closed, Review};
    !matches!(change.state, Canceled | Closed | Review)
}

/// Does one of the two contain the other?
pub(super) fn meet(one: &Target, other: &Target) -> bool {
    one.covers(other) || other.covers(one)
}

/// A record that says so.
pub(super) fn seen(summary: impl Into<Text>, source: &Source) -> Evidence {
    Evidence {
        kind: EvidenceKind::Field,
        summary: summary.into(),
        record: Some(source.record.clone()),
        url: source.url.clone(),
        observed_at: Some(source.fetched_at),
    }
}

/// The configuration says so.
pub(super) fn configured(summary: impl Into<Text>) -> Evidence {
    Evidence {
        kind: EvidenceKind::Configuration,
        summary: summary.into(),
        record: None,
        url: None,
        observed_at: None,
    }
}

pub(super) fn not_configured(kind: RecordKind) -> Gap {
    Gap {
        code: GapCode::SourceNotConfigured,
        connector: None,
        kind,
        message: format!("No system is configured that tells of {}.", plural(kind)).into(),
        since: None,
        retryable: false,
    }
}

fn plural(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Change => "changes",
        RecordKind::ChangeTask => "tasks of changes",
        RecordKind::ChangeTemplate => "templates of changes",
        RecordKind::Approval => "approvals",
        RecordKind::Alert => "alerts",
        RecordKind::RuntimeObservation => "what runs",
        RecordKind::Commit => "commits",
        RecordKind::Tag => "tags",
        RecordKind::WorkItem => "work items",
        RecordKind::PullRequest => "pull requests",
        RecordKind::TestReport => "test reports",
        RecordKind::Deployment => "deployments",
        RecordKind::Delegation => "delegations",
        RecordKind::FieldHistory => "what records were before",
        RecordKind::HealthObservation => "health",
        RecordKind::Incident => "incidents",
        RecordKind::ConfigurationItem => "configuration items",
        _ => "these records",
    }
}
