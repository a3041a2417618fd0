//! What the bank's GitHub organisation holds: repositories with their history, pull requests, checks, runs, deployments,
//! images. A deployment's environment is `production`, or `production-eu` where there are regions; its payload names
//! service, version, digest, attempt, change and the human who triggered it.

mod delivery;
mod demands;
mod history;

use std::collections::HashMap;

use jiff::SignedDuration;

use super::git::{People, Shas};
use super::model::{
    AccountKind, Artifact, CodeHome, Deployment, Estate, Forge, PipelineRun, Repository, Service, Text,
};
use crate::github as hub;

const ORGANIZATION: &str = "bank";
const PIPELINE_LOGIN: &str = "release-pipeline[bot]";
/// The team without which nothing goes to production.
const REVIEWERS: &str = "platform";

/// The organisation's content.
pub fn content(estate: &Estate, shas: &HashMap<Text, Shas>) -> hub::Content {
    let desk = Desk::new(estate);
    let nothing = Shas::default();
    hub::Content {
        organizations: vec![hub::Organization {
            id: 1,
            login: ORGANIZATION.to_owned(),
            name: "The Bank".to_owned(),
        }],
        users: users(estate),
        teams: teams(estate),
        repositories: (1..)
            .zip(estate.repositories.iter().filter(|repository| repository.forge == Forge::GitHub))
            .map(|(number, repository)| {
                let shas = shas.get(&repository.name).unwrap_or(&nothing);
                desk.repository(number, repository, shas)
            })
            .collect(),
        packages: packages(estate),
    }
}

fn users(estate: &Estate) -> Vec<hub::User> {
    let mut users = Vec::new();
    for person in &estate.people {
        for account in person.accounts.iter().filter(|account| account.system == "github") {
            users.push(hub::User {
                id: 1_000 + users.len() as u64,
                login: account.login.to_string(),
                name: Some(person.name.to_string()),
                email: account.email.as_ref().map(ToString::to_string),
                kind: match person.kind {
                    AccountKind::Human => hub::UserKind::User,
                    AccountKind::Machine => hub::UserKind::Bot,
                },
                created_at: estate.now - SignedDuration::from_hours(24 * 1_100),
            });
        }
    }
    users
}

fn teams(estate: &Estate) -> Vec<hub::Team> {
    (100..)
        .zip(&estate.teams)
        .map(|(id, team)| hub::Team {
            id,
            organization: ORGANIZATION.to_owned(),
            slug: team.key.to_string(),
            name: team.name.to_string(),
            members: team.members.iter().map(|key| login(key)).collect(),
        })
        .collect()
}

/// People's accounts are named after them.
fn login(key: &str) -> String {
    match key {
        super::people::PIPELINE => PIPELINE_LOGIN.to_owned(),
        super::people::UPDATES_BOT => "dependency-updates[bot]".to_owned(),
        key => key.replace('.', "-"),
    }
}

/// Index and platform manifests are versions of the package; only the index carries the tag.
fn packages(estate: &Estate) -> Vec<hub::Package> {
    let mut packages: Vec<hub::Package> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let forge = estate.artifacts.iter().filter(|artifact| is_on_forge(estate, artifact));
    for (number, artifact) in (1..).zip(forge) {
        let place = *places.entry(&*artifact.image).or_insert_with(|| {
            packages.push(hub::Package {
                organization: ORGANIZATION.to_owned(),
                name: artifact.image.to_string(),
                versions: Vec::new(),
            });
            packages.len() - 1
        });
        let family = std::iter::once((&artifact.digest, true))
            .chain(artifact.platforms.iter().map(|digest| (digest, false)));
        let versions = (0..).zip(family).map(|(member, (digest, index))| hub::PackageVersion {
            id: number * 10 + member,
            digest: digest.to_string(),
            tags: if index { vec![artifact.version.to_string()] } else { Vec::new() },
            created_at: artifact.built,
        });
        if let Some(package) = packages.get_mut(place) {
            package.versions.extend(versions);
        }
    }
    packages
}

fn is_on_forge(estate: &Estate, artifact: &Artifact) -> bool {
    let repository = estate.repositories.iter().find(|held| held.name == artifact.repository);
    repository.is_some_and(|held| held.forge == Forge::GitHub)
}

/// The estate by repository, so that each is walked once.
struct Desk<'a> {
    estate: &'a Estate,
    people: People<'a>,
    services: HashMap<&'a str, Vec<(&'a Service, &'a CodeHome)>>,
    runs: HashMap<&'a str, Vec<&'a PipelineRun>>,
    artifacts: HashMap<&'a str, Vec<&'a Artifact>>,
    deployments: HashMap<&'a str, Vec<&'a Deployment>>,
}

impl<'a> Desk<'a> {
    fn new(estate: &'a Estate) -> Self {
        let mut desk = Self {
            estate,
            people: People::new(estate),
            services: HashMap::new(),
            runs: HashMap::new(),
            artifacts: HashMap::new(),
            deployments: HashMap::new(),
        };
        let mut homes: HashMap<&str, &str> = HashMap::new();
        for service in &estate.services {
            let Some(code) = &service.code else { continue };
            homes.insert(&service.key, &code.repository);
            desk.services.entry(&code.repository).or_default().push((service, code));
        }
        for run in &estate.runs {
            desk.runs.entry(&run.repository).or_default().push(run);
        }
        for artifact in &estate.artifacts {
            desk.artifacts.entry(&artifact.repository).or_default().push(artifact);
        }
        for deployment in &estate.deployments {
            if let Some(home) = homes.get(&*deployment.service) {
                desk.deployments.entry(home).or_default().push(deployment);
            }
        }
        desk
    }

    fn repository(&self, number: u64, held: &Repository, shas: &Shas) -> hub::Repository {
        let name = held.name.split_once('/').map_or(&*held.name, |(_, name)| name);
        let mut repository = hub::Repository::new(number, ORGANIZATION, name);
        let last = held.commits.last().map_or(held.created, |commit| commit.at);
        repository.old_names = held.old_names.iter().map(ToString::to_string).collect();
        repository.private = true;
        repository.language = Some("Rust".to_owned());
        repository.created_at = held.created;
        repository.pushed_at = last;
        repository.updated_at = last;
        repository.writers = self.writers(held);
        let book = Book { desk: self, number, held, shas };
        history::write(&book, &mut repository);
        delivery::write(&book, &mut repository);
        demands::write(&book, &mut repository);
        repository
    }

    fn writers(&self, held: &Repository) -> Vec<String> {
        let services = self.services.get(&*held.name).into_iter().flatten();
        let mut writers: Vec<String> = services
            .filter_map(|(service, _)| self.estate.teams.iter().find(|team| team.key == service.team))
            .flat_map(|team| team.members.iter().map(|key| login(key)))
            .collect();
        writers.push(super::people::TWICE.2.to_owned());
        writers.push(PIPELINE_LOGIN.to_owned());
        writers.dedup();
        writers
    }
}

/// One repository being written.
struct Book<'a> {
    desk: &'a Desk<'a>,
    number: u64,
    held: &'a Repository,
    shas: &'a Shas,
}

impl Book<'_> {
    /// Ids are unique over the instance and tell the repository.
    fn id(&self, place: usize) -> u64 {
        self.number * 1_000_000 + place as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn told() -> (Estate, hub::Content) {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let shas = super::super::git::all_shas(&estate);
        let content = content(&estate, &shas);
        (estate, content)
    }

    fn repository<'a>(content: &'a hub::Content, name: &str) -> &'a hub::Repository {
        content.repositories.iter().find(|held| held.name == name).unwrap()
    }

    fn deployments<'a>(content: &'a hub::Content, name: &str, version: &str) -> Vec<&'a hub::Deployment> {
        let all = repository(content, name).deployments.iter();
        all.filter(|held| held.payload["version"] == version).collect()
    }

    #[test]
    fn the_large_release_touches_41_files_and_covers_62_percent() {
        let (_, content) = told();
        let payments = repository(&content, "payments-api");
        let tag = |name: &str| payments.tags.iter().find(|tag| tag.name == name).unwrap().commit.as_str();
        let release = payments
            .workflow_runs
            .iter()
            .find(|run| {
                run.display_title == "payments-api 2.14.0"
                    && run.head_sha == tag("v2.14.0")
                    && run.artifacts.len() == 3
            })
            .unwrap();
        let coverage = release.artifacts.iter().find(|artifact| artifact.name == "coverage").unwrap();
        let hub::ArtifactContent::Cobertura(files) = &coverage.files[0].content else {
            panic!("{coverage:?}");
        };
        let (lines, covered) = files.iter().fold((0, 0), |sum, file| (sum.0 + file.lines, sum.1 + file.covered));
        assert_eq!(files.iter().map(|file| &file.path).collect::<BTreeSet<_>>().len(), 41);
        assert!((f64::from(covered) / f64::from(lines) - 0.62).abs() < 0.01, "{covered} of {lines}");
        assert!(payments.check_runs.iter().any(|check| {
            let title = check.output.title.as_deref().unwrap_or_default();
            check.head_sha == tag("v2.14.0") && title.starts_with("Diff coverage 62.0 %")
        }));
    }

    #[test]
    fn only_the_authors_own_second_account_reviewed() {
        let (estate, content) = told();
        let pulls = &repository(&content, "loan-origination").pull_requests;
        let of_release: Vec<_> =
            pulls.iter().filter(|pull| pull.body.as_deref().unwrap().contains(" 7.5.0.")).collect();
        assert!(!of_release.is_empty());
        for pull in of_release {
            let author = pull.author.as_deref().unwrap();
            let person = estate
                .people
                .iter()
                .find(|person| person.accounts.iter().any(|account| &*account.login == author))
                .unwrap();
            for review in &pull.reviews {
                let reviewer = review.author.as_deref().unwrap();
                assert_ne!(reviewer, author);
                assert!(person.accounts.iter().any(|account| &*account.login == reviewer));
            }
        }
    }

    #[test]
    fn one_version_runs_with_two_digests() {
        let (_, content) = told();
        let digests = |environment: &str| -> BTreeSet<String> {
            deployments(&content, "notification-hub", "1.4.0")
                .into_iter()
                .filter(|held| held.environment == environment)
                .map(|held| held.payload["digest"].to_string())
                .collect()
        };
        assert_eq!(digests("staging").len(), 1);
        assert_ne!(digests("staging"), digests("production"));
    }

    #[test]
    fn half_a_release_is_out() {
        let (_, content) = told();
        let last = |held: &hub::Deployment| held.statuses.last().unwrap().state.clone();
        let production: Vec<(String, u64, String)> = deployments(&content, "card-gateway", "3.9.2")
            .into_iter()
            .filter(|held| held.production_environment)
            .map(|held| (held.environment.clone(), held.payload["attempt"].as_u64().unwrap(), last(held)))
            .collect();
        let expected = [
            ("production-eu".to_owned(), 1, "failure".to_owned()),
            ("production-eu".to_owned(), 2, "success".to_owned()),
            ("production-uk".to_owned(), 1, "waiting".to_owned()),
        ];
        assert_eq!(production, expected);
    }

    #[test]
    fn a_rollback_names_what_it_takes_back() {
        let (_, content) = told();
        let back = deployments(&content, "kyc-service", "2.1.4");
        let back = back.iter().find(|held| held.payload["rollback_of"] == "2.2.0").unwrap();
        assert_eq!(back.reference, "v2.1.4");
    }
}
