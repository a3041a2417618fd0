//! STANDARD, NORMAL or EMERGENCY by a decision table. The table is checked before it is used: every combination of
//! facts must be met by a rule, and rules that meet the same combination must agree.

use domain::{ChangeClass, Text};
use serde::{Deserialize, Serialize};

use super::policy::{RiskLevel, Template};

/// How the coverage of what is released compares with the least that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Coverage {
    /// At least that.
    Enough,
    /// Less.
    Short,
    /// Nobody measured it.
    Unknown,
}

/// What a classification rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Is it carried by an emergency change?
    pub emergency: bool,
    /// Does a live template cover it?
    pub template: Template,
    /// Share of lines covered; `None` when not measured.
    pub coverage: Option<f64>,
    /// Its risk.
    pub level: RiskLevel,
}

/// Conditions of a rule; what is not given is met by all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// Emergency or not.
    pub emergency: Option<bool>,
    /// Live template or not.
    pub template: Option<bool>,
    /// One of these.
    pub coverage: Option<Vec<Coverage>>,
    /// One of these.
    pub levels: Option<Vec<RiskLevel>>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOutcome {
    /// The class.
    pub class: ChangeClass,
    /// Who reviews it, in the company's words.
    pub review_path: Text,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, shown when it fires.
    pub name: Text,
    /// When it fires.
    pub when: When,
    /// What it says.
    pub outcome: RuleOutcome,
}

/// A checked table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    rules: Vec<Rule>,
    minimum_coverage: f64,
}

/// A class with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classification {
    /// What the rule says.
    pub outcome: RuleOutcome,
    /// The rule that fired.
    pub rule: Text,
    /// The facts, and what would have to differ for another class.
    pub reasons: Vec<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    emergency: bool,
    template: bool,
    coverage: Coverage,
    level: RiskLevel,
}

const COVERAGES: [Coverage; 3] = [Coverage::Enough, Coverage::Short, Coverage::Unknown];
const LEVELS: [RiskLevel; 4] = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical];

fn cells() -> impl Iterator<Item = Cell> {
    let flags = [false, true];
    flags.into_iter().flat_map(move |emergency| {
        flags.into_iter().flat_map(move |template| {
            COVERAGES.into_iter().flat_map(move |coverage| {
                LEVELS.into_iter().map(move |level| Cell { emergency, template, coverage, level })
            })
        })
    })
}

impl When {
    fn meets(&self, cell: &Cell) -> bool {
        self.emergency.is_none_or(|wanted| wanted == cell.emergency)
            && self.template.is_none_or(|wanted| wanted == cell.template)
            && self.coverage.as_ref().is_none_or(|wanted| wanted.contains(&cell.coverage))
            && self.levels.as_ref().is_none_or(|wanted| wanted.contains(&cell.level))
    }
}

impl Default for Table {
    fn default() -> Self {
        let rule = |name: &str, class, review_path: &str, when| Rule {
            name: name.into(),
            when,
            outcome: RuleOutcome { class, review_path: review_path.into() },
        };
        let normal = "peer review, then the board where the risk demands it";
        let usual = When { emergency: Some(false), template: Some(true), ..When::default() };
        let rules = vec![
            rule(
                "emergency",
                ChangeClass::Emergency,
                "emergency board now, approval by the board within 24 hours after it",
                When { emergency: Some(true), ..When::default() },
            ),
            rule(
                "no live template",
                ChangeClass::Normal,
                normal,
                When { emergency: Some(false), template: Some(false), ..When::default() },
            ),
            rule(
                "template, but coverage short or unknown",
                ChangeClass::Normal,
                normal,
                When { coverage: Some(vec![Coverage::Short, Coverage::Unknown]), ..usual.clone() },
            ),
            rule(
                "template, but risky",
                ChangeClass::Normal,
                normal,
                When {
                    coverage: Some(vec![Coverage::Enough]),
                    levels: Some(vec![RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical]),
                    ..usual.clone()
                },
            ),
            rule(
                "template, covered, low risk",
                ChangeClass::Standard,
                "approved by its template",
                When { coverage: Some(vec![Coverage::Enough]), levels: Some(vec![RiskLevel::Low]), ..usual },
            ),
        ];
        Self { rules, minimum_coverage: 0.85 }
    }
}

impl Table {
    /// Checks that the table is total and free of conflict; answers every combination that is not, in words.
    pub fn checked(rules: Vec<Rule>, minimum_coverage: f64) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        for cell in cells() {
            let met: Vec<&Rule> = rules.iter().filter(|rule| rule.when.meets(&cell)).collect();
            match met.as_slice() {
                [] => mistakes.push(format!("no rule for {}", cell.words())),
                [first, rest @ ..] => {
                    if let Some(other) = rest.iter().find(|other| other.outcome != first.outcome) {
                        let (one, two) = (&first.name, &other.name);
                        mistakes.push(format!("{one:?} and {two:?} disagree on {}", cell.words()));
                    }
                }
            }
        }
        if mistakes.is_empty() { Ok(Self { rules, minimum_coverage }) } else { Err(mistakes) }
    }

    fn rule(&self, cell: &Cell) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.when.meets(cell))
    }
}

impl Cell {
    fn words(&self) -> String {
        let emergency = if self.emergency { "an emergency" } else { "no emergency" };
        let template = if self.template { "a live template" } else { "no live template" };
        let coverage = match self.coverage {
            Coverage::Enough => "enough coverage",
            Coverage::Short => "too little coverage",
            Coverage::Unknown => "unknown coverage",
        };
        format!("{emergency}, {template}, {coverage}, risk {:?}", self.level)
    }
}

/// Classifies; `None` cannot happen with a checked table.
pub fn classify(table: &Table, facts: &Facts) -> Option<Classification> {
    let coverage = match facts.coverage {
        None => Coverage::Unknown,
        Some(share) if share >= table.minimum_coverage => Coverage::Enough,
        Some(_) => Coverage::Short,
    };
    let cell = Cell {
        emergency: facts.emergency,
        template: facts.template == Template::Live,
        coverage,
        level: facts.level,
    };
    let rule = table.rule(&cell)?;
    let (least, class) = (table.minimum_coverage * 100.0, word(rule.outcome.class));
    let measured = facts.coverage.map(|share| share * 100.0);
    let others = [
        (
            Cell { emergency: !cell.emergency, ..cell },
            match cell.emergency {
                true => "its change is an emergency".to_owned(),
                false => "its change is no emergency".to_owned(),
            },
        ),
        (
            Cell { template: !cell.template, ..cell },
            match cell.template {
                true => "a live template covers it".to_owned(),
                false => "no live template covers it".to_owned(),
            },
        ),
        (
            Cell {
                coverage: if coverage == Coverage::Enough { Coverage::Short } else { Coverage::Enough },
                ..cell
            },
            match (coverage, measured) {
                (Coverage::Enough, Some(share)) => format!("coverage {share:.0} % ≥ {least:.0} %"),
                (_, Some(share)) => format!("coverage {share:.0} % < {least:.0} %"),
                (_, None) => "coverage was not measured".to_owned(),
            },
        ),
        (
            Cell { level: if cell.level == RiskLevel::Low { RiskLevel::High } else { RiskLevel::Low }, ..cell },
            format!("risk is {}", cell.level.as_str()),
        ),
    ];
    let mut reasons = Vec::new();
    for (other, fact) in others {
        let instead = table.rule(&other).filter(|other| other.outcome.class != rule.outcome.class);
        if let Some(instead) = instead {
            reasons.push(format!("{class}, because {fact}; otherwise {}", word(instead.outcome.class)).into());
        }
    }
    if reasons.is_empty() {
        reasons.push(
            format!("{class} by rule {:?}: no single fact would change it ({})", rule.name, cell.words()).into(),
        );
    }
    Some(Classification { outcome: rule.outcome.clone(), rule: rule.name.clone(), reasons })
}

fn word(class: ChangeClass) -> &'static str {
    match class {
        ChangeClass::Standard => "STANDARD",
        ChangeClass::Normal => "NORMAL",
        ChangeClass::Emergency => "EMERGENCY",
        ChangeClass::Other => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_table_is_total_and_free_of_conflict() {
        let table = Table::default();
        Table::checked(table.rules, table.minimum_coverage).expect("sound");
    }

    #[test]
    fn a_hole_and_a_conflict_are_told() {
        let mut rules = Table::default().rules;
        let first = rules.remove(0);
        let holes = Table::checked(rules.clone(), 0.85).expect_err("a hole");
        assert!(holes.len() == 24 && holes[0].starts_with("no rule for an emergency"), "{holes:?}");
        rules.push(Rule { when: When::default(), ..first });
        let conflicts = Table::checked(rules, 0.85).expect_err("a conflict");
        assert!(conflicts[0].contains("disagree on no emergency"), "{conflicts:?}");
    }

    #[test]
    fn says_which_rule_fired_and_what_would_change_it() {
        let check = |facts: Facts, expected: &str| {
            let found = classify(&Table::default(), &facts).expect("total");
            let reasons: Vec<&str> = found.reasons.iter().map(|reason| &**reason).collect();
            assert_eq!(format!("{:?} {}: {}", found.outcome.class, found.rule, reasons.join(" | ")), expected);
        };
        let facts =
            Facts { emergency: false, template: Template::Live, coverage: Some(0.78), level: RiskLevel::Low };
        check(
            facts,
            "Normal template, but coverage short or unknown: NORMAL, because its change is no emergency; otherwise \
             EMERGENCY | NORMAL, because coverage 78 % < 85 %; otherwise STANDARD",
        );
        check(
            Facts { coverage: Some(0.94), ..facts },
            "Standard template, covered, low risk: STANDARD, because its change is no emergency; otherwise EMERGENCY \
             | STANDARD, because a live template covers it; otherwise NORMAL | STANDARD, because coverage 94 % ≥ \
             85 %; otherwise NORMAL | STANDARD, because risk is LOW; otherwise NORMAL",
        );
    }
}
