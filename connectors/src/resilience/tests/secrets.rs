//! Whatever the system says and whatever goes wrong, no secret is rendered.

use std::error::Error;
use std::sync::Arc;

use http::{HeaderName, Method};
use proptest::prelude::*;

use super::script::{Script, Step, status};
use super::*;

/// An error with everything behind it, in both renderings.
fn rendered(error: &ConnectorError) -> String {
    let chain = std::iter::successors(Some(error as &dyn Error), |&error| error.source());
    let told: Vec<_> = chain.map(|error| format!("{error} {error:?}")).collect();
    told.join("\n")
}

fn faults() -> Vec<Step> {
    vec![
        status(400),
        status(401),
        status(403),
        status(410),
        status(429),
        status(500),
        status(302),
        Step::Says(200, "{", &[]),
        Step::Says(200, "<html>", &[("content-type", "text/html")]),
        Step::Fails(FailureKind::Unreachable),
        Step::Fails(FailureKind::TlsFailed),
        Step::Hangs,
    ]
}

fn credentials(secret: &str) -> Vec<FixedCredentials> {
    vec![
        FixedCredentials::Basic { username: "interlock".to_owned(), password: Secret::new(secret) },
        FixedCredentials::Bearer(Secret::new(secret)),
        FixedCredentials::HeaderKey { name: HeaderName::from_static("x-key"), key: Secret::new(secret) },
    ]
}

fn check(secret: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        for (fault, credentials) in faults()
            .into_iter()
            .flat_map(|fault| credentials(secret).into_iter().map(move |who| (fault.clone(), who)))
        {
            let script = Script::of([fault]);
            let system = script.system(|config| {
                config.settings.retry.retries = 0;
                config.credentials = Arc::new(credentials.clone());
            });
            let request = Request::new("write row", Method::PUT, "rows", Idempotency::Keyed)
                .segment(secret)
                .query("key", secret)
                .body(Body::Json(bytes::Bytes::copy_from_slice(secret.as_bytes())));
            let printed = format!("{request:?}");
            assert!(!printed.contains(secret), "{printed}");
            let error = system.send(request).await.expect_err("a failure");
            let told = format!("{}\n{system:?} {:?} {credentials:?}", rendered(&error), system.telemetry());
            assert!(!told.contains(secret), "{told}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_secret_is_rendered(secret in "[a-zA-Z0-9]{12,20}[^a-z]{0,4}") {
        check(&secret);
    }
}

#[test]
fn a_secret_that_no_header_can_carry_is_not_rendered() {
    check("line\nbreak-in-a-secret");
}
