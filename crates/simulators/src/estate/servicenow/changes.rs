//! Change requests with their tasks, approvals, affected items, and the audit trail of all of these.

use jiff::{SignedDuration, Timestamp};

use super::super::model::{
    Approval, ApprovalState, Change, ChangeClass, ChangeState, ChangeTask, Changed, CloseCode, Closing, Estate,
    Risk, TaskKind, TaskState,
};
use super::{Cells, Of, Out, time};

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    let instance = out.instance;
    for change in estate.changes.iter().filter(|change| change.instance == instance) {
        write_change(estate, change, out);
        for (place, task) in change.tasks.iter().enumerate() {
            write_task(change, place, task, out);
        }
        write_approvals(change, out);
        for item in change.item.iter().chain(&change.items) {
            let mut row =
                Cells::new(out.part(&["task_ci", &change.number, item]), change.created, &change.opened_by);
            row.put("task", out.id(Of::Change, &change.number));
            row.put("ci_item", out.id(Of::Item, item));
            out.write("task_ci", row);
        }
        write_audit(change, out);
    }
}

fn write_change(estate: &Estate, change: &Change, out: &mut Out<'_>) {
    let mut row = Cells::new(out.id(Of::Change, &change.number), change.created, &change.opened_by);
    row.put("number", &*change.number);
    row.put("sys_class_name", "change_request");
    row.put("short_description", &*change.title);
    row.put("description", &*change.plans.description);
    row.put("justification", &*change.plans.justification);
    row.put("implementation_plan", &*change.plans.implementation);
    row.put("backout_plan", &*change.plans.backout);
    row.put("test_plan", &*change.plans.test);
    row.put("risk_impact_analysis", &*change.plans.impact_analysis);
    row.put("type", class(change.class));
    row.put("category", "Applications Software");
    row.put("state", state(change.state));
    row.put("active", (!matches!(change.state, ChangeState::Closed | ChangeState::Canceled)).to_string());
    row.put("approval", approval(change));
    row.put("risk", risk(change.risk));
    row.put("priority", if change.class == ChangeClass::Emergency { "1" } else { "4" });
    row.put("requested_by", out.id(Of::User, &change.requested_by));
    row.put("opened_by", out.id(Of::User, &change.opened_by));
    row.put_time("opened_at", Some(change.created));
    row.put_some("assigned_to", change.assigned_to.as_ref().map(|person| out.id(Of::User, person)));
    row.put_some("assignment_group", change.group.as_ref().map(|group| out.id(Of::Group, group)));
    row.put_some("cmdb_ci", change.item.as_ref().map(|item| out.id(Of::Item, item)));
    // Only a service is a business service; infrastructure is not.
    let service = change.item.as_ref().filter(|_| !change.releases.is_empty());
    row.put_some("business_service", service.map(|item| out.id(Of::Item, item)));
    // Offerings stand for services in production, and only the main instance has a CMDB that holds them.
    let offered = service.filter(|item| estate.services.iter().any(|service| service.key == **item));
    let offered = offered.filter(|_| out.instance == super::MAIN);
    row.put_some("service_offering", offered.map(|item| out.id(Of::Offering, item)));
    row.put_time("start_date", Some(change.planned.start));
    row.put_time("end_date", Some(change.planned.end));
    row.put_time("work_start", change.work_start);
    row.put_time("work_end", change.work_end);
    row.put("cab_required", change.cab.is_some().to_string());
    row.put_time("cab_date_time", change.cab);
    row.put_some("cab_date", change.cab.map(|at| at.strftime("%Y-%m-%d").to_string()));
    row.put("production_system", "true");
    row.put_some("correlation_id", change.correlation.as_deref());
    row.put_some("correlation_display", change.correlation.as_ref().map(|_| "Release pipeline"));
    row.put_some(
        "std_change_producer_version",
        change.template.as_ref().map(|key| out.id(Of::TemplateVersion, key)),
    );
    let parent = change.predecessor.as_ref().map(|number| out.id(Of::Change, number));
    row.put_some("parent", parent.or_else(|| change.train.as_ref().map(|number| out.id(Of::Release, number))));
    if let Some(closing) = &change.closing {
        row.put("close_code", close_code(closing.code));
        row.put("close_notes", &*closing.notes);
        row.put_time("closed_at", Some(closing.at));
        row.put("closed_by", out.id(Of::User, &closing.by));
        write_review(change, closing, &mut row);
    }
    let (at, by) = last_touch(change);
    row.updated(at, &by, change.history.len() + change.approvals.len());
    out.write("change_request", row);
}

/// The bank reviews what went wrong, and what was done in a hurry.
fn write_review(change: &Change, closing: &Closing, row: &mut Cells) {
    let comments = match (closing.code, change.class) {
        (CloseCode::Unsuccessful, _) => "Not done as planned. The cause goes to problem management.",
        (CloseCode::WithIssues, _) => "Done, with trouble that the plan did not foresee.",
        (CloseCode::Successful, ChangeClass::Emergency) => "The emergency was real and the approvals are complete.",
        (CloseCode::Successful, _) => return,
    };
    row.put("review_date", closing.at.strftime("%Y-%m-%d").to_string());
    row.put("review_status", "3");
    row.put("review_comments", comments);
}

fn write_task(change: &Change, place: usize, task: &ChangeTask, out: &mut Out<'_>) {
    let digits = change.number.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let number = format!("CTASK{digits}{:02}", place + 1);
    let mut row = Cells::new(out.part(&["task", &number]), change.created, &change.opened_by);
    row.put("number", number);
    row.put("sys_class_name", "change_task");
    row.put("short_description", &*task.title);
    row.put("change_request", out.id(Of::Change, &change.number));
    row.put("parent", out.id(Of::Change, &change.number));
    row.put(
        "change_task_type",
        match task.kind {
            TaskKind::Planning => "planning",
            TaskKind::Implementation => "implementation",
            TaskKind::Testing => "testing",
            TaskKind::Review => "review",
        },
    );
    let (state, code) = match task.state {
        TaskState::Pending => ("-5", ""),
        TaskState::Open => ("1", ""),
        TaskState::Closed => ("3", "successful"),
        TaskState::Failed => ("3", "unsuccessful"),
    };
    row.put("state", state);
    row.put("close_code", code);
    row.put("active", code.is_empty().to_string());
    let item = task.item.as_ref().or(change.item.as_ref());
    row.put_some("cmdb_ci", item.map(|item| out.id(Of::Item, item)));
    let person = task.assigned_to.as_ref().or(change.assigned_to.as_ref());
    row.put_some("assigned_to", person.map(|person| out.id(Of::User, person)));
    row.put_some("assignment_group", change.group.as_ref().map(|group| out.id(Of::Group, group)));
    row.put_time("planned_start_date", task.planned.map(|span| span.start));
    row.put_time("planned_end_date", task.planned.map(|span| span.end));
    row.put_time("work_start", task.work.map(|span| span.start));
    row.put_time("work_end", task.work.map(|span| span.end));
    row.put("close_notes", &*task.notes);
    if let Some(work) = task.work {
        row.put_time("closed_at", Some(work.end));
        row.updated(work.end, person.map_or("system", |person| person), 2);
    }
    out.write("change_task", row);
}

fn write_approvals(change: &Change, out: &mut Out<'_>) {
    let sysapproval = out.id(Of::Change, &change.number);
    for group in &change.group_approvals {
        let id = out.part(&["group approval", &change.number, &group.group]);
        let mut row = Cells::new(id, group.requested, "system");
        row.put("sys_class_name", "sysapproval_group");
        row.put("number", format!("GAPRV{}", change.number.trim_start_matches("CHG")));
        row.put("parent", sysapproval.clone());
        row.put("assignment_group", out.id(Of::Group, &group.group));
        row.put("approval", approval_state(group.state));
        row.put("wait_for", "any");
        if let Some(at) = group.decided {
            row.updated(at, "system", 1);
        }
        out.write("sysapproval_group", row);
    }
    for approval in &change.approvals {
        let mut row = Cells::new(approval_id(change, approval, out), approval.requested, "system");
        row.put("approver", out.id(Of::User, &approval.approver));
        row.put("state", approval_state(approval.state));
        row.put("sysapproval", sysapproval.clone());
        row.put("document_id", sysapproval.clone());
        row.put("source_table", "change_request");
        row.put("comments", &*approval.comments);
        let by_group = change.group_approvals.iter().find(|group| Some(&group.group) == approval.group.as_ref());
        row.put_some("group", by_group.map(|group| out.part(&["group approval", &change.number, &group.group])));
        if let Some(at) = approval.decided {
            row.updated(at, recorder(approval), 1);
        }
        out.write("sysapproval_approver", row);
    }
}

fn approval_id(change: &Change, approval: &Approval, out: &Out<'_>) -> String {
    out.part(&["approval", &change.number, &approval.approver, &time(approval.requested)])
}

/// Whoever wrote the decision down: usually the approver, sometimes an administrator.
fn recorder(approval: &Approval) -> &str {
    match (&approval.recorded_by, approval.state) {
        (Some(by), _) => by,
        (None, ApprovalState::NotRequired) => "system",
        (None, _) => &approval.approver,
    }
}

fn write_audit(change: &Change, out: &mut Out<'_>) {
    let document = out.id(Of::Change, &change.number);
    for (place, line) in change.history.iter().enumerate() {
        let (field, old, new) = match &line.change {
            Changed::State(old, new) => ("state", state(*old).to_owned(), state(*new).to_owned()),
            Changed::Start(old, new) => ("start_date", time(*old), time(*new)),
            Changed::End(old, new) => ("end_date", time(*old), time(*new)),
            Changed::WorkStart(new) => ("work_start", String::new(), time(*new)),
            Changed::WorkEnd(new) => ("work_end", String::new(), time(*new)),
        };
        let mut row = Cells::new(out.part(&["audit", &change.number, &place.to_string()]), line.at, &line.by);
        row.put("tablename", "change_request");
        row.put("documentkey", document.clone());
        row.put("fieldname", field);
        row.put("oldvalue", old);
        row.put("newvalue", new);
        row.put("user", &*line.by);
        row.put("record_checkpoint", (place + 1).to_string());
        out.write("sys_audit", row);
    }
    for approval in change.approvals.iter().filter(|approval| approval.decided.is_some()) {
        let at = approval.decided.unwrap_or(approval.requested);
        let id = approval_id(change, approval, out);
        let mut row = Cells::new(out.part(&["audit", &id]), at, recorder(approval));
        row.put("tablename", "sysapproval_approver");
        row.put("documentkey", id);
        row.put("fieldname", "state");
        row.put("oldvalue", "requested");
        row.put("newvalue", approval_state(approval.state));
        row.put("user", recorder(approval));
        row.put("record_checkpoint", "1");
        out.write("sys_audit", row);
    }
}

/// The latest act that moved the record itself.
fn last_touch(change: &Change) -> (Timestamp, String) {
    let acts = change.history.iter().map(|line| (line.at, &*line.by));
    let closing = change.closing.iter().map(|closing| (closing.at, &*closing.by));
    let decided = change
        .approvals
        .iter()
        .filter_map(|approval| Some((approval.decided? + SignedDuration::from_secs(2), "system")));
    acts.chain(closing)
        .chain(decided)
        .max_by_key(|(at, _)| *at)
        .map_or((change.created, change.opened_by.to_string()), |(at, by)| (at, by.to_owned()))
}

/// Any no is a no, all yes is a yes, nothing asked is nothing asked.
fn approval(change: &Change) -> &'static str {
    let states: Vec<ApprovalState> = change
        .approvals
        .iter()
        .map(|approval| approval.state)
        .filter(|state| *state != ApprovalState::NotRequired)
        .collect();
    if states.contains(&ApprovalState::Rejected) {
        "rejected"
    } else if states.contains(&ApprovalState::Requested) {
        "requested"
    } else if states.is_empty() && change.class == ChangeClass::Standard {
        "approved"
    } else if states.is_empty() {
        "not requested"
    } else {
        "approved"
    }
}

fn approval_state(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Requested => "requested",
        ApprovalState::Approved => "approved",
        ApprovalState::Rejected => "rejected",
        ApprovalState::NotRequired => "not_required",
    }
}

fn class(class: ChangeClass) -> &'static str {
    match class {
        ChangeClass::Standard => "standard",
        ChangeClass::Normal => "normal",
        ChangeClass::Emergency => "emergency",
    }
}

fn state(state: ChangeState) -> &'static str {
    match state {
        ChangeState::New => "-5",
        ChangeState::Assess => "-4",
        ChangeState::Authorize => "-3",
        ChangeState::Scheduled => "-2",
        ChangeState::Implement => "-1",
        ChangeState::Review => "0",
        ChangeState::Closed => "3",
        ChangeState::Canceled => "4",
    }
}

fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::High => "2",
        Risk::Moderate => "3",
        Risk::Low => "4",
    }
}

fn close_code(code: CloseCode) -> &'static str {
    match code {
        CloseCode::Successful => "successful",
        CloseCode::WithIssues => "successful_issues",
        CloseCode::Unsuccessful => "unsuccessful",
    }
}
