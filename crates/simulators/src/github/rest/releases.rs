//! Releases. Drafts are shown to those who may push, and to nobody else.

use crate::github::access::Right;
use crate::github::call::{Answer, Refusal, Reply, Within};
use crate::github::content::{Release, Repository};

pub(super) async fn list(at: Within) -> Answer {
    let drafts = at.call.caller.has(Right::Write);
    let mut releases: Vec<&Release> =
        at.shelf.data.releases.iter().filter(|release| drafts || !release.draft).collect();
    releases.sort_by_key(|release| std::cmp::Reverse((release.created_at, release.id)));
    Ok(at.page(&releases, |release| at.shape().release(&at.shelf.data, release)))
}

pub(super) async fn newest(at: Within) -> Answer {
    let release = latest(&at.shelf.data).ok_or(Refusal::NotFound)?;
    Ok(Reply::json(at.shape().release(&at.shelf.data, release)))
}

pub(super) async fn by_tag(at: Within) -> Answer {
    let tag = at.part("tag");
    let release = at.shelf.data.releases.iter().find(|release| release.tag == tag && !release.draft);
    Ok(Reply::json(at.shape().release(&at.shelf.data, release.ok_or(Refusal::NotFound)?)))
}

pub(super) async fn one(at: Within) -> Answer {
    Ok(Reply::json(at.shape().release(&at.shelf.data, find(&at)?)))
}

pub(super) async fn assets(at: Within) -> Answer {
    let release = find(&at)?;
    Ok(at.page(&release.assets, |asset| at.shape().asset(&at.shelf.data, release, asset)))
}

fn find(at: &Within) -> Result<&Release, Refusal> {
    let id = at.number("id")?;
    let drafts = at.call.caller.has(Right::Write);
    let found = at.shelf.data.releases.iter().find(|release| release.id == id && (drafts || !release.draft));
    found.ok_or(Refusal::NotFound)
}

/// "Latest" by the date of the tagged commit, whatever was published last.
pub(in crate::github) fn latest(repository: &Repository) -> Option<&Release> {
    let finished = repository.releases.iter().filter(|release| !release.draft && !release.prerelease);
    finished.max_by_key(|release| (release.created_at, release.id))
}
