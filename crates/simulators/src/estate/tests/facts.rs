//! The facts of each story, as its row in the contract's table tells them, read off the neutral model.

use jiff::SignedDuration;

use super::*;

pub(super) fn check(estate: &Estate) {
    approvals(estate);
    independence(estate);
    emergency(estate);
    rolled_back(estate);
    half_deployed(estate);
    running(estate);
    clean_record(estate);
    builds(estate);
    drift(estate);
    commits(estate);
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn approved_by(change: &Change) -> Vec<&str> {
    let approved = change.approvals.iter().filter(|approval| approval.state == ApprovalState::Approved);
    approved.map(|approval| &*approval.approver).collect()
}

fn approvals(estate: &Estate) {
    let change = |key: &'static str| estate.change_of(key).unwrap();
    for key in ["ledger-core@5.3.0", "reporting-warehouse@1.9.0", "data-lake@0.9.0", "treasury-suite@2026.3"] {
        let board = change(key).group_approvals.iter().all(|group| group.state == ApprovalState::Approved);
        assert!(board && !change(key).group_approvals.is_empty(), "{key} at {}", estate.now);
        let last = change(key).history.iter().rev().find(|line| !matches!(line.change, Changed::State(..)));
        assert!(last.is_none(), "nothing moved after the approval of {key}");
    }
    let waiting = change("payments-api@2.14.0");
    assert!(waiting.group_approvals.iter().all(|group| group.state == ApprovalState::Requested));
    let meeting = estate.cab_meetings.iter().find(|meeting| Some(meeting.at) == waiting.cab).unwrap();
    assert!(meeting.at > estate.now);
    assert!(meeting.agenda.iter().any(|item| item.change == waiting.number));
    assert_eq!(approved_by(change("loan-origination@7.5.0")), ["x-lend-ext7"]);
    let template = |key: &'static str| {
        let name = change(key).template.clone().unwrap();
        estate.templates.iter().find(|template| template.key == name).unwrap()
    };
    assert!(template("customer-portal@8.1.0").allowed_items.contains(&"customer-portal".into()));
    assert!(!template("notification-hub@1.5.0").allowed_items.contains(&"notification-hub".into()));
    let moved = change("auth-service@6.2.0");
    let decided = moved.approvals.iter().filter_map(|approval| approval.decided).max().unwrap();
    let (at, old, new) = moved
        .history
        .iter()
        .find_map(|line| match line.change {
            Changed::Start(old, new) => Some((line.at, old, new)),
            _ => None,
        })
        .unwrap();
    assert!(at > decided && new.duration_since(old) == hours(48) && moved.work_start.unwrap() >= new);
}

/// Nobody approved their own work, but for the one story that is about it.
fn independence(estate: &Estate) {
    for (key, _) in WINDOWS {
        let change = estate.change_of(key).unwrap();
        let (service, version) = key.split_once('@').unwrap();
        let mut involved: Vec<&str> = vec![&change.requested_by, change.assigned_to.as_ref().unwrap()];
        let deployed =
            estate.deployments.iter().filter(|held| &*held.service == service && &*held.version == version);
        involved.extend(deployed.map(|held| &*held.triggered_by));
        let code = estate.service(service).unwrap().code.as_ref();
        if let Some(repository) = code.and_then(|code| estate.repository(&code.repository)) {
            let words = format!(" {version}");
            let mine = repository.commits.iter().filter(|commit| commit.message.contains(&words));
            involved.extend(mine.map(|commit| &*commit.author));
            let merged = repository.pulls.iter().filter(|pull| pull.body.contains(&words));
            involved.extend(merged.filter_map(|pull| Some(&*pull.merged.as_ref()?.by)));
        }
        for approver in approved_by(change) {
            let person =
                estate.people.iter().find(|person| person.accounts.iter().any(|held| &*held.login == approver));
            let own = involved.contains(&&*person.unwrap().key);
            assert_eq!(own, key == "loan-origination@7.5.0", "{approver} approved {key}");
        }
    }
}

fn emergency(estate: &Estate) {
    let change = estate.change_of("auth-service@6.2.1").unwrap();
    let incident =
        estate.incidents.iter().find(|incident| incident.fixed_by.as_ref() == Some(&change.number)).unwrap();
    let decided = change.approvals[0].decided.unwrap();
    assert_eq!((change.class, incident.priority), (ChangeClass::Emergency, 1));
    assert!(incident.opened < change.created);
    assert!(decided > change.work_end.unwrap() && decided.duration_since(change.work_start.unwrap()) < hours(24));
}

fn rolled_back(estate: &Estate) {
    let change = estate.change_of("kyc-service@2.2.0").unwrap();
    let of = |deployment: &&Deployment| deployment.change.as_ref() == Some(&change.number);
    let [out, back] = estate.deployments.iter().filter(of).collect::<Vec<_>>()[..] else {
        panic!("out and back");
    };
    assert_eq!(back.rollback_of.as_deref(), Some("2.2.0"));
    let gone = back.finished.unwrap().duration_since(out.finished.unwrap());
    assert_eq!(gone, SignedDuration::from_mins(47));
    let incident =
        estate.incidents.iter().find(|incident| incident.caused_by.as_ref() == Some(&change.number)).unwrap();
    assert_eq!((incident.priority, incident.resolved.unwrap().duration_since(incident.opened)), (2, gone));
    let problem =
        estate.problems.iter().find(|problem| Some(&problem.number) == incident.problem.as_ref()).unwrap();
    assert!(problem.known_error.is_some() && problem.closed.is_none());
}

fn half_deployed(estate: &Estate) {
    let key = "card-gateway@3.9.2";
    let change = estate.change_of(key).unwrap();
    assert_eq!(change.state, ChangeState::Implement);
    let firewall = estate.changes.iter().find(|change| change.item.as_deref() == Some("fw-dmz-01")).unwrap();
    assert!(firewall.releases.is_empty() && firewall.planned.overlaps(&change.planned));
    let needs = |relation: &&Relation| &*relation.parent == "card-gateway" && &*relation.child == "fw-dmz-01";
    assert!(estate.relations.iter().any(|relation| needs(&relation)));
    let night = estate.incidents.iter().find(|incident| incident.item.as_deref() == Some("card-gateway")).unwrap();
    assert!(night.caused_by.is_none() && night.opened > firewall.work_end.unwrap());
    assert!(night.opened.duration_since(firewall.work_end.unwrap()) < hours(3));
}

/// The version that production shows now, by region.
fn running(estate: &Estate) {
    let shown = |service: &str| -> Vec<&str> {
        let here = |seen: &&Observation| {
            &*seen.service == service && seen.environment == "production" && seen.until.is_none()
        };
        estate.observations.iter().filter(here).map(|seen| &*seen.version).collect()
    };
    for (service, versions) in [
        ("ledger-core", vec!["5.2.4"]),
        ("auth-service", vec!["6.2.1"]),
        ("payments-api", vec!["2.13.1", "2.13.1"]),
        ("kyc-service", vec!["2.1.4"]),
        ("notification-hub", vec!["1.4.0"]),
        ("customer-portal", vec!["8.0.3"]),
        ("statement-batch", vec!["1.9.6"]),
        ("treasury-suite", vec!["2026.2"]),
    ] {
        assert_eq!(shown(service), versions, "{service}");
    }
    let mut cards = shown("card-gateway");
    cards.sort_unstable();
    assert_eq!(cards, ["3.9.1", "3.9.2"]);
}

fn clean_record(estate: &Estate) {
    let of_portal = |held: &&Deployment| &*held.service == "customer-portal" && held.environment == "production";
    let record: Vec<&Deployment> = estate.deployments.iter().filter(of_portal).collect();
    assert!(record.len() >= 40 && record.iter().all(|held| held.outcome == Outcome::Succeeded));
    assert!(!estate.incidents.iter().any(|incident| incident.item.as_deref() == Some("customer-portal")));
}

/// Tested before it was approved or deployed, and the digest of staging is the artifact's.
fn builds(estate: &Estate) {
    for (key, _) in WINDOWS {
        let (service, version) = key.split_once('@').unwrap();
        let staged = estate
            .deployments
            .iter()
            .find(|held| &*held.service == service && &*held.version == version && held.environment == "staging");
        if service == "mobile-app" {
            assert!(staged.is_none());
            continue;
        }
        let staged = staged.unwrap();
        assert!(staged.finished.unwrap() < estate.now, "{key} at {}", estate.now);
        let artifact = estate.artifacts.iter().find(|held| &*held.service == service && &*held.version == version);
        assert_eq!(staged.digest, artifact.map(|held| held.digest.clone()), "{key}");
        assert_eq!(artifact.is_none(), service == "treasury-suite");
        let run =
            estate.runs.iter().find(|run| artifact.is_some_and(|held| run.digest.as_ref() == Some(&held.digest)));
        let plain = ["data-lake", "statement-batch", "treasury-suite"].contains(&service);
        assert!(
            plain
                || run.is_some_and(|run| run.finished < staged.started && run.suites.iter().all(|s| s.failed == 0))
        );
    }
}

fn drift(estate: &Estate) {
    let state = |environment: &str| {
        let mut all = estate.configurations.iter().rev();
        all.find(|state| &*state.service == "statement-batch" && state.environment == environment).unwrap()
    };
    let repository = estate.repository("bank/statement-batch").unwrap();
    let commit = &repository.commits[repository.tagged("v2.0.0").unwrap()];
    let file = commit.files.iter().find(|file| &*file.path == "config/staging.properties").unwrap();
    let Content::Literal(expected) = &file.content else {
        panic!("{file:?}");
    };
    let wrong: Vec<&str> = state("staging")
        .observed
        .iter()
        .filter(|(key, value)| !expected.lines().any(|line| line == format!("{key}={value}")))
        .map(|(key, _)| *key)
        .collect();
    assert_eq!(wrong, ["request_timeout_seconds", "batch_size"]);
}

/// On the main line time goes forward, so that walks by date see what walks by parents see.
fn commits(estate: &Estate) {
    for repository in &estate.repositories {
        for commit in &repository.commits {
            let parents = commit.parents.iter().map(|parent| &repository.commits[*parent]);
            let newest = parents.map(|parent| parent.at).max();
            assert!(newest.is_none_or(|newest| newest <= commit.at), "{}: {commit:?}", repository.name);
            assert!(commit.at <= estate.now, "{}: {commit:?}", repository.name);
        }
    }
}
