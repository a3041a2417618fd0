//! The addresses that people show on their profiles. They join an account that reviews or deploys, and writes no commit,
//! to its person. Where we may not ask, the account stays alone, which correlation tells.

use std::collections::BTreeSet;

use domain::{Account, AccountKind, Text};
use serde_json::json;

use super::Github;
use super::graphql::{Batch, quoted};
use super::reading::Depth;

/// Profiles looked at in one request.
const MOST_PROFILES: usize = 50;

impl Github {
    /// Asks for the addresses of humans that are not known yet; a sweep asks for all of them again.
    pub(super) async fn read_addresses(&self, accounts: &[Account], depth: Depth) {
        let logins: BTreeSet<Text> = {
            let known = self.addresses();
            let humans = accounts.iter().filter(|account| account.kind == AccountKind::Human);
            let logins = humans.filter_map(|account| account.login.clone());
            logins.filter(|login| depth == Depth::Sweep || !known.contains_key(login)).collect()
        };
        if logins.is_empty() {
            return;
        }
        let logins: Vec<Text> = logins.into_iter().collect();
        let item = |(place, login): (usize, &Text)| {
            (format!("u{place}"), format!("user(login: {}) {{ email }}", quoted(login)))
        };
        let items: Vec<_> = logins.iter().enumerate().map(item).collect();
        let batch = Batch {
            operation: "look at profiles",
            head: "query Addresses {",
            tail: "}\n",
            at: &[],
            variables: json!({}),
            most: MOST_PROFILES,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut known = self.addresses();
        for (place, login) in logins.into_iter().enumerate() {
            match answers.remove(&format!("u{place}")) {
                Some(Ok(answer)) => {
                    let shown = answer.as_ref().and_then(|user| user.get("email")?.as_str());
                    known.insert(login, super::convert::filled(shown));
                }
                // A token without the right to read profiles is not asked again before the next sweep.
                Some(Err(error)) if !error.is_retryable() => {
                    known.entry(login).or_insert(None);
                }
                _ => {}
            }
        }
    }

    /// The accounts with the addresses that are known.
    pub(super) fn with_addresses(&self, accounts: Vec<Account>) -> Vec<Account> {
        let known = self.addresses();
        let address = |account: &Account| known.get(account.login.as_ref()?).cloned().flatten();
        accounts.into_iter().map(|account| Account { email: address(&account), ..account }).collect()
    }
}
