//! Accounts as they are met in other records. REST and GraphQL write bots' logins differently and have different
//! opaque ids, so that the number GitHub gives every account is the id.

use std::collections::BTreeMap;

use domain::{Account, AccountId, AccountKind, ConnectorId, Source, Text};
use jiff::Timestamp;

use super::graph_wire::Who;
use super::wire::User;

/// The accounts met while reading.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    accounts: BTreeMap<AccountId, Account>,
}

/// Where and when records are read, and where their pages for people are.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) connector: ConnectorId,
    pub(super) now: Timestamp,
    /// The address under which people see repositories, such as `https://github.com`.
    pub(super) pages: Text,
}

impl Origin {
    pub(super) fn source(&self, native: impl Into<Text>, url: Option<String>) -> Source {
        Source {
            record: domain::RecordId::new(&self.connector, native),
            url: url.map(Text::from),
            fetched_at: self.now,
        }
    }
}

impl People {
    /// An account from a REST answer.
    pub(super) fn user(&mut self, origin: &Origin, user: Option<&User>) -> Option<AccountId> {
        let user = user?;
        let kind = kind(user.kind.as_deref(), &user.login);
        Some(self.met(origin, user.id, user.login.clone(), user.name.as_deref(), kind))
    }

    /// An account from a GraphQL answer.
    pub(super) fn who(&mut self, origin: &Origin, who: Option<&Who>) -> Option<AccountId> {
        let who = who?;
        let kind = kind(Some(&who.kind), &who.login);
        let login = if kind == AccountKind::Machine && !who.login.ends_with("[bot]") {
            format!("{}[bot]", who.login)
        } else {
            who.login.clone()
        };
        Some(self.met(origin, who.database_id?, login, who.name.as_deref(), kind))
    }

    /// The account behind a login that a text names, if it was met.
    pub(super) fn called(&self, login: &str) -> Option<AccountId> {
        let found = self.accounts.values().find(|account| account.login.as_deref() == Some(login));
        found.map(|account| account.id.clone())
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (id, account) in &other.accounts {
            let held = self.accounts.entry(id.clone()).or_insert_with(|| account.clone());
            held.name = held.name.take().or_else(|| account.name.clone());
        }
    }

    pub(super) fn accounts(self) -> Vec<Account> {
        self.accounts.into_values().collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one account")]
    fn met(
        &mut self,
        origin: &Origin,
        number: u64,
        login: String,
        name: Option<&str>,
        kind: AccountKind,
    ) -> AccountId {
        let id = AccountId::new(&origin.connector, number.to_string());
        let page = format!("{}/{}", origin.pages, login.trim_end_matches("[bot]"));
        let account = self.accounts.entry(id.clone()).or_insert_with(|| Account {
            id: id.clone(),
            login: Some(login.into()),
            name: None,
            email: None,
            directory_id: None,
            kind,
            active: None,
            source: origin.source(number.to_string(), Some(page)),
        });
        if account.name.is_none() {
            account.name = name.filter(|name| !name.is_empty()).map(Text::from);
        }
        id
    }
}

/// Bots are named as such by type or by login.
fn kind(word: Option<&str>, login: &str) -> AccountKind {
    if word == Some("Bot") || login.ends_with("[bot]") { AccountKind::Machine } else { AccountKind::Human }
}
