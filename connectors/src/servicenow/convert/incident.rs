//! Incidents, problems and known errors. Old instances number their states otherwise; their labels tell.

use std::collections::BTreeMap;

use domain::{Incident, IncidentId, IncidentState, KnownError, KnownErrorId, Problem, ProblemId, ProblemState};

use super::Origin;
use crate::servicenow::wire::{ARTICLE, INCIDENT, PROBLEM};
use crate::table_api::Row;

/// An incident.
pub(in crate::servicenow) fn incident(origin: &Origin, row: &Row) -> Option<Incident> {
    let id = row.id()?;
    Some(Incident {
        id: IncidentId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        priority: row.number("priority").filter(|priority| (1..=5).contains(priority)),
        state: incident_state(row),
        state_label: row.label_text("state"),
        short_description: row.text("short_description"),
        description: row.text("description"),
        opened_at: row.moment("opened_at"),
        resolved_at: row.moment("resolved_at"),
        closed_at: row.moment("closed_at"),
        updated_at: row.moment("sys_updated_on"),
        configuration_item: origin.item(row, "cmdb_ci"),
        business_service: origin.item(row, "business_service"),
        service_offering: origin.item(row, "service_offering"),
        assignment_group: origin.group(row, "assignment_group"),
        assigned_to: origin.account(row, "assigned_to"),
        caused_by: origin.change(row, "caused_by"),
        fixed_by: origin.change(row, "rfc"),
        problem: origin.own_record(row, "problem_id").map(ProblemId),
        cause: row.text("cause"),
        close_code: row.label("close_code").map(Into::into),
        close_notes: row.text("close_notes"),
        source: origin.source(&INCIDENT, row),
    })
}

fn incident_state(row: &Row) -> IncidentState {
    let waits = row.label("state").is_some_and(|label| label.to_ascii_lowercase().starts_with("awaiting"));
    match row.value("state").unwrap_or_default() {
        _ if waits => IncidentState::OnHold,
        "1" => IncidentState::New,
        "2" => IncidentState::InProgress,
        "3" => IncidentState::OnHold,
        "6" => IncidentState::Resolved,
        "7" => IncidentState::Closed,
        "8" => IncidentState::Canceled,
        _ => IncidentState::Other,
    }
}

/// A problem.
pub(in crate::servicenow) fn problem(origin: &Origin, row: &Row) -> Option<Problem> {
    let id = row.id()?;
    let (state, is_known) = problem_state(row);
    Some(Problem {
        id: ProblemId(origin.record(id)),
        number: row.text("number").unwrap_or_else(|| id.into()),
        priority: row.number("priority").filter(|priority| (1..=5).contains(priority)),
        state,
        state_label: row.label_text("state"),
        short_description: row.text("short_description"),
        workaround: row.text("workaround"),
        cause: row.text("cause_notes"),
        fix: row.text("fix_notes"),
        known_error: is_known || row.flag("known_error") == Some(true),
        opened_at: row.moment("opened_at"),
        resolved_at: row.moment("resolved_at").or(row.moment("closed_at")),
        configuration_item: origin.item(row, "cmdb_ci"),
        fixed_by: origin.change(row, "rfc"),
        source: origin.source(&PROBLEM, row),
    })
}

/// The state, and whether it says by itself that the error is known.
fn problem_state(row: &Row) -> (ProblemState, bool) {
    let state = match row.value("state").unwrap_or_default() {
        "101" => ProblemState::New,
        "102" => ProblemState::Assess,
        "103" => ProblemState::RootCauseAnalysis,
        "104" => ProblemState::FixInProgress,
        "106" => ProblemState::Resolved,
        "107" => ProblemState::Closed,
        // The model before: Open, Known Error, Pending Change, Closed.
        "1" => ProblemState::New,
        "2" => return (ProblemState::RootCauseAnalysis, true),
        "3" => ProblemState::FixInProgress,
        "4" => ProblemState::Closed,
        _ => ProblemState::Other,
    };
    (state, false)
}

/// The known errors that problems are: by their published articles, else by what the problem itself says. A problem
/// is one known error however many articles are written of it, so that its id stays when an article comes or goes.
pub(in crate::servicenow) fn known_errors(
    origin: &Origin,
    problems: &[Problem],
    articles: &[Row],
) -> Vec<KnownError> {
    let mut published: BTreeMap<&str, &Row> = BTreeMap::new();
    for article in articles.iter().filter(|article| is_published(article)) {
        let Some(problem) = article.value("source") else { continue };
        let newest = published.entry(problem).or_insert(article);
        if dated(newest) < dated(article) {
            *newest = article;
        }
    }
    let of_problem = |problem: &Problem| match published.get(&*problem.id.0.native) {
        Some(article) => Some(written(origin, problem, article)),
        None => problem.known_error.then(|| known_error(problem)),
    };
    problems.iter().filter_map(of_problem).collect()
}

/// Drafts are not for use, and retired articles no longer; where the state is hidden, it is not known to be published.
fn is_published(article: &Row) -> bool {
    article.value("workflow_state") == Some("published")
}

fn dated(article: &Row) -> (Option<jiff::Timestamp>, Option<&str>) {
    (article.moment("sys_updated_on"), article.id())
}

fn written(origin: &Origin, problem: &Problem, article: &Row) -> KnownError {
    let own = known_error(problem);
    KnownError {
        number: article.text("number").unwrap_or(own.number),
        summary: article.text("short_description").or(own.summary),
        workaround: own.workaround.or(article.text("kb_workaround")),
        source: origin.source(&ARTICLE, article),
        ..own
    }
}

fn known_error(problem: &Problem) -> KnownError {
    KnownError {
        id: KnownErrorId(problem.id.0.clone()),
        number: problem.number.clone(),
        summary: problem.short_description.clone(),
        workaround: problem.workaround.clone(),
        problem: problem.id.clone(),
        source: problem.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use domain::ConnectorId;

    use super::*;
    use crate::table_api::testing::recorded;

    fn origin() -> Origin {
        Origin {
            connector: ConnectorId::new("servicenow"),
            cmdb: ConnectorId::new("cmdb"),
            address: "https://acme.example".to_owned(),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_article_names_the_known_error_and_the_problem_keeps_its_own_workaround() {
        let problems = recorded(include_str!("../fixtures/problem.json"));
        let problems: Vec<_> = problems.iter().filter_map(|row| problem(&origin(), row)).collect();
        assert_eq!(problems[0].fix.as_deref(), Some("Ask for 40 names at a time."));
        let articles = recorded(include_str!("../fixtures/known_error_article.json"));
        let told: Vec<_> = known_errors(&origin(), &problems, &articles)
            .into_iter()
            .map(|error| {
                let workaround = error.workaround.unwrap_or_default();
                format!("{} {} {workaround}", error.id.0.native, error.number)
            })
            .collect();
        // The first has an article, of the second the newest one is still a draft, the third is not known at all.
        assert_eq!(told, ["problem-1 KB0010002 Restart the workers.", "problem-2 PRB0040002 Wait."]);
        let from_article = known_errors(&origin(), &problems, &articles).remove(0);
        let page = from_article.source.url.unwrap_or_default();
        assert!(page.contains("kb_template_known_error_article"), "{page}");
        // Without articles the problems speak for themselves.
        let numbers: Vec<_> =
            known_errors(&origin(), &problems, &[]).into_iter().map(|error| error.number.to_string()).collect();
        assert_eq!(numbers, ["PRB0040001", "PRB0040002"]);
    }

    #[test]
    fn an_incident_says_how_it_was_solved() {
        let rows = recorded(include_str!("../fixtures/incident.json"));
        let incident = incident(&origin(), &rows[0]).expect("an incident");
        assert_eq!(incident.cause.as_deref(), Some("The pool was too small."));
        assert_eq!(incident.close_code.as_deref(), Some("Solved (Permanently)"));
        assert_eq!(incident.close_notes.as_deref(), Some("Twice as many connections."));
        let offering = incident.service_offering.map(|id| id.to_string());
        assert_eq!(offering.as_deref(), Some("cmdb:offering-1"));
    }
}
