//! Who lets a release off a check, and who breaks the glass. Both end by themselves, name two persons and a reason, and
//! count only while they hold.

use domain::{PersonKey, Release, ReleaseKey, ServiceKey, Target, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::policy::Limits;
use crate::checks::{Check, CheckCode};

/// What is granted at the moment of a decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// Glass that was broken.
    pub break_glass: Vec<BreakGlass>,
}

/// Lets the releases of a scope off one check for a while.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// Its id.
    pub id: Text,
    /// The check.
    pub code: CheckCode,
    /// The service; one of service and release is given: nobody is let off in general.
    pub service: Option<ServiceKey>,
    /// The release.
    pub release: Option<ReleaseKey>,
    /// Where; `None` = wherever it goes.
    pub target: Option<Target>,
    /// Why.
    pub reason: Text,
    /// Who asked for it.
    pub requested_by: PersonKey,
    /// Who granted it: somebody else.
    pub approved_by: PersonKey,
    /// First moment at which it counts.
    pub from: Timestamp,
    /// First moment at which it counts no longer.
    pub until: Timestamp,
}

/// Lets a release through in an emergency, whatever stands in its way and whatever cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlass {
    /// Its id.
    pub id: Text,
    /// The release.
    pub release: ReleaseKey,
    /// Where it may go.
    pub target: Target,
    /// Why.
    pub reason: Text,
    /// Who broke it.
    pub requested_by: PersonKey,
    /// Who agreed: somebody else.
    pub approved_by: PersonKey,
    /// First moment at which it counts.
    pub from: Timestamp,
    /// First moment at which it counts no longer.
    pub until: Timestamp,
}

/// Does a grant hold for a deployment that starts at the first of two moments, as known at the second: not for too
/// long, with a reason, by two persons?
fn holds(
    (from, until): (Timestamp, Timestamp),
    moments: [Timestamp; 2],
    longest: SignedDuration,
    (reason, persons): (&str, [&PersonKey; 2]),
) -> bool {
    let [one, other] = persons;
    let [start, known_at] = moments;
    // What is known may be a little older than the grant.
    let inside = from <= start && start < until && known_at < until;
    inside && until.duration_since(from) <= longest && !reason.trim().is_empty() && one != other
}

impl Waiver {
    /// Is it about this release there?
    pub fn concerns(&self, release: &Release, target: &Target) -> bool {
        let named = self.service.is_some() || self.release.is_some();
        named
            && self.service.as_ref().is_none_or(|service| *service == release.service)
            && self.release.as_ref().is_none_or(|key| *key == release.key)
            && self.target.as_ref().is_none_or(|own| own.covers(target))
    }

    /// Does it let a release off this check, of a deployment that starts then, as known then?
    pub(super) fn lets_off(&self, check: &Check, moments: [Timestamp; 2], limits: &Limits) -> bool {
        let longest = SignedDuration::from_hours(24 * i64::from(limits.waiver_days));
        let persons = [&self.requested_by, &self.approved_by];
        self.code == check.code
            && !limits.unwaivable.contains(&check.code)
            && holds((self.from, self.until), moments, longest, (&self.reason, persons))
    }
}

impl BreakGlass {
    /// Is it about this release there?
    pub fn concerns(&self, release: &ReleaseKey, target: &Target) -> bool {
        self.release == *release && self.target.covers(target)
    }

    /// Is the glass open for a deployment that starts then, as known then?
    pub(super) fn is_open(&self, moments: [Timestamp; 2], limits: &Limits) -> bool {
        let longest = SignedDuration::from_mins(i64::from(limits.break_glass_minutes));
        let persons = [&self.requested_by, &self.approved_by];
        holds((self.from, self.until), moments, longest, (&self.reason, persons))
    }
}
