//! Files and folders at a ref.

use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::shape::FileAt;

pub(super) async fn contents(at: Within) -> Answer {
    let (shelf, path) = (&at.shelf, at.part("path").trim_matches('/'));
    let reference = at.call.query("ref").unwrap_or(&shelf.data.default_branch);
    let missing = || Refusal::NotFound;
    let commit = shelf.resolve(reference).ok_or_else(missing)?;
    if let Some(content) = shelf.file_at(path, commit) {
        return Ok(Reply::json(at.shape().file(&shelf.data, FileAt { path, reference, content })));
    }
    let files = shelf.files_below(path, commit);
    if files.is_empty() {
        return Err(missing());
    }
    Ok(Reply::json(at.shape().folder(&shelf.data, (reference, path), &files)))
}
