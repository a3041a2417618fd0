//! What happens in the small world of tests: changes, deployments, observations, approvals, incidents.
#![expect(clippy::too_many_arguments, reason = "a record of a test is one line")]

use std::collections::BTreeMap;

use domain::*;

use super::world::{World, account, change, connector, moment, source};

impl World {
    pub(crate) fn change(mut self, number: &str, title: &str, correlation: Option<&str>) -> Self {
        let mut change = change(number);
        change.short_description = Some(title.into());
        change.correlation_id = correlation.map(Into::into);
        self.records.changes.push(change);
        self
    }

    pub(crate) fn change_at(&self, number: &str, title: &str, created: &str) -> Self {
        self.clone()
            .change(number, title, None)
            .with_change(number, |change| change.created_at = Some(moment(created)))
    }

    pub(crate) fn change_saying(self, number: &str, title: &str, description: &str) -> Self {
        self.change(number, title, None).with_change(number, |change| change.description = Some(description.into()))
    }

    pub(crate) fn with_change(mut self, number: &str, shape: impl Fn(&mut Change)) -> Self {
        let change = self.records.changes.iter_mut().find(|change| &*change.number == number);
        shape(change.expect("a change"));
        self
    }

    pub(crate) fn change_named(self, number: &str, title: &str) -> Self {
        self.with_change(number, |change| change.short_description = Some(title.into()))
    }

    pub(crate) fn about(self, number: &str, item: &str) -> Self {
        let id = ConfigurationItemId::new(&connector("cmdb"), item);
        self.with_change(number, |change| {
            change.main_configuration_item = Some(id.clone());
            change.configuration_items.push(id.clone());
        })
    }

    /// A forge's deployment of a ref, started at a moment and done six minutes later.
    pub(crate) fn deployed(
        mut self,
        repository: &str,
        tag: &str,
        environment: &str,
        at: &str,
        outcome: &str,
    ) -> Self {
        let native = format!("{repository} {tag} {at}");
        let outcome = match outcome {
            "success" => DeploymentOutcome::Succeeded,
            "queued" => DeploymentOutcome::Pending,
            "failure" => DeploymentOutcome::Failed,
            _ => DeploymentOutcome::InProgress,
        };
        let finished = moment(at) + jiff::SignedDuration::from_mins(6);
        self.records.deployments.push(DeploymentRecord {
            id: DeploymentId::new(&connector("git"), native.as_str()),
            repository: Some(RepositoryId::new(&connector("git"), repository)),
            commit: None,
            reference: Some(tag.into()),
            service: None,
            environment: environment.into(),
            digest: None,
            method: DeploymentMethod::Pipeline,
            outcome,
            started_at: Some(moment(at)),
            finished_at: (!matches!(outcome, DeploymentOutcome::Pending | DeploymentOutcome::InProgress))
                .then_some(finished),
            rollout: Vec::new(),
            actor: None,
            triggered_by: None,
            run: None,
            change_number: None,
            rollback_of: None,
            source: source("git", &native),
        });
        self
    }

    /// A pipeline ran on a commit, and all went well.
    pub(crate) fn ran(mut self, repository: &str, commit: &str, name: &str) -> Self {
        let git = connector("git");
        let native = format!("{commit}!{name}");
        self.records.pipeline_runs.push(PipelineRun {
            id: PipelineRunId::new(&git, native.as_str()),
            repository: RepositoryId::new(&git, repository),
            name: name.into(),
            path: None,
            commit: commit.into(),
            event: None,
            attempt: 1,
            conclusion: RunConclusion::Success,
            actor: None,
            triggered_by: None,
            started_at: None,
            finished_at: None,
            jobs: Vec::new(),
            reviews: None,
            source: source("git", &native),
        });
        self
    }

    /// The last deployment was done by a machine, in a run that a human started.
    pub(crate) fn by_machine_for(self, machine: &str, human: &str) -> Self {
        let git = connector("git");
        let mut world = self.ran("bank/payments-api", "c1", "deploy");
        let mut bot = account("git", machine);
        bot.kind = AccountKind::Machine;
        world.records.accounts.extend([bot, account("git", human)]);
        let run = world.records.pipeline_runs.last_mut().expect("a run");
        run.actor = Some(AccountId::new(&git, machine));
        run.triggered_by = Some(AccountId::new(&git, human));
        let record = world.records.deployments.last_mut().expect("a deployment");
        record.actor = Some(AccountId::new(&git, machine));
        record.run = Some(run.id.clone());
        world
    }

    /// Somebody decided about the run of the last deployment.
    pub(crate) fn reviewed_by(mut self, who: &str, state: EnvironmentReviewState, environments: &[&str]) -> Self {
        let review = EnvironmentReview {
            environments: environments.iter().map(|name| Text::from(*name)).collect(),
            state,
            reviewer: Some(AccountId::new(&connector("git"), who)),
        };
        self.records.accounts.push(account("git", who));
        let run = self.records.pipeline_runs.last_mut().expect("a run");
        run.reviews.get_or_insert_default().push(review);
        self
    }

    pub(crate) fn worked(self, number: &str, start: &str, end: &str) -> Self {
        self.with_change(number, |change| {
            change.state = ChangeState::Review;
            change.work_started_at = Some(moment(start));
            change.work_ended_at = Some(moment(end));
        })
    }

    /// Seen running from `since` until `until`; until now when that is `None`.
    pub(crate) fn seen(
        mut self,
        service: &str,
        version: &str,
        target: &str,
        since: &str,
        until: Option<&str>,
    ) -> Self {
        let (environment, region) = target.split_once('/').unwrap_or((target, ""));
        let mut labels = BTreeMap::from([
            (Text::from("service"), Text::from(service)),
            ("version".into(), version.into()),
            ("environment".into(), environment.into()),
        ]);
        if !region.is_empty() {
            labels.insert("region".into(), region.into());
        }
        self.records.runtime_observations.push(RuntimeObservation {
            labels,
            since: Some(moment(since)),
            observed_at: until.map_or(self.now, moment),
            current: until.is_none(),
            source: source("prometheus", &format!("{service} {version} {target} {since}")),
        });
        self
    }

    /// The last observation has this digest.
    pub(crate) fn digest(mut self, digest: &str) -> Self {
        let observation = self.records.runtime_observations.last_mut().expect("an observation");
        observation.labels.insert("digest".into(), digest.into());
        self
    }

    /// A health query's result for a service in production.
    pub(crate) fn health(mut self, service: &str, value: Option<f64>, at: &str) -> Self {
        self.records.health_observations.push(HealthObservation {
            labels: BTreeMap::from([
                ("service".into(), service.into()),
                ("environment".into(), "production".into()),
            ]),
            query: "errors".into(),
            value,
            samples: Some(100),
            threshold: 0.01,
            observed_at: moment(at),
            source: source("prometheus", &format!("health {service} {at}")),
        });
        self
    }

    /// What one person answered about a change, and when.
    pub(crate) fn approval(mut self, number: &str, state: ApprovalState, decided: Option<&str>) -> Self {
        let native = format!("{number}-{}", self.records.approvals.len());
        self.records.approvals.push(Approval {
            id: ApprovalId::new(&connector("servicenow"), native.as_str()),
            change: ChangeId::new(&connector("servicenow"), number),
            state,
            state_label: "".into(),
            via: ApprovalVia::Cab,
            required: Some(true),
            approver: None,
            group: None,
            on_behalf_of: None,
            delegation: None,
            recorded_by: None,
            requested_at: None,
            decided_at: decided.map(moment),
            source: source("servicenow", &native),
        });
        self
    }

    pub(crate) fn audited(mut self, number: &str, field: &str, values: (&str, &str), at: &str) -> Self {
        self.records.field_changes.push(FieldChange {
            record: RecordId::new(&connector("servicenow"), number),
            field: field.into(),
            before: values.0.into(),
            after: values.1.into(),
            at: moment(at),
            by: None,
        });
        self
    }

    pub(crate) fn planned(self, number: &str, start: &str, end: &str) -> Self {
        self.with_change(number, |change| change.window = Window::new(moment(start), moment(end)))
    }

    pub(crate) fn state(self, number: &str, state: ChangeState) -> Self {
        self.with_change(number, |change| change.state = state)
    }

    pub(crate) fn incident(
        mut self,
        number: &str,
        item: Option<&str>,
        opened: &str,
        caused_by: Option<&str>,
    ) -> Self {
        let itsm = connector("servicenow");
        self.records.incidents.push(Incident {
            id: IncidentId::new(&itsm, number),
            number: number.into(),
            priority: Some(2),
            state: IncidentState::InProgress,
            state_label: "In Progress".into(),
            short_description: None,
            description: None,
            opened_at: Some(moment(opened)),
            resolved_at: None,
            closed_at: None,
            updated_at: None,
            configuration_item: item.map(|item| ConfigurationItemId::new(&connector("cmdb"), item)),
            business_service: None,
            service_offering: None,
            assignment_group: None,
            assigned_to: None,
            caused_by: caused_by.map(|number| ChangeId::new(&itsm, number)),
            fixed_by: None,
            problem: None,
            cause: None,
            close_code: None,
            close_notes: None,
            source: source("servicenow", number),
        });
        self
    }

    pub(crate) fn dark(mut self, system: &str, kind: RecordKind) -> Self {
        self.gaps.push(Gap {
            code: GapCode::SourceUnavailable,
            connector: Some(connector(system)),
            kind,
            message: "It does not answer.".into(),
            since: None,
            retryable: true,
        });
        self
    }
}
