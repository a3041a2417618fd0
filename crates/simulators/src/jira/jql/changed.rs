//! `was` and `changed`: a field's past from the changelog. A field with several values (fix versions) is read as the single
//! comings and goings that Jira logs.

use std::collections::HashSet;

use jiff::Timestamp;

use super::Context;
use super::values::{Field, Kind};
use crate::jira::content::Issue;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Past {
    field: Field,
    field_id: &'static str,
    /// For `was`: the values held; `None` for `changed`.
    pub(super) values: Option<HashSet<String>>,
    pub(super) from: Option<HashSet<String>>,
    pub(super) to: Option<HashSet<String>>,
    pub(super) by: Option<Vec<String>>,
    start: Timestamp,
    end: Timestamp,
}

/// One value and the time it was held; `set_by` is empty for the first.
struct Held {
    value: String,
    before: Option<String>,
    since: Timestamp,
    until: Timestamp,
    set_by: Option<String>,
}

impl Past {
    pub(super) fn new(field: Field, field_id: &'static str) -> Self {
        Self {
            field,
            field_id,
            values: None,
            from: None,
            to: None,
            by: None,
            start: Timestamp::MIN,
            end: Timestamp::MAX,
        }
    }

    /// `before X`, `after X`, `on X`, `during (X, Y)`.
    pub(super) fn narrow(&mut self, name: &str, moments: &[Timestamp]) {
        let (Some(first), last) = (moments.first().copied(), moments.last().copied()) else {
            return;
        };
        let day = jiff::SignedDuration::from_hours(24);
        match name {
            "before" => self.end = self.end.min(first),
            "after" => self.start = self.start.max(first),
            "on" => (self.start, self.end) = (first, first.saturating_add(day).unwrap_or(Timestamp::MAX)),
            _ => (self.start, self.end) = (first, last.unwrap_or(first)),
        }
    }

    pub(super) fn holds(&self, context: Context<'_>, issue: &Issue) -> bool {
        let held = self.held(context, issue);
        held.iter().any(|held| match &self.values {
            Some(values) => {
                values.contains(&held.value)
                    && held.since < self.end
                    && held.until > self.start
                    && self.was_by(held)
            }
            None => {
                held.before.is_some()
                    && held.since >= self.start
                    && held.since < self.end
                    && self.was_by(held)
                    && self.to.as_ref().is_none_or(|to| to.contains(&held.value))
                    && self
                        .from
                        .as_ref()
                        .is_none_or(|from| held.before.as_ref().is_some_and(|before| from.contains(before)))
            }
        })
    }

    fn was_by(&self, held: &Held) -> bool {
        self.by.as_ref().is_none_or(|by| held.set_by.as_ref().is_some_and(|who| by.contains(who)))
    }

    fn held(&self, context: Context<'_>, issue: &Issue) -> Vec<Held> {
        let mut held: Vec<Held> = Vec::new();
        for history in &issue.changelog {
            for item in history.items.iter().filter(|item| item.field_id == self.field_id) {
                let (from, to) = (item.from.clone().unwrap_or_default(), item.to.clone().unwrap_or_default());
                match held.last_mut() {
                    Some(last) => last.until = history.created,
                    None => held.push(Held {
                        value: from.clone(),
                        before: None,
                        since: issue.created,
                        until: history.created,
                        set_by: None,
                    }),
                }
                held.push(Held {
                    value: to,
                    before: Some(from),
                    since: history.created,
                    until: Timestamp::MAX,
                    set_by: history.author.clone(),
                });
            }
        }
        if held.is_empty() {
            for value in self.current(context, issue) {
                held.push(Held {
                    value,
                    before: None,
                    since: issue.created,
                    until: Timestamp::MAX,
                    set_by: issue.reporter.clone(),
                });
            }
        }
        held
    }

    fn current(&self, context: Context<'_>, issue: &Issue) -> Vec<String> {
        let values: Vec<String> = if self.field.kind() == Kind::Ids {
            self.field.ids(context, issue).iter().map(u64::to_string).collect()
        } else {
            self.field.names(issue).into_iter().map(str::to_owned).collect()
        };
        if values.is_empty() { vec![String::new()] } else { values }
    }
}
