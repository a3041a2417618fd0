//! Proposes how the services of a company that nobody has mapped are known in its systems: configuration items,
//! repositories, projects, labels in monitoring. Each claim bears its evidence and a confidence; no claim is better
//! than a wrong one, so what is doubtful or disputed is left as a question.

mod proposal;

mod words;

mod catalog;

mod ground;

mod naming;

mod code;
mod facts;
mod work;

mod questions;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ConfigurationItemSource, Landscape, MonitoringSource, ProjectSource, Records, RepositorySource, ServiceKey,
    ServiceKind, TeamKey, Text,
};

pub use proposal::{Claimed, Evidence, Options, Proposal, ProposedService, ProposedTeam, Question, confidence};

use code::Settled;
use ground::Ground;
use naming::{Candidate, Candidates};
use questions::Asked;
use work::ProjectClaims;

/// Proposes services with their mapping. What `landscape` maps already is left as it is.
pub fn propose(records: &Records, landscape: &Landscape, options: &Options) -> Proposal {
    let ground = Ground::new(records, landscape);
    let minimum = options.minimum_confidence;
    let mut asked = Asked::default();
    let all = naming::candidates(&ground);
    let (services, unsure): (Candidates<'_>, Candidates<'_>) = all.into_iter().partition(|(key, candidate)| {
        !ground.settled.contains(key) && confidence(&candidate.witnesses()) >= minimum
    });
    let repositories = repositories(&ground, &services, (minimum, &mut asked));
    let projects = projects(&work::claims(&ground, &services, &repositories), (minimum, &mut asked));
    asked.about_names(&ground, (&services, &unsure), &repositories);
    asked.about_projects(&ground, &projects);
    let mut teams: BTreeMap<TeamKey, ProposedTeam> = BTreeMap::new();
    let mut proposed = Vec::new();
    for (key, candidate) in &services {
        let owner = facts::owner(&ground, candidate).filter(|(owner, _)| owner.confidence >= minimum);
        let owner = owner.map(|(owner, team)| {
            let is_configured = landscape.teams.iter().any(|known| known.key == team.key);
            if !is_configured {
                teams.entry(team.key.clone()).or_insert(team);
            }
            owner
        });
        let repositories = repositories.get(key).cloned().unwrap_or_default();
        proposed.push(ProposedService {
            key: Claimed::new(ServiceKey::new(key.as_str()), candidate.witnesses()),
            name: name(key, candidate),
            kind: kind(repositories.len()),
            tier: facts::tier(candidate).filter(|one| one.confidence >= minimum),
            tags: facts::tags(candidate).filter(|one| one.confidence >= minimum),
            owner,
            itsm: facts::itsm(&ground, candidate).filter(|one| one.confidence >= minimum),
            regions: facts::regions(&ground, candidate).filter(|one| one.confidence >= minimum),
            repositories,
            projects: projects.get(key).cloned().unwrap_or_default(),
            configuration_items: items((key, candidate), (minimum, &mut asked)),
            monitoring: labels((key, candidate), (minimum, &mut asked)),
        });
    }
    Proposal { services: proposed, teams: teams.into_values().collect(), unmapped: asked.in_order() }
}

/// Repositories by service.
type Repositories = BTreeMap<String, Vec<Claimed<RepositorySource>>>;
/// Projects by service.
type Projects = BTreeMap<String, Vec<Claimed<ProjectSource>>>;

fn repositories(
    ground: &Ground<'_>,
    services: &Candidates<'_>,
    (minimum, asked): (f64, &mut Asked),
) -> Repositories {
    let mut found = Repositories::new();
    for (id, claims) in code::claims(ground, services) {
        let Some(code) = ground.codes.get(&id) else { continue };
        match code::settle(code, &claims, minimum) {
            Settled::Claimed(parts) => {
                for (service, part) in parts {
                    found.entry(service).or_default().push(part);
                }
            }
            Settled::Disputed(claims) => {
                let several = claims.len() > 1;
                for (service, claim) in claims {
                    let what = format!("repository {}", code.record.name);
                    asked.whose((&service, code.connector()), what, (&claim, several));
                }
            }
        }
    }
    found
}

/// How much stronger the evidence for one service must be than for another that also claims the project.
const LEAD: f64 = 0.15;

/// One service to a project, and the best project to a service unless a field names more.
fn projects(claims: &ProjectClaims<'_>, (minimum, asked): (f64, &mut Asked)) -> Projects {
    let mut found = Projects::new();
    for ((connector, project), services) in claims {
        let source =
            || ProjectSource { connector: connector.clone(), project: project.as_str().into(), component: None };
        let mut all: Vec<(&str, Claimed<ProjectSource>)> = services
            .iter()
            .map(|(service, evidence)| (*service, Claimed::new(source(), evidence.clone())))
            .collect();
        all.sort_by(|(one, a), (other, b)| b.confidence.total_cmp(&a.confidence).then_with(|| one.cmp(other)));
        let second = all.get(1).map_or(0.0, |(_, claim)| claim.confidence);
        for (place, (service, claim)) in all.into_iter().enumerate() {
            let leads = place == 0 && (second < minimum || claim.confidence - second >= LEAD);
            if leads && claim.confidence >= minimum {
                found.entry(service.to_owned()).or_default().push(claim);
            } else {
                let what = format!("project {project}");
                asked.whose((service, connector), what, (&claim, second >= minimum));
            }
        }
    }
    for (service, projects) in &mut found {
        let is_named = |claim: &Claimed<ProjectSource>| claim.evidence.iter().any(|one| one.weight >= 0.95);
        let best = projects.iter().map(|claim| claim.confidence).fold(0.0, f64::max);
        let (kept, others): (Vec<_>, Vec<_>) =
            projects.drain(..).partition(|claim| is_named(claim) || claim.confidence >= best);
        // Two that are equally good and that nothing names: neither.
        let (kept, others) = match kept.iter().filter(|claim| !is_named(claim)).count() {
            0 | 1 => (kept, others),
            _ => (Vec::new(), [kept, others].concat()),
        };
        for claim in others {
            let what = format!("project {}", claim.value.project);
            asked.whose((service, &claim.value.connector), what, (&claim, true));
        }
        *projects = kept;
    }
    found
}

fn items(
    (key, candidate): (&str, &Candidate<'_>),
    (minimum, asked): (f64, &mut Asked),
) -> Vec<Claimed<ConfigurationItemSource>> {
    let mut found = Vec::new();
    for (item, evidence) in &candidate.items {
        let connector = item.id.0.connector.clone();
        let same = |(other, _): &&(&domain::ConfigurationItem, _)| {
            other.name == item.name && other.id.0.connector == item.id.0.connector
        };
        let is_only = candidate.items.iter().filter(same).count() == 1;
        let claim = Claimed::new(ConfigurationItemSource { connector, name: item.name.clone() }, evidence.clone());
        if is_only && claim.confidence >= minimum {
            found.push(claim);
        } else {
            let what = format!("configuration item {} ({})", item.name, item.id.0.native);
            asked.whose((key, &item.id.0.connector), what, (&claim, !is_only));
        }
    }
    found.sort_by(|one, other| one.value.name.cmp(&other.value.name));
    found
}

fn labels(
    (key, candidate): (&str, &Candidate<'_>),
    (minimum, asked): (f64, &mut Asked),
) -> Vec<Claimed<MonitoringSource>> {
    let mut found = Vec::new();
    for ((connector, label, value), evidence) in &candidate.labels {
        let labels = [(label.clone(), value.clone())].into();
        let claim = Claimed::new(MonitoringSource { connector: connector.clone(), labels }, evidence.clone());
        if claim.confidence >= minimum {
            found.push(claim);
        } else {
            asked.whose((key, connector), format!("label {label}=\"{value}\""), (&claim, false));
        }
    }
    found
}

/// The name that an item writes with spaces, else the key.
fn name(key: &str, candidate: &Candidate<'_>) -> Claimed<Text> {
    let names: BTreeSet<&Text> = candidate.items.iter().map(|(item, _)| &item.name).collect();
    let written = names.into_iter().find(|name| name.contains(' ') && words::slug(name) == key);
    match written {
        Some(name) => Claimed::new(name.clone(), vec![Evidence::new(0.9, "The configuration item is called so.")]),
        None => Claimed::new(key.into(), vec![Evidence::new(0.8, "No system writes another name.")]),
    }
}

fn kind(repositories: usize) -> Claimed<ServiceKind> {
    match repositories {
        1.. => Claimed::new(ServiceKind::Built, vec![Evidence::new(0.9, "It has a repository.")]),
        0 => Claimed::new(
            ServiceKind::Vendor,
            vec![Evidence::new(
                0.5,
                "No repository of it is shown to us: a vendor's package, or one we may not see.",
            )],
        ),
    }
}
