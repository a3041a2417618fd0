//! The configuration: the file as written becomes a checked `Config`, or all its mistakes at once with their places.

mod access;
mod blackouts;
pub mod file;
mod gate;
mod gate_file;
mod hours;
mod landscape;
mod mistakes;
mod read;
mod risk;
mod risk_file;
mod schema;
mod secrets;
mod store;
mod systems;

use std::net::SocketAddr;
use std::path::Path;

use domain::Landscape;
use jiff::{SignedDuration, Timestamp};
use toml::Table;

pub use access::Token;

pub use file::{LimitsFile as Limits, RefreshFile as Refresh};
pub use mistakes::{Mistake, Mistakes};
pub use risk::RiskSetup;
pub use schema::json_schema;
pub use secrets::Environment;
pub use store::{StorePlace, StorePlan};
pub use systems::System;

use file::{AccessFile, HorizonFile, ServerFile};
use gate_file::GateFile;
use risk_file::RiskFile;

/// A checked configuration.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Host names by which clients may call, beside addresses and `localhost`.
    pub hosts: Vec<String>,
    /// What one request may cost.
    pub limits: Limits,
    /// Who may ask.
    pub tokens: Vec<Token>,
    /// How far the graph reaches.
    pub horizon: Horizon,
    /// How often systems are asked.
    pub refresh: Refresh,
    /// Where readings are remembered; `None`: nowhere.
    pub store: Option<StorePlan>,
    /// The systems.
    pub connectors: Vec<System>,
    /// The company.
    pub landscape: Landscape,
    /// How risk is judged.
    pub risk: RiskSetup,
    /// Which checks close a gate.
    pub gate: engine::gate::GatePolicy,
}

impl Config {
    /// Listens elsewhere; what holds of the configured address must hold of this one too.
    pub fn listen_at(&mut self, listen: SocketAddr) -> Result<(), Mistakes> {
        self.listen = listen;
        let mut mistakes = Mistakes::default();
        check_beyond_loopback(listen, &self.tokens, &mut mistakes);
        if mistakes.0.is_empty() { Ok(()) } else { Err(mistakes) }
    }
}

fn check_beyond_loopback(listen: SocketAddr, tokens: &[Token], mistakes: &mut Mistakes) {
    if !listen.ip().is_loopback() && tokens.is_empty() {
        mistakes.add(
            "access.tokens",
            "a gateway that listens beyond loopback needs at least one token: anonymous callers are let in on loopback only",
        );
    }
}

/// How far the graph reaches from the present moment.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    /// Back.
    pub past: SignedDuration,
    /// Ahead.
    pub future: SignedDuration,
}

impl Horizon {
    /// The window around a moment.
    pub fn around(&self, now: Timestamp) -> domain::Window {
        let start = now.checked_sub(self.past).unwrap_or(Timestamp::MIN);
        let end = now.checked_add(self.future).unwrap_or(Timestamp::MAX);
        domain::Window { start, end }
    }
}

/// Reads and checks a configuration file, with secrets from the process's environment.
pub fn load(path: &Path) -> Result<Config, Mistakes> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let mut mistakes = Mistakes::default();
        mistakes.add(path.display().to_string(), format!("cannot be read: {error}"));
        mistakes
    })?;
    check(&text, &|name| std::env::var(name).ok())
}

/// Checks a configuration.
pub fn check(text: &str, environment: Environment<'_>) -> Result<Config, Mistakes> {
    let mut mistakes = Mistakes::default();
    let mut table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            mistakes.add("TOML", error.to_string().trim_end().to_owned());
            return Err(mistakes);
        }
    };
    let server: ServerFile = read::section(&mut table, "server", &mut mistakes);
    let tokens = access_tokens(&mut table, &mut mistakes);
    let horizon: HorizonFile = read::section(&mut table, "horizon", &mut mistakes);
    let refresh: Refresh = read::section(&mut table, "refresh", &mut mistakes);
    let risk: RiskFile = read::section(&mut table, "risk", &mut mistakes);
    let risk = risk::check(risk, &mut mistakes);
    let gate: GateFile = read::section(&mut table, "gate", &mut mistakes);
    let gate = gate::check(gate, &mut mistakes);
    let store = store::check(&mut table, environment, &mut mistakes);
    let (ids, connectors) = systems::check(&mut table, environment, &mut mistakes);
    let sections = landscape::Sections {
        services: read::list(&mut table, "services", &mut mistakes),
        environments: read::list(&mut table, "environments", &mut mistakes),
        teams: read::list(&mut table, "teams", &mut mistakes),
        people: read::list(&mut table, "people", &mut mistakes),
        dependencies: read::list(&mut table, "dependencies", &mut mistakes),
        compatibilities: read::list(&mut table, "compatibilities", &mut mistakes),
        pools: read::list(&mut table, "pools", &mut mistakes),
        service_hours: read::list(&mut table, "service_hours", &mut mistakes),
        blackouts: read::list(&mut table, "blackouts", &mut mistakes),
    };
    for key in table.keys() {
        mistakes.add(key.clone(), "unknown section; see the annotated example");
    }
    let landscape = landscape::check(sections, &ids, &mut mistakes);
    let tokens = access::check(tokens, &landscape, environment, &mut mistakes);
    let listen = mistakes.check(
        "server.listen",
        server.listen.parse::<SocketAddr>().map_err(|_| {
            format!("{:?} is no address with a port; write for example \"127.0.0.1:4000\"", server.listen)
        }),
    );
    let horizon = checked_horizon(&horizon, &mut mistakes);
    for (path, duration) in [
        ("refresh.interval", refresh.interval),
        ("refresh.sweep", refresh.sweep),
        ("server.limits.time", server.limits.time),
    ] {
        if !duration.is_positive() {
            mistakes.add(path, "expected a duration above zero, for example \"PT60S\"");
        }
    }
    if let Some(listen) = listen {
        check_beyond_loopback(listen, &tokens, &mut mistakes);
    }
    match (listen, horizon, risk) {
        (Some(listen), Some(horizon), Some(risk)) if mistakes.0.is_empty() => Ok(Config {
            listen,
            hosts: server.hosts,
            limits: server.limits,
            tokens,
            horizon,
            refresh,
            store,
            connectors,
            landscape,
            risk,
            gate,
        }),
        _ => Err(mistakes),
    }
}

fn access_tokens(table: &mut Table, mistakes: &mut Mistakes) -> Vec<(String, file::TokenFile)> {
    let access: AccessFile = read::section(table, "access", mistakes);
    access.tokens.into_iter().enumerate().map(|(at, token)| (format!("access.tokens[{at}]"), token)).collect()
}

fn checked_horizon(file: &HorizonFile, mistakes: &mut Mistakes) -> Option<Horizon> {
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let mut length = |path: &str, span: &jiff::Span| {
        let duration = mistakes
            .check(path, span.to_duration(days).map_err(|_| "write days or hours, for example \"P90D\""))?;
        if duration.is_negative() || duration > SignedDuration::from_hours(24 * 1100) {
            mistakes.add(path, "expected between 0 and 1,100 days");
        }
        Some(duration)
    };
    let (past, future) = (length("horizon.past", &file.past), length("horizon.future", &file.future));
    Some(Horizon { past: past?, future: future? })
}

#[cfg(test)]
mod tests;
