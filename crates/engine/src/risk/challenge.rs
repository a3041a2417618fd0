//! Should a newly trained model replace the one at work? Both are judged on changes that neither has learnt from; the
//! one at work stays unless it is beaten by more than one standard error. Nothing changes on too little evidence.

use std::collections::BTreeMap;

use domain::Text;

use super::backtest::BacktestPlan;
use super::bayes::{Place, walk};
use super::calibrate::size;
use super::history::History;
use super::model::{Model, ModelError, Question};

/// How the challenge came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Challenge {
    /// Too few new outcomes: changes and failures since the model at work was trained.
    TooFew {
        /// Changes with a known outcome that neither has learnt from.
        changes: u64,
        /// Of these, failed.
        failures: u64,
    },
    /// The model at work stays.
    Kept(Comparison),
    /// The challenger takes over.
    Won(Box<Model>, Comparison),
}

/// Brier scores on the same changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Version of the challenger.
    pub challenger: Text,
    /// Changes compared on.
    pub changes: u64,
    /// Brier score of the model at work.
    pub working_brier: f64,
    /// Brier score of the challenger, each time trained on what came before.
    pub challenger_brier: f64,
    /// Brier score of the mean of the most recent fifth.
    pub constant_brier: f64,
}

/// Changes with a known outcome, and failures among them, below which no model is replaced.
const LEAST: (usize, f64) = (100, 10.0);

/// Trains a challenger on the history and compares it with the model at work. Deterministic.
pub fn challenge(history: &History, working: &Model) -> Result<Challenge, ModelError> {
    let (challenger, found) = Model::train_and_test(history, BacktestPlan::default(), &mut |_, _| {})?;
    let (_, rates) = walk(history.cases());
    let cases: BTreeMap<&str, _> = history.cases().iter().map(|case| (&*case.id, case)).collect();
    let mut losses: Vec<[f64; 3]> = Vec::new();
    let mut failures = 0.0;
    let told = found.ids.iter().zip(&found.model.pairs).zip(&found.recent_constant.pairs);
    for ((id, (predicted, outcome)), (constant, _)) in told {
        let Some(case) = cases.get(&**id) else { continue };
        let Some(at) = case.decided_at.filter(|at| working.trained_at.is_none_or(|trained| *at > trained)) else {
            continue;
        };
        // The rate in hand is for a model without a history of its own; it knows more than it should, in its favour.
        let place = Place::of(case);
        let question = Question { values: &case.values, place, at, rate: rates.rate(&place, at) };
        let said = working.score(&question).probability;
        losses.push([said, *predicted, *constant].map(|p| (p - outcome).powi(2)));
        failures += outcome;
    }
    if losses.len() < LEAST.0 || failures < LEAST.1 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of failures")]
        let failures = failures as u64;
        return Ok(Challenge::TooFew { changes: losses.len() as u64, failures });
    }
    let count = size(losses.len());
    let [working_brier, challenger_brier, constant_brier] =
        losses.iter().fold([0.0; 3], |[a, b, c], [x, y, z]| [a + x, b + y, c + z]).map(|sum| sum / count);
    let gain = working_brier - challenger_brier;
    let spread: f64 = losses.iter().map(|[working, other, _]| (working - other - gain).powi(2)).sum();
    let error = (spread / (count - 1.0) / count).sqrt();
    let comparison = Comparison {
        challenger: challenger.version.clone(),
        changes: losses.len() as u64,
        working_brier,
        challenger_brier,
        constant_brier,
    };
    match gain > error && challenger_brier <= constant_brier {
        true => Ok(Challenge::Won(Box::new(challenger), comparison)),
        false => Ok(Challenge::Kept(comparison)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::properties::history;

    #[test]
    fn a_better_model_takes_over_and_is_not_replaced_by_itself() {
        let past = history(21, 1_500);
        let first = match challenge(&past, &Model::prior(0.02)).expect("labels") {
            Challenge::Won(model, told) => {
                assert!(told.challenger_brier < told.working_brier && told.challenger == model.version);
                *model
            }
            other => panic!("the prior knows nothing of these features: {other:?}"),
        };
        // The same history holds nothing that the model has not learnt from.
        assert_eq!(challenge(&past, &first).expect("labels"), Challenge::TooFew { changes: 0, failures: 0 });
        // More of the same world gives no reason to change.
        let more = history(21, 2_600);
        assert!(matches!(challenge(&more, &first).expect("labels"), Challenge::Kept(_)));
    }

    #[test]
    fn noise_replaces_nothing() {
        let mut cases = history(5, 900).cases().to_vec();
        for (turn, case) in cases.iter_mut().enumerate() {
            // Outcomes that no feature tells.
            case.failed = Some((turn * turn * 31 + turn * 17) % 97 < 10);
        }
        let of = |cases: &[crate::risk::Case]| History::new(history(5, 1).features().to_vec(), cases.to_vec());
        let early = Model::train(&of(&cases[..450]), BacktestPlan::default(), &mut |_, _| {}).expect("labels");
        let fought = challenge(&of(&cases), &early).expect("labels");
        assert!(matches!(fought, Challenge::Kept(_)), "{fought:?}");
    }
}
