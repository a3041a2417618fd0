//! Requests to GitHub's REST API and the pages of its lists. Links to next pages are followed as given.

use std::sync::Arc;

use http::header::{ACCEPT, LINK};
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use super::config::Options;
use super::dialect::GithubDialect;
use crate::clock::Clock;
use crate::error::{ConnectorError, FailureKind};
use crate::paging::PageGuard;
use crate::reach::SystemPlan;
use crate::reach::{Manners, upstream};
use crate::resilience::{Answer, CachePolicy, Request, SetupError, Upstream};

/// Most pages of one list.
const MOST_PAGES: usize = 100;
const VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

/// What to do after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Read the next page, if there is one.
    Page,
    /// What follows is of no interest.
    Stop,
}

/// One GitHub.
pub(super) struct Client {
    pub(super) upstream: Upstream,
    pub(super) options: Options,
}

impl Client {
    pub(super) fn open(plan: &SystemPlan, options: &Options, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let manners = Manners { dialect: Arc::new(GithubDialect), token_endpoint: "login/oauth/access_token" };
        Ok(Self { upstream: upstream(plan, manners, clock)?, options: options.clone() })
    }

    /// A read below the REST root; the segments may hold anything.
    pub(super) fn rest(&self, operation: &'static str, segments: &[&str]) -> Request {
        let base = Request::get(operation, &self.options.rest_path);
        let request = segments.iter().fold(base, |request, segment| request.segment(*segment));
        with_manners(request)
    }

    /// A read below a repository's path.
    pub(super) fn of_repository(&self, operation: &'static str, name: &str, segments: &[&str]) -> Request {
        let (owner, repository) = name.split_once('/').unwrap_or((name, ""));
        let mut path = vec!["repos", owner, repository];
        path.extend_from_slice(segments);
        self.rest(operation, &path)
    }

    /// A file below a repository's path. It is not remembered: files are large and read once.
    pub(super) fn download(&self, operation: &'static str, name: &str, segments: &[&str]) -> Request {
        let (owner, repository) = name.split_once('/').unwrap_or((name, ""));
        let path = ["repos", owner, repository].into_iter().chain(segments.iter().copied());
        let base = Request::get(operation, &self.options.rest_path);
        let request = path.fold(base, |request, segment| request.segment(segment));
        request.header(VERSION, HeaderValue::from_static("2022-11-28")).expects_anything().stored_elsewhere()
    }

    /// All pages of a list, each handed to `take`.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        first: Request,
        mut take: impl FnMut(T) -> Next,
    ) -> Result<(), ConnectorError> {
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut request = first.query("per_page", "100");
        let mut place = String::new();
        loop {
            guard.enter(place.clone()).map_err(|failure| failure.of(self.upstream.system(), operation))?;
            let answer = self.upstream.send(request).await?;
            let next = next_link(&answer);
            if take(self.decode(operation, answer)?) == Next::Stop {
                return Ok(());
            }
            let Some(link) = next else { return Ok(()) };
            place.clone_from(&link);
            request = with_manners(Request::link(operation, link));
        }
    }

    fn decode<T: DeserializeOwned>(&self, operation: &'static str, answer: Answer) -> Result<T, ConnectorError> {
        let Some(answer) = answer.found() else {
            return Err(self.hidden(operation));
        };
        self.upstream.decode(operation, &answer)
    }

    /// GitHub answers 404 where permission is missing, so the two cannot be told apart.
    pub(super) fn hidden(&self, operation: &'static str) -> ConnectorError {
        self.failed(operation, FailureKind::Denied, "it does not exist, or is hidden from us")
    }

    /// Records of a repository that was never read may well exist.
    pub(super) fn never_read(&self, operation: &'static str) -> ConnectorError {
        self.failed(operation, FailureKind::Incomplete, "the repository has not been read yet")
    }

    pub(super) fn failed(
        &self,
        operation: &'static str,
        kind: FailureKind,
        because: &'static str,
    ) -> ConnectorError {
        ConnectorError::new(self.upstream.system().clone(), operation, kind).because(because)
    }
}

fn with_manners(request: Request) -> Request {
    request
        .header(ACCEPT, HeaderValue::from_static("application/vnd.github+json"))
        .header(VERSION, HeaderValue::from_static("2022-11-28"))
        .cache(CachePolicy::revalidate())
}

/// The address of the next page.
fn next_link(answer: &Answer) -> Option<String> {
    next_in(answer.headers.get(LINK)?.to_str().ok()?)
}

fn next_in(header: &str) -> Option<String> {
    header.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next =
            parameters.split(';').any(|parameter| matches!(parameter.trim(), r#"rel="next""# | "rel=next"));
        is_next.then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_where_the_header_says() {
        let check =
            |header: &str, expected: Option<&str>| assert_eq!(next_in(header).as_deref(), expected, "{header}");
        check(r#"<https://h/p?page=1>; rel="prev", <https://h/p?page=3>; rel="next""#, Some("https://h/p?page=3"));
        check(r#"<https://h/p?page=3>;rel=next"#, Some("https://h/p?page=3"));
        check(r#"<https://h/p?page=1>; rel="first""#, None);
        check("", None);
        check("<", None);
    }

    proptest! {
        #[test]
        fn any_header_leads_on_or_ends(header in "[<>;,=\"a-z: /?]{0,60}|\\PC{0,40}") {
            if let Some(next) = next_in(&header) {
                prop_assert!(header.contains(&next));
            }
        }
    }
}
