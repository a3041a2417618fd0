//! Which release a person's words mean.

use domain::{Release, ReleaseKey, Service, Version};

use crate::graph::{Index, ReleaseGraph};

/// The releases that `service@name` can mean: the one with this key, else those whose version or alias is spelled so,
/// under the service's key or any of its other names. Exact names beat others; more than one is ambiguous.
pub fn find_releases(graph: &ReleaseGraph, key: &str) -> Vec<Index<Release>> {
    if let Some(found) = graph.releases.find(&ReleaseKey::new(key)) {
        return vec![found];
    }
    let Some((word, spelling)) = key.split_once('@') else { return Vec::new() };
    let (word, spelling) = (word.trim(), spelling.trim());
    let named = |service: &&Service| service.names().iter().any(|name| name.eq_ignore_ascii_case(word));
    let services: Vec<&Service> = graph.services.iter().map(|(_, service)| service).filter(named).collect();
    let own = |release: &Release| services.iter().find(|service| service.key == release.service).copied();
    let candidates: Vec<(Index<Release>, &Release)> = graph
        .releases
        .iter()
        .filter(|(_, release)| own(release).is_some_and(|service| is_spelled(release, service, spelling)))
        .collect();
    let exactly = |release: &Release| {
        let mut aliases = release.aliases.iter();
        aliases.any(|alias| alias.exact && alias.value.eq_ignore_ascii_case(spelling))
    };
    let exact: Vec<_> = candidates.iter().filter(|(_, release)| exactly(release)).map(|(at, _)| *at).collect();
    if exact.is_empty() { candidates.into_iter().map(|(at, _)| at).collect() } else { exact }
}

fn is_spelled(release: &Release, service: &Service, spelling: &str) -> bool {
    let by_alias = release.aliases.iter().any(|alias| alias.value.eq_ignore_ascii_case(spelling));
    let by_version = || {
        let wanted = Version::parse(spelling, &service.names())?;
        Some(release.version.as_ref()? == &wanted)
    };
    by_alias || by_version().unwrap_or(false)
}
