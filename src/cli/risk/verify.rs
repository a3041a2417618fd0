//! `interlock risk verify`: computes a kept record again, offline, and compares the bytes.

use std::path::PathBuf;

use clap::Args;
use engine::risk::{Forged, Model, Record};

use crate::cli::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The record, as written by `explain --record`
    record: PathBuf,
    /// The model that made it; without one the prior scorecard
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let text = super::read(&arguments.record)?;
    let model = match &arguments.model {
        Some(path) => super::read_model(path)?,
        None => {
            let claimed: Record =
                serde_json::from_str(&text).map_err(|error| malformed(&arguments.record, error.into()))?;
            Model::prior(claimed.inputs.policy.base_rate)
        }
    };
    match Record::verify(&text, &model) {
        Ok(record) => {
            let score = record.result.score.probability * 100.0;
            println!("{} holds: {score:.1} %, by {}", arguments.record.display(), record.model);
            Ok(Exit::Pass)
        }
        Err(error @ Forged::Differs { .. }) => {
            println!("{} does not hold: {error}", arguments.record.display());
            Ok(Exit::Fail)
        }
        Err(error) => Err(malformed(&arguments.record, error)),
    }
}

fn malformed(path: &std::path::Path, error: Forged) -> Failure {
    Failure::usage(anyhow::Error::new(error).context(path.display().to_string()))
}
