//! Code: repositories, tags, commits, pull requests and their reviews.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AccountId, CommitId, PullRequestId, RepositoryId, Source, TagId, Text};

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The vendor's id; for a plain repository its configured name.
    pub id: RepositoryId,
    /// `owner/name`, or the configured name.
    pub name: Text,
    /// Earlier names, as far as known.
    pub former_names: Vec<Text>,
    /// The branch that releases come from.
    pub default_branch: Option<Text>,
    /// Where it was read.
    pub source: Source,
}

/// Who wrote or committed, as the commit says. Dates and names in commits can be forged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The name as written.
    pub name: Text,
    /// The e-mail address as written.
    pub email: Text,
    /// The moment as written.
    pub at: Timestamp,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Connector, repository and sha.
    pub id: CommitId,
    /// The repository.
    pub repository: RepositoryId,
    /// Hex sha.
    pub sha: Text,
    /// Parents' shas; more than one for a merge.
    pub parents: Vec<Text>,
    /// Who wrote it.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// The author's account, where the forge knows it.
    pub author_account: Option<AccountId>,
    /// The message, cut at 4,000 characters.
    pub message: Text,
    /// Trailers such as `Reviewed-by`, in order.
    pub trailers: Vec<Trailer>,
    /// Paths it changes relative to its first parent; `None` when not read.
    pub paths: Option<Vec<Text>>,
    /// Where it was read.
    pub source: Source,
}

/// A `Token: value` line at the end of a commit message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailer {
    /// The token.
    pub token: Text,
    /// The value.
    pub value: Text,
}

/// A tag. Tags can move: the sha is what we saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Connector, repository and tag name.
    pub id: TagId,
    /// The repository.
    pub repository: RepositoryId,
    /// The tag's name.
    pub name: Text,
    /// The commit it leads to, peeled.
    pub commit: Text,
    /// Is it annotated?
    pub annotated: bool,
    /// Who tagged, and when; only annotated tags tell.
    pub tagger: Option<Signature>,
    /// Date of the commit it leads to.
    pub committed_at: Option<Timestamp>,
    /// Name of the forge's release made from it.
    pub release_name: Option<Text>,
    /// The notes of the forge's release, or the message of an annotated tag, cut at 4,000 characters.
    pub notes: Option<Text>,
    /// When the forge published a release from it.
    pub published_at: Option<Timestamp>,
    /// Is the forge's release a draft or pre-release?
    pub prerelease: bool,
    /// Digests of the release's assets or image.
    pub digests: Vec<Text>,
    /// Where it was read.
    pub source: Source,
}

/// The commits between two tags of a repository: reachable from `head`, not from `base`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitRange {
    /// The repository.
    pub repository: RepositoryId,
    /// The tag before; `None` for the first.
    pub base: Option<Text>,
    /// The tag.
    pub head: Text,
    /// Shas reachable from `head` and not from `base`, newest first.
    pub commits: Vec<Text>,
    /// Shas reachable from `base` and not from `head`: they would be lost by going from base to head.
    pub missing: Vec<Text>,
    /// Were all of them read?
    pub complete: bool,
    /// Paths that differ between the two; `None` when not read.
    pub paths: Option<Vec<Text>>,
    /// Lines added, where counted.
    pub additions: Option<u64>,
    /// Lines deleted, where counted.
    pub deletions: Option<u64>,
    /// Which lines changed, by file; a file whose lines the system does not show is absent. `None` when not read.
    pub lines: Option<Vec<ChangedLines>>,
    /// Where it was read.
    pub source: Source,
}

/// Lines that a range added or changed in one file, as they stand at its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedLines {
    /// The path at the head.
    pub path: Text,
    /// First and last line of each stretch, from 1, rising; empty when lines were only taken out.
    pub stretches: Vec<(u32, u32)>,
}

impl ChangedLines {
    /// Is the line one of them?
    pub fn has(&self, line: u32) -> bool {
        let after = self.stretches.partition_point(|(first, _)| *first <= line);
        after.checked_sub(1).and_then(|at| self.stretches.get(at)).is_some_and(|(_, last)| line <= *last)
    }
}

/// A file of a repository as it stood at a tag (expected configuration, a manifest, a catalog file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAtTag {
    /// The repository.
    pub repository: RepositoryId,
    /// The tag.
    pub tag: Text,
    /// The path.
    pub path: Text,
    /// The content, cut at 256 kB; text only.
    pub content: Text,
    /// Where it was read.
    pub source: Source,
}

/// State of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PullRequestState {
    /// Open.
    Open,
    /// Closed without merging.
    Closed,
    /// Merged.
    Merged,
}

/// State of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// Not like this.
    ChangesRequested,
    /// Neither.
    Commented,
    /// Taken back.
    Dismissed,
    /// Not yet sent.
    Pending,
    /// A state of the vendor's own.
    Other,
}

/// A review of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Its state.
    pub state: ReviewState,
    /// Who gave it; `None` when the account is deleted.
    pub author: Option<AccountId>,
    /// When; `None` while pending.
    pub submitted_at: Option<Timestamp>,
    /// The commit it looked at.
    pub commit: Option<Text>,
}

/// A pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The vendor's id.
    pub id: PullRequestId,
    /// The repository.
    pub repository: RepositoryId,
    /// The number people say.
    pub number: u64,
    /// One line.
    pub title: Text,
    /// The long text, cut at 4,000 characters.
    pub body: Option<Text>,
    /// State.
    pub state: PullRequestState,
    /// Who opened it.
    pub author: Option<AccountId>,
    /// The branch it comes from.
    pub head_branch: Option<Text>,
    /// The last commit of that branch.
    pub head_commit: Option<Text>,
    /// The branch it goes to.
    pub base_branch: Option<Text>,
    /// The commit that brought it in.
    pub merge_commit: Option<Text>,
    /// Its own commits' shas, where read.
    pub commits: Vec<Text>,
    /// Paths that it changes; `None` when not read to the end.
    pub paths: Option<Vec<Text>>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// Who merged it.
    pub merged_by: Option<AccountId>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
    /// Were all reviews read?
    pub reviews_complete: bool,
    /// Where a person can open it, and where it was read.
    pub source: Source,
}
