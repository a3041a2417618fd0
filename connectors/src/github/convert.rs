//! GitHub's code records as domain values: repositories, tags, commits, pull requests with reviews. Pure.

use domain::{
    Commit, CommitId, PullRequest, PullRequestId, PullRequestState, Repository, RepositoryId, Review, ReviewState,
    Tag, TagId, Text, Trailer,
};

use super::graph_wire::{PullRequestFacts, ReviewFacts, Survey};
use super::people::{Origin, People};
use super::tags::{TagFound, signature};
use super::wire::{CommitSent, Release, ReviewSent, Signed};

/// Longest message and body kept, in characters.
const LONGEST_TEXT: usize = 4_000;

/// One repository while it is read.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) origin: Origin,
    /// `owner/name` as it is now.
    pub(super) name: String,
    pub(super) url: String,
    pub(super) number: u64,
}

impl Place {
    pub(super) fn id(&self) -> RepositoryId {
        RepositoryId::new(&self.origin.connector, self.number.to_string())
    }

    /// An id of something within the repository.
    pub(super) fn native(&self, mark: char, what: impl std::fmt::Display) -> String {
        format!("{}{mark}{what}", self.number)
    }
}

pub(super) fn repository(place: &Place, survey: &Survey, asked: &str) -> Repository {
    let former = (!asked.eq_ignore_ascii_case(&place.name)).then(|| Text::from(asked));
    Repository {
        id: place.id(),
        name: place.name.as_str().into(),
        former_names: former.into_iter().collect(),
        default_branch: survey.default_branch_ref.as_ref().map(|branch| branch.name.as_str().into()),
        source: place.origin.source(place.number.to_string(), Some(place.url.clone())),
    }
}

pub(super) fn tag(place: &Place, found: &TagFound, release: Option<&Release>) -> Tag {
    let native = place.native('@', &found.name);
    let page = format!("{}/releases/tag/{}", place.url, found.name);
    Tag {
        id: TagId::new(&place.origin.connector, native.as_str()),
        repository: place.id(),
        name: found.name.as_str().into(),
        commit: found.commit.as_str().into(),
        annotated: found.annotated,
        tagger: found.tagger.clone(),
        committed_at: Some(found.committed_at),
        release_name: release.and_then(|release| filled(release.name.as_deref())),
        notes: release
            .and_then(|release| filled(release.body.as_deref()))
            .map(|notes| notes.chars().take(LONGEST_TEXT).collect::<String>().into()),
        published_at: release.and_then(|release| release.published_at),
        prerelease: release.is_some_and(|release| release.prerelease || release.draft),
        digests: release.map(digests).unwrap_or_default(),
        source: place.origin.source(native, Some(release.and_then(|held| held.html_url.clone()).unwrap_or(page))),
    }
}

fn digests(release: &Release) -> Vec<Text> {
    let whole =
        release.assets.iter().filter(|asset| asset.state.as_deref().is_none_or(|state| state == "uploaded"));
    whole.filter_map(|asset| filled(asset.digest.as_deref())).collect()
}

pub(super) fn commit(place: &Place, people: &mut People, sent: &CommitSent) -> Commit {
    let native = place.native('@', &sent.sha);
    let nobody = Signed::default();
    let message: String = sent.commit.message.trim_end().chars().take(LONGEST_TEXT).collect();
    Commit {
        id: CommitId::new(&place.origin.connector, native.as_str()),
        repository: place.id(),
        sha: sent.sha.as_str().into(),
        parents: sent.parents.iter().map(|parent| parent.sha.as_str().into()).collect(),
        author: signature(sent.commit.author.as_ref().unwrap_or(&nobody)),
        committer: signature(sent.commit.committer.as_ref().unwrap_or(&nobody)),
        author_account: people.user(&place.origin, sent.author.as_ref()),
        trailers: trailers(&message),
        message: message.into(),
        paths: None,
        source: place.origin.source(native, sent.html_url.clone()),
    }
}

/// The `Token: value` lines of the last paragraph, where all its lines are such.
fn trailers(message: &str) -> Vec<Trailer> {
    let Some((_, last)) = message.trim_end().rsplit_once("\n\n") else { return Vec::new() };
    let read = |line: &str| {
        let (token, value) = line.split_once(": ")?;
        let plain =
            !token.is_empty() && token.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        plain.then(|| Trailer { token: token.into(), value: value.trim().into() })
    };
    last.lines().map(read).collect::<Option<Vec<_>>>().unwrap_or_default()
}

pub(super) fn pull_request(place: &Place, people: &mut People, facts: &PullRequestFacts) -> PullRequest {
    let native = place.native('#', facts.number);
    let reviews: Vec<Review> = facts
        .reviews
        .iter()
        .flat_map(|reviews| reviews.each())
        .map(|review| review_told(place, people, review))
        .collect();
    let told = facts.reviews.as_ref().and_then(|reviews| reviews.total_count);
    PullRequest {
        id: PullRequestId::new(&place.origin.connector, native.as_str()),
        repository: place.id(),
        number: facts.number,
        title: facts.title.as_str().into(),
        body: filled(facts.body.as_deref()).map(|body| body.chars().take(LONGEST_TEXT).collect::<String>().into()),
        state: match facts.state.as_str() {
            "MERGED" => PullRequestState::Merged,
            "CLOSED" => PullRequestState::Closed,
            _ => PullRequestState::Open,
        },
        author: people.who(&place.origin, facts.author.as_ref()),
        head_branch: filled(Some(&facts.head_ref_name)),
        head_commit: filled(Some(&facts.head_ref_oid)),
        base_branch: filled(Some(&facts.base_ref_name)),
        // Before the merge GitHub names a test merge that is on no branch.
        merge_commit: facts
            .merged_at
            .and_then(|_| facts.merge_commit.as_ref().map(|commit| commit.oid.as_str().into())),
        commits: facts.commits.each().map(|commit| commit.commit.oid.as_str().into()).collect(),
        paths: facts.paths(),
        merged_at: facts.merged_at,
        merged_by: people.who(&place.origin, facts.merged_by.as_ref()),
        updated_at: Some(facts.updated_at),
        // A null among the reviews is one that we did not get to see.
        reviews_complete: told == Some(reviews.len() as u64),
        reviews: in_order(reviews),
        source: place.origin.source(native, Some(facts.url.clone())),
    }
}

fn review_told(place: &Place, people: &mut People, sent: &ReviewFacts) -> Review {
    Review {
        state: review_state(&sent.state),
        author: people.who(&place.origin, sent.author.as_ref()),
        submitted_at: sent.submitted_at,
        commit: sent.commit.as_ref().map(|commit| commit.oid.as_str().into()),
    }
}

/// A review as REST tells it, for pull requests with more of them than one GraphQL request brings.
pub(super) fn review(place: &Place, people: &mut People, sent: &ReviewSent) -> Review {
    Review {
        state: review_state(&sent.state),
        author: people.user(&place.origin, sent.user.as_ref()),
        submitted_at: sent.submitted_at,
        commit: filled(sent.commit_id.as_deref()),
    }
}

/// Oldest first; those not yet sent come last.
pub(super) fn in_order(mut reviews: Vec<Review>) -> Vec<Review> {
    reviews.sort_by_key(|review| (review.submitted_at.is_none(), review.submitted_at));
    reviews
}

fn review_state(word: &str) -> ReviewState {
    match word {
        "APPROVED" => ReviewState::Approved,
        "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
        "COMMENTED" => ReviewState::Commented,
        "DISMISSED" => ReviewState::Dismissed,
        "PENDING" => ReviewState::Pending,
        _ => ReviewState::Other,
    }
}

/// Text that says something.
pub(super) fn filled(text: Option<&str>) -> Option<Text> {
    text.filter(|text| !text.is_empty()).map(Text::from)
}
