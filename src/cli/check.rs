//! `interlock check`: the configuration first, then every system: reachable, authenticated, permitted, clock, limits.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use connectors::{Probe, ProbeAnswer};
use domain::{ConnectorId, RecordKind};
use serde_json::{Value, json};

use super::logs::LogArguments;
use super::{Exit, Failure};
use crate::config;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "interlock.toml")]
    config: PathBuf,
    /// How the answers are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Check the configuration only; ask no system
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    logs: LogArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table for people
    Table,
    /// One JSON object
    Json,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let config = config::load(&arguments.config).map_err(Failure::usage)?;
    let clock = super::serve::clock(None);
    let mut probes: Vec<(ConnectorId, &'static str, Probe)> = Vec::new();
    if !arguments.offline {
        let connectors = super::gateway::connectors(&config, &clock)?;
        let asked = connectors.iter().map(|connector| connector.probe(clock.now()));
        let answers = futures::future::join_all(asked).await;
        for (connector, probe) in connectors.iter().zip(answers) {
            let descriptor = connector.descriptor();
            probes.push((descriptor.id.clone(), descriptor.vendor, probe));
        }
    }
    match arguments.format {
        Format::Table => print!("{}", table(&config, &probes)),
        Format::Json => println!("{:#}", machine_form(&probes)),
    }
    Ok(verdict(&probes))
}

/// 4 when a system does not answer at all, 1 when one refuses us or hides records, 0 otherwise.
fn verdict(probes: &[(ConnectorId, &'static str, Probe)]) -> Exit {
    let failed = |answer: &ProbeAnswer| matches!(answer, ProbeAnswer::Failed(_));
    if probes.iter().any(|(_, _, probe)| failed(&probe.reachable)) {
        return Exit::Unreachable;
    }
    let refused = probes.iter().any(|(_, _, probe)| {
        failed(&probe.authenticated) || probe.permitted.iter().any(|(_, answer)| failed(answer))
    });
    if refused { Exit::Fail } else { Exit::Pass }
}

fn word(answer: &ProbeAnswer) -> String {
    match answer {
        ProbeAnswer::Good(remark) if remark.is_empty() => "yes".to_owned(),
        ProbeAnswer::Good(remark) => format!("yes ({remark})"),
        ProbeAnswer::Warning(remark) => format!("yes, but {remark}"),
        ProbeAnswer::Failed(error) => format!("NO: {}", error.kind),
        ProbeAnswer::Skipped => "not asked".to_owned(),
    }
}

fn table(config: &config::Config, probes: &[(ConnectorId, &'static str, Probe)]) -> String {
    let landscape = &config.landscape;
    let mut lines = vec![format!(
        "configuration                  good: {} systems, {} services, {} environments, {} tokens",
        config.connectors.len(),
        landscape.services.len(),
        landscape.environments.len(),
        config.tokens.len()
    )];
    for (id, vendor, probe) in probes {
        lines.push(String::new());
        lines.push(format!("{id} ({vendor})"));
        lines.push(format!("  reachable                    {}", word(&probe.reachable)));
        lines.push(format!("  authenticated                {}", word(&probe.authenticated)));
        for (kind, answer) in &probe.permitted {
            lines.push(format!("  {:<28} {}", kind_word(*kind), word(answer)));
        }
        if let Some(skew) = probe.clock_skew {
            let remark = if skew.abs() > SKEW_WORTH_TELLING { "  <- more than a minute" } else { "" };
            lines.push(format!("  clock skew                   {:.1} s{remark}", skew.as_secs_f64()));
        }
        if let Some(limits) = &probe.limits {
            lines.push(format!("  limits                       {limits}"));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

const SKEW_WORTH_TELLING: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

fn kind_word(kind: RecordKind) -> String {
    match serde_json::to_value(kind) {
        Ok(Value::String(word)) => format!("reads {}", word.to_lowercase().replace('_', " ")),
        _ => format!("reads {kind:?}"),
    }
}

fn machine_form(probes: &[(ConnectorId, &'static str, Probe)]) -> Value {
    let answer = |answer: &ProbeAnswer| match answer {
        ProbeAnswer::Good(remark) => json!({"outcome": "PASS", "remark": remark}),
        ProbeAnswer::Warning(remark) => json!({"outcome": "PASS", "warning": remark}),
        ProbeAnswer::Failed(error) => {
            json!({"outcome": "FAIL", "code": error.code().as_str(), "message": error.to_string()})
        }
        ProbeAnswer::Skipped => json!({"outcome": "UNKNOWN"}),
    };
    let systems: Vec<Value> = probes
        .iter()
        .map(|(id, vendor, probe)| {
            json!({
                "connector": id.as_str(),
                "vendor": vendor,
                "reachable": answer(&probe.reachable),
                "authenticated": answer(&probe.authenticated),
                "permitted": probe.permitted.iter().map(|(kind, one)| {
                    let mut one = answer(one);
                    if let Value::Object(fields) = &mut one {
                        fields.insert("kind".to_owned(), json!(kind));
                    }
                    one
                }).collect::<Vec<_>>(),
                "clockSkewSeconds": probe.clock_skew.map(|skew| skew.as_secs_f64()),
                "limits": probe.limits,
            })
        })
        .collect();
    json!({ "configuration": {"outcome": "PASS"}, "systems": systems })
}
