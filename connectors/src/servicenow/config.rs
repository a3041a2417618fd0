//! What a `servicenow` section may say beside the keys that every connector has.

use serde::Deserialize;

/// Options of a ServiceNow ITSM connector.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Id of the connector under which its references to configuration items are known; none = its own.
    pub cmdb: Option<String>,
    /// Column of `change_request` that names the release, for example `u_release`; none = texts and correlation id.
    pub release_column: Option<String>,
    /// Column of `change_request` that names the environment; none = the texts.
    pub environment_column: Option<String>,
    /// Rows per page, 1 to 10,000.
    pub page_size: usize,
    /// Read the past of changes and approvals from `sys_audit`? Needs the right to read it.
    pub history: bool,
    /// Column of `std_change_record_producer` that lists the steps a template may be used for; none = it does not say.
    pub template_steps_column: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cmdb: None,
            release_column: None,
            environment_column: None,
            page_size: 1000,
            history: true,
            template_steps_column: Some("u_allowed_steps".to_owned()),
        }
    }
}
