//! Reads the accounts and groups that records name, in lists of their ids.

use std::collections::BTreeSet;

use domain::{Gap, RecordKind, Records};

use super::client::Servicenow;
use super::convert;
use super::gather::Round;
use super::wire::{ACCOUNT, GROUP, MEMBER};
use crate::contract::Gathered;
use crate::error::ConnectorError;
use crate::table_api::settle::{Extent, Reading, miss, settle};
use crate::table_api::{Condition, Listing, Query, Read, Row};

/// Whom records name: accounts by id, accounts by login, groups by id.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) accounts: BTreeSet<String>,
    pub(super) logins: BTreeSet<String>,
    pub(super) groups: BTreeSet<String>,
}

impl Servicenow {
    pub(super) async fn gather_people(&self, round: &Round<'_>, gathered: &Gathered) -> Gathered {
        let named = named_in(&gathered.records);
        // Only when everything that names people was read now do we know that nobody else is named.
        let naming = [RecordKind::Change, RecordKind::Approval, RecordKind::Incident, RecordKind::ChangeTask];
        let is_full = naming.iter().all(|kind| gathered.complete.contains(kind));
        let extent = |kind| if is_full { Extent::Full } else { round.extent(kind) };
        let groups: BTreeSet<String> = self.remember(|memory| {
            if is_full {
                memory.groups.clear();
                memory.accounts.clear();
            }
            memory.groups.extend(named.groups.iter().cloned());
            memory.groups.clone()
        });
        let mut people = self.gather_groups(round, (&groups, is_full)).await;
        let mut named = named;
        for group in &people.records.groups {
            let members = group.members.iter().chain(&group.manager);
            named.accounts.extend(members.map(|account| account.0.native.to_string()));
        }
        people.join(self.gather_accounts(round, (named, extent(RecordKind::Account), is_full)).await);
        // Where nothing that names people could be read, nobody knows whom it would have named.
        let is_read = |kind: &RecordKind| gathered.complete.contains(kind) || gathered.changed.contains(kind);
        let missing = gathered.gaps.iter().find(|gap| naming.contains(&gap.kind));
        if let Some(gap) = missing.filter(|_| !naming.iter().any(is_read)) {
            for kind in [RecordKind::Group, RecordKind::Account] {
                if people.changed.remove(&kind) {
                    people.gaps.push(Gap { kind, ..gap.clone() });
                }
            }
        }
        people
    }

    /// Memberships end without a trace, so the groups that we know of are read anew each time.
    async fn gather_groups(&self, round: &Round<'_>, (ids, is_full): (&BTreeSet<String>, bool)) -> Gathered {
        let kind = RecordKind::Group;
        let mut gathered = Gathered::default();
        match self.groups_by_id(ids).await {
            Ok((groups, members)) => {
                gathered.records.groups = convert::groups(&round.origin, &groups.rows, &members.rows);
                let reading = Reading { extent: Extent::Full, ..self.reading(round, kind) };
                settle(&mut gathered, reading, &[&groups, &members]);
                gathered.watermarks.remove(&kind);
                if !is_full && gathered.complete.remove(&kind) {
                    gathered.changed.insert(kind);
                }
            }
            Err(error) => miss(&mut gathered, kind, &error),
        }
        gathered
    }

    pub(super) async fn groups_by_id(&self, ids: &BTreeSet<String>) -> Result<(Listing, Listing), ConnectorError> {
        let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        let (group, member) = (Read::of(&GROUP, Query::everything()), Read::of(&MEMBER, Query::everything()));
        let (groups, members) = futures::join!(
            self.api.list_by(&group, &["sys_id"], &ids),
            self.api.list_by(&member, &["group"], &ids),
        );
        Ok((groups?, members?))
    }

    async fn gather_accounts(
        &self,
        round: &Round<'_>,
        (named, extent, is_full): (Named, Extent, bool),
    ) -> Gathered {
        let kind = RecordKind::Account;
        let known = self.remember(|memory| memory.accounts.clone());
        let updated = async {
            match extent.begins().filter(|_| !known.is_empty()) {
                Some(begins) => {
                    let query = Query::everything().and(Condition::since("sys_updated_on", begins));
                    self.api.list(Read::of(&ACCOUNT, query)).await
                }
                None => Ok(Listing::default()),
            }
        };
        let not_yet = |id: &&String| !known.contains(*id);
        let ids: BTreeSet<&str> = named.accounts.iter().filter(not_yet).map(String::as_str).collect();
        let logins: BTreeSet<&str> = named.logins.iter().filter(not_yet).map(String::as_str).collect();
        let by_name = Read::of(&ACCOUNT, Query::everything());
        let (updated, by_id, by_login) = futures::join!(
            updated,
            self.api.list_by(&by_name, &["sys_id"], &ids),
            self.api.list_by(&by_name, &["user_name"], &logins),
        );
        let mut gathered = Gathered::default();
        let read = match (updated, by_id, by_login) {
            (Ok(mut updated), Ok(by_id), Ok(by_login)) => {
                updated.rows.retain(|row| row.id().is_some_and(|id| known.contains(id)));
                updated.join(by_id);
                updated.join(by_login);
                updated
            }
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                miss(&mut gathered, kind, &error);
                return gathered;
            }
        };
        let mut seen = BTreeSet::new();
        let rows = read.rows.iter().filter(|row| seen.insert(row.id()));
        gathered.records.accounts = rows.filter_map(|row| convert::account(&round.origin, row)).collect();
        settle(&mut gathered, Reading { extent, ..self.reading(round, kind) }, &[&read]);
        if !is_full && gathered.complete.remove(&kind) {
            gathered.changed.insert(kind);
        }
        self.remember(|memory| {
            memory.accounts.extend(read.rows.iter().filter_map(Row::id).map(str::to_owned));
            memory.accounts.extend(named.accounts);
            memory.accounts.extend(named.logins);
        });
        gathered
    }
}

/// Everybody whom records name.
pub(super) fn named_in(records: &Records) -> Named {
    let mut named = Named::default();
    let mut account =
        |id: &Option<domain::AccountId>| named.accounts.extend(id.iter().map(|id| id.0.native.to_string()));
    for change in &records.changes {
        [&change.requested_by, &change.opened_by, &change.assigned_to].into_iter().for_each(&mut account);
    }
    records.change_tasks.iter().for_each(|task| account(&task.assigned_to));
    for approval in &records.approvals {
        [&approval.approver, &approval.on_behalf_of].into_iter().for_each(&mut account);
    }
    records.incidents.iter().for_each(|incident| account(&incident.assigned_to));
    for delegation in &records.delegations {
        named.accounts.extend([&delegation.from, &delegation.to].map(|id| id.0.native.to_string()));
    }
    let recorded = records.approvals.iter().filter_map(|approval| approval.recorded_by.as_deref());
    named.logins.extend(recorded.map(str::to_owned));
    let groups = records
        .changes
        .iter()
        .map(|change| &change.assignment_group)
        .chain(records.approvals.iter().map(|approval| &approval.group))
        .chain(records.incidents.iter().map(|incident| &incident.assignment_group))
        .chain(records.cab_meetings.iter().map(|meeting| &meeting.group));
    named.groups.extend(groups.flatten().map(|group| group.0.native.to_string()));
    named
}
