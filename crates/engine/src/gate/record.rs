//! What a decision was made from and what followed. Anybody who has the inputs can decide again, offline, to the same
//! bytes.

use domain::{ChangeId, GateDecision, Outcome, Phase, ReleaseKey, ServiceKey, Target, Text, Window};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::grants::{BreakGlass, Waiver};
use super::policy::{LONGEST_DECISION, Limits, Subject};
use crate::checks::{Check, CheckCode, Proposal};

/// The scope of an authorisation as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeSeen {
    /// The change.
    pub change: ChangeId,
    /// Its number.
    pub number: Text,
    /// Where to.
    pub target: Target,
    /// When.
    pub window: Option<Window>,
    /// Hash of the whole scope.
    pub scope_hash: Text,
}

/// Everything that a decision rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateInputs {
    /// The release.
    pub release: ReleaseKey,
    /// Its service.
    pub service: ServiceKey,
    /// What is asked.
    pub proposal: Proposal,
    /// Digests that would be deployed: as proposed, else those of the release's steps.
    pub digests: Vec<Text>,
    /// The moment whose knowledge it rests on.
    pub known_at: Timestamp,
    /// The graph that was read.
    pub graph_version: u64,
    /// What is authorised there, as seen.
    pub scopes: Vec<ScopeSeen>,
    /// What the rules look at.
    pub subject: Subject,
    /// Version of the policy.
    pub policy_version: Text,
    /// The checks that close the gate under it.
    pub closes: Vec<CheckCode>,
    /// How long what is granted lasts.
    pub limits: Limits,
    /// Every check with its witnesses.
    pub checks: Vec<Check>,
    /// Waivers that concern the release there.
    pub waivers: Vec<Waiver>,
    /// Glass that was broken for it.
    pub break_glass: Vec<BreakGlass>,
}

/// A blocker that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// What must hold.
    pub code: CheckCode,
    /// FAIL or UNKNOWN.
    pub outcome: Outcome,
    /// Why.
    pub reason: Text,
}

/// A blocker that somebody let the release off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waived {
    /// Place of the check among the checks.
    pub check: usize,
    /// The waiver's id.
    pub waiver: Text,
}

/// What followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateResult {
    /// ALLOW exactly when no blocker stands, or glass was broken.
    pub decision: GateDecision,
    /// The blockers that stand, also where glass was broken.
    pub standing: Vec<Standing>,
    /// The blockers that were waived.
    pub waived: Vec<Waived>,
    /// The glass that was broken and let it through; a finding of its own.
    pub broken: Option<Text>,
    /// Until when an ALLOW holds, unless its scope changes before; `None` without one.
    pub valid_until: Option<Timestamp>,
}

/// Inputs and result together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateRecord {
    /// What it rests on.
    pub inputs: GateInputs,
    /// What followed.
    pub result: GateResult,
}

/// Why a record does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Forged {
    /// No record.
    #[error("this is no record of a decision: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another result.
    #[error("decided again from its inputs it says {again:?}, not {said:?}")]
    Differs {
        /// As the record says.
        said: GateDecision,
        /// As it comes out.
        again: GateDecision,
    },
    /// Other bytes.
    #[error("written again it differs: it was changed after it was written")]
    Bytes,
}

impl GateRecord {
    /// Decides. Pure: the same inputs, the same record.
    pub fn decide(inputs: GateInputs) -> Self {
        let moments = [inputs.proposal.at, inputs.known_at];
        let mut waived = Vec::new();
        let mut standing = Vec::new();
        for (place, check) in inputs.checks.iter().enumerate().filter(|(_, check)| inputs.is_closed_by(check)) {
            let waiver = inputs.waivers.iter().find(|waiver| waiver.lets_off(check, moments, &inputs.limits));
            match waiver {
                Some(waiver) => waived.push(Waived { check: place, waiver: waiver.id.clone() }),
                None => standing.push(Standing::of(check)),
            }
        }
        standing.extend(inputs.unasked());
        let glass = inputs.break_glass.iter().find(|glass| glass.is_open(moments, &inputs.limits));
        let decision = match (standing.is_empty(), glass) {
            (true, _) | (false, Some(_)) => GateDecision::Allow,
            (false, None) if standing.iter().any(|one| one.outcome == Outcome::Fail) => GateDecision::Deny,
            (false, None) => GateDecision::Unknown,
        };
        let glass = glass.filter(|_| !standing.is_empty());
        let valid_until = match decision {
            GateDecision::Allow => Some(inputs.valid_until(&waived, glass)),
            _ => None,
        };
        let broken = glass.map(|glass| glass.id.clone());
        Self { result: GateResult { decision, standing, waived, broken, valid_until }, inputs }
    }

    /// The record as it is kept.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a record and decides again: the same inputs must make the same bytes.
    pub fn verify(text: &str) -> Result<Self, Forged> {
        let record: Self = serde_json::from_str(text)?;
        let again = Self::decide(record.inputs.clone());
        if again.result.decision != record.result.decision {
            return Err(Forged::Differs { said: record.result.decision, again: again.result.decision });
        }
        match again.text()? == text {
            true => Ok(record),
            false => Err(Forged::Bytes),
        }
    }

    /// The checks that stand in the way, as they were made.
    pub fn blockers(&self) -> impl Iterator<Item = &Check> {
        let waived: Vec<usize> = self.result.waived.iter().map(|waived| waived.check).collect();
        let checks = self.inputs.checks.iter().enumerate();
        checks
            .filter(move |(place, check)| self.inputs.is_closed_by(check) && !waived.contains(place))
            .map(|(_, check)| check)
    }

    /// Which waiver lets the release off the check at this place.
    pub fn waiver_of(&self, place: usize) -> Option<&Waiver> {
        let waived = self.result.waived.iter().find(|waived| waived.check == place)?;
        self.inputs.waivers.iter().find(|waiver| waiver.id == waived.waiver)
    }
}

impl Standing {
    fn of(check: &Check) -> Self {
        let (outcome, reason) = (check.outcome, check.reason.clone());
        Self { code: check.code, outcome, reason }
    }
}

impl GateInputs {
    /// Does the policy let a check like this close the gate?
    pub fn closes(&self, check: &Check) -> bool {
        self.closes.contains(&check.code)
    }

    fn is_closed_by(&self, check: &Check) -> bool {
        check.phase == Phase::Before
            && matches!(check.outcome, Outcome::Fail | Outcome::Unknown)
            && self.closes(check)
    }

    /// What should close the gate and was not asked at all is unknown.
    fn unasked(&self) -> impl Iterator<Item = Standing> {
        let asked =
            |code: CheckCode| self.checks.iter().any(|check| check.code == code && check.phase == Phase::Before);
        let unasked = self.closes.iter().copied().filter(move |code| !asked(*code));
        unasked.map(|code| Standing { code, outcome: Outcome::Unknown, reason: "It was not checked.".into() })
    }

    /// No longer than the policy says, than any evidence counts, and than any grant.
    fn valid_until(&self, waived: &[Waived], glass: Option<&BreakGlass>) -> Timestamp {
        let minutes = self.limits.decision_minutes.min(LONGEST_DECISION);
        // A decision that is taken before the start holds over it.
        let from = self.known_at.max(self.proposal.at);
        let longest = from.saturating_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(Timestamp::MAX);
        let latest = self.known_at.saturating_add(SignedDuration::from_mins(i64::from(LONGEST_DECISION)));
        let latest = latest.unwrap_or(Timestamp::MAX);
        if let Some(glass) = glass {
            return longest.min(latest).min(glass.until);
        }
        let closing = self.checks.iter().filter(|check| self.closes(check));
        let evidence = closing.filter_map(|check| check.expires_at);
        let used = |waiver: &&Waiver| waived.iter().any(|one| one.waiver == waiver.id);
        let grants = self.waivers.iter().filter(used).map(|waiver| waiver.until);
        evidence.chain(grants).fold(longest.min(latest), Timestamp::min)
    }
}
