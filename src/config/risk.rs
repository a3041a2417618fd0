//! The section `[risk]`: the model, what reviews and failures cost, and the table that classifies changes.

use domain::ChangeClass;
use engine::risk::{MandatoryReview, Model, Review, RiskPolicy, Rule, RuleOutcome, Table, When};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use super::mistakes::Mistakes;
use super::risk_file::{ClassificationFile, MandatoryReviewFile, ReviewFile, RiskCostsFile, RiskFile, RuleFile};

/// How risk is judged.
#[derive(Debug, Clone)]
pub struct RiskSetup {
    /// What predicts.
    pub model: Model,
    /// What reviews and failures cost.
    pub policy: RiskPolicy,
    /// What a change's class depends on.
    pub table: Table,
    /// Which changes another person must review.
    pub mandatory_review: MandatoryReview,
    /// How often the gateway trains a challenger; `None`: never.
    pub retrain_every: Option<SignedDuration>,
}

impl Default for RiskSetup {
    fn default() -> Self {
        let policy = RiskPolicy::default();
        Self {
            model: Model::prior(policy.base_rate),
            policy,
            table: Table::default(),
            mandatory_review: MandatoryReview::default(),
            retrain_every: None,
        }
    }
}

/// Outcomes become known in days; training more often than this only heats the room.
const SHORTEST_RETRAINING: SignedDuration = SignedDuration::from_hours(1);

/// Checks the section; mistakes are told with their places.
pub(super) fn check(file: RiskFile, mistakes: &mut Mistakes) -> Option<RiskSetup> {
    let mut policy = file.costs.map_or_else(RiskPolicy::default, |costs| costs_of(costs, mistakes));
    if let Some(rate) = file.base_rate {
        if !(rate > 0.0 && rate < 1.0) {
            mistakes.add("risk.base_rate", "expected a share over 0 and under 1, for example 0.1");
        }
        policy.base_rate = rate;
    }
    for mistake in policy.mistakes() {
        mistakes.add("risk.costs", mistake);
    }
    let table = match file.classification {
        Some(table) => checked_table(table, mistakes),
        None => Some(Table::default()),
    };
    let model = match &file.model {
        None => Some(Model::prior(policy.base_rate)),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                format!("{} cannot be read: {error}; `interlock risk train` makes it", path.display())
            });
            let text = mistakes.check("risk.model", text);
            text.and_then(|text| {
                mistakes.check("risk.model", Model::read(&text).map_err(|error| error.to_string()))
            })
        }
    };
    let mandatory_review = match file.mandatory_review {
        Some(file) => mandatory_of(file, mistakes),
        None => Some(MandatoryReview::default()),
    };
    if file.retrain_every.is_some_and(|every| every < SHORTEST_RETRAINING) {
        mistakes.add("risk.retrain_every", "expected at least an hour, for example \"24h\"");
    }
    if model.as_ref().is_some_and(|model| !model.reads_releases()) {
        let told = "it was trained on columns that releases do not have; `interlock risk train --config` makes one";
        mistakes.add("risk.model", told);
    }
    let retrain_every = file.retrain_every;
    let (model, table, mandatory_review) = (model?, table?, mandatory_review?);
    Some(RiskSetup { model, policy, table, mandatory_review, retrain_every })
}

fn mandatory_of(file: MandatoryReviewFile, mistakes: &mut Mistakes) -> Option<MandatoryReview> {
    const PATH: &str = "risk.mandatory_review";
    if let Some(tier) = file.tiers.iter().find(|tier| **tier > 4) {
        mistakes.add(format!("{PATH}.tiers"), format!("{tier} is no tier; tiers are 0 to 4"));
    }
    let from = word(&file.from, (format!("{PATH}.from"), mistakes));
    let tags = file.tags.into_iter().map(Into::into).collect();
    Some(MandatoryReview { tiers: file.tiers, tags, from: from? })
}

fn costs_of(file: RiskCostsFile, mistakes: &mut Mistakes) -> RiskPolicy {
    let mut review = |name: &str, file: ReviewFile| {
        if !(file.cost > 0.0 && file.cost.is_finite()) {
            mistakes.add(format!("risk.costs.{name}.cost"), "expected an amount over 0");
        }
        if !(file.prevents > 0.0 && file.prevents <= 1.0) {
            mistakes.add(format!("risk.costs.{name}.prevents"), "expected a share over 0, at most 1");
        }
        Review { cost: file.cost, prevents: file.prevents }
    };
    let reviews =
        [review("peer_review", file.peer_review), review("cab", file.cab), review("executive", file.executive)];
    RiskPolicy {
        owner: file.owner.into(),
        set_on: Some(file.set_on),
        reviews,
        failure_costs: file.failures,
        ..RiskPolicy::default()
    }
}

fn checked_table(file: ClassificationFile, mistakes: &mut Mistakes) -> Option<Table> {
    const PATH: &str = "risk.classification";
    if !(0.0..=1.0).contains(&file.minimum_coverage) {
        mistakes.add(format!("{PATH}.minimum_coverage"), "expected a share between 0 and 1, for example 0.85");
    }
    let before = mistakes.0.len();
    let rules: Vec<Rule> = file
        .rules
        .into_iter()
        .enumerate()
        .filter_map(|(at, rule)| rule_of(rule, (format!("{PATH}.rules[{at}]"), mistakes)))
        .collect();
    if mistakes.0.len() > before {
        return None;
    }
    match Table::checked(rules, file.minimum_coverage) {
        Ok(table) => Some(table),
        Err(found) => {
            for mistake in found {
                mistakes.add(format!("{PATH}.rules"), mistake);
            }
            None
        }
    }
}

fn rule_of(file: RuleFile, (path, mistakes): (String, &mut Mistakes)) -> Option<Rule> {
    let class: Option<ChangeClass> = word(&file.class, (format!("{path}.class"), mistakes));
    let coverage = words(file.coverage, (format!("{path}.coverage"), mistakes));
    let levels = words(file.levels, (format!("{path}.levels"), mistakes));
    let when = When { emergency: file.emergency, template: file.template, coverage: coverage?, levels: levels? };
    let outcome = RuleOutcome { class: class?, review_path: file.review_path.into() };
    Some(Rule { name: file.name.into(), when, outcome })
}

fn word<T: DeserializeOwned>(text: &str, (path, mistakes): (String, &mut Mistakes)) -> Option<T> {
    let read = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    mistakes.check(&path, read.map_err(|error| error.to_string()))
}

fn words<T: DeserializeOwned>(
    texts: Option<Vec<String>>,
    (path, mistakes): (String, &mut Mistakes),
) -> Option<Option<Vec<T>>> {
    let Some(texts) = texts else { return Some(None) };
    let read: Vec<Option<T>> =
        texts.iter().enumerate().map(|(at, text)| word(text, (format!("{path}[{at}]"), mistakes))).collect();
    read.into_iter().collect::<Option<Vec<T>>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut mistakes = Mistakes::default();
        let file: RiskFile = toml::from_str(text).expect("a section");
        check(file, &mut mistakes);
        mistakes.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_empty_section_is_sound_and_each_mistake_has_its_place() {
        assert_eq!(told(""), "");
        assert!(told("base_rate = 2.0").starts_with("risk.base_rate: expected a share"));
        assert_eq!(told("retrain_every = \"24h\""), "");
        assert!(told("retrain_every = \"1m\"").starts_with("risk.retrain_every: expected at least an hour"));
        assert!(told("model = \"nowhere.json\"").starts_with("risk.model: nowhere.json cannot be read"));
        let costs = |cab: &str| {
            format!(
                "[costs]\nowner = \"o\"\nset_on = \"2026-01-01\"\nfailures = [9e4, 8e4, 7e4, 6e4, 5e4]\n\
                 peer_review = {{ cost = 600, prevents = 0.2 }}\n{cab}\nexecutive = {{ cost = 6000, prevents = 0.3 }}"
            )
        };
        assert_eq!(told(&costs("cab = { cost = 2000, prevents = 0.3 }")), "");
        assert!(told(&costs("cab = { cost = 1, prevents = 0.3 }")).contains("must rise"));
        assert!(told(&costs("cab = { cost = 2000, prevents = 3.0 }")).contains("risk.costs.cab.prevents"));
        assert_eq!(told("[mandatory_review]\ntiers = [0]\ntags = [\"pci\"]\nfrom = \"MEDIUM\""), "");
        assert!(told("[mandatory_review]\ntiers = [7]").starts_with("risk.mandatory_review.tiers: 7 is no tier"));
        assert!(told("[mandatory_review]\nfrom = \"BIG\"").starts_with("risk.mandatory_review.from"));
        let rule = "[classification]\nminimum_coverage = 0.8\n[[classification.rules]]\nname = \"all\"\n\
                    review_path = \"p\"\n";
        assert_eq!(told(&format!("{rule}class = \"NORMAL\"")), "");
        assert!(told(&format!("{rule}class = \"USUAL\"")).starts_with("risk.classification.rules[0].class"));
        assert!(told(&format!("{rule}class = \"NORMAL\"\nemergency = true")).contains("no rule for no emergency"));
    }
}
