//! The value of an expression at an instant, and over a range step by step.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::source::{Point, Source};
use super::syntax::{At, Expr, Selector, Shift};
use super::{aggregate, binary, functions};
use crate::prometheus::content::{Labels, Series};

/// As a server refuses a query that would fill its memory.
const MOST_SAMPLES: usize = 50_000_000;
const DEFAULT_SUBQUERY_STEP: i64 = 60_000;

#[derive(Debug, Clone)]
pub(in crate::prometheus) enum Value {
    Scalar(f64),
    Text(String),
    Vector(Vec<Element>),
    Matrix(Vec<RangeSeries>),
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) struct Element {
    pub(in crate::prometheus) labels: Labels,
    pub(in crate::prometheus) value: f64,
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) struct RangeSeries {
    pub(in crate::prometheus) labels: Labels,
    pub(in crate::prometheus) points: Vec<Point>,
}

/// The moments of a query in Unix milliseconds; an instant query starts and ends at once.
#[derive(Debug, Clone, Copy)]
pub(in crate::prometheus) struct Window {
    pub(in crate::prometheus) start: i64,
    pub(in crate::prometheus) end: i64,
    pub(in crate::prometheus) step: i64,
}

/// Why a well-formed query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(in crate::prometheus) struct Failure(pub(super) String);

/// What a range function sees: the samples and the bounds between which they were looked for.
pub(super) struct Ranges {
    pub(super) series: Vec<RangeSeries>,
    pub(super) from: i64,
    pub(super) to: i64,
}

pub(in crate::prometheus) struct Evaluation<'a> {
    source: &'a Source<'a>,
    window: Window,
    selected: RefCell<HashMap<usize, Rc<Vec<&'a Series>>>>,
    samples: Cell<usize>,
}

impl<'a> Evaluation<'a> {
    pub(in crate::prometheus) fn new(source: &'a Source<'a>, window: Window) -> Self {
        Self { source, window, selected: RefCell::default(), samples: Cell::new(0) }
    }

    pub(in crate::prometheus) fn range(&self, expression: &Expr) -> Result<Vec<RangeSeries>, Failure> {
        self.steps(expression, self.window)
    }

    fn steps(&self, expression: &Expr, window: Window) -> Result<Vec<RangeSeries>, Failure> {
        let mut found: BTreeMap<Labels, Vec<Point>> = BTreeMap::new();
        let mut moment = window.start;
        // What is asked of months rarely changes from one step to the next.
        let mut last: Option<(Vec<Option<u64>>, Value)> = None;
        while moment <= window.end {
            let mut seen = Vec::new();
            let rests_on_seen = self.see(expression, moment, &mut seen);
            let value = match last.take().filter(|(before, _)| rests_on_seen && *before == seen) {
                Some((_, value)) => {
                    self.count(seen.iter().flatten().count())?;
                    value
                }
                None => self.instant(expression, moment)?,
            };
            match &value {
                Value::Scalar(value) => found.entry(Labels::new()).or_default().push((moment, *value)),
                Value::Vector(elements) => {
                    for element in elements {
                        found.entry(element.labels.clone()).or_default().push((moment, element.value));
                    }
                }
                Value::Text(_) | Value::Matrix(_) => {}
            }
            last = rests_on_seen.then_some((seen, value));
            moment = moment.saturating_add(window.step.max(1));
        }
        Ok(found.into_iter().map(|(labels, points)| RangeSeries { labels, points }).collect())
    }

    /// Notes the value of each series that the expression's selectors see. `false`: its value rests on more than these.
    fn see(&self, expression: &Expr, at: i64, seen: &mut Vec<Option<u64>>) -> bool {
        match expression {
            Expr::Number(_) | Expr::Text(_) => true,
            Expr::Selector(selector) => {
                let moment = self.shifted(selector.shift, at);
                let selected = self.select(selector);
                let values = selected.iter().map(|series| self.source.latest(series, moment));
                seen.extend(values.map(|point| point.map(|(_, value)| value.to_bits())));
                true
            }
            Expr::Parenthesized(inner) | Expr::Negated(inner) => self.see(inner, at, seen),
            Expr::Aggregate { parameter, inner, .. } => {
                parameter.as_ref().is_none_or(|parameter| self.see(parameter, at, seen))
                    && self.see(inner, at, seen)
            }
            Expr::Binary { left, right, .. } => self.see(left, at, seen) && self.see(right, at, seen),
            Expr::Call { .. } | Expr::Range { .. } | Expr::Subquery { .. } => false,
        }
    }

    pub(in crate::prometheus) fn instant(&self, expression: &Expr, at: i64) -> Result<Value, Failure> {
        Ok(match expression {
            Expr::Number(number) => Value::Scalar(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Parenthesized(inner) => self.instant(inner, at)?,
            Expr::Selector(selector) => {
                let points = self.points(selector, at)?;
                Value::Vector(points.into_iter().map(|(labels, (_, value))| Element { labels, value }).collect())
            }
            Expr::Range { .. } | Expr::Subquery { .. } => Value::Matrix(self.ranges(expression, at)?.series),
            Expr::Negated(inner) => match self.instant(inner, at)? {
                Value::Scalar(number) => Value::Scalar(-number),
                Value::Vector(elements) => Value::Vector(distinct(
                    elements
                        .into_iter()
                        .map(|element| Element { labels: nameless(element.labels), value: -element.value })
                        .collect(),
                )?),
                other => other,
            },
            Expr::Call { function, arguments } => match functions::call(self, function.name, (arguments, at))? {
                Value::Vector(elements) => Value::Vector(distinct(elements)?),
                other => other,
            },
            Expr::Aggregate { operator, parameter, inner, grouping } => {
                let parameter = match parameter {
                    Some(parameter) => Some(self.instant(parameter, at)?),
                    None => None,
                };
                Value::Vector(aggregate::aggregate(*operator, parameter, (self.vector(inner, at)?, grouping))?)
            }
            Expr::Binary { operator, left, right, joining } => {
                let sides = (self.instant(left, at)?, self.instant(right, at)?);
                match binary::combine(*operator, sides, joining)? {
                    Value::Vector(elements) if !operator.is_set() => Value::Vector(distinct(elements)?),
                    other => other,
                }
            }
        })
    }

    pub(super) fn vector(&self, expression: &Expr, at: i64) -> Result<Vec<Element>, Failure> {
        Ok(match self.instant(expression, at)? {
            Value::Vector(elements) => elements,
            _ => Vec::new(),
        })
    }

    pub(super) fn scalar(&self, expression: &Expr, at: i64) -> Result<f64, Failure> {
        Ok(match self.instant(expression, at)? {
            Value::Scalar(number) => number,
            _ => f64::NAN,
        })
    }

    /// The samples that a selector sees, with their own moments.
    pub(super) fn points(&self, selector: &Selector, at: i64) -> Result<Vec<(Labels, Point)>, Failure> {
        let moment = self.shifted(selector.shift, at);
        let mut found = Vec::new();
        for series in self.select(selector).iter() {
            if let Some(point) = self.source.latest(series, moment) {
                found.push((series.labels.clone(), point));
            }
        }
        self.count(found.len())?;
        Ok(found)
    }

    pub(super) fn ranges(&self, expression: &Expr, at: i64) -> Result<Ranges, Failure> {
        match expression {
            Expr::Range { selector, range } => {
                let to = self.shifted(selector.shift, at);
                let from = to.saturating_sub(*range);
                let mut series = Vec::new();
                for selected in self.select(selector).iter() {
                    let points = self.source.within(selected, from, to);
                    self.count(points.len())?;
                    if !points.is_empty() {
                        series.push(RangeSeries { labels: selected.labels.clone(), points });
                    }
                }
                Ok(Ranges { series, from, to })
            }
            Expr::Subquery { inner, range, step, shift } => {
                let to = self.shifted(*shift, at);
                let from = to.saturating_sub(*range);
                let step = step.unwrap_or(DEFAULT_SUBQUERY_STEP).max(1);
                // Steps of a subquery are multiples of its step since the epoch, whenever it is asked.
                let start = from.div_euclid(step).saturating_mul(step);
                let start = if start < from { start.saturating_add(step) } else { start };
                self.count(usize::try_from(to.saturating_sub(start) / step).unwrap_or(0))?;
                Ok(Ranges { series: self.steps(inner, Window { start, end: to, step })?, from, to })
            }
            Expr::Parenthesized(inner) => self.ranges(inner, at),
            _ => Ok(Ranges { series: Vec::new(), from: at, to: at }),
        }
    }

    fn select(&self, selector: &Selector) -> Rc<Vec<&'a Series>> {
        let mut selected = self.selected.borrow_mut();
        Rc::clone(selected.entry(selector.id).or_insert_with(|| Rc::new(self.source.select(&selector.matchers))))
    }

    fn shifted(&self, shift: Shift, at: i64) -> i64 {
        let base = match shift.at {
            None => at,
            Some(At::Moment(moment)) => moment,
            Some(At::Start) => self.window.start,
            Some(At::End) => self.window.end,
        };
        base.saturating_sub(shift.offset)
    }

    fn count(&self, samples: usize) -> Result<(), Failure> {
        let total = self.samples.get().saturating_add(samples);
        self.samples.set(total);
        if total > MOST_SAMPLES {
            return Err(Failure(
                "query processing would load too many samples into memory in query execution".to_owned(),
            ));
        }
        Ok(())
    }
}

pub(super) fn nameless(mut labels: Labels) -> Labels {
    labels.remove("__name__");
    labels
}

fn distinct(elements: Vec<Element>) -> Result<Vec<Element>, Failure> {
    let mut seen = HashSet::new();
    if elements.iter().all(|element| seen.insert(&element.labels)) {
        Ok(elements)
    } else {
        Err(Failure("vector cannot contain metrics with the same labelset".to_owned()))
    }
}
