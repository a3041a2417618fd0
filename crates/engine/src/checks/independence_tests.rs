//! Independence in its ways to hold, to fail, and to be unknown: between persons, not accounts.

use domain::{AccountId, AccountKind, ApprovalState, Outcome, Review, ReviewState};

use super::independence;
use crate::correlate::world::{World, account, connector, moment};

const REPO: &str = "bank/payments-api";

/// A release with one commit by Ada, asked for by Joan; people may have accounts in several systems.
fn world() -> World {
    let mut world = World::new()
        .service("payments-api", "PAY")
        .tag(REPO, "v2.13.0", "c0")
        .tag(REPO, "v2.14.0", "c1")
        .commit(REPO, "c1", "Pay twice")
        .range(REPO, Some("v2.13.0"), "v2.14.0", &["c1"])
        .change("CHG1", "Deploy payments-api 2.14.0", None);
    for (system, native, email) in [
        ("git", "ada", "ada@bank.example"),
        ("servicenow", "ada", "ada@bank.example"),
        ("git", "grace", "grace@bank.example"),
        ("servicenow", "grace", "grace@bank.example"),
        ("servicenow", "joan", "joan@bank.example"),
        ("servicenow", "pipeline", ""),
    ] {
        let mut account = account(system, native);
        account.email = (!email.is_empty()).then(|| email.into());
        if native == "pipeline" {
            account.kind = AccountKind::Machine;
        }
        world.records.accounts.push(account);
    }
    world.with_change("CHG1", |change| {
        change.requested_by = Some(AccountId::new(&connector("servicenow"), "joan"));
    })
}

fn approved_by(world: World, approver: &str) -> World {
    let mut world = world.approval("CHG1", ApprovalState::Approved, Some("2026-06-10T14:00:00Z"));
    let approval = world.records.approvals.last_mut().expect("just added");
    approval.approver = Some(AccountId::new(&connector("servicenow"), approver));
    world
}

fn told(world: &World) -> Vec<Outcome> {
    let graph = world.graph();
    let release = graph.releases.find(&domain::ReleaseKey::new("payments-api@2.14.0")).expect("a release");
    independence(&graph, release).map(|check| check.outcome).to_vec()
}

#[test]
fn an_approval_counts_when_a_person_gave_it_who_neither_wrote_nor_asked() {
    let check = |approver: &str, expected: Outcome| {
        assert_eq!(told(&approved_by(world(), approver))[0], expected, "{approver}");
    };
    check("grace", Outcome::Pass);
    // The author's account in another system, the one who asked, a machine, and an account that nobody knows.
    check("ada", Outcome::Fail);
    check("joan", Outcome::Fail);
    check("pipeline", Outcome::Unknown);
    check("ghost", Outcome::Unknown);
    assert_eq!(told(&world())[0], Outcome::Unknown, "nobody approved");
    assert_eq!(told(&approved_by(approved_by(world(), "ada"), "grace"))[0], Outcome::Pass);
    let hidden = approved_by(world(), "grace").with_change("CHG1", |change| change.requested_by = None);
    assert_eq!(told(&hidden)[0], Outcome::Unknown, "who asked is hidden");
    let mut twice = world();
    twice = approved_by(twice.change("CHG2", "Deploy payments-api 2.14.0", None), "grace");
    assert_eq!(told(&twice)[0], Outcome::Unknown, "the second change has no approval");
}

#[test]
fn a_co_author_and_a_commit_that_was_not_read_count() {
    let mut world = approved_by(world(), "grace");
    world.records.commits[0].trailers =
        vec![domain::Trailer { token: "Co-Authored-By".into(), value: "Grace <Grace@bank.example>".into() }];
    assert_eq!(told(&world)[0], Outcome::Fail);
    let mut cut = approved_by(self::world(), "grace");
    cut.records.commit_ranges[0].complete = false;
    assert_eq!(told(&cut)[0], Outcome::Unknown);
}

#[test]
fn who_deploys_neither_wrote_it_nor_approved_it_alone() {
    let check = |world: World, deployer: &str, expected: Outcome| {
        let mut world = world
            .deployed(REPO, "v2.14.0", "production", "2026-06-12T18:00:00Z", "success")
            .by_machine_for("robot", deployer);
        world.records.accounts.last_mut().expect("the human").email =
            (!deployer.is_empty()).then(|| format!("{deployer}@bank.example").into());
        assert_eq!(told(&world)[1], expected, "{deployer}");
    };
    assert_eq!(told(&world())[1], Outcome::NotDue);
    check(world(), "linus", Outcome::Pass);
    check(world(), "ada", Outcome::Fail);
    check(approved_by(world(), "grace"), "grace", Outcome::Fail);
    check(approved_by(approved_by(world(), "grace"), "joan"), "grace", Outcome::Pass);
}

#[test]
fn a_review_counts_after_the_last_commit_and_by_another_person() {
    let check = |reviews: &[(&str, ReviewState, &str)], expected: Outcome| {
        let mut world = world().pull_request(REPO, 7, "c1", &["c1"]);
        let request = world.records.pull_requests.last_mut().expect("just added");
        request.reviews = reviews
            .iter()
            .map(|(who, state, at)| Review {
                state: *state,
                author: Some(AccountId::new(&connector("git"), *who)),
                submitted_at: Some(moment(at)),
                commit: None,
            })
            .collect();
        assert_eq!(told(&world)[2], expected, "{reviews:?}");
    };
    let (early, late) = ("2020-01-01T00:00:00Z", "2030-06-11T00:00:00Z");
    use ReviewState::{Approved, ChangesRequested};
    check(&[("grace", Approved, late)], Outcome::Pass);
    check(&[("grace", Approved, early)], Outcome::Fail);
    check(&[("ada", Approved, late)], Outcome::Fail);
    check(&[("ghost", Approved, late)], Outcome::Unknown);
    check(&[("grace", Approved, late), ("grace", ChangesRequested, late)], Outcome::Fail);
    check(&[], Outcome::Fail);
    assert_eq!(told(&world())[2], Outcome::Unknown, "no pull request brings the commit");
    // A rebase made the commits look younger than the review of this very head.
    let mut rebased = world().pull_request(REPO, 7, "c1", &["c1"]);
    let request = rebased.records.pull_requests.last_mut().expect("just added");
    request.head_commit = Some("c1".into());
    request.reviews = vec![Review {
        state: Approved,
        author: Some(AccountId::new(&connector("git"), "grace")),
        submitted_at: Some(moment(early)),
        commit: Some("c1".into()),
    }];
    assert_eq!(told(&rebased)[2], Outcome::Pass);
}

#[test]
fn a_trailer_names_a_reviewer_in_a_plain_repository() {
    let mut world = world();
    let signed = |by: &str| vec![domain::Trailer { token: "Reviewed-by".into(), value: by.into() }];
    world.records.commits[0].trailers = signed("Grace <grace@bank.example>");
    assert_eq!(told(&world)[2], Outcome::Pass);
    world.records.commits[0].trailers = signed("Ada <ada@bank.example>");
    assert_eq!(told(&world)[2], Outcome::Unknown);
}
