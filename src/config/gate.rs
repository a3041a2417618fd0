//! The section `[gate]`: which checks close a gate, what is demanded of evidence, how long what is granted lasts.

use domain::Text;
use engine::gate::{ClosingRule, GatePolicy};
use serde::de::DeserializeOwned;

use super::gate_file::{GateFile, LimitsFile, RuleFile, TermsFile};
use super::mistakes::Mistakes;

/// Checks the section; mistakes are told with their places.
pub(super) fn check(file: GateFile, mistakes: &mut Mistakes) -> GatePolicy {
    let mut policy = GatePolicy::default();
    if let Some(rules) = file.rules {
        let rules = rules.into_iter().enumerate();
        policy.rules = rules.map(|(place, rule)| rule_of(rule, (place, mistakes))).collect();
    }
    limit(&mut policy, file.limits, mistakes);
    demand(&mut policy, file.terms);
    for (place, mistake) in policy.mistakes() {
        mistakes.add(format!("gate.{place}"), mistake);
    }
    policy
}

fn rule_of(file: RuleFile, (place, mistakes): (usize, &mut Mistakes)) -> ClosingRule {
    let path = format!("gate.rules[{place}]");
    ClosingRule {
        name: file.name.into(),
        stages: words(&file.stages, (format!("{path}.stages"), mistakes)),
        tiers: file.tiers,
        tags: texts(file.tags),
        checks: words(&file.checks, (format!("{path}.checks"), mistakes)),
    }
}

fn limit(policy: &mut GatePolicy, file: LimitsFile, mistakes: &mut Mistakes) {
    let limits = &mut policy.limits;
    set(&mut limits.decision_minutes, file.decision_minutes);
    set(&mut limits.break_glass_minutes, file.break_glass_minutes);
    set(&mut limits.waiver_days, file.waiver_days);
    let codes = file.unwaivable.map(|codes| words(&codes, ("gate.limits.unwaivable".to_owned(), mistakes)));
    set(&mut limits.unwaivable, codes);
}

fn demand(policy: &mut GatePolicy, file: TermsFile) {
    let terms = &mut policy.terms;
    set(&mut terms.suites, file.suites.map(texts));
    set(&mut terms.no_suites, file.no_suites.map(texts));
    set(&mut terms.rehearsal_days, file.rehearsal_days);
    set(&mut terms.emergency_hours, file.emergency_hours);
    set(&mut terms.health_minutes, file.health_minutes);
    set(&mut terms.health_samples, file.health_samples);
    set(&mut terms.cmdb_hours, file.cmdb_hours);
    set(&mut terms.executives, file.executives.map(texts));
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn texts(words: Vec<String>) -> Vec<Text> {
    words.into_iter().map(Text::from).collect()
}

fn words<T: DeserializeOwned>(texts: &[String], (path, mistakes): (String, &mut Mistakes)) -> Vec<T> {
    let read = texts.iter().enumerate().filter_map(|(at, text)| {
        let word = serde_json::from_value(serde_json::Value::String(text.clone()));
        mistakes.check(format!("{path}[{at}]"), word.map_err(|error| error.to_string()))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (GatePolicy, String) {
        let mut mistakes = Mistakes::default();
        let file: GateFile = toml::from_str(text).expect("a section");
        let policy = check(file, &mut mistakes);
        (policy, mistakes.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn an_empty_section_is_the_default_and_each_mistake_has_its_place() {
        assert_eq!(read(""), (GatePolicy::default(), String::new()));
        let rule = "[[rules]]\nname = \"all\"\nstages = [\"PRODUCTION\"]\nchecks = ";
        let (policy, told) = read(&format!("{rule}[\"TESTED\"]\n[terms]\nsuites = [\"unit\"]"));
        assert_eq!((policy.rules.len(), policy.terms.suites.len(), told.as_str()), (1, 1, ""));
        assert!(read(&format!("{rule}[\"TEST\"]")).1.starts_with("gate.rules[0].checks[0]: unknown variant"));
        let late = read(&format!("{rule}[\"HEALTHY_AFTER\"]")).1;
        assert!(late.starts_with("gate.rules[0].checks[0]: HEALTHY_AFTER is judged after the start"), "{late}");
        assert!(
            read("[limits]\ndecision_minutes = 900").1.contains("gate.limits.decision_minutes: expected 1 to 240")
        );
    }
}
