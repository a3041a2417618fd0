//! A load of so many connections, each asking again as soon as it is answered. Speaks as much HTTP/1.1 as it takes to
//! keep a connection open, so that it costs little beside what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::usage::Stopwatch;

/// What is asked: the body of the n-th request.
pub(crate) type Question = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    /// Statuses other than 200, errors in answers, broken connections.
    pub(crate) failed: u64,
    pub(crate) latencies: Vec<Duration>,
}

impl Tally {
    /// The latency that this share of the answers stayed under.
    pub(crate) fn quantile(&mut self, share: f64) -> Duration {
        self.latencies.sort_unstable();
        let place = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(place.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Asks over so many connections for so long.
pub(crate) async fn load(
    server: SocketAddr,
    (question, first): (&Question, u64),
    connections: usize,
    time: Duration,
) -> Tally {
    let watch = Stopwatch::start();
    let mut running = JoinSet::new();
    for number in 0..connections {
        let question = question.clone();
        // Far apart, so that no two connections ask the same unless the question is always the same.
        let from = first + (number as u64) * 10_000_000;
        running.spawn(async move {
            let mut tally = Tally::default();
            if ask_until(server, &question, from, (watch, time), &mut tally).await.is_err() {
                tally.failed += 1;
            }
            tally
        });
    }
    let mut all = Tally::default();
    while let Some(ended) = running.join_next().await {
        let Ok(tally) = ended else { continue };
        all.answered += tally.answered;
        all.failed += tally.failed;
        all.latencies.extend(tally.latencies);
    }
    all
}

#[expect(clippy::too_many_arguments, reason = "one run of one connection")]
async fn ask_until(
    server: SocketAddr,
    question: &Question,
    from: u64,
    (watch, time): (Stopwatch, Duration),
    tally: &mut Tally,
) -> Result<()> {
    let mut connection = Connection::open(server).await?;
    let mut number = from;
    while watch.elapsed() < time {
        let asked = Stopwatch::start();
        let answer = connection.ask(&question(number)).await?;
        let good = answer.starts_with(b"{\"data\":{") && !answer.ends_with(b"}]}");
        tally.failed += u64::from(!good);
        tally.answered += u64::from(good);
        tally.latencies.push(asked.elapsed());
        number += 1;
    }
    Ok(())
}

/// One open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    server: SocketAddr,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, server, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// The body of the answer to a POST; an error for every status but 200.
    pub(crate) async fn ask(&mut self, body: &str) -> Result<&[u8]> {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.server,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let (start, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(found) = head_of(&self.buffer)? {
                break found;
            }
        };
        while self.buffer.len() < start + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.get(start..start + length).unwrap_or_default())
    }
}

/// Where the body starts and how long it is, once the whole head is there.
fn head_of(read: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(read.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("http/1.1 200") {
        return Err(Error::other(format!("answered with {status}")));
    }
    let length = lines.find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    length.map(|length| Some((end + 4, length))).ok_or_else(|| Error::other("an answer without a length"))
}
