//! Is the stage before configured as the release expects? The same image with another configuration is another thing.

use std::collections::BTreeSet;

use domain::{Outcome, RecordKind, Target};

use super::case::Case;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check};
use crate::drift::{Drift, drift_at};

const CODE: CheckCode = CheckCode::ConfigurationAsExpected;

pub(super) fn check(case: &Case<'_>) -> Check {
    let graph = case.graph();
    let here = graph.environments.by_id(&case.ground.target.environment);
    let stage = here.and_then(|here| graph.environments.by_id(here.after.as_ref()?));
    let Some(stage) = stage else {
        return Check::before(
            CODE,
            Outcome::NotApplicable,
            format!("No stage comes before {}.", case.ground.target),
        );
    };
    let gaps = case.ground.dark(&[RecordKind::File], &case.forges());
    let Some(file) = case.expected_configuration(stage) else {
        let reason = format!("It states no configuration that it expects in {}.", stage.key);
        return Check::before(CODE, Outcome::NotApplicable, reason).despite(gaps);
    };
    let place = Target::of(&stage.key);
    let witness = seen(file.path.clone(), &file.source);
    let key = &case.ground.release.key;
    let (outcome, reason) = match drift_at(graph, key, &place) {
        None => (Outcome::Unknown, format!("Nothing tells how {} is configured.", stage.key)),
        Some(drift) if drift.is_empty() => (Outcome::Pass, format!("{} is configured as it expects.", stage.key)),
        Some(drift) => {
            let keys: Vec<String> = drift.iter().map(told).collect();
            (Outcome::Fail, format!("{} is configured otherwise than it expects: {}.", stage.key, keys.join(", ")))
        }
    };
    let items = case.ground.dark(&[RecordKind::ConfigurationItem], &BTreeSet::new());
    let check = Check::before(CODE, outcome, reason).resting_on([witness]);
    let check = check.despite(gaps.into_iter().chain(items).collect());
    if !matches!(check.outcome, Outcome::Fail | Outcome::Unknown) || !check.acts.is_empty() {
        return check;
    }
    let detail = format!("Configure {} as {} says, and let the CMDB tell it", stage.key, file.path);
    let by = case.ground.owner(&case.ground.release.service);
    check.resolved_by(vec![Act::new(ActCode::Record, detail, by)])
}

fn told(drift: &Drift) -> String {
    let expected = drift.expected.as_deref().unwrap_or("nothing");
    format!("{} is {} instead of {expected}", drift.key, drift.observed)
}
