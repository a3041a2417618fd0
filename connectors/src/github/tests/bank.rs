//! The whole demonstration estate through the connector.

use std::collections::BTreeSet;

use domain::Text;
use simulators::estate;

use super::world::{World, now};
use crate::github::KINDS;

#[tokio::test]
async fn the_demonstration_estate_is_read_without_gaps() {
    let made = estate::generate(&estate::Options::new(1, now())).expect("an estate");
    let content = estate::github::content(&made, &estate::git::all_shas(&made));
    let files = ["release-manifest.toml", "config/staging.properties", "config/production.properties"];
    let files = files.map(str::to_owned).to_vec();
    let options = crate::github::Options { files, ..crate::github::Options::default() };
    let mut world = World::holding(content, options).await;
    for service in &made.services {
        let Some(code) = &service.code else { continue };
        let Some(patterns) = world.interest.repositories.get_mut(&*code.repository) else { continue };
        patterns.insert(Text::from(code.tag("{version}")));
    }
    for patterns in world.interest.repositories.values_mut() {
        *patterns =
            patterns.iter().filter(|pattern| pattern.as_str() != "v{version}").cloned().collect::<BTreeSet<_>>();
    }
    let gathered = world.sweep().await;
    assert_eq!(gathered.gaps, []);
    let full = world.server.requests.total();
    // All that a release leaves behind is there.
    for kind in KINDS {
        assert!(gathered.records.count(kind) > 0, "{kind:?}");
    }
    let again = world.refresh(&gathered).await;
    assert_eq!(again.gaps, []);
    let unchanged = world.requests() - full;
    println!("a full gather costs {full} requests, an unchanged refresh {unchanged}");
    assert!(full < 250, "{full}");
    assert!(unchanged < 10, "{unchanged}");
}
