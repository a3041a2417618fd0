//! `[[service_hours]]`: when agreements promise a service to those who use it.

use domain::{EnvironmentKey, ServiceHours, ServiceKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::file::WindowFile;
use super::landscape::{Known, check_zone, windows};
use super::mistakes::Mistakes;

/// `[[service_hours]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ServiceHoursFile {
    /// The agreement's name.
    pub name: String,
    /// The services that it promises.
    pub services: Vec<String>,
    /// The environments in which it promises them.
    pub environments: Vec<String>,
    /// IANA time zone of its hours.
    #[serde(default = "super::file::utc")]
    pub time_zone: String,
    /// The hours.
    pub windows: Vec<WindowFile>,
}

/// One agreement's hours.
pub(super) fn service_hours(
    path: &str,
    file: ServiceHoursFile,
    known: &Known,
    mistakes: &mut Mistakes,
) -> ServiceHours {
    for (name, words) in [("services", file.services.len()), ("environments", file.environments.len())] {
        if words == 0 {
            mistakes.add(format!("{path}.{name}"), "expected at least one");
        }
    }
    if file.windows.is_empty() {
        mistakes.add(
            format!("{path}.windows"),
            "expected at least one, such as { rrule = \"FREQ=DAILY\", start = \"08:00\", end = \"18:00\" }",
        );
    }
    for service in &file.services {
        Known::check(&known.services, ("service", service), format!("{path}.services"), mistakes);
    }
    for environment in &file.environments {
        Known::check(&known.environments, ("environment", environment), format!("{path}.environments"), mistakes);
    }
    check_zone(path, &file.time_zone, mistakes);
    ServiceHours {
        name: file.name.into(),
        services: file.services.into_iter().map(ServiceKey::new).collect(),
        environments: file.environments.into_iter().map(EnvironmentKey::new).collect(),
        windows: windows(path, file.windows, mistakes),
        time_zone: file.time_zone.into(),
    }
}
