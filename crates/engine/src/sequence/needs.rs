//! What the releases of a selection need of each other, and of what does not move. A dependency is met by what runs at
//! the target; where it is not, by the lowest release of the selection that meets it; else it stands in the way.

use std::collections::BTreeMap;

use domain::{Dependency, DependencyKind, Dependent, LinkOrigin, Release, Text, Version};
use jiff::{SignedDuration, Timestamp};

use super::answer::{Because, Blocker, BlockerCode};
use super::problem::later;
use super::request::minutes;
use super::selection::Selection;
use crate::correlate::satisfies;
use crate::graph::Index;

/// "The one comes before the other, because …"
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) because: Because,
    /// What it costs to go against it; only soft ones have a price.
    pub(super) weight: Option<u64>,
    /// How long after the end of the one the other may start.
    pub(super) lag: SignedDuration,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub(super) among: Vec<Need>,
    /// What stands in the way of the release at a place.
    pub(super) blockers: BTreeMap<u32, Vec<Blocker>>,
    /// From when on what runs has been there for long enough, and why.
    pub(super) ready: BTreeMap<u32, (Timestamp, Text)>,
}

/// Reads every dependency of what moves.
pub(super) fn needs(selection: &Selection<'_>) -> Needs {
    let mut found = Needs::default();
    for (place, dependency) in selection.graph.dependencies.iter().enumerate() {
        let dependents: Vec<u32> = match &dependency.from {
            Dependent::Release(key) => {
                let release = selection.graph.releases.find(key);
                release.and_then(|release| selection.place(release)).into_iter().collect()
            }
            Dependent::Service(key) => selection.chains.get(key).cloned().unwrap_or_default(),
        };
        if dependents.is_empty() || selection.chains.get(&dependency.to).is_some_and(|own| own == &dependents) {
            continue;
        }
        let answer = meet(selection, place, dependency);
        for after in dependents {
            match &answer {
                Met::Running => {}
                Met::Since(since) => found.wait(selection, dependency, (after, *since)),
                Met::By(before) => found.among.push(need(selection, dependency, (*before, after))),
                Met::Not(blocker) if dependency.kind == DependencyKind::Hard => {
                    found.blockers.entry(after).or_default().push(blocker.clone());
                }
                Met::Not(_) => {}
            }
        }
    }
    for (place, release) in (0..).zip(&selection.releases) {
        for doubt in selection.graph.doubtful_needs.get(release).into_iter().flatten() {
            found.blockers.entry(place).or_default().push(Blocker {
                code: BlockerCode::DependencyUnknown,
                detail: format!("What it needs is not known in full: {doubt}").into(),
                release: None,
            });
        }
    }
    found.among.extend(ascending(selection));
    found
}

/// How a dependency is met.
enum Met {
    Running,
    /// It runs since then, and must have been there for a while.
    Since(Timestamp),
    By(u32),
    Not(Blocker),
}

fn meet(selection: &Selection<'_>, place: usize, dependency: &Dependency) -> Met {
    let running = selection.running(&dependency.to);
    let constraint = dependency.constraint.as_deref();
    let suits = |version: Option<&Version>| match (version, constraint) {
        (Some(version), Some(constraint)) => satisfies(version, constraint),
        (None, Some(_)) => None,
        (_, None) => Some(true),
    };
    let suiting: Vec<Option<bool>> = running.iter().map(|version| suits(version.as_ref())).collect();
    // A wish without a version is about the order of what moves; a demand without one is met by whatever runs.
    let is_wish = constraint.is_none() && dependency.kind != DependencyKind::Hard;
    if !is_wish && !suiting.is_empty() && suiting.iter().all(|suits| *suits == Some(true)) {
        return running_since(selection, dependency);
    }
    let named = dependency.release.as_ref().and_then(|key| selection.graph.releases.find(key));
    if let Some(place) = named.and_then(|release| selection.place(release)) {
        return Met::By(place);
    }
    let chain = selection.chains.get(&dependency.to).into_iter().flatten().copied();
    let mut candidates = chain.filter(|place| suits(selection.record(*place).version.as_ref()) == Some(true));
    match candidates.next() {
        Some(lowest) => Met::By(lowest),
        None => {
            let known = suiting.contains(&Some(false));
            let code = if known { BlockerCode::DependencyMissing } else { BlockerCode::DependencyUnknown };
            Met::Not(missing(selection, (place, dependency), named, code))
        }
    }
}

/// A wish does not wait for what runs already.
fn running_since(selection: &Selection<'_>, dependency: &Dependency) -> Met {
    if dependency.lag.is_zero() || dependency.kind != DependencyKind::Hard {
        return Met::Running;
    }
    match selection.running_since(&dependency.to) {
        Some(since) => Met::Since(since),
        None => {
            let (needed, lag) = (selection.spoken(&dependency.to), minutes(dependency.lag));
            let detail = format!(
                "It needs {needed} to have run for {lag}, and since when it runs at {} is not known",
                selection.target
            );
            let code = BlockerCode::DependencyUnknown;
            Met::Not(Blocker { code, detail: detail.into(), release: None })
        }
    }
}

impl Needs {
    fn wait(&mut self, selection: &Selection<'_>, dependency: &Dependency, (after, since): (u32, Timestamp)) {
        let ready = later(since, dependency.lag);
        if self.ready.get(&after).is_none_or(|(known, _)| *known < ready) {
            let needed = selection.spoken(&dependency.to);
            let told = format!("It waits until {ready}, when {needed} has run for {}", minutes(dependency.lag));
            self.ready.insert(after, (ready, told.into()));
        }
    }
}

/// What to tell of a dependency that nothing meets. What the caller may not see is not named.
fn missing(
    selection: &Selection<'_>,
    (place, dependency): (usize, &Dependency),
    named: Option<Index<Release>>,
    code: BlockerCode,
) -> Blocker {
    let Selection { graph, target, .. } = selection;
    if !selection.sees(&dependency.to) {
        let detail = format!("It needs a release that you may not see, and that is not known to run at {target}");
        return Blocker { code: BlockerCode::DependencyMissing, detail: detail.into(), release: None };
    }
    let coming = || {
        let edge = graph.release_dependencies.iter().find(|edge| edge.dependency == place);
        edge.map(|edge| edge.to)
    };
    let release = named.or_else(coming);
    let wanted = match &dependency.constraint {
        Some(constraint) => format!("{} {constraint}", dependency.to),
        None => dependency.to.to_string(),
    };
    let remedy = match release {
        Some(release) => {
            format!("; {} would bring it and is not among those that go", graph.releases.get(release).key)
        }
        None => "; no release that would bring it is known".to_owned(),
    };
    let state = if code == BlockerCode::DependencyUnknown { "is not known to run" } else { "does not run" };
    let detail = format!("It needs {wanted}, which {state} at {target}{remedy} ({})", dependency.reason);
    Blocker { code, detail: detail.into(), release }
}

fn need(selection: &Selection<'_>, dependency: &Dependency, (before, after): (u32, u32)) -> Need {
    // What somebody wrote down weighs more than what a topology suggests.
    let weight = match dependency.link.origin {
        LinkOrigin::Explicit => 2,
        LinkOrigin::Derived | LinkOrigin::Inferred => 1,
    };
    Need {
        before,
        after,
        because: Because {
            from: selection.release(after),
            to: selection.release(before),
            kind: dependency.kind,
            constraint: dependency.constraint.clone(),
            reason: dependency.reason.clone(),
            link: Some(dependency.link.clone()),
        },
        weight: (dependency.kind == DependencyKind::Soft).then_some(weight),
        lag: dependency.lag,
    }
}

/// The versions of one service go in their order.
fn ascending(selection: &Selection<'_>) -> Vec<Need> {
    let chains = selection.chains.values().flat_map(|chain| chain.iter().zip(chain.iter().skip(1)));
    let needs = chains.map(|(before, after)| {
        let (one, other) = (selection.record(*before), selection.record(*after));
        Need {
            before: *before,
            after: *after,
            because: Because {
                from: selection.release(*after),
                to: selection.release(*before),
                kind: DependencyKind::Hard,
                constraint: None,
                reason: Text::from(format!(
                    "{} comes before {}: versions of one service go in their order",
                    one.key, other.key
                )),
                link: None,
            },
            weight: None,
            lag: SignedDuration::ZERO,
        }
    });
    needs.collect()
}
