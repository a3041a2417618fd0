//! Features as numbers that a linear score can use: heavy tails are drawn in twice, as asinh(x/median) and as rank,
//! both standardised; what is missing is the average plus a mark of its own, never an invented value.

use std::collections::BTreeMap;

use domain::Text;
use serde::{Deserialize, Serialize};

use super::history::{Feature, Sign};
use super::linear::logit;

/// The factor that stands for the failure rate of service, team and type.
pub const HISTORY: &str = "history";
/// The factor that stands for the type of change.
pub const CHANGE_TYPE: &str = "changeType";

/// What a column makes of its feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Shape {
    Asinh { scale: f64 },
    Rank { knots: Vec<(f64, f64)> },
    Missing,
    IsType { change_type: Text },
    History,
}

/// One standardised column of the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) factor: Text,
    /// Place of the feature among a case's values; `None` for the history and the type.
    pub(super) place: Option<usize>,
    pub(super) shape: Shape,
    pub(super) sign: Sign,
    mean: f64,
    deviation: f64,
}

/// How many columns of what kinds: fitted once on training cases, applied to any.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Encoder {
    pub(super) columns: Vec<Column>,
}

/// A case as the encoder sees it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) values: &'a [f64],
    pub(super) change_type: &'a str,
    pub(super) rate: f64,
}

const KNOTS: usize = 64;
/// Values further out than four deviations say no more.
const FURTHEST: f64 = 4.0;
/// A type rarer than this has no column of its own.
const RAREST: f64 = 0.01;

impl Encoder {
    /// Fits columns; features that are constant, or repeat another one value for value, get none.
    pub(super) fn fit(features: &[Feature], cases: &[Seen<'_>]) -> Self {
        let mut shapes = vec![(Text::from(HISTORY), None, Shape::History, Sign::Rising)];
        shapes.extend(types(cases));
        let mut kept: Vec<Vec<f64>> = Vec::new();
        for (place, feature) in features.iter().enumerate() {
            let values: Vec<f64> =
                cases.iter().map(|case| case.values.get(place).copied().unwrap_or(f64::NAN)).collect();
            let same =
                |other: &Vec<f64>| other.iter().zip(&values).all(|(a, b)| a == b || a.is_nan() && b.is_nan());
            if kept.iter().any(same) {
                continue;
            }
            for (shape, sign) in numeric(&values, feature.sign) {
                shapes.push((feature.name.clone(), Some(place), shape, sign));
            }
            kept.push(values);
        }
        let columns = shapes.into_iter().filter_map(|(factor, place, shape, sign)| {
            let column = Column { factor, place, shape, sign, mean: 0.0, deviation: 1.0 };
            column.standardised(cases)
        });
        Self { columns: columns.collect() }
    }

    /// The columns of these factors alone.
    pub(super) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self { columns: self.columns.iter().filter(|column| keep(&column.factor)).cloned().collect() }
    }

    /// Numbers per row, the leading 1 included.
    pub(super) fn width(&self) -> usize {
        self.columns.len() + 1
    }

    /// Appends the row of a case, the leading 1 first.
    pub(super) fn encode(&self, case: &Seen<'_>, row: &mut Vec<f64>) {
        row.push(1.0);
        row.extend(self.columns.iter().map(|column| column.z(case)));
    }

    pub(super) fn signs(&self) -> Vec<Sign> {
        self.columns.iter().map(|column| column.sign).collect()
    }
}

impl Column {
    fn raw(&self, case: &Seen<'_>) -> f64 {
        let value = self.place.and_then(|place| case.values.get(place)).copied().unwrap_or(f64::NAN);
        match &self.shape {
            Shape::Asinh { scale } => (value / scale).asinh(),
            Shape::Rank { knots } => rank(knots, value),
            Shape::Missing => f64::from(u8::from(value.is_nan())),
            Shape::IsType { change_type } => f64::from(u8::from(**change_type == *case.change_type)),
            Shape::History => logit(case.rate),
        }
    }

    /// Standardised; a missing value is the mean.
    pub(super) fn z(&self, case: &Seen<'_>) -> f64 {
        let raw = self.raw(case);
        if raw.is_nan() {
            return 0.0;
        }
        ((raw - self.mean) / self.deviation).clamp(-FURTHEST, FURTHEST)
    }

    fn standardised(mut self, cases: &[Seen<'_>]) -> Option<Self> {
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for raw in cases.iter().map(|case| self.raw(case)).filter(|raw| !raw.is_nan()) {
            count += 1.0;
            sum += raw;
            squares += raw * raw;
        }
        let mean = sum / count;
        let deviation = (squares / count - mean * mean).max(0.0).sqrt();
        if deviation.is_nan() || deviation < 1e-6 {
            return None;
        }
        (self.mean, self.deviation) = (mean, deviation);
        Some(self)
    }
}

fn types(cases: &[Seen<'_>]) -> Vec<(Text, Option<usize>, Shape, Sign)> {
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for case in cases {
        *counts.entry(case.change_type).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    let common = counts.into_iter().filter(|(_, count)| count / all >= RAREST);
    common
        .map(|(name, _)| (CHANGE_TYPE.into(), None, Shape::IsType { change_type: name.into() }, Sign::Free))
        .collect()
}

fn numeric(values: &[f64], sign: Sign) -> Vec<(Shape, Sign)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut sizes: Vec<f64> = sorted.iter().map(|value| value.abs()).filter(|size| *size > 0.0).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let scale = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    let mut shapes = vec![(Shape::Asinh { scale }, sign)];
    // Two values need no second drawing.
    if sorted.first() != sorted.last() && distinct(&sorted) > 2 {
        shapes.push((Shape::Rank { knots: knots(&sorted) }, sign));
    }
    if sorted.len() < values.len() {
        shapes.push((Shape::Missing, Sign::Free));
    }
    shapes
}

fn distinct(sorted: &[f64]) -> usize {
    1 + sorted.windows(2).filter(|pair| pair.first() != pair.last()).count()
}

/// Values with their mid-ranks: all of them when few, else at even quantiles.
fn knots(sorted: &[f64]) -> Vec<(f64, f64)> {
    let count = sorted.len();
    let mut chosen: Vec<f64> = if distinct(sorted) <= KNOTS {
        sorted.to_vec()
    } else {
        (0..=KNOTS).filter_map(|place| sorted.get(place * (count - 1) / KNOTS)).copied().collect()
    };
    chosen.dedup();
    let half = |place: usize| u32::try_from(place).map_or(f64::MAX, f64::from) / 2.0;
    let total = 2.0 * half(count);
    let mid = |value: f64| {
        let below = sorted.partition_point(|other| *other < value);
        let until = sorted.partition_point(|other| *other <= value);
        (half(below) + half(until)) / total
    };
    chosen.into_iter().map(|value| (value, mid(value))).collect()
}

/// Between knots the rank is drawn straight, outside it stays.
fn rank(knots: &[(f64, f64)], value: f64) -> f64 {
    if value.is_nan() {
        return f64::NAN;
    }
    let above = knots.partition_point(|(knot, _)| *knot < value);
    match (above.checked_sub(1).and_then(|below| knots.get(below)), knots.get(above)) {
        (Some((low, from)), Some((high, to))) => from + (to - from) * (value - low) / (high - low),
        (None, Some((_, rank))) | (Some((_, rank)), None) => *rank,
        (None, None) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_middle_ranks_and_never_fall() {
        let sorted = [0.0, 0.0, 0.0, 1.0, 2.0];
        let knots = knots(&sorted);
        assert_eq!(knots, [(0.0, 0.3), (1.0, 0.7), (2.0, 0.9)]);
        let mut last = 0.0;
        for step in -5..30 {
            let now = rank(&knots, f64::from(step) / 10.0);
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn a_repeated_or_constant_feature_gets_no_column_and_a_missing_value_is_marked() {
        let feature = |name: &str| Feature { name: name.into(), sign: Sign::Free };
        let features = [feature("a"), feature("again"), feature("constant"), feature("holes")];
        let rows: Vec<[f64; 4]> =
            (0..8).map(f64::from).map(|x| [x, x, 3.0, if x > 5.0 { f64::NAN } else { x * x }]).collect();
        let cases: Vec<Seen<'_>> = rows.iter().map(|values| Seen { values, change_type: "t", rate: 0.1 }).collect();
        let encoder = Encoder::fit(&features, &cases);
        let names: Vec<&str> = encoder.columns.iter().map(|column| &*column.factor).collect();
        assert_eq!(names, ["a", "a", "holes", "holes", "holes"]);
        let mut row = Vec::new();
        encoder.encode(&cases[7], &mut row);
        assert!(row[3] == 0.0 && row[4] == 0.0 && row[5] > 1.0, "{row:?}");
    }
}
