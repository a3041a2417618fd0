//! What is left for a person: claims that are too weak or disputed, and what nobody claims.

use std::collections::BTreeSet;

use domain::{ConnectorId, ServiceKey};

use super::ground::Ground;
use super::naming::Candidates;
use super::proposal::{Claimed, Question, confidence};
use super::words::core;
use super::{Projects, Repositories};

/// Questions as they come up.
#[derive(Default)]
pub(super) struct Asked {
    questions: Vec<Question>,
}

impl Asked {
    /// Does this belong to that service? Not claimed because it is weak, or because several do.
    pub(super) fn whose<T>(
        &mut self,
        (service, system): (&str, &ConnectorId),
        what: String,
        (claim, is_disputed): (&Claimed<T>, bool),
    ) {
        let reason = match is_disputed {
            true => "More than one thing claims this, and nothing tells which is right.",
            false => "The evidence is too weak to claim it.",
        };
        let evidence = claim.evidence.iter().map(|one| one.sentence.clone());
        self.questions.push(Question {
            service: Some(ServiceKey::new(service)),
            system: system.clone(),
            what,
            confidence: claim.confidence,
            why: std::iter::once(reason.to_owned()).chain(evidence).collect(),
        });
    }

    /// Names that too few systems speak of, with what bears them and nobody else has.
    pub(super) fn about_names(
        &mut self,
        ground: &Ground<'_>,
        (services, unsure): (&Candidates<'_>, &Candidates<'_>),
        repositories: &Repositories,
    ) {
        let taken: BTreeSet<(&ConnectorId, &str)> = repositories
            .values()
            .flatten()
            .map(|claim| (&claim.value.connector, &*claim.value.repository))
            .collect();
        for (key, candidate) in unsure {
            let mut why = vec![match ground.settled.contains(key) {
                true => "A service of this name is configured; add it there by hand.".to_owned(),
                false => "Too few systems speak of a service of this name.".to_owned(),
            }];
            let alike = services.keys().find(|other| core(other) == core(key));
            why.extend(alike.map(|other| format!("Its name is like that of {other}.")));
            let witnesses = candidate.witnesses();
            why.extend(witnesses.iter().map(|one| one.sentence.clone()));
            let mut bearers: Vec<(&ConnectorId, String)> = Vec::new();
            let items = candidate.items.iter();
            bearers
                .extend(items.map(|(item, _)| (&item.id.0.connector, format!("configuration item {}", item.name))));
            let labels = candidate.labels.keys();
            bearers.extend(labels.map(|(system, label, value)| (system, format!("label {label}=\"{value}\""))));
            let codes = candidate.repositories.keys().filter_map(|id| ground.codes.get(id));
            let free = codes.filter(|code| !taken.contains(&(code.connector(), &*code.record.name)));
            bearers.extend(free.map(|code| (code.connector(), format!("repository {}", code.record.name))));
            for (system, what) in bearers {
                let service = Some(ServiceKey::new(alike.unwrap_or(key).as_str()));
                let confidence = confidence(&witnesses);
                self.questions.push(Question {
                    service,
                    system: system.clone(),
                    what,
                    confidence,
                    why: why.clone(),
                });
            }
        }
    }

    /// Projects that no service has.
    pub(super) fn about_projects(&mut self, ground: &Ground<'_>, projects: &Projects) {
        let taken: BTreeSet<(&ConnectorId, &str)> =
            projects.values().flatten().map(|claim| (&claim.value.connector, &*claim.value.project)).collect();
        for (connector, project) in &ground.projects {
            let what = format!("project {project}");
            let asked = self.questions.iter().any(|one| one.system == *connector && one.what == what);
            if !asked && !taken.contains(&(connector, project.as_str())) {
                self.questions.push(Question {
                    service: None,
                    system: connector.clone(),
                    what,
                    confidence: 0.0,
                    why: vec!["Nothing connects it with a service.".to_owned()],
                });
            }
        }
    }

    /// By system and subject, the likeliest first.
    pub(super) fn in_order(mut self) -> Vec<Question> {
        self.questions.sort_by(|one, other| {
            let by_subject = one.system.cmp(&other.system).then_with(|| one.what.cmp(&other.what));
            by_subject
                .then_with(|| other.confidence.total_cmp(&one.confidence))
                .then_with(|| one.service.cmp(&other.service))
        });
        self.questions.dedup();
        self.questions
    }
}
