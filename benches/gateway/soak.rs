//! Memory over minutes of load, while the gateway reads its systems and publishes graphs: it must stay flat.

use std::time::Duration;

use anyhow::Result;

use crate::client::load;
use crate::questions::{Operation, Questions};
use crate::servers::Server;

const SAMPLES: u32 = 12;
const MIB: f64 = 1024.0 * 1024.0;

/// Asks new questions for so long and tells what the gateway's memory does meanwhile.
pub(crate) async fn run(time: Duration, questions: &Questions, gateway: &Server) -> Result<()> {
    let (page, list) = (questions.distinct(Operation::Page), questions.distinct(Operation::List));
    println!("\nmemory during {:.1} minutes of load, a graph every 2 seconds", time.as_secs_f64() / 60.0);
    println!("  {:>8} {:>10} {:>13}", "minutes", "answers", "resident MiB");
    let mut resident = Vec::new();
    let mut answered = 0;
    for sample in 1..=SAMPLES {
        let first = u64::from(sample) * 10_000_000_000;
        let part = time / SAMPLES;
        let (pages, lists) = tokio::join!(
            load(gateway.address, (&page, first), 16, part),
            load(gateway.address, (&list, first), 16, part)
        );
        answered += pages.answered + lists.answered;
        let now = gateway.usage().resident as f64 / MIB;
        println!("  {:>8.2} {answered:>10} {now:>13.0}", (part * sample).as_secs_f64() / 60.0);
        resident.push(now);
    }
    // The first quarter fills the kept answers and the allocator's pools.
    let settled = resident.get(resident.len() / 4..).unwrap_or_default();
    let (first, last) = settled.split_at(settled.len() / 2);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    println!("    × {:.3} in the second half of the settled time beside the first", mean(last) / mean(first));
    println!("    {:.0} MiB at the peak", gateway.usage().peak as f64 / MIB);
    Ok(())
}
