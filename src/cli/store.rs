//! `interlock store`: looks after what is remembered: checks it, copies it, puts a copy back, prunes it.

use std::path::PathBuf;

use ::store::{Extent, Store, StoreError};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Read everything that is stored and tell what is wrong with it; a gateway may write meanwhile
    Check {
        /// The SQLite file
        file: PathBuf,
    },
    /// Copy a SQLite store as it is now; a gateway may write meanwhile
    Backup {
        /// The SQLite file
        file: PathBuf,
        /// The copy; it must not be there yet
        copy: PathBuf,
    },
    /// Make a SQLite store from a copy that holds together; the store must not be there yet
    Restore {
        /// The copy
        copy: PathBuf,
        /// The SQLite file
        file: PathBuf,
    },
    /// Forget versions that were replaced long ago, and give their space back; no gateway may run
    Prune {
        /// The SQLite file
        file: PathBuf,
        /// How long replaced versions are kept, for example P365D
        #[arg(long, value_name = "DURATION", default_value = "P730D", value_parser = days)]
        retention: SignedDuration,
    },
}

fn days(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|_| "expected a duration, for example P365D".to_owned())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours());
    length.map_err(|_| "write days or hours, for example P365D".to_owned())
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.task {
        Task::Check { file } => {
            let store = Store::sqlite_for_reading(&file).await.map_err(failure)?;
            let faults = store.check().await.map_err(failure)?;
            for fault in &faults {
                println!("{}", fault.0);
            }
            println!("{}: {}", store.place(), told(&store.extent().await.map_err(failure)?));
            Ok(if faults.is_empty() { Exit::Pass } else { Exit::Fail })
        }
        Task::Backup { file, copy } => {
            let backup = Store::back_up(&file, &copy).await.map_err(failure)?;
            println!("{}: {}", backup.path.display(), told(&backup.extent));
            Ok(Exit::Pass)
        }
        Task::Restore { copy, file } => {
            let restored = Store::restore(&copy, &file).await.map_err(failure)?;
            println!("{}: {}", restored.path.display(), told(&restored.extent));
            Ok(Exit::Pass)
        }
        Task::Prune { file, retention } => {
            if !file.exists() {
                return Err(Failure::usage(anyhow::anyhow!("{} is not there", file.display())));
            }
            let store = Store::sqlite(&file).await.map_err(failure)?;
            let before = super::serve::clock(None).now().checked_sub(retention).map_err(Failure::usage)?;
            let pruned = store.prune(before).await.map_err(failure)?;
            store.compact().await.map_err(failure)?;
            println!("forgot {} versions and {} readings", pruned.versions, pruned.readings);
            println!("{}: {}", store.place(), told(&store.extent().await.map_err(failure)?));
            Ok(Exit::Pass)
        }
    }
}

fn told(extent: &Extent) -> String {
    let Extent { records, versions, readings, size_bytes } = extent;
    let per_version = size_bytes.checked_div(*versions).unwrap_or_default();
    format!(
        "{records} records, {versions} versions, {readings} readings, {size_bytes} bytes ({per_version} per version)"
    )
}

fn failure(error: StoreError) -> Failure {
    let exit = match &error {
        StoreError::Unusable { .. } | StoreError::Locked { .. } | StoreError::Occupied { .. } => Exit::Usage,
        StoreError::Damaged { .. } => Exit::Fail,
        StoreError::Newer { .. } => Exit::Usage,
        StoreError::ReadOnly { .. } | StoreError::Failed { .. } => Exit::Internal,
    };
    Failure { error: error.into(), exit }
}
