//! The demonstration bank's site, read as the gateway reads it.

use std::collections::BTreeSet;

use domain::WorkItemLinkKind;
use simulators::estate;

use super::*;

#[tokio::test]
async fn the_banks_site_is_read_whole_in_few_requests() {
    let bank = estate::generate(&estate::Options::new(7, now())).expect("an estate");
    let content = estate::jira::content(&bank);
    let mapped: BTreeSet<_> = content.projects.iter().map(|project| project.key.as_str().into()).collect();
    let clock = Arc::new(Frozen::at(now()));
    let mut site = simulated::Options::new(clock.clone(), content.clone());
    site.accounts = vec![Account {
        account_id: estate::jira::READER.0.into(),
        email: estate::jira::READER.1.into(),
        token: TOKEN.into(),
        browse: Browse::All,
    }];
    let simulator = simulated::Jira::new(site);
    let server = Server::start(simulator.router(), 0, clock.clone()).await.expect("a free port");
    let jira = connector(&server, &clock, (estate::jira::READER.1, TOKEN), Options::default());
    let interest = Interest { projects: mapped, ..Interest::default() };
    let read = jira.gather(&GatherRequest { interest: interest.clone(), ..request() }).await;
    assert_eq!(gaps(&read), [""; 0]);
    let upcoming: BTreeSet<u64> = content
        .versions
        .iter()
        .filter(|version| !version.released && !version.archived)
        .map(|one| one.id)
        .collect();
    let found: BTreeSet<&str> = read.records.work_items.iter().map(|item| &*item.id.0.native).collect();
    let ours = content.issues.iter().filter(|issue| issue.fix_versions.iter().any(|id| upcoming.contains(id)));
    let missing: Vec<_> =
        ours.filter(|issue| !found.contains(&*issue.id.to_string())).map(|one| &one.key).collect();
    assert!(missing.is_empty() && !upcoming.is_empty(), "{missing:?}");
    let blocks = |item: &domain::WorkItem| item.links.iter().any(|link| link.kind == WorkItemLinkKind::Blocks);
    assert!(read.records.work_items.iter().any(blocks), "the bank's teams wait for each other");
    let lists = content.projects.iter().map(|project| {
        let versions = content.versions.iter().filter(|version| version.project == project.id).count();
        // The site gives fifty at once, whatever is asked for.
        versions.max(1).div_ceil(50)
    });
    let items = read.records.work_items.len();
    // Ourselves, projects, two searches, and a started page of issues and of what they refer to.
    let budget = lists.sum::<usize>() + items.div_ceil(100) + items.div_ceil(500) + 6;
    let sent = server.requests.total();
    assert!(sent <= budget as u64, "{sent} of {budget}: {:?}", server.requests.counts());

    // Afterwards: at most two requests for each kind of record, whatever there is.
    let later = || GatherRequest { since: read.watermarks.clone(), interest: interest.clone(), ..request() };
    for _ in 0..2 {
        server.requests.reset();
        let refreshed = jira.gather(&later()).await;
        assert_eq!(gaps(&refreshed), [""; 0]);
        assert_eq!(refreshed.records.tracked_versions, read.records.tracked_versions);
        let lists = server.requests.matching("/version").len();
        assert!(lists <= 2, "{lists} requests for versions");
        let sent = server.requests.total();
        assert!(sent <= 2 * read.complete.len() as u64, "{sent}: {:?}", server.requests.counts());
    }

    // A version that is released is seen by an issue that shows it, though its list is not read in its turn.
    let released =
        *upcoming.iter().find(|id| content.issues.iter().any(|one| one.fix_versions.contains(id))).expect("one");
    simulator.change_version(released, |version| version.released = true).expect("a version");
    let is_released = |read: &Gathered| {
        let id = released.to_string();
        read.records.tracked_versions.iter().any(|one| *one.id.0.native == *id && one.released)
    };
    let (one, other) = (jira.gather(&later()).await, jira.gather(&later()).await);
    assert!(is_released(&one) || is_released(&other), "seen in its turn");
}
