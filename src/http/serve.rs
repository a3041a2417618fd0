//! Listening and stopping: on request no new connection is taken, running requests get a bounded time to end.

use std::{future::IntoFuture, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

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

/// Serves until shutdown is requested. Requests still running after `grace` end with the runtime.
pub async fn serve(listener: TcpListener, router: Router, shutdown: Shutdown) -> io::Result<()> {
    let Shutdown { requested, grace } = shutdown;
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(requested.clone().cancelled_owned());
    let deadline = async {
        requested.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = serving.into_future() => result,
        () = deadline => {
            warn!(grace_seconds = grace.as_secs(), "Requests were still running at the end of the grace period; leaving them");
            Ok(())
        }
    }
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
