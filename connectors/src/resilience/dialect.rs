//! How a system says "not so fast" and "no": the standard reading of statuses and rate headers,
//! which a vendor may refine. Reset moments are read by the system's own clock where it tells it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::answer::Answer;
use crate::error::{Failure, FailureKind};

/// A vendor's way of answering. Each method has the standard reading as its default.
pub trait Dialect: Send + Sync {
    /// Names the failure that an answer means, or `None` if it is good.
    fn judge(&self, answer: &Answer) -> Option<Failure> {
        let now = vendor_now(answer);
        standard_failure(answer.status, self.rate_limit(&answer.headers, now).wait(now))
    }

    /// Reads the rate limit that the headers tell; `now` is the system's own time.
    fn rate_limit(&self, headers: &HeaderMap, now: Timestamp) -> RateLimitSeen {
        standard_rate_limit(headers, now)
    }
}

/// The standard reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct StandardDialect;

impl Dialect for StandardDialect {}

/// What a system told about its rate limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimitSeen {
    /// Requests allowed in its period.
    pub limit: Option<u64>,
    /// Requests left in it.
    pub remaining: Option<u64>,
    /// When the period ends, by the system's clock.
    pub resets_at: Option<Timestamp>,
    /// How long it asks us to wait, in so many words (`Retry-After`).
    pub retry_after: Option<Duration>,
}

impl RateLimitSeen {
    /// How long to wait once the limit is reached: as asked, or else until the period ends, unless
    /// the headers say that some requests are left. Means nothing while the system answers well.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let until_reset = self
            .resets_at
            .filter(|_| self.remaining.unwrap_or(0) == 0)
            .and_then(|at| Duration::try_from(at.duration_since(now)).ok());
        self.retry_after.or(until_reset)
    }

    /// Whether anything about a limit was told (a bare `Retry-After` is not).
    #[must_use]
    pub fn tells_a_limit(&self) -> bool {
        self.limit.is_some() || self.remaining.is_some() || self.resets_at.is_some()
    }
}

/// The system's time when it answered: ours, corrected by its `Date` header.
#[must_use]
pub fn vendor_now(answer: &Answer) -> Timestamp {
    let skew = answer.date_skew.unwrap_or_default();
    answer.received_at.checked_add(skew).unwrap_or(answer.received_at)
}

/// What a status means for everyone who has not learnt better; `wait` is for a 429.
#[must_use]
pub fn standard_failure(status: StatusCode, wait: Option<Duration>) -> Option<Failure> {
    let kind = match status.as_u16() {
        200..=299 | 304 | 404 => return None,
        401 => FailureKind::Unauthenticated,
        403 => FailureKind::Denied,
        408 => FailureKind::TimedOut,
        410 => FailureKind::Gone,
        429 => FailureKind::RateLimited { retry_after: wait },
        status @ 500.. => FailureKind::Unavailable { status },
        300..=399 => FailureKind::RedirectRefused,
        status => FailureKind::Rejected { status },
    };
    Some(kind.into())
}

/// Reads `Retry-After` (seconds or date), `X-RateLimit-*` and `RateLimit-*` with a reset in epoch
/// seconds, in seconds from now, or as an ISO moment down to the minute.
#[must_use]
pub fn standard_rate_limit(headers: &HeaderMap, now: Timestamp) -> RateLimitSeen {
    let number = |names: [&str; 2]| first(headers, &names).and_then(|text| text.parse().ok());
    let resets_at =
        first(headers, &["x-ratelimit-reset", "ratelimit-reset"]).and_then(|text| read_reset(text, now));
    RateLimitSeen {
        limit: number(["x-ratelimit-limit", "ratelimit-limit"]),
        remaining: number(["x-ratelimit-remaining", "ratelimit-remaining"]),
        resets_at,
        retry_after: first(headers, &["retry-after"]).and_then(|text| read_wait(text, now)),
    }
}

/// An HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
#[must_use]
pub fn read_http_date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new();
    date.parse_timestamp(text.trim()).ok()
}

fn first<'a>(headers: &'a HeaderMap, names: &[&str]) -> Option<&'a str> {
    let mut values = names.iter().filter_map(|name| headers.get(*name));
    values.next()?.to_str().ok().map(str::trim)
}

fn read_wait(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = read_http_date(text)?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

fn read_reset(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        // No period lasts thirty years: a small number counts from now.
        return if number < 1_000_000_000 {
            now.checked_add(jiff::SignedDuration::from_secs(number)).ok()
        } else {
            Timestamp::from_second(number).ok()
        };
    }
    text.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M%:z", text.replace('Z', "+00:00")).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], expected: &str) {
        let now = "2026-03-26T15:58:30Z".parse().expect("a timestamp");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        let seen = standard_rate_limit(&map, now);
        let wait = seen.wait(now).map(|wait| wait.as_secs());
        let told = format!("{:?} {:?} {wait:?}", seen.limit, seen.remaining);
        assert_eq!(told, expected, "{headers:?}");
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_a_limit_or_none(value in "[ -~]{0,40}|-?[0-9.e+]{1,30}", now in -2_000_000_000_i64..4_000_000_000) {
            let now = Timestamp::from_second(now).expect("in range");
            let mut headers = HeaderMap::new();
            for name in ["retry-after", "x-ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining"] {
                headers.insert(name, value.parse().expect("printable"));
            }
            let _wait = standard_rate_limit(&headers, now).wait(now);
            let _date = read_http_date(&value);
        }
    }

    #[test]
    fn every_vendors_headers_are_understood() {
        check(&[("retry-after", "7")], "None None Some(7)");
        check(&[("retry-after", "Thu, 26 Mar 2026 15:59:30 GMT")], "None None Some(60)");
        check(
            &[("x-ratelimit-reset", "2026-03-26T16:00Z"), ("x-ratelimit-limit", "350")],
            "Some(350) None Some(90)",
        );
        check(&[("x-ratelimit-reset", "1774540800"), ("x-ratelimit-remaining", "0")], "None Some(0) Some(90)");
        check(&[("x-ratelimit-reset", "1774540800"), ("x-ratelimit-remaining", "12")], "None Some(12) None");
        check(&[("ratelimit-reset", "30"), ("ratelimit-limit", "9")], "Some(9) None Some(30)");
        check(&[("retry-after", "2"), ("x-ratelimit-reset", "1774540800")], "None None Some(2)");
    }

    #[test]
    fn nonsense_is_no_wait() {
        check(&[("retry-after", "soon"), ("x-ratelimit-reset", "later")], "None None None");
        check(&[("retry-after", "-5")], "None None None");
        check(&[("retry-after", "Thu, 26 Mar 2020 15:59:30 GMT")], "None None Some(0)");
        check(&[("x-ratelimit-reset", "99999999999999999")], "None None None");
    }

    #[test]
    fn statuses_have_their_standard_meaning() {
        let kind = |status| {
            let status = StatusCode::from_u16(status).expect("a status");
            standard_failure(status, None).map(|failure| failure.kind)
        };
        assert_eq!(kind(200), None);
        assert_eq!(kind(404), None);
        assert_eq!(kind(401), Some(FailureKind::Unauthenticated));
        assert_eq!(kind(403), Some(FailureKind::Denied));
        assert_eq!(kind(410), Some(FailureKind::Gone));
        assert_eq!(kind(409), Some(FailureKind::Rejected { status: 409 }));
        assert_eq!(kind(429), Some(FailureKind::RateLimited { retry_after: None }));
        assert_eq!(kind(502), Some(FailureKind::Unavailable { status: 502 }));
    }
}
