//! The risk of every release of a graph, and of several together. Computed once per graph; a release's decision
//! moment is its start in production, or the graph's own where it has not started.

use std::collections::BTreeMap;

use domain::{ChangeClass, Release, Text};
use jiff::Timestamp;

use super::bayes::Place;
use super::catalog::{COVERAGE, EMERGENCY};
use super::classify::{Classification, Facts, Table, classify};
use super::ground::Ground;
use super::history::{Case, History};
use super::known::Snapshot;
use super::labels::{Grade, deployed_at, label};
use super::model::{Contribution, Model};
use super::policy::{RiskPolicy, Template, why_escalated};
use super::record::{Inputs, Record};
use crate::graph::{Index, ReleaseGraph};

/// The risk of one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// What it rests on and what follows; can be kept and recomputed.
    pub record: Record,
    /// What would lower it most: the change to make and the probability then; best first.
    pub remedies: Vec<(Text, f64)>,
}

impl Risk {
    /// 0 to 100: the probability in percent.
    pub fn points(&self) -> f64 {
        self.record.result.score.probability * 100.0
    }

    /// Why it is sent to whom it is sent, with the numbers that decide.
    pub fn why_escalated(&self) -> String {
        let (inputs, score) = (&self.record.inputs, &self.record.result.score);
        let thresholds = inputs.policy.thresholds(inputs.tier);
        why_escalated((score.probability, score.high), thresholds, inputs.template)
    }

    /// A factor in plain words, with what exactly was measured.
    pub fn explanation(&self, part: &Contribution) -> String {
        let words = part.explanation();
        let measure = self.record.inputs.snapshot.get(&part.name).and_then(|reading| reading.measure.as_deref());
        match (measure, part.value) {
            (Some(measure), Some(share)) if &*part.name == COVERAGE => {
                format!("{:.0} % {measure}: {:+.2}", share * 100.0, part.log_odds)
            }
            (Some(measure), Some(value)) => format!("{value:.0} {measure}: {:+.2}", part.log_odds),
            _ => words,
        }
    }

    /// Factors by the size of their contributions.
    pub fn factors(&self) -> Vec<&Contribution> {
        let mut factors: Vec<&Contribution> = self.record.result.score.contributions.iter().collect();
        factors.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()).then_with(|| a.name.cmp(&b.name)));
        factors
    }
}

/// The risks of all releases of one graph, by place.
#[derive(Debug, Clone, Default)]
pub struct Risks {
    by_release: BTreeMap<Index<Release>, Risk>,
}

impl Risks {
    /// Assesses all releases.
    pub fn of(graph: &ReleaseGraph, model: &Model, policy: &RiskPolicy) -> Self {
        let ground = Ground::of(graph);
        let rates = match model.rates() {
            Some(rates) => rates.clone(),
            None => super::bayes::walk(cases(&ground).cases()).1,
        };
        let by_release = graph.releases.iter().map(|(index, release)| {
            let service = graph.services.by_id(&release.service);
            let at = ground.decided_at(release);
            let change_type = class_of(graph, index);
            let team: Option<Text> =
                service.and_then(|service| service.owner.as_ref()).map(|team| team.as_str().into());
            let place = Place { change_type, team: team.as_deref(), service: release.service.as_str() };
            let inputs = Inputs {
                release: release.key.as_str().into(),
                service: release.service.as_str().into(),
                change_type: change_type.into(),
                history: rates.rate(&place, at).shortened(),
                snapshot: ground.snapshot(index, at),
                tier: service.and_then(|service| service.tier),
                template: template_of(graph, index, at),
                policy: policy.clone(),
                team,
            };
            (index, assess(inputs, model))
        });
        Self { by_release: by_release.collect() }
    }

    /// The risk of the release at this place.
    pub fn get(&self, release: Index<Release>) -> Option<&Risk> {
        self.by_release.get(&release)
    }
}

/// Judges inputs, and looks for what would lower the risk most.
fn assess(inputs: Inputs, model: &Model) -> Risk {
    let record = Record::decide(inputs, model);
    let probability = record.result.score.probability;
    let mut remedies: Vec<(Text, f64)> = remedies(&record.inputs.snapshot)
        .into_iter()
        .map(|(words, other)| (words, record.inputs.score(&other, model).probability))
        .filter(|(_, lower)| *lower < probability - 1e-4)
        .collect();
    remedies.sort_by(|a, b| a.1.total_cmp(&b.1));
    remedies.truncate(3);
    Risk { record, remedies }
}

/// What somebody could do about it; features that nobody can change before the release are left out.
fn remedies(snapshot: &Snapshot) -> Vec<(Text, Snapshot)> {
    let mut remedies = Vec::new();
    let value = |feature: &str| snapshot.get(feature).map(|reading| reading.value);
    if let Some(files) = value("files").filter(|files| *files > 10.0) {
        let half =
            ["files", "directories", "linesChanged", "commits"].into_iter().fold(snapshot.clone(), |held, name| {
                let halved = held.get(name).map(|reading| (reading.value / 2.0).ceil());
                halved.map_or(held.clone(), |halved| held.with(name, halved))
            });
        remedies.push((format!("split it in two of about {:.0} files", (files / 2.0).ceil()).into(), half));
    }
    if value(COVERAGE).is_some_and(|share| share < 0.9) {
        remedies.push(("cover 90 % of what it changes with tests".into(), snapshot.with(COVERAGE, 0.9)));
    }
    for (feature, words) in [
        ("failedTests", "mend the failed tests"),
        ("flakySuites", "make the flaky suites steady"),
        ("noBackoutPlan", "write a backout plan"),
        ("concurrentChanges", "move it to a time without other changes"),
        ("outsideHours", "start in working hours"),
        ("openIncidents", "wait until open incidents are solved"),
        ("openProblems", "solve the open problems of its service first"),
    ] {
        if value(feature).is_some_and(|value| value > 0.0) {
            remedies.push((words.into(), snapshot.with(feature, 0.0)));
        }
    }
    if value(EMERGENCY).is_some_and(|value| value > 0.0) {
        remedies.push(("take the normal way instead of an emergency".into(), snapshot.with(EMERGENCY, 0.0)));
    }
    remedies
}

/// The class that the table gives a release, with reasons.
pub fn classify_release(risk: &Risk, table: &Table) -> Option<Classification> {
    let inputs = &risk.record.inputs;
    let facts = Facts {
        emergency: inputs.snapshot.get(EMERGENCY).is_some_and(|reading| reading.value > 0.0),
        template: inputs.template,
        coverage: inputs.snapshot.get(COVERAGE).map(|reading| reading.value),
        level: risk.record.result.level,
    };
    classify(table, &facts)
}

/// The class of the changes that carry it, in lower case; the gravest of several.
pub(super) fn class_of(graph: &ReleaseGraph, index: Index<Release>) -> &'static str {
    let changes = graph.release_changes.from(index).map(|related| graph.changes.get(related.index).class);
    let classes: Vec<ChangeClass> = changes.collect();
    match () {
        () if classes.contains(&ChangeClass::Emergency) => "emergency",
        () if classes.contains(&ChangeClass::Normal) => "normal",
        () if classes.contains(&ChangeClass::Standard) => "standard",
        () if classes.contains(&ChangeClass::Other) => "other",
        () => "none",
    }
}

/// Is there a change that carries it under a template that may be used at the moment, and none outside of one?
pub(super) fn template_of(graph: &ReleaseGraph, index: Index<Release>, at: Timestamp) -> Template {
    let changes: Vec<_> = graph
        .release_changes
        .from(index)
        .filter(|related| related.link.supports())
        .map(|related| graph.changes.get(related.index))
        .collect();
    let live = |change: &&domain::Change| {
        change.class == ChangeClass::Standard
            && change.template.as_ref().and_then(|id| graph.change_templates.by_id(id)).is_some_and(|template| {
                template.active
                    && template.revoked_at.is_none_or(|revoked| revoked > at)
                    && template.valid_from.is_none_or(|from| from <= at)
                    && template.valid_to.is_none_or(|to| to > at)
                    && template
                        .allowed_configuration_items
                        .as_ref()
                        .is_none_or(|allowed| change.configuration_items.iter().all(|item| allowed.contains(item)))
            })
    };
    match !changes.is_empty() && changes.iter().all(live) {
        true => Template::Live,
        false => Template::None,
    }
}

/// Labelled releases of a graph as a history: what a model is trained on. Grades below REMEDIATION are left unknown.
pub fn history_of(graph: &ReleaseGraph) -> History {
    cases(&Ground::of(graph))
}

fn cases(ground: &Ground<'_>) -> History {
    let graph = ground.graph;
    let cases = graph.releases.iter().filter_map(|(index, release)| {
        let started = deployed_at(graph, release, ground.attempts(release))?;
        let found = label(graph, (index, started), ground.attempts(release));
        let trusted = found.filter(|label| label.grade.is_none_or(|grade| grade <= Grade::Remediation));
        let team = graph.services.by_id(&release.service).and_then(|service| service.owner.as_ref());
        Some(Case {
            id: release.key.as_str().into(),
            service: release.service.as_str().into(),
            team: team.map(|team| team.as_str().into()),
            change_type: class_of(graph, index).into(),
            decided_at: Some(started),
            labelled_at: trusted.map(|label| label.known_at),
            failed: trusted.map(|label| label.failed),
            values: ground.snapshot(index, started).values(),
            points: None,
        })
    });
    let cases = cases.collect();
    History::new(super::catalog::features(), cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::World;

    #[test]
    fn no_feature_tells_who_somebody_is() {
        let told = |author: &str| {
            let mut world = World::new()
                .service("payments-api", "PAY")
                .tag("bank/payments-api", "v2.14.0", "c1")
                .commit("bank/payments-api", "c1", "Pay twice")
                .range("bank/payments-api", Some("v2.13.0"), "v2.14.0", &["c1"])
                .change("CHG1", "Deploy payments-api 2.14.0", None);
            world.records.commits[0].author.email = format!("{author}@bank.example").into();
            world.records.commits[0].author.name = author.into();
            let requester = domain::AccountId::new(&crate::correlate::world::connector("servicenow"), author);
            let graph = world.with_change("CHG1", |change| change.requested_by = Some(requester.clone())).graph();
            let policy = RiskPolicy::default();
            let risks = Risks::of(&graph, &Model::prior(policy.base_rate), &policy);
            let (index, _) = graph.releases.iter().next().expect("a release");
            let risk = risks.get(index).expect("a risk").clone();
            assert!(risk.record.inputs.snapshot.get("developers").is_some(), "how many is counted");
            risk
        };
        assert_eq!(told("ada"), told("grace"), "who wrote or asked for it changes nothing");
    }

    #[test]
    fn every_release_has_a_risk_whose_parts_sum_up() {
        let graph = World::new()
            .service("payments-api", "PAY")
            .change("CHG1", "Deploy payments-api 2.14.0", None)
            .planned("CHG1", "2026-06-20T18:00:00Z", "2026-06-20T20:00:00Z")
            .graph();
        let policy = RiskPolicy::default();
        let risks = Risks::of(&graph, &Model::prior(policy.base_rate), &policy);
        let (index, _) = graph.releases.iter().next().expect("a release");
        let risk = risks.get(index).expect("a risk");
        let sum: f64 = risk.record.result.score.contributions.iter().map(|part| part.log_odds).sum();
        assert!((risk.record.result.score.base_log_odds + sum - risk.record.result.score.log_odds).abs() < 1e-12);
        assert!(
            risk.record.result.score.low < risk.record.result.score.probability
                && risk.record.result.score.probability < risk.record.result.score.high
        );
        let missing =
            risk.record.result.score.contributions.iter().find(|part| &*part.name == COVERAGE).expect("a factor");
        assert!(missing.value.is_none() && missing.log_odds == 0.0, "missing is missing");
    }
}
