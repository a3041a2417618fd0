//! Which commits are reachable from one and not from another: exactly, since dates in commits can be forged and a walk
//! that stops by date would then take old commits for new ones.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;

use crate::error::{Failure, FailureKind};

/// Commits of a walk, newest first.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) commits: Vec<ObjectId>,
    pub(super) complete: bool,
}

/// Parents and dates of the commits seen so far: ranges of one repository share most of their history.
#[derive(Debug, Default)]
pub(super) struct History {
    seen: RefCell<HashMap<ObjectId, Rc<Step>>>,
}

#[derive(Debug)]
struct Step {
    parents: Vec<ObjectId>,
    seconds: i64,
}

impl History {
    /// Commits reachable from `tip` and not from `hidden`, `most` of them at the most.
    pub(super) fn walk(
        &self,
        repository: &gix::Repository,
        (tip, hidden): (ObjectId, Option<ObjectId>),
        most: usize,
    ) -> Result<Walked, Failure> {
        let mut met = match hidden {
            Some(hidden) => self.ancestors(repository, hidden)?,
            None => HashSet::new(),
        };
        let mut walked = Walked { commits: Vec::new(), complete: true };
        // Newest first; among those of one second the first met, so that children come before their parents.
        let mut waiting = BinaryHeap::new();
        if met.insert(tip) {
            waiting.push((self.step(repository, tip)?.seconds, Reverse(0), tip));
        }
        while let Some((_, _, commit)) = waiting.pop() {
            if walked.commits.len() == most {
                walked.complete = false;
                break;
            }
            walked.commits.push(commit);
            for parent in &self.step(repository, commit)?.parents {
                if met.insert(*parent) {
                    waiting.push((self.step(repository, *parent)?.seconds, Reverse(met.len()), *parent));
                }
            }
        }
        Ok(walked)
    }

    fn ancestors(&self, repository: &gix::Repository, of: ObjectId) -> Result<HashSet<ObjectId>, Failure> {
        let mut met = HashSet::from([of]);
        let mut waiting = vec![of];
        while let Some(commit) = waiting.pop() {
            let step = self.step(repository, commit)?;
            waiting.extend(step.parents.iter().copied().filter(|parent| met.insert(*parent)));
        }
        Ok(met)
    }

    fn step(&self, repository: &gix::Repository, id: ObjectId) -> Result<Rc<Step>, Failure> {
        if let Some(step) = self.seen.borrow().get(&id) {
            return Ok(Rc::clone(step));
        }
        let broken = || Failure::new(FailureKind::Malformed, "the history is not whole");
        let commit = repository.find_commit(id).map_err(|_| broken())?;
        let step = Rc::new(Step {
            parents: commit.parent_ids().map(gix::Id::detach).collect(),
            seconds: commit.time().map(|time| time.seconds).unwrap_or(0),
        });
        self.seen.borrow_mut().insert(id, Rc::clone(&step));
        Ok(step)
    }
}
