//! Incidents, with what is suspected to have caused them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use domain::RecordKind;
use engine::Related;
use engine::graph::{Index, ReleaseGraph};
use engine::queries::{Suspect, SuspectNode, incident_suspects};
use jiff::Timestamp;

use super::change::Change;
use super::configuration_item::ConfigurationItem;
use super::enums::IncidentState;
use super::node::Node;
use super::person::Person;
use super::problem::Problem;
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::paging::OrderKey;
use crate::graphql::session::Session;
use crate::graphql::visibility::{At, Entity};

/// An incident.
pub(crate) type Incident = At<domain::Incident>;

connection! {
    /// Incidents, in the order that was asked for.
    IncidentConnection of IncidentEdge to Incident {}
}

connection! {
    /// Suspects of an incident, likeliest first.
    SuspectConnection of SuspectEdge to Option<Node> {
        /// Why it is suspected. The confidence is the probability that it was the cause.
        link: Link,
    }
}

connection! {
    /// Incidents with the reason why each is joined, in the order of their ids.
    LinkedIncidentConnection of LinkedIncidentEdge to Incident {
        /// What it has to do with it.
        relation: IncidentRelation,
        /// Why they are joined. The confidence of an INFERRED link is the probability of the suspicion.
        link: Link,
    }
}

/// What a release, a change or a problem has to do with an incident.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncidentRelation {
    /// It caused it: a record says so.
    Caused,
    /// It may have caused it: time and topology say so.
    Suspected,
    /// It was made to mend it.
    Answered,
}

/// An incident with what it has to do with something, and why.
pub(crate) type RelatedIncident<'g> = (Index<domain::Incident>, IncidentRelation, &'g domain::Link);

/// The incidents that something caused, is suspected of or answers, one row each. What is said counts more than what is
/// suspected.
pub(crate) fn related_incidents<'g>(
    caused: impl Iterator<Item = Related<'g, domain::Incident>>,
    answered: impl Iterator<Item = Related<'g, domain::Incident>>,
) -> Vec<RelatedIncident<'g>> {
    let mut rows: Vec<RelatedIncident<'g>> = caused
        .map(|found| match found.link.origin {
            domain::LinkOrigin::Inferred => (found.index, IncidentRelation::Suspected, found.link),
            _ => (found.index, IncidentRelation::Caused, found.link),
        })
        .collect();
    rows.extend(answered.map(|found| (found.index, IncidentRelation::Answered, found.link)));
    rows.sort_by_key(|(index, relation, _)| (*index, *relation == IncidentRelation::Suspected));
    rows.dedup_by_key(|(index, ..)| *index);
    rows
}

/// An incident: an interruption of a service, or a loss of its quality.
#[Object(name = "Incident")]
impl Incident {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// The number people say. Two systems may use the same one.
    async fn number(&self) -> &str {
        &self.node().number
    }

    /// Priority, 1 (highest) to 5; null when not set.
    async fn priority(&self) -> Option<u8> {
        self.node().priority
    }

    /// Where it stands.
    async fn state(&self) -> IncidentState {
        self.node().state.into()
    }

    /// The vendor's word for the state.
    async fn state_label(&self) -> &str {
        &self.node().state_label
    }

    /// One line.
    async fn short_description(&self) -> Option<&str> {
        self.node().short_description.as_deref()
    }

    /// The long text.
    async fn description(&self) -> Option<&str> {
        self.node().description.as_deref()
    }

    /// When it was opened (UTC).
    async fn opened_at(&self) -> Option<Timestamp> {
        self.node().opened_at
    }

    /// When it was resolved (UTC).
    async fn resolved_at(&self) -> Option<Timestamp> {
        self.node().resolved_at
    }

    /// When it was closed (UTC).
    async fn closed_at(&self) -> Option<Timestamp> {
        self.node().closed_at
    }

    /// When its record last changed (UTC).
    async fn updated_at(&self) -> Option<Timestamp> {
        self.node().updated_at
    }

    /// Who works on it.
    async fn assigned_to(&self) -> Option<Person> {
        Person::of_account(&self.graph, self.node().assigned_to.as_ref())
    }

    /// Name of the group that works on it.
    async fn assignment_group(&self) -> Option<&str> {
        Some(&*self.graph.groups.by_id(self.node().assignment_group.as_ref()?)?.name)
    }

    /// The configuration item that it is about.
    async fn configuration_item(&self, ctx: &Context<'_>) -> Result<Option<ConfigurationItem>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().configuration_item.as_ref()).await)
    }

    /// The service offering whose users it touches; null also where the CMDB knows none of that id.
    async fn service_offering(&self, ctx: &Context<'_>) -> Result<Option<ConfigurationItem>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().service_offering.as_ref()).await)
    }

    /// What caused it, in the words of those who solved it.
    async fn cause(&self) -> Option<&str> {
        self.node().cause.as_deref()
    }

    /// How it was solved: the vendor's or the company's own word.
    async fn close_code(&self) -> Option<&str> {
        self.node().close_code.as_deref()
    }

    /// What was done to solve it.
    async fn close_notes(&self) -> Option<&str> {
        self.node().close_notes.as_deref()
    }

    /// The change that caused it, as its record says.
    async fn caused_by(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().caused_by.as_ref()).await)
    }

    /// Its problem.
    async fn problem(&self, ctx: &Context<'_>) -> Result<Option<Problem>> {
        Ok(Session::of(ctx)?.refer(ctx, &self.graph, self.node().problem.as_ref()).await)
    }

    /// Releases, and changes without one, that caused it or are suspected of it; likeliest first. The confidence of
    /// the link is the probability.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn suspects(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<SuspectConnection>> {
        let session = Session::of(ctx)?;
        let ask = Ask::new("suspects", &[RecordKind::Change, RecordKind::Deployment], (first, after, last, before));
        let found = incident_suspects(&self.graph, self.index).suspects.into_iter();
        let seen = found.filter(|suspect| suspect_node(session, &self.graph, suspect.node).is_some());
        let sheet = self.page(ctx, ask, (seen.collect(), |suspect: &Suspect<'_>| order(&self.graph, suspect)))?;
        let edges = |cursor, suspect: Suspect<'_>| SuspectEdge {
            cursor,
            node: suspect_node(session, &self.graph, suspect.node),
            link: suspect.link.into(),
        };
        Ok(sheet.map(|sheet| SuspectConnection::new(sheet, edges)))
    }

    /// Probability, 0 to 1, that it was none of the suspects; 0 where the record itself names the cause.
    async fn unattributed(&self) -> f64 {
        incident_suspects(&self.graph, self.index).unattributed
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Incident])
    }
}

fn suspect_node(session: &Session, graph: &Arc<ReleaseGraph>, node: SuspectNode) -> Option<Node> {
    match node {
        SuspectNode::Release(at) => session.place(graph, at).map(Node::Release),
        SuspectNode::Change(at) => session.place(graph, at).map(Node::Change),
    }
}

/// Likeliest first, in billionths, then releases before changes.
fn order(graph: &ReleaseGraph, suspect: &Suspect<'_>) -> Vec<OrderKey> {
    let unlikely = ((1.0 - suspect.link.confidence) * 1e9) as i64;
    let (kind, id) = match suspect.node {
        SuspectNode::Release(at) => (0, graph.releases.get(at).order()),
        SuspectNode::Change(at) => (1, graph.changes.get(at).order()),
    };
    [OrderKey::Number(unlikely), OrderKey::Number(kind)].into_iter().chain(id).collect()
}
