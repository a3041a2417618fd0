//! `query` and `query_range`.

use axum::extract::State;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Refusal, matrix, moment, number, point, success};
use super::parameters::Parameters;
use super::promql::{Evaluation, Expr, Kind, ParseError, Source, Value, Window, kind, parse};
use super::{Prometheus, QueryFailure};

const MOST_POINTS: i64 = 11_000;
const TRUNCATED: &str = "results truncated due to limit";

pub(super) async fn query(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    let limit = parameters.limit()?;
    let at = parameters.moment("time")?.unwrap_or_else(|| server.clock.now().as_millisecond());
    check_timeout(&parameters)?;
    let expression = expression(&parameters).map_err(|error| Refusal::parameter("query", error))?;
    let state = server.state();
    refuse(state.failure.as_ref())?;
    let source = Source::new(&state.content, server.clock.now());
    let evaluation = Evaluation::new(&source, Window { start: at, end: at, step: 1 });
    let mut warnings = state.content.warnings.clone();
    let mut shorten = |count: usize| {
        if count > limit {
            warnings.push(TRUNCATED.to_owned());
        }
    };
    let data = match evaluation.instant(&expression, at)? {
        Value::Scalar(value) => json!({ "resultType": "scalar", "result": point((at, value)) }),
        Value::Text(text) => json!({ "resultType": "string", "result": [moment(at), text] }),
        Value::Vector(elements) => {
            shorten(elements.len());
            let one = |element: &super::promql::Element| json!({ "metric": element.labels, "value": [moment(at), number(element.value)] });
            let result: Vec<Json> = elements.iter().take(limit).map(one).collect();
            json!({ "resultType": "vector", "result": result })
        }
        Value::Matrix(mut series) => {
            shorten(series.len());
            series.truncate(limit);
            matrix(&series)
        }
    };
    Ok(success(data, &warnings))
}

pub(super) async fn query_range(State(server): State<Prometheus>, parameters: Parameters) -> Answer {
    let limit = parameters.limit()?;
    let start = parameters.required_moment("start")?;
    let end = parameters.required_moment("end")?;
    if end < start {
        return Err(Refusal::parameter("end", "end timestamp must not be before start time"));
    }
    let missing = || Refusal::parameter("step", "cannot parse \"\" to a valid duration");
    let step = parameters.duration("step")?.ok_or_else(missing)?;
    if step <= 0 {
        let problem = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(Refusal::parameter("step", problem));
    }
    if (end - start) / step > MOST_POINTS {
        return Err(Refusal::BadData(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"
                .to_owned(),
        ));
    }
    check_timeout(&parameters)?;
    // Unlike `query`, this call does not say which parameter it is that cannot be parsed.
    let expression = expression(&parameters).map_err(|error| Refusal::BadData(error.to_string()))?;
    let seen = kind(&expression);
    if !matches!(seen, Kind::Scalar | Kind::Vector) {
        let problem =
            format!("invalid expression type \"{seen}\" for range query, must be Scalar or instant Vector");
        return Err(Refusal::BadData(problem));
    }
    let state = server.state();
    refuse(state.failure.as_ref())?;
    let source = Source::new(&state.content, server.clock.now());
    let mut series = Evaluation::new(&source, Window { start, end, step }).range(&expression)?;
    let mut warnings = state.content.warnings.clone();
    if series.len() > limit {
        series.truncate(limit);
        warnings.push(TRUNCATED.to_owned());
    }
    Ok(success(matrix(&series), &warnings))
}

fn expression(parameters: &Parameters) -> Result<Expr, ParseError> {
    parse(parameters.get("query").unwrap_or_default())
}

/// A query that may take no time at all runs out of it.
fn check_timeout(parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.duration("timeout")? {
        Some(timeout) if timeout <= 0 => Err(Refusal::Timeout),
        _ => Ok(()),
    }
}

fn refuse(failure: Option<&QueryFailure>) -> Result<(), Refusal> {
    match failure {
        None => Ok(()),
        Some(QueryFailure::Timeout) => Err(Refusal::Timeout),
        Some(QueryFailure::Execution(message)) => Err(Refusal::Execution(message.clone())),
    }
}
