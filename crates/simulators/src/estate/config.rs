//! Interlock's configuration for the estate: where the simulators listen, and which records belong to which service.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::model::{Estate, Forge, Joined, Service, Text};

/// Where the simulated systems are.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// `ADDR:PORT` for the gateway itself.
    pub listen: String,
    pub servicenow: String,
    pub servicenow_lending: String,
    pub jira: String,
    pub github: String,
    pub prometheus: String,
    pub alertmanager: String,
    /// Names and paths of the plain repositories.
    pub git: Vec<(Text, PathBuf)>,
}

/// The whole file. Secrets are references to the environment: `SERVICENOW_PASSWORD`, `JIRA_TOKEN`, `GITHUB_TOKEN`,
/// `PORTAL_TOKEN`, `BOT_TOKEN`, `AUDITOR_TOKEN`.
pub fn interlock_config(estate: &Estate, addresses: &Addresses) -> String {
    let mut text = String::new();
    access(&mut text, addresses);
    connectors(&mut text, addresses);
    environments(&mut text, estate);
    for team in &estate.teams {
        section(&mut text, "[[teams]]", &[("key", quoted(&team.key)), ("name", quoted(&team.name))]);
        line(&mut text, "groups", &format!("[{{ connector = \"servicenow\", name = {} }}]", quoted(&team.name)));
    }
    for service in &estate.services {
        write_service(&mut text, service);
    }
    people(&mut text, estate);
    dependencies(&mut text);
    text
}

/// Files that a release's repository holds at its tag: what it needs, what its contracts were verified with, and the
/// configuration it expects.
const RELEASE_FILES: [&str; 4] =
    ["release-manifest.toml", "pact-matrix.json", "config/staging.properties", "config/production.properties"];

/// A service is healthy while at most one request in twenty fails.
const HEALTH: &str = r#"[connectors.health.errors]
query = 'sum by ({labels}) (rate(http_requests_total{code=~"5..",{selector}}[5m])) / sum by ({labels}) (rate(http_requests_total{selector}[5m]))'
at_most = 0.05
samples = 'sum by ({labels}) (increase(http_requests_total{selector}[5m]))'
"#;

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            letter if letter.is_control() => {
                write!(out, "\\u{:04X}", u32::from(letter)).ok();
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let all: Vec<String> = texts.into_iter().map(quoted).collect();
    format!("[{}]", all.join(", "))
}

fn line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").ok();
}

fn section(text: &mut String, head: &str, lines: &[(&str, String)]) {
    writeln!(text, "\n{head}").ok();
    for (key, value) in lines {
        line(text, key, value);
    }
}

fn access(text: &mut String, addresses: &Addresses) {
    section(text, "[server]", &[("listen", quoted(&addresses.listen))]);
    for (name, variable, role) in [
        ("portal", "PORTAL_TOKEN", "READER"),
        ("bot", "BOT_TOKEN", "OPERATOR"),
        ("auditor", "AUDITOR_TOKEN", "AUDITOR"),
    ] {
        section(
            text,
            "[[access.tokens]]",
            &[
                ("name", quoted(name)),
                ("token", format!("{{ env = {} }}", quoted(variable))),
                ("person", quoted(name)),
                ("roles", list([role])),
                ("services", list(["*"])),
            ],
        );
    }
    section(text, "[horizon]", &[("past", quoted("P90D")), ("future", quoted("P180D"))]);
    section(text, "[refresh]", &[("interval", quoted("PT60S")), ("sweep", quoted("PT1H"))]);
}

fn connectors(text: &mut String, addresses: &Addresses) {
    let basic = |user: &str, variable: &str| {
        format!("{{ basic = {{ username = {}, password = {{ env = {} }} }} }}", quoted(user), quoted(variable))
    };
    let token = |variable: &str| format!("{{ token = {{ env = {} }} }}", quoted(variable));
    let service_now = basic("svc.interlock", "SERVICENOW_PASSWORD");
    let connector = |text: &mut String, (id, vendor, url): (&str, &str, &str), auth: Option<String>| {
        section(text, "[[connectors]]", &[("id", quoted(id)), ("vendor", quoted(vendor)), ("url", quoted(url))]);
        if let Some(auth) = auth {
            line(text, "auth", &auth);
        }
        // Simulated vendors need no politeness, and a newcomer should not wait for it.
        line(text, "limits", "{ requests_per_second = 500.0, burst = 500 }");
    };
    connector(text, ("servicenow", "servicenow", &addresses.servicenow), Some(service_now.clone()));
    line(text, "cmdb", &quoted("cmdb"));
    connector(text, ("servicenow-lending", "servicenow", &addresses.servicenow_lending), Some(service_now.clone()));
    connector(text, ("cmdb", "servicenow-cmdb", &addresses.servicenow), Some(service_now));
    line(text, "itsm", &quoted("servicenow"));
    let observed = super::servicenow::CUSTOM_COLUMNS.iter().map(|(_, column)| *column);
    line(text, "attributes", &list(observed.filter(|column| column.starts_with("u_cfg_"))));
    connector(text, ("jira", "jira", &addresses.jira), Some(basic(super::jira::READER.1, "JIRA_TOKEN")));
    connector(text, ("github", "github", &addresses.github), Some(token("GITHUB_TOKEN")));
    line(text, "files", &list(RELEASE_FILES));
    connector(text, ("prometheus", "prometheus", &addresses.prometheus), None);
    text.push_str(HEALTH);
    connector(text, ("alertmanager", "alertmanager", &addresses.alertmanager), None);
    let repositories: Vec<String> = addresses
        .git
        .iter()
        .map(|(name, path)| format!("{{ name = {}, path = {} }}", quoted(name), quoted(&path.to_string_lossy())))
        .collect();
    section(text, "[[connectors]]", &[("id", quoted("git")), ("vendor", quoted("git"))]);
    line(text, "repositories", &format!("[{}]", repositories.join(", ")));
    line(text, "files", &list(RELEASE_FILES));
}

fn environments(text: &mut String, estate: &Estate) {
    for environment in &estate.environments {
        section(
            text,
            "[[environments]]",
            &[
                ("key", quoted(environment.key)),
                ("stage", quoted(environment.stage)),
                ("time_zone", quoted(super::calendar::ZONE)),
                ("exclusive", environment.exclusive.to_string()),
                ("aliases", list(environment.aliases.iter().copied())),
            ],
        );
        if !environment.regions.is_empty() {
            line(text, "regions", &list(environment.regions.iter().copied()));
        }
        if let Some(after) = environment.after {
            line(text, "after", &quoted(after));
        }
        if environment.stage == "PRODUCTION" {
            line(
                text,
                "windows",
                "[{ rrule = \"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH\", start = \"18:00\", end = \"23:00\" }, \
                 { rrule = \"FREQ=WEEKLY;BYDAY=SA\", start = \"06:00\", end = \"12:00\" }]",
            );
        }
    }
}

fn write_service(text: &mut String, service: &Service) {
    let key = &service.key;
    let kind = if super::world::is_vendor(service) { "VENDOR" } else { "BUILT" };
    section(
        text,
        "[[services]]",
        &[
            ("key", quoted(key)),
            ("name", quoted(&service.name)),
            ("kind", quoted(kind)),
            ("tier", service.tier.to_string()),
            ("tags", list(service.tags.iter().copied())),
            ("owner", quoted(&service.team)),
            ("itsm", quoted("servicenow")),
            ("projects", format!("[{{ connector = \"jira\", project = {} }}]", quoted(&service.project))),
            (
                "configuration_items",
                format!(
                    "[{{ connector = \"cmdb\", name = {} }}, {{ connector = \"cmdb\", name = {} }}]",
                    quoted(key),
                    quoted(&format!("{key}-staging"))
                ),
            ),
            ("monitoring", format!("[{{ connector = \"prometheus\", labels = {{ service = {} }} }}]", quoted(key))),
        ],
    );
    if !service.regions.is_empty() {
        line(text, "regions", &list(service.regions.iter().copied()));
    }
    let aliases: Vec<String> = service
        .aliases
        .iter()
        .map(|alias| format!("{{ key = {}, to = {} }}", quoted(&alias.key), quoted(&alias.to.to_string())))
        .collect();
    if !aliases.is_empty() {
        line(text, "aliases", &format!("[{}]", aliases.join(", ")));
    }
    if let Some(code) = &service.code {
        let connector = match code.forge {
            Forge::GitHub => "github",
            Forge::PlainGit => "git",
        };
        let paths = if code.folder.is_empty() { "**".to_owned() } else { format!("{}/**", code.folder) };
        line(
            text,
            "repositories",
            &format!(
                "[{{ connector = {}, repository = {}, paths = {}, tags = {} }}]",
                quoted(connector),
                quoted(&code.repository),
                list([paths.as_str()]),
                quoted(&code.tag_pattern)
            ),
        );
    }
}

/// Those whose accounts no e-mail joins.
fn people(text: &mut String, estate: &Estate) {
    for person in &estate.people {
        let accounts: Vec<String> = person
            .accounts
            .iter()
            .filter(|account| account.joined == Joined::ByConfiguration)
            .map(|account| {
                format!("{{ connector = {}, login = {} }}", quoted(account.system), quoted(&account.login))
            })
            .collect();
        // A machine has no e-mail to be joined by and stays a machine.
        let Some(email) = person.email.as_deref().filter(|_| !accounts.is_empty()) else {
            continue;
        };
        section(text, "[[people]]", &[("name", quoted(&person.name)), ("email", quoted(email))]);
        line(text, "accounts", &format!("[{}]", accounts.join(", ")));
    }
}

/// What no system says: one lasting constraint, and the soft half of a circle for those who read no manifests.
fn dependencies(text: &mut String) {
    for (from, to, kind, constraint, reason) in [
        (
            "customer-portal",
            "payments-api",
            "HARD",
            ">=2.13.0",
            "Calls the second version of the payments interface.",
        ),
        (
            "fraud-engine",
            "card-gateway",
            "SOFT",
            ">=4.0.0",
            "Uses richer card data where it is there; works without.",
        ),
    ] {
        section(
            text,
            "[[dependencies]]",
            &[
                ("from", quoted(from)),
                ("to", quoted(to)),
                ("kind", quoted(kind)),
                ("constraint", quoted(constraint)),
                ("reason", quoted(reason)),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_mapped_once() {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let addresses = Addresses {
            listen: "127.0.0.1:0".to_owned(),
            servicenow: "http://127.0.0.1:1".to_owned(),
            servicenow_lending: "http://127.0.0.1:2".to_owned(),
            jira: "http://127.0.0.1:3".to_owned(),
            github: "http://127.0.0.1:4".to_owned(),
            prometheus: "http://127.0.0.1:5".to_owned(),
            alertmanager: "http://127.0.0.1:6".to_owned(),
            git: vec![("bank/data-lake".into(), PathBuf::from("/srv/git/a \"quoted\" one.git"))],
        };
        let text = interlock_config(&estate, &addresses);
        assert_eq!(text.matches("[[services]]").count(), 14);
        assert_eq!(text.matches("[[connectors]]").count(), 8);
        assert!(text.contains("{ connector = \"github\", login = \"ext7-lending\" }"), "{text}");
        assert!(text.contains("a \\\"quoted\\\" one.git"));
        assert!(text.contains("paths = [\"apps/mobile-app/**\"], tags = \"mobile-app-v{version}\""));
    }
}
