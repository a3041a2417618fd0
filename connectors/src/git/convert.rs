//! Git's objects as domain values. Names, dates and messages in commits are whatever the committer wrote.

use domain::{Commit, CommitId, RepositoryId, Signature, Source, Text, Trailer};
use jiff::Timestamp;

/// Longest message kept, in characters.
const LONGEST_MESSAGE: usize = 4_000;

/// A commit as read.
pub(super) struct CommitRead {
    pub(super) sha: String,
    pub(super) parents: Vec<String>,
    pub(super) author: Signature,
    pub(super) committer: Signature,
    pub(super) message: String,
    pub(super) trailers: Vec<(String, String)>,
    pub(super) paths: Option<Vec<String>>,
}

pub(super) fn commit(read: CommitRead, repository: RepositoryId, source: Source) -> Commit {
    Commit {
        id: CommitId(source.record.clone()),
        repository,
        sha: read.sha.into(),
        parents: read.parents.into_iter().map(Text::from).collect(),
        author: read.author,
        committer: read.committer,
        author_account: None,
        message: cut(&read.message).into(),
        trailers: read
            .trailers
            .into_iter()
            .map(|(token, value)| Trailer { token: token.into(), value: value.into() })
            .collect(),
        paths: read.paths.map(|paths| paths.into_iter().map(Text::from).collect()),
        source,
    }
}

pub(super) fn cut(message: &str) -> String {
    message.trim_end().chars().take(LONGEST_MESSAGE).collect()
}

/// A signature; a date that no calendar holds is told as the epoch, since the name still matters.
pub(super) fn signature(signature: gix::actor::SignatureRef<'_>) -> Signature {
    let seconds = signature.time().map(|time| time.seconds).unwrap_or(0);
    Signature {
        name: signature.name.to_string().into(),
        email: signature.email.to_string().into(),
        at: Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH),
    }
}
