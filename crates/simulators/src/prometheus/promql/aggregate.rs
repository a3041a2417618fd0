//! Aggregations over the series of one instant.

use std::collections::BTreeMap;

use super::evaluate::{Element, Failure, Value};
use super::range_functions::{extreme, length, quantile, variance};
use super::syntax::{Aggregator, Grouping};
use crate::prometheus::content::Labels;

/// No series in, no series out: the sum of nothing is absent, not zero.
pub(super) fn aggregate(
    operator: Aggregator,
    parameter: Option<Value>,
    (elements, grouping): (Vec<Element>, &Grouping),
) -> Result<Vec<Element>, Failure> {
    let mut groups: BTreeMap<Labels, Vec<Element>> = BTreeMap::new();
    for element in elements {
        groups.entry(group_labels(&element.labels, grouping)).or_default().push(element);
    }
    let (number, text) = match parameter {
        Some(Value::Scalar(number)) => (number, String::new()),
        Some(Value::Text(text)) => (f64::NAN, text),
        _ => (f64::NAN, String::new()),
    };
    let mut found = Vec::new();
    for (labels, members) in groups {
        match operator {
            Aggregator::Topk | Aggregator::Bottomk => found.extend(first_of(operator, number, members)?),
            Aggregator::CountValues => found.extend(count_values(&text, &labels, members)),
            _ => {
                let values: Vec<f64> = members.iter().map(|member| member.value).collect();
                found.push(Element { labels, value: number_of(operator, number, values) });
            }
        }
    }
    Ok(found)
}

fn group_labels(labels: &Labels, grouping: &Grouping) -> Labels {
    let kept = |name: &str| match grouping {
        Grouping::By(names) => names.iter().any(|wanted| wanted == name),
        Grouping::Without(names) => name != "__name__" && !names.iter().any(|unwanted| unwanted == name),
    };
    let pairs = labels.iter().filter(|(name, _)| kept(name));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn number_of(operator: Aggregator, parameter: f64, values: Vec<f64>) -> f64 {
    let count = length(values.len());
    match operator {
        Aggregator::Sum => values.iter().sum(),
        Aggregator::Avg => values.iter().sum::<f64>() / count,
        Aggregator::Min => extreme(values.into_iter(), |value, best| value < best),
        Aggregator::Max => extreme(values.into_iter(), |value, best| value > best),
        Aggregator::Count => count,
        Aggregator::Stddev => variance(&values).sqrt(),
        Aggregator::Stdvar => variance(&values),
        Aggregator::Quantile => quantile(parameter, values),
        Aggregator::Group | Aggregator::Topk | Aggregator::Bottomk | Aggregator::CountValues => 1.0,
    }
}

/// The k largest or smallest, with all their labels; NaN comes last either way.
fn first_of(operator: Aggregator, wanted: f64, mut members: Vec<Element>) -> Result<Vec<Element>, Failure> {
    if wanted.is_nan() || wanted.abs() > 1e15 {
        return Err(Failure(format!("Scalar value {wanted} overflows int64")));
    }
    members.sort_by(|left, right| {
        let order = left.value.total_cmp(&right.value);
        let order = if operator == Aggregator::Topk { order.reverse() } else { order };
        left.value.is_nan().cmp(&right.value.is_nan()).then(order)
    });
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded above; below zero is none"
    )]
    members.truncate(wanted.max(0.0) as usize);
    Ok(members)
}

fn count_values(label: &str, labels: &Labels, members: Vec<Element>) -> Vec<Element> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for member in members {
        *counts.entry(crate::prometheus::answer::number(member.value)).or_default() += 1;
    }
    let element = |(value, count)| {
        let mut labels = labels.clone();
        labels.insert(label.to_owned(), value);
        Element { labels, value: length(count) }
    };
    counts.into_iter().map(element).collect()
}
