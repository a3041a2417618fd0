//! The authentication that a proxy puts in front of a server.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[derive(Debug, Clone, Default)]
pub enum Access {
    #[default]
    Open,
    Bearer(String),
    Basic {
        username: String,
        password: String,
    },
}

impl Access {
    fn wanted(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Open => None,
            Self::Bearer(token) => Some(("Bearer", format!("Bearer {token}"))),
            Self::Basic { username, password } => Some((
                "Basic realm=\"monitoring\"",
                format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))),
            )),
        }
    }
}

pub(super) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let Some((challenge, wanted)) = access.wanted() else {
        return next.run(request).await;
    };
    let given = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if given == Some(wanted.as_bytes()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "Unauthorized\n").into_response()
}
