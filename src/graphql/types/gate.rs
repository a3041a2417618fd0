//! May a release go to a target? The preview of a gate: pure over the request's graph.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use engine::checks::{Check, PredicateId, Proposal};
use engine::gate::{self, GateRecord, Grants};
use engine::graph::{Index, ReleaseGraph};
use jiff::Timestamp;

use super::blocker::{Party, unblocking};
use super::change::Change;
use super::enums::{CheckCode, CheckOutcome, CheckPhase, GateDecision};
use super::moment::Window;
use super::provenance::Evidence;
use super::release::Release;
use super::{Gap, target::TargetInput};
use crate::graphql::session::Session;

/// A gate as it was judged.
pub(crate) struct Gate {
    graph: Arc<ReleaseGraph>,
    index: Index<domain::Release>,
    record: Arc<GateRecord>,
}

/// May the release go there then? ALLOW exactly when no check that closes the gate has failed or lacks evidence.
#[Object]
impl Gate {
    /// Go, do not go, or nobody knows.
    async fn decision(&self) -> GateDecision {
        self.record.result.decision.into()
    }

    /// Does it bind? A preview does not: it rests on the graph alone and is not recorded.
    async fn binding(&self) -> bool {
        false
    }

    /// The moment of the deployment that is asked about.
    async fn at(&self) -> Timestamp {
        self.record.inputs.proposal.at
    }

    /// The graph that it was judged from.
    async fn graph_version(&self) -> u64 {
        self.record.inputs.graph_version
    }

    /// The policy by which checks close it: a hash of all of it.
    async fn policy_version(&self) -> &str {
        &self.record.inputs.policy_version
    }

    /// The first window in which it could go, after all that would open it; null where none is within reach.
    async fn next_window(&self) -> Option<Window> {
        unblocking(&self.graph, self.index, &self.record).earliest.map(Window::from)
    }

    /// Every check, in the order of codes.
    async fn checks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only checks that came out like this; default: all.")] outcomes: Option<Vec<CheckOutcome>>,
    ) -> Result<Vec<GateCheck>> {
        let session = Session::of(ctx)?;
        let wanted = |check: &Check| outcomes.as_ref().is_none_or(|wanted| wanted.contains(&check.outcome.into()));
        let checks = self.record.inputs.checks.iter().enumerate().filter(|(_, check)| wanted(check));
        let shown = checks.map(|(place, check)| GateCheck {
            record: self.record.clone(),
            graph: self.graph.clone(),
            place,
            visible: session.may_see(check),
            check: check.clone(),
        });
        Ok(shown.collect())
    }
}

/// A check of a gate.
pub(crate) struct GateCheck {
    record: Arc<GateRecord>,
    graph: Arc<ReleaseGraph>,
    place: usize,
    check: Check,
    /// May the caller see everything that the reason names?
    visible: bool,
}

/// A check with its witnesses: what must hold, whether it does, and who can mend it.
#[Object]
impl GateCheck {
    /// What must hold.
    async fn code(&self) -> CheckCode {
        self.check.code.into()
    }

    /// The predicate that it is part of, P1A to P16, where it is part of one.
    async fn predicate(&self) -> Option<String> {
        PredicateId::of(self.check.code).map(|id| format!("{id:?}"))
    }

    /// When its time is. Only what is judged before the deployment closes a gate.
    async fn phase(&self) -> CheckPhase {
        self.check.phase.into()
    }

    /// What came out.
    async fn outcome(&self) -> CheckOutcome {
        self.check.outcome.into()
    }

    /// Does the policy let it close this gate?
    async fn closes(&self) -> bool {
        self.record.inputs.closes(&self.check)
    }

    /// Why, in a sentence or a few.
    async fn reason(&self) -> &str {
        if self.visible { &self.check.reason } else { "It is about something that you may not see." }
    }

    /// When its time comes, where it is not due.
    async fn due_at(&self) -> Option<Timestamp> {
        self.check.due_at
    }

    /// From when on its evidence counts no longer, as far as is known.
    async fn expires_at(&self) -> Option<Timestamp> {
        self.check.expires_at
    }

    /// The change that it is about.
    async fn change(&self, ctx: &Context<'_>) -> Result<Option<Change>> {
        let session = Session::of(ctx)?;
        Ok(self.check.change.as_ref().and_then(|id| session.find(&self.graph, id)))
    }

    /// Who can resolve it, or supply what is missing.
    async fn resolvable_by(&self) -> Option<Party> {
        self.check.by.as_ref().filter(|_| self.visible).map(Party::from)
    }

    /// What it rests on.
    async fn evidence(&self) -> Vec<Evidence<'_>> {
        self.check.evidence.iter().filter(|_| self.visible).map(Evidence).collect()
    }

    /// What is missing of the evidence.
    async fn gaps(&self) -> Vec<Gap> {
        Gap::told_once(self.check.gaps.iter().cloned())
    }

    /// Was the release let off it? A mark beside the outcome, which stays as it is.
    async fn waived(&self) -> bool {
        self.record.waiver_of(self.place).is_some()
    }
}

impl Release {
    /// The gate to a target at a moment.
    pub(crate) async fn gate_at(
        &self,
        ctx: &Context<'_>,
        target: &TargetInput,
        at: Option<Timestamp>,
    ) -> Result<Gate> {
        let record = Arc::new(self.judged(ctx, target, at).await?);
        Ok(Gate { graph: self.graph.clone(), index: self.index, record })
    }

    /// The gate's record, with everything that a decision rests on.
    pub(crate) async fn judged(
        &self,
        ctx: &Context<'_>,
        target: &TargetInput,
        at: Option<Timestamp>,
    ) -> Result<GateRecord> {
        let session = Session::of(ctx)?;
        let at = at.unwrap_or_else(|| session.now_in(&self.graph));
        let judged = session.risks.of(&self.graph).await?;
        let routed = judged.risks.get(self.index).map(|risk| risk.record.result.escalation);
        let review = self.mandatory_review(ctx).await?;
        let proposal = Proposal { review, routed, ..Proposal::new(target.read(&self.graph)?, at) };
        let grants = Grants::default();
        Ok(gate::judge((&self.graph, self.index), &proposal, (&session.policy, &grants)))
    }
}
