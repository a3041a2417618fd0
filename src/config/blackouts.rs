//! `[[blackouts]]`: times in which deployments are denied, beside those that the systems record, and what is let through.

use domain::{
    BlackoutScope, ConfiguredBlackout, ConfiguredException, EnvironmentKey, ServiceKey, Target, Text, Window,
};
use engine::calendar::{Recurrence, check_recurrence};
use jiff::Timestamp;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::Deserialize;

use super::landscape::Known;
use super::mistakes::Mistakes;

/// `[[blackouts]]`
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct BlackoutFile {
    /// Name, unique.
    pub key: String,
    /// IANA time zone of its times.
    #[serde(default = "super::file::utc")]
    pub time_zone: String,
    /// Local start of the first, for example 2026-12-28T00:00:00.
    pub start: String,
    /// Local end of the first.
    pub end: String,
    /// RFC 5545 rule, where it repeats.
    pub rrule: Option<String>,
    /// Environments, each with an optional region behind a slash: `production/eu`. Default: all.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Services. Without services, tags and tiers it closes all of them.
    #[serde(default)]
    pub services: Vec<String>,
    /// Service tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Service tiers.
    #[serde(default)]
    pub tiers: Vec<u8>,
    /// Changes that are let through.
    #[serde(default)]
    pub exceptions: Vec<ExceptionFile>,
}

/// `exceptions = [{ … }]`
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ExceptionFile {
    /// Number of the change.
    pub change: String,
    /// Targets. Default: wherever the blackout applies.
    #[serde(default)]
    pub targets: Vec<String>,
    /// First moment; default: the start of the change's own window.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// First moment after.
    #[schemars(with = "Option<String>")]
    pub to: Option<Timestamp>,
    /// Who granted it.
    pub approver: String,
    /// Why.
    pub reason: Option<String>,
}

pub(super) fn blackout(
    path: &str,
    file: BlackoutFile,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<ConfiguredBlackout> {
    let start = mistakes.check(format!("{path}.start"), file.start.parse::<DateTime>());
    let end = mistakes.check(format!("{path}.end"), file.end.parse::<DateTime>());
    for service in &file.services {
        Known::check(&known.services, ("service", service), format!("{path}.services"), mistakes);
    }
    let targets = targets(file.targets, format!("{path}.targets"), known, mistakes);
    let exceptions = file.exceptions.into_iter().enumerate().map(|(place, exception)| {
        self::exception(&format!("{path}.exceptions[{place}]"), exception, known, mistakes)
    });
    let exceptions = exceptions.collect();
    let (start, end) = (start?, end?);
    if end <= start {
        mistakes.add(format!("{path}.end"), "it must be after start");
    }
    let rule = file.rrule.map(Text::from);
    let what = Recurrence { place: path, rule: rule.as_deref(), start, end, zone: &file.time_zone };
    if let Err(error) = check_recurrence(&what) {
        mistakes.add(path, error.to_string());
    }
    Some(ConfiguredBlackout {
        name: file.key.into(),
        time_zone: file.time_zone.into(),
        start,
        end,
        rrule: rule,
        scope: BlackoutScope {
            targets,
            services: file.services.into_iter().map(ServiceKey::new).collect(),
            tags: file.tags.into_iter().map(Text::from).collect(),
            tiers: file.tiers,
            configuration_items: Vec::new(),
        },
        exceptions,
    })
}

fn exception(path: &str, file: ExceptionFile, known: &Known, mistakes: &mut Mistakes) -> ConfiguredException {
    let window = match (file.from, file.to) {
        (Some(from), Some(to)) if from < to => Some(Window { start: from, end: to }),
        (None, None) => None,
        _ => {
            mistakes.add(path, "give both from and to, from first, or neither for the change's own window");
            None
        }
    };
    if file.approver.trim().is_empty() {
        mistakes.add(format!("{path}.approver"), "an exception that nobody granted lets nothing through");
    }
    ConfiguredException {
        change: file.change.into(),
        targets: targets(file.targets, format!("{path}.targets"), known, mistakes),
        window,
        approver: file.approver.into(),
        reason: file.reason.map(Text::from),
    }
}

fn targets(words: Vec<String>, path: String, known: &Known, mistakes: &mut Mistakes) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for word in words {
        let (environment, region) = match word.split_once('/') {
            Some((environment, region)) => (environment, Some(Text::from(region))),
            None => (word.as_str(), None),
        };
        Known::check(&known.environments, ("environment", environment), path.clone(), mistakes);
        targets.push(Target { environment: EnvironmentKey::new(environment), region, tenant: None });
    }
    targets.sort();
    targets
}
