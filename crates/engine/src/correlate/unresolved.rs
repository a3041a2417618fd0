//! Accounts on which independence rests and behind which no person could be found: those that ask for, approve, write,
//! review or deploy a release of the horizon. Accounts that do none of this are nobody's trouble.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, AccountKind, ApprovalState, Claim, FindingCode, FindingSeverity, RecordKind, Release, Text,
};

use super::findings::{Draft, record};
use super::walk::Walk;
use crate::graph::Index;

/// At most so many releases are named of each thing that an account does.
const NAMED: usize = 5;

/// What accounts do, and for which releases.
type Acts<'w> = BTreeMap<&'w AccountId, BTreeMap<&'static str, BTreeSet<Index<Release>>>>;

/// One finding per account.
pub(super) fn unresolved_accounts(walk: &Walk) -> Vec<Draft> {
    let acts = acts(walk);
    let told = acts.into_iter().filter_map(|(id, acts)| {
        let remedy = remedy(walk, id)?;
        let claims = acts.iter().map(|(act, releases)| Claim {
            field: (*act).into(),
            value: named(walk, releases),
            used: true,
            source: None,
        });
        let services: BTreeSet<_> =
            acts.values().flatten().filter_map(|release| walk.service_of(*release)).collect();
        let service = super::services::only(&services).map(|service| walk.graph.services.get(service).key.clone());
        let acts: Vec<&str> = acts.keys().copied().collect();
        Some(Draft {
            code: FindingCode::UnresolvedAccount,
            severity: FindingSeverity::Warning,
            subject: record(id, &id.0),
            service,
            part: String::new(),
            detail: format!("The account {id} is {} of releases; {remedy}", acts.join(", ")),
            claims: claims.collect(),
        })
    });
    told.collect()
}

fn acts(walk: &Walk) -> Acts<'_> {
    let graph = &walk.graph;
    let mut acts = Acts::new();
    let mut note = |act, id, release| {
        acts.entry(id).or_default().entry(act).or_default().insert(release);
    };
    for (release, index, link) in graph.release_changes.iter() {
        let change = graph.changes.get(index);
        for id in change.requested_by.iter().filter(|_| link.supports()) {
            note("requester", id, release);
        }
    }
    for (_, approval) in graph.approvals.iter().filter(|(_, one)| one.state == ApprovalState::Approved) {
        let Some(change) = graph.changes.find(&approval.change) else { continue };
        for related in graph.release_changes.to(change).filter(|related| related.link.supports()) {
            for id in approval.approver.iter().chain(&approval.on_behalf_of) {
                note("approver", id, related.index);
            }
        }
    }
    for (release, request, _) in graph.release_pull_requests.iter().filter(|(.., link)| link.supports()) {
        let request = graph.pull_requests.get(request);
        if let Some(id) = &request.author {
            note("author", id, release);
        }
        for id in request.reviews.iter().filter_map(|review| review.author.as_ref()) {
            note("reviewer", id, release);
        }
    }
    for (release, commit, _) in graph.release_commits.iter().filter(|(.., link)| link.supports()) {
        if let Some(id) = &graph.commits.get(commit).author_account {
            note("author", id, release);
        }
    }
    for (place, release) in &walk.told.deployments {
        if let Some(record) = walk.deployments.get(*place) {
            for id in record.actor.iter().chain(&record.triggered_by) {
                note("deployer", id, *release);
            }
        }
    }
    acts
}

/// What would help, where nothing joins a human's account to a person who is known elsewhere.
fn remedy(walk: &Walk, id: &AccountId) -> Option<&'static str> {
    let graph = &walk.graph;
    let Some(account) = graph.accounts.by_id(id) else {
        // What a system could not tell is a gap, and no finding.
        let dark = walk.darkness.covers(&id.0.connector, RecordKind::Account);
        return (!dark).then_some("it could not be read, so who stands behind it is not known.");
    };
    let named = [&account.email, &account.directory_id];
    let known = named.into_iter().flatten().any(|name| !name.is_empty());
    let person = graph.account_people.get(id).and_then(|key| graph.people.by_id(key));
    let joined = person.is_some_and(|person| person.accounts.len() > 1 || person.email.is_some());
    (account.kind == AccountKind::Human && !known && !joined).then_some(
        "it has neither an e-mail address nor a directory id. Join it to its person under [[people]] in the \
         configuration.",
    )
}

fn named(walk: &Walk, releases: &BTreeSet<Index<Release>>) -> Text {
    let keys = releases.iter().take(NAMED).map(|release| walk.graph.releases.get(*release).key.to_string());
    let mut text = keys.collect::<Vec<_>>().join(", ");
    if releases.len() > NAMED {
        text.push_str(&format!(" and {} more", releases.len() - NAMED));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::{World, account, connector};
    use domain::AccountId;

    fn check(title: &str, email: Option<&str>, expected: &str) {
        let world = World::new().service("payments-api", "PAY").change("CHG1", title, None);
        let mut world = world.with_change("CHG1", |change| {
            change.requested_by = Some(AccountId::new(&connector("servicenow"), "ada"));
        });
        let mut ada = account("servicenow", "ada");
        ada.email = email.map(Into::into);
        world.records.accounts.push(ada);
        let graph = world.graph();
        let told = graph.findings.iter().map(|(_, finding)| {
            let claims = finding.claims.iter().map(|claim| format!("{} of {}", claim.field, claim.value));
            format!("{} {}", finding.key, claims.collect::<Vec<_>>().join(", "))
        });
        assert_eq!(told.collect::<Vec<_>>().join("; "), expected);
    }

    #[test]
    fn only_an_account_that_acts_for_a_release_and_is_nobody_s_is_told() {
        let deploy = "Deploy payments-api 2.14.0";
        check(deploy, None, "UNRESOLVED_ACCOUNT:Account:servicenow:ada: requester of payments-api@2.14.0");
        check(deploy, Some("ada@bank.example"), "");
        check("Move the printers", None, "");
    }
}
