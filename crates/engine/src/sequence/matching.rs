//! Which releases of a selection cannot stand beside which versions of other services: for every pair of services with
//! a source of compatibility, along all versions that each goes through.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Compatibility, DependencyKind, Release, ServiceKey, Text, Version};

use super::answer::{Because, Blocker, BlockerCode};
use super::compatibility::{Fit, Pair, consequences};
use super::selection::Selection;
use crate::correlate::works_together;
use crate::graph::Index;

/// "The one comes before the other", because of versions that must not meet.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) before: u32,
    pub(super) after: u32,
    pub(super) because: Because,
    /// Which versions a verification would have to look at, where nobody verified them.
    pub(super) to_verify: Option<Text>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub(super) precedences: Vec<Match>,
    pub(super) wrong: Vec<Because>,
    pub(super) unverified: Vec<Because>,
    /// Places of releases that end beside a version with which nobody verified them.
    pub(super) doubtful: BTreeSet<u32>,
    pub(super) blockers: BTreeMap<u32, Vec<Blocker>>,
}

/// Looks at all pairs of services of which at least one moves.
pub(super) fn matches(selection: &Selection<'_>) -> Matches {
    let mut by_pair: BTreeMap<(&ServiceKey, &ServiceKey), Vec<Compatibility>> = BTreeMap::new();
    for row in &selection.graph.compatibilities {
        let (one, other) = (&row.one.service, &row.other.service);
        let pair = if one <= other { (one, other) } else { (other, one) };
        if one != other && (selection.chains.contains_key(one) || selection.chains.contains_key(other)) {
            by_pair.entry(pair).or_default().push(row.clone());
        }
    }
    let mut found = Matches::default();
    for ((one, other), rows) in by_pair {
        let versions = (Versions::of(selection, one), Versions::of(selection, other));
        Comparison { selection, rows, versions }.compare(&mut found);
    }
    found
}

/// The versions that a service goes through: what runs, and what each release brings.
struct Versions<'g> {
    service: &'g ServiceKey,
    chain: Vec<u32>,
    stages: Vec<Vec<Option<Version>>>,
    /// What the caller may not see is not named.
    hidden: bool,
}

impl<'g> Versions<'g> {
    fn of(selection: &Selection<'g>, service: &'g ServiceKey) -> Self {
        let chain = selection.chains.get(service).cloned().unwrap_or_default();
        let mut stages = vec![selection.running(service)];
        stages.extend(chain.iter().map(|place| vec![selection.record(*place).version.clone()]));
        Self { service, chain, stages, hidden: !selection.sees(service) }
    }

    fn stage(&self, at: usize) -> &[Option<Version>] {
        self.stages.get(at).map(Vec::as_slice).unwrap_or_default()
    }

    /// The release that brings a stage.
    fn brings(&self, at: usize) -> Option<u32> {
        self.chain.get(at.checked_sub(1)?).copied()
    }

    fn told(&self, at: usize) -> String {
        if self.hidden {
            return "a service that you may not see".to_owned();
        }
        let versions: BTreeSet<String> =
            self.stage(at).iter().flatten().map(|version| version.written.to_string()).collect();
        let versions: Vec<String> = versions.into_iter().collect();
        match versions.is_empty() {
            true => format!("whatever runs of {}", self.service),
            false => format!("{} {}", self.service, versions.join(" and ")),
        }
    }
}

struct Comparison<'s, 'g> {
    selection: &'s Selection<'g>,
    rows: Vec<Compatibility>,
    versions: (Versions<'g>, Versions<'g>),
}

impl Comparison<'_, '_> {
    /// All versions of both stages must work together. With it, the record that tells.
    fn fit(&self, i: usize, j: usize) -> (Fit, Option<&Compatibility>) {
        let (one, other) = &self.versions;
        let (mut fit, mut told) = (Fit::Works, None);
        let (ones, others) = (one.stage(i), other.stage(j));
        if ones.is_empty() || others.is_empty() {
            return (Fit::Unverified, None);
        }
        for a in ones {
            for b in others {
                let row = match (a, b) {
                    (Some(a), Some(b)) => works_together(&self.rows, (one.service, a), (other.service, b)),
                    _ => None,
                };
                match row.and_then(|row| row.works) {
                    Some(false) => return (Fit::Fails, row),
                    Some(true) if fit == Fit::Works => told = row,
                    Some(true) => {}
                    None => (fit, told) = (Fit::Unverified, None),
                }
            }
        }
        (fit, told)
    }

    fn compare(&self, found: &mut Matches) {
        let (one, other) = &self.versions;
        let fits = |i, j| self.fit(i, j).0;
        let pair = Pair { one: &one.chain, other: &other.chain, fits: &fits };
        let result = consequences(pair);
        for precedence in result.precedences {
            let (i, j) = precedence.state;
            let because = self.because((precedence.after, precedence.before), (i, j));
            let to_verify =
                (!precedence.verified).then(|| format!("{} with {}", one.told(i), other.told(j)).into());
            let (before, after) = (precedence.before, precedence.after);
            found.precedences.push(Match { before, after, because, to_verify });
        }
        let ends = (one.chain.len(), other.chain.len());
        if result.end == Fit::Works {
            return;
        }
        match (one.brings(ends.0), other.brings(ends.1)) {
            (Some(a), Some(b)) => {
                let because = self.because((a, b), ends);
                if result.end == Fit::Fails {
                    found.wrong.push(because);
                } else {
                    found.unverified.push(because);
                    found.doubtful.extend([a, b]);
                }
            }
            (Some(moving), None) => self.beside_what_runs(moving, (other, result.end), found),
            (None, Some(moving)) => self.beside_what_runs(moving, (one, result.end), found),
            (None, None) => {}
        }
    }

    /// The last release of one service ends beside what runs of the other, which does not move.
    fn beside_what_runs(&self, moving: u32, (still, end): (&Versions<'_>, Fit), found: &mut Matches) {
        found.doubtful.insert(moving);
        if end != Fit::Fails {
            return;
        }
        let release = self.selection.record(moving);
        let partner = if still.hidden { None } else { self.partner(release, still.service) };
        let remedy = partner.map(|index| {
            let key = &self.selection.graph.releases.get(index).key;
            format!("; it works with {key}, which would have to go too")
        });
        let detail = format!(
            "{} fails together with {}, which runs at {}{}",
            release.key,
            still.told(0),
            self.selection.target,
            remedy.unwrap_or_default()
        );
        let code = BlockerCode::IncompatibleWithRunning;
        let blocker = Blocker { code, detail: detail.into(), release: partner };
        found.blockers.entry(moving).or_default().push(blocker);
    }

    /// The lowest release of a service that is verified with a release, of those that do not run yet.
    fn partner(&self, release: &Release, service: &ServiceKey) -> Option<Index<Release>> {
        let own = release.version.as_ref()?;
        let graph = self.selection.graph;
        let running = self.selection.running(service);
        let suits = |version: &Version| {
            let row = works_together(&self.rows, (&release.service, own), (service, version));
            row.and_then(|row| row.works) == Some(true)
        };
        let others = graph.releases.iter().filter(|(_, other)| other.service == *service);
        let suiting = others.filter_map(|(index, other)| {
            let version = other.version.as_ref()?;
            (suits(version) && !running.contains(&other.version)).then_some((version.padded.as_ref()?, index))
        });
        suiting.min().map(|(_, index)| index)
    }

    /// `from` must not be there while `to` is not, or must not be there together with it.
    fn because(&self, (from, to): (u32, u32), (i, j): (usize, usize)) -> Because {
        let (one, other) = &self.versions;
        let (fit, row) = self.fit(i, j);
        let (state, kind) = match fit {
            Fit::Fails => ("fails", DependencyKind::Hard),
            Fit::Works | Fit::Unverified => ("is not verified", DependencyKind::Assumed),
        };
        Because {
            from: self.selection.release(from),
            to: self.selection.release(to),
            kind,
            constraint: None,
            reason: format!("{} with {} {state}", one.told(i), other.told(j)).into(),
            link: row.filter(|_| !one.hidden && !other.hidden).map(|row| row.link.clone()),
        }
    }
}
