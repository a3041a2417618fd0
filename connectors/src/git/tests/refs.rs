//! Tags, branches and repositories as a whole.

use std::os::unix::ffi::OsStrExt as _;

use domain::{RecordId, RecordKind};

use super::*;
use crate::contract::{ProbeAnswer, Wanted};

#[tokio::test]
async fn an_annotated_tag_is_peeled_and_a_lightweight_one_has_no_tagger() {
    let repo = Repo::new();
    let first = repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let second = repo.commit("a", "two");
    repo.git(["tag", "-a", "-m", "release", "v1.1.0"]);
    repo.git(["tag", "-a", "-m", "a tag of a tag", "v1.1.1", "v1.1.0"]);
    let records = repo.read().await;
    let light = tag(&records, "v1.0.0");
    assert_eq!((&*light.commit, light.annotated, &light.tagger), (&*first, false, &None));
    let written: i64 = repo.git(["log", "-1", "--format=%ct", &first]).parse().expect("a moment");
    assert_eq!(light.committed_at, Some(at(written)), "it is the commit's date: nobody knows when it was tagged");
    let annotated = tag(&records, "v1.1.0");
    assert_eq!((&*annotated.commit, annotated.annotated), (&*second, true));
    assert_ne!(repo.sha("v1.1.0"), second, "the ref leads to the tag object");
    let tagger = annotated.tagger.as_ref().expect("a tagger");
    assert_eq!(&*tagger.email, "ben@bank.example");
    assert!(Some(tagger.at) > annotated.committed_at);
    let nested = tag(&records, "v1.1.1");
    assert_eq!((&*nested.commit, nested.annotated), (&*second, true));
}

#[tokio::test]
async fn tags_of_blobs_and_trees_are_no_releases() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.git(["tag", "v2.0.0", "HEAD:a"]);
    repo.git(["tag", "-a", "-m", "a tree", "v3.0.0", "HEAD^{tree}"]);
    assert_eq!(tags(&repo.read().await), ["v1.0.0"]);
}

#[tokio::test]
async fn a_tag_that_leads_to_nothing_is_a_gap() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.write(".git/refs/tags/v1.0.0", "1234567890123456789012345678901234567890\n");
    let read = repo.connector(&[]).gather(&request(&[])).await;
    assert_eq!(gaps(&read), dark("SOURCE_MALFORMED"));
    assert!(read.complete.is_empty() && read.records.is_empty());
}

#[tokio::test]
async fn tags_of_a_mono_repository_stand_in_lists_of_their_own() {
    let repo = Repo::new();
    repo.commit("portal/a", "one");
    repo.git(["tag", "portal/v1.0.0"]);
    let app = repo.commit("app/a", "two");
    repo.git(["tag", "app/v1.0.0"]);
    let portal = repo.commit("portal/a", "three");
    repo.git(["tag", "portal/v1.1.0"]);
    repo.git(["tag", "nightly-7"]);
    let records = repo.read_with(&["portal/v{version}", "app/v{version}"], &[]).await;
    assert_eq!(tags(&records), ["app/v1.0.0", "portal/v1.0.0", "portal/v1.1.0"]);
    let range = range(&records, "portal/v1.1.0");
    assert_eq!(range.base.as_deref(), Some("portal/v1.0.0"));
    assert_eq!(texts(&range.commits), [&*portal, &*app], "newest first");
    assert_eq!(tag(&records, "app/v1.0.0").id.to_string(), format!("git:{NAME}@app/v1.0.0"));
}

#[tokio::test]
async fn versions_are_ordered_as_versions_not_as_text() {
    let repo = Repo::new();
    for version in ["v1.9.0", "v1.10.0", "v1.10.1-rc.1", "v1.10.1"] {
        repo.commit("a", version);
        repo.git(["tag", version]);
    }
    let records = repo.read().await;
    let steps: Vec<_> = records
        .commit_ranges
        .iter()
        .map(|range| format!("{}..{}", range.base.as_deref().unwrap_or_default(), range.head))
        .collect();
    assert_eq!(steps, ["..v1.9.0", "v1.9.0..v1.10.0", "v1.10.0..v1.10.1-rc.1", "v1.10.1-rc.1..v1.10.1"]);
}

#[tokio::test]
async fn old_tags_are_left_out_but_for_the_newest_few() {
    let repo = Repo::new();
    repo.second.set(FIRST - 86_400 * 100);
    for minor in 0..8 {
        repo.commit("a", &format!("old {minor}"));
        repo.git(["tag", &format!("v1.{minor}.0")]);
    }
    repo.second.set(FIRST);
    repo.commit("a", "new");
    repo.git(["tag", "v2.0.0"]);
    assert_eq!(tags(&repo.read().await), ["v1.3.0", "v1.4.0", "v1.5.0", "v1.6.0", "v1.7.0", "v2.0.0"]);
}

#[tokio::test]
async fn names_that_are_no_unicode_or_look_like_options_are_only_names() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["symbolic-ref", "HEAD", "refs/heads/-x"]);
    repo.commit("b", "two");
    let raw = OsStr::from_bytes(b"refs/tags/v1.0.0-\xff");
    repo.run([OsStr::new("update-ref"), raw, OsStr::new("HEAD")], b"");
    let records = repo.read().await;
    assert_eq!(records.repositories.first().and_then(|one| one.default_branch.as_deref()), Some("-x"));
    assert_eq!(tags(&records), ["v1.0.0-\u{fffd}"]);
}

#[tokio::test]
async fn an_empty_repository_is_empty_and_complete() {
    let repo = Repo::new();
    let read = repo.connector(&[]).gather(&request(&[])).await;
    assert_eq!((gaps(&read).len(), read.complete.len(), read.records.len()), (0, 4, 1));
    assert_eq!(read.records.repositories.first().and_then(|one| one.default_branch.as_deref()), Some("main"));
}

#[tokio::test]
async fn a_head_that_names_no_branch_has_no_default_branch() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.git(["checkout", "-q", "--detach"]);
    let records = repo.read().await;
    assert_eq!(records.repositories.first().map(|one| one.default_branch.clone()), Some(None));
    assert_eq!(tags(&records), ["v1.0.0"]);
}

#[tokio::test]
async fn a_shallow_clone_is_refused() {
    let repo = Repo::new();
    for message in ["one", "two", "three"] {
        repo.commit("a", message);
    }
    repo.git(["tag", "v1.0.0"]);
    let clone = Repo::new();
    let address = format!("file://{}", repo.folder.display());
    clone.git(["fetch", "-q", "--depth", "1", "--tags", &address, "main"]);
    assert_eq!(clone.git(["rev-list", "--count", "v1.0.0"]), "1", "git itself is silent about the rest");
    let read = clone.connector(&[]).gather(&request(&[])).await;
    assert_eq!(gaps(&read), dark("SOURCE_INCOMPLETE"));
    assert!(read.complete.is_empty() && read.watermarks.is_empty());
}

#[tokio::test]
async fn one_missing_path_darkens_no_other_repository() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let missing = PlainRepository {
        name: "bank/gone".to_owned(),
        path: repo.folder.join("gone"),
        branch: None,
        commit_url: None,
    };
    let git = connector(vec![missing, repo.plain()], &[]);
    let read = git.gather(&request(&[])).await;
    assert_eq!(gaps(&read), dark("SOURCE_UNAVAILABLE"));
    assert_eq!(tags(&read.records), ["v1.0.0"]);
    assert!(read.complete.is_empty(), "what a part of the repositories holds is not everything");
    assert!(read.changed.contains(&RecordKind::Tag) && read.watermarks.is_empty());
    let told = format!("{:?} {:?}", read.gaps, git.telemetry());
    assert!(!told.contains(&*repo.folder.to_string_lossy()), "{told}");
    assert!(matches!(git.probe(at(FIRST)).await.reachable, ProbeAnswer::Failed(_)));
}

#[tokio::test]
async fn a_folder_that_is_no_repository_is_a_gap() {
    let repo = Repo::new();
    fs::remove_dir_all(repo.folder.join(".git")).expect("removed");
    let read = repo.connector(&[]).gather(&request(&[])).await;
    assert_eq!(gaps(&read), dark("SOURCE_MALFORMED"));
}

#[tokio::test]
async fn unchanged_refs_are_not_read_again_and_a_moved_tag_is() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let git = repo.connector(&[]);
    let first = git.gather(&request(&[])).await;
    assert_eq!(git.gather(&request(&[])).await, first);
    assert_eq!((git.telemetry().sent, git.telemetry().spared.by_cache), (1, 1));
    let moved = repo.commit("a", "two");
    repo.git(["tag", "-f", "v1.0.0"]);
    let later = git.gather(&request(&[])).await;
    assert_eq!(&*tag(&later.records, "v1.0.0").commit, &*moved);
    assert_eq!(git.telemetry().sent, 2);
    let other = git.gather(&request(&["release-{version}"])).await;
    assert_eq!(tags(&other.records), [""; 0], "another question is another reading");
}

#[tokio::test]
async fn named_records_are_found_among_what_was_read() {
    let repo = Repo::new();
    let sha = repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let git = repo.connector(&[]);
    git.gather(&request(&[])).await;
    let id = |native: String| RecordId::new(&ConnectorId::new("git"), native);
    let wanted: Wanted = [
        (RecordKind::Tag, [id(format!("{NAME}@v1.0.0")), id(format!("{NAME}@v9"))].into()),
        (RecordKind::Commit, [id(format!("{NAME}@{sha}"))].into()),
    ]
    .into();
    let read = git.read(&wanted, at(FIRST)).await;
    assert_eq!((tags(&read.records), read.records.commits.len()), (vec!["v1.0.0"], 1));
}

#[tokio::test]
async fn a_repository_of_another_user_is_read() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    // Only a privileged user may give files away; for all others the repository stays their own.
    let given = std::os::unix::fs::chown(repo.folder.join(".git"), Some(65_534), None)
        .and_then(|()| std::os::unix::fs::chown(&repo.folder, Some(65_534), None));
    assert!(given.is_ok() || given.is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied));
    assert_eq!(tags(&repo.read().await), ["v1.0.0"]);
}

#[tokio::test]
async fn nobodys_hooks_or_filters_run() {
    let repo = Repo::new();
    let mark = repo.folder.join("ran");
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let command = format!("touch {}", mark.display());
    for key in ["core.fsmonitor", "filter.x.smudge", "diff.x.textconv", "diff.external", "core.sshCommand"] {
        repo.git(["config", key, &command]);
    }
    repo.write(".git/info/attributes", "* filter=x diff=x\n");
    let records = repo.read_with(&[], &["a"]).await;
    assert_eq!(records.files.len(), 1);
    assert!(!mark.exists());
}
