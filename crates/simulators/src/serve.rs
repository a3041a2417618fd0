//! Serves a vendor's routes on a local port, with counting, faults and the control routes around them.
//! Stopping a server also breaks the connections it holds, as a crash would.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::serve::Listener;
use axum::{Json, Router, middleware};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::clock::SharedClock;
use crate::faults::{Fault, Faults, interfere};
use crate::requests::{Requests, count};

/// A running simulator. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    pub addr: SocketAddr,
    pub faults: Faults,
    pub requests: Requests,
    stopping: CancellationToken,
    task: JoinSet<()>,
}

impl Server {
    /// Serves `router` on 127.0.0.1; port 0 takes any free one.
    pub async fn start(router: Router, port: u16, clock: SharedClock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let faults = Faults::new(clock);
        let requests = Requests::default();
        let stopping = CancellationToken::new();
        let door = Door { listener, faults: faults.clone(), stopping: stopping.clone() };
        let app = with_controls(router, &faults, &requests);
        let stopped = stopping.clone().cancelled_owned();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let server = axum::serve(door, app).with_graceful_shutdown(stopped);
            if let Err(error) = server.await {
                tracing::error!(%error, "a simulator stopped serving");
            }
        });
        Ok(Self { addr, faults, requests, stopping, task })
    }

    /// The address as clients write it, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Closes the port and every connection, and returns when both are gone.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.task.join_next().await.is_some() {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// The routes of a vendor under counting and faults, beside `/_simulator/faults` and `/_simulator/requests`.
pub fn with_controls(router: Router, faults: &Faults, requests: &Requests) -> Router {
    let controls =
        Router::new().route("/_simulator/faults", get(list).put(set).delete(clear)).with_state(faults.clone());
    let counts =
        Router::new().route("/_simulator/requests", get(counted).delete(reset)).with_state(requests.clone());
    router
        .layer(middleware::from_fn_with_state(faults.clone(), interfere))
        .layer(middleware::from_fn_with_state(requests.clone(), count))
        .merge(controls)
        .merge(counts)
}

async fn list(State(faults): State<Faults>) -> Json<Vec<Fault>> {
    Json(faults.active())
}

async fn set(State(faults): State<Faults>, Json(fault): Json<Fault>) -> StatusCode {
    faults.set(fault);
    StatusCode::NO_CONTENT
}

async fn clear(State(faults): State<Faults>) -> StatusCode {
    faults.clear();
    StatusCode::NO_CONTENT
}

async fn counted(State(requests): State<Requests>) -> Json<impl serde::Serialize> {
    Json(requests.summary())
}

async fn reset(State(requests): State<Requests>) -> StatusCode {
    requests.reset();
    StatusCode::NO_CONTENT
}

/// A listener that can refuse, and whose connections end when the server stops.
struct Door {
    listener: TcpListener,
    faults: Faults,
    stopping: CancellationToken,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) if self.faults.take_refusal() => reject(&stream),
                Ok((stream, from)) => return (Connection::new(stream, &self.stopping), from),
                Err(error) => {
                    tracing::warn!(%error, "a simulator could not take a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Without lingering the client sees a reset, as from a port that nobody serves.
fn reject(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::warn!(%error, "a refused connection closes politely instead of by reset");
    }
}

/// A TCP stream that fails as soon as its server stops.
struct Connection {
    stream: TcpStream,
    stopping: CancellationToken,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Connection {
    fn new(stream: TcpStream, stopping: &CancellationToken) -> Self {
        Self { stream, stopping: stopping.clone(), stopped: Box::pin(stopping.clone().cancelled_owned()) }
    }

    fn broken<T>() -> Poll<io::Result<T>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.stopped.as_mut().poll(context).is_ready() {
            return Self::broken();
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.stopping.is_cancelled() {
            return Self::broken();
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
