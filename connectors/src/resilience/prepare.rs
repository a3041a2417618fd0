//! Turns a request into what goes over the wire, before anything is spent on it.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::request::{Body, Expects, Request, Target};
use super::transport::{SetupError, Wire};
use crate::error::{Failure, FailureKind};

/// Checks a system's base URL; its path gets a slash at the end.
pub(super) fn base_url(text: &str) -> Result<Url, SetupError> {
    let mut url = Url::parse(text).map_err(|_| SetupError::BaseUrl)?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none();
    if !plain {
        return Err(SetupError::BaseUrl);
    }
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| SetupError::BaseUrl)?.pop_if_empty();
    Ok(url)
}

/// What goes over the wire, but for the credentials of each try.
pub(super) fn prepare(request: &Request, base: &Url, most: usize) -> Result<Wire, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::ACCEPT,
        match request.expects {
            Expects::Json => HeaderValue::from_static("application/json"),
            Expects::Anything => HeaderValue::from_static("*/*"),
        },
    );
    let body = encode(&request.body, &mut headers);
    for (name, value) in &request.headers {
        headers.insert(name.clone(), value.clone());
    }
    Ok(Wire {
        method: request.method.clone(),
        url: locate(request, base)?,
        headers,
        body,
        redirects: request.redirects,
        max_body_bytes: request.max_body_bytes.unwrap_or(most),
    })
}

fn encode(body: &Body, headers: &mut HeaderMap) -> Bytes {
    let (content_type, bytes) = match body {
        Body::Empty => return Bytes::new(),
        Body::Json(json) => ("application/json", json.clone()),
        Body::Form(pairs) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(pairs);
            ("application/x-www-form-urlencoded", Bytes::from(form.finish()))
        }
        Body::Bytes(content_type, bytes) => (*content_type, bytes.clone()),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    bytes
}

fn locate(request: &Request, base: &Url) -> Result<Url, Failure> {
    let mut url = match &request.target {
        Target::Segments(segments) => below(base, segments)?,
        Target::Link(link) => {
            let url = base
                .join(link)
                .map_err(|_| Failure::new(FailureKind::Malformed, "it gave a link that is no URL"))?;
            if url.origin() != base.origin() {
                return Err(Failure::new(FailureKind::RedirectRefused, "it gave a link to another host"));
            }
            url
        }
    };
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Ok(url)
}

fn below(base: &Url, segments: &[String]) -> Result<Url, Failure> {
    // An empty or dotted segment would silently name another resource.
    let misleading = |segment: &String| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain.is_empty() || plain == "." || plain == ".."
    };
    if segments.iter().any(misleading) {
        return Err(Failure::new(FailureKind::Unsendable, "a path segment is empty or consists of dots"));
    }
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| Failure::from(FailureKind::Unsendable))?.extend(segments);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(base: &str, request: &Request, expected: Result<&str, FailureKind>) {
        let base = base_url(base).expect("a base URL");
        let url = prepare(request, &base, 1).map(|wire| wire.url.to_string());
        assert_eq!(url.as_deref().map_err(|failure| failure.kind), expected);
    }

    #[test]
    fn paths_stand_below_the_base_and_are_encoded() {
        let request = Request::get("read", "rest/api/3/issue").segment("A B/C?#").query("q", "a&b");
        let expected = "https://acme.example/jira/rest/api/3/issue/A%20B%2FC%3F%23?q=a%26b";
        check("https://acme.example/jira", &request, Ok(expected));
        check("https://acme.example/jira/", &request, Ok(expected));
    }

    #[test]
    fn segments_cannot_climb() {
        for segment in ["..", ".", "", "%2e%2E"] {
            let request = Request::get("read", "a").segment(segment);
            check("https://acme.example", &request, Err(FailureKind::Unsendable));
        }
    }

    #[test]
    fn links_stay_on_the_host() {
        let link = |url| Request::link("next page", url);
        let base = "https://acme.example/api";
        let same = "https://acme.example/api/rows?page=2";
        check(base, &link(same), Ok(same));
        check(base, &link("/rows?page=2"), Ok("https://acme.example/rows?page=2"));
        let refused = Err(FailureKind::RedirectRefused);
        check(base, &link("https://evil.example/api"), refused);
        check(base, &link("http://acme.example/api"), refused);
        check(base, &link("//evil.example/"), refused);
    }

    #[test]
    fn a_base_url_is_plain() {
        for url in ["ftp://a", "https://u:p@a.example", "nonsense", "https://a.example/?x=1"] {
            assert_eq!(base_url(url), Err(SetupError::BaseUrl), "{url}");
        }
    }
}
