//! The commit graph of one repository: order, reachability, merge base, comparison.
//! Everything is a walk over positions in the repository's list of commits.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::content::Commit;

/// Shorter beginnings of a sha are not looked up, as on GitHub.
const SHORTEST_ABBREVIATION: usize = 4;

#[derive(Debug)]
pub(super) struct History {
    by_sha: HashMap<String, usize>,
    parents: Vec<Vec<usize>>,
    oldest_first: Vec<usize>,
}

/// `git log base..head` and its mirror image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    /// In head and not in base, oldest first.
    pub(super) ahead: Vec<usize>,
    /// In base and not in head, oldest first.
    pub(super) behind: Vec<usize>,
    /// `None`: the two have no common ancestor.
    pub(super) merge_base: Option<usize>,
}

impl Comparison {
    pub(super) fn status(&self) -> &'static str {
        match (self.ahead.is_empty(), self.behind.is_empty()) {
            (true, true) => "identical",
            (false, true) => "ahead",
            (true, false) => "behind",
            (false, false) => "diverged",
        }
    }
}

impl History {
    pub(super) fn of(commits: &[Commit]) -> Self {
        let by_sha: HashMap<String, usize> =
            commits.iter().enumerate().map(|(at, commit)| (commit.sha.clone(), at)).collect();
        let parents: Vec<Vec<usize>> = commits
            .iter()
            .map(|commit| commit.parents.iter().filter_map(|sha| by_sha.get(sha).copied()).collect())
            .collect();
        let oldest_first = sort(commits, &parents);
        Self { by_sha, parents, oldest_first }
    }

    pub(super) fn position(&self, sha: &str) -> Option<usize> {
        self.by_sha.get(sha).copied()
    }

    pub(super) fn abbreviated(&self, sha: &str, commits: &[Commit]) -> Option<usize> {
        if sha.len() < SHORTEST_ABBREVIATION || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut hits = commits.iter().enumerate().filter(|(_, commit)| commit.sha.starts_with(sha));
        let first = hits.next()?.0;
        hits.next().is_none().then_some(first)
    }

    /// Parents before children; among the unrelated the older first.
    pub(super) fn oldest_first(&self) -> &[usize] {
        &self.oldest_first
    }

    /// A mark for every commit that `from` can reach, itself included.
    pub(super) fn reachable(&self, from: usize) -> Vec<bool> {
        let mut marks = vec![false; self.parents.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            match marks.get_mut(at) {
                Some(mark) if !*mark => *mark = true,
                _ => continue,
            }
            open.extend(self.parents.get(at).into_iter().flatten());
        }
        marks
    }

    /// What `git log` shows from a commit: newest first.
    pub(super) fn log(&self, from: usize) -> Vec<usize> {
        let reachable = self.reachable(from);
        self.oldest_first.iter().rev().copied().filter(|&at| marked(&reachable, at)).collect()
    }

    pub(super) fn compare(&self, base: usize, head: usize) -> Comparison {
        let of_base = self.reachable(base);
        let of_head = self.reachable(head);
        let select = |within: &[bool], without: &[bool]| -> Vec<usize> {
            let all = self.oldest_first.iter().copied();
            all.filter(|&at| marked(within, at) && !marked(without, at)).collect()
        };
        Comparison {
            ahead: select(&of_head, &of_base),
            behind: select(&of_base, &of_head),
            merge_base: self.merge_base(&of_base, &of_head),
        }
    }

    /// The newest common ancestor that is not an ancestor of another common one.
    fn merge_base(&self, of_base: &[bool], of_head: &[bool]) -> Option<usize> {
        let mut surpassed = vec![false; self.parents.len()];
        let common = |at: usize| marked(of_base, at) && marked(of_head, at);
        for (at, parents) in self.parents.iter().enumerate() {
            if common(at) {
                for &parent in parents {
                    if let Some(mark) = surpassed.get_mut(parent) {
                        *mark = true;
                    }
                }
            }
        }
        self.oldest_first.iter().rev().copied().find(|&at| common(at) && !marked(&surpassed, at))
    }
}

fn marked(marks: &[bool], at: usize) -> bool {
    marks.get(at).copied().unwrap_or(false)
}

fn sort(commits: &[Commit], parents: &[Vec<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); commits.len()];
    let mut waiting: Vec<usize> = parents.iter().map(Vec::len).collect();
    for (at, list) in parents.iter().enumerate() {
        for &parent in list {
            if let Some(of_parent) = children.get_mut(parent) {
                of_parent.push(at);
            }
        }
    }
    let date = |at: usize| commits.get(at).map(|commit| commit.committer.date);
    let mut ready: BinaryHeap<_> = waiting
        .iter()
        .enumerate()
        .filter(|(_, count)| **count == 0)
        .map(|(at, _)| Reverse((date(at), at)))
        .collect();
    let mut sorted = Vec::with_capacity(commits.len());
    while let Some(Reverse((_, at))) = ready.pop() {
        sorted.push(at);
        for &child in children.get(at).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(child) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse((date(child), child)));
                }
            }
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(sha: &str, parents: &[&str], second: i64) -> Commit {
        let mut commit = Commit {
            sha: sha.into(),
            parents: parents.iter().map(|sha| (*sha).into()).collect(),
            ..Commit::default()
        };
        commit.committer.date = jiff::Timestamp::from_second(second).unwrap();
        commit
    }

    /// a - b - c - m     main, m merges e
    ///      \ d - e
    fn diamond() -> Vec<Commit> {
        vec![
            commit("m", &["c", "e"], 60),
            commit("e", &["d"], 50),
            commit("c", &["b"], 30),
            commit("d", &["b"], 40),
            commit("b", &["a"], 20),
            commit("a", &[], 10),
        ]
    }

    fn shas(commits: &[Commit], positions: &[usize]) -> String {
        positions.iter().map(|&at| commits[at].sha.as_str()).collect()
    }

    #[test]
    fn parents_come_before_children_even_with_forged_dates() {
        let mut commits = diamond();
        commits[5].committer.date = jiff::Timestamp::from_second(99).unwrap();
        let history = History::of(&commits);
        assert_eq!(shas(&commits, history.oldest_first()), "abcdem");
    }

    #[test]
    fn diverged_lines_meet_at_the_fork() {
        let commits = diamond();
        let history = History::of(&commits);
        let found = history.compare(history.position("c").unwrap(), history.position("e").unwrap());
        assert_eq!((shas(&commits, &found.ahead), shas(&commits, &found.behind)), ("de".into(), "c".into()));
        assert_eq!(found.merge_base, history.position("b"));
        assert_eq!(found.status(), "diverged");
    }

    #[test]
    fn a_merge_brings_the_other_side() {
        let commits = diamond();
        let history = History::of(&commits);
        let found = history.compare(history.position("c").unwrap(), history.position("m").unwrap());
        assert_eq!(shas(&commits, &found.ahead), "dem");
        assert_eq!((found.status(), found.merge_base), ("ahead", history.position("c")));
    }

    #[test]
    fn unrelated_lines_have_no_merge_base() {
        let commits = vec![commit("a", &[], 1), commit("z", &[], 2)];
        assert_eq!(History::of(&commits).compare(0, 1).merge_base, None);
    }
}
