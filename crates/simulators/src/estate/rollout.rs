//! Deployments and what monitoring saw of them.

use jiff::{SignedDuration, Timestamp};

use super::EstateError;
use super::model::{Actor, Deployment, Observation, Outcome, Service, Text};
use super::world::{World, minutes, on_forge};

/// One attempt at one target.
#[derive(Clone)]
pub(super) struct Rollout<'a> {
    pub(super) service: &'a Service,
    pub(super) version: &'a str,
    pub(super) environment: &'static str,
    pub(super) region: Option<&'static str>,
    pub(super) digest: Text,
    pub(super) attempt: u32,
    pub(super) started: Timestamp,
    pub(super) takes: SignedDuration,
    pub(super) outcome: Outcome,
    pub(super) triggered_by: Text,
    pub(super) change: Option<Text>,
    pub(super) rollback_of: Option<Text>,
}

impl<'a> Rollout<'a> {
    /// A first attempt that takes six minutes and succeeds.
    pub(super) fn new(service: &'a Service, version: &'a str, digest: &Text, at: Timestamp) -> Self {
        Self {
            service,
            version,
            environment: "production",
            region: None,
            digest: digest.clone(),
            attempt: 1,
            started: at,
            takes: minutes(6),
            outcome: Outcome::Succeeded,
            triggered_by: "".into(),
            change: None,
            rollback_of: None,
        }
    }

    pub(super) fn to(mut self, environment: &'static str) -> Self {
        self.environment = environment;
        self
    }

    pub(super) fn region(mut self, region: Option<&'static str>) -> Self {
        self.region = region;
        self
    }

    pub(super) fn under(mut self, change: &Text) -> Self {
        self.change = Some(change.clone());
        self
    }
}

impl World {
    pub(super) fn deploy(&mut self, rollout: &Rollout<'_>) -> Result<(), EstateError> {
        let service = rollout.service;
        let target = (service.key.clone(), rollout.environment, rollout.region);
        let triggered_by = if rollout.triggered_by.is_empty() {
            self.member(&service.team, 4)?
        } else {
            rollout.triggered_by.clone()
        };
        let finished = (rollout.outcome != Outcome::Pending).then(|| rollout.started + rollout.takes);
        self.estate.deployments.push(Deployment {
            service: service.key.clone(),
            version: rollout.version.into(),
            environment: rollout.environment,
            region: rollout.region,
            attempt: rollout.attempt,
            digest: Some(rollout.digest.clone()).filter(|digest| !digest.is_empty()),
            triggered_by,
            actor: if on_forge(service) { Actor::Pipeline } else { Actor::Person },
            started: rollout.started,
            finished,
            outcome: rollout.outcome,
            replaced: self.running(&target),
            rollback_of: rollout.rollback_of.clone(),
            change: rollout.change.clone(),
        });
        if let (Outcome::Succeeded, Some(finished)) = (rollout.outcome, finished) {
            self.observe(rollout, finished);
        }
        Ok(())
    }

    /// The runtime shows it from `from` on, instead of what it showed before.
    pub(super) fn observe(&mut self, rollout: &Rollout<'_>, from: Timestamp) {
        let target = (rollout.service.key.clone(), rollout.environment, rollout.region);
        if let Some(before) = self.observed.get(&target).and_then(|place| self.estate.observations.get_mut(*place))
        {
            before.until = Some(from);
        }
        self.observed.insert(target, self.estate.observations.len());
        self.estate.observations.push(Observation {
            service: rollout.service.key.clone(),
            environment: rollout.environment,
            region: rollout.region,
            version: rollout.version.into(),
            digest: Some(rollout.digest.clone()).filter(|digest| !digest.is_empty()),
            from,
            until: None,
        });
    }

    /// Every region of production, ten minutes apart.
    pub(super) fn go_live(&mut self, first: &Rollout<'_>) -> Result<Timestamp, EstateError> {
        let regions = regions_of(first.service);
        let mut start = first.started;
        let mut end = start;
        for region in regions {
            let mut rollout = first.clone().region(region);
            rollout.started = start;
            self.deploy(&rollout)?;
            end = start + rollout.takes;
            start += minutes(10);
        }
        Ok(end)
    }
}

/// The environments before production, and hours after the build.
pub(super) const STAGES: [(&str, i64); 3] = [("development", 1), ("test", 4), ("staging", 9)];

/// The production targets of a service.
pub(super) fn regions_of(service: &Service) -> Vec<Option<&'static str>> {
    if service.regions.is_empty() {
        vec![None]
    } else {
        service.regions.iter().map(|region| Some(*region)).collect()
    }
}
