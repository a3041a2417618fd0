//! Checks the systems: one section each, common keys here, the rest as the vendor wants it.

use std::collections::BTreeMap;
use std::time::Duration;

use connectors::Vendor;
use connectors::reach::{Identification, SystemPlan};
use connectors::resilience::Settings;
use domain::ConnectorId;
use jiff::SignedDuration;
use toml::{Table, Value};
use url::Url;

use super::file::{AuthFile, CONNECTOR_KEYS, ConnectorFile};
use super::mistakes::Mistakes;
use super::read;
use super::secrets::Environment;

/// A system that the configuration names.
#[derive(Debug, Clone)]
pub struct System {
    /// What every system has.
    pub plan: SystemPlan,
    /// Its vendor, with the vendor's own options.
    pub vendor: Vendor,
}

/// Checks all sections. Ids are told even of systems with mistakes, so that references to them are not mistakes too.
pub(super) fn check(
    table: &mut Table,
    environment: Environment<'_>,
    mistakes: &mut Mistakes,
) -> (Vec<ConnectorId>, Vec<System>) {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut systems = Vec::new();
    for (path, section) in read::tables(table, "connectors", mistakes) {
        if let Some(Value::String(id)) = section.get("id") {
            if id.is_empty() || id.contains(':') {
                mistakes.add(format!("{path}.id"), "an id is not empty and has no ':'");
            }
            if let Some(before) = places.insert(id.clone(), path.clone()) {
                mistakes.add(format!("{path}.id"), format!("{id:?} is already the id of {before}"));
            }
        }
        systems.extend(system(&path, section, environment, mistakes));
    }
    (places.into_keys().map(ConnectorId::new).collect(), systems)
}

fn system(path: &str, section: Table, environment: Environment<'_>, mistakes: &mut Mistakes) -> Option<System> {
    let (common, own): (Table, Table) =
        section.into_iter().partition(|(key, _)| CONNECTOR_KEYS.contains(&key.as_str()));
    let file: Option<ConnectorFile> = read::value_at(Value::Table(common), path, mistakes);
    let vendor_name = file.as_ref().map(|file| file.vendor.clone())?;
    let file = file?;
    let vendor = vendor(path, &vendor_name, own, mistakes);
    let url = address(path, file.url.as_deref(), vendor.as_ref(), mistakes);
    let settings = settings(path, &file, mistakes);
    let identification = identification(&format!("{path}.auth"), file.auth, environment, mistakes);
    let extra_ca_pem = file.ca_file.and_then(|file| {
        let read =
            std::fs::read(&file).map_err(|error| format!("{} cannot be read: {}", file.display(), error.kind()));
        mistakes.check(format!("{path}.ca_file"), read)
    });
    let (url, identification) = (url?, identification?);
    let plan = SystemPlan { id: ConnectorId::new(file.id), url, identification, settings, extra_ca_pem };
    Some(System { plan, vendor: vendor? })
}

fn vendor(path: &str, name: &str, own: Table, mistakes: &mut Mistakes) -> Option<Vendor> {
    if !Vendor::NAMES.contains(&name) {
        mistakes.add(
            format!("{path}.vendor"),
            format!("no vendor is called {name:?}; there are: {}", Vendor::NAMES.join(", ")),
        );
        return None;
    }
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let reader = serde_path_to_error::Deserializer::new(Value::Table(own), &mut track);
    let mut note = |key: serde_ignored::Path<'_>| unknown.push(key.to_string().replace(".?", ""));
    let ignored = serde_ignored::Deserializer::new(reader, &mut note);
    let read = Vendor::read(name, ignored);
    for key in unknown {
        mistakes
            .add(format!("{path}.{key}"), format!("unknown key of a {name} connector; see the annotated example"));
    }
    match read {
        Ok(options) => Some(options),
        Err(error) => {
            mistakes.add(format!("{path}.{}", track.path()), read::first_line(&error));
            None
        }
    }
}

fn address(path: &str, url: Option<&str>, vendor: Option<&Vendor>, mistakes: &mut Mistakes) -> Option<String> {
    let path = format!("{path}.url");
    match url {
        None if vendor.is_some_and(Vendor::needs_url) => {
            mistakes.add(path, "expected the address of the system, for example \"https://acme.example\"");
            None
        }
        None => Some(String::new()),
        Some(text) => match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
                    mistakes.add(path, "an address has no user, password or query; credentials belong under auth");
                    return None;
                }
                Some(text.trim_end_matches('/').to_owned())
            }
            _ => {
                mistakes.add(path, format!("{text:?} is no http or https address"));
                None
            }
        },
    }
}

fn settings(path: &str, file: &ConnectorFile, mistakes: &mut Mistakes) -> Settings {
    let mut settings = Settings::default();
    let mut time = |key: &str, duration: Option<SignedDuration>, place: &mut Duration| {
        if let Some(duration) = duration {
            match Duration::try_from(duration) {
                Ok(duration) => *place = duration,
                Err(_) => mistakes.add(format!("{path}.{key}"), "a duration is not negative"),
            }
        }
    };
    time("deadline", file.deadline, &mut settings.deadline);
    time("try_timeout", file.try_timeout, &mut settings.try_timeout);
    if let Some(concurrency) = file.limits.concurrency {
        settings.limits.concurrency = concurrency;
    }
    if let Some(rate) = file.limits.requests_per_second {
        settings.limits.requests_per_second = rate;
    }
    if let Some(burst) = file.limits.burst {
        settings.limits.burst = burst;
    }
    if let Some(retries) = file.retry.retries {
        settings.retry.retries = retries;
    }
    if let Some(budget) = file.retry.budget {
        settings.retry.budget = budget;
    }
    if let Some(bytes) = file.max_body_bytes {
        settings.max_body_bytes = bytes;
    }
    for knob in settings.out_of_bounds() {
        mistakes.add(format!("{path}.{}", knob.path), format!("expected {}", knob.bounds));
    }
    settings
}

fn identification(
    path: &str,
    auth: AuthFile,
    environment: Environment<'_>,
    mistakes: &mut Mistakes,
) -> Option<Identification> {
    let ways = [
        auth.basic.is_some(),
        auth.token.is_some(),
        auth.oauth_client_credentials.is_some(),
        auth.header.is_some(),
    ];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        mistakes.add(path, "expected one way: basic, token, oauth_client_credentials or header");
        return None;
    }
    if let Some(basic) = auth.basic {
        let password = basic.password.resolve(&format!("{path}.basic.password"), environment, mistakes)?;
        return Some(Identification::Basic { username: basic.username, password });
    }
    if let Some(token) = auth.token {
        return Some(Identification::Token(token.resolve(&format!("{path}.token"), environment, mistakes)?));
    }
    if let Some(oauth) = auth.oauth_client_credentials {
        let place = format!("{path}.oauth_client_credentials.client_secret");
        let client_secret = oauth.client_secret.resolve(&place, environment, mistakes)?;
        let client_id = oauth.client_id;
        return Some(Identification::ClientCredentials { client_id, client_secret, scope: oauth.scope });
    }
    if let Some(header) = auth.header {
        let name = http::HeaderName::try_from(header.name.as_str())
            .map_err(|_| format!("{:?} is no header name", header.name));
        let name = mistakes.check(format!("{path}.header.name"), name)?;
        let value = header.value.resolve(&format!("{path}.header.value"), environment, mistakes)?;
        return Some(Identification::Header { name, value });
    }
    Some(Identification::Anonymous)
}
