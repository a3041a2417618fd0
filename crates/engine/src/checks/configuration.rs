//! Is the stage before configured as the release expects? The same image with another configuration is another thing.

use domain::{Outcome, RecordKind};

use super::case::Case;
use super::code::CheckCode;
use super::ground::seen;
use super::judgement::{Act, ActCode, Check};

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
    let reason = format!("Nothing compares how {} is configured with {}.", stage.key, file.path);
    let act = Act::new(ActCode::Record, format!("Let the CMDB tell how {} is configured", stage.key), None);
    let check = Check::before(CODE, Outcome::Unknown, reason).resting_on([seen(file.path.clone(), &file.source)]);
    check.despite(gaps).resolved_by(vec![act])
}
