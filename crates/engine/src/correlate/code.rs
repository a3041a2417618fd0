//! A release's code: the commits of its tag's range, the pull requests that brought them, what was built from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    AliasScheme, Artifact, Commit, EvidenceKind, Link, LinkRule, PullRequest, Release, RepositoryId, Text,
};

use super::evidence::seen;
use super::services::{Part, Touches};
use super::sightings::service_of_artifact;
use super::walk::Walk;
use crate::graph::{Index, RelationBuilder};

/// Commits by repository and sha; looked up in, never walked.
pub(super) type Shas = HashMap<(RepositoryId, Text), Index<Commit>>;

/// All commits by repository and sha.
pub(super) fn shas(walk: &Walk) -> Shas {
    walk.graph
        .commits
        .iter()
        .map(|(index, commit)| ((commit.repository.clone(), commit.sha.clone()), index))
        .collect()
}

/// Joins releases with commits and pull requests, and pull requests with their commits.
pub(super) fn link_code(walk: &mut Walk) {
    let shas = shas(walk);
    let mut own: RelationBuilder<PullRequest, Commit> = RelationBuilder::default();
    for (index, request) in walk.graph.pull_requests.iter() {
        for sha in request.commits.iter().chain(&request.merge_commit) {
            if let Some(commit) = shas.get(&(request.repository.clone(), sha.clone())) {
                let summary = format!("The forge lists the commit in pull request {}", request.number);
                let evidence = seen(EvidenceKind::Commit, summary, &request.source);
                own.add(index, *commit, Link::explicit(LinkRule::MergedBy, evidence));
            }
        }
    }
    walk.graph.pull_request_commits = own.build();
    let mut commits = RelationBuilder::default();
    for (release, _) in walk.graph.releases.iter() {
        link_range(walk, release, &shas, &mut commits);
    }
    walk.graph.release_commits = commits.build();
    let mut requests = RelationBuilder::default();
    for (release, commit, way) in walk.graph.release_commits.iter() {
        for related in walk.graph.pull_request_commits.to(commit) {
            let request = walk.graph.pull_requests.get(related.index);
            let summary = format!("Pull request {} brought a commit of the release", request.number);
            let evidence = seen(EvidenceKind::Commit, summary, &request.source);
            let link = Link::derived(LinkRule::MergedBy, way.confidence, evidence);
            requests.add(release, related.index, Link { exact: way.exact, ..link });
        }
    }
    walk.graph.release_pull_requests = requests.build();
}

fn link_range(walk: &Walk, release: Index<Release>, shas: &Shas, builder: &mut RelationBuilder<Release, Commit>) {
    let Some(service) = walk.service_of(release) else { return };
    let Some(range) = walk.range_of(release) else { return };
    let parts = walk.mapping.repositories.get(&range.repository);
    let Some(part) = parts.into_iter().flatten().find(|part| part.service == service) else { return };
    let base = range.base.as_deref().unwrap_or("the beginning");
    for sha in &range.commits {
        let Some(index) = shas.get(&(range.repository.clone(), sha.clone())) else { continue };
        let (confidence, exact) = match (touches(walk, part, *index), range.complete) {
            (Touches::No, _) => continue,
            (Touches::Yes, true) => (1.0, true),
            (Touches::Yes, false) => (0.9, false),
            (Touches::Unknown, _) => (0.5, false),
        };
        let summary = format!("The commit lies between {base} and {}", range.head);
        let link =
            Link::derived(LinkRule::CommitRange, confidence, seen(EvidenceKind::Commit, summary, &range.source));
        builder.add(release, *index, Link { exact, ..link });
    }
}

/// Does a commit touch a service's part of a repository? Where its own paths were not read, those of its pull requests
/// answer as far as they leave no doubt: all of them in the part, or none.
pub(super) fn touches(walk: &Walk, part: &Part, commit: Index<Commit>) -> Touches {
    let own = part.touched_by(walk.graph.commits.get(commit).paths.as_deref());
    if own != Touches::Unknown {
        return own;
    }
    let requests = walk.graph.pull_request_commits.to(commit);
    let answers: BTreeSet<Touches> = requests
        .map(|related| match walk.graph.pull_requests.get(related.index).paths.as_deref() {
            Some(paths) if part.holds(paths) => Touches::Yes,
            paths if part.touched_by(paths) == Touches::No => Touches::No,
            _ => Touches::Unknown,
        })
        .collect();
    super::services::only(&answers).unwrap_or(Touches::Unknown)
}

/// Joins releases with artifacts: same digest, same commit, or the version in the artifact's tag.
pub(super) fn link_artifacts(walk: &mut Walk) {
    let mut builder: RelationBuilder<Release, Artifact> = RelationBuilder::default();
    for (artifact, release) in &walk.told.artifacts {
        let node = walk.graph.artifacts.get(*artifact);
        let summary =
            format!("{} is tagged with the version of {}", node.name, walk.graph.releases.get(*release).key);
        let evidence = seen(EvidenceKind::Field, summary, &node.source);
        builder.add(*release, *artifact, Link::derived(LinkRule::VersionInText, 1.0, evidence));
    }
    let mut digests: BTreeMap<&Text, BTreeSet<Index<Release>>> = BTreeMap::new();
    let mut commits: BTreeMap<(RepositoryId, Text), Vec<Index<Release>>> = BTreeMap::new();
    for (index, release) in walk.graph.releases.iter() {
        for alias in release.aliases.iter().filter(|alias| alias.scheme == AliasScheme::Digest) {
            digests.entry(&alias.value).or_default().insert(index);
        }
        for tag in walk.told.tags.get(&index).into_iter().flatten() {
            let tag = walk.graph.tags.get(*tag);
            commits.entry((tag.repository.clone(), tag.commit.clone())).or_default().push(index);
        }
    }
    for (index, artifact) in walk.graph.artifacts.iter() {
        for digest in artifact.digest.iter().chain(&artifact.family) {
            for release in digests.get(digest).into_iter().flatten() {
                let evidence =
                    seen(EvidenceKind::Field, format!("Both have the digest {digest}"), &artifact.source);
                builder.add(*release, index, Link::explicit(LinkRule::Digest, evidence));
            }
        }
        let Some((repository, commit)) = artifact.repository.as_ref().zip(artifact.commit.as_ref()) else {
            continue;
        };
        let service = service_of_artifact(walk, artifact);
        for release in commits.get(&(repository.clone(), commit.clone())).into_iter().flatten() {
            if service.is_some() && walk.service_of(*release) != service {
                continue;
            }
            let summary = format!("{} was built from the tagged commit", artifact.name);
            let evidence = seen(EvidenceKind::Commit, summary, &artifact.source);
            let link = Link::derived(LinkRule::Commit, 1.0, evidence);
            let alone = commits.get(&(repository.clone(), commit.clone())).is_some_and(|all| all.len() == 1);
            builder.add(*release, index, Link { exact: service.is_some() || alone, ..link });
        }
    }
    walk.graph.release_artifacts = builder.build();
}

#[cfg(test)]
mod tests {
    use crate::correlate::world::World;

    fn check(world: World, expected: &str) {
        let graph = world.graph();
        let commits = graph.release_commits.iter().map(|(release, commit, link)| {
            let mark = if link.supports() { "" } else { "~" };
            format!("{}<-{mark}{}", graph.releases.get(release).key, graph.commits.get(commit).sha)
        });
        let requests = graph.release_pull_requests.iter().map(|(release, request, link)| {
            let mark = if link.supports() { "" } else { "~" };
            format!("{}<-{mark}#{}", graph.releases.get(release).key, graph.pull_requests.get(request).number)
        });
        let seen: Vec<String> = commits.chain(requests).collect();
        assert_eq!(seen.join(" "), expected);
    }

    const REPO: &str = "bank/payments-api";

    fn pay() -> World {
        let world = World::new().service("payments-api", "PAY");
        let tagged = world.tag(REPO, "v2.13.0", "c1").tag(REPO, "v2.14.0", "c3");
        ["c1", "c2", "c3"].iter().fold(tagged, |world, sha| world.commit(REPO, sha, "work"))
    }

    #[test]
    fn a_release_has_the_commits_of_its_tags_range_and_their_pull_requests() {
        check(
            pay().range(REPO, Some("v2.13.0"), "v2.14.0", &["c3", "c2"]).pull_request(REPO, 5, "c3", &[]),
            "payments-api@2.14.0<-c2 payments-api@2.14.0<-c3 payments-api@2.14.0<-#5",
        );
    }

    #[test]
    fn of_several_ranges_the_one_from_the_nearest_version_below_counts() {
        check(
            pay().range(REPO, None, "v2.14.0", &["c3", "c2", "c1"]).range(
                REPO,
                Some("v2.13.0"),
                "v2.14.0",
                &["c3", "c2"],
            ),
            "payments-api@2.14.0<-c2 payments-api@2.14.0<-c3",
        );
    }

    #[test]
    fn a_range_that_was_not_read_to_the_end_supports_nothing() {
        check(pay().incomplete_range(REPO, Some("v2.13.0"), "v2.14.0", &["c3"]), "payments-api@2.14.0<-~c3");
    }

    #[test]
    fn in_a_shared_repository_paths_tell_whose_commit_it_is() {
        let world = World::new()
            .service_in("mobile-app", "bank/channels", "apps/mobile/**", "mobile-app/v{version}")
            .service_in("customer-portal", "bank/channels", "apps/portal/**", "portal/v{version}")
            .tag("bank/channels", "mobile-app/v12.0.0", "c2")
            .tag("bank/channels", "portal/v8.1.0", "c2")
            .commit_on("bank/channels", "c1", &["apps/mobile/a.ts"])
            .commit_on("bank/channels", "c2", &["apps/portal/b.ts", "README.md"])
            .range("bank/channels", None, "mobile-app/v12.0.0", &["c2", "c1"])
            .range("bank/channels", None, "portal/v8.1.0", &["c2", "c1"]);
        check(world, "customer-portal@8.1.0<-c2 mobile-app@12.0.0<-c1");
    }

    #[test]
    fn in_a_shared_repository_a_commit_without_paths_lies_where_all_its_pull_request_does() {
        let repo = "bank/channels";
        let world = World::new()
            .service_in("mobile-app", repo, "apps/mobile/**", "mobile-app/v{version}")
            .service_in("customer-portal", repo, "apps/portal/**", "portal/v{version}")
            .tag(repo, "portal/v8.1.0", "c4")
            .pull_request(repo, 1, "c2", &["c1"])
            .changing(&["apps/portal/b.ts"])
            .pull_request(repo, 2, "c3", &[])
            .changing(&["apps/mobile/a.ts"])
            .pull_request(repo, 3, "c4", &[])
            .changing(&["apps/mobile/a.ts", "apps/portal/b.ts"])
            .range(repo, None, "portal/v8.1.0", &["c4", "c3", "c2", "c1"]);
        let world = ["c1", "c2", "c3", "c4"].iter().fold(world, |world, sha| world.commit(repo, sha, "work"));
        check(
            world,
            "customer-portal@8.1.0<-c1 customer-portal@8.1.0<-c2 customer-portal@8.1.0<-~c4 \
             customer-portal@8.1.0<-#1 customer-portal@8.1.0<-~#3",
        );
    }
}
