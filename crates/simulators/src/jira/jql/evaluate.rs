//! Tests over issues. Candidates come from the indexes of project, key, fix version and parent where the query allows;
//! every candidate is then tested in full, as search knows it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Context;
use super::changed::Past;
use super::clauses::Operator;
use super::values::Field;
use super::words::Words;
use crate::jira::content::Issue;
use crate::jira::store::key_number;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Is,
    Not,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    /// `empty`: EMPTY stood in the list.
    Ids {
        field: Field,
        among: HashSet<u64>,
        empty: bool,
        sign: Sign,
    },
    /// In lower case.
    Names {
        field: Field,
        among: HashSet<String>,
        empty: bool,
        sign: Sign,
    },
    Moment {
        field: Field,
        operator: Operator,
        at: Timestamp,
    },
    Day {
        field: Field,
        operator: Operator,
        at: Date,
    },
    /// `key`: project and number, for comparisons of keys.
    Number {
        field: Field,
        operator: Operator,
        at: f64,
        key: Option<(u64, u64)>,
    },
    Words {
        field: Field,
        words: Words,
        sign: Sign,
    },
    Empty {
        field: Field,
        sign: Sign,
    },
    Past {
        past: Past,
        sign: Sign,
    },
}

/// Issues the caller may see that pass the test, by ascending id.
pub(super) fn matching(context: Context<'_>, test: &Test) -> Vec<Arc<Issue>> {
    let store = context.store;
    let current = |id: u64| {
        if context.reconcile.contains(&id) { store.issue(id) } else { store.searchable(id, context.now) }
    };
    let passes = |id: u64| {
        let issue = current(id)?;
        (context.caller.sees(issue.project) && test.holds(context, issue)).then(|| Arc::clone(issue))
    };
    match test.candidates(context) {
        Some(mut ids) => {
            // The indexes are of now; what search has not seen yet may still match as it was.
            ids.extend(store.behind());
            ids.into_iter().filter_map(passes).collect()
        }
        None => {
            let deleted = store.behind().filter(|id| store.issue(*id).is_none());
            let ids: BTreeSet<u64> = deleted.collect();
            let mut found: Vec<Arc<Issue>> = store.ids().chain(ids).filter_map(passes).collect();
            found.sort_by_key(|issue| issue.id);
            found
        }
    }
}

impl Test {
    fn candidates(&self, context: Context<'_>) -> Option<BTreeSet<u64>> {
        let store = context.store;
        match self {
            Self::All(parts) => parts.iter().filter_map(|part| part.candidates(context)).min_by_key(BTreeSet::len),
            Self::Any(parts) => {
                let mut all = BTreeSet::new();
                for part in parts {
                    all.extend(part.candidates(context)?);
                }
                Some(all)
            }
            Self::Ids { field, among, empty: false, sign: Sign::Is } => match field {
                Field::Key => Some(among.iter().copied().collect()),
                Field::FixVersion => {
                    Some(among.iter().filter_map(|id| store.fixed_in(*id)).flatten().copied().collect())
                }
                Field::Parent => {
                    Some(among.iter().filter_map(|id| store.children(*id)).flatten().copied().collect())
                }
                Field::Project => {
                    let sizes = among.iter().filter_map(|id| store.in_project(*id)).map(BTreeSet::len);
                    // Copying an index that covers most of the site costs more than walking the site.
                    if sizes.sum::<usize>().saturating_mul(2) > store.issue_count() {
                        return None;
                    }
                    Some(among.iter().filter_map(|id| store.in_project(*id)).flatten().copied().collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn holds(&self, context: Context<'_>, issue: &Issue) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(context, issue)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(context, issue)),
            Self::Ids { field, among, empty, sign } => {
                let values = field.ids(context, issue);
                member(values.len(), (*empty, *sign), || values.iter().any(|id| among.contains(id)))
            }
            Self::Names { field, among, empty, sign } => {
                let values = field.names(issue);
                member(values.len(), (*empty, *sign), || {
                    values.iter().any(|name| among.contains(&name.to_lowercase()))
                })
            }
            Self::Moment { field, operator, at } => {
                field.moment(issue).is_some_and(|moment| on_minute(moment, *operator, *at))
            }
            Self::Day { field, operator, at } => field.day(issue).is_some_and(|day| compared(&day, *operator, at)),
            Self::Number { operator, key: Some((project, number)), .. } => {
                issue.project == *project && compared(&key_number(&issue.key), *operator, number)
            }
            Self::Number { field, operator, at, key: None } => {
                field.number(issue).is_some_and(|number| compared(&number, *operator, at))
            }
            Self::Words { field, words, sign } => {
                let texts = field.texts(issue);
                let held = texts.iter().filter(|text| !text.is_empty()).count();
                member(held, (false, *sign), || words.found_in(&texts))
            }
            Self::Empty { field, sign } => field.is_empty(context, issue) == (*sign == Sign::Is),
            Self::Past { past, sign } => past.holds(context, issue) == (*sign == Sign::Is),
        }
    }
}

/// `held`: how many values the field has. A negation does not match an empty field.
fn member(held: usize, (empty, sign): (bool, Sign), found: impl FnOnce() -> bool) -> bool {
    match (held, sign) {
        (0, Sign::Is) => empty,
        (0, Sign::Not) => false,
        (_, Sign::Is) => found(),
        (_, Sign::Not) => !found(),
    }
}

/// A query cannot say seconds: `=` means within that minute.
fn on_minute(moment: Timestamp, operator: Operator, at: Timestamp) -> bool {
    let within = moment >= at && moment < at.saturating_add(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX);
    match operator {
        Operator::Equal => within,
        Operator::NotEqual => !within,
        other => compared(&moment, other, &at),
    }
}

fn compared<T: PartialOrd>(value: &T, operator: Operator, at: &T) -> bool {
    match operator {
        Operator::Equal => value == at,
        Operator::NotEqual => value != at,
        Operator::Greater => value > at,
        Operator::AtLeast => value >= at,
        Operator::Less => value < at,
        Operator::AtMost => value <= at,
        _ => false,
    }
}
