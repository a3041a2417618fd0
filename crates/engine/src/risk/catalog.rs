//! The features that the graph gives, what more of each may do, and the prior scorecard: what each is held to mean
//! before a company's own history says more. The weights are judgements, documented with sources in `docs/risk.md`.

use super::history::{Feature, Sign};

/// How a value enters the prior scorecard.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// ln(1+x) − ln(1+usual).
    Log,
    /// x − usual.
    Plain,
}

/// One feature of a release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// What more of it may do.
    pub sign: Sign,
    /// What it is, in plain words.
    pub description: &'static str,
    /// Words behind the number in an explanation.
    unit: &'static str,
    shape: Shape,
    usual: f64,
    weight: f64,
}

const fn log(
    (name, unit, description): (&'static str, &'static str, &'static str),
    usual: f64,
    weight: f64,
) -> Spec {
    Spec { name, sign: Sign::Rising, description, unit, shape: Shape::Log, usual, weight }
}

const fn plain(
    (name, unit, description): (&'static str, &'static str, &'static str),
    usual: f64,
    weight: f64,
) -> Spec {
    let sign = if weight < 0.0 { Sign::Falling } else { Sign::Rising };
    Spec { name, sign, description, unit, shape: Shape::Plain, usual, weight }
}

/// Coverage of what the release changes; a share.
pub const COVERAGE: &str = "diffCoverage";
/// Is it an emergency? 0 or 1.
pub const EMERGENCY: &str = "emergency";

/// All features, in the order of a case's values.
pub const CATALOG: [Spec; 18] = [
    log(("linesChanged", "lines changed", "Lines added and deleted since the version before"), 120.0, 0.17),
    log(("files", "files changed", "Files that differ from the version before"), 6.0, 0.22),
    log(("directories", "directories", "Directories with changed files"), 3.0, 0.15),
    log(("commits", "commits", "Commits since the version before"), 4.0, 0.10),
    log(("developers", "developers", "How many people wrote these commits; not who"), 1.0, 0.15),
    plain(
        (
            COVERAGE,
            "of the changed files' lines covered by tests",
            "Share of lines that tests reach in the files that the release changes",
        ),
        0.80,
        -2.2,
    ),
    log(("failedTests", "failed tests", "Tests that failed in the newest report of each suite"), 0.0, 0.60),
    log(("flakySuites", "flaky test suites", "Suites that both failed and passed on the same commit"), 0.0, 0.40),
    plain(("criticality", "steps above tier 4", "4 minus the service's tier"), 2.5, 0.10),
    log(
        (
            "tierZeroServices",
            "services of tier 0 affected",
            "Services of tier 0 in its blast radius, its own included",
        ),
        1.0,
        0.10,
    ),
    log(
        (
            "tierOneServices",
            "services of tier 1 affected",
            "Services of tier 1 in its blast radius, its own included",
        ),
        1.0,
        0.05,
    ),
    plain(
        ("standardChange", "standard change", "Carried by standard changes alone: done often, by a fixed recipe"),
        0.0,
        -1.4,
    ),
    plain((EMERGENCY, "emergency change", "Carried by an emergency change"), 0.05, 1.10),
    log(
        (
            "concurrentChanges",
            "other changes within six hours",
            "Changes of others that start within six hours of its start",
        ),
        2.0,
        0.20,
    ),
    plain(
        (
            "outsideHours",
            "start outside working hours",
            "Starts before 08:00 or from 20:00 on in the environment's zone",
        ),
        0.20,
        0.25,
    ),
    plain(
        ("noBackoutPlan", "change without a backout plan", "None of its changes says how it is taken back"),
        0.10,
        0.40,
    ),
    log(("openProblems", "open problems", "Problems open on its service"), 0.0, 0.30),
    log(("openIncidents", "open incidents", "Incidents open on its service"), 0.0, 0.30),
];

impl Spec {
    /// What the prior scorecard adds to the log-odds for this value; nothing for a missing one.
    pub(super) fn prior(&self, value: f64) -> f64 {
        match self.shape {
            _ if value.is_nan() => 0.0,
            Shape::Log => self.weight * (value.max(0.0).ln_1p() - self.usual.ln_1p()),
            Shape::Plain => self.weight * (value - self.usual),
        }
    }

    /// The prior weight, per unit of the drawn value.
    pub fn prior_weight(&self) -> f64 {
        self.weight
    }

    /// A value in plain words.
    pub fn words(&self, value: f64) -> String {
        match self.name {
            COVERAGE => format!("{:.0} % {}", value * 100.0, self.unit),
            EMERGENCY | "standardChange" | "outsideHours" | "noBackoutPlan" if value > 0.5 => self.unit.to_owned(),
            EMERGENCY => "no emergency".to_owned(),
            "standardChange" => "no standard change".to_owned(),
            "outsideHours" => "start in working hours".to_owned(),
            "noBackoutPlan" => "backout plan in place".to_owned(),
            _ => format!("{value:.0} {}", self.unit),
        }
    }
}

/// The features as a history's columns.
pub fn features() -> Vec<Feature> {
    CATALOG.iter().map(|spec| Feature { name: spec.name.into(), sign: spec.sign }).collect()
}

/// The feature of this name.
pub fn spec(name: &str) -> Option<&'static Spec> {
    CATALOG.iter().find(|spec| spec.name == name)
}
