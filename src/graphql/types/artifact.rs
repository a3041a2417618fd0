//! Artifacts: what pipelines build, and where it runs.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::RecordKind;
use jiff::Timestamp;

use super::placement::Placement;
use super::release::{LinkedReleaseConnection, LinkedReleaseEdge};
use super::repository::Repository;
use super::{Link, Source};
use crate::graphql::connection::{Ask, connection, page_cost};
use crate::graphql::coverage::Coverage;
use crate::graphql::session::Session;
use crate::graphql::visibility::At;

/// An artifact.
pub(crate) type Artifact = At<domain::Artifact>;

connection! {
    /// Artifacts with the reason why each is joined, in the order of their ids.
    LinkedArtifactConnection of LinkedArtifactEdge to Artifact {
        /// Why they are joined.
        link: Link,
    }
}

/// Something that a pipeline built. Digests of one manifest family belong together.
#[Object(name = "Artifact")]
impl Artifact {
    /// Opaque id.
    #[graphql(name = "id")]
    pub(crate) async fn node_id(&self) -> ID {
        self.id()
    }

    /// Its name, for example `bank/payments-api`.
    async fn name(&self) -> &str {
        &self.node().name
    }

    /// Its digest, `sha256:…`; an index's where there is one.
    async fn digest(&self) -> Option<&str> {
        self.node().digest.as_deref()
    }

    /// Digests of the same manifest family; null where nobody tells of any, which does not say that there are none.
    async fn family(&self) -> Option<Vec<&str>> {
        let family = &self.node().family;
        (!family.is_empty()).then(|| family.iter().map(|digest| &**digest).collect())
    }

    /// Tags that it goes by.
    async fn tags(&self) -> Vec<&str> {
        self.node().tags.iter().map(|tag| &**tag).collect()
    }

    /// The repository that it was built from.
    async fn repository(&self, ctx: &Context<'_>) -> Result<Option<Repository>> {
        let session = Session::of(ctx)?;
        Ok(self.node().repository.as_ref().and_then(|id| session.find(&self.graph, id)))
    }

    /// Sha of the commit that it was built from.
    async fn commit(&self) -> Option<&str> {
        self.node().commit.as_deref()
    }

    /// When it was made (UTC).
    async fn created_at(&self) -> Option<Timestamp> {
        self.node().created_at
    }

    /// What its forge lists as attested of its digest. Nobody verified a signature or who signed. Null while nobody
    /// tells of any: a forge leaves out what we may not see.
    async fn attestations(&self) -> Option<Vec<Attestation>> {
        let told = self.node().attestations.as_ref()?.iter();
        let text = |text: &Option<domain::Text>| text.as_deref().map(str::to_owned);
        let one = |held: &domain::Attestation| Attestation {
            predicate_type: held.predicate_type.to_string(),
            commit: text(&held.commit),
            workflow: text(&held.workflow),
        };
        Some(told.map(one).collect())
    }

    /// Where it is seen running; null while nobody can tell.
    async fn placements(&self, ctx: &Context<'_>) -> Result<Option<Vec<Placement>>> {
        let session = Session::of(ctx)?;
        let visible = self.graph.placements.iter().filter(|(service, _)| session.scope().allows(service));
        let own = |digest: &domain::Text| self.node().digest.iter().chain(&self.node().family).any(|d| d == digest);
        let rows = visible.flat_map(|(service, seen)| seen.iter().map(move |seen| (service, seen)));
        let here = rows.filter(|(_, seen)| seen.digest.as_ref().is_some_and(own));
        let found: Vec<_> = here.map(|(service, seen)| Placement::new(&self.graph, service, seen)).collect();
        let coverage = Coverage::of(session, &self.graph, &[RecordKind::RuntimeObservation], &[]);
        Ok((!coverage.is_unknown(ctx, found.len())).then_some(found))
    }

    /// Releases that it was built for.
    #[graphql(complexity = "page_cost(first, last, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Option<LinkedReleaseConnection>> {
        let ask = Ask::new("releases", &[RecordKind::Tag], (first, after, last, before));
        let sheet = self.linked_page(ctx, ask, self.graph.release_artifacts.to(self.index))?;
        let edge = |cursor, (at, link): (_, &domain::Link)| LinkedReleaseEdge {
            cursor,
            node: self.beside(at),
            link: link.into(),
        };
        Ok(sheet.map(|sheet| LinkedReleaseConnection::new(sheet, edge)))
    }

    /// Where it was read.
    async fn source(&self) -> Source {
        Source::new(&self.graph, &self.node().source, &[RecordKind::Artifact])
    }
}

/// A statement about a digest, as listed and not verified.
#[derive(SimpleObject)]
pub(crate) struct Attestation {
    /// What kind of statement, for example `https://slsa.dev/provenance/v1`.
    predicate_type: String,
    /// The commit that it says the artifact was built from.
    commit: Option<String>,
    /// The file of the pipeline that it says built the artifact.
    workflow: Option<String>,
}
