//! Merged pull requests of a simulated repository, a hundred to a page, the last changed first.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use domain::{Records, Text};
use simulators::clock::{Clock as _, Frozen};
use simulators::github::{
    Branch, Commit, Content, Github, Head, Options, Organization, PullRequest, Repository, Signature, Token, User,
};

use super::super::stand::{Hand, SECRET, Stand, name, number};
use crate::Vendor;
use crate::contract::Interest;
use crate::github;
use crate::reach::Identification;
use crate::resilience::Secret;

const REPOSITORY: &str = "bank/payments-api";
const SHA: &str = "00000000000000000000000000000000000000c1";

#[derive(Clone)]
struct PullRequests {
    hub: Github,
    clock: Arc<Frozen>,
}

pub(in super::super) fn raise(clock: &Arc<Frozen>) -> Box<dyn Stand> {
    let signature = Signature {
        name: "Ada".into(),
        email: "ada@bank.example".into(),
        login: Some("ada".into()),
        date: clock.now(),
    };
    let mut repository = Repository::new(7, "bank", "payments-api");
    repository.commits = vec![Commit {
        sha: SHA.into(),
        author: signature.clone(),
        committer: signature,
        message: "Begin".into(),
        ..Commit::default()
    }];
    repository.branches = vec![Branch { name: "main".into(), sha: SHA.into() }];
    let content = Content {
        organizations: vec![Organization { id: 900, login: "bank".into(), name: "The Bank".into() }],
        users: vec![User { id: 1, login: "ada".into(), ..User::default() }],
        repositories: vec![repository],
        ..Content::default()
    };
    let mut options = Options::new(clock.clone(), content, vec![Token::reading(SECRET, "ada")]);
    options.limits.enabled = false;
    Box::new(PullRequests { hub: Github::new(options), clock: clock.clone() })
}

impl Stand for PullRequests {
    fn router(&self) -> Option<Router> {
        Some(self.hub.router())
    }

    fn options(&self) -> Vendor {
        Vendor::Github(github::Options::default())
    }

    fn identification(&self) -> Identification {
        Identification::Token(Secret::new(SECRET))
    }

    fn interest(&self) -> Interest {
        let patterns = BTreeSet::from([Text::from("v{version}")]);
        Interest { repositories: [(Text::from(REPOSITORY), patterns)].into(), ..Interest::default() }
    }

    fn hand(&self) -> Box<dyn Hand> {
        Box::new(self.clone())
    }

    fn id(&self, number: usize) -> String {
        format!("7#{number}")
    }

    fn numbers(&self, records: &Records) -> Vec<usize> {
        records.pull_requests.iter().filter_map(|pull| number(&pull.title)).collect()
    }
}

impl Hand for PullRequests {
    fn put(&self, number: usize) {
        let at = self.clock.now();
        let head = |branch: &str| Head { branch: branch.into(), sha: SHA.into() };
        let pull = PullRequest {
            id: 1_000 + number as u64,
            number: number as u64,
            title: name(number),
            author: Some("ada".into()),
            head: head("topic"),
            base: head("main"),
            created_at: at,
            updated_at: at,
            closed_at: Some(at),
            merged_at: Some(at),
            merged_by: Some("ada".into()),
            merge_commit_sha: Some(SHA.into()),
            ..PullRequest::default()
        };
        assert!(self.hub.edit(REPOSITORY, |repository| repository.pull_requests.push(pull)));
    }

    fn touch(&self, number: usize) {
        let (number, at) = (number as u64, self.clock.now());
        self.hub.edit(REPOSITORY, |repository| {
            let pull = repository.pull_requests.iter_mut().find(|pull| pull.number == number);
            let pull = pull.expect("a pull request");
            (pull.body, pull.updated_at) = (Some("touched".into()), at);
        });
    }

    fn take(&self, _number: usize) -> bool {
        false
    }
}
