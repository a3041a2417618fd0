//! An estate of plain records that grows with a scale and is the same each time: per scale 14 services, 896 releases
//! with their code, work, changes, approvals and deployments, and 304 changes without a release. Scale 100 is 1,400
//! services and 120,000 changes. Made without connectors, so that what is measured is the graph alone.

// The tests' way to write a record in one line.
#[path = "../../../../tests/graphql/records.rs"]
#[expect(dead_code, reason = "the tests need more kinds of records")]
mod records;

use std::collections::BTreeMap;

use domain::*;
use jiff::{SignedDuration, Timestamp};

pub(crate) use records::now;
use records::*;

const SERVICES: u32 = 14;
const RELEASES: u32 = 64;
const CHANGES_WITHOUT_RELEASE: u32 = 304;
const COMMITS: u32 = 4;
const ITEMS_BELOW: u32 = 6;
const CLERKS: u32 = 20;

/// The systems by id, family and kinds of records.
pub(crate) const SYSTEMS: [(&str, Family, &[RecordKind]); 5] = [
    (
        "servicenow",
        Family::Itsm,
        &[RecordKind::Change, RecordKind::Approval, RecordKind::Incident, RecordKind::Account],
    ),
    ("jira", Family::WorkTracking, &[RecordKind::WorkItem, RecordKind::TrackedVersion]),
    (
        "git",
        Family::Code,
        &[
            RecordKind::Repository,
            RecordKind::Tag,
            RecordKind::Commit,
            RecordKind::PullRequest,
            RecordKind::Artifact,
            RecordKind::Deployment,
        ],
    ),
    ("cmdb", Family::Cmdb, &[RecordKind::ConfigurationItem, RecordKind::CiRelation]),
    ("prometheus", Family::Monitoring, &[RecordKind::RuntimeObservation]),
];

/// Records by system, and the company they belong to.
pub(crate) struct Estate {
    pub(crate) landscape: Landscape,
    pub(crate) records: BTreeMap<&'static str, Records>,
}

impl Estate {
    pub(crate) fn of(scale: u32) -> Self {
        let mut estate = Estate { landscape: landscape(scale), records: BTreeMap::new() };
        let count = SERVICES * scale;
        for number in 0..CLERKS * scale {
            estate.to("servicenow").accounts.push(account("servicenow", &clerk(number)));
        }
        estate.to("servicenow").accounts.extend(["ada", "grace"].map(|login| account("servicenow", login)));
        for number in 0..count {
            estate.add_service(number, count);
            for release in 0..RELEASES {
                estate.add_release(number, release, scale);
            }
        }
        for number in 0..CHANGES_WITHOUT_RELEASE * scale {
            let about = item_below(&key_of(number % count), number % ITEMS_BELOW);
            let mut change = change("servicenow", &format!("CHG1{number:07}"), &about, "");
            change.short_description = Some(format!("Replace certificate {number}").into());
            change.correlation_id = None;
            put_at(&mut change, days_ago(i64::from(number % 180)));
            estate.to("servicenow").changes.push(change);
        }
        estate.records.values_mut().for_each(Records::sort);
        estate
    }

    fn to(&mut self, system: &'static str) -> &mut Records {
        self.records.entry(system).or_default()
    }

    fn add_service(&mut self, number: u32, count: u32) {
        let (key, repository_name) = (key_of(number), repository_of(number));
        self.to("git").repositories.push(repository(&repository_name));
        let mut relate = |child: &str| {
            let parent = ConfigurationItemId::new(&connector("cmdb"), key.as_str());
            self.to("cmdb").ci_relations.push(CiRelation {
                id: CiRelationId::new(&connector("cmdb"), format!("{key}>{child}")),
                parent,
                child: ConfigurationItemId::new(&connector("cmdb"), child),
                kind: CiRelationKind::DependsOn,
                label: "Depends on::Used by".into(),
            });
        };
        (0..ITEMS_BELOW).for_each(|place| relate(&item_below(&key, place)));
        relate(&key_of((number + 1) % count));
        let below = (0..ITEMS_BELOW).map(|place| item(&item_below(&key, place)));
        let items: Vec<_> = below.chain([item(&key)]).collect();
        self.to("cmdb").configuration_items.extend(items);
        let digest = digest_of(number, RELEASES - 1);
        self.to("prometheus").runtime_observations.push(running(&key, &version_of(RELEASES - 1), &digest));
    }

    fn add_release(&mut self, number: u32, release: u32, scale: u32) {
        let (key, repository_name) = (key_of(number), repository_of(number));
        let version = version_of(release);
        let tag_name = format!("v{version}");
        let at = days_ago(i64::from((RELEASES - release) * 2)) + SignedDuration::from_mins(i64::from(number % 600));
        let project = project_of(number);
        let version_id = format!("{number}-{release}");

        let git = self.to("git");
        let shas: Vec<String> = (0..COMMITS).map(|place| sha_of(number, release, place)).collect();
        let head = shas.last().cloned().unwrap_or_default();
        git.tags.push(tag(&repository_name, &tag_name, &head));
        let base = release.checked_sub(1).map(|before| format!("v{}", version_of(before)));
        let commits: Vec<&str> = shas.iter().map(String::as_str).collect();
        git.commit_ranges.push(range(&repository_name, base.as_deref(), &tag_name, &commits));
        for (place, sha) in shas.iter().enumerate() {
            let issue = release * 2 + u32::try_from(place).unwrap_or_default() % 2;
            let mut commit =
                commit(&repository_name, sha, &format!("{project}-{issue} make transfers {place} faster"));
            (commit.author.at, commit.committer.at) = (at, at);
            git.commits.push(commit);
        }
        let title = format!("{project}-{}: make transfers faster", release * 2);
        let mut pull = pull_request(&repository_name, u64::from(release) + 1, &title, &head);
        pull.merged_at = Some(at);
        git.pull_requests.push(pull);
        let digest = digest_of(number, release);
        git.artifacts.push(artifact(&repository_name, &digest, &head));
        let mut deployed = deployment(&version_id, &repository_name, &tag_name);
        deployed.digest = Some(digest.into());
        deployed.started_at = Some(at + SignedDuration::from_hours(6));
        deployed.finished_at = Some(at + SignedDuration::from_hours(7));
        git.deployments.push(deployed);

        let jira = self.to("jira");
        jira.tracked_versions.push(tracked(&version_id, &project, &tag_name));
        for place in 0..2 {
            let issue = release * 2 + place;
            jira.work_items.push(work_item(
                &format!("{number}-{issue}"),
                &format!("{project}-{issue}"),
                &version_id,
            ));
        }

        let release_key = format!("{key}@{version}");
        let number_text = format!("CHG0{:07}", number * RELEASES + release);
        let mut change = change("servicenow", &number_text, &key, &release_key);
        change.requested_by =
            Some(AccountId::new(&connector("servicenow"), clerk((number + release) % (CLERKS * scale))));
        put_at(&mut change, at);
        let approval = approval(&change, "grace");
        let itsm = self.to("servicenow");
        itsm.approvals.push(approval);
        if release % 16 == 15 {
            let mut incident = incident(&format!("INC{:07}", number * RELEASES + release), &key);
            incident.opened_at = Some(at + SignedDuration::from_hours(9));
            incident.caused_by = (release % 32 == 31).then(|| change.id.clone());
            itsm.incidents.push(incident);
        }
        itsm.changes.push(change);
    }
}

fn landscape(scale: u32) -> Landscape {
    let team = |number: u32| Team {
        key: TeamKey::new(if number == 0 { "payments".to_owned() } else { format!("team-{number}") }),
        name: format!("Team {number}").into(),
        email: None,
        groups: Vec::new(),
    };
    let service_of = |number: u32| {
        let mut service = service(&key_of(number), &project_of(number));
        service.sources.repositories.iter_mut().for_each(|at| at.repository = repository_of(number).into());
        service.tier = Some(u8::try_from(number % 4).unwrap_or_default());
        service
    };
    Landscape {
        services: (0..SERVICES * scale).map(service_of).collect(),
        environments: vec![environment("staging", Stage::Staging), environment("production", Stage::Production)],
        teams: (0..scale).map(team).collect(),
        people: Vec::new(),
        dependencies: Vec::new(),
        blackouts: Vec::new(),
        compatibilities: Vec::new(),
        pools: Vec::new(),
    }
}

/// The change is planned for the evening of its day and was made the week before.
fn put_at(change: &mut Change, at: Timestamp) {
    let after = |hours: i64| at + SignedDuration::from_hours(hours);
    change.created_at = Some(after(-24 * 7));
    change.updated_at = Some(after(-24));
    change.window = Window::new(after(6), after(8));
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn key_of(number: u32) -> String {
    format!("service-{number:04}")
}

fn repository_of(number: u32) -> String {
    format!("bank/service-{number:04}")
}

/// Letters alone: trackers allow nothing else.
fn project_of(number: u32) -> String {
    let letter = |place: u32| char::from(b'A' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap_or_default());
    ["P".to_owned(), letter(2).into(), letter(1).into(), letter(0).into()].concat()
}

fn version_of(release: u32) -> String {
    format!("1.{release}.0")
}

fn clerk(number: u32) -> String {
    format!("clerk{number:05}")
}

fn item_below(key: &str, place: u32) -> String {
    format!("{key}-host-{place}")
}

fn sha_of(number: u32, release: u32, place: u32) -> String {
    blake3::hash(format!("commit {number} {release} {place}").as_bytes()).to_hex().chars().take(40).collect()
}

fn digest_of(number: u32, release: u32) -> String {
    format!("sha256:{}", blake3::hash(format!("artifact {number} {release}").as_bytes()).to_hex())
}
