//! Commits between two tags, their paths, lines and trailers.

use std::fmt::Write as _;

use super::*;

#[tokio::test]
async fn a_range_is_what_git_log_says() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.commit("a", "two");
    repo.git(["checkout", "-q", "-b", "side"]);
    repo.commit("b", "on the side");
    repo.git(["checkout", "-q", "main"]);
    repo.commit("c", "three");
    repo.git(["merge", "-q", "--no-ff", "-m", "merge the side", "side"]);
    repo.git(["tag", "v1.1.0"]);
    let records = repo.read().await;
    let range = range(&records, "v1.1.0");
    assert_eq!(set(&range.commits), repo.listed("v1.0.0..v1.1.0"));
    assert_eq!((range.commits.len(), range.missing.len(), range.complete), (4, 0, true));
    let merge = commit(&records, &repo.sha("main"));
    assert_eq!(merge.parents.len(), 2);
    assert_eq!(merge.paths.as_deref().map(texts), Some(vec!["b"]), "relative to its first parent");
    assert_eq!(merge.source.url.as_deref(), Some(&*format!("https://git.example/c/{}", merge.sha)));
}

#[tokio::test]
async fn a_hotfix_that_never_came_back_is_missing() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.git(["checkout", "-q", "-b", "hotfix"]);
    let fix = repo.commit("a", "stop the leak");
    repo.git(["tag", "v1.0.1"]);
    repo.git(["checkout", "-q", "main"]);
    repo.commit("b", "feature");
    repo.git(["tag", "v1.1.0"]);
    let records = repo.read().await;
    let range = range(&records, "v1.1.0");
    assert_eq!(range.base.as_deref(), Some("v1.0.1"));
    assert_eq!(set(&range.missing), repo.listed("v1.1.0..v1.0.1"));
    assert_eq!(texts(&range.missing), [&*fix]);
    assert_eq!(&*commit(&records, &fix).message, "stop the leak", "what would be lost can be told");
}

#[tokio::test]
async fn a_picked_hotfix_has_another_sha_and_still_counts_as_missing() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.git(["checkout", "-q", "-b", "hotfix"]);
    let fix = repo.commit("a", "PAY-7 stop the leak");
    repo.git(["tag", "v1.0.1"]);
    repo.git(["checkout", "-q", "main"]);
    repo.commit("b", "feature");
    repo.git(["cherry-pick", &fix]);
    let picked = repo.sha("HEAD");
    repo.git(["tag", "v1.1.0"]);
    let records = repo.read().await;
    let range = range(&records, "v1.1.0");
    assert_eq!(texts(&range.missing), [&*fix]);
    assert!(set(&range.commits).contains(&picked));
    assert_eq!(
        commit(&records, &picked).message,
        commit(&records, &fix).message,
        "the key tells that they are one"
    );
}

#[tokio::test]
async fn the_first_release_has_no_base_and_lines_are_not_counted() {
    let repo = Repo::new();
    repo.commit("a", "one");
    repo.commit("b", "two");
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read().await;
    let range = range(&records, "v1.0.0");
    assert_eq!((range.base.as_deref(), range.commits.len(), range.additions), (None, 2, None));
    assert_eq!(range.paths.as_deref().map(texts), Some(vec!["a", "b"]));
}

/// `additions deletions` of `git diff --shortstat`.
fn shortstat(repo: &Repo, range: &str) -> (u64, u64) {
    let told = repo.git(["diff", "--shortstat", range]);
    let number = |what: &str| {
        let part = told.split(", ").find(|part| part.contains(what));
        part.and_then(|part| part.split_whitespace().next()).map_or(0, |number| number.parse().expect("a number"))
    };
    (number("insertion"), number("deletion"))
}

#[tokio::test]
async fn lines_are_counted_as_git_counts_them() {
    let repo = Repo::new();
    let numbered = |count: usize| (0..count).map(|line| format!("line {line}\n")).collect::<String>();
    repo.write("changed", numbered(40));
    repo.write("removed", numbered(7));
    repo.write("kept-but-moved", numbered(30));
    repo.write("binary", [0_u8, 1, 2, 0]);
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    repo.write("changed", numbered(40).replace("line 3\n", "other\n").replace("line 20\n", "") + "end");
    repo.write("binary", [0_u8, 9, 9, 9, 0]);
    repo.write("crlf", "one\r\ntwo\r\n");
    repo.git(["rm", "-q", "removed"]);
    repo.git(["mv", "kept-but-moved", "moved"]);
    repo.commit("a", "two");
    repo.git(["tag", "v1.1.0"]);
    let records = repo.read().await;
    let range = range(&records, "v1.1.0");
    assert_eq!((range.additions, range.deletions), {
        let (added, deleted) = shortstat(&repo, "v1.0.0..v1.1.0");
        (Some(added), Some(deleted))
    });
    let named = repo.git(["diff", "--name-only", "--no-renames", "v1.0.0..v1.1.0"]);
    assert_eq!(range.paths.as_deref().map(texts), Some(named.lines().collect()));
}

#[tokio::test]
async fn each_commit_tells_its_own_paths() {
    let repo = Repo::new();
    let first = repo.commit("app/x", "one");
    repo.write("portal/y", "y");
    let second = repo.commit("app/x", "two");
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read().await;
    let paths = |sha: &str| commit(&records, sha).paths.as_deref().map(texts).expect("read");
    assert_eq!(paths(&first), ["app/x"]);
    assert_eq!(paths(&second), ["app/x", "portal/y"]);
}

#[tokio::test]
async fn trailers_and_both_signatures_are_read() {
    let repo = Repo::new();
    let message = "PAY-17 Refund once\n\nNot twice.\n\nReviewed-by: Cleo <cleo@bank.example>\nRefs: PAY-18\n";
    let sha = repo.commit("a", message);
    let plain = repo.commit("a", "Only: a subject");
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read().await;
    let read = commit(&records, &sha);
    let told: Vec<_> = read.trailers.iter().map(|one| format!("{}: {}", one.token, one.value)).collect();
    let expected = repo.git(["log", "-1", "--format=%(trailers:only,unfold)", &sha]);
    assert_eq!(told, expected.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>());
    assert_eq!(told.len(), 2);
    assert_eq!((&*read.author.email, &*read.committer.email), ("ada@bank.example", "ben@bank.example"));
    assert_eq!(&*read.message, message.trim_end());
    assert_eq!(commit(&records, &plain).trailers, []);
}

#[tokio::test]
async fn names_messages_and_paths_that_are_no_unicode_are_read() {
    let repo = Repo::new();
    let mut stream = b"commit refs/heads/main\nauthor J\xfcrgen <j@bank.example> 1772400000 +0100\n".to_vec();
    stream.extend(b"committer J\xfcrgen <j@bank.example> 1772400000 +0100\ndata 7\nL\xf6sung\n");
    stream.extend(b"M 644 inline \"f\\374r\"\ndata 2\nx\n\nreset refs/tags/v1.0.0\nfrom refs/heads/main\n\n");
    repo.run([OsStr::new("fast-import"), OsStr::new("--quiet")], &stream);
    let records = repo.read().await;
    let read = records.commits.first().expect("a commit");
    assert_eq!((&*read.author.name, &*read.message), ("J\u{fffd}rgen", "L\u{fffd}sung"));
    assert_eq!(read.author.at, at(1_772_400_000));
    assert_eq!(read.paths.as_deref().map(texts), Some(vec!["f\u{fffd}r"]));
}

#[tokio::test]
async fn a_long_message_is_cut_by_characters() {
    let repo = Repo::new();
    repo.commit("a", &"ü".repeat(5_000));
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read().await;
    assert_eq!(records.commits.first().map(|commit| commit.message.chars().count()), Some(4_000));
}

/// Numbers that look random and are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Commit dates can be forged, so no walk may trust them.
#[tokio::test]
async fn any_history_with_any_dates_is_read_exactly() {
    const COMMITS: u64 = 24;
    for seed in 0..6 {
        let repo = Repo::new();
        let mut draw = Draw(seed);
        let mut stream = String::new();
        for place in 1..=COMMITS {
            let date = FIRST + i64::try_from(draw.below(1_000_000)).expect("small");
            write!(
                stream,
                "commit refs/heads/b{place}\nmark :{place}\ncommitter B <b@x> {date} +0000\ndata 2\nc\n"
            )
            .expect("a text");
            if place > 1 && draw.below(12) > 0 {
                let first = 1 + draw.below(place - 1);
                let second = 1 + draw.below(place - 1);
                writeln!(stream, "from :{first}").expect("a text");
                if second != first && draw.below(3) == 0 {
                    writeln!(stream, "merge :{second}").expect("a text");
                }
            }
            write!(stream, "M 644 inline f{place}\ndata 2\nx\n\nreset refs/tags/v0.{place}.0\nfrom :{place}\n\n")
                .expect("a text");
        }
        repo.run([OsStr::new("fast-import"), OsStr::new("--quiet")], stream.as_bytes());
        let records = repo.read().await;
        assert_eq!(records.tags.len() as u64, COMMITS);
        for range in &records.commit_ranges {
            let head = repo.listed(&range.head);
            let base = range.base.as_deref().map(|base| repo.listed(base)).unwrap_or_default();
            assert_eq!(set(&range.commits), &head - &base, "seed {seed}: {}", range.head);
            assert_eq!(set(&range.missing), &base - &head, "seed {seed}: {}", range.head);
            assert!(range.complete);
        }
    }
}
