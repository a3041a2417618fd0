//! Joins the records of all systems into one release graph. Pure: the same records in any order make the same graph.
//! Bad data becomes a finding; what cannot be told for sure becomes no link, or one that carries no supporting evidence.

// What comes in, and what all steps share.
mod input;
mod policy;
mod walk;

// Who and what the records are about.
mod people;

mod services;

pub(crate) mod globs;

pub(crate) mod environments;

// What texts say.
mod scan;

mod names;

// Releases.
mod sightings;

mod spelling;

mod horizon;

mod releases;

mod steps;

// What belongs to them.
mod changes;
mod work;

mod code;

mod authorisation;
mod coverage;

// What happened to them.
mod running;

mod deployments;
mod incidents;

mod facts;
mod stand;
mod status;

mod plans;

mod dependencies;

mod blackouts;
mod compatibility;

// What is told besides.
mod aside;
mod inspect;

mod circles;
pub(crate) mod retroactive;
mod unresolved;

mod findings;

mod evidence;

#[cfg(test)]
pub(crate) mod world;

#[cfg(test)]
mod world_events;

#[cfg(test)]
mod foreign_files;

#[cfg(test)]
pub(crate) mod properties;

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConnectorId, RecordKind, Records};

pub use aside::{aside, named_people};
pub use authorisation::approval_coverage;
pub use compatibility::works_together;
pub(crate) use coverage::read_moment;
pub use dependencies::satisfies;
pub(crate) use environments::environment_word;
pub use input::{ConnectedSystem, CorrelateInput, Darkness};
pub use policy::{CorrelationPolicy, ScopeFields};

use crate::graph::{Lookup, ReleaseGraph, Table, Topology};
use findings::Findings;
use names::Names;
use services::{Ground, Mapping};
use walk::{Told, Walk};

/// Makes the release graph.
pub fn correlate(input: CorrelateInput) -> ReleaseGraph {
    let mut walk = prepare(input);
    sightings::read_changes(&mut walk);
    let seen = sightings::collect(&mut walk);
    releases::merge(&mut walk, &seen);
    drop(seen);
    changes::link_items(&mut walk);
    work::link_fix_versions(&mut walk);
    work::link_mentions(&mut walk);
    code::link_code(&mut walk);
    code::link_artifacts(&mut walk);
    changes::link_releases(&mut walk);
    changes::link_trains(&mut walk);
    work::link_through(&mut walk);
    steps::find_steps(&mut walk);
    coverage::judge(&mut walk);
    authorisation::authorise(&mut walk);
    authorisation::note_outgrown(&mut walk);
    running::read_sights(&mut walk);
    deployments::join_deployments(&mut walk);
    running::place(&mut walk);
    incidents::link_incidents(&mut walk);
    stand::stand(&mut walk);
    plans::plan(&mut walk);
    incidents::link_known_errors(&mut walk);
    dependencies::depend(&mut walk);
    compatibility::compare(&mut walk);
    blackouts::expand_blackouts(&mut walk);
    inspect::inspect(&mut walk);
    changes::note_unlinked(&mut walk);
    retroactive::note_retroactive(&mut walk);
    finish(walk)
}

/// Sorts the records into tables, and resolves people and the mapping of services.
fn prepare(input: CorrelateInput) -> Walk {
    let CorrelateInput { mut records, landscape, gaps, darkness, connectors, policy, horizon_start, version, now } =
        input;
    records.sort();
    let mut gaps = gaps;
    gaps.sort();
    let deployments = std::mem::take(&mut records.deployments);
    let mut graph = ReleaseGraph {
        version,
        assembled_at: now,
        services: Table::new(landscape.services),
        environments: Table::new(landscape.environments),
        teams: Table::new(landscape.teams),
        pools: landscape.pools,
        service_hours: landscape.service_hours,
        gaps,
        readers: readers(&connectors),
        ..tables_of(records)
    };
    graph.topology = Topology::new(&graph.configuration_items, &graph.ci_relations);
    let joined = people::join_people(&graph.accounts, &landscape.people, &graph.commits);
    graph.people = joined.people;
    graph.account_people = joined.by_account;
    graph.email_people = joined.by_email;
    let mut findings = Findings::default();
    let ground = Ground {
        services: &graph.services,
        configuration_items: &graph.configuration_items,
        repositories: &graph.repositories,
        connectors: &connectors,
        darkness: &darkness,
        tag_pattern: &policy.tag_pattern,
    };
    let mapping = Mapping::resolve(&ground, &mut findings);
    let names = Names::new(&graph.services, &policy.release_words);
    Walk {
        graph,
        configured: landscape.dependencies,
        compatible: landscape.compatibilities,
        configured_blackouts: landscape.blackouts,
        policy,
        horizon_start,
        darkness,
        connectors,
        names,
        mapping,
        findings,
        deployments,
        mentions: Vec::new(),
        told: Told::default(),
        sights: running::Sights::default(),
    }
}

/// Which systems are read for which kinds of records.
fn readers(connectors: &[ConnectedSystem]) -> BTreeMap<RecordKind, BTreeSet<ConnectorId>> {
    let mut readers: BTreeMap<RecordKind, BTreeSet<ConnectorId>> = BTreeMap::new();
    for system in connectors {
        for kind in &system.kinds {
            readers.entry(*kind).or_default().insert(system.id.clone());
        }
    }
    readers
}

/// The tables that hold records as they are.
fn tables_of(records: Records) -> ReleaseGraph {
    let mut ranges = records.commit_ranges;
    ranges.sort_by(|a, b| (&a.repository, &a.head, &a.base).cmp(&(&b.repository, &b.head, &b.base)));
    let mut relations = records.ci_relations;
    relations.sort();
    ReleaseGraph {
        accounts: Table::new(records.accounts),
        groups: Table::new(records.groups),
        changes: Table::new(records.changes),
        change_tasks: Table::new(records.change_tasks),
        change_templates: Table::new(records.change_templates),
        approvals: Table::new(records.approvals),
        incidents: Table::new(records.incidents),
        problems: Table::new(records.problems),
        known_errors: Table::new(records.known_errors),
        tracked_versions: Table::new(records.tracked_versions),
        work_items: Table::new(records.work_items),
        repositories: Table::new(records.repositories),
        tags: Table::new(records.tags),
        commits: Table::new(records.commits),
        pull_requests: Table::new(records.pull_requests),
        pipeline_runs: Table::new(records.pipeline_runs),
        artifacts: Table::new(records.artifacts),
        alerts: Table::new(records.alerts),
        configuration_items: Table::new(records.configuration_items),
        cab_meetings: Table::new(records.cab_meetings),
        trains: Table::new(records.trains),
        ci_relations: relations,
        commit_ranges: ranges,
        test_reports: records.test_reports,
        field_changes: records.field_changes,
        delegations: records.delegations,
        service_levels: records.service_levels,
        health_observations: records.health_observations,
        runtime_observations: records.runtime_observations,
        files: records.files,
        schedules: records.schedules,
        ..ReleaseGraph::default()
    }
}

fn finish(walk: Walk) -> ReleaseGraph {
    let Walk { mut graph, findings, .. } = walk;
    graph.findings = findings.finish(&graph.services);
    graph.lookup = Lookup::new(&graph.approvals, &graph.deployments);
    graph
}
