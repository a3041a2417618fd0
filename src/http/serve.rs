//! Listening and stopping: on request no new connection is taken, running requests get a bounded time to end.
//! Own loop, since the ready-made one neither bounds how slowly a client may send its head nor ends at a deadline.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, error, info, warn};

const HEAD_TIME: Duration = Duration::from_secs(15);
const PAUSE_WHEN_OUT_OF_SOCKETS: Duration = Duration::from_millis(500);

/// How serving ends: cancel `requested`, then at most `grace` passes.
#[derive(Debug, Clone)]
pub struct Shutdown {
    pub requested: CancellationToken,
    pub grace: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown { requested: CancellationToken::new(), grace: Duration::from_secs(20) }
    }
}

/// Serves until shutdown is requested and running requests have ended, or are dropped at the end of `grace`.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) -> io::Result<()> {
    let Shutdown { requested, grace } = shutdown;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = requested.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, router.clone(), requested.clone()));
                }
                Err(cause) if is_of_one_connection(&cause) => debug!(%cause, "A connection ended before it began"),
                Err(cause) => {
                    error!(%cause, "No further connection can be taken just now");
                    sleep(PAUSE_WHEN_OUT_OF_SOCKETS).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(grace, all_ended).await.is_err() {
        let left = connections.len();
        warn!(left, grace_seconds = grace.as_secs(), "Requests were still running at the end of the grace period");
        connections.shutdown().await;
    }
    Ok(())
}

/// Resolves when the process is asked to end, by Ctrl-C or by its supervisor.
pub async fn asked_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        _ = interrupted => {}
        _ = terminated => {}
    }
    info!("Asked to end; finishing running requests");
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, stopping: CancellationToken) {
    if let Err(cause) = stream.set_nodelay(true) {
        debug!(%cause, "A connection keeps its small packets back");
    }
    let service = router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD_TIME);
    let mut exchange =
        pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service)));
    let ended = tokio::select! {
        ended = exchange.as_mut() => ended,
        () = stopping.cancelled() => {
            exchange.as_mut().graceful_shutdown();
            exchange.await
        }
    };
    if let Err(cause) = ended {
        debug!(%cause, "A connection broke");
    }
}

fn is_of_one_connection(cause: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(cause.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
