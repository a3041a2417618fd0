//! A bound on work that does not depend on a clock: the same question always gets the same answer.

/// Steps that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    limit: u64,
    left: u64,
}

/// The steps did not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit of {limit} steps was reached; ask for fewer releases or a shorter range")]
pub struct OutOfSteps {
    /// How many there were.
    pub limit: u64,
}

impl Steps {
    /// So many steps.
    pub fn new(limit: u64) -> Self {
        Self { limit, left: limit }
    }

    /// How many are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Takes steps; takes none where they do not suffice.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn spend(&mut self, count: u64) -> Result<(), OutOfSteps> {
        match self.left.checked_sub(count) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(OutOfSteps { limit: self.limit }),
        }
    }
}
