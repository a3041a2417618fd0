//! Change requests: a draft with the bank's usual wording, and the acts that carry it through its states.
//! Each act leaves the line in the audit trail that the vendor would keep.

use jiff::Timestamp;

use super::EstateError;
use super::model::{
    Approval, ApprovalState, Change, ChangeClass, ChangeState, ChangeTask, Changed, CloseCode, Closing,
    FieldChange, GroupApproval, Interval, Plans, Risk, Service, TaskKind, TaskState, Text,
};
use super::people::{CAB, PIPELINE};
use super::world::{World, days, hours, minutes};

/// What a draft needs to know.
pub(super) struct Plan<'a> {
    pub(super) service: &'a Service,
    pub(super) version: &'a str,
    pub(super) class: ChangeClass,
    pub(super) planned: Interval,
    pub(super) created: Timestamp,
}

impl World {
    /// A change for one release, New, with nothing decided.
    pub(super) fn draft(&mut self, plan: &Plan<'_>) -> Result<Change, EstateError> {
        // 30001 is kept for the number that two instances share.
        let number = format!("CHG{:07}", 30_001 + self.next("story changes"));
        self.draft_numbered(plan, number.into())
    }

    /// The same under a number of another series.
    pub(super) fn draft_numbered(&self, plan: &Plan<'_>, number: Text) -> Result<Change, EstateError> {
        let service = plan.service;
        let key = format!("{}@{}", service.key, plan.version);
        Ok(Change {
            instance: "servicenow",
            number,
            class: plan.class,
            state: ChangeState::New,
            title: format!("{} {} to production", service.key, plan.version).into(),
            plans: usual_plans(service, plan.version),
            risk: match plan.class {
                ChangeClass::Standard => Risk::Low,
                _ => Risk::Moderate,
            },
            correlation: Some(key.as_str().into()),
            releases: vec![key.as_str().into()],
            // The lead approves, so somebody else asks.
            requested_by: self.member(&service.team, 2)?,
            opened_by: PIPELINE.into(),
            assigned_to: Some(self.member(&service.team, 4)?),
            group: Some(service.team.clone()),
            item: Some(service.key.clone()),
            items: Vec::new(),
            created: plan.created,
            planned: plan.planned,
            work_start: None,
            work_end: None,
            cab: None,
            approvals: Vec::new(),
            group_approvals: Vec::new(),
            tasks: vec![
                task("Impact and security assessment", TaskKind::Planning).done(plan.created + hours(3)),
                task("Rehearse the backout in staging", TaskKind::Testing).done(plan.created + hours(5)),
                task("Implement", TaskKind::Implementation).planned(plan.planned),
                task("Verify service health and close the release checklist", TaskKind::Review),
            ],
            closing: None,
            template: None,
            train: None,
            predecessor: None,
            history: Vec::new(),
        })
    }

    pub(super) fn raise(&mut self, change: Change) -> Text {
        for key in &change.releases {
            if let Some(release) = self.release_mut(key) {
                release.window.get_or_insert(change.planned);
            }
        }
        let number = change.number.clone();
        self.estate.changes.push(change);
        number
    }

    /// Asks the team's lead and the board. The board meets at `meeting`.
    pub(super) fn ask_board(
        &self,
        change: &mut Change,
        asked: Timestamp,
        meeting: Timestamp,
    ) -> Result<(), EstateError> {
        let team = change.group.clone().unwrap_or_else(|| CAB.into());
        let lead = self.member(&team, 0)?;
        change.advance(asked, &change.requested_by.clone(), ChangeState::Assess);
        change.approvals.push(approved(lead, Some(team), asked, asked + hours(2)));
        change.advance(asked + hours(2), &"system".into(), ChangeState::Authorize);
        for place in 0..3 {
            change.approvals.push(Approval {
                approver: self.member(CAB, place)?,
                group: Some(CAB.into()),
                state: ApprovalState::Requested,
                requested: asked + hours(2),
                decided: None,
                recorded_by: None,
                comments: "".into(),
            });
        }
        change.group_approvals.push(GroupApproval {
            group: CAB.into(),
            state: ApprovalState::Requested,
            requested: asked + hours(2),
            decided: None,
        });
        change.cab = Some(meeting);
        Ok(())
    }

    /// The board says yes at its meeting: one member answers, the others' answers are no longer needed.
    pub(super) fn board_approves(&self, change: &mut Change) -> Result<(), EstateError> {
        let at = change.cab.unwrap_or(change.created + days(1)) + minutes(25);
        let chair = self.member(CAB, 2)?;
        for approval in change.approvals.iter_mut().filter(|approval| approval.group.as_deref() == Some(CAB)) {
            approval.decided = Some(at);
            if approval.approver == chair {
                approval.state = ApprovalState::Approved;
                approval.comments = "Approved as presented.".into();
            } else {
                approval.state = ApprovalState::NotRequired;
            }
        }
        for approval in &mut change.group_approvals {
            approval.state = ApprovalState::Approved;
            approval.decided = Some(at);
        }
        change.advance(at, &chair, ChangeState::Scheduled);
        Ok(())
    }

    /// From New to Scheduled the usual way, in time for `decided_by`.
    pub(super) fn authorise(&self, change: &mut Change, decided_by: Timestamp) -> Result<(), EstateError> {
        let meeting = self.calendar.meeting_before(change.planned.start, decided_by - hours(1));
        // The papers go in two days before the meeting; a change raised late is dated back with them.
        let asked = change.created.max(meeting - days(2)).min(meeting - hours(4));
        change.created = change.created.min(asked - hours(6));
        self.ask_board(change, asked, meeting)?;
        self.board_approves(change)
    }
}

pub(super) fn usual_plans(service: &Service, version: &str) -> Plans {
    let name = &service.key;
    Plans {
        description: format!(
            "Release {name} {version}. Built and tested by the release pipeline; see the linked version for its scope."
        )
        .into(),
        justification: format!("Planned delivery of {}.", service.name).into(),
        implementation: "1. Announce. 2. Deploy by the pipeline. 3. Watch error rate and latency for 15 minutes.".into(),
        backout: format!(
            "Redeploy the version of {name} that ran before; rehearsed in staging; takes 10 minutes; no data migration."
        )
        .into(),
        test: "Unit, integration and acceptance suites on the same image; smoke test after deployment.".into(),
        impact_analysis: "Callers see at most one retry. No new data is processed; no new network path; threat model unchanged."
            .into(),
    }
}

pub(super) fn task(title: &str, kind: TaskKind) -> ChangeTask {
    ChangeTask {
        title: title.into(),
        kind,
        state: TaskState::Open,
        item: None,
        assigned_to: None,
        planned: None,
        work: None,
        notes: "".into(),
    }
}

pub(super) fn approved(approver: Text, group: Option<Text>, asked: Timestamp, decided: Timestamp) -> Approval {
    Approval {
        approver,
        group,
        state: ApprovalState::Approved,
        requested: asked,
        decided: Some(decided),
        recorded_by: None,
        comments: "".into(),
    }
}

impl ChangeTask {
    pub(super) fn done(mut self, at: Timestamp) -> Self {
        self.state = TaskState::Closed;
        self.work = Some(Interval { start: at - hours(1), end: at });
        self
    }

    pub(super) fn planned(mut self, span: Interval) -> Self {
        self.state = TaskState::Pending;
        self.planned = Some(span);
        self
    }

    pub(super) fn on(mut self, item: &str) -> Self {
        self.item = Some(item.into());
        self
    }
}

impl Change {
    pub(super) fn advance(&mut self, at: Timestamp, by: &Text, to: ChangeState) {
        self.history.push(FieldChange { at, by: by.clone(), change: Changed::State(self.state, to) });
        self.state = to;
    }

    /// Moves the window as it stands, and says so in the audit trail.
    pub(super) fn reschedule(&mut self, at: Timestamp, by: &Text, to: Interval) {
        for change in [Changed::Start(self.planned.start, to.start), Changed::End(self.planned.end, to.end)] {
            self.history.push(FieldChange { at, by: by.clone(), change });
        }
        self.planned = to;
    }

    pub(super) fn start_work(&mut self, at: Timestamp) {
        let by = self.implementer();
        self.advance(at, &by, ChangeState::Implement);
        self.work_start = Some(at);
        self.history.push(FieldChange { at, by, change: Changed::WorkStart(at) });
    }

    /// Work ended; the change waits for its review.
    pub(super) fn end_work(&mut self, at: Timestamp) {
        let by = self.implementer();
        self.work_end = Some(at);
        self.history.push(FieldChange { at, by: by.clone(), change: Changed::WorkEnd(at) });
        self.advance(at, &by, ChangeState::Review);
        let start = self.work_start.unwrap_or(at);
        for task in self.tasks.iter_mut().filter(|task| task.kind == TaskKind::Implementation) {
            task.state = TaskState::Closed;
            task.work = Some(Interval { start, end: at });
        }
    }

    pub(super) fn close(&mut self, at: Timestamp, code: CloseCode, notes: &str) {
        let by = self.implementer();
        self.advance(at, &by, ChangeState::Closed);
        for task in &mut self.tasks {
            if task.state != TaskState::Closed && task.state != TaskState::Failed {
                task.state = TaskState::Closed;
                task.work = Some(Interval { start: at - hours(1), end: at });
            }
        }
        self.closing = Some(Closing { code, notes: notes.into(), at, by });
    }

    fn implementer(&self) -> Text {
        self.assigned_to.clone().unwrap_or_else(|| self.requested_by.clone())
    }
}
