//! Findings: what systems disagree about, what is missing, and whose it is.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{FindingSubject, RecordKind, encode_node_id};

use super::Source;
use super::enums::{FindingCode, FindingSeverity};
use super::node::{self, Node};
use super::person::Team;
use super::service::Service;
use crate::graphql::connection::connection;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// A finding.
pub(crate) type Finding = At<domain::Finding>;

connection! {
    /// Findings, in the order of their keys.
    FindingConnection of FindingEdge to Finding {}
}

/// Something that a person should look at. Bad data is a finding, not an error.
#[Object(name = "Finding")]
impl Finding {
    /// Opaque id, the same while what the finding says stands.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// What it is about, as a stable code.
    async fn code(&self) -> FindingCode {
        self.node().code.into()
    }

    /// How bad it is.
    async fn severity(&self) -> FindingSeverity {
        self.node().severity.into()
    }

    /// The team whose it is.
    async fn owner(&self) -> Option<Team> {
        Some(self.beside(self.graph.teams.find(self.node().owner.as_ref()?)?))
    }

    /// What is wrong and what would mend it.
    async fn detail(&self) -> &str {
        &self.node().detail
    }

    /// The service concerned, where there is one.
    async fn service(&self, ctx: &Context<'_>) -> Result<Option<Service>> {
        let session = Session::of(ctx)?;
        Ok(self.node().service.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// What it is about; null when that is nothing that can be shown.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<Node>> {
        let session = Session::of(ctx)?;
        Ok(match &self.node().subject {
            FindingSubject::Release(key) => session.find(&self.graph, key).map(Node::Release),
            FindingSubject::Service(key) => session.find(&self.graph, key).map(Node::Service),
            FindingSubject::Record { node_type, record } => {
                node::find(ctx, session, &encode_node_id(node_type, &record.to_string())).await
            }
        })
    }

    /// What the systems say, side by side.
    async fn claims(&self) -> Vec<Claim> {
        self.node().claims.iter().map(Claim::from).collect()
    }
}

/// What one system says.
#[derive(SimpleObject)]
pub(crate) struct Claim {
    /// About which fact.
    field: String,
    /// What it says.
    value: String,
    /// Is this the claim that the graph goes by?
    used: bool,
    /// Where it was read; null for the configuration.
    source: Option<Source>,
}

impl From<&domain::Claim> for Claim {
    fn from(claim: &domain::Claim) -> Self {
        Self {
            field: claim.field.to_string(),
            value: claim.value.to_string(),
            used: claim.used,
            source: claim.source.as_ref().map(|source| Source::of_claim(source, &RecordKind::ALL)),
        }
    }
}
