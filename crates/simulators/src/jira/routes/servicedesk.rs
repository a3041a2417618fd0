//! Approvals of Jira Service Management requests. Paging and errors have shapes of their own here, and the answer's verb
//! (`approve`) is not the state's word (`approved`).

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Body, Call, answer};
use crate::jira::content::{Approval, ApprovalDecision, Issue, ProjectKind};
use crate::jira::store::Store;
use crate::jira::wire::{View, times};

type Answer = Result<Response, Refused>;

pub(super) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let body = json!({ "errorMessage": self.1, "i18nErrorMessage": { "i18nKey": "sd.request.error", "parameters": [] } });
        (self.0, Json(body)).into_response()
    }
}

pub(super) async fn approvals(call: Call, Path(issue): Path<String>) -> Answer {
    let page = |name, default| {
        call.number(name, default)
            .map_err(|_| Refused(StatusCode::BAD_REQUEST, format!("'{name}' is not a number.")))
    };
    let (start, limit) = (page("start", 0)?, page("limit", 50)?.clamp(1, 100));
    let store = call.jira.read();
    let issue = request(&call, &store, &issue)?;
    let view = call.view(&store);
    let values: Vec<Value> =
        issue.approvals.iter().skip(start).take(limit).map(|approval| shown(&view, approval)).collect();
    let last = start.saturating_add(values.len()) >= issue.approvals.len();
    let read = values.len();
    Ok(answer(json!({ "size": read, "start": start, "limit": limit, "isLastPage": last, "values": values }), read))
}

pub(super) async fn approval(call: Call, Path((issue, id)): Path<(String, u64)>) -> Answer {
    let store = call.jira.read();
    let issue = request(&call, &store, &issue)?;
    Ok(answer(shown(&call.view(&store), one(issue, id)?), 1))
}

#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    decision: String,
}

/// Only a named approver may answer; the last answer, or one decline, settles it.
pub(super) async fn decide(
    call: Call,
    Path((issue, id)): Path<(String, u64)>,
    Body(sent): Body<Decision>,
) -> Answer {
    let decision = match sent.decision.as_str() {
        "approve" => ApprovalDecision::Approved,
        "decline" => ApprovalDecision::Declined,
        other => {
            return Err(Refused(
                StatusCode::BAD_REQUEST,
                format!("'{other}' is not a decision: use approve or decline."),
            ));
        }
    };
    let now = call.jira.now();
    let mut changed = {
        let store = call.jira.read();
        let issue = request(&call, &store, &issue)?;
        if !may_answer(&call.view(&store), one(issue, id)?) {
            return Err(Refused(StatusCode::FORBIDDEN, "You are not permitted to answer this approval.".into()));
        }
        issue.clone()
    };
    for approval in changed.approvals.iter_mut().filter(|approval| approval.id == id) {
        for (who, answer) in &mut approval.approvers {
            if Some(who.as_str()) == call.caller.account_id.as_deref() {
                *answer = decision;
            }
        }
        let all = approval.approvers.iter().all(|(_, answer)| *answer == ApprovalDecision::Approved);
        if all || decision == ApprovalDecision::Declined {
            approval.decision = decision;
            approval.completed = Some(now);
        }
    }
    changed.updated = now;
    call.jira.write().write(changed, now);
    let store = call.jira.read();
    let issue = request(&call, &store, &issue)?;
    Ok(answer(shown(&call.view(&store), one(issue, id)?), 1))
}

/// Only issues of a service desk are requests.
fn request<'a>(call: &Call, store: &'a Store, issue: &str) -> Result<&'a Issue, Refused> {
    let missing = || {
        Refused(
            StatusCode::NOT_FOUND,
            "The request does not exist or you do not have permission to view it.".into(),
        )
    };
    let found = call.issue(store, issue).map_err(|_| missing())?;
    let desk = store.project(found.project).is_some_and(|project| project.kind == ProjectKind::ServiceDesk);
    if desk { Ok(found) } else { Err(missing()) }
}

fn one(issue: &Issue, id: u64) -> Result<&Approval, Refused> {
    let found = issue.approvals.iter().find(|approval| approval.id == id);
    found.ok_or_else(|| Refused(StatusCode::NOT_FOUND, "The approval does not exist.".into()))
}

fn may_answer(view: &View<'_>, approval: &Approval) -> bool {
    let caller = view.caller.account_id.as_deref();
    let waiting = |(who, answer): &(String, ApprovalDecision)| {
        Some(who.as_str()) == caller && *answer == ApprovalDecision::Pending
    };
    approval.decision == ApprovalDecision::Pending && approval.approvers.iter().any(waiting)
}

fn shown(view: &View<'_>, approval: &Approval) -> Value {
    let approvers = approval
        .approvers
        .iter()
        .map(|(who, decision)| json!({ "approver": view.person(Some(who)), "approverDecision": word(*decision) }));
    let mut body = json!({
        "id": approval.id.to_string(),
        "name": approval.name,
        "finalDecision": word(approval.decision),
        "canAnswerApproval": may_answer(view, approval),
        "approvers": approvers.collect::<Vec<Value>>(),
        "createdDate": date(approval.created),
    });
    if let (Some(completed), Some(parts)) = (approval.completed, body.as_object_mut()) {
        parts.insert("completedDate".into(), date(completed));
    }
    body
}

fn word(decision: ApprovalDecision) -> &'static str {
    match decision {
        ApprovalDecision::Pending => "pending",
        ApprovalDecision::Approved => "approved",
        ApprovalDecision::Declined => "declined",
    }
}

fn date(moment: Timestamp) -> Value {
    json!({
        "iso8601": moment.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
        "jira": times::instant(moment),
        "friendly": moment.strftime("%d/%b/%y %-I:%M %p").to_string(),
        "epochMillis": moment.as_millisecond(),
    })
}
