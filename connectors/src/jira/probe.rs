//! Does the site answer, does it know us, what does it let us read, and does it mean by its names what we think?

use domain::{RecordKind, Text};

use super::convert::is_among;
use super::{Jira, custom_fields, jql};
use crate::contract::{Probe, ProbeAnswer};
use crate::error::ConnectorError;

const REACHED: &str = "Jira Cloud, REST v3";

pub(super) async fn probe(jira: &Jira) -> Probe {
    let us = jira.client.myself().await;
    let skew = us.as_ref().ok().and_then(|(_, answer)| answer.date_skew);
    let (reachable, authenticated) = match &us {
        Ok((myself, _)) => {
            let zone = myself.time_zone.as_deref().unwrap_or("an unknown time zone");
            (ProbeAnswer::Good(REACHED.into()), ProbeAnswer::Good(format!("in {zone}").into()))
        }
        Err(error) => ProbeAnswer::of_failure(error, REACHED),
    };
    let permitted = match &us {
        Ok(_) => permissions(jira).await,
        Err(_) => jira.kinds().map(|kind| (kind, ProbeAnswer::Skipped)).collect(),
    };
    let limits = jira.client.telemetry().rate_limit.filter(|seen| seen.tells_a_limit()).map(|seen| {
        let shown = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        Text::from(format!("{} of {} left", shown(seen.remaining), shown(seen.limit)))
    });
    Probe { reachable, authenticated, permitted, clock_skew: skew, limits }
}

async fn permissions(jira: &Jira) -> Vec<(RecordKind, ProbeAnswer)> {
    let project = match jira.client.first_project().await {
        Ok(project) => project,
        Err(error) => return jira.kinds().map(|kind| (kind, ProbeAnswer::Failed(error.clone()))).collect(),
    };
    let mut answers = vec![(RecordKind::Account, ProbeAnswer::Good("as far as issues name them".into()))];
    let Some(project) = project else {
        let blind = || ProbeAnswer::Warning("no project is shown to this account".into());
        answers.extend(jira.kinds().filter(|kind| *kind != RecordKind::Account).map(|kind| (kind, blind())));
        return answers;
    };
    let versions = jira.client.versions(project.id).await;
    answers.push((RecordKind::TrackedVersion, said(versions.map(|_| None))));
    let issue = jira.client.search_one(&jql::of_project(project.id)).await;
    let names = match &issue {
        Ok(_) => doubtful_names(jira).await,
        Err(error) => Err(error.clone()),
    };
    answers.push((RecordKind::WorkItem, said(names)));
    if jira.options.history {
        let history = match issue {
            Ok(Some(issue)) => jira.client.changelogs(&[issue]).await.map(|_| None),
            Ok(None) => Ok(Some(Text::from("there is no issue to try it with"))),
            Err(error) => Err(error),
        };
        answers.push((RecordKind::FieldHistory, said(history)));
    }
    answers.sort_by_key(|(kind, _)| *kind);
    answers
}

/// Configured names that the site does not know: nothing would ever be read under them.
async fn doubtful_names(jira: &Jira) -> Result<Option<Text>, ConnectorError> {
    let types = jira.client.link_types().await?;
    if !types.iter().any(|kind| is_among(kind, &jira.options.blocks)) {
        let known: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
        return Ok(Some(
            format!("no link type is one of those configured as `blocks`; there are: {}", known.join(", ")).into(),
        ));
    }
    let fields = custom_fields(jira).await?;
    let unknown = fields.iter().find(|(_, ids)| ids.is_empty());
    Ok(unknown.map(|(name, _)| format!("no field is called {name:?}").into()))
}

fn said(outcome: Result<Option<Text>, ConnectorError>) -> ProbeAnswer {
    match outcome {
        Ok(None) => ProbeAnswer::Good("readable".into()),
        Ok(Some(remark)) => ProbeAnswer::Warning(remark),
        Err(error) => ProbeAnswer::Failed(error),
    }
}
