//! What can be asked: one file per group of root fields. Roots stay small; what they lead to stands in `types`.

mod calendar;
mod changes;
mod findings;
mod incidents;
mod landscape;
mod listing;
mod lookup;
mod nodes;
mod releases;
mod risk;
mod sequence;
mod systems;
mod work_items;

use async_graphql::MergedObject;

/// Questions to the release graph. Every answer is made from one version of it.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    releases::ReleaseQuery,
    changes::ChangeQuery,
    work_items::WorkItemQuery,
    incidents::IncidentQuery,
    landscape::LandscapeQuery,
    findings::FindingQuery,
    calendar::CalendarQuery,
    nodes::NodeQuery,
    systems::SystemQuery,
    sequence::SequenceQuery,
    risk::RiskQuery,
);
