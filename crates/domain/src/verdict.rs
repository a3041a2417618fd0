//! Words of judgement: outcomes of checks in Kleene logic, decisions of gates.

use serde::{Deserialize, Serialize};

/// Outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// Evidence is missing.
    Unknown,
    /// Its time has not come.
    NotDue,
    /// It does not concern the subject.
    NotApplicable,
}

impl Outcome {
    /// Both must hold. FAIL beats UNKNOWN beats PASS; what is not due or not applicable counts for neither.
    pub fn and(self, other: Self) -> Self {
        use Outcome::{Fail, NotApplicable, NotDue, Pass, Unknown};
        match (self, other) {
            (Fail, _) | (_, Fail) => Fail,
            (Unknown, _) | (_, Unknown) => Unknown,
            (NotApplicable, x) => x,
            (x, NotApplicable) => x,
            (Pass, Pass) => Pass,
            (NotDue, _) | (_, NotDue) => NotDue,
        }
    }
}

/// When a check's time is, relative to the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Before it.
    Before,
    /// While it runs.
    During,
    /// Afterwards.
    After,
}

/// What a gate decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateDecision {
    /// Go.
    Allow,
    /// Do not go.
    Deny,
    /// Nobody knows; so do not go.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Outcome; 5] =
        [Outcome::Pass, Outcome::Fail, Outcome::Unknown, Outcome::NotDue, Outcome::NotApplicable];

    #[test]
    fn conjunction_is_commutative_and_associative() {
        for a in ALL {
            for b in ALL {
                assert_eq!(a.and(b), b.and(a), "{a:?} {b:?}");
                for c in ALL {
                    assert_eq!(a.and(b).and(c), a.and(b.and(c)), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }

    #[test]
    fn unknown_never_passes() {
        for other in ALL {
            assert_ne!(Outcome::Unknown.and(other), Outcome::Pass);
        }
    }
}
