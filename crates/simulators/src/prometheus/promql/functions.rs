//! Calls of functions; those over ranges and over labels stand in files of their own.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::evaluate::{Element, Evaluation, Failure, Value, nameless};
use super::label_functions;
use super::range_functions::{self, quantile};
use super::syntax::{Expr, Selector};
use crate::prometheus::content::Labels;

pub(super) fn call(
    evaluation: &Evaluation<'_>,
    name: &'static str,
    (arguments, at): (&[Expr], i64),
) -> Result<Value, Failure> {
    let call = Call { evaluation, arguments, at };
    Ok(match name {
        "time" => Value::Scalar(seconds(at)),
        "pi" => Value::Scalar(std::f64::consts::PI),
        "vector" => Value::Vector(vec![Element { labels: Labels::new(), value: call.scalar(0)? }]),
        "scalar" => Value::Scalar(match call.vector(0)?.as_slice() {
            [only] => only.value,
            _ => f64::NAN,
        }),
        "absent" => call.absent(call.vector(0)?.len()),
        "absent_over_time" => call.absent(call.ranges(0)?.series.len()),
        "timestamp" => call.timestamp()?,
        "sort" | "sort_desc" => {
            let mut elements = call.vector(0)?;
            elements.sort_by(|left, right| {
                let order = left.value.total_cmp(&right.value);
                let order = if name == "sort" { order } else { order.reverse() };
                left.value.is_nan().cmp(&right.value.is_nan()).then(order)
            });
            Value::Vector(elements)
        }
        "label_replace" => Value::Vector(label_functions::replace(call.vector(0)?, &call.texts(1)?)?),
        "label_join" => Value::Vector(label_functions::join(call.vector(0)?, &call.texts(1)?)?),
        "histogram_quantile" => {
            Value::Vector(label_functions::histogram_quantile(call.scalar(0)?, call.vector(1)?))
        }
        "quantile_over_time" => {
            let phi = call.scalar(0)?;
            let ranges = call.ranges(1)?.series.into_iter();
            Value::Vector(
                ranges
                    .map(|series| Element {
                        labels: nameless(series.labels),
                        value: quantile(phi, series.points.iter().map(|(_, value)| *value).collect()),
                    })
                    .collect(),
            )
        }
        "hour" | "minute" | "day_of_week" => call.calendar(name)?,
        _ if matches!(arguments, [only] if super::kind(only) == super::Kind::Matrix) => call.over_ranges(name)?,
        _ => call.each(name)?,
    })
}

struct Call<'a, 'b> {
    evaluation: &'a Evaluation<'b>,
    arguments: &'a [Expr],
    at: i64,
}

impl Call<'_, '_> {
    fn vector(&self, index: usize) -> Result<Vec<Element>, Failure> {
        self.arguments.get(index).map_or(Ok(Vec::new()), |argument| self.evaluation.vector(argument, self.at))
    }

    fn scalar(&self, index: usize) -> Result<f64, Failure> {
        self.arguments.get(index).map_or(Ok(f64::NAN), |argument| self.evaluation.scalar(argument, self.at))
    }

    fn ranges(&self, index: usize) -> Result<super::evaluate::Ranges, Failure> {
        let nothing = super::evaluate::Ranges { series: Vec::new(), from: self.at, to: self.at };
        self.arguments.get(index).map_or(Ok(nothing), |argument| self.evaluation.ranges(argument, self.at))
    }

    fn texts(&self, from: usize) -> Result<Vec<String>, Failure> {
        let arguments = self.arguments.iter().skip(from);
        arguments
            .map(|argument| match self.evaluation.instant(argument, self.at)? {
                Value::Text(text) => Ok(text),
                _ => Ok(String::new()),
            })
            .collect()
    }

    fn over_ranges(&self, name: &str) -> Result<Value, Failure> {
        let ranges = self.ranges(0)?;
        let bounds = (ranges.from, ranges.to);
        let element = |series: super::RangeSeries| {
            let value = range_functions::apply(name, &series.points, bounds)?;
            // The last sample is still a sample of that metric; any other result is not.
            let labels = if name == "last_over_time" { series.labels } else { nameless(series.labels) };
            Some(Element { labels, value })
        };
        Ok(Value::Vector(ranges.series.into_iter().filter_map(element).collect()))
    }

    fn each(&self, name: &str) -> Result<Value, Failure> {
        let second = self.scalar(1)?;
        let third = self.scalar(2)?;
        let apply = |value: f64| match name {
            "abs" => value.abs(),
            "ceil" => value.ceil(),
            "floor" => value.floor(),
            "exp" => value.exp(),
            "ln" => value.ln(),
            "log2" => value.log2(),
            "log10" => value.log10(),
            "sqrt" => value.sqrt(),
            "sgn" if value > 0.0 => 1.0,
            "sgn" if value < 0.0 => -1.0,
            "round" => {
                // Halves go up, and the inverse keeps 0.1 steps exact where a division would not.
                let inverse = 1.0 / if self.arguments.len() > 1 { second } else { 1.0 };
                (value * inverse + 0.5).floor() / inverse
            }
            "clamp" => least(greatest(second, value), third),
            "clamp_min" => greatest(value, second),
            "clamp_max" => least(value, second),
            _ => value,
        };
        let mut elements = self.vector(0)?;
        if name == "clamp" && second > third {
            elements.clear();
        }
        let changed = elements
            .into_iter()
            .map(|element| Element { value: apply(element.value), labels: nameless(element.labels) });
        Ok(Value::Vector(changed.collect()))
    }

    fn absent(&self, found: usize) -> Value {
        let labels = self.arguments.first().and_then(selector).map(pinned_labels).unwrap_or_default();
        Value::Vector(if found == 0 { vec![Element { labels, value: 1.0 }] } else { Vec::new() })
    }

    /// Of a plain selector the samples' own moments, of anything else the moment of evaluation.
    fn timestamp(&self) -> Result<Value, Failure> {
        let elements = match self.arguments.first() {
            Some(Expr::Selector(selector)) => {
                let points = self.evaluation.points(selector, self.at)?.into_iter();
                points
                    .map(|(labels, (moment, _))| Element { labels: nameless(labels), value: seconds(moment) })
                    .collect()
            }
            _ => self
                .vector(0)?
                .into_iter()
                .map(|element| Element { labels: nameless(element.labels), value: seconds(self.at) })
                .collect(),
        };
        Ok(Value::Vector(elements))
    }

    fn calendar(&self, name: &str) -> Result<Value, Failure> {
        let elements = if self.arguments.is_empty() {
            vec![Element { labels: Labels::new(), value: seconds(self.at) }]
        } else {
            self.vector(0)?
        };
        let part = |value: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float cast saturates, and no calendar goes so far"
            )]
            let moment = Timestamp::from_second(value as i64).ok()?.to_zoned(TimeZone::UTC);
            Some(f64::from(match name {
                "hour" => moment.hour(),
                "minute" => moment.minute(),
                _ => moment.weekday().to_sunday_zero_offset(),
            }))
        };
        let changed = elements.into_iter().map(|element| Element {
            value: part(element.value).unwrap_or(f64::NAN),
            labels: nameless(element.labels),
        });
        Ok(Value::Vector(changed.collect()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "moments in milliseconds are far below 2^53")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// Unlike `f64::max`, NaN where either is.
fn greatest(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { left.max(right) }
}

fn least(left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() { f64::NAN } else { left.min(right) }
}

fn selector(expression: &Expr) -> Option<&Selector> {
    match expression {
        Expr::Selector(selector) | Expr::Range { selector, .. } => Some(selector),
        Expr::Parenthesized(inner) => selector(inner),
        _ => None,
    }
}

/// What `absent()` can say about the missing series: the labels pinned once by `=`, without the name.
fn pinned_labels(selector: &Selector) -> Labels {
    let mut labels = Labels::new();
    for matcher in &selector.matchers {
        let alone = selector.matchers.iter().filter(|other| other.name == matcher.name).count() == 1;
        if let (true, Some(value)) = (alone && matcher.name != "__name__", matcher.pinned())
            && !value.is_empty()
        {
            labels.insert(matcher.name.clone(), value.to_owned());
        }
    }
    labels
}
