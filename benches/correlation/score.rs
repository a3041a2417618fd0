//! What a graph's links are worth, rule by rule, against the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use domain::{Link, LinkOrigin, LinkRule};
use engine::ReleaseGraph;
use jiff::Timestamp;

use super::truth::{Pair, Relation, Truth, pull_name};

/// The links of one rule in one relation.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    relation: Relation,
    origin: LinkOrigin,
    rule: LinkRule,
    pub(crate) supports: bool,
    made: usize,
    right: usize,
    /// True pairs of the relation.
    truth: usize,
    /// Sum of the confidences: what the rule itself expects to be right.
    expected: f64,
}

impl Row {
    #[expect(clippy::cast_precision_loss, reason = "counts of links")]
    pub(crate) fn precision(&self) -> f64 {
        if self.made == 0 { 1.0 } else { self.right as f64 / self.made as f64 }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of links")]
    fn recall(&self) -> f64 {
        if self.truth == 0 { 1.0 } else { self.right as f64 / self.truth as f64 }
    }
}

impl fmt::Display for Row {
    #[expect(clippy::cast_precision_loss, reason = "counts of links")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<12} {:<9} {:<16} {:<8} {:>6} made {:>6} right  precision {:>6.2} %  recall {:>6.2} %  confidence {:.2}",
            format!("{:?}", self.relation),
            format!("{:?}", self.origin),
            format!("{:?}", self.rule),
            if self.supports { "supports" } else { "" },
            self.made,
            self.right,
            self.precision() * 100.0,
            self.recall() * 100.0,
            self.expected / self.made.max(1) as f64,
        )
    }
}

/// All rows, and how much of each relation's truth is found by links that are more than a suspicion.
#[derive(Debug)]
pub(crate) struct Board {
    rows: Vec<Row>,
    found: BTreeMap<Relation, (usize, usize)>,
    traceless: usize,
    missed: BTreeMap<Relation, Vec<Pair>>,
    wrong: BTreeMap<Relation, Vec<(LinkRule, Pair)>>,
}

impl Board {
    pub(crate) fn of(graph: &ReleaseGraph, truth: &Truth) -> Self {
        let mut board = Self {
            rows: Vec::new(),
            found: BTreeMap::new(),
            traceless: 0,
            missed: BTreeMap::new(),
            wrong: BTreeMap::new(),
        };
        for relation in Relation::ALL {
            let nothing = BTreeSet::new();
            let pairs = truth.pairs.get(&relation).unwrap_or(&nothing);
            let none = BTreeSet::new();
            let known = truth.known.get(&relation).unwrap_or(&none);
            let mut rows: BTreeMap<(LinkOrigin, LinkRule, bool), Row> = BTreeMap::new();
            let mut found = BTreeSet::new();
            for (pair, link) in links(graph, relation) {
                if !known.contains(&pair.1) {
                    continue;
                }
                let key = (link.origin, link.rule, link.supports());
                let row = rows.entry(key).or_insert(Row {
                    relation,
                    origin: link.origin,
                    rule: link.rule,
                    supports: link.supports(),
                    made: 0,
                    right: 0,
                    truth: pairs.len(),
                    expected: 0.0,
                });
                row.made += 1;
                row.expected += link.confidence;
                if pairs.contains(&pair) {
                    row.right += 1;
                    if link.origin != LinkOrigin::Inferred {
                        found.insert(pair);
                    }
                } else if link.origin != LinkOrigin::Inferred {
                    board.wrong.entry(relation).or_default().push((link.rule, pair));
                }
            }
            board.rows.extend(rows.into_values().rev());
            let (traceless, missed): (Vec<Pair>, Vec<Pair>) =
                pairs.difference(&found).cloned().partition(|pair| truth.traceless.contains(pair));
            board.found.insert(relation, (found.len(), found.len() + missed.len()));
            board.traceless += traceless.len();
            board.missed.insert(relation, missed);
        }
        board
    }

    pub(crate) fn of_origin(&self, origin: LinkOrigin) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.origin == origin)
    }

    /// The share of each relation's truth that is found; causes of incidents are only ever suspected.
    #[expect(clippy::cast_precision_loss, reason = "counts of links")]
    pub(crate) fn found(&self) -> impl Iterator<Item = (String, f64)> {
        let stated = self.found.iter().filter(|(relation, (_, all))| **relation != Relation::Incident && *all > 0);
        stated.map(|(relation, (found, all))| (format!("{relation:?}"), *found as f64 / *all as f64))
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "  {row}")?;
        }
        for (relation, (found, all)) in &self.found {
            writeln!(f, "  {relation:?}: {found} of {all} true pairs are found by fields and keys")?;
            for (rule, (release, other)) in self.wrong.get(relation).into_iter().flatten().take(3) {
                writeln!(f, "    wrong: {rule:?} {release} - {other:?}")?;
            }
            for (release, other) in self.missed.get(relation).into_iter().flatten().take(3) {
                writeln!(f, "    missed: {release} - {other:?}")?;
            }
        }
        if self.traceless > 0 {
            writeln!(f, "  {} work items are left out: no text of their releases names them", self.traceless)?;
        }
        Ok(())
    }
}

/// The other ends that the graph holds.
pub(crate) fn ends(graph: &ReleaseGraph, relation: Relation) -> BTreeSet<String> {
    match relation {
        Relation::Change => graph.changes.iter().map(|(_, row)| change_name(row)).collect(),
        Relation::WorkItem => graph.work_items.iter().map(|(_, row)| row.key.to_string()).collect(),
        Relation::Commit => graph.commits.iter().map(|(_, row)| name_of_commit(graph, row)).collect(),
        Relation::PullRequest => graph.pull_requests.iter().map(|(_, row)| name_of_pull(graph, row)).collect(),
        Relation::Artifact => {
            graph.artifacts.iter().filter_map(|(_, row)| row.digest.as_ref().map(|d| d.to_string())).collect()
        }
        Relation::Incident => graph.incidents.iter().map(|(_, row)| row.number.to_string()).collect(),
    }
}

fn links(graph: &ReleaseGraph, relation: Relation) -> Vec<(Pair, Link)> {
    macro_rules! pairs {
        ($relation:ident, $table:ident, |$row:ident| $name:expr) => {{
            let edges = graph.$relation.iter().filter_map(|(release, other, link)| {
                let $row = graph.$table.get(other);
                let name: Option<String> = $name;
                Some(((graph.releases.get(release).key.to_string(), name?), link.clone()))
            });
            edges.collect()
        }};
    }
    match relation {
        Relation::Change => pairs!(release_changes, changes, |row| Some(change_name(row))),
        Relation::WorkItem => pairs!(release_work_items, work_items, |row| Some(row.key.to_string())),
        Relation::Commit => pairs!(release_commits, commits, |row| Some(name_of_commit(graph, row))),
        Relation::PullRequest => {
            pairs!(release_pull_requests, pull_requests, |row| Some(name_of_pull(graph, row)))
        }
        Relation::Artifact => {
            pairs!(release_artifacts, artifacts, |row| row.digest.as_ref().map(|digest| digest.to_string()))
        }
        Relation::Incident => pairs!(release_incidents, incidents, |row| Some(row.number.to_string())),
    }
}

fn change_name(change: &domain::Change) -> String {
    format!("{}:{}", change.id.0.connector, change.number)
}

fn repository_of<'g>(graph: &'g ReleaseGraph, id: &domain::RepositoryId) -> &'g str {
    graph.repositories.by_id(id).map_or("", |repository| &*repository.name)
}

fn name_of_commit(graph: &ReleaseGraph, commit: &domain::Commit) -> String {
    commit_name(repository_of(graph, &commit.repository), &commit.message, commit.committer.at)
}

fn name_of_pull(graph: &ReleaseGraph, request: &domain::PullRequest) -> String {
    pull_name(repository_of(graph, &request.repository), request.number)
}

/// Commits have no sha before they are written, so what tells them apart is what was written when.
pub(crate) fn commit_name(repository: &str, message: &str, at: Timestamp) -> String {
    let repository = repository.rsplit('/').next().unwrap_or(repository);
    format!("{repository} {} {}", at.as_second(), message.trim_end().replace('\n', " "))
}
