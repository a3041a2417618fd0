//! Entity tags: a client that has an answer asks whether it is still the current one, and is spared the bytes.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};

/// The tag of these bytes. Weak, since the same content may travel compressed or not. It says nothing about when or
/// where they were made, so it holds across restarts, replicas and graphs that answer alike.
pub(super) fn entity_tag(bytes: &[u8]) -> HeaderValue {
    let tag = format!("W/\"{}\"", blake3::hash(bytes).to_hex());
    // Hexadecimal digits are always a header's value.
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// Does the client already have what goes by this tag? Compares weakly, as RFC 9110 asks for `If-None-Match`.
pub(super) fn is_current(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(opaque) else { return false };
    request.get_all(header::IF_NONE_MATCH).iter().any(|given| {
        given.to_str().is_ok_and(|list| list.split(',').any(|one| one.trim() == "*" || opaque(one) == tag))
    })
}

/// What the client has is current.
pub(super) fn not_modified() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let tag = entity_tag(b"answer");
        let text = tag.to_str().unwrap();
        let strong = text.trim_start_matches("W/");
        let cases = [
            (text.to_owned(), true),
            (strong.to_owned(), true),
            (format!("\"other\" , {text}"), true),
            ("*".to_owned(), true),
            ("\"other\"".to_owned(), false),
            (String::new(), false),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, given.parse().unwrap());
            assert_eq!(is_current(&headers, &tag), expected, "{given}");
        }
        assert!(!is_current(&HeaderMap::new(), &tag));
        assert_ne!(entity_tag(b"answer"), entity_tag(b"another"));
    }
}
