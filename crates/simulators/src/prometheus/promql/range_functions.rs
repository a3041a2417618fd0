//! Functions over the samples of one range.

use super::source::Point;

/// A counter that falls has been reset; a gauge just falls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Counter,
    Gauge,
}

/// `None` leaves the series out of the result.
pub(super) fn apply(name: &str, points: &[Point], (from, to): (i64, i64)) -> Option<f64> {
    let values = || points.iter().map(|(_, value)| *value);
    let count = length(points.len());
    match name {
        "rate" => extrapolated(points, (from, to), Reading::Counter)
            .map(|increase| increase / seconds(to.saturating_sub(from))),
        "increase" => extrapolated(points, (from, to), Reading::Counter),
        "delta" => extrapolated(points, (from, to), Reading::Gauge),
        "irate" => last_two(points, Reading::Counter),
        "idelta" => last_two(points, Reading::Gauge),
        "deriv" => slope(points),
        "sum_over_time" => Some(values().sum()),
        "avg_over_time" => Some(values().sum::<f64>() / count),
        "min_over_time" => Some(extreme(values(), |value, best| value < best)),
        "max_over_time" => Some(extreme(values(), |value, best| value > best)),
        "count_over_time" => Some(count),
        "last_over_time" => values().next_back(),
        "present_over_time" => Some(1.0),
        "stddev_over_time" => Some(variance(&values().collect::<Vec<_>>()).sqrt()),
        "stdvar_over_time" => Some(variance(&values().collect::<Vec<_>>())),
        "changes" => Some(pairs(points, |before, after| before != after && !(before.is_nan() && after.is_nan()))),
        "resets" => Some(pairs(points, |before, after| after < before)),
        _ => None,
    }
}

pub(super) fn quantile(phi: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || phi.is_nan() {
        return f64::NAN;
    }
    if phi < 0.0 {
        return f64::NEG_INFINITY;
    }
    if phi > 1.0 {
        return f64::INFINITY;
    }
    // NaN sorts first, as the smallest.
    values.sort_by(|left, right| right.is_nan().cmp(&left.is_nan()).then(left.total_cmp(right)));
    let rank = phi * (length(values.len()) - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the rank lies within the list")]
    let lower = rank.floor() as usize;
    let at = |index: usize| values.get(index).or(values.last()).copied().unwrap_or(f64::NAN);
    let weight = rank - rank.floor();
    at(lower) * (1.0 - weight) + at(lower + 1) * weight
}

pub(super) fn variance(values: &[f64]) -> f64 {
    let count = length(values.len());
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples are far below 2^53")]
pub(super) fn length(count: usize) -> f64 {
    count as f64
}

/// NaN only when nothing else is there.
pub(super) fn extreme(values: impl Iterator<Item = f64>, better: fn(f64, f64) -> bool) -> f64 {
    values.reduce(|best, value| if better(value, best) || best.is_nan() { value } else { best }).unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "ranges in milliseconds are far below 2^53")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn pairs(points: &[Point], counts: fn(f64, f64) -> bool) -> f64 {
    let successive = points.iter().zip(points.iter().skip(1));
    length(successive.filter(|((_, before), (_, after))| counts(*before, *after)).count())
}

/// The difference over the range, stretched to its bounds unless the samples start or end well inside it.
fn extrapolated(points: &[Point], (from, to): (i64, i64), reading: Reading) -> Option<f64> {
    let ((first_at, first), (last_at, last)) = (*points.first()?, *points.last()?);
    if points.len() < 2 {
        return None;
    }
    let mut difference = last - first;
    if reading == Reading::Counter {
        let successive = points.iter().zip(points.iter().skip(1));
        difference +=
            successive.filter(|(before, after)| after.1 < before.1).map(|(before, _)| before.1).sum::<f64>();
    }
    let sampled = seconds(last_at - first_at);
    let spacing = sampled / (length(points.len()) - 1.0);
    let mut before = seconds(first_at.saturating_sub(from));
    let after = seconds(to.saturating_sub(last_at));
    if reading == Reading::Counter && difference > 0.0 && first >= 0.0 {
        // A counter cannot have been below zero before the first sample.
        before = before.min(sampled * (first / difference));
    }
    let reach = |gap: f64| {
        if gap < spacing * 1.1 { gap } else { spacing / 2.0 }
    };
    Some(difference * ((sampled + reach(before) + reach(after)) / sampled))
}

fn last_two(points: &[Point], reading: Reading) -> Option<f64> {
    let mut newest = points.iter().rev();
    let ((last_at, last), (previous_at, previous)) = (newest.next()?, newest.next()?);
    if reading == Reading::Gauge {
        return Some(last - previous);
    }
    let increase = if last < previous { *last } else { last - previous };
    Some(increase / seconds(last_at - previous_at))
}

/// Least squares, per second.
fn slope(points: &[Point]) -> Option<f64> {
    let (origin, _) = points.first()?;
    if points.len() < 2 {
        return None;
    }
    let count = length(points.len());
    let moments: Vec<f64> = points.iter().map(|(at, _)| seconds(at - origin)).collect();
    let mean_x = moments.iter().sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, value)| value).sum::<f64>() / count;
    let covariance: f64 = moments.iter().zip(points).map(|(x, (_, y))| (x - mean_x) * (y - mean_y)).sum();
    let spread: f64 = moments.iter().map(|x| (x - mean_x).powi(2)).sum();
    Some(covariance / spread)
}
