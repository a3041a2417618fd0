//! ORDER BY. Without one, and between equals, the newest id comes first; empty values sort last when ascending.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use super::Context;
use super::clauses::{self, Direction};
use super::values::{self, Field, Kind};
use crate::jira::content::Issue;
use crate::jira::store::key_number;

pub(super) fn resolve(
    context: Context<'_>,
    order: &[(clauses::Field, Direction)],
) -> Result<Vec<(Field, Direction)>, String> {
    let one = |(field, direction): &(clauses::Field, Direction)| match values::named(context, field).first() {
        Some(Field::Text | Field::Comment) => Err(format!("Not able to sort using field '{}'.", shown(field))),
        Some(found) => Ok((*found, *direction)),
        None => Err(format!("Field '{}' does not exist or you do not have permission to view it.", shown(field))),
    };
    order.iter().map(one).collect()
}

/// The field as Jira's sentences name it.
pub(super) fn shown(field: &clauses::Field) -> String {
    match field {
        clauses::Field::Named(name) => name.clone(),
        clauses::Field::Custom(number) => format!("cf[{number}]"),
    }
}

/// What an issue is sorted by under one field.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Value {
    Number(f64),
    Whole(i128),
    Text(String),
    Key(String, u64),
    Empty,
}

pub(super) fn sorted(context: Context<'_>, mut found: Vec<Arc<Issue>>, order: &[(Field, Direction)]) -> Vec<u64> {
    found.sort_by_key(|issue| Reverse(issue.id));
    if !order.is_empty() {
        let keyed = found.into_iter().map(|issue| {
            let values: Vec<Value> = order.iter().map(|(field, _)| value(context, &issue, *field)).collect();
            (values, issue)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_by(|(one, _), (two, _)| {
            let pairs = one.iter().zip(two).zip(order);
            let mut differing = pairs.map(|((one, two), (_, direction))| {
                let ordering = one.partial_cmp(two).unwrap_or(Ordering::Equal);
                if *direction == Direction::Descending { ordering.reverse() } else { ordering }
            });
            differing.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
        });
        return keyed.into_iter().map(|(_, issue)| issue.id).collect();
    }
    found.iter().map(|issue| issue.id).collect()
}

fn value(context: Context<'_>, issue: &Issue, field: Field) -> Value {
    let store = context.store;
    let content = &store.content;
    match field {
        Field::Key => {
            let project = issue.key.rsplit_once('-').map_or("", |(project, _)| project);
            Value::Key(project.into(), key_number(&issue.key))
        }
        Field::Project => text(store.project(issue.project).map(|project| project.name.as_str())),
        Field::Status => text(store.status(issue.status).map(|status| status.name.as_str())),
        Field::Category => whole(store.status(issue.status).map(|status| status.category as i128)),
        Field::Type => {
            text(content.issue_types.iter().find(|kind| kind.id == issue.issue_type).map(|kind| kind.name.as_str()))
        }
        // The highest priority is the greatest, and the first in the list.
        Field::Priority => whole(
            content
                .priorities
                .iter()
                .rev()
                .position(|priority| Some(priority.id) == issue.priority)
                .and_then(|rank| i128::try_from(rank).ok()),
        ),
        Field::Resolution => text(
            content.resolutions.iter().find(|one| Some(one.id) == issue.resolution).map(|one| one.name.as_str()),
        ),
        Field::FixVersion | Field::AffectedVersion => {
            let first = field.ids(context, issue).into_iter().filter_map(|id| store.version_sequence(id)).min();
            whole(first.and_then(|sequence| i128::try_from(sequence).ok()))
        }
        Field::Component => {
            text(issue.components.first().and_then(|id| store.component(*id)).map(|one| one.name.as_str()))
        }
        Field::Assignee | Field::Reporter => {
            let who = field.names(issue).first().and_then(|id| store.user(id));
            text(who.map(|user| user.display_name.as_str()))
        }
        _ => match field.kind() {
            Kind::Moment => whole(field.moment(issue).map(|moment| moment.as_nanosecond())),
            Kind::Day => text(field.day(issue).map(|day| day.to_string()).as_deref()),
            Kind::Number => field.number(issue).map_or(Value::Empty, Value::Number),
            Kind::Text => text(field.texts(issue).first().copied()),
            Kind::Names => text(field.names(issue).first().copied()),
            Kind::Ids => whole(field.ids(context, issue).first().map(|id| i128::from(*id))),
        },
    }
}

fn text(text: Option<&str>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Empty, |text| Value::Text(text.to_lowercase()))
}

fn whole(number: Option<i128>) -> Value {
    number.map_or(Value::Empty, Value::Whole)
}
