//! Logistic regression by iteratively reweighted least squares with a ridge, and the Cholesky factor it needs.
//! Rows are flat: `width` numbers each, the first one 1 for the intercept, which is never shrunk.

use super::history::Sign;

/// e^x/(1+e^x) without overflow.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// The inverse of [`logistic`]; probabilities are kept 1e-9 away from 0 and 1.
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-9, 1.0 - 1e-9);
    (p / (1.0 - p)).ln()
}

/// Sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// What to fit.
pub(super) struct Problem<'a> {
    pub(super) rows: &'a [f64],
    pub(super) width: usize,
    pub(super) labels: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) ridge: f64,
    /// One per column behind the intercept.
    pub(super) signs: &'a [Sign],
}

/// Weights, and the inverse of the penalised information at them.
pub(super) struct Solution {
    pub(super) weights: Vec<f64>,
    pub(super) covariance: Vec<Vec<f64>>,
}

const STEPS: usize = 25;

/// Maximises the penalised likelihood; coefficients against their sign are held at zero, the rest fitted again.
pub(super) fn fit(problem: &Problem<'_>, start: Option<&[f64]>) -> Solution {
    let mut held = vec![false; problem.width];
    let mut beta = match start {
        Some(start) if start.len() == problem.width => start.to_vec(),
        _ => vec![0.0; problem.width],
    };
    loop {
        let factor = descend(problem, &held, &mut beta);
        let mut against = false;
        for ((weight, held), sign) in beta.iter_mut().zip(&mut held).skip(1).zip(problem.signs) {
            let wrong = match sign {
                Sign::Free => false,
                Sign::Rising => *weight < 0.0,
                Sign::Falling => *weight > 0.0,
            };
            if wrong {
                (*weight, *held, against) = (0.0, true, true);
            }
        }
        if !against {
            return Solution { covariance: inverse(&factor, &held), weights: beta };
        }
    }
}

/// Newton steps until they are small; answers the factor of the last information matrix.
fn descend(problem: &Problem<'_>, held: &[bool], beta: &mut [f64]) -> Vec<Vec<f64>> {
    let mut factor = Vec::new();
    for _ in 0..STEPS {
        let (information, gradient) = curvature(problem, held, beta);
        let Some(found) = cholesky(&information) else { return factor };
        factor = found;
        let step = solve(&factor, &gradient);
        let longest = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
        // Separable data send Newton far away; a bounded step comes back.
        let scale = if longest > 4.0 { 4.0 / longest } else { 1.0 };
        for (weight, part) in beta.iter_mut().zip(&step) {
            *weight += scale * part;
        }
        if longest < 1e-7 {
            break;
        }
    }
    factor
}

fn curvature(problem: &Problem<'_>, held: &[bool], beta: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let width = problem.width;
    let mut flat = vec![0.0; width * width];
    let mut gradient = vec![0.0; width];
    let rows = problem.rows.chunks_exact(width).zip(problem.labels).zip(problem.weights);
    for ((row, label), weight) in rows {
        let p = logistic(dot(row, beta));
        let (pull, stiffness) = (weight * (label - p), weight * p * (1.0 - p));
        for ((line, part), x) in flat.chunks_exact_mut(width).zip(&mut gradient).zip(row) {
            *part += pull * x;
            let scale = stiffness * x;
            for (cell, other) in line.iter_mut().zip(row) {
                *cell += scale * other;
            }
        }
    }
    let mut information: Vec<Vec<f64>> = flat.chunks_exact(width).map(<[f64]>::to_vec).collect();
    for (place, (line, part)) in information.iter_mut().zip(&mut gradient).enumerate() {
        let ridge = if place == 0 { 1e-6 } else { problem.ridge };
        *part -= ridge * beta.get(place).copied().unwrap_or_default();
        if let Some(cell) = line.get_mut(place) {
            *cell += ridge;
        }
    }
    hold(held, &mut information, &mut gradient);
    (information, gradient)
}

/// A held coefficient does not move and does not pull at the others.
fn hold(held: &[bool], information: &mut [Vec<f64>], gradient: &mut [f64]) {
    for (place, _) in held.iter().enumerate().filter(|(_, held)| **held) {
        for (row, line) in information.iter_mut().enumerate() {
            for (column, cell) in line.iter_mut().enumerate() {
                match (row == place, column == place) {
                    (true, true) => *cell = 1.0,
                    (false, false) => {}
                    _ => *cell = 0.0,
                }
            }
        }
        if let Some(part) = gradient.get_mut(place) {
            *part = 0.0;
        }
    }
}

/// Lower factor, each row up to its diagonal; `None` when not positive definite.
pub(super) fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (place, line) in matrix.iter().enumerate() {
        let mut row: Vec<f64> = Vec::with_capacity(place + 1);
        for (cell, above) in line.iter().zip(&factor) {
            let part = (cell - dot(&row, above)) / above.last()?;
            row.push(part);
        }
        let rest = line.get(place)? - dot(&row, &row);
        if rest.is_nan() || rest <= 0.0 {
            return None;
        }
        row.push(rest.sqrt());
        factor.push(row);
    }
    Some(factor)
}

/// Solves L·Lᵀ·x = b.
pub(super) fn solve(factor: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let mut half: Vec<f64> = Vec::with_capacity(right.len());
    for (row, value) in factor.iter().zip(right) {
        let part = (value - dot(&half, row)) / row.last().copied().unwrap_or(1.0);
        half.push(part);
    }
    let mut rest = half;
    let mut solution = Vec::with_capacity(rest.len());
    for row in factor.iter().rev() {
        let value = rest.pop().unwrap_or_default() / row.last().copied().unwrap_or(1.0);
        for (part, cell) in rest.iter_mut().zip(row) {
            *part -= cell * value;
        }
        solution.push(value);
    }
    solution.reverse();
    solution
}

fn inverse(factor: &[Vec<f64>], held: &[bool]) -> Vec<Vec<f64>> {
    let free = |place: usize| held.get(place) == Some(&false);
    (0..factor.len())
        .map(|place| {
            let unit: Vec<f64> = (0..factor.len()).map(|row| f64::from(u8::from(row == place))).collect();
            let mut column = solve(factor, &unit);
            for (row, cell) in column.iter_mut().enumerate() {
                if !free(place) || !free(row) {
                    *cell = 0.0;
                }
            }
            column
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four groups with known odds: the unpenalised fit must give their logits.
    fn grouped(signs: &[Sign]) -> Vec<f64> {
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for (x, failures) in [(0.0, 20), (1.0, 50)] {
            for turn in 0..100 {
                rows.extend([1.0, x]);
                labels.push(f64::from(u8::from(turn < failures)));
            }
        }
        let weights = vec![1.0; labels.len()];
        fit(&Problem { rows: &rows, width: 2, labels: &labels, weights: &weights, ridge: 1e-9, signs }, None)
            .weights
    }

    #[test]
    fn recovers_known_odds() {
        let beta = grouped(&[Sign::Free]);
        assert!((beta[0] - logit(0.2)).abs() < 1e-5, "{beta:?}");
        assert!((beta[1] - (logit(0.5) - logit(0.2))).abs() < 1e-5, "{beta:?}");
    }

    #[test]
    fn a_coefficient_against_its_sign_is_zero() {
        let beta = grouped(&[Sign::Falling]);
        assert!(beta[1] == 0.0 && (beta[0] - logit(0.35)).abs() < 1e-5, "{beta:?}");
    }

    #[test]
    fn logit_inverts_logistic() {
        for x in [-15.0, -1.0, 0.0, 0.3, 12.0] {
            assert!((logit(logistic(x)) - x).abs() < 1e-6);
        }
    }
}
