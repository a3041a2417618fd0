//! Users, groups, memberships, delegations.

use jiff::{SignedDuration, Timestamp};

use super::super::model::{AccountKind, DelegationScope, Estate};
use super::{Cells, Of, Out, time};

const ADMINISTRATOR: &str = "admin";

pub(super) fn write(estate: &Estate, out: &mut Out<'_>) {
    let since = estate.now - SignedDuration::from_hours(24 * 1_000);
    users(estate, out, since);
    groups(estate, out, since);
    for delegation in &estate.delegations {
        let id = out.part(&["delegate", &delegation.delegator, &time(delegation.start)]);
        let mut row = Cells::new(id, delegation.start, &delegation.delegator);
        let all = delegation.covers == DelegationScope::ApprovalsAndAssignments;
        row.put("user", out.id(Of::User, &delegation.delegator));
        row.put("delegate", out.id(Of::User, &delegation.delegate));
        row.put_time("starts", Some(delegation.start));
        row.put_time("ends", Some(delegation.end));
        row.put("approvals", all.to_string());
        row.put("assignments", all.to_string());
        row.put("notifications", "true");
        row.put("invitations", (!all).to_string());
        out.write("sys_user_delegate", row);
    }
}

fn users(estate: &Estate, out: &mut Out<'_>, since: Timestamp) {
    for person in &estate.people {
        for account in person.accounts.iter().filter(|account| account.system == super::MAIN) {
            let mut row = Cells::new(out.id(Of::User, &account.login), since, ADMINISTRATOR);
            let (first, last) = person.name.split_once(' ').unwrap_or(("", &person.name));
            row.put("user_name", &*account.login);
            row.put("name", &*person.name);
            row.put("first_name", first);
            row.put("last_name", last);
            row.put("email", account.email.as_deref().unwrap_or_default());
            row.put("title", person.title);
            row.put("active", person.active.to_string());
            row.put("time_zone", "Europe/London");
            let machine = person.kind == AccountKind::Machine;
            row.put("internal_integration_user", machine.to_string());
            row.put("web_service_access_only", machine.to_string());
            out.write("sys_user", row);
        }
    }
}

fn groups(estate: &Estate, out: &mut Out<'_>, since: Timestamp) {
    for team in &estate.teams {
        let mut row = Cells::new(out.id(Of::Group, &team.key), since, ADMINISTRATOR);
        row.put("name", &*team.name);
        row.put("description", format!("Assignment group of {}", team.name));
        row.put("active", "true");
        row.put("manager", out.id(Of::User, &team.manager));
        out.write("sys_user_group", row);
        for member in &team.members {
            let mut row = Cells::new(out.part(&["member", &team.key, member]), since, ADMINISTRATOR);
            row.put("user", out.id(Of::User, member));
            row.put("group", out.id(Of::Group, &team.key));
            out.write("sys_user_grmember", row);
        }
    }
}
