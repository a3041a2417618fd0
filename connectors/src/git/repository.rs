//! An opened repository: refs, walks, differences, files. The only file that speaks to gitoxide at length.

use domain::Signature;
use gix::ObjectId;
use jiff::Timestamp;

use super::config::PlainRepository;
use super::convert::{CommitRead, cut, signature};
use super::history::{History, Walked};
use crate::error::{Failure, FailureKind};

/// Largest file read, in bytes.
const LARGEST_FILE: usize = 256 * 1024;

/// A tag, peeled to its commit.
#[derive(Debug, Clone)]
pub(super) struct TagFound {
    pub(super) name: String,
    /// What the ref points at: the tag object of an annotated tag.
    pub(super) target: ObjectId,
    pub(super) commit: ObjectId,
    pub(super) committed_at: Timestamp,
    pub(super) annotated: bool,
    pub(super) tagger: Option<Signature>,
    /// Only annotated tags have one.
    pub(super) message: Option<String>,
}

/// What differs between two trees.
#[derive(Debug, Default)]
pub(super) struct Difference {
    pub(super) paths: Vec<String>,
    pub(super) additions: Option<u64>,
    pub(super) deletions: Option<u64>,
}

/// Whether a commit's own paths are read: that costs a comparison of two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnPaths {
    Read,
    Skipped,
}

/// An opened repository.
pub(super) struct Opened {
    repository: gix::Repository,
    history: History,
}

fn broken(what: &'static str) -> impl Fn(gix::Error) -> Failure {
    move |_| Failure::new(FailureKind::Malformed, what)
}

impl Opened {
    /// Opens it, without the user's configuration. A shallow clone is refused: its ranges would be short in silence.
    pub(super) fn open(plain: &PlainRepository) -> Result<Self, Failure> {
        if !plain.path.exists() {
            return Err(Failure::new(
                FailureKind::Unreachable,
                format!("the path configured for {} does not exist", plain.name),
            ));
        }
        let mut repository = gix::open_opts(&plain.path, gix::open::Options::isolated()).map_err(|_| {
            Failure::new(
                FailureKind::Malformed,
                format!("the path configured for {} is no readable repository", plain.name),
            )
        })?;
        if repository.is_shallow().map_err(broken("it cannot be told whether the clone is shallow"))? {
            return Err(Failure::new(
                FailureKind::Incomplete,
                format!("{} is a shallow clone; fetch its whole history", plain.name),
            ));
        }
        repository.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
        Ok(Self { repository, history: History::default() })
    }

    /// All tags that lead to a commit, in the order of their names.
    pub(super) fn tags(&self) -> Result<Vec<TagFound>, Failure> {
        let platform = self.repository.references().map_err(broken("refs cannot be read"))?;
        let mut tags = Vec::new();
        for reference in platform.tags().map_err(broken("tags cannot be read"))? {
            let unreadable = |what| Failure::new(FailureKind::Malformed, what);
            let mut reference = reference.map_err(|_| unreadable("a tag cannot be read"))?;
            let name = reference.name().shorten().to_string();
            let Some(target) = reference.try_id().map(gix::Id::detach) else { continue };
            let peeled =
                reference.peel_to_id().map_err(|_| unreadable("a tag leads to an object that is missing"))?;
            let object = peeled.object().map_err(|_| unreadable("a tag leads to an object that is missing"))?;
            // A tag may lead to a tree or a blob: those are no releases.
            let Ok(commit) = object.try_into_commit() else { continue };
            let undated = || unreadable("a tag leads to a commit whose time cannot be read");
            let committed_at = commit.time().map_err(|_| undated())?.seconds;
            let annotated = target != commit.id;
            let (tagger, message) = if annotated { self.annotation(target)? } else { (None, None) };
            tags.push(TagFound {
                name,
                target,
                commit: commit.id,
                committed_at: Timestamp::from_second(committed_at).map_err(|_| undated())?,
                annotated,
                tagger,
                message,
            });
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tags)
    }

    /// Who made an annotated tag, and its message. A tagger's line that breaks git's format tells nobody: such tags are
    /// about, and their names and commits stand all the same.
    fn annotation(&self, tag: ObjectId) -> Result<(Option<Signature>, Option<String>), Failure> {
        let unreadable = || Failure::new(FailureKind::Malformed, "an annotated tag cannot be read");
        let object = self.repository.find_object(tag).map_err(|_| unreadable())?;
        let tag = object.try_into_tag().map_err(|_| unreadable())?;
        let message = cut(&tag.decode().map_err(|_| unreadable())?.message.to_string());
        let tagger = tag.tagger().ok().flatten().map(signature);
        Ok((tagger, (!message.is_empty()).then_some(message)))
    }

    /// The branch that HEAD names, with the commit it leads to; nothing in an empty repository.
    pub(super) fn head(&self) -> Result<Option<(String, ObjectId)>, Failure> {
        let name = self.default_branch()?.unwrap_or_default();
        Ok(self.repository.head_id().ok().map(|id| (name, id.detach())))
    }

    /// The branch that HEAD names.
    pub(super) fn default_branch(&self) -> Result<Option<String>, Failure> {
        let name = self.repository.head_name().map_err(broken("HEAD cannot be read"))?;
        Ok(name.map(|name| name.shorten().to_string()))
    }

    /// Commits reachable from `tip` and not from `hidden`, newest first, `most` of them at the most.
    pub(super) fn walk(&self, tip: ObjectId, hidden: Option<ObjectId>, most: usize) -> Result<Walked, Failure> {
        self.history.walk(&self.repository, (tip, hidden), most)
    }

    /// A commit, with the paths it changes relative to its first parent where asked for.
    pub(super) fn commit(&self, id: ObjectId, paths: OwnPaths) -> Result<CommitRead, Failure> {
        let commit = self.repository.find_commit(id).map_err(broken("a commit cannot be read"))?;
        let parents: Vec<ObjectId> = commit.parent_ids().map(gix::Id::detach).collect();
        let paths = match paths {
            OwnPaths::Read => Some(self.paths(parents.first().copied(), id)?),
            OwnPaths::Skipped => None,
        };
        let message = commit.message_raw().map_err(broken("a commit's message cannot be read"))?.to_string();
        let trailers = gix::objs::commit::MessageRef::from_bytes(message.as_bytes())
            .body()
            .map(|body| body.trailers().map(|t| (t.token.to_string(), t.value.to_string())).collect())
            .unwrap_or_default();
        Ok(CommitRead {
            sha: id.to_string(),
            parents: parents.iter().map(ToString::to_string).collect(),
            author: signature(commit.author().map_err(broken("a commit's author cannot be read"))?),
            committer: signature(commit.committer().map_err(broken("a commit's committer cannot be read"))?),
            message,
            trailers,
            paths,
        })
    }

    fn tree(&self, commit: ObjectId) -> Result<gix::Tree<'_>, Failure> {
        let commit = self.repository.find_commit(commit).map_err(broken("a commit cannot be read"))?;
        commit.tree().map_err(broken("a tree cannot be read"))
    }

    fn paths(&self, before: Option<ObjectId>, after: ObjectId) -> Result<Vec<String>, Failure> {
        let before = before.map(|commit| self.tree(commit)).transpose()?;
        let after = self.tree(after)?;
        let options = gix::diff::Options::default().with_rewrites(None);
        let changes = self
            .repository
            .diff_tree_to_tree(before.as_ref(), Some(&after), options)
            .map_err(broken("two trees cannot be compared"))?;
        let mut paths: Vec<String> = changes
            .iter()
            .filter(|change| !change.entry_mode().is_tree())
            .map(|change| change.location().to_string())
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// What differs between two commits' trees; lines are counted where there is a commit to compare with.
    pub(super) fn difference(&self, before: Option<ObjectId>, after: ObjectId) -> Result<Difference, Failure> {
        let paths = self.paths(before, after)?;
        let Some(before) = before else { return Ok(Difference { paths, ..Difference::default() }) };
        let (old, new) = (self.tree(before)?, self.tree(after)?);
        let stats = old.changes().map_err(broken("two trees cannot be compared"))?.stats(&new);
        let (additions, deletions) = match stats {
            Ok(stats) => (Some(stats.lines_added), Some(stats.lines_removed)),
            Err(_) => (None, None),
        };
        Ok(Difference { paths, additions, deletions })
    }

    /// Text files of a commit whose paths are among those named; a name part may be `*`.
    pub(super) fn files(&self, commit: ObjectId, wanted: &[String]) -> Result<Vec<(String, String)>, Failure> {
        let mut found = Vec::new();
        if wanted.is_empty() {
            return Ok(found);
        }
        let tree = self.tree(commit)?;
        for path in wanted {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            self.match_files(&tree, (&parts, String::new()), &mut found)?;
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn match_files(
        &self,
        tree: &gix::Tree<'_>,
        (parts, prefix): (&[&str], String),
        found: &mut Vec<(String, String)>,
    ) -> Result<(), Failure> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        for entry in tree.iter() {
            let entry = entry.map_err(broken("a tree cannot be read"))?;
            let name = entry.filename().to_string();
            if *part != "*" && *part != name {
                continue;
            }
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let object = entry.object().map_err(broken("an object cannot be read"))?;
            if rest.is_empty() && entry.mode().is_blob() {
                if let Some(text) = text_of(&object.data) {
                    found.push((path, text));
                }
            } else if entry.mode().is_tree() {
                self.match_files(&object.into_tree(), (rest, path), found)?;
            }
        }
        Ok(())
    }
}

/// The beginning of a text file, up to a whole character; `None` for a binary one.
fn text_of(content: &[u8]) -> Option<String> {
    let follows = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    let mut end = content.len().min(LARGEST_FILE);
    // A character is four bytes at the most, so three steps back are enough in any text.
    for _ in 0..3 {
        if content.get(end).is_some_and(follows) {
            end -= 1;
        }
    }
    let text = content.get(..end).map(String::from_utf8_lossy)?;
    (!text.contains('\0')).then(|| text.into_owned())
}

/// Objects kept while a repository is read: walks look each commit up twice.
const OBJECT_CACHE_BYTES: usize = 16 * 1024 * 1024;
