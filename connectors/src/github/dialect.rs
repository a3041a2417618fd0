//! How GitHub says "not so fast" and "no". A 403 is a limit only when headers or message say so; GraphQL says
//! it with status 200.

use std::time::Duration;

use serde::Deserialize;

use crate::error::{Failure, FailureKind};
use crate::resilience::{Answer, Dialect, standard_failure, vendor_now};

/// A secondary limit that names no time is left alone for at least this long, as GitHub asks.
const SECONDARY_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct GithubDialect;

impl Dialect for GithubDialect {
    fn judge(&self, answer: &Answer) -> Option<Failure> {
        let now = vendor_now(answer);
        let seen = self.rate_limit(&answer.headers, now);
        let wait = seen.wait(now);
        match answer.status.as_u16() {
            200 => graphql_limit(answer).then_some(Failure::from(FailureKind::RateLimited { retry_after: wait })),
            403 | 429 => {
                let secondary = says_secondary(answer);
                let limited = answer.status.as_u16() == 429
                    || seen.retry_after.is_some()
                    || seen.remaining == Some(0)
                    || secondary;
                if !limited {
                    return Some(FailureKind::Denied.into());
                }
                let retry_after = wait.or(secondary.then_some(SECONDARY_PAUSE));
                Some(FailureKind::RateLimited { retry_after }.into())
            }
            // Taken down for legal reasons: it exists, and we may not see it.
            451 => Some(FailureKind::Denied.into()),
            _ => standard_failure(answer.status, wait),
        }
    }
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message: String,
}

fn says_secondary(answer: &Answer) -> bool {
    let message = serde_json::from_slice::<Message>(&answer.body).map(|body| body.message.to_ascii_lowercase());
    message.is_ok_and(|text| {
        text.contains("secondary rate limit")
            || text.contains("abuse detection")
            || text.contains("rate limit exceeded")
    })
}

#[derive(Deserialize)]
struct GraphErrors {
    #[serde(default)]
    errors: Vec<GraphErrorType>,
}

#[derive(Deserialize)]
struct GraphErrorType {
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

fn graphql_limit(answer: &Answer) -> bool {
    // Most answers never mention it, and need not be parsed for it.
    const WORD: &[u8] = b"RATE_LIMITED";
    if !answer.body.windows(WORD.len()).any(|part| part == WORD) {
        return false;
    }
    serde_json::from_slice::<GraphErrors>(&answer.body)
        .is_ok_and(|body| body.errors.iter().any(|error| error.kind.as_deref() == Some("RATE_LIMITED")))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::resilience::Freshness;

    fn check(status: u16, headers: &[(&'static str, &str)], body: &str, expected: Option<FailureKind>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        let answer = Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
            received_at: "2026-03-26T15:58:30Z".parse().expect("a timestamp"),
            date_skew: None,
            freshness: Freshness::Fresh,
        };
        assert_eq!(
            GithubDialect.judge(&answer).map(|failure| failure.kind),
            expected,
            "{status} {headers:?} {body}"
        );
    }

    fn limited(seconds: u64) -> Option<FailureKind> {
        Some(FailureKind::RateLimited { retry_after: Some(Duration::from_secs(seconds)) })
    }

    #[test]
    fn a_plain_403_is_no_rate_limit() {
        check(403, &[], r#"{"message":"Resource not accessible by integration"}"#, Some(FailureKind::Denied));
        check(403, &[("x-ratelimit-remaining", "4999")], "{}", Some(FailureKind::Denied));
        let reset = ("x-ratelimit-reset", "1774540800");
        check(403, &[("x-ratelimit-remaining", "0"), reset], "{}", limited(90));
        check(403, &[("retry-after", "7")], "{}", limited(7));
        check(429, &[], "{}", Some(FailureKind::RateLimited { retry_after: None }));
    }

    #[test]
    fn a_secondary_limit_without_a_time_waits_a_minute() {
        check(403, &[], r#"{"message":"You have exceeded a secondary rate limit."}"#, limited(60));
    }

    #[test]
    fn graphql_says_it_with_status_200() {
        let body = r#"{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}"#;
        check(200, &[], body, Some(FailureKind::RateLimited { retry_after: None }));
        check(200, &[], r#"{"data":{"title":"RATE_LIMITED"}}"#, None);
    }

    #[test]
    fn other_statuses_keep_their_meaning() {
        check(404, &[], "{}", None);
        check(410, &[], "{}", Some(FailureKind::Gone));
        check(451, &[], "{}", Some(FailureKind::Denied));
    }
}
