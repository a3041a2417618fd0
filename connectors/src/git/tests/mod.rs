//! Against real repositories, made by git itself with fixed names and dates, and compared with what git says of them.

mod files;
mod ranges;
mod refs;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use domain::{Commit, CommitRange, ConnectorId, Records, Tag, Text, Window};
use jiff::Timestamp;

use super::{Git, Options, PlainRepository};
use crate::contract::{Connector as _, GatherRequest, Gathered, Interest};

const NAME: &str = "bank/data-lake";
/// 2026-03-01T00:00:00Z: the first commit of every repository.
const FIRST: i64 = 1_772_323_200;

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A repository in a folder of its own, gone when dropped.
struct Repo {
    folder: PathBuf,
    second: Cell<i64>,
}

impl Drop for Repo {
    fn drop(&mut self) {
        // A folder that stays behind harms nobody.
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl Repo {
    fn new() -> Self {
        let place = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("plain-git-{}-{place}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let repo = Self { folder, second: Cell::new(FIRST) };
        repo.git(["init", "-q", "-b", "main"]);
        repo
    }

    fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        self.run(arguments.map(OsStr::new), b"")
    }

    /// Runs git without anybody's configuration; every call is a minute later.
    fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a OsStr>, input: &[u8]) -> String {
        self.second.set(self.second.get() + 60);
        let date = format!("@{} +0000", self.second.get());
        let mut child = Command::new("git")
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("HOME", "/nonexistent")])
            .envs([("GIT_AUTHOR_NAME", "Ada Example"), ("GIT_AUTHOR_EMAIL", "ada@bank.example")])
            .envs([("GIT_COMMITTER_NAME", "Ben Example"), ("GIT_COMMITTER_EMAIL", "ben@bank.example")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("git listens");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    /// Commits one file with its message as content.
    fn commit(&self, path: &str, message: &str) -> String {
        self.write(path, format!("{message}\n"));
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "-m", message]);
        self.sha("HEAD")
    }

    fn sha(&self, revision: &str) -> String {
        self.git(["rev-parse", "--verify", "--end-of-options", revision])
    }

    /// Shas of `git rev-list`, as a set.
    fn listed(&self, range: &str) -> BTreeSet<String> {
        self.git(["rev-list", range]).lines().map(str::to_owned).collect()
    }

    fn plain(&self) -> PlainRepository {
        PlainRepository {
            name: NAME.to_owned(),
            path: self.folder.clone(),
            branch: None,
            commit_url: Some("https://git.example/c/".to_owned()),
        }
    }

    fn connector(&self, files: &[&str]) -> Git {
        connector(vec![self.plain()], files)
    }

    async fn read(&self) -> Records {
        self.read_with(&[], &[]).await
    }

    async fn read_with(&self, patterns: &[&str], files: &[&str]) -> Records {
        let read = self.connector(files).gather(&request(patterns)).await;
        assert_eq!(gaps(&read), [""; 0]);
        read.records
    }
}

fn connector(repositories: Vec<PlainRepository>, files: &[&str]) -> Git {
    let files = files.iter().map(|file| (*file).to_owned()).collect();
    Git::new(ConnectorId::new("git"), Options { repositories, files })
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn request(patterns: &[&str]) -> GatherRequest {
    let patterns: BTreeSet<Text> = patterns.iter().map(|pattern| Text::from(*pattern)).collect();
    let interest = Interest { repositories: [(Text::from(NAME), patterns)].into(), ..Interest::default() };
    let horizon = Window { start: at(FIRST), end: at(FIRST + 86_400 * 180) };
    GatherRequest::full(horizon, at(FIRST + 86_400 * 90), interest)
}

/// Gaps as `CODE KIND`.
fn gaps(read: &Gathered) -> Vec<String> {
    read.gaps.iter().map(|gap| format!("{} {:?}", gap.code.as_str(), gap.kind)).collect()
}

fn dark(code: &str) -> Vec<String> {
    ["Repository", "Tag", "Commit", "File"].map(|kind| format!("{code} {kind}")).into()
}

fn tag<'r>(records: &'r Records, name: &str) -> &'r Tag {
    records.tags.iter().find(|tag| &*tag.name == name).expect("a tag")
}

fn tags(records: &Records) -> Vec<&str> {
    let mut names: Vec<&str> = records.tags.iter().map(|tag| &*tag.name).collect();
    names.sort_unstable();
    names
}

fn range<'r>(records: &'r Records, head: &str) -> &'r CommitRange {
    records.commit_ranges.iter().find(|range| &*range.head == head).expect("a range")
}

fn commit<'r>(records: &'r Records, sha: &str) -> &'r Commit {
    records.commits.iter().find(|commit| &*commit.sha == sha).expect("a commit")
}

fn set(shas: &[Text]) -> BTreeSet<String> {
    shas.iter().map(|sha| sha.to_string()).collect()
}

fn texts(texts: &[Text]) -> Vec<&str> {
    texts.iter().map(|text| &**text).collect()
}
