//! People with their accounts, teams, delegations.

use jiff::Timestamp;
use serde::Serialize;

use super::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Team {
    pub key: Text,
    pub name: Text,
    pub manager: Text,
    /// Keys of people.
    pub members: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Person {
    pub key: Text,
    pub name: Text,
    /// Absent for the one user who has none.
    pub email: Option<Text>,
    pub title: &'static str,
    pub team: Option<Text>,
    pub kind: AccountKind,
    pub active: bool,
    pub accounts: Vec<Account>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AccountKind {
    Human,
    Machine,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// Connector id of the system that holds it.
    pub system: &'static str,
    pub login: Text,
    pub email: Option<Text>,
    pub joined: Joined,
}

/// How anybody can know whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Joined {
    ByEmail,
    /// Only Interlock's configuration says so.
    ByConfiguration,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delegation {
    pub delegator: Text,
    pub delegate: Text,
    pub start: Timestamp,
    pub end: Timestamp,
    pub covers: DelegationScope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DelegationScope {
    ApprovalsAndAssignments,
    /// Looks like cover for approvals, and is not.
    NotificationsOnly,
}
