//! GraphiQL for people, from the binary itself: no file, font or script comes from another host, and the
//! browser is told to refuse any that would.

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;

use super::revalidation::{entity_tag, is_current, not_modified};

/// Scripts and connections from here alone. Styles may be inline: an open dialog locks scrolling by a style element.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const PAGE: Asset = Asset {
    name: "index.html",
    content_type: "text/html; charset=utf-8",
    bytes: include_bytes!("../../portal/graphiql/index.html"),
};

const ASSETS: [Asset; 7] = [
    Asset { name: "start.js", content_type: SCRIPT, bytes: include_bytes!("../../portal/graphiql/start.js") },
    Asset { name: "start.css", content_type: STYLE, bytes: include_bytes!("../../portal/graphiql/start.css") },
    Asset {
        name: "graphiql.min.js",
        content_type: SCRIPT,
        bytes: include_bytes!("../../portal/graphiql/graphiql.min.js"),
    },
    Asset {
        name: "graphiql.min.css",
        content_type: STYLE,
        bytes: include_bytes!("../../portal/graphiql/graphiql.min.css"),
    },
    Asset {
        name: "react.production.min.js",
        content_type: SCRIPT,
        bytes: include_bytes!("../../portal/graphiql/react.production.min.js"),
    },
    Asset {
        name: "react-dom.production.min.js",
        content_type: SCRIPT,
        bytes: include_bytes!("../../portal/graphiql/react-dom.production.min.js"),
    },
    Asset {
        name: "LICENSES.txt",
        content_type: "text/plain; charset=utf-8",
        bytes: include_bytes!("../../portal/graphiql/LICENSES.txt"),
    },
];

pub(super) fn page(headers: &HeaderMap) -> Response<Body> {
    let mut response = send(&PAGE, headers);
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    answer.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // One address serves the page to browsers and answers to programs.
    answer.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => send(asset, &headers),
        None => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    }
}

/// Browsers may keep what they have but ask each time whether it is still current: a new binary shows at once.
fn send(asset: &Asset, request: &HeaderMap) -> Response<Body> {
    let tag = entity_tag(asset.bytes);
    let mut response = match is_current(request, &tag) {
        true => not_modified(),
        false => Response::new(Body::from(Bytes::from_static(asset.bytes))),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, tag);
    response
}
