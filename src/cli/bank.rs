//! The demonstration estate as the command line starts it: which moment, how large, on which ports.

use std::sync::Arc;

use clap::Args;
use connectors::{Clock, SystemClock};
use jiff::Timestamp;
use simulators::bank::{Bank, Places, TemporaryFolder};
use simulators::clock::Running;
use simulators::estate;
use simulators::estate::systems::Ports;

/// The estate to make.
#[derive(Debug, Clone, Args)]
pub(super) struct EstateArguments {
    /// The moment at which the estate begins (RFC 3339); its clocks run on from there. Default: the start of today, UTC
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<Timestamp>,
    /// The same seed and moment make the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Multiplies services and history; the stories stay the same
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    scale: u32,
}

impl EstateArguments {
    /// The moment at which the estate begins.
    pub(super) fn start(&self) -> Result<Timestamp, anyhow::Error> {
        match self.now {
            Some(now) => Ok(now),
            None => Ok(start_of_day(SystemClock.now())?),
        }
    }

    /// Makes the estate and serves nothing.
    pub(super) fn generate(&self) -> Result<estate::Estate, anyhow::Error> {
        let options = estate::Options { scale: self.scale, ..estate::Options::new(self.seed, self.start()?) };
        Ok(estate::generate(&options)?)
    }

    /// Makes the estate and serves it; the folder lives as long as the bank.
    pub(super) async fn open(
        &self,
        gateway: String,
        first_port: u16,
    ) -> Result<(Bank, TemporaryFolder), anyhow::Error> {
        let start = self.start()?;
        let options = estate::Options { scale: self.scale, ..estate::Options::new(self.seed, start) };
        let folder = TemporaryFolder::make()?;
        let ports = if first_port == 0 { Ports::Any } else { Ports::From(first_port) };
        let places = Places { gateway, ports, folder: folder.path().to_owned() };
        let bank = Bank::open(&options, &places, Arc::new(Running::from(start))).await?;
        Ok((bank, folder))
    }
}

fn start_of_day(now: Timestamp) -> Result<Timestamp, jiff::Error> {
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp())
}
