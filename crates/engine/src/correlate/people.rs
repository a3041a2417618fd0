//! Joins accounts to persons: by directory id, by e-mail address in any case, by the address of commits that a forge
//! counts as an account's, by configuration.
//! A machine's account is never joined to a human by an address: a bot may use its owner's mailbox.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Account, AccountId, AccountKind, Commit, ConnectorId, Person, PersonKey, PersonMapping, Text};

use crate::graph::Table;

/// Who is who.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) people: Table<Person>,
    pub(super) by_account: BTreeMap<AccountId, PersonKey>,
    pub(super) by_email: BTreeMap<Text, PersonKey>,
}

/// Joins accounts, configured persons, and those who are only known as authors of commits.
pub(super) fn join_people(
    accounts: &Table<Account>,
    mappings: &[PersonMapping],
    commits: &Table<Commit>,
) -> People {
    let rows: Vec<&Account> = accounts.iter().map(|(_, account)| account).collect();
    let written = addresses_of_commits(accounts, commits);
    let mut sets = Sets::new(rows.len() + mappings.len());
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (place, account) in rows.iter().enumerate() {
        for name in names_of(account, &written) {
            match named.get(&name) {
                Some(other) => sets.join(*other, place),
                None => {
                    named.insert(name, place);
                }
            }
        }
    }
    let logins = logins(&rows);
    for (place, mapping) in mappings.iter().enumerate() {
        let at = rows.len() + place;
        if let Some(email) = &mapping.email
            && let Some(other) = named.get(&format!("human {}", email.to_lowercase()))
        {
            sets.join(*other, at);
        }
        for account in &mapping.accounts {
            for other in
                logins.get(&(account.connector.clone(), account.login.to_lowercase())).into_iter().flatten()
            {
                sets.join(*other, at);
            }
        }
    }
    let mut groups: BTreeMap<usize, (Vec<&Account>, Vec<&PersonMapping>)> = BTreeMap::new();
    for (place, account) in rows.iter().enumerate() {
        groups.entry(sets.root(place)).or_default().0.push(account);
    }
    for (place, mapping) in mappings.iter().enumerate() {
        groups.entry(sets.root(rows.len() + place)).or_default().1.push(mapping);
    }
    collect(groups, commits, &written)
}

/// Addresses by account, in small letters.
type Written<'a> = BTreeMap<&'a AccountId, BTreeSet<Text>>;

/// The addresses under which humans' accounts wrote commits. A forge counts a commit as an account's when it has proved
/// that the commit's address is the account's, so whoever forges the address only accuses its owner.
fn addresses_of_commits<'a>(accounts: &Table<Account>, commits: &'a Table<Commit>) -> Written<'a> {
    let mut written = Written::new();
    for (_, commit) in commits.iter() {
        let Some(id) = &commit.author_account else { continue };
        let email = commit.author.email.to_lowercase();
        let human = accounts.by_id(id).is_some_and(|account| account.kind == AccountKind::Human);
        // A forge's own addresses for those who hide theirs lead to no other account.
        if human && email.contains('@') && !email.contains("@users.noreply.") {
            written.entry(id).or_default().insert(email.into());
        }
    }
    written
}

fn collect(
    groups: BTreeMap<usize, (Vec<&Account>, Vec<&PersonMapping>)>,
    commits: &Table<Commit>,
    written: &Written<'_>,
) -> People {
    let mut found = People::default();
    let mut people = Vec::new();
    for (accounts, mappings) in groups.into_values() {
        let Some(mut person) = person_of(&accounts, &mappings) else { continue };
        let wrote = accounts.iter().filter_map(|account| written.get(&account.id)).flatten();
        let wrote: BTreeSet<Text> = wrote.filter(|_| person.kind == AccountKind::Human).cloned().collect();
        person.email = person.email.or_else(|| wrote.first().cloned());
        for account in &accounts {
            found.by_account.insert(account.id.clone(), person.key.clone());
        }
        for email in addresses(&accounts, &mappings, person.kind).into_iter().chain(wrote) {
            found.by_email.entry(email).or_insert_with(|| person.key.clone());
        }
        people.push(person);
    }
    for (_, commit) in commits.iter() {
        for signature in [&commit.author, &commit.committer] {
            let email = Text::from(signature.email.to_lowercase());
            if email.is_empty() || found.by_email.contains_key(&email) {
                continue;
            }
            let key = PersonKey::new(email.clone());
            people.push(Person {
                key: key.clone(),
                name: signature.name.clone(),
                email: Some(email.clone()),
                kind: AccountKind::Human,
                accounts: Vec::new(),
            });
            found.by_email.insert(email, key);
        }
    }
    found.people = Table::new(people);
    found
}

/// Addresses that lead to this person; a machine's only when it has no human behind it.
fn addresses(accounts: &[&Account], mappings: &[&PersonMapping], kind: AccountKind) -> BTreeSet<Text> {
    let of_accounts =
        accounts.iter().filter(|account| account.kind == kind).filter_map(|account| account.email.as_ref());
    let all = of_accounts.chain(mappings.iter().filter_map(|mapping| mapping.email.as_ref()));
    all.filter(|email| !email.is_empty()).map(|email| Text::from(email.to_lowercase())).collect()
}

fn person_of(accounts: &[&Account], mappings: &[&PersonMapping]) -> Option<Person> {
    let kind = match accounts.iter().any(|account| account.kind == AccountKind::Human) {
        true => AccountKind::Human,
        false if accounts.is_empty() || !mappings.is_empty() => AccountKind::Human,
        false => AccountKind::Machine,
    };
    let directory = accounts.iter().filter_map(|account| account.directory_id.clone()).find(|id| !id.is_empty());
    let email = addresses(accounts, mappings, kind).into_iter().next();
    let only = || accounts.first().map(|account| Text::from(account.id.to_string()));
    let key = directory
        .or_else(|| email.clone())
        .or_else(only)
        .or_else(|| mappings.first().map(|mapping| mapping.name.clone()))?;
    let name = mappings
        .first()
        .map(|mapping| mapping.name.clone())
        .or_else(|| accounts.iter().find_map(|account| account.name.clone()))
        .or_else(|| accounts.iter().find_map(|account| account.login.clone()))
        .unwrap_or_else(|| key.clone());
    let mut ids: Vec<AccountId> = accounts.iter().map(|account| account.id.clone()).collect();
    ids.sort();
    Some(Person { key: PersonKey::new(key), name, email, kind, accounts: ids })
}

/// The names under which two accounts are one person's.
fn names_of(account: &Account, written: &Written<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(id) = account.directory_id.as_deref().filter(|id| !id.is_empty()) {
        names.push(format!("directory {id}"));
    }
    if let Some(email) = account.email.as_deref().filter(|email| !email.is_empty()) {
        let kind = match account.kind {
            AccountKind::Human => "human",
            AccountKind::Machine => "machine",
        };
        names.push(format!("{kind} {}", email.to_lowercase()));
    }
    names.extend(written.get(&account.id).into_iter().flatten().map(|email| format!("human {email}")));
    names
}

fn logins(rows: &[&Account]) -> BTreeMap<(ConnectorId, String), Vec<usize>> {
    let mut logins: BTreeMap<(ConnectorId, String), Vec<usize>> = BTreeMap::new();
    for (place, account) in rows.iter().enumerate() {
        let connector = &account.id.0.connector;
        for login in account.login.iter().chain([&account.id.0.native]) {
            logins.entry((connector.clone(), login.to_lowercase())).or_default().push(place);
        }
    }
    logins
}

/// Disjoint sets of places; a set's root is its smallest place, so the order of joining does not show.
struct Sets {
    parents: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, place: usize) -> usize {
        let mut root = place;
        while let Some(parent) = self.parents.get(root).copied().filter(|parent| *parent != root) {
            root = parent;
        }
        let mut at = place;
        while let Some(parent) = self.parents.get_mut(at).filter(|parent| **parent != root) {
            at = std::mem::replace(parent, root);
        }
        root
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(parent) = self.parents.get_mut(one.max(other)) {
            *parent = one.min(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::account;
    use domain::AccountMapping;

    fn check(accounts: Vec<Account>, mappings: &[PersonMapping], expected: &str) {
        let found = join_people(&Table::new(accounts), mappings, &Table::default());
        let seen: Vec<String> = found
            .people
            .iter()
            .map(|(_, person)| {
                let accounts: Vec<String> = person.accounts.iter().map(ToString::to_string).collect();
                format!("{}={}", person.key, accounts.join("+"))
            })
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    #[test]
    fn accounts_are_joined_by_address_directory_and_configuration() {
        let with = |id: &str, email: Option<&str>, directory: Option<&str>| {
            let mut account = account("snow", id);
            account.email = email.map(Into::into);
            account.directory_id = directory.map(Into::into);
            account
        };
        check(
            vec![with("a", Some("Ada@Bank.example"), None), with("b", Some("ada@bank.example"), None)],
            &[],
            "ada@bank.example=snow:a+snow:b",
        );
        check(
            vec![with("a", Some("ada@bank.example"), Some("E1")), with("b", Some("x@y.example"), Some("E1"))],
            &[],
            "E1=snow:a+snow:b",
        );
        check(vec![with("a", None, None), with("b", None, None)], &[], "snow:a=snow:a snow:b=snow:b");
        let mapping = PersonMapping {
            name: "Ada".into(),
            email: Some("ADA@bank.example".into()),
            accounts: vec![AccountMapping { connector: domain::ConnectorId::new("snow"), login: "B".into() }],
        };
        check(
            vec![with("a", Some("ada@bank.example"), None), with("b", None, None)],
            &[mapping],
            "ada@bank.example=snow:a+snow:b",
        );
    }

    #[test]
    fn an_account_is_joined_by_the_address_of_the_commits_that_the_forge_counts_as_its_own() {
        use crate::correlate::world::{World, connector};
        let joined = |email: &str, kind: AccountKind| {
            let mut world = World::new().commit("bank/payments-api", "c1", "work");
            world.records.commits[0].author_account = Some(AccountId::new(&connector("git"), "7"));
            world.records.commits[0].author.email = email.into();
            let mut ada = account("servicenow", "ada");
            ada.email = Some("ada@bank.example".into());
            let coder = Account { kind, ..account("git", "7") };
            world.records.accounts = vec![ada, coder];
            let graph = world.graph();
            let person =
                |id: &str, of: &str| graph.account_people.get(&AccountId::new(&connector(of), id)).cloned();
            person("7", "git") == person("ada", "servicenow")
        };
        assert!(joined("Ada@Bank.example", AccountKind::Human));
        assert!(!joined("grace@bank.example", AccountKind::Human));
        assert!(!joined("7+ada@users.noreply.github.com", AccountKind::Human));
        assert!(!joined("ada@bank.example", AccountKind::Machine), "a bot may commit with its owner's address");
    }

    #[test]
    fn a_machine_with_its_owners_address_stays_a_machine() {
        let mut bot = account("snow", "bot");
        bot.email = Some("ada@bank.example".into());
        bot.kind = AccountKind::Machine;
        let mut ada = account("snow", "ada");
        ada.email = Some("ada@bank.example".into());
        ada.directory_id = Some("E1".into());
        check(vec![bot, ada], &[], "E1=snow:ada ada@bank.example=snow:bot");
    }
}
