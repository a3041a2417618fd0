//! Tags of a real repository on this machine's disk, made by git itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use domain::{Records, Text};
use simulators::clock::{Clock as _, Frozen};

use super::super::stand::{Hand, Stand, name, number};
use crate::Vendor;
use crate::contract::Interest;
use crate::git::{self, PlainRepository};
use crate::reach::Identification;

const REPOSITORY: &str = "bank/data-lake";
static FOLDERS: AtomicU32 = AtomicU32::new(0);

#[derive(Clone)]
struct Tags {
    folder: Arc<Folder>,
    clock: Arc<Frozen>,
}

/// Gone when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays behind harms nobody.
        drop(fs::remove_dir_all(&self.0));
    }
}

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    let place = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("conformance-git-{}-{place}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let tags = Tags { folder: Arc::new(Folder(folder)), clock: clock.clone() };
    tags.git(&["init", "-q", "-b", "main"]);
    tags.git(&["commit", "-q", "--allow-empty", "-m", "Begin"]);
    Box::new(tags)
}

impl Tags {
    fn git(&self, arguments: &[&str]) {
        let date = format!("@{} +0000", self.clock.now().as_second());
        let status = Command::new("git")
            .current_dir(&self.folder.0)
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@bank.example", "-c", "tag.gpgSign=false"])
            .args(arguments)
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)])
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
            .status();
        assert!(status.expect("git runs").success(), "git {arguments:?}");
    }
}

impl Stand for Tags {
    fn router(&self) -> Option<Router> {
        None
    }

    fn options(&self) -> Vendor {
        let repository = PlainRepository {
            name: REPOSITORY.into(),
            path: self.folder.0.clone(),
            branch: None,
            commit_url: None,
        };
        Vendor::Git(git::Options { repositories: vec![repository], files: Vec::new() })
    }

    fn identification(&self) -> Identification {
        Identification::Anonymous
    }

    fn interest(&self) -> Interest {
        let patterns = BTreeSet::from([Text::from("record-{version}")]);
        Interest { repositories: [(Text::from(REPOSITORY), patterns)].into(), ..Interest::default() }
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        format!("{REPOSITORY}@{}", name(number))
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.tags.iter().filter_map(|tag| number(&tag.name)).collect()
    }
}

impl Hand for Tags {
    fn put(&self, number: usize) {
        self.git(&["tag", &name(number)]);
    }

    fn touch(&self, number: usize) {
        self.git(&["commit", "-q", "--allow-empty", "-m", "Go on"]);
        self.git(&["tag", "--force", &name(number)]);
    }

    fn take(&self, number: usize) -> bool {
        self.git(&["tag", "--delete", &name(number)]);
        true
    }
}
