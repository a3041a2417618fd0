//! Every false PASS to refuse and every false FAIL to avoid, of who approved.

use domain::*;

use super::predicate_tests::{fails, passes, unknown};
use super::sound::*;
use super::{PredicateId, Terms, predicates};
use crate::correlate::world::{World, account, connector, moment, source};

use PredicateId::{P1A, P2};

// P1A

#[test]
fn p1a_a_window_that_moved_after_the_approval_is_not_approved() {
    let before = ("2026-06-16 19:00:00", "2026-06-16 20:00:00");
    fails(&sound().audited("CHG1", "end_date", before, "2026-06-11T09:00:00Z"), P1A, "does not cover it");
}

#[test]
fn p1a_a_release_added_after_the_approval_is_not_approved() {
    let added = sound().audited("CHG1", "correlation_id", ("", KEY), "2026-06-11T09:00:00Z");
    fails(&added, P1A, "does not cover it");
}

#[test]
fn p1a_an_item_added_after_the_approval_is_not_approved() {
    let added = sound().audited("CHG1", "cmdb_ci", ("a", "a,b"), "2026-06-11T09:00:00Z");
    fails(&added, P1A, "does not cover it");
}

#[test]
fn p1a_not_required_is_no_yes() {
    fails(&sound().with_approval(|approval| approval.state = ApprovalState::NotRequired), P1A, "Nobody approved");
    let mut group = sound();
    let itsm = connector("servicenow");
    let (mut moot, id) = (group.records.approvals[0].clone(), GroupId::new(&itsm, "security"));
    moot.id = ApprovalId::new(&itsm, "moot");
    moot.state = ApprovalState::NotRequired;
    moot.group = Some(id);
    group.records.approvals.push(moot);
    fails(&group, P1A, "an answer was not required is no yes");
}

#[test]
fn p1a_on_hold_is_not_authorised() {
    fails(&sound().with_change("CHG1", |change| change.on_hold = Some(true)), P1A, "is on hold");
    unknown(&sound().with_change("CHG1", |change| change.on_hold = None), P1A, "hidden");
}

#[test]
fn p1a_an_approval_recorded_by_an_administrator_or_a_machine_does_not_count() {
    let by = |login: &'static str, kind| {
        sound()
            .account(("servicenow", login), Some("other@bank.example"), kind)
            .with_approval(move |approval| approval.recorded_by = Some(login.into()))
    };
    fails(&by("admin", AccountKind::Human), P1A, "neither the approver nor a delegate");
    fails(&by("svc.pipeline", AccountKind::Machine), P1A, "neither the approver nor a delegate");
    let stranger = sound().with_approval(|approval| approval.recorded_by = Some("nobody".into()));
    unknown(&stranger, P1A, "whom nobody knows");
    unknown(&sound().with_approval(|approval| approval.recorded_by = None), P1A, "Who recorded");
}

#[expect(clippy::fn_params_excessive_bools, reason = "a delegation covers approvals or it does not")]
fn delegated(starts: &str, ends: &str, approvals: bool) -> World {
    let itsm = connector("servicenow");
    let mut world = sound()
        .account(("servicenow", "erin"), Some("erin@bank.example"), AccountKind::Human)
        .with_approval(|approval| approval.recorded_by = Some("erin".into()));
    world.records.delegations.push(Delegation {
        record: RecordId::new(&itsm, "delegation"),
        from: AccountId::new(&itsm, "carol"),
        to: AccountId::new(&itsm, "erin"),
        starts_at: Some(moment(starts)),
        ends_at: Some(moment(ends)),
        approvals,
        source: source("servicenow", "delegation"),
    });
    world
}

#[test]
fn p1a_a_delegate_counts_while_the_delegation_holds() {
    passes(&delegated("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", true), P1A);
    fails(&delegated("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", true), P1A, "neither the approver nor");
    fails(&delegated("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", false), P1A, "neither the approver nor");
    let dark = delegated("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", true);
    unknown(&dark.dark("servicenow", RecordKind::Delegation), P1A, "neither the approver nor");
}

fn standard(valid_to: Option<&str>) -> World {
    let mut world = sound();
    world.records.approvals.clear();
    world.records.change_templates.push(ChangeTemplate {
        id: ChangeTemplateId::new(&connector("servicenow"), "tpl"),
        name: "Routine".into(),
        version: None,
        active: true,
        allowed_configuration_items: Some(vec![ConfigurationItemId::new(&connector("cmdb"), "payments-api")]),
        allowed_steps: None,
        valid_from: None,
        valid_to: valid_to.map(moment),
        revoked_at: None,
        source: source("servicenow", "tpl"),
    });
    world.with_change("CHG1", |change| {
        change.class = ChangeClass::Standard;
        change.template = Some(ChangeTemplateId::new(&connector("servicenow"), "tpl"));
    })
}

#[test]
fn p1a_a_live_template_approves_a_standard_change_and_must_be_live_at_the_start() {
    passes(&standard(None), P1A);
    passes(&standard(None), P2);
    fails(&standard(Some("2026-06-16T12:00:00Z")), P1A, "may not be used at");
}

#[test]
fn p1a_narrowing_keeps_the_approval() {
    let narrowed = ("2026-06-16 17:00:00", "2026-06-16 18:00:00");
    passes(&sound().audited("CHG1", "start_date", narrowed, "2026-06-11T09:00:00Z"), P1A);
}

#[test]
fn p1a_an_approval_after_the_start_comes_too_late() {
    let late = sound().with_approval(|approval| approval.decided_at = Some(moment("2026-06-16T18:40:00Z")));
    fails(&late, P1A, "after the start");
}

#[test]
fn p1a_a_board_that_must_see_it_has_to_say_yes() {
    let other = sound().with_approval(|approval| approval.via = ApprovalVia::User);
    fails(&other.with_change("CHG1", |change| change.cab_required = Some(true)), P1A, "must be seen by the board");
    passes(&sound().with_change("CHG1", |change| change.cab_required = Some(true)), P1A);
}

// P2

#[test]
fn p2_a_second_account_of_the_author_is_the_author() {
    let second = sound()
        .account(("servicenow", "x-ada"), Some("ada@bank.example"), AccountKind::Human)
        .with_approval(|approval| {
            approval.approver = Some(AccountId::new(&connector("servicenow"), "x-ada"));
            approval.recorded_by = Some("x-ada".into());
        });
    fails(&second, P2, "wrote part of it");
}

#[test]
fn p2_a_co_author_the_requester_and_the_deployer_do_not_approve() {
    let co_author = Trailer { token: "Co-authored-by".into(), value: "Carol <carol@bank.example>".into() };
    fails(&sound().with_commit("c2", |commit| commit.trailers.push(co_author.clone())), P2, "wrote part of it");
    let carol = || Some(AccountId::new(&connector("servicenow"), "carol"));
    fails(&sound().with_change("CHG1", |change| change.requested_by = carol()), P2, "asked for it");
    fails(&sound().with_change("CHG1", |change| change.assigned_to = carol()), P2, "deploys it");
    let opened = sound().with_change("CHG1", |change| change.requested_by = None);
    unknown(&opened, P2, "Who asked for CHG1 is not known.");
    fails(&opened.with_change("CHG1", |change| change.opened_by = carol()), P2, "asked for it");
}

#[test]
fn p2_a_machine_that_deploys_needs_its_human() {
    let machine = sound()
        .account(("servicenow", "svc"), None, AccountKind::Machine)
        .with_change("CHG1", |change| change.assigned_to = Some(AccountId::new(&connector("servicenow"), "svc")));
    unknown(&machine, P2, "Which human deploys it");
    let graph = machine.graph();
    let dave = graph.account_people[&AccountId::new(&connector("servicenow"), "dave")].clone();
    let carol = graph.account_people[&AccountId::new(&connector("servicenow"), "carol")].clone();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("a release");
    let with = |actor| {
        let proposal = super::Proposal { actor: Some(actor), ..proposal() };
        let all = predicates(&graph, release, &proposal, &Terms::default());
        all.into_iter().find(|predicate| predicate.id == P2).expect("a predicate").outcome
    };
    assert_eq!(with(dave), Outcome::Pass);
    assert_eq!(with(carol), Outcome::Fail, "who starts it does not approve it");
}

#[test]
fn p2_whoever_let_it_off_a_check_does_not_approve_it() {
    let graph = sound().graph();
    let carol = graph.account_people[&AccountId::new(&connector("servicenow"), "carol")].clone();
    let release = graph.releases.find(&ReleaseKey::new(KEY)).expect("a release");
    let proposal = super::Proposal { editors: vec![carol], ..proposal() };
    let all = predicates(&graph, release, &proposal, &Terms::default());
    assert_eq!(all.iter().find(|one| one.id == P2).expect("a predicate").outcome, Outcome::Fail);
}

#[test]
fn p2_a_delegate_and_who_delegates_are_both_tested() {
    let delegated = delegated("2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", true);
    passes(&delegated, P2);
    let erin = || Some(AccountId::new(&connector("servicenow"), "erin"));
    fails(&delegated.clone().with_change("CHG1", |change| change.requested_by = erin()), P2, "asked for it");
    let carol = || Some(AccountId::new(&connector("servicenow"), "carol"));
    fails(&delegated.with_change("CHG1", |change| change.requested_by = carol()), P2, "asked for it");
}

#[test]
fn p2_machine_authors_are_nobody_s_own_work_and_strangers_leave_it_unknown() {
    let git = connector("git");
    let bot = sound()
        .account(("git", "updates[bot]"), None, AccountKind::Machine)
        .with_commit("c2", |commit| commit.author_account = Some(AccountId::new(&git, "updates[bot]")));
    passes(&bot, P2);
    let stranger = sound().with_approval(|approval| {
        approval.approver = Some(AccountId::new(&connector("servicenow"), "gone"));
        approval.recorded_by = Some("gone".into());
    });
    unknown(&stranger, P2, "cannot be resolved");
    let mut half = sound();
    half.records.commit_ranges[0].complete = false;
    unknown(&half, P2, "were read");
}

#[test]
fn accounts_of_one_login_in_two_systems_are_not_mixed_up() {
    // "carol" is also a login of somebody else elsewhere.
    let mut world = sound();
    world.records.accounts.push(account("jira", "carol"));
    passes(&world, P1A);
    passes(&world, P2);
}
