//! Where a risk sends a change. A review that costs C and prevents a share e of failures that cost F pays exactly when
//! p > C/(e·F). A score routes; it never approves.

use domain::Text;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How large a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RiskLevel {
    /// No review pays.
    Low,
    /// A peer's review pays.
    Medium,
    /// The board's review pays.
    High,
    /// An executive's review pays.
    Critical,
}

impl RiskLevel {
    /// The stable word, as clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Who looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Escalation {
    /// Nobody anew: a live template covers it.
    PreApproved,
    /// A peer.
    PeerReview,
    /// The change advisory board.
    Cab,
    /// An executive.
    Executive,
}

/// One kind of review.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// What it costs.
    pub cost: f64,
    /// Share of failures that it prevents, over 0 and at most 1.
    pub prevents: f64,
}

/// Costs, with the one who answers for them. All amounts in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskPolicy {
    /// Who set the costs.
    pub owner: Text,
    /// When they were set.
    pub set_on: Option<Date>,
    /// Failures per change that are assumed before anything is known.
    pub base_rate: f64,
    /// Peer, board, executive.
    pub reviews: [Review; 3],
    /// What a failure costs, by tier 0 to 4.
    pub failure_costs: [f64; 5],
}

impl Default for RiskPolicy {
    fn default() -> Self {
        Self {
            owner: "default".into(),
            set_on: None,
            base_rate: 0.1,
            reviews: [
                Review { cost: 600.0, prevents: 0.15 },
                Review { cost: 2_000.0, prevents: 0.3 },
                Review { cost: 10_000.0, prevents: 0.35 },
            ],
            failure_costs: [100_000.0, 50_000.0, 45_000.0, 40_000.0, 36_000.0],
        }
    }
}

/// The probabilities above which each review pays, for one tier.
pub type Thresholds = [f64; 3];

impl RiskPolicy {
    /// What a failure of a service of this tier costs; of an unknown tier, what the dearest does.
    pub fn failure_cost(&self, tier: Option<u8>) -> f64 {
        let dearest = self.failure_costs.iter().copied().fold(0.0, f64::max);
        tier.and_then(|tier| self.failure_costs.get(usize::from(tier))).copied().unwrap_or(dearest)
    }

    /// p* = C/(e·F) of each review.
    pub fn thresholds(&self, tier: Option<u8>) -> Thresholds {
        let failure = self.failure_cost(tier);
        self.reviews.map(|review| review.cost / (review.prevents * failure))
    }

    /// Makes sure that every level can be reached; answers what cannot, for people.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for tier in 0..5 {
            let [peer, board, executive] = self.thresholds(Some(tier));
            let rising = 0.0 < peer && peer < board && board < executive && executive < 1.0;
            if !rising {
                mistakes.push(format!(
                    "tier {tier}: the thresholds {peer:.3}, {board:.3}, {executive:.3} must rise between 0 and 1, \
                     else a level can never be reached; a threshold is review cost / (share prevented × failure cost)"
                ));
            }
        }
        mistakes
    }
}

/// The level of a probability.
pub fn level(probability: f64, [peer, board, executive]: Thresholds) -> RiskLevel {
    match probability {
        p if p > executive => RiskLevel::Critical,
        p if p > board => RiskLevel::High,
        p if p > peer => RiskLevel::Medium,
        _ => RiskLevel::Low,
    }
}

/// Is the change covered by a live template of standard changes?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Template {
    /// Yes.
    Live,
    /// No, or not known.
    None,
}

/// Where it is sent. Pre-approval needs the upper bound of the 90 % interval below the peer's threshold and a live
/// template: a low estimate that rests on nothing is not low.
pub fn escalate(score: (f64, f64), thresholds: Thresholds, template: Template) -> Escalation {
    let (probability, high) = score;
    let [peer, ..] = thresholds;
    match level(probability, thresholds) {
        RiskLevel::Critical => Escalation::Executive,
        RiskLevel::High => Escalation::Cab,
        RiskLevel::Low if high < peer && template == Template::Live => Escalation::PreApproved,
        RiskLevel::Low | RiskLevel::Medium => Escalation::PeerReview,
    }
}

/// Why [`escalate`] sends it there, in one sentence with the numbers that decide.
pub(super) fn why_escalated(score: (f64, f64), thresholds: Thresholds, template: Template) -> String {
    let (probability, high) = score;
    let [peer, board, executive] = thresholds;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let (least, whose) = match level(probability, thresholds) {
        RiskLevel::Critical => (executive, "an executive's"),
        RiskLevel::High => (board, "the board's"),
        RiskLevel::Medium | RiskLevel::Low => (peer, "a peer's"),
    };
    let pays = format!("{}, over which {whose} review pays", percent(least));
    if probability > least {
        return format!("Its probability of {} is over {pays}.", percent(probability));
    }
    let mut lacks = Vec::new();
    if template != Template::Live {
        lacks.push("no live template covers it".to_owned());
    }
    if high >= peer {
        lacks.push(format!("its interval reaches {}", percent(high)));
    }
    let low = format!("Its probability of {} is not over {pays}", percent(probability));
    match lacks.is_empty() {
        true => format!("{low}, its interval ends below it at {}, and a live template covers it.", percent(high)),
        false => format!("{low}, but {}: a peer looks at it all the same.", lacks.join(" and ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_and_every_escalation_can_be_reached_in_every_tier() {
        let policy = RiskPolicy::default();
        assert_eq!(policy.mistakes(), Vec::<String>::new());
        for tier in [None, Some(0), Some(1), Some(2), Some(3), Some(4)] {
            let thresholds = policy.thresholds(tier);
            let [peer, board, executive] = thresholds;
            let seen = [0.0, (peer + board) / 2.0, (board + executive) / 2.0, 1.0].map(|p| level(p, thresholds));
            assert_eq!(seen, [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical]);
            let sent = [0.0, (peer + board) / 2.0, (board + executive) / 2.0, 1.0]
                .map(|p| escalate((p, p), thresholds, Template::Live));
            use Escalation::{Cab, Executive, PeerReview, PreApproved};
            assert_eq!(sent, [PreApproved, PeerReview, Cab, Executive]);
        }
    }

    #[test]
    fn pre_approval_needs_a_live_template_and_a_narrow_interval() {
        let thresholds = RiskPolicy::default().thresholds(Some(1));
        assert_eq!(escalate((0.01, 0.03), thresholds, Template::Live), Escalation::PreApproved);
        assert_eq!(escalate((0.01, 0.03), thresholds, Template::None), Escalation::PeerReview);
        assert_eq!(escalate((0.01, 0.30), thresholds, Template::Live), Escalation::PeerReview);
    }

    #[test]
    fn the_reason_names_the_numbers_that_decide() {
        let check = |score: (f64, f64), template: Template, expected: &str| {
            let thresholds = RiskPolicy::default().thresholds(Some(1));
            assert_eq!(why_escalated(score, thresholds, template), expected);
        };
        let low = "Its probability of 1.0 % is not over 8.0 %, over which a peer's review pays";
        check(
            (0.01, 0.03),
            Template::Live,
            &format!("{low}, its interval ends below it at 3.0 %, and a live template covers it."),
        );
        check(
            (0.01, 0.03),
            Template::None,
            &format!("{low}, but no live template covers it: a peer looks at it all the same."),
        );
        check(
            (0.01, 0.3),
            Template::Live,
            &format!("{low}, but its interval reaches 30.0 %: a peer looks at it all the same."),
        );
        check(
            (0.2, 0.3),
            Template::Live,
            "Its probability of 20.0 % is over 13.3 %, over which the board's review pays.",
        );
    }

    #[test]
    fn costs_that_hide_a_level_are_told() {
        let policy =
            RiskPolicy { failure_costs: [100_000.0, 50_000.0, 40_000.0, 30_000.0, 900.0], ..RiskPolicy::default() };
        assert!(policy.mistakes().iter().any(|mistake| mistake.starts_with("tier 4")));
    }
}
