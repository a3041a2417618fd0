//! Everything the simulated GitHub holds, found by name, former name, number or login.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::content::{Content, Organization, Package, Repository, Team, User};
use super::shelf::Shelf;

#[derive(Debug, Default, Clone)]
pub(super) struct Store {
    pub(super) people: Arc<People>,
    /// By full name in lower case, as GitHub ignores case here.
    repositories: BTreeMap<String, Arc<Shelf>>,
    names_by_id: HashMap<u64, String>,
    ids_by_old_name: HashMap<String, u64>,
    pub(super) packages: Vec<Package>,
}

/// Accounts and teams, by the names that records refer to.
#[derive(Debug, Default, Clone)]
pub(super) struct People {
    users: HashMap<String, User>,
    organizations: HashMap<String, Organization>,
    teams: HashMap<(String, String), Team>,
    deleted: HashSet<String>,
}

/// What a repository's name leads to.
pub(super) enum Found {
    Here(Arc<Shelf>),
    /// It was renamed; this is its id.
    Moved(u64),
    Nowhere,
}

impl Store {
    pub(super) fn new(content: Content) -> Self {
        let people = People {
            users: content.users.into_iter().map(|user| (fold(&user.login), user)).collect(),
            organizations: content.organizations.into_iter().map(|owner| (fold(&owner.login), owner)).collect(),
            teams: content
                .teams
                .into_iter()
                .map(|team| ((fold(&team.organization), fold(&team.slug)), team))
                .collect(),
            deleted: HashSet::new(),
        };
        let mut store = Self { people: Arc::new(people), packages: content.packages, ..Self::default() };
        for repository in content.repositories {
            store.put(repository);
        }
        store
    }

    /// Adds a repository, or replaces the one with the same id, whatever its name was.
    pub(super) fn put(&mut self, repository: Repository) {
        let name = fold(&repository.full_name());
        if let Some(before) = self.names_by_id.insert(repository.id, name.clone()) {
            self.repositories.remove(&before);
        }
        for old in &repository.old_names {
            self.ids_by_old_name.insert(fold(old), repository.id);
        }
        self.repositories.insert(name, Arc::new(Shelf::new(repository)));
    }

    pub(super) fn remove(&mut self, full_name: &str) -> Option<Repository> {
        let shelf = self.repositories.remove(&fold(full_name))?;
        self.names_by_id.remove(&shelf.data.id);
        Some(shelf.data.clone())
    }

    pub(super) fn find(&self, owner: &str, name: &str) -> Found {
        let full_name = fold(&format!("{owner}/{name}"));
        if let Some(shelf) = self.repositories.get(&full_name) {
            return Found::Here(Arc::clone(shelf));
        }
        match self.ids_by_old_name.get(&full_name) {
            Some(id) if self.names_by_id.contains_key(id) => Found::Moved(*id),
            _ => Found::Nowhere,
        }
    }

    pub(super) fn by_id(&self, id: u64) -> Option<Arc<Shelf>> {
        self.repositories.get(self.names_by_id.get(&id)?).cloned()
    }

    /// As `by_id`, but borrowed.
    pub(super) fn numbered(&self, id: u64) -> Option<&Arc<Shelf>> {
        self.repositories.get(self.names_by_id.get(&id)?)
    }

    /// By its present name.
    pub(super) fn named(&self, owner: &str, name: &str) -> Option<&Shelf> {
        self.repositories.get(&fold(&format!("{owner}/{name}"))).map(Arc::as_ref)
    }

    /// By its present or a former name.
    pub(super) fn ever_named(&self, owner: &str, name: &str) -> Option<&Shelf> {
        let moved = || self.ids_by_old_name.get(&fold(&format!("{owner}/{name}")));
        self.named(owner, name).or_else(|| self.numbered(*moved()?).map(Arc::as_ref))
    }

    /// A login that owns repositories, as its records write it.
    pub(super) fn owner(&self, login: &str) -> Option<&str> {
        let prefix = fold(&format!("{login}/"));
        let (name, shelf) = self.repositories.range(prefix.clone()..).next()?;
        name.starts_with(&prefix).then_some(shelf.data.owner.as_str())
    }

    /// By full name.
    pub(super) fn repositories(&self) -> impl Iterator<Item = &Arc<Shelf>> {
        self.repositories.values()
    }

    pub(super) fn of_owner(&self, owner: &str) -> Vec<Arc<Shelf>> {
        let prefix = fold(&format!("{owner}/"));
        let range = self.repositories.range(prefix.clone()..);
        range.take_while(|(name, _)| name.starts_with(&prefix)).map(|(_, shelf)| Arc::clone(shelf)).collect()
    }
}

impl People {
    pub(super) fn user(&self, login: &str) -> Option<&User> {
        self.users.get(&fold(login))
    }

    pub(super) fn organization(&self, login: &str) -> Option<&Organization> {
        self.organizations.get(&fold(login))
    }

    pub(super) fn team(&self, organization: &str, slug: &str) -> Option<&Team> {
        self.teams.get(&(fold(organization), fold(slug)))
    }

    pub(super) fn team_numbered(&self, id: u64) -> Option<&Team> {
        self.teams.values().find(|team| team.id == id)
    }

    pub(super) fn teams_of(&self, organization: &str) -> Vec<&Team> {
        let wanted = fold(organization);
        let mut teams: Vec<&Team> =
            self.teams.iter().filter(|((owner, _), _)| *owner == wanted).map(|(_, team)| team).collect();
        teams.sort_by(|one, other| one.slug.cmp(&other.slug));
        teams
    }

    pub(super) fn put(&mut self, user: User) {
        self.deleted.remove(&fold(&user.login));
        self.users.insert(fold(&user.login), user);
    }

    pub(super) fn is_deleted(&self, login: &str) -> bool {
        self.deleted.contains(&fold(login))
    }

    pub(super) fn forget(&mut self, login: &str) {
        self.users.remove(&fold(login));
        self.deleted.insert(fold(login));
    }
}

/// A number for an account that has no record: stable, and outside the range of hand-written ids.
pub(super) fn id_of(login: &str) -> u64 {
    let digest = blake3::hash(fold(login).as_bytes());
    let bytes = digest.as_bytes().iter().take(3);
    100_000_000 + bytes.fold(0, |sum, byte| sum * 256 + u64::from(*byte))
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}
