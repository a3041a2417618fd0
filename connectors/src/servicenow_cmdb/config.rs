//! What a `servicenow-cmdb` section may say beside the keys that every connector has.

use serde::Deserialize;

/// Options of a ServiceNow CMDB connector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// How many relations away from a service's item the neighbourhood reaches, 0 to 6.
    pub depth: usize,
    /// Most items read, so that a dense CMDB cannot fill the memory; beyond it there is a gap.
    pub most_items: usize,
    /// Columns read as observed configuration beside the standard ones and those of the items' own classes.
    pub attributes: Vec<String>,
    /// Rows per page, 1 to 10,000.
    pub page_size: usize,
    /// Id of the connector under which owners and support groups are known; none = its own.
    pub itsm: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { depth: 3, most_items: 200_000, attributes: Vec::new(), page_size: 1000, itsm: None }
    }
}
