//! `interlock risk backtest`: the model and what it must beat, scored on a history in the order of time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use engine::risk::{Backtest, BacktestPlan, Scored, backtest};
use serde_json::{Value, json};

use super::{history, plots};
use crate::cli::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// CSV or gzipped CSV with the columns id, service, change_type, decided_at, failed, optional team and labelled_at,
    /// and features f_*; without labelled_at a label counts as known 72 hours after the decision
    #[arg(long, value_name = "FILE")]
    history: PathBuf,
    /// Share of the history that is only learnt from
    #[arg(long, value_name = "0..1", default_value_t = 0.3, value_parser = share)]
    from: f64,
    /// Share that is scored before the model is fitted anew
    #[arg(long, value_name = "0..1", default_value_t = 0.05, value_parser = share)]
    block: f64,
    /// How the numbers are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Write plots (SVG) into this folder: reliability, capture, distribution of scores
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Write each prediction into this file (CSV: id, probability, failed)
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table for people
    Table,
    /// One JSON object
    Json,
}

fn share(text: &str) -> Result<f64, String> {
    let told = || "expected a number over 0 and under 1".to_owned();
    let value: f64 = text.parse().map_err(|_| told())?;
    if value > 0.0 && value < 1.0 { Ok(value) } else { Err(told()) }
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let told = history::read(&arguments.history)?;
    let plan = BacktestPlan { from: arguments.from, block: arguments.block };
    let run = backtest(&told.history, plan, &mut super::progress("scored"));
    let best = run.ids.iter().zip(&run.model.pairs).filter_map(|(id, pair)| Some((*told.truth.get(id)?, pair.1)));
    let best = Scored { pairs: best.collect() };
    let found = Found { best, run };
    if let Some(folder) = &arguments.plots {
        plots::write_all(folder, &found.run.model)?;
    }
    if let Some(path) = &arguments.predictions {
        let rows = found.run.ids.iter().zip(&found.run.model.pairs);
        let rows: String = rows.map(|(id, (p, outcome))| format!("{},{p},{outcome:.0}\n", quoted(id))).collect();
        super::write(path, &format!("id,probability,failed\n{rows}"))?;
    }
    if found.run.model.auc().is_none() {
        eprintln!(
            "Only one outcome, or none, is known among the changes that were scored: good cannot be told from bad."
        );
    }
    match arguments.format {
        Format::Table => print!("{}", table(&found)),
        Format::Json => println!("{:#}", machine_form(&found)),
    }
    // Without failures or successes there is nothing to tell good from bad by.
    Ok(if found.run.model.auc().is_some() { Exit::Pass } else { Exit::Unknown })
}

/// A backtest, and for a simulated history what nobody could beat.
struct Found {
    run: Backtest,
    best: Scored,
}

/// As a CSV cell.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

const TOPS: [(&str, f64); 4] = [("5", 0.05), ("10", 0.1), ("20", 0.2), ("50", 0.5)];

fn baselines(found: &Found) -> Vec<(&'static str, &'static str, &Scored)> {
    let run = &found.run;
    let mut all = vec![
        ("constant", "constant", &run.constant),
        ("recentConstant", "recent constant", &run.recent_constant),
        ("empiricalBayes", "empirical Bayes", &run.empirical_bayes),
        ("servicenowPoints", "ServiceNow's points", &run.points),
        ("bestPossible", "best possible", &found.best),
    ];
    // Without their inputs there is nothing to show.
    all.retain(|(_, _, scored)| scored.count() > 0);
    all
}

fn machine_form(found: &Found) -> Value {
    let run = &found.run;
    let (model, brier) = (&run.model, run.model.brier());
    let auc = |scored: &Scored| {
        scored.auc().map_or(Value::Null, |auc| json!({"value": auc.value, "low": auc.low, "high": auc.high}))
    };
    let capture = |scored: &Scored| -> Value {
        let shares = TOPS.map(|(top, share)| (top.to_owned(), json!(scored.capture(share))));
        Value::Object(shares.into_iter().collect())
    };
    let mut beside = serde_json::Map::new();
    for (key, _, scored) in baselines(found) {
        let mut numbers = json!({"auc": scored.auc().map(|auc| auc.value), "capture": capture(scored)});
        // Points are no probabilities.
        if let (Value::Object(fields), true) = (&mut numbers, key != "servicenowPoints") {
            fields.insert("brier".to_owned(), json!(scored.brier_score()));
            fields.insert("logLoss".to_owned(), json!(scored.log_loss()));
        }
        beside.insert(key.to_owned(), numbers);
    }
    json!({
        "n": model.count(),
        "positives": model.failures(),
        "baseRate": model.base_rate(),
        "auc": auc(model),
        "prAuc": model.average_precision(),
        "brier": brier.value,
        "brierParts": {
            "reliability": brier.reliability,
            "resolution": brier.resolution,
            "uncertainty": brier.uncertainty,
        },
        "logLoss": model.log_loss(),
        "ece": model.calibration_error(),
        "capture": capture(model),
        "baselines": beside,
        "scored": run.scored,
        "unlabelled": run.unlabelled,
        "undated": run.undated,
        "folds": run.folds,
    })
}

fn table(found: &Found) -> String {
    let run = &found.run;
    let model = &run.model;
    let brier = model.brier();
    let mut lines = vec![format!(
        "{} changes scored in {} blocks, {:.0} failed ({:.2} %)",
        model.count(),
        run.folds,
        model.positives(),
        model.base_rate() * 100.0
    )];
    if run.undated + run.unlabelled > 0 {
        lines.push(format!(
            "{} without a moment (scored last, not learnt from), {} without a known outcome (not counted)",
            run.undated, run.unlabelled
        ));
    }
    lines.push(String::new());
    let header = "                          AUC   PR-AUC    Brier  log-loss     ECE   top 5 %  10 %  20 %  50 %";
    lines.push(header.to_owned());
    for (_, name, scored) in std::iter::once(("", "model", model)).chain(baselines(found)) {
        let [five, ten, twenty, fifty] = TOPS.map(|(_, top)| scored.capture(top) * 100.0);
        let auc = scored.auc().map_or(f64::NAN, |auc| auc.value);
        let calibrated = match name {
            "ServiceNow's points" => format!("{:>8} {:>9} {:>7}", "–", "–", "–"),
            _ => format!(
                "{:>8.4} {:>9.4} {:>7.4}",
                scored.brier_score(),
                scored.log_loss(),
                scored.calibration_error()
            ),
        };
        lines.push(format!(
            "{name:<22} {auc:>6.3} {:>8.3} {calibrated} {five:>9.1} {ten:>5.1} {twenty:>5.1} {fifty:>5.1}",
            scored.average_precision(),
        ));
    }
    lines.push(String::new());
    if let Some(auc) = model.auc() {
        lines.push(format!("AUC {:.3}, 95 % interval {:.3} to {:.3} (DeLong)", auc.value, auc.low, auc.high));
    }
    lines.push(format!(
        "Brier {:.4} = reliability {:.4} − resolution {:.4} + uncertainty {:.4} (+ spread within bins)",
        brier.value, brier.reliability, brier.resolution, brier.uncertainty
    ));
    lines.push(String::new());
    lines.join("\n")
}
