//! Functions that read or write labels: `label_replace`, `label_join`, `histogram_quantile`.

use std::collections::BTreeMap;

use regex::Regex;

use super::evaluate::{Element, Failure, nameless};
use crate::prometheus::content::Labels;

pub(super) fn replace(elements: Vec<Element>, texts: &[String]) -> Result<Vec<Element>, Failure> {
    let [target, replacement, source, pattern] = texts else {
        return Ok(elements);
    };
    let regex = Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|_| Failure(format!("invalid regular expression in label_replace(): {pattern}")))?;
    check_name("label_replace", target)?;
    let change = |mut element: Element| {
        let value = element.labels.get(source).cloned().unwrap_or_default();
        if let Some(captures) = regex.captures(&value) {
            let mut expanded = String::new();
            captures.expand(replacement, &mut expanded);
            set(&mut element.labels, target, expanded);
        }
        element
    };
    Ok(elements.into_iter().map(change).collect())
}

pub(super) fn join(elements: Vec<Element>, texts: &[String]) -> Result<Vec<Element>, Failure> {
    let [target, separator, sources @ ..] = texts else {
        return Ok(elements);
    };
    check_name("label_join", target)?;
    let change = |mut element: Element| {
        let values: Vec<&str> =
            sources.iter().map(|name| element.labels.get(name).map_or("", String::as_str)).collect();
        let joined = values.join(separator);
        set(&mut element.labels, target, joined);
        element
    };
    Ok(elements.into_iter().map(change).collect())
}

fn check_name(function: &str, name: &str) -> Result<(), Failure> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if starts && characters.all(|character| character.is_ascii_alphanumeric() || character == '_') {
        Ok(())
    } else {
        Err(Failure(format!("invalid destination label name in {function}(): {name}")))
    }
}

/// An empty label is the same as none.
fn set(labels: &mut Labels, name: &str, value: String) {
    if value.is_empty() {
        labels.remove(name);
    } else {
        labels.insert(name.to_owned(), value);
    }
}

/// The quantile of classic histograms, whose buckets are series with the label `le`.
pub(super) fn histogram_quantile(phi: f64, elements: Vec<Element>) -> Vec<Element> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for element in elements {
        let mut labels = nameless(element.labels);
        let bound = labels.remove("le").and_then(|bound| bound.parse::<f64>().ok());
        if let Some(bound) = bound {
            histograms.entry(labels).or_default().push((bound, element.value));
        }
    }
    let quantile = |(labels, buckets)| Element { labels, value: bucket_quantile(phi, buckets) };
    histograms.into_iter().map(quantile).collect()
}

fn bucket_quantile(phi: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    buckets.sort_by(|left, right| left.0.total_cmp(&right.0));
    // Counts are cumulative; a scrape between two increments may show them falling.
    let mut highest = 0.0_f64;
    for (_, count) in &mut buckets {
        highest = highest.max(*count);
        *count = highest;
    }
    let Some((last_bound, total)) = buckets.last().copied() else {
        return f64::NAN;
    };
    if phi.is_nan() || !last_bound.is_infinite() || buckets.len() < 2 || total == 0.0 || total.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    let rank = phi * total;
    let finite = buckets.len() - 1;
    let index = buckets.iter().take(finite).position(|(_, count)| *count >= rank).unwrap_or(finite);
    let bound = |index: usize| buckets.get(index).copied().unwrap_or((f64::NAN, f64::NAN));
    if index == finite {
        return bound(finite - 1).0;
    }
    let (end, count) = bound(index);
    if index == 0 && end <= 0.0 {
        return end;
    }
    let (start, before) = if index == 0 { (0.0, 0.0) } else { bound(index - 1) };
    start + (end - start) * ((rank - before) / (count - before))
}
