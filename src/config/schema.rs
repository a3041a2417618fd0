//! The JSON Schema of the configuration file, for editors; generated into `schema/`.

use schemars::{JsonSchema, schema_for};

use super::file;

/// The whole file. Vendors' own keys of a connector stand beside these.
#[derive(JsonSchema)]
#[schemars(title = "Interlock configuration")]
#[expect(dead_code, reason = "only its schema is used")]
struct WholeFile {
    #[schemars(default)]
    server: Option<file::ServerFile>,
    access: Option<file::AccessFile>,
    horizon: Option<file::HorizonFile>,
    refresh: Option<file::RefreshFile>,
    store: Option<file::StoreFile>,
    connectors: Option<Vec<file::ConnectorFile>>,
    environments: Option<Vec<file::EnvironmentFile>>,
    teams: Option<Vec<file::TeamFile>>,
    services: Option<Vec<file::ServiceFile>>,
    people: Option<Vec<file::PersonFile>>,
    dependencies: Option<Vec<file::DependencyFile>>,
    compatibilities: Option<Vec<file::CompatibilityFile>>,
    pools: Option<Vec<file::PoolFile>>,
    service_hours: Option<Vec<super::hours::ServiceHoursFile>>,
    blackouts: Option<Vec<super::blackouts::BlackoutFile>>,
    risk: Option<super::risk_file::RiskFile>,
    gate: Option<super::gate_file::GateFile>,
}

/// The schema as JSON text.
pub fn json_schema() -> String {
    let schema = schema_for!(WholeFile);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
