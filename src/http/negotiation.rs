//! Which media type a request is written in and which one its answer shall have.
//! Follows "GraphQL over HTTP" and RFC 9110; a browser that asks for a page gets the page.

use axum::http::{HeaderMap, header};

/// The two media types of a GraphQL response. They differ in how statuses are used, not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerType {
    GraphqlResponse,
    Json,
}

impl AnswerType {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            AnswerType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            AnswerType::Json => "application/json; charset=utf-8",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Answer(AnswerType),
    /// A person's browser: `text/html` before any of ours.
    Page,
    Unsupported,
}

/// No `Accept` and `*/*` mean `application/json`: that is what clients of the time before the specification expect.
pub(super) fn wanted(headers: &HeaderMap) -> Wanted {
    let ranges = accepted_ranges(headers);
    if ranges.is_empty() {
        let said_something = headers.contains_key(header::ACCEPT);
        return if said_something { Wanted::Unsupported } else { Wanted::Answer(AnswerType::Json) };
    }
    let candidates = [
        (Wanted::Answer(AnswerType::GraphqlResponse), "application", "graphql-response+json", 1),
        (Wanted::Answer(AnswerType::Json), "application", "json", 2),
        (Wanted::Page, "text", "html", 0),
    ];
    candidates
        .into_iter()
        .filter_map(|(wanted, kind, subtype, wildcard_rank)| {
            let range = ranges
                .iter()
                .filter(|range| range.covers(kind, subtype))
                .max_by_key(|range| range.specificity())?;
            // A range that names the type outranks a wildcard; among wildcards `application/json` comes first.
            let rank = match range.specificity() {
                2 => (2, u8::from(wanted == Wanted::Answer(AnswerType::GraphqlResponse))),
                other => (other, wildcard_rank),
            };
            (range.weight > 0).then_some((range.weight, rank, wanted))
        })
        .filter(|(_, (specificity, _), wanted)| *wanted != Wanted::Page || *specificity == 2)
        .max_by_key(|(weight, rank, _)| (*weight, *rank))
        .map_or(Wanted::Unsupported, |(_, _, wanted)| wanted)
}

/// A POST body must be declared JSON in UTF-8. Anything a form or a plain cross-site script could send is refused,
/// which keeps other sites' pages from acting with a browser's standing.
pub(super) fn is_json_body(headers: &HeaderMap) -> bool {
    let mut declared = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (declared.next(), declared.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") && parts.all(|parameter| !names_other_charset(parameter))
}

struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    /// The quality value in thousandths.
    weight: u16,
}

impl MediaRange<'_> {
    fn covers(&self, kind: &str, subtype: &str) -> bool {
        let any_subtype = self.subtype == "*";
        (self.kind == "*" && any_subtype)
            || (self.kind.eq_ignore_ascii_case(kind) && (any_subtype || self.subtype.eq_ignore_ascii_case(subtype)))
    }

    fn specificity(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

fn accepted_ranges(headers: &HeaderMap) -> Vec<MediaRange<'_>> {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(parse_range)
        .collect()
}

/// `None` for what cannot be understood or asks for an encoding that is never sent.
fn parse_range(text: &str) -> Option<MediaRange<'_>> {
    let mut parts = text.split(';');
    let (kind, subtype) = parts.next()?.trim().split_once('/')?;
    let mut weight = 1000;
    for parameter in parts {
        if names_other_charset(parameter) {
            return None;
        }
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("q")
        {
            weight = parse_weight(value.trim())?;
        }
    }
    Some(MediaRange { kind: kind.trim(), subtype: subtype.trim(), weight })
}

fn parse_weight(text: &str) -> Option<u16> {
    let value: f32 = text.parse().ok()?;
    // In range by the guard, so the conversion loses nothing but the fraction.
    (0.0..=1.0).contains(&value).then(|| (value * 1000.0).round() as u16)
}

fn names_other_charset(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset") && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPHQL: Wanted = Wanted::Answer(AnswerType::GraphqlResponse);
    const JSON: Wanted = Wanted::Answer(AnswerType::Json);

    #[test]
    fn accept_decides_the_media_type() {
        let cases = [
            ("*/*", JSON),
            ("application/*", JSON),
            ("application/json", JSON),
            ("APPLICATION/JSON; charset=UTF-8", JSON),
            ("application/json; charset=\"utf-8\"", JSON),
            ("application/graphql-response+json", GRAPHQL),
            ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
            ("application/json, application/graphql-response+json", GRAPHQL),
            ("application/graphql-response+json;q=0.4, application/json;q=0.9", JSON),
            ("application/json, */*", JSON),
            ("application/graphql-response+json, */*", GRAPHQL),
            ("application/graphql-response+json;q=0, */*", JSON),
            ("application/json, multipart/mixed", JSON),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Wanted::Page),
            ("text/html;q=0.5, application/json", JSON),
            ("text/*", Wanted::Unsupported),
            ("application/json; charset=utf-16", Wanted::Unsupported),
            ("application/json;q=0", Wanted::Unsupported),
            ("image/png", Wanted::Unsupported),
            ("application/json;q=2", Wanted::Unsupported),
            ("nonsense", Wanted::Unsupported),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(wanted(&headers), expected, "Accept: {accept}");
        }
        assert_eq!(wanted(&HeaderMap::new()), JSON);
    }

    #[test]
    fn several_accept_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "application/json;q=0.1".parse().unwrap());
        headers.append(header::ACCEPT, "application/graphql-response+json".parse().unwrap());
        assert_eq!(wanted(&headers), GRAPHQL);
    }
}
