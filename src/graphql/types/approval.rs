//! Approvals: who said yes to what, in whose name, and whether that still covers the change.

use async_graphql::Object;
use domain::{RecordKind, ScopeCoverage};
use jiff::Timestamp;

use super::Source;
use super::enums::{ApprovalState, ApprovalVia};
use super::person::Person;
use crate::graphql::connection::connection;
use crate::graphql::visibility::At;

/// An approval.
pub(crate) type Approval = At<domain::Approval>;

connection! {
    /// Approvals, in the order of their ids.
    ApprovalConnection of ApprovalEdge to Approval {}
}

/// One approver's approval of a change, as recorded.
#[Object(name = "Approval")]
impl Approval {
    /// Where it stands. NOT_REQUIRED is not a yes.
    async fn state(&self) -> ApprovalState {
        self.node().state.into()
    }

    /// The vendor's word for the state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// By which way it is given.
    async fn via(&self) -> ApprovalVia {
        self.node().via.into()
    }

    /// Must it be given? Null when nothing tells.
    async fn required(&self) -> Option<bool> {
        self.node().required
    }

    /// Who was asked.
    async fn approver(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().approver.as_ref())
    }

    /// For whom the approver answered.
    async fn on_behalf_of(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().on_behalf_of.as_ref())
    }

    /// Whose login wrote the answer down: an approver's own, or that of somebody or something else.
    async fn recorded_by(&self) -> Option<Person> {
        let (login, system) = (self.node().recorded_by.as_deref()?, &self.node().id.0.connector);
        let mut accounts = self.graph.accounts.iter().map(|(_, account)| account);
        let account = accounts.find(|one| one.id.0.connector == *system && one.login.as_deref() == Some(login))?;
        Person::of_account(&self.graph, Some(&account.id))
    }

    /// Name of the group in whose name it is given.
    async fn group(&self) -> Option<&str> {
        Some(&*self.graph.groups.by_id(self.node().group.as_ref()?)?.name)
    }

    /// When it was asked for (UTC).
    async fn requested_at(&self) -> Option<Timestamp> {
        self.node().requested_at
    }

    /// When it was answered (UTC).
    async fn decided_at(&self) -> Option<Timestamp> {
        self.node().decided_at
    }

    /// Does it cover the change's scope as it is now? Null when the scope at the time cannot be reconstructed.
    async fn covers_scope(&self) -> Option<bool> {
        match self.graph.approval_coverage.get(&self.node().id)? {
            ScopeCoverage::Covered => Some(true),
            ScopeCoverage::Outgrown => Some(false),
            ScopeCoverage::Unknown => None,
        }
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Approval])
    }
}
