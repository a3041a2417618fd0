//! May this release go to this target then? The checks that the company's policy lets close the gate, waivers, and the
//! breaking of glass, weighed into one decision that anybody can compute again from what was recorded.
//!
//! [`judge`] makes a [`GateRecord`] from a graph; [`GateRecord::decide`] is the part that needs no graph: the same
//! [`GateInputs`] make the same bytes, offline. ALLOW exactly when no blocker stands.

mod grants;
mod policy;
mod record;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use domain::{Release, Stage};

pub use grants::{BreakGlass, Grants, Waiver};
pub use policy::{ClosingRule, GatePolicy, LONGEST_DECISION, Limits, Subject};
pub use record::{Forged, GateInputs, GateRecord, GateResult, ScopeSeen, Standing, Waived};

use crate::checks::{CheckCode, Proposal, every_check};
use crate::graph::{Index, ReleaseGraph};

/// Judges a proposed deployment.
pub fn judge(
    (graph, release): (&ReleaseGraph, Index<Release>),
    proposal: &Proposal,
    (policy, grants): (&GatePolicy, &Grants),
) -> GateRecord {
    let node = graph.releases.get(release);
    let service = graph.services.by_id(&node.service);
    let environment = graph.environments.by_id(&proposal.target.environment);
    let subject = Subject {
        stage: environment.map(|environment| environment.stage),
        tier: service.and_then(|service| service.tier),
        tags: service.map(|service| service.tags.iter().cloned().collect()),
    };
    let waivers = grants.waivers.iter().filter(|waiver| waiver.concerns(node, &proposal.target)).cloned();
    let mut waivers: Vec<Waiver> = waivers.collect();
    waivers.sort();
    let mut glasses: Vec<BreakGlass> =
        grants.break_glass.iter().filter(|glass| glass.concerns(&node.key, &proposal.target)).cloned().collect();
    glasses.sort();
    let mut proposal = proposal.clone();
    // Who lets a release off something cannot be the one who approves it.
    proposal.editors.extend(waivers.iter().flat_map(|waiver| [&waiver.requested_by, &waiver.approved_by]).cloned());
    proposal.editors.sort();
    proposal.editors.dedup();
    let checks = every_check(graph, release, &proposal, &policy.terms);
    let mut closes = policy.closes(&subject);
    let in_production = environment.is_none_or(|known| matches!(known.stage, Stage::Production | Stage::Dr));
    if proposal.review.is_some() && in_production {
        closes.extend(CheckCode::MANDATORY_REVIEW);
        closes.sort_unstable();
        closes.dedup();
    }
    let inputs = GateInputs {
        release: node.key.clone(),
        service: node.service.clone(),
        known_at: graph.assembled_at,
        graph_version: graph.version,
        scopes: scopes(graph, release, &proposal),
        policy_version: policy.version(),
        closes,
        subject,
        limits: policy.limits.clone(),
        checks,
        waivers,
        break_glass: glasses,
        digests: digests(node, &proposal),
        proposal,
    };
    GateRecord::decide(inputs)
}

fn digests(release: &Release, proposal: &Proposal) -> Vec<domain::Text> {
    match proposal.digests.as_slice() {
        [] => release.steps.iter().filter_map(|step| step.digest.clone()).collect(),
        named => named.to_vec(),
    }
}

/// What the changes that carry it authorise there, as it is now: whoever holds a decision sees from these that the
/// scope has changed since.
fn scopes(graph: &ReleaseGraph, release: Index<Release>, proposal: &Proposal) -> Vec<ScopeSeen> {
    let key = &graph.releases.get(release).key;
    let target = &proposal.target;
    let rows = graph.authorisations.iter().filter(|row| row.release == *key);
    let there = rows.filter(|row| row.target.covers(target) || target.covers(&row.target));
    let seen = |row: &domain::Authorisation| ScopeSeen {
        change: row.change.clone(),
        number: graph.changes.by_id(&row.change).map_or_else(|| "".into(), |change| change.number.clone()),
        target: row.target.clone(),
        window: row.window,
        scope_hash: row.scope_hash.clone(),
    };
    there.map(seen).collect()
}
