//! A target as clients name it.

use async_graphql::{InputObject, Result};
use domain::{EnvironmentKey, Text};
use engine::graph::ReleaseGraph;

use crate::graphql::errors;

/// An environment, with a region and a tenant where it has those.
#[derive(Debug, Clone, Hash, InputObject)]
pub(crate) struct TargetInput {
    /// Key of the environment.
    environment: String,
    /// One of its regions; without one, all of it is meant.
    region: Option<String>,
    /// The tenant, where the environment has tenants.
    tenant: Option<String>,
}

impl TargetInput {
    /// The target, where the graph has it.
    pub(crate) fn read(&self, graph: &ReleaseGraph) -> Result<domain::Target> {
        let key = EnvironmentKey::new(self.environment.as_str());
        let Some(environment) = graph.environments.by_id(&key) else {
            let known: Vec<&str> = graph.environments.iter().map(|(_, one)| one.key.as_str()).collect();
            return Err(errors::bad_input(format!(
                "`target.environment`: there is no environment {:?}; there are {}.",
                self.environment,
                known.join(", ")
            )));
        };
        let region = self.region.as_deref();
        if region.is_some_and(|region| !environment.regions.iter().any(|known| **known == *region)) {
            return Err(errors::bad_input(format!(
                "`target.region`: {} has no region {:?}; it has {}.",
                environment.key,
                region.unwrap_or_default(),
                match environment.regions.as_slice() {
                    [] => "none".to_owned(),
                    some => some.join(", "),
                }
            )));
        }
        Ok(domain::Target {
            environment: key,
            region: region.map(Text::from),
            tenant: self.tenant.as_deref().map(Text::from),
        })
    }
}
