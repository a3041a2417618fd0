//! `interlock risk explain`: a release's risk, factor by factor, and the record of it.

use std::path::PathBuf;

use clap::Args;
use engine::queries::find_releases;
use engine::risk::{Risk, Risks};

use crate::cli::logs::LogArguments;
use crate::cli::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The release, `service@version` in any spelling that a system uses
    release: String,
    /// The configuration file; its systems are read once
    #[arg(long, value_name = "FILE", default_value = "interlock.toml")]
    config: PathBuf,
    /// Use this model instead of the configuration's
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Write the record (JSON) to this file; `interlock risk verify` computes it again
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Go by this moment instead of the machine's clock (RFC 3339)
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    #[command(flatten)]
    logs: LogArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let (graph, setup) = super::train::gather_once((&arguments.config, None), arguments.now).await?;
    let model = match &arguments.model {
        Some(path) => super::read_model(path)?,
        None => setup.model,
    };
    if !model.reads_releases() {
        let told = "the model was trained on columns that releases do not have; `risk train --config` makes one";
        return Err(Failure::usage(anyhow::anyhow!(told)));
    }
    let found = find_releases(&graph, &arguments.release);
    let [index] = found.as_slice() else {
        let keys: Vec<&str> = found.iter().map(|index| graph.releases.get(*index).key.as_str()).collect();
        let told = match keys.as_slice() {
            [] => format!("no release goes by {:?}", arguments.release),
            keys => format!("{:?} could be {}", arguments.release, keys.join(", ")),
        };
        return Err(Failure { error: anyhow::anyhow!(told), exit: Exit::Unknown });
    };
    let risks = Risks::of(&graph, &model, &setup.policy);
    let Some(risk) = risks.get(*index) else {
        return Err(Failure { error: anyhow::anyhow!("the release has no risk"), exit: Exit::Internal });
    };
    print!("{}", explained(risk, model.samples));
    if let Some(path) = &arguments.record {
        super::write(path, &risk.record.write().map_err(anyhow::Error::new)?)?;
    }
    Ok(Exit::Pass)
}

fn explained(risk: &Risk, samples: u64) -> String {
    let (inputs, result) = (&risk.record.inputs, &risk.record.result);
    let percent = |p: f64| p * 100.0;
    let mut lines = vec![
        format!(
            "{}: {:.1} % ({:.1} to {:.1} %), {:?}, goes to {:?}",
            inputs.release,
            percent(result.score.probability),
            percent(result.score.low),
            percent(result.score.high),
            result.level,
            result.escalation
        ),
        format!(
            "model {} ({samples} changes), decided {}, expected loss {:.0}",
            risk.record.model,
            inputs.snapshot.decided_at(),
            result.expected_loss
        ),
        risk.why_escalated(),
        String::new(),
        format!("{:>8.2}  log-odds of the base rate", result.score.base_log_odds),
    ];
    for factor in risk.factors() {
        let words = risk.explanation(factor);
        let words = words.rsplit_once(": ").map_or(words.as_str(), |(words, _)| words);
        lines.push(format!("{:>+8.2}  {words}", factor.log_odds));
    }
    lines.push(format!("{:>8.2}  log-odds of the risk", result.score.log_odds));
    if !risk.remedies.is_empty() {
        lines.push("\nWhat would lower it most:".to_owned());
        let remedies = risk.remedies.iter();
        lines.extend(remedies.map(|(words, lower)| format!("  {words}: {:.1} %", percent(*lower))));
    }
    lines.push(String::new());
    lines.join("\n")
}
