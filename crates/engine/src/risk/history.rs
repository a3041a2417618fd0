//! Past changes and how they ended: what a model learns from. Rows stand in the order of decisions, and a label can
//! be used only from the moment at which it was known.

use std::sync::Arc;

use domain::Text;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long after its decision a change without a known moment of labelling counts as settled (72 hours).
pub const HORIZON: SignedDuration = SignedDuration::from_hours(72);

/// What more of a feature may do to the risk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sign {
    /// Whatever the history shows.
    #[default]
    Free,
    /// Never lowers it.
    Rising,
    /// Never raises it.
    Falling,
}

/// One column of features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its name, for example `files`.
    pub name: Text,
    /// What more of it may do.
    pub sign: Sign,
}

/// One past change.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id in the history.
    pub id: Text,
    /// The service.
    pub service: Text,
    /// The team, where one is named.
    pub team: Option<Text>,
    /// The class or kind of change.
    pub change_type: Text,
    /// When it was decided; `None` cannot be placed in time: it is scored last and never learnt from.
    pub decided_at: Option<Timestamp>,
    /// When its outcome was known.
    pub labelled_at: Option<Timestamp>,
    /// Did it fail? `None` is not known yet, which is not "no".
    pub failed: Option<bool>,
    /// One value per feature; NaN is missing.
    pub values: Vec<f64>,
    /// Points that `ServiceNow`'s scheme gives for the outcome, where its inputs exist.
    pub points: Option<i32>,
}

impl Case {
    /// The first moment at which the label may be used.
    pub fn usable_at(&self) -> Option<Timestamp> {
        let decided = self.decided_at?;
        self.failed?;
        match self.labelled_at {
            Some(labelled) => Some(labelled.max(decided)),
            None => decided.checked_add(HORIZON).ok(),
        }
    }
}

/// Past changes in the order of their decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    features: Arc<[Feature]>,
    cases: Vec<Case>,
}

impl History {
    /// Puts cases in order: by decision, those without a moment last, equal moments as given.
    /// Values that are missing at a row's end are NaN; more than there are features are dropped.
    pub fn new(features: Vec<Feature>, mut cases: Vec<Case>) -> Self {
        for case in &mut cases {
            case.values.resize(features.len(), f64::NAN);
        }
        cases.sort_by_key(|case| case.decided_at.unwrap_or(Timestamp::MAX));
        Self { features: features.into(), cases }
    }

    /// The features, in the order of each case's values.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The cases, oldest decision first.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }
}
