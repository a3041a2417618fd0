//! Secrets come by reference, from the environment or a file, and are never printed.

use std::path::PathBuf;

use connectors::resilience::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use super::mistakes::Mistakes;

/// Where a secret is kept. Exactly one of the two.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct SecretReference {
    /// Name of an environment variable.
    pub env: Option<String>,
    /// Path of a file; a line end after the secret is left out.
    pub file: Option<PathBuf>,
}

/// Looks variables of the environment up; tests pass their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl SecretReference {
    /// The secret itself.
    pub(super) fn resolve(
        &self,
        path: &str,
        environment: Environment<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Secret> {
        let read = match (&self.env, &self.file) {
            (Some(name), None) => match environment(name) {
                Some(value) => Ok(value),
                None => Err(format!("environment variable {name} is not set")),
            },
            (None, Some(file)) => std::fs::read_to_string(file)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map_err(|error| format!("file {} cannot be read: {}", file.display(), error.kind())),
            _ => Err("expected either { env = \"NAME\" } or { file = \"path\" }".to_owned()),
        };
        let value = mistakes.check(path, read)?;
        if value.is_empty() {
            mistakes.add(path, "the secret is empty");
            return None;
        }
        Some(Secret::new(value))
    }
}
