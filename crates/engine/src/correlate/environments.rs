//! The environment and region behind a system's own word: `production-eu`, `prod/eu`, `EU Production`.

use domain::{Change, Environment, EnvironmentWord, Service, Stage, Target, Text};

use super::walk::Walk;
use crate::graph::{Index, Table};

/// What a word stands for; `None` when no environment goes by it.
pub(crate) fn environment_word(environments: &Table<Environment>, word: &str) -> Option<EnvironmentWord> {
    let word = word.trim();
    let whole = environments.iter().find(|(_, environment)| environment.is_called(word));
    if let Some((_, environment)) = whole {
        return Some(EnvironmentWord { environment: environment.key.clone(), region: None });
    }
    for (at, _) in word.char_indices().filter(|(_, c)| is_separator(*c)) {
        let (head, tail) = (word.get(..at)?, word.get(at..)?.trim_start_matches(is_separator));
        for (name, region) in [(head, tail), (tail, head)] {
            let name = name.trim_matches(is_separator);
            let found = environments.iter().find_map(|(_, environment)| {
                let region = environment.regions.iter().find(|known| known.eq_ignore_ascii_case(region))?;
                environment
                    .is_called(name)
                    .then(|| EnvironmentWord { environment: environment.key.clone(), region: Some(region.clone()) })
            });
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// The target that a word stands for, with the region that stands beside it.
pub(super) fn target_of(environments: &Table<Environment>, word: &str, region: Option<&Text>) -> Option<Target> {
    let found = environment_word(environments, word)?;
    let region = found.region.or_else(|| region.filter(|region| !region.is_empty()).cloned());
    Some(Target { environment: found.environment, region, tenant: None })
}

/// Where a service goes in an environment: each of its regions there, or the environment as a whole.
pub(crate) fn targets_in(environment: &Environment, service: &Service) -> Vec<Target> {
    let regions: Vec<&Text> =
        service.regions.iter().filter(|region| environment.regions.contains(region)).collect();
    if regions.is_empty() {
        return vec![Target::of(&environment.key)];
    }
    let targets = regions.into_iter().map(|region| Target {
        environment: environment.key.clone(),
        region: Some(region.clone()),
        tenant: None,
    });
    targets.collect()
}

/// A service's targets in production.
pub(super) fn production_targets(environments: &Table<Environment>, service: &Service) -> Vec<Target> {
    let mut targets: Vec<Target> = environments
        .iter()
        .filter(|(_, environment)| environment.stage == Stage::Production)
        .flat_map(|(_, environment)| targets_in(environment, service))
        .collect();
    targets.sort();
    targets
}

/// Where a change goes for a service: the environment that it names, else that of its main item, else production.
pub(super) fn targets_of_change(walk: &Walk, change: &Change, service: Index<Service>) -> Vec<Target> {
    let environments = &walk.graph.environments;
    let service = walk.graph.services.get(service);
    let item = change.main_configuration_item.as_ref().and_then(|id| walk.graph.configuration_items.by_id(id));
    let words = [change.environment.as_deref(), item.and_then(|item| item.environment.as_deref())];
    let Some(word) = words.into_iter().flatten().find_map(|word| environment_word(environments, word)) else {
        return production_targets(environments, service);
    };
    match (&word.region, environments.by_id(&word.environment)) {
        (None, Some(environment)) => targets_in(environment, service),
        _ => vec![Target { environment: word.environment, region: word.region, tenant: None }],
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '/' | '_' | '.' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::environments;

    fn check(word: &str, expected: &str) {
        let seen = target_of(&Table::new(environments()), word, None).map(|target| target.to_string());
        assert_eq!(seen.unwrap_or_default(), expected, "{word}");
    }

    #[test]
    fn words_of_systems_stand_for_environments_and_regions() {
        check("production", "production");
        check("PROD", "production");
        check("production-eu", "production/eu");
        check("prod/uk", "production/uk");
        check("EU Production", "production/eu");
        check("prd_eu", "");
        check("production-mars", "");
        check("staging", "staging");
        check("", "");
    }
}
