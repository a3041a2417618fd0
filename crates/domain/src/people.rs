//! Persons and their accounts. Independence is judged between persons, so accounts are joined first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, GroupId, PersonKey, RecordId, Source, TeamKey, Text};

/// Who uses an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountKind {
    /// A human.
    Human,
    /// A machine.
    Machine,
}

/// A user account in one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The vendor's id.
    pub id: AccountId,
    /// The login or handle.
    pub login: Option<Text>,
    /// The name shown.
    pub name: Option<Text>,
    /// The e-mail address, where the system tells it.
    pub email: Option<Text>,
    /// The directory's id (employee number), where the system tells it.
    pub directory_id: Option<Text>,
    /// Who uses it.
    pub kind: AccountKind,
    /// May it still be used?
    pub active: Option<bool>,
    /// Where it was read.
    pub source: Source,
}

/// A person with one or more accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable key: directory id, e-mail address, or the only account.
    pub key: PersonKey,
    /// The name shown.
    pub name: Text,
    /// The e-mail address.
    pub email: Option<Text>,
    /// Human, or machine when all its accounts are.
    pub kind: AccountKind,
    /// The accounts, sorted.
    pub accounts: Vec<AccountId>,
}

/// A group of accounts in one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The vendor's id.
    pub id: GroupId,
    /// Its name.
    pub name: Text,
    /// Its manager.
    pub manager: Option<AccountId>,
    /// Its members, sorted.
    pub members: Vec<AccountId>,
    /// Where it was read.
    pub source: Source,
}

/// A team as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its key.
    pub key: TeamKey,
    /// Its name.
    pub name: Text,
    /// Its mailbox.
    pub email: Option<Text>,
    /// The groups that stand for it in the systems: connector and group name.
    pub groups: Vec<TeamGroup>,
}

/// A group in a system that stands for a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamGroup {
    /// The system.
    pub connector: crate::ConnectorId,
    /// The group's name there.
    pub name: Text,
}

/// A person's accounts as the configuration joins them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMapping {
    /// The name shown.
    pub name: Text,
    /// The e-mail address.
    pub email: Option<Text>,
    /// Connector and login of each account.
    pub accounts: Vec<AccountMapping>,
}

/// One account by its login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMapping {
    /// The system.
    pub connector: crate::ConnectorId,
    /// The login, or native id.
    pub login: Text,
}

/// One person may answer for another for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The vendor's record.
    pub record: RecordId,
    /// Who delegates.
    pub from: AccountId,
    /// To whom.
    pub to: AccountId,
    /// Valid from.
    pub starts_at: Option<Timestamp>,
    /// Valid until.
    pub ends_at: Option<Timestamp>,
    /// Does it include approvals?
    pub approvals: bool,
    /// Where it was read.
    pub source: Source,
}
