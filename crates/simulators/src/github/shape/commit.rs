//! Commits, refs, tags, branches, comparisons, files at a commit.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Shape, time};
use crate::github::content::{Branch, Commit, FileChange, FileStatus, Repository, Signature, Tag};
use crate::github::node_id;

impl Shape<'_> {
    /// A commit in a list; alone it has `stats` and `files` too.
    pub(in crate::github) fn commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let (api, page, sha) = (self.api(repository), self.page(repository), &commit.sha);
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|sha| json!({ "sha": sha, "url": format!("{api}/commits/{sha}"), "html_url": format!("{page}/commit/{sha}") }))
            .collect();
        json!({
            "sha": sha, "node_id": node_id::write("C", repository.id, sha),
            "commit": self.git_commit(repository, commit),
            "url": format!("{api}/commits/{sha}"), "html_url": format!("{page}/commit/{sha}"), "comments_url": format!("{api}/commits/{sha}/comments"),
            "author": self.user_or_null(commit.author.login.as_deref()), "committer": self.user_or_null(commit.committer.login.as_deref()),
            "parents": parents,
        })
    }

    pub(in crate::github) fn commit_with_files(
        &self,
        repository: &Repository,
        commit: &Commit,
        files: &[FileChange],
    ) -> Value {
        let mut body = self.commit(repository, commit);
        let (additions, deletions) = changes(&commit.files);
        if let Some(fields) = body.as_object_mut() {
            fields.insert(
                "stats".into(),
                json!({ "total": additions + deletions, "additions": additions, "deletions": deletions }),
            );
            let files = files.iter().map(|file| self.diff(repository, &commit.sha, file)).collect();
            fields.insert("files".into(), Value::Array(files));
        }
        body
    }

    fn git_commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let (api, tree) = (self.api(repository), tree_sha(&commit.sha));
        json!({
            "author": signature(&commit.author), "committer": signature(&commit.committer), "message": commit.message,
            "tree": { "sha": tree, "url": format!("{api}/git/trees/{tree}") }, "url": format!("{api}/git/commits/{}", commit.sha), "comment_count": 0,
            "verification": verification(commit),
        })
    }

    pub(in crate::github) fn diff(&self, repository: &Repository, sha: &str, file: &FileChange) -> Value {
        let path = encode(&file.path);
        let (status, previous) = match &file.status {
            FileStatus::Added => ("added", None),
            FileStatus::Modified => ("modified", None),
            FileStatus::Removed => ("removed", None),
            FileStatus::Renamed { from } => ("renamed", Some(from)),
        };
        let blob = file.content.as_deref().map_or_else(|| derived(&format!("{sha}:{}", file.path)), sha_of_blob);
        let mut body = json!({
            "sha": blob, "filename": file.path, "status": status,
            "additions": file.additions, "deletions": file.deletions, "changes": file.additions + file.deletions,
            "blob_url": format!("{}/blob/{sha}/{path}", self.page(repository)), "raw_url": format!("{}/raw/{sha}/{path}", self.page(repository)),
            "contents_url": format!("{}/contents/{path}?ref={sha}", self.api(repository)),
        });
        if let Some(fields) = body.as_object_mut() {
            if let Some(from) = previous {
                fields.insert("previous_filename".into(), json!(from));
            }
            if let Some(patch) = patch(file) {
                fields.insert("patch".into(), json!(patch));
            }
        }
        body
    }

    pub(in crate::github) fn simple_commit(&self, commit: &Commit) -> Value {
        let name = |by: &Signature| json!({ "name": &*by.name, "email": &*by.email });
        json!({
            "id": commit.sha, "tree_id": tree_sha(&commit.sha), "message": commit.message, "timestamp": time(commit.committer.date),
            "author": name(&commit.author), "committer": name(&commit.committer),
        })
    }

    /// A tag as `/tags` lists it: peeled, without date or tagger.
    pub(in crate::github) fn tag(&self, repository: &Repository, tag: &Tag) -> Value {
        let (api, name) = (self.api(repository), &tag.name);
        json!({
            "name": name, "node_id": node_id::write("REF", repository.id, format!("refs/tags/{name}")),
            "zipball_url": format!("{api}/zipball/refs/tags/{name}"), "tarball_url": format!("{api}/tarball/refs/tags/{name}"),
            "commit": { "sha": tag.commit, "url": format!("{api}/commits/{}", tag.commit) },
        })
    }

    /// A ref; that of an annotated tag points to the tag object.
    pub(in crate::github) fn tag_reference(&self, repository: &Repository, tag: &Tag) -> Value {
        let (kind, sha) = match &tag.annotation {
            Some(annotation) => ("tag", &annotation.sha),
            None => ("commit", &tag.commit),
        };
        self.reference(repository, &format!("tags/{}", tag.name), (kind, sha))
    }

    pub(in crate::github) fn branch_reference(&self, repository: &Repository, branch: &Branch) -> Value {
        self.reference(repository, &format!("heads/{}", branch.name), ("commit", &branch.sha))
    }

    fn reference(&self, repository: &Repository, name: &str, (kind, sha): (&str, &str)) -> Value {
        let api = self.api(repository);
        json!({
            "ref": format!("refs/{name}"), "node_id": node_id::write("REF", repository.id, format!("refs/{name}")),
            "url": format!("{api}/git/refs/{name}"), "object": { "sha": sha, "type": kind, "url": format!("{api}/git/{kind}s/{sha}") },
        })
    }

    /// `/git/tags/{sha}`: only annotated tags have such an object.
    pub(in crate::github) fn tag_object(&self, repository: &Repository, tag: &Tag) -> Option<Value> {
        let annotation = tag.annotation.as_ref()?;
        let api = self.api(repository);
        Some(json!({
            "node_id": node_id::write("TA", repository.id, &annotation.sha), "sha": annotation.sha, "url": format!("{api}/git/tags/{}", annotation.sha),
            "tagger": signature(&annotation.tagger), "tag": tag.name, "message": annotation.message,
            "object": { "sha": tag.commit, "type": "commit", "url": format!("{api}/git/commits/{}", tag.commit) },
            "verification": unsigned(),
        }))
    }

    /// A file with its content, base64 in lines of 60 as GitHub breaks them.
    pub(in crate::github) fn file(&self, repository: &Repository, at: FileAt<'_>) -> Value {
        let mut body = self.entry(repository, at, "file");
        if let Some(fields) = body.as_object_mut() {
            fields.insert("content".into(), json!(lines(&STANDARD.encode(at.content))));
            fields.insert("encoding".into(), json!("base64"));
        }
        body
    }

    /// What stands directly in a folder.
    pub(in crate::github) fn folder(
        &self,
        repository: &Repository,
        (reference, folder): (&str, &str),
        files: &[(&str, &[u8])],
    ) -> Value {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut entries = BTreeMap::new();
        for (path, content) in files {
            let Some(rest) = path.strip_prefix(&prefix) else {
                continue;
            };
            let entry = match rest.split_once('/') {
                None => (format!("{prefix}{rest}"), *content, "file"),
                Some((folder, _)) => (format!("{prefix}{folder}"), &[][..], "dir"),
            };
            entries.entry(entry.0).or_insert((entry.1, entry.2));
        }
        let entries = entries
            .iter()
            .map(|(path, (content, kind))| self.entry(repository, FileAt { path, reference, content }, kind));
        Value::Array(entries.collect())
    }

    fn entry(&self, repository: &Repository, at: FileAt<'_>, kind: &str) -> Value {
        let (api, page, path) = (self.api(repository), self.page(repository), encode(at.path));
        let is_file = kind == "file";
        let sha = if is_file { sha_of_blob(at.content) } else { derived(at.path) };
        let url = format!("{api}/contents/{path}?ref={}", at.reference);
        let git = format!("{api}/git/{}/{sha}", if is_file { "blobs" } else { "trees" });
        let html = format!("{page}/{}/{}/{path}", if is_file { "blob" } else { "tree" }, at.reference);
        let download = is_file.then(|| format!("{page}/raw/{}/{path}", at.reference));
        json!({
            "name": at.path.rsplit('/').next(), "path": at.path, "sha": sha, "size": at.content.len(), "type": kind,
            "url": url, "html_url": html, "git_url": git, "download_url": download, "_links": { "self": url, "git": git, "html": html },
        })
    }
}

/// A file of a tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::github) struct FileAt<'a> {
    pub(in crate::github) path: &'a str,
    /// As the client named it.
    pub(in crate::github) reference: &'a str,
    pub(in crate::github) content: &'a [u8],
}

/// Sums of additions and deletions.
pub(in crate::github) fn changes(files: &[FileChange]) -> (u64, u64) {
    files
        .iter()
        .fold((0, 0), |(plus, minus), file| (plus + u64::from(file.additions), minus + u64::from(file.deletions)))
}

pub(in crate::github) fn sha_of_blob(content: &[u8]) -> String {
    match gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, content) {
        Ok(id) => id.to_string(),
        Err(_) => derived(&String::from_utf8_lossy(content)),
    }
}

/// The store keeps no trees; theirs is a sha that changes with the commit.
pub(in crate::github) fn tree_sha(commit: &str) -> String {
    derived(&format!("tree of {commit}"))
}

/// A positive number of at most 31 bits made from a text.
pub(in crate::github) fn decimal(text: &str) -> u64 {
    let digest = blake3::hash(text.as_bytes());
    digest.as_bytes().iter().take(4).fold(0_u64, |sum, byte| sum * 256 + u64::from(*byte)) >> 1
}

fn derived(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(40).collect()
}

fn signature(by: &Signature) -> Value {
    json!({ "name": &*by.name, "email": &*by.email, "date": time(by.date) })
}

fn verification(commit: &Commit) -> Value {
    if !commit.verified {
        return unsigned();
    }
    json!({
        "verified": true, "reason": "valid", "signature": format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----", derived(&commit.sha)),
        "payload": format!("tree {}\n", tree_sha(&commit.sha)), "verified_at": time(commit.committer.date),
    })
}

fn unsigned() -> Value {
    json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
}

fn lines(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + text.len() / 60 + 1);
    for (at, letter) in text.chars().enumerate() {
        broken.push(letter);
        if at % 60 == 59 {
            broken.push('\n');
        }
    }
    if !broken.ends_with('\n') {
        broken.push('\n');
    }
    broken
}

fn encode(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        url::form_urlencoded::byte_serialize(segment.as_bytes()).collect::<String>().replace('+', "%20")
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A unified diff of one hunk at the file's beginning, without context; the forge shows none of large differences.
fn patch(file: &FileChange) -> Option<String> {
    let (added, deleted) = (file.additions, file.deletions);
    if added + deleted == 0 || added + deleted > MOST_LINES_SHOWN {
        return None;
    }
    let side = |lines: u32| if lines == 0 { "0,0".to_owned() } else { format!("1,{lines}") };
    let old = (1..=deleted).map(|line| format!("\n-old line {line}"));
    let new = (1..=added).map(|line| format!("\n+line {line}"));
    Some(format!("@@ -{} +{} @@{}", side(deleted), side(added), old.chain(new).collect::<String>()))
}

/// Lines of a difference that is still shown.
const MOST_LINES_SHOWN: u32 = 3_000;
