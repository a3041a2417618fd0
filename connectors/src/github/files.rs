//! Files as they stood at release tags. A file at a commit never changes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::{FileAtTag, RecordKind};

use super::held::{Bag, Stage};
use super::reading::Reading;
use super::wire::FileContent;
use crate::contract::{Breadth, CATALOG_FILE};
use crate::error::ConnectorError;

/// Longest content kept, in bytes.
const LONGEST: usize = 256 * 1024;

impl Reading<'_> {
    pub(super) async fn files(&self, stage: &Stage) -> Result<Bag, ConnectorError> {
        let mut bag = Bag::default();
        let before = self.before.and_then(|held| held.bags.get(&RecordKind::File));
        for step in &stage.steps {
            let native = self.place.native('@', format!("{}:{}", step.head.name, step.head.commit));
            // Files are read all at once for a tag, so that one of them tells that the others were asked for too.
            let known: Vec<&FileAtTag> = before
                .iter()
                .flat_map(|bag| &bag.records.files)
                .filter(|file| *file.source.record.native == *native)
                .collect();
            if !known.is_empty() {
                bag.records.files.extend(known.into_iter().cloned());
                continue;
            }
            let catalog = (self.question.breadth == Breadth::All).then_some(CATALOG_FILE);
            let configured = self.client.options.files.iter().map(String::as_str);
            for path in configured.filter(|path| catalog != Some(*path)).chain(catalog) {
                let Some(content) = self.file(&step.head.commit, path).await? else { continue };
                let page = format!("{}/blob/{}/{path}", self.place.url, step.head.name);
                bag.records.files.push(FileAtTag {
                    repository: self.place.id(),
                    tag: step.head.name.as_str().into(),
                    path: path.into(),
                    content: content.into(),
                    source: self.place.origin.source(native.as_str(), Some(page)),
                });
            }
        }
        Ok(bag)
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
