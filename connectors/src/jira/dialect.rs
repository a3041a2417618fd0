//! How Jira says no. A wrong token is not always refused: where anonymous reading is allowed, it gets the answer of
//! a stranger with status 200, and only a header tells.

use crate::error::{Failure, FailureKind};
use crate::resilience::{Answer, Dialect, standard_failure, vendor_now};

/// Jira's manners.
#[derive(Debug, Clone, Copy)]
pub(super) struct JiraDialect;

const LOGIN: &str = "x-seraph-loginreason";

impl Dialect for JiraDialect {
    fn judge(&self, answer: &Answer) -> Option<Failure> {
        let told = answer.headers.get_all(LOGIN).iter().filter_map(|value| value.to_str().ok());
        let refused = told.flat_map(|value| value.split(',')).any(|reason| {
            matches!(reason.trim(), "AUTHENTICATED_FAILED" | "AUTHENTICATION_DENIED" | "AUTHORISATION_FAILED")
        });
        if refused && answer.status.is_success() {
            return Some(Failure::new(
                FailureKind::Unauthenticated,
                "it answered as to a stranger, because it did not accept the credentials",
            ));
        }
        let now = vendor_now(answer);
        standard_failure(answer.status, self.rate_limit(&answer.headers, now).wait(now))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::resilience::Freshness;

    fn check(status: u16, headers: &[(&'static str, &str)], expected: Option<FailureKind>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header"));
        }
        let answer = Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: map,
            body: Bytes::new(),
            received_at: "2026-03-26T15:58:30Z".parse().expect("a moment"),
            date_skew: None,
            freshness: Freshness::Fresh,
        };
        assert_eq!(JiraDialect.judge(&answer).map(|failure| failure.kind), expected, "{status} {headers:?}");
    }

    #[test]
    fn a_strangers_answer_is_no_answer() {
        check(200, &[("x-seraph-loginreason", "AUTHENTICATED_FAILED")], Some(FailureKind::Unauthenticated));
        check(200, &[("x-seraph-loginreason", "OUT, AUTHENTICATED_FAILED")], Some(FailureKind::Unauthenticated));
        check(200, &[("x-seraph-loginreason", "OK")], None);
        check(200, &[], None);
        check(401, &[], Some(FailureKind::Unauthenticated));
    }

    #[test]
    fn a_reset_told_to_the_minute_is_waited_for() {
        let wait =
            |seconds| Some(FailureKind::RateLimited { retry_after: Some(std::time::Duration::from_secs(seconds)) });
        check(429, &[("x-ratelimit-reset", "2026-03-26T16:00Z"), ("x-ratelimit-remaining", "0")], wait(90));
        check(429, &[("retry-after", "3"), ("x-ratelimit-reset", "2026-03-26T16:00Z")], wait(3));
        check(429, &[], Some(FailureKind::RateLimited { retry_after: None }));
    }
}
