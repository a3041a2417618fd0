//! What an `alertmanager` section may say beside the keys that every connector has.

use serde::Deserialize;

/// Options of an Alertmanager connector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Only alerts of these receivers, as a regular expression; none = all.
    pub receiver: Option<String>,
}
