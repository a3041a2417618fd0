//! What the predicates of one release look things up in: a proposed deployment, or one that was done.

use std::collections::BTreeSet;

use domain::{
    AccountId, AccountKind, AliasScheme, Artifact, Change, Commit, CommitRange, Deployment, Environment, FileAtTag,
    Gap, PersonKey, RecordKind, Release, RepositoryId, Target, Text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ground::Ground;
use super::terms::Terms;
use crate::graph::{Index, ReleaseGraph};
use crate::risk::Escalation;

/// The deployment that is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Where to.
    pub target: Target,
    /// When it starts.
    pub at: Timestamp,
    /// Digests of what is to be deployed; empty = those that the release's steps name.
    pub digests: Vec<Text>,
    /// Who starts it, where that is known already.
    pub actor: Option<PersonKey>,
    /// Who edited the pipeline, the policy or a waiver that is used: they do not approve it.
    pub editors: Vec<PersonKey>,
    /// Why review by another person is mandatory (`risk::MandatoryReview`); `None` where it is not.
    pub review: Option<Text>,
    /// Where its risk sends it; `None` where no model was asked.
    pub routed: Option<Escalation>,
}

impl Proposal {
    /// Of what the release's steps name, by somebody who is not known yet.
    pub fn new(target: Target, at: Timestamp) -> Self {
        Self { target, at, digests: Vec::new(), actor: None, editors: Vec::new(), review: None, routed: None }
    }
}

/// A release with its proposal, and the terms that a company sets.
pub(super) struct Case<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) proposal: &'a Proposal,
    pub(super) terms: &'a Terms,
    /// When it starts or started.
    pub(super) at: Timestamp,
}

/// An account as a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Human(PersonKey),
    Machine,
    Nobody,
}

impl<'a> Case<'a> {
    pub(super) fn graph(&self) -> &'a ReleaseGraph {
        self.ground.graph
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = &'a Change> + '_ {
        self.ground.carriers.iter().map(|(change, _)| *change)
    }

    /// Digests of what is to be deployed: as proposed, else as the release's steps name them.
    pub(super) fn digests(&self) -> Vec<&Text> {
        if let Some(digest) = self.ground.done.and_then(|done: &Deployment| done.digest.as_ref()) {
            return vec![digest];
        }
        match self.proposal.digests.as_slice() {
            [] => self.ground.release.steps.iter().filter_map(|step| step.digest.as_ref()).collect(),
            named => named.iter().collect(),
        }
    }

    /// Is what is deployed known from what was built, from a tag, from the pipeline that asks, or because it was done?
    pub(super) fn is_told_by_builds(&self) -> bool {
        let tags = self.tags(self.ground.index);
        let tagged = |digest: &Text| {
            self.graph()
                .tags
                .iter()
                .any(|(_, tag)| tags.contains(&(&tag.repository, &*tag.name)) && tag.digests.contains(digest))
        };
        !self.proposal.digests.is_empty()
            || self.ground.done.is_some_and(|done| done.digest.is_some())
            || self.digests().into_iter().all(|digest| !self.artifacts(digest).is_empty() || tagged(digest))
    }

    /// The artifacts of a digest's manifest family.
    pub(super) fn artifacts(&self, digest: &str) -> Vec<&'a Artifact> {
        let all = self.graph().artifacts.iter().map(|(_, artifact)| artifact);
        all.filter(|artifact| {
            artifact.digest.as_deref() == Some(digest) || artifact.family.iter().any(|member| **member == *digest)
        })
        .collect()
    }

    /// The digests that are the same thing as this one.
    pub(super) fn family(&self, digest: &Text) -> BTreeSet<Text> {
        let artifacts = self.artifacts(digest);
        let members = artifacts.iter().flat_map(|artifact| artifact.digest.iter().chain(&artifact.family)).cloned();
        members.chain([digest.clone()]).collect()
    }

    /// The person behind an account. One that nobody knows is nobody.
    pub(super) fn who(&self, account: &AccountId) -> Who {
        let graph = self.graph();
        let person = graph.account_people.get(account).and_then(|key| graph.people.by_id(key));
        match person {
            Some(person) if person.kind == AccountKind::Human => Who::Human(person.key.clone()),
            Some(_) => Who::Machine,
            None => Who::Nobody,
        }
    }

    /// The person behind an address of a commit.
    pub(super) fn by_email(&self, email: &str) -> Option<PersonKey> {
        self.graph().email_people.get(&*email.to_lowercase()).cloned()
    }

    /// A person's name.
    pub(super) fn name(&self, key: &PersonKey) -> Text {
        self.graph().people.by_id(key).map_or_else(|| key.as_str().into(), |person| person.name.clone())
    }

    /// Is code expected of it: a repository with its commits?
    pub(super) fn has_code(&self) -> bool {
        self.ground.service.is_none_or(|service| {
            service.kind == domain::ServiceKind::Built || !service.sources.repositories.is_empty()
        })
    }

    /// The systems that hold its code.
    pub(super) fn forges(&self) -> BTreeSet<domain::ConnectorId> {
        let sources = self.ground.service.into_iter().flat_map(|service| &service.sources.repositories);
        sources.map(|source| source.connector.clone()).collect()
    }

    /// What is missing of these kinds of records: where one of the systems of the code is not read for them, too.
    pub(super) fn code_gaps(&self, kinds: &[RecordKind]) -> Vec<Gap> {
        let forges = self.forges();
        let mut gaps = self.ground.dark(kinds, &forges);
        for kind in kinds {
            let readers = self.graph().readers.get(kind);
            let read = forges.iter().all(|forge| readers.is_some_and(|readers| readers.contains(forge)));
            if forges.is_empty() || !read {
                gaps.push(super::ground::not_configured(*kind));
            }
        }
        gaps
    }

    /// Every commit that it brings to what it takes the place of; `Err` tells why not all are known.
    pub(super) fn brought(&self) -> Result<Vec<&'a Commit>, String> {
        let service = &self.ground.release.service;
        let left = self.ground.left(service);
        let known = left.iter().map(|left| left.release.and_then(|key| self.graph().releases.find(key)));
        let Some(old) = known.collect::<Option<BTreeSet<_>>>() else {
            return Err(format!("What of {service} it takes the place of is none of the known releases."));
        };
        let mut commits: BTreeSet<Index<Commit>> = BTreeSet::new();
        if old.is_empty() {
            commits.extend(self.hop(None, self.ground.index)?);
        }
        for from in old {
            for hop in self.path(from)?.windows(2) {
                if let [one, next] = hop {
                    commits.extend(self.hop(Some(*one), *next)?);
                }
            }
        }
        Ok(commits.into_iter().map(|index| self.graph().commits.get(index)).collect())
    }

    /// Releases from an old one to this, along ranges of commits that were read in full; the shortest such way.
    fn path(&self, from: Index<Release>) -> Result<Vec<Index<Release>>, String> {
        let (graph, to) = (self.graph(), self.ground.index);
        let mut seen = BTreeSet::from([from]);
        let mut ways = std::collections::VecDeque::from([vec![from]]);
        while let Some(way) = ways.pop_front() {
            let Some(last) = way.last().copied().filter(|last| *last != to) else { return Ok(way) };
            let start = graph.release_comparisons.partition_point(|row| row.from < last);
            let next = graph.release_comparisons.iter().skip(start).take_while(|row| row.from == last);
            for row in next.filter(|row| row.complete) {
                if seen.insert(row.to) {
                    ways.push_back(way.iter().copied().chain([row.to]).collect());
                }
            }
        }
        let (old, new) = (&graph.releases.get(from).key, &self.ground.release.key);
        Err(format!("Not all commits between {old} and {new} were read."))
    }

    /// The commits of the service between two releases, or up to one.
    fn hop(&self, from: Option<Index<Release>>, to: Index<Release>) -> Result<Vec<Index<Commit>>, String> {
        let graph = self.graph();
        let heads = self.tags(to);
        let bases = from.map(|from| self.tags(from));
        let suits = |range: &&CommitRange| {
            let base = match (&bases, &range.base) {
                (None, None) => true,
                (Some(bases), Some(base)) => bases.contains(&(&range.repository, &**base)),
                _ => false,
            };
            range.complete && base && heads.contains(&(&range.repository, &*range.head))
        };
        let key = |index| &graph.releases.get(index).key;
        let untold = || match from {
            Some(from) => format!("Not all commits between {} and {} were read.", key(from), key(to)),
            None => format!("Not all commits of {} were read.", key(to)),
        };
        let ranges: Vec<&CommitRange> = graph.commit_ranges.iter().filter(suits).collect();
        if ranges.is_empty() {
            return Err(untold());
        }
        let mut found = Vec::new();
        for (range, sha) in ranges.iter().flat_map(|range| range.commits.iter().map(move |sha| (range, sha))) {
            let id = domain::CommitId::new(
                &range.repository.0.connector,
                format!("{}@{sha}", range.repository.0.native),
            );
            let index =
                graph.commits.find(&id).or_else(|| self.search(&range.repository, sha)).ok_or_else(untold)?;
            // A repository of several services: what is another's is not linked with releases of this one.
            let service = &self.ground.release.service;
            let is_ours = |release: Index<Release>| graph.releases.get(release).service == *service;
            let mut owners = graph.release_commits.to(index).map(|related| related.index).peekable();
            if owners.peek().is_none() || owners.any(is_ours) {
                found.push(index);
            }
        }
        Ok(found)
    }

    fn search(&self, repository: &RepositoryId, sha: &Text) -> Option<Index<Commit>> {
        let mut all = self.graph().commits.iter();
        all.find(|(_, commit)| commit.sha == *sha && commit.repository == *repository).map(|(index, _)| index)
    }

    /// The file at one of the release's tags that states the configuration it expects in an environment:
    /// `config/ENVIRONMENT.properties`, at the root or in a service's folder.
    pub(super) fn expected_configuration(&self, environment: &Environment) -> Option<&'a FileAtTag> {
        let tags = self.tags(self.ground.index);
        self.graph().files.iter().find(|file| {
            let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
            let word = name.strip_suffix(".properties");
            (folder == "config" || folder.ends_with("/config"))
                && word.is_some_and(|word| environment.is_called(word))
                && tags.contains(&(&file.repository, &*file.tag))
        })
    }

    /// Under which names ranges of commits start or end at a release: its tags and commits, by repository.
    fn tags(&self, release: Index<Release>) -> BTreeSet<(&'a RepositoryId, &'a str)> {
        let graph = self.graph();
        let aliases = graph.releases.get(release).aliases.iter();
        let commits: BTreeSet<&str> =
            aliases.filter(|alias| alias.scheme == AliasScheme::Commit).map(|alias| &*alias.value).collect();
        let tags = graph.tags.iter().map(|(_, tag)| tag).filter(|tag| commits.contains(&*tag.commit));
        tags.flat_map(|tag| [(&tag.repository, &*tag.name), (&tag.repository, &*tag.commit)]).collect()
    }
}
