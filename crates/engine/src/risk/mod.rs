//! Risk of changes and releases: a calibrated probability of failure that explains itself, where it sends a change,
//! and how good it has been. Definitions and sources of the formulas stand in `docs/risk.md`.

mod afterwards;
mod assess;
mod backtest;
mod bayes;
mod calibrate;
mod catalog;
mod challenge;
mod classify;
mod drift;
mod encode;
mod ground;
mod history;
mod joint;
mod known;
mod labels;
mod learn;
mod linear;
mod mandatory;
mod metrics;
mod model;
mod part;
mod policy;
mod record;

#[cfg(test)]
mod properties;

pub use afterwards::{PostApproval, is_retroactive, post_approval};
pub use assess::{Risk, Risks, classify_release, history_of};
pub use backtest::{Backtest, BacktestPlan, backtest};
pub use bayes::{Count, HALF_LIFE_DAYS, Place, Rate, Rates, strength};
pub use calibrate::{Calibration, ISOTONIC_FROM};
pub use catalog::{CATALOG, COVERAGE, EMERGENCY, Spec, features, spec};
pub use challenge::{Challenge, Comparison, challenge};
pub use classify::{Classification, Coverage, Facts, Rule, RuleOutcome, Table, When, classify};
pub use drift::{Drift, Said};
pub use encode::{CHANGE_TYPE, HISTORY};
pub use history::{Case, Feature, HORIZON, History, Sign};
pub use joint::{Joint, JointRemedy, Together, together};
pub use known::{FromTheFuture, Reading, Snapshot};
pub use labels::Grade;
pub use learn::Settings;
pub use linear::{logistic, logit};
pub use mandatory::MandatoryReview;
pub use metrics::{Bin, Brier, Estimate, Scored};
pub use model::{CALIBRATION, Contribution, Evaluation, Model, ModelError, Question, Score};
pub use policy::{Escalation, Review, RiskLevel, RiskPolicy, Template, Thresholds, escalate, level};
pub use record::{Forged, Inputs, Record, Verdict};
