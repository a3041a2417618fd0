//! Persons, as far as accounts of several systems could be joined to them, and teams.

use std::sync::Arc;

use async_graphql::{ID, Object};
use domain::{AccountId, PersonKey};
use engine::graph::{Index, ReleaseGraph};

use super::enums::AccountKind;
use crate::graphql::visibility::At;

/// A person.
pub(crate) struct Person {
    graph: Arc<ReleaseGraph>,
    index: Index<domain::Person>,
}

impl Person {
    /// The person with this key.
    pub(crate) fn find(graph: &Arc<ReleaseGraph>, key: &PersonKey) -> Option<Self> {
        Some(Self { index: graph.people.find(key)?, graph: graph.clone() })
    }

    /// The person behind an account.
    pub(crate) fn of_account(graph: &Arc<ReleaseGraph>, account: Option<&AccountId>) -> Option<Self> {
        Self::find(graph, graph.account_people.get(account?)?)
    }

    fn node(&self) -> &domain::Person {
        self.graph.people.get(self.index)
    }
}

/// A person, or a machine that acts under a name of its own.
#[Object]
impl Person {
    /// The name shown.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// The e-mail address, where a system tells it.
    async fn email(&self) -> Option<&str> {
        self.node().email.as_deref()
    }

    /// A human, or a machine.
    async fn kind(&self) -> AccountKind {
        self.node().kind.into()
    }
}

/// A team.
pub(crate) type Team = At<domain::Team>;

/// A team that owns services, as the configuration names it.
#[Object(name = "Team")]
impl Team {
    #[graphql(name = "id")]
    /// Opaque id.
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its key.
    async fn key(&self) -> &str {
        self.node().key.as_str()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// Its mailbox.
    async fn email(&self) -> Option<&str> {
        self.node().email.as_deref()
    }
}
