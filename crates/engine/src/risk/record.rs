//! What a risk was decided from and what followed. Anyone who has the record and the model can compute it again,
//! offline, to the same bytes.

use domain::Text;
use serde::{Deserialize, Serialize};

use super::bayes::{Place, Rate};
use super::known::Snapshot;
use super::model::{Model, Question, Score};
use super::policy::{Escalation, RiskLevel, RiskPolicy, Template, escalate, level};

/// Everything a risk rests on, beside the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inputs {
    /// The release.
    pub release: Text,
    /// Its service.
    pub service: Text,
    /// The team that owns it.
    pub team: Option<Text>,
    /// Class of the changes that carry it.
    pub change_type: Text,
    /// Failure rate of such changes in the graph.
    pub history: Rate,
    /// Features with provenance, as known at the decision.
    pub snapshot: Snapshot,
    /// Tier of the service.
    pub tier: Option<u8>,
    /// Is a live template in force?
    pub template: Template,
    /// Costs.
    pub policy: RiskPolicy,
}

/// What followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The probability, explained.
    pub score: Score,
    /// How large it is.
    pub level: RiskLevel,
    /// Who looks at it.
    pub escalation: Escalation,
    /// Probability times what a failure costs.
    pub expected_loss: f64,
}

/// Inputs, model and verdict together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the model.
    pub model: Text,
    /// What it rests on.
    pub inputs: Inputs,
    /// What followed.
    pub result: Verdict,
}

/// Why a record does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Forged {
    /// No record.
    #[error("this is no record of a risk: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another model.
    #[error("the record was made by model {record}, this is {model}: name its file with --model")]
    OtherModel {
        /// As the record says.
        record: Text,
        /// The one at hand.
        model: Text,
    },
    /// Other bytes.
    #[error("computed again it differs from line {line} on: it was changed after it was written")]
    Differs {
        /// First line that differs, from 1.
        line: usize,
    },
}

impl Inputs {
    /// The score of these inputs with other features.
    pub(super) fn score(&self, snapshot: &Snapshot, model: &Model) -> Score {
        let place = Place { change_type: &self.change_type, team: self.team.as_deref(), service: &self.service };
        let values = snapshot.values();
        model.score(&Question { values: &values, place, at: snapshot.decided_at(), rate: self.history })
    }
}

impl Record {
    /// Decides.
    pub fn decide(inputs: Inputs, model: &Model) -> Self {
        let score = inputs.score(&inputs.snapshot, model);
        let thresholds = inputs.policy.thresholds(inputs.tier);
        let result = Verdict {
            level: level(score.probability, thresholds),
            escalation: escalate((score.probability, score.high), thresholds, inputs.template),
            expected_loss: score.probability * inputs.policy.failure_cost(inputs.tier),
            score,
        };
        Self { model: model.version.clone(), inputs, result }
    }

    /// The record as a file.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Computes a written record again and compares the bytes.
    pub fn verify(text: &str, model: &Model) -> Result<Self, Forged> {
        let claimed: Self = serde_json::from_str(text)?;
        if claimed.model != model.version {
            return Err(Forged::OtherModel { record: claimed.model, model: model.version.clone() });
        }
        let again = Self::decide(claimed.inputs, model);
        let written = again.write()?;
        if written == text {
            return Ok(again);
        }
        let same = written.lines().zip(text.lines()).take_while(|(one, other)| one == other).count();
        Err(Forged::Differs { line: same + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::{Rates, Reading};

    fn record(model: &Model) -> Record {
        let at = "2026-06-01T18:00:00Z".parse().expect("a moment");
        let mut snapshot = Snapshot::at(at);
        snapshot.admit(Reading::new("files", 41.0, (None, None))).expect("in time");
        snapshot.admit(Reading::new("diffCoverage", 62.0 / 97.0, (None, None))).expect("in time");
        let place = Place { change_type: "normal", team: None, service: "payments-api" };
        let inputs = Inputs {
            release: "payments-api@2.14.0".into(),
            service: "payments-api".into(),
            team: None,
            change_type: "normal".into(),
            history: Rates::default().rate(&place, at).shortened(),
            snapshot,
            tier: Some(1),
            template: Template::None,
            policy: RiskPolicy::default(),
        };
        Record::decide(inputs, model)
    }

    #[test]
    fn a_record_computes_to_the_same_bytes_and_a_forged_one_is_found() {
        let model = Model::prior(0.1);
        let text = record(&model).write().expect("json");
        assert_eq!(Record::verify(&text, &model).expect("holds").write().expect("json"), text);
        let lower = text.replacen("\"value\": 41.0", "\"value\": 4.0", 1);
        assert!(lower != text, "{text}");
        assert!(matches!(Record::verify(&lower, &model), Err(Forged::Differs { .. })));
        assert!(matches!(Record::verify(&text, &Model::prior(0.2)), Err(Forged::OtherModel { .. })));
        assert!(matches!(Record::verify("{}", &model), Err(Forged::Malformed(_))));
    }
}
