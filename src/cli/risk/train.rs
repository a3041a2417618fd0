//! `interlock risk train`: from a history in a file, or from what the systems of a configuration keep, to a model file.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use engine::correlate::CorrelationPolicy;
use engine::graph::ReleaseGraph;
use engine::risk::{BacktestPlan, Model, history_of};
use jiff::SignedDuration;

use super::history;
use crate::cli::logs::LogArguments;
use crate::cli::{Exit, Failure};
use crate::config;
use crate::federation::{Extent, Federation, FederationPlan};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Train on this history (CSV, as for backtest)
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    history: Option<PathBuf>,
    /// Train on what the systems of this configuration keep
    #[arg(long, value_name = "FILE", required_unless_present = "history")]
    config: Option<PathBuf>,
    /// How far back systems are read, 1 to 36 months
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=36))]
    months: i64,
    /// Go by this moment instead of the machine's clock (RFC 3339)
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// Write the model to this file; `[risk] model` in the configuration names it
    #[arg(long, value_name = "FILE", default_value = "risk-model.json")]
    output: PathBuf,
    #[command(flatten)]
    logs: LogArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    arguments.logs.start()?;
    let (history, whole) = match (&arguments.history, &arguments.config) {
        (Some(path), _) => (history::read(path)?.history, true),
        (None, Some(path)) => {
            eprintln!("reading {} months from the systems", arguments.months);
            let past = SignedDuration::from_hours(arguments.months * 30 * 24);
            let (graph, _) = gather_once((path, Some(past)), arguments.now).await?;
            (history_of(&graph), graph.gaps.is_empty())
        }
        (None, None) => return Err(Failure::usage(anyhow::anyhow!("name --history or --config"))),
    };
    let model = Model::train(&history, BacktestPlan::default(), &mut super::progress("trained"))
        .map_err(|error| Failure { error: error.into(), exit: Exit::Unknown })?;
    let text = model.write().map_err(anyhow::Error::new)?;
    super::write(&arguments.output, &text)?;
    println!("{}: {} changes, {} failed", model.version, model.samples, model.positives);
    if let Some(evaluation) = &model.evaluation {
        let auc = evaluation.auc.map_or(f64::NAN, |auc| auc.value);
        println!(
            "on changes that it had not seen: AUC {auc:.3}, Brier {:.4} (recent constant {:.4}), n {}, failed {}",
            evaluation.brier, evaluation.brier_of_recent_constant, evaluation.samples, evaluation.positives
        );
    }
    println!("written to {}; name it as `model` in the section [risk]", arguments.output.display());
    if !whole {
        eprintln!("Some systems could not be read in full: failures may be missing from what it learnt.");
    }
    Ok(if whole { Exit::Pass } else { Exit::Unknown })
}

/// Reads the systems of a configuration once; with a longer horizon where one is given.
pub(super) async fn gather_once(
    (path, past): (&PathBuf, Option<SignedDuration>),
    now: Option<jiff::Timestamp>,
) -> Result<(Arc<ReleaseGraph>, config::RiskSetup), Failure> {
    let mut config = config::load(path).map_err(Failure::usage)?;
    let clock = crate::cli::serve::clock(now);
    let connectors = crate::cli::gateway::connectors(&config, &clock)?;
    config.horizon.past = past.unwrap_or(config.horizon.past);
    let federation = Arc::new(Federation::new(FederationPlan {
        connectors,
        landscape: config.landscape,
        horizon: config.horizon,
        refresh: config.refresh,
        policy: CorrelationPolicy::default(),
        clock,
    }));
    let graph = federation.gather(Extent::Sweep).await;
    let graph = graph.ok_or_else(|| Failure {
        error: anyhow::anyhow!("the systems were read, but no graph could be made"),
        exit: Exit::Internal,
    })?;
    if graph.releases.is_empty() && !graph.gaps.is_empty() {
        let error = anyhow::anyhow!("no system answered; `interlock check` tells which and why");
        return Err(Failure { error, exit: Exit::Unreachable });
    }
    Ok((graph, config.risk))
}
