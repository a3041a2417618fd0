//! Accounts, groups with their members, delegations.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Account, AccountId, AccountKind, Delegation, Group, GroupId};

use super::Origin;
use crate::servicenow::wire::{ACCOUNT, DELEGATION, GROUP};
use crate::table_api::Row;

/// An account.
pub(in crate::servicenow) fn account(origin: &Origin, row: &Row) -> Option<Account> {
    let id = row.id()?;
    let is_machine =
        ["web_service_access_only", "internal_integration_user"].iter().any(|flag| row.flag(flag) == Some(true));
    Some(Account {
        id: AccountId(origin.record(id)),
        login: row.text("user_name"),
        name: row.text("name"),
        email: row.text("email"),
        directory_id: row.text("employee_number"),
        kind: if is_machine { AccountKind::Machine } else { AccountKind::Human },
        active: row.flag("active"),
        source: origin.source(&ACCOUNT, row),
    })
}

/// Groups with their members.
pub(in crate::servicenow) fn groups(origin: &Origin, groups: &[Row], members: &[Row]) -> Vec<Group> {
    let mut of_group: BTreeMap<&str, BTreeSet<AccountId>> = BTreeMap::new();
    for row in members {
        if let (Some(group), Some(member)) = (row.value("group"), origin.account(row, "user")) {
            of_group.entry(group).or_default().insert(member);
        }
    }
    let group = |row: &Row| {
        let id = row.id()?;
        let members = of_group.get(id).cloned().unwrap_or_default();
        Some(Group {
            id: GroupId(origin.record(id)),
            name: row.text("name").unwrap_or_else(|| id.into()),
            manager: origin.account(row, "manager"),
            members: members.into_iter().collect(),
            source: origin.source(&GROUP, row),
        })
    };
    groups.iter().filter_map(group).collect()
}

/// A delegation with the login of the delegate.
pub(in crate::servicenow) fn delegation(origin: &Origin, row: &Row) -> Option<(String, Delegation)> {
    let login = row.value("delegate.user_name").unwrap_or_default().to_owned();
    let delegation = Delegation {
        record: origin.record(row.id()?),
        from: origin.account(row, "user")?,
        to: origin.account(row, "delegate")?,
        starts_at: row.moment("starts"),
        ends_at: row.moment("ends"),
        approvals: row.flag("approvals") == Some(true),
        source: origin.source(&DELEGATION, row),
    };
    Some((login, delegation))
}
