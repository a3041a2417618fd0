//! Changes: what the IT service management authorises, with their approvals and configuration items.

use async_graphql::{Context, ID, Object, Result};
use connectors::LongText;
use domain::{AccountId, Gap, RecordKind};
use jiff::Timestamp;

use super::approval::{ApprovalConnection, ApprovalEdge};
use super::configuration_item::{
    ConfigurationItem, LinkedConfigurationItemConnection, LinkedConfigurationItemEdge,
};
use super::enums::{ApprovalState, ChangeState, ChangeType, CloseCode};
use super::incident::{LinkedIncidentConnection, LinkedIncidentEdge, RelatedIncident, related_incidents};
use super::joint_risk::JointRisk;
use super::moment::Window;
use super::person::Person;
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::service::{LinkedServiceConnection, LinkedServiceEdge};
use super::work_item::{LinkedWorkItemConnection, LinkedWorkItemEdge};
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::coverage::NAMING;
use crate::graphql::errors::tell_dark;
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, Entity};

/// A change.
pub(crate) type Change = At<domain::Change>;

connection! {
    /// Changes, in the order that was asked for.
    ChangeConnection of ChangeEdge to Change {}
}

connection! {
    /// Changes with the reason why each is joined, in the order of their ids.
    LinkedChangeConnection of LinkedChangeEdge to Change {
        /// Why they are joined.
        link: Link,
    }
}

impl Change {
    fn person(&self, account: Option<&AccountId>) -> Option<Person> {
        Person::of_account(&self.graph, account)
    }
}

/// A change request of an IT service management system. Types and states are ITIL's words.
#[Object(name = "Change")]
impl Change {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say, for example CHG0030001. Two systems may use the same one.
    async fn number(&self) -> &str {
        &self.node().number
    }

    /// Its type.
    #[graphql(name = "type")]
    async fn class(&self) -> ChangeType {
        self.node().class.into()
    }

    /// The vendor's word for the type.
    async fn type_label(&self) -> &str {
        &self.node().class_label
    }

    /// Where it stands.
    async fn state(&self) -> ChangeState {
        self.node().state.into()
    }

    /// The vendor's word for the state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// Is it on hold? Null when the system hides that.
    async fn on_hold(&self) -> Option<bool> {
        self.node().on_hold
    }

    /// One line.
    async fn short_description(&self) -> Option<&str> {
        self.node().short_description.as_deref()
    }

    /// The long text.
    async fn description(&self) -> Option<&str> {
        self.node().description.as_deref()
    }

    /// How it is to be carried out. Read from its system when it is asked for.
    #[graphql(complexity = 5)]
    async fn implementation_plan(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let text =
            Session::of(ctx)?.long_text(ctx, LongText::ImplementationPlan, (&self.node().id.0, &self.graph)).await;
        Ok(text.map(|text| text.to_string()))
    }

    /// The key that a partner system put in.
    async fn correlation_id(&self) -> Option<&str> {
        self.node().correlation_id.as_deref()
    }

    /// When it was raised (UTC).
    async fn created_at(&self) -> Option<Timestamp> {
        self.node().created_at
    }

    /// When its record last changed (UTC).
    async fn updated_at(&self) -> Option<Timestamp> {
        self.node().updated_at
    }

    /// Planned start and end; null when either is missing.
    async fn window(&self) -> Option<Window> {
        self.node().window.map(Window::from)
    }

    /// When work began (UTC).
    async fn work_started_at(&self) -> Option<Timestamp> {
        self.node().work_started_at
    }

    /// When work ended (UTC).
    async fn work_ended_at(&self) -> Option<Timestamp> {
        self.node().work_ended_at
    }

    /// Who asked for it.
    async fn requested_by(&self) -> Option<Person> {
        self.person(self.node().requested_by.as_ref())
    }

    /// Who carries it out.
    async fn assigned_to(&self) -> Option<Person> {
        self.person(self.node().assigned_to.as_ref())
    }

    /// Name of the group that carries it out.
    async fn assignment_group(&self) -> Option<&str> {
        Some(&*self.graph.groups.by_id(self.node().assignment_group.as_ref()?)?.name)
    }

    /// How likely any of the releases that it carries for certain fails; null where it carries none, for what Interlock
    /// knows of failures it knows of releases.
    async fn risk(&self, ctx: &Context<'_>) -> Result<Option<JointRisk>> {
        let carried = self.graph.release_changes.to(self.index).filter(|related| related.link.supports());
        JointRisk::of(ctx, &self.graph, carried.map(|related| related.index).collect()).await
    }

    /// How to take it back.
    async fn backout_plan(&self) -> Option<&str> {
        self.node().backout_plan.as_deref()
    }

    /// How it is tested.
    async fn test_plan(&self) -> Option<&str> {
        self.node().test_plan.as_deref()
    }

    /// The vendor's own word for its risk.
    async fn risk_label(&self) -> Option<&str> {
        self.node().risk_label.as_deref()
    }

    /// Overall approval, as the system tells it.
    async fn approval(&self) -> Option<ApprovalState> {
        self.node().approval.map(ApprovalState::from)
    }

    /// How it ended, as its owner says.
    async fn close_code(&self) -> Option<CloseCode> {
        self.node().close_code.map(CloseCode::from)
    }

    /// When it was closed (UTC).
    async fn closed_at(&self) -> Option<Timestamp> {
        self.node().closed_at
    }

    /// Day of the review after it, as YYYY-MM-DD.
    async fn review_date(&self) -> Option<String> {
        self.node().review_date.map(|day| day.to_string())
    }

    /// Where the review after it stands, in the vendor's words.
    async fn review_status(&self) -> Option<&str> {
        self.node().review_status.as_deref()
    }

    /// What the review found.
    async fn review_comments(&self) -> Option<&str> {
        self.node().review_comments.as_deref()
    }

    /// The service offering whose users it touches; null also where the CMDB knows none of that id, and with an error
    /// where the change names none and its system does not let us read what it touches besides.
    async fn service_offering(&self, ctx: &Context<'_>) -> Result<Option<ConfigurationItem>> {
        if self.node().service_offering.is_none() {
            let own = Some(&self.node().id.0.connector);
            let never_read = |gap: &&Gap| {
                gap.kind == RecordKind::ServiceOffering && gap.connector.as_ref() == own && gap.since.is_none()
            };
            tell_dark(ctx, &self.graph.gaps.iter().filter(never_read).cloned().collect::<Vec<_>>());
        }
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().service_offering.as_ref()).await)
    }

    /// Approvals that were asked for or given, in the order of their ids.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn approvals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<ApprovalConnection>> {
        let owners = [self.node().id.0.connector.clone()];
        let ask = Ask::new("approvals", &[RecordKind::Approval], (first, after, last, before)).owned_by(&owners);
        let own = self.graph.approvals_of(&self.node().id).map(|(index, _)| index);
        let sheet = self.node_page(ctx, ask, own)?;
        let edge = |cursor, index| ApprovalEdge { cursor, node: self.beside(index) };
        Ok(sheet.map(|sheet| ApprovalConnection::new(sheet, edge)))
    }

    /// Configuration items that it touches.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn configuration_items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedConfigurationItemConnection>> {
        let ask = Ask::new("configurationItems", &[RecordKind::ConfigurationItem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.change_configuration_items.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedConfigurationItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedConfigurationItemConnection::new(sheet, edge)))
    }

    /// Services that it touches.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn services(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedServiceConnection>> {
        let ask = Ask::new("services", &[RecordKind::ConfigurationItem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.change_services.from(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedServiceEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedServiceConnection::new(sheet, edge)))
    }

    /// Releases that it carries.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedReleaseConnection>> {
        let ask = Ask::new("releases", NAMING, (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_changes.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// Work items that name it.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn work_items(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedWorkItemConnection>> {
        let ask = Ask::new("workItems", &[RecordKind::WorkItem], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.work_item_changes.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedWorkItemEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedWorkItemConnection::new(sheet, edge)))
    }

    /// Incidents that it caused, is suspected of, or answers.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedIncidentConnection>> {
        let ask = Ask::new("incidents", &[RecordKind::Incident], (first, after, last, before));
        let mut rows = related_incidents(
            self.graph.change_incidents.from(self.index),
            self.graph.change_answered_incidents.from(self.index),
        );
        let session = Session::of(ctx)?;
        rows.retain(|(index, ..)| session.sees(&self.graph, *index));
        let order = |(index, ..): &RelatedIncident<'_>| self.graph.incidents.get(*index).order();
        let sheet = self.page(ctx, ask, (rows, order))?;
        let edge = |cursor, (at, relation, link): RelatedIncident<'_>| LinkedIncidentEdge {
            cursor,
            node: self.beside(at),
            relation,
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedIncidentConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Change])
    }
}
