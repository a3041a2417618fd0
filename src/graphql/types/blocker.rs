//! What stands in the way of a release, and what would let it through.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::Text;
use engine::checks::{self, Check};
use engine::gate::GateRecord;
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::change::Change;
use super::enums::{ActCode, CheckCode, CheckOutcome, CheckPhase};
use super::moment::Window;
use super::provenance::Evidence;
use super::release::Release;
use super::{Gap, target::TargetInput};
use crate::graphql::session::Session;

/// A check that stands in the way.
pub(crate) struct Blocker {
    graph: Arc<ReleaseGraph>,
    check: Check,
    /// May the caller see everything that the reason names?
    visible: bool,
}

/// A check that stands in the way: it failed, or its evidence is missing.
#[Object]
impl Blocker {
    /// What must hold and does not, or is not known to.
    async fn code(&self) -> CheckCode {
        self.check.code.into()
    }

    /// FAIL, or UNKNOWN where evidence is missing.
    async fn outcome(&self) -> CheckOutcome {
        self.check.outcome.into()
    }

    /// When its time is.
    async fn phase(&self) -> CheckPhase {
        self.check.phase.into()
    }

    /// Why, in one sentence.
    async fn detail(&self) -> &str {
        if self.visible { &self.check.reason } else { "Something that you may not see stands in its way." }
    }

    /// The other release that it is about.
    async fn release(&self, ctx: &Context<'_>) -> Result<Option<Release>> {
        let session = Session::of(ctx)?;
        Ok(self.check.release.as_ref().and_then(|key| session.find(&self.graph, key)))
    }

    /// The change that it is about.
    async fn change(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        let session = Session::of(ctx)?;
        Ok(self.check.change.as_ref().and_then(|id| session.find(&self.graph, id)))
    }

    /// Who can resolve it; null where only time can, or nobody is known.
    async fn resolvable_by(&self) -> Option<Party> {
        self.check.by.as_ref().filter(|_| self.visible).map(Party::from)
    }

    /// When it resolves by itself, as far as is planned (UTC).
    async fn resolves_at(&self) -> Option<Timestamp> {
        self.check.resolves_at
    }

    /// What it rests on.
    async fn evidence(&self) -> Vec<Evidence<'_>> {
        self.check.evidence.iter().filter(|_| self.visible).map(Evidence).collect()
    }

    /// What is missing of the evidence.
    async fn gaps(&self) -> Vec<Gap> {
        Gap::told_once(self.check.gaps.iter().cloned())
    }
}

/// Who can do something: a team, a group, a person or an operator.
#[derive(SimpleObject)]
pub(crate) struct Party {
    /// Their name.
    name: String,
}

impl From<&checks::Party> for Party {
    fn from(party: &checks::Party) -> Self {
        Self { name: party.name.to_string() }
    }
}

/// What would let a release through.
#[derive(SimpleObject)]
pub(crate) struct Unblocking {
    /// The smallest set of acts that resolves every blocker; empty where only time must pass.
    acts: Vec<Act>,
    /// The earliest window after that; null where none is in reach.
    earliest: Option<Window>,
    /// Is there certainly no smaller set?
    exact: bool,
}

/// Something that somebody can do.
#[derive(SimpleObject)]
pub(crate) struct Act {
    /// What.
    code: ActCode,
    /// One sentence.
    detail: String,
    /// Who.
    by: Option<Party>,
}

impl Release {
    /// What stands in its way at a target and a moment: what closes its gate.
    pub(crate) async fn blockers_at(
        &self,
        ctx: &Context<'_>,
        target: &TargetInput,
        at: Option<Timestamp>,
    ) -> Result<Vec<Blocker>> {
        let session = Session::of(ctx)?;
        let judged = self.judged(ctx, target, at).await?;
        let blockers = judged.blockers().map(|check| Blocker {
            graph: self.graph.clone(),
            check: check.clone(),
            visible: session.may_see(check),
        });
        Ok(blockers.collect())
    }

    /// Why another person must review it, if its risk and its service demand that.
    pub(super) async fn mandatory_review(&self, ctx: &Context<'_>) -> Result<Option<Text>> {
        let desk = &Session::of(ctx)?.risks;
        let judged = desk.of(&self.graph).await?;
        let service = self.graph.services.by_id(&self.graph.releases.get(self.index).service);
        let level = judged.risks.get(self.index).map(|risk| risk.record.result.level);
        Ok(level.and_then(|level| judged.setup.mandatory_review.demand(service, level)))
    }

    /// What would let it through.
    pub(crate) async fn unblocking_at(
        &self,
        ctx: &Context<'_>,
        target: &TargetInput,
        at: Option<Timestamp>,
    ) -> Result<Unblocking> {
        let session = Session::of(ctx)?;
        let judged = self.judged(ctx, target, at).await?;
        let found = unblocking(&self.graph, self.index, &judged);
        let act = |act: &checks::Act| {
            let visible = act.services.iter().all(|service| session.scope().allows(service));
            Act {
                code: act.code.into(),
                detail: match visible {
                    true => act.detail.to_string(),
                    false => "Somebody must act on something that you may not see.".to_owned(),
                },
                by: act.by.as_ref().filter(|_| visible).map(Party::from),
            }
        };
        Ok(Unblocking {
            acts: found.acts.iter().map(act).collect(),
            earliest: found.earliest.map(Window::from),
            exact: found.exact,
        })
    }
}

/// What would open a gate that was judged.
pub(super) fn unblocking(
    graph: &ReleaseGraph,
    release: Index<domain::Release>,
    judged: &GateRecord,
) -> checks::Unblocking {
    let blockers: Vec<&Check> = judged.blockers().collect();
    checks::what_would_unblock_all((graph, release), &judged.inputs.proposal, &blockers)
}
