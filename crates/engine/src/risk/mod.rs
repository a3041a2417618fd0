//! Risk of changes and releases: a calibrated probability of failure that explains itself, where it sends a change,
//! and how good it has been. Definitions and sources of the formulas stand in `docs/risk.md`.

mod backtest;
mod bayes;
mod calibrate;
mod drift;
mod encode;
mod history;
mod learn;
mod linear;
mod metrics;

pub use backtest::{Backtest, BacktestPlan, backtest};
pub use bayes::{Count, HALF_LIFE_DAYS, Place, Rate, Rates, strength};
pub use calibrate::{Calibration, ISOTONIC_FROM};
pub use drift::{Drift, Said};
pub use encode::{CHANGE_TYPE, HISTORY};
pub use history::{Case, Feature, HORIZON, History, Sign};
pub use learn::Settings;
pub use linear::{logistic, logit};
pub use metrics::{Bin, Brier, Estimate, Scored};
