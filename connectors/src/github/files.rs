//! Files as they stood at release tags, many in one request. A file at a commit never changes, and is read once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{FileAtTag, RecordKind};
use serde::Deserialize;
use serde_json::json;

use super::graphql::{Batch, quoted};
use super::held::{Bag, Stage};
use super::reading::Reading;
use super::tags::Step;
use super::wire::FileContent;
use crate::contract::{Breadth, CATALOG_FILE};
use crate::error::ConnectorError;

/// Longest content kept, in bytes.
const LONGEST: usize = 256 * 1024;

/// Files asked for in one request.
const MOST_FILES: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blob {
    text: Option<String>,
    is_binary: Option<bool>,
    is_truncated: bool,
}

impl Reading<'_> {
    pub(super) async fn files(&self, stage: &Stage) -> Result<Bag, ConnectorError> {
        let mut bag = Bag::default();
        let before = self.before.and_then(|held| held.bags.get(&RecordKind::File));
        let mut paths = self.client.options.files.clone();
        if self.question.breadth == Breadth::All && !paths.iter().any(|path| path == CATALOG_FILE) {
            paths.push(CATALOG_FILE.to_owned());
        }
        let mut wanted: Vec<(&Step, &String)> = Vec::new();
        for step in &stage.steps {
            let native = self.native(step);
            // Files are read all at once for a tag, so that one of them tells that the others were asked for too.
            let held = before.iter().flat_map(|bag| &bag.records.files);
            let known = held.filter(|file| *file.source.record.native == *native);
            let already = bag.records.files.len();
            bag.records.files.extend(known.cloned());
            if bag.records.files.len() == already {
                wanted.extend(paths.iter().map(|path| (step, path)));
            }
        }
        for ((step, path), content) in wanted.iter().zip(self.contents(&wanted).await?) {
            let Some(content) = content else { continue };
            let page = format!("{}/blob/{}/{path}", self.place.url, step.head.name);
            bag.records.files.push(FileAtTag {
                repository: self.place.id(),
                tag: step.head.name.as_str().into(),
                path: path.as_str().into(),
                content: content.into(),
                source: self.place.origin.source(self.native(step), Some(page)),
            });
        }
        Ok(bag)
    }

    fn native(&self, step: &Step) -> String {
        self.place.native('@', format!("{}:{}", step.head.name, step.head.commit))
    }

    /// The texts of files at commits, many in one request.
    async fn contents(&self, wanted: &[(&Step, &String)]) -> Result<Vec<Option<String>>, ConnectorError> {
        let (owner, name) = self.owner_and_name();
        let item = |(place, (step, path)): (usize, &(&Step, &String))| {
            let expression = quoted(&format!("{}:{}", step.head.commit, path.trim_matches('/')));
            let fields = "{ ... on Blob { text isBinary isTruncated } }";
            (format!("f{place}"), format!("object(expression: {expression}) {fields}"))
        };
        let items: Vec<_> = wanted.iter().enumerate().map(item).collect();
        let batch = Batch {
            operation: "read files",
            head: "query Files($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {",
            tail: "} }",
            at: &["repository"],
            variables: json!({ "owner": owner, "name": name }),
            most: MOST_FILES,
        };
        let mut answers = self.client.batch(&batch, &items).await;
        let mut contents = Vec::new();
        for ((alias, _), (step, path)) in items.iter().zip(wanted) {
            // A folder has none of the fields.
            let found = answers.remove(alias).unwrap_or(Ok(None))?;
            let found = found.filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty()));
            contents.push(match found {
                None => None,
                Some(value) => match self.decode::<Blob>(batch.operation, value)? {
                    blob if blob.is_truncated => self.file(&step.head.commit, path).await?,
                    blob if blob.is_binary == Some(true) => None,
                    blob => blob.text.filter(|text| !text.is_empty()).map(|text| cut(&text).to_owned()),
                },
            });
        }
        Ok(contents)
    }

    /// The text of a file at a commit; `None` when it is not there, or not text.
    async fn file(&self, commit: &str, path: &str) -> Result<Option<String>, ConnectorError> {
        let mut segments = vec!["contents"];
        segments.extend(path.split('/').filter(|part| !part.is_empty()));
        let request = self.client.of_repository("read a file", &self.place.name, &segments).query("ref", commit);
        let Some(answer) = self.client.upstream.send(request).await?.found() else { return Ok(None) };
        let sent: FileContent = self.client.upstream.decode("read a file", &answer)?;
        let Some(content) = sent.content.filter(|_| sent.encoding.as_deref() == Some("base64")) else {
            return Ok(None);
        };
        let packed: String = content.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(packed).unwrap_or_default();
        let text = String::from_utf8(bytes).ok().filter(|text| !text.is_empty());
        Ok(text.map(|text| cut(&text).to_owned()))
    }
}

fn cut(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.split_at(end).0
}
