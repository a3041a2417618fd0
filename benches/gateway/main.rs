//! The gateway under load beside the same JSON from a bare GraphQL schema over plain structs and from plain axum: how
//! much of their throughput it reaches, and whether its memory stays flat. Starts and stops everything itself;
//! `bench/README.md` tells how to read the table.

#![expect(clippy::indexing_slicing, reason = "a measurement fails by panicking")]

#[path = "../../crates/engine/benches/measure/estate.rs"]
#[expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]
mod estate;
#[path = "../../crates/engine/benches/measure/usage.rs"]
mod usage;

mod baselines;
mod client;
mod gateway;
mod questions;
mod rounds;
mod servers;
mod soak;

use std::time::Duration;

use anyhow::{Context, Result, bail};

use gateway::Upstream;
use questions::Questions;
use servers::Server;

/// What is asked of the command line.
#[derive(Debug, Clone, Copy)]
struct Options {
    seconds: f64,
    rounds: usize,
    minutes: f64,
    scale: u32,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.first().map(String::as_str) {
        Some("serve-gateway") => {
            let number = |place: usize| -> Result<u64> { Ok(arguments.get(place).context("a number")?.parse()?) };
            runtime.block_on(gateway::serve(Upstream {
                scale: u32::try_from(number(1)?)?,
                latency: Duration::from_millis(number(2)?),
                interval: Duration::from_millis(number(3)?),
            }))
        }
        Some(baseline @ ("serve-graphql" | "serve-json")) => {
            let file = arguments.get(1).context("a file of answers")?;
            let answers = serde_json::from_str(&std::fs::read_to_string(file)?)?;
            match baseline {
                "serve-graphql" => runtime.block_on(baselines::serve_graphql(answers)),
                _ => runtime.block_on(baselines::serve_json(answers)),
            }
        }
        _ => runtime.block_on(measure(options(&arguments)?)),
    }
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { seconds: 2.0, rounds: 3, minutes: 0.2, scale: 1 };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{pair:?} has no value") };
        match name.as_str() {
            "--seconds" => options.seconds = value.parse()?,
            "--rounds" => options.rounds = value.parse()?,
            "--minutes" => options.minutes = value.parse()?,
            "--scale" => options.scale = value.parse()?,
            _ => bail!("there is no option {name}: --seconds, --rounds, --minutes, --scale"),
        }
    }
    Ok(options)
}

async fn measure(options: Options) -> Result<()> {
    let scale = options.scale.to_string();
    let gateway = Server::start("gateway", &["serve-gateway", &scale, "0", "60000"])?;
    let distant = Server::start("gateway, systems 50 ms away", &["serve-gateway", &scale, "50", "10000"])?;
    let (questions, answers) = Questions::learn(&gateway).await?;
    let file = std::env::temp_dir().join(format!("interlock-bench-{}.json", std::process::id()));
    std::fs::write(&file, serde_json::to_vec(&answers)?)?;
    let path = file.to_string_lossy();
    let bare = Server::start("bare GraphQL", &["serve-graphql", &path])?;
    let floor = Server::start("plain axum", &["serve-json", &path])?;
    std::fs::remove_file(&file)?;
    questions.check_alike(&[&gateway, &distant, &bare, &floor]).await?;

    rounds::run(options, &questions, (&gateway, &distant), (&bare, &floor)).await?;
    drop((distant, bare, floor, gateway));
    if options.minutes > 0.0 {
        let busy = Server::start("gateway", &["serve-gateway", &scale, "50", "2000"])?;
        soak::run(Duration::from_secs_f64(options.minutes * 60.0), &questions, &busy).await?;
    }
    Ok(())
}
