//! Keeps a reader of pages from being led in circles or on forever.

use std::collections::HashSet;
use std::hash::Hash;

use crate::error::{Failure, FailureKind};

/// Watches over one run through the pages of a list.
#[derive(Debug)]
pub struct PageGuard<Token> {
    seen: HashSet<Token>,
    most_pages: usize,
}

impl<Token: Eq + Hash> PageGuard<Token> {
    /// Lets at most so many pages pass.
    #[must_use]
    pub fn up_to(most_pages: usize) -> Self {
        Self { seen: HashSet::new(), most_pages }
    }

    /// Call it with the token (offset, cursor, URL) of every page before it is read.
    ///
    /// # Errors
    /// [`FailureKind::Incomplete`] if the token was used before or the pages do not end.
    pub fn enter(&mut self, token: Token) -> Result<(), Failure> {
        if self.seen.len() >= self.most_pages {
            return Err(Failure::new(
                FailureKind::Incomplete,
                format!("the list goes on after {} pages", self.most_pages),
            ));
        }
        if !self.seen.insert(token) {
            return Err(Failure::new(FailureKind::Incomplete, "the list led back to a page that was read before"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_repeats_is_incomplete() {
        let mut guard = PageGuard::up_to(10);
        assert!(guard.enter("a").is_ok());
        assert!(guard.enter("b").is_ok());
        let failure = guard.enter("a").expect_err("a circle");
        assert_eq!(failure.kind, FailureKind::Incomplete);
    }

    #[test]
    fn pages_without_end_are_incomplete() {
        let mut guard = PageGuard::up_to(3);
        let entered = (0..10).take_while(|page| guard.enter(*page).is_ok());
        assert_eq!(entered.count(), 3);
    }
}
