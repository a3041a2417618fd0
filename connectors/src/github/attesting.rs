//! Attestations of images: which statements GitHub holds about a digest. Listing is not verifying: signatures and those
//! who signed are not looked at, and a statement that does not speak of the digest is left out.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{Artifact, Attestation, Text};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, polite};
use super::convert::filled;
use crate::error::{ConnectorError, FailureKind};
use crate::paging::PageGuard;
use crate::resilience::{Idempotency, Request};

const OPERATION: &str = "list attestations";
/// Most digests in one question, as GitHub documents it.
const MOST_DIGESTS: usize = 1_024;
const MOST_PAGES: usize = 100;

#[derive(Deserialize)]
struct Page {
    attestations_subject_digests: BTreeMap<String, Option<Vec<Sent>>>,
    #[serde(default)]
    page_info: PageInfo,
}

#[derive(Default, Deserialize)]
struct PageInfo {
    #[serde(default)]
    has_next: bool,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Sent {
    bundle: Option<Bundle>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    #[serde(default)]
    dsse_envelope: Option<Envelope>,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    payload: Option<String>,
}

impl Client {
    /// Notes on images what is attested of their digests. Where the list is hidden from us, or this GitHub has none,
    /// nothing is known of them.
    pub(super) async fn attest(
        &self,
        organization: &str,
        images: &mut [&mut Artifact],
    ) -> Result<(), ConnectorError> {
        let digests: Vec<Text> = images.iter().filter_map(|image| image.digest.clone()).collect();
        let mut told: BTreeMap<String, Vec<Attestation>> = BTreeMap::new();
        for chunk in digests.chunks(MOST_DIGESTS) {
            match self.attested(organization, chunk, &mut told).await {
                Err(error) if error.kind == FailureKind::Denied => return Ok(()),
                read => read?,
            }
        }
        for image in images {
            image.attestations = image.digest.as_deref().and_then(|digest| told.remove(digest));
        }
        Ok(())
    }

    async fn attested(
        &self,
        organization: &str,
        digests: &[Text],
        told: &mut BTreeMap<String, Vec<Attestation>>,
    ) -> Result<(), ConnectorError> {
        let mut guard = PageGuard::up_to(MOST_PAGES);
        let mut after: Option<String> = None;
        loop {
            guard.enter(after.clone()).map_err(|failure| failure.of(self.upstream.system(), OPERATION))?;
            let base = Request::new(OPERATION, Method::POST, &self.options.rest_path, Idempotency::Read);
            let path = ["orgs", organization, "attestations", "bulk-list"];
            let mut request = path.iter().fold(base, |request, segment| request.segment(*segment));
            request = polite(request).query("per_page", "100");
            if let Some(after) = &after {
                request = request.query("after", after);
            }
            let asked: Vec<&str> = digests.iter().map(|digest| &**digest).collect();
            let answer = self.upstream.send(request.json(&json!({ "subject_digests": asked }))).await?;
            let Some(answer) = answer.found() else { return Err(self.hidden(OPERATION)) };
            let page: Page = self.upstream.decode(OPERATION, &answer)?;
            for (digest, sent) in page.attestations_subject_digests {
                let read: Vec<_> = sent.iter().flatten().filter_map(|sent| statement(&digest, sent)).collect();
                if !read.is_empty() {
                    told.entry(digest).or_default().extend(read);
                }
            }
            after = page.page_info.next.filter(|_| page.page_info.has_next);
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// The in-toto statement within a bundle, if it speaks of this digest.
fn statement(digest: &str, sent: &Sent) -> Option<Attestation> {
    let payload = sent.bundle.as_ref()?.dsse_envelope.as_ref()?.payload.as_ref()?;
    let statement: Value = serde_json::from_slice(&STANDARD.decode(payload).ok()?).ok()?;
    let (algorithm, hex) = digest.split_once(':')?;
    let subjects = statement.get("subject")?.as_array()?;
    let named = |subject: &Value| subject.get("digest")?.get(algorithm)?.as_str().map(str::to_owned);
    if !subjects.iter().filter_map(named).any(|other| other.eq_ignore_ascii_case(hex)) {
        return None;
    }
    let built = statement.pointer("/predicate/buildDefinition");
    let sources = built.and_then(|built| built.get("resolvedDependencies")).and_then(Value::as_array);
    let commits = sources.into_iter().flatten().filter_map(|one| one.pointer("/digest/gitCommit")?.as_str());
    let workflow = built.and_then(|built| built.pointer("/externalParameters/workflow/path")?.as_str());
    Some(Attestation {
        predicate_type: filled(statement.get("predicateType")?.as_str())?,
        commit: filled(commits.into_iter().next()),
        workflow: filled(workflow),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:abcd";

    fn read(statement: &Value) -> Option<Attestation> {
        let payload = STANDARD.encode(statement.to_string());
        super::statement(
            DIGEST,
            &Sent { bundle: Some(Bundle { dsse_envelope: Some(Envelope { payload: Some(payload) }) }) },
        )
    }

    #[test]
    fn a_statement_about_the_digest_is_read() {
        let told = json!({
            "subject": [{ "name": "bank/payments-api", "digest": { "sha256": "ABCD" } }],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": { "buildDefinition": {
                "externalParameters": { "workflow": { "path": ".github/workflows/release.yml" } },
                "resolvedDependencies": [{ "digest": {} }, { "digest": { "gitCommit": "c1" } }],
            } },
        });
        let expected = Attestation {
            predicate_type: "https://slsa.dev/provenance/v1".into(),
            commit: Some("c1".into()),
            workflow: Some(".github/workflows/release.yml".into()),
        };
        assert_eq!(read(&told), Some(expected));
    }

    #[test]
    fn a_statement_about_something_else_is_left_out() {
        let other = json!({ "subject": [{ "digest": { "sha256": "beef" } }], "predicateType": "x" });
        assert_eq!(read(&other), None);
        assert_eq!(read(&json!({ "subject": [], "predicateType": "x" })), None);
        assert_eq!(read(&json!([1, "emoji 🚢"])), None);
        let broken = Sent { bundle: Some(Bundle { dsse_envelope: Some(Envelope { payload: Some("%%".into()) }) }) };
        assert_eq!(super::statement(DIGEST, &broken), None);
    }
}
