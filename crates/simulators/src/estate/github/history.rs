//! Commits, branches, tags, releases and pull requests.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::model::{Commit, Content, FileChange, PullRequest, ReviewVerdict};
use super::{Book, login};
use crate::github as hub;

pub(super) fn write(book: &Book<'_>, repository: &mut hub::Repository) {
    let held = book.held;
    repository.commits =
        held.commits.iter().enumerate().map(|(place, commit)| write_commit(book, place, commit)).collect();
    repository.branches = held
        .branches
        .iter()
        .map(|(name, commit)| hub::Branch { name: name.to_string(), sha: book.shas.commit(*commit) })
        .collect();
    repository.tags = held
        .tags
        .iter()
        .enumerate()
        .map(|(place, tag)| hub::Tag {
            name: tag.name.to_string(),
            commit: book.shas.commit(tag.commit),
            annotation: tag.annotation.as_ref().map(|annotation| hub::Annotation {
                sha: book.shas.tag(place),
                tagger: signature(book, &annotation.tagger, annotation.at),
                message: annotation.message.to_string(),
            }),
        })
        .collect();
    repository.releases = held
        .releases
        .iter()
        .enumerate()
        .map(|(place, release)| {
            let tagged = held.tagged(&release.tag).and_then(|commit| held.commits.get(commit));
            hub::Release {
                id: book.id(place),
                tag: release.tag.to_string(),
                target: "main".to_owned(),
                name: Some(release.name.to_string()),
                body: Some(release.body.to_string()),
                author: login(&release.author),
                created_at: tagged.map_or(release.at, |commit| commit.at),
                published_at: Some(release.at),
                ..hub::Release::default()
            }
        })
        .collect();
    repository.pull_requests = held.pulls.iter().map(|pull| write_pull(book, pull)).collect();
}

fn signature(book: &Book<'_>, key: &str, at: Timestamp) -> hub::Signature {
    let person = book.desk.people.get(key);
    hub::Signature {
        name: person.map_or_else(|| key.into(), |person| person.name.clone()),
        email: book.desk.people.address(key).into(),
        login: Some(login(key).into()),
        date: at,
    }
}

fn write_commit(book: &Book<'_>, place: usize, commit: &Commit) -> hub::Commit {
    hub::Commit {
        sha: book.shas.commit(place),
        parents: commit.parents.iter().map(|parent| book.shas.commit(*parent)).collect(),
        author: signature(book, &commit.author, commit.at),
        committer: signature(book, &commit.committer, commit.at),
        message: commit.message.to_string(),
        files: commit.files.iter().map(write_file).collect(),
        verified: true,
    }
}

fn write_file(file: &FileChange) -> hub::FileChange {
    hub::FileChange {
        path: file.path.to_string(),
        status: if file.added { hub::FileStatus::Added } else { hub::FileStatus::Modified },
        additions: file.additions,
        deletions: file.deletions,
        content: match &file.content {
            Content::Literal(text) => Some(Arc::from(text.as_bytes())),
            Content::Generated { .. } => None,
        },
    }
}

fn write_pull(book: &Book<'_>, pull: &PullRequest) -> hub::PullRequest {
    let id = book.number * 1_000_000 + pull.number;
    let merge = pull.merged.as_ref();
    let tip = pull.commits.last().copied();
    let base = merge
        .and_then(|merge| book.held.commits.get(merge.commit))
        .and_then(|commit| commit.parents.first().copied());
    let sha = |place: Option<usize>| place.map(|place| book.shas.commit(place)).unwrap_or_default();
    hub::PullRequest {
        id,
        number: pull.number,
        title: pull.title.to_string(),
        body: Some(pull.body.to_string()),
        author: Some(login(&pull.author)),
        head: hub::Head { branch: pull.branch.to_string(), sha: sha(tip) },
        base: hub::Head { branch: pull.base.to_string(), sha: sha(base) },
        commits: pull.commits.iter().map(|commit| book.shas.commit(*commit)).collect(),
        created_at: pull.opened,
        updated_at: merge.map_or(pull.opened, |merge| merge.at),
        closed_at: merge.map(|merge| merge.at),
        merged_at: merge.map(|merge| merge.at),
        merged_by: merge.map(|merge| login(&merge.by)),
        merge_commit_sha: merge.map(|merge| book.shas.commit(merge.commit)),
        reviews: (0..)
            .zip(&pull.reviews)
            .map(|(place, review)| hub::Review {
                id: id * 10 + place,
                author: Some(review.login.to_string()),
                state: match review.verdict {
                    ReviewVerdict::Approved => hub::ReviewState::Approved,
                    ReviewVerdict::ChangesRequested => hub::ReviewState::ChangesRequested,
                    ReviewVerdict::Commented => hub::ReviewState::Commented,
                },
                body: review.body.to_string(),
                commit_id: book.shas.commit(review.commit),
                submitted_at: Some(review.at),
            })
            .collect(),
        ..hub::PullRequest::default()
    }
}
