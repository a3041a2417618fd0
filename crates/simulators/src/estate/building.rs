//! From work items to an artifact: commits, pull requests with reviews, the tag, pipeline runs, the image.
//! On plain Git there are no pull requests; a review stands in the commit's trailers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::EstateError;
use super::draw::{Draw, hex};
use super::model::{
    Annotation, Artifact, CodeHome, Commit, Content, FileChange, Forge, ForgeRelease, Merge, PipelineRun,
    PullRequest, Review, ReviewVerdict, Service, Tag, TestSuite, Text,
};
use super::people::PIPELINE;
use super::world::{World, minutes};

/// What one release is built from.
pub(super) struct Build<'a> {
    pub(super) service: &'a Service,
    pub(super) version: &'a str,
    pub(super) keys: &'a [Text],
    /// When the tag was set.
    pub(super) at: Timestamp,
    pub(super) files: u32,
    pub(super) lines: u32,
    /// Share of the diff's lines that tests run through.
    pub(super) coverage: f64,
    pub(super) author: Text,
    /// GitHub login of the reviewer.
    pub(super) reviewer: Text,
    /// Files whose words matter: manifests, expected configuration.
    pub(super) documents: Vec<(&'static str, Text)>,
    /// The branch it is tagged on.
    pub(super) branch: &'static str,
    /// What takes an hour at the usual pace takes this long.
    pub(super) pace: SignedDuration,
}

/// What came out.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) digest: Text,
}

const MODULES: [&str; 8] = ["api", "domain", "store", "rules", "queue", "reports", "limits", "audit"];

/// The digest of an image's index.
pub(super) fn digest(service: &str, version: &str, build: &str) -> Text {
    format!("sha256:{}", hex(&[service, version, build], 64)).into()
}

impl World {
    pub(super) fn build(&mut self, build: &Build<'_>) -> Result<Built, EstateError> {
        let service = build.service;
        let digest = digest(&service.key, build.version, "index");
        let Some(code) = &service.code else {
            return Ok(Built { digest });
        };
        let mut changes = self.changes_of(build, code);
        changes.extend(build.documents.iter().map(|(path, text)| self.document(code, path, text)));
        let head = match code.forge {
            Forge::GitHub => self.merge_pull_requests(build, code, changes)?,
            Forge::PlainGit => self.commit_reviewed(build, code, changes)?,
        };
        self.tag(build, code, head)?;
        let repository = code.repository.clone();
        self.estate.artifacts.push(Artifact {
            service: service.key.clone(),
            version: build.version.into(),
            image: service.key.clone(),
            platforms: ["linux/amd64", "linux/arm64"]
                .iter()
                .map(|platform| self::digest(&service.key, build.version, platform))
                .collect(),
            repository,
            commit: head,
            built: build.at + minutes(20),
            digest: digest.clone(),
        });
        if code.forge == Forge::GitHub {
            self.run_pipeline(build, code, (head, Some(digest.clone())));
        }
        Ok(Built { digest })
    }

    /// Spreads the lines over the files, always the same for the same release.
    fn changes_of(&mut self, build: &Build<'_>, code: &CodeHome) -> Vec<FileChange> {
        let mut draw = Draw::new(self.estate.seed, &format!("files of {}@{}", build.service.key, build.version));
        let files = build.files.max(1);
        let each = (build.lines / files).max(1);
        let first = draw.count(0, 59);
        let revision = draw.count(1, 9_999_999);
        (0..files)
            .map(|number| {
                let place = (first + number) % 60;
                let module = MODULES.get(place as usize % 8).copied().unwrap_or("api");
                let path = in_folder(code, &format!("src/{module}/unit_{place:02}.rs"));
                let lines = draw.count(each.div_ceil(2), each + each / 2).max(1);
                self.file(code, (path, lines), Content::Generated { revision, lines })
            })
            .collect()
    }

    fn document(&mut self, code: &CodeHome, path: &str, text: &Text) -> FileChange {
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        self.file(code, (in_folder(code, path), lines), Content::Literal(text.clone()))
    }

    fn file(&mut self, code: &CodeHome, (path, lines): (Text, u32), content: Content) -> FileChange {
        let known = self.files.entry(code.repository.clone()).or_default();
        let before = known.insert(path.clone(), lines);
        FileChange {
            path,
            content,
            additions: lines,
            deletions: before.unwrap_or_default(),
            added: before.is_none(),
        }
    }

    /// One pull request for every two work items, at most three.
    fn merge_pull_requests(
        &mut self,
        build: &Build<'_>,
        code: &CodeHome,
        changes: Vec<FileChange>,
    ) -> Result<usize, EstateError> {
        let count = build.keys.len().div_ceil(2).clamp(1, 3);
        let share = changes.len().div_ceil(count).max(1);
        let mut parts: Vec<Vec<FileChange>> = changes.chunks(share).map(<[FileChange]>::to_vec).collect();
        parts.resize_with(count.min(parts.len().max(1)), Vec::new);
        let mut head = 0;
        let total = parts.len();
        let fork = self.repository(&code.repository)?.head(build.branch);
        for (place, part) in parts.into_iter().enumerate() {
            let before = i32::try_from(total - place).unwrap_or(1);
            let key = build.keys.get(place * 2 % build.keys.len().max(1)).cloned();
            head = self.pull_request(
                build,
                code,
                Proposal {
                    key: key.unwrap_or_else(|| build.service.project.clone()),
                    merged: build.at - build.pace * (3 * before),
                    files: part,
                    fork,
                },
            )?;
        }
        Ok(head)
    }

    fn pull_request(
        &mut self,
        build: &Build<'_>,
        code: &CodeHome,
        proposal: Proposal,
    ) -> Result<usize, EstateError> {
        let Proposal { key, merged, files, fork } = proposal;
        let number = self.next(&code.repository);
        let branch: Text = format!("feature/{key}-{}", build.version).into();
        let topic = self.summary_of(&key);
        let opened = merged - build.pace * 26;
        let repository = self.repository(&code.repository)?;
        let base = repository.head(build.branch);
        let half = files.len().div_ceil(2).max(1);
        let mut commits = Vec::new();
        let mut parent = fork;
        for (place, part) in files.chunks(half).enumerate() {
            let commit = repository.commit(Commit {
                parents: parent.into_iter().collect(),
                author: build.author.clone(),
                committer: build.author.clone(),
                at: opened - build.pace * if place == 0 { 2 } else { 1 },
                message: format!(
                    "{}: {topic}\n\nPart {} of the work on {}.\n",
                    as_typed(&key),
                    place + 1,
                    build.version
                )
                .into(),
                files: part.to_vec(),
            });
            commits.push(commit);
            parent = Some(commit);
        }
        let tip = parent.unwrap_or_default();
        let merge = repository.commit(Commit {
            parents: base.into_iter().chain([tip]).collect(),
            author: build.author.clone(),
            committer: build.author.clone(),
            at: merged,
            message: format!("Merge pull request #{number} from {branch}\n\n{key}: {topic}\n").into(),
            files,
        });
        repository.branches.insert(build.branch.into(), merge);
        let review = |verdict, at, body: &str| Review {
            login: build.reviewer.clone(),
            verdict,
            at,
            commit: tip,
            body: body.into(),
        };
        repository.pulls.push(PullRequest {
            number,
            title: format!("{key}: {topic}").into(),
            body: format!("{key}\n\nGoes out with {} {}.", build.service.key, build.version).into(),
            author: build.author.clone(),
            branch,
            base: build.branch.into(),
            commits,
            opened,
            merged: Some(Merge { at: merged, by: build.author.clone(), commit: merge }),
            reviews: vec![
                review(
                    ReviewVerdict::Commented,
                    merged - build.pace * 5,
                    "One question about the limits, see below.",
                ),
                review(ReviewVerdict::Approved, merged - build.pace * 2, "Reads well."),
            ],
        });
        self.run_pipeline(build, code, (merge, None));
        Ok(merge)
    }

    /// A commit straight on the branch, with its review in the trailers.
    fn commit_reviewed(
        &mut self,
        build: &Build<'_>,
        code: &CodeHome,
        changes: Vec<FileChange>,
    ) -> Result<usize, EstateError> {
        let key = build.keys.first().cloned().unwrap_or_else(|| build.service.project.clone());
        let topic = self.summary_of(&key);
        let reviewer = self.member(&build.service.team, 0)?;
        let person = self.estate.people.iter().find(|person| person.key == reviewer);
        let signed = person.map_or_else(String::new, |person| {
            format!("{} <{}>", person.name, person.email.as_deref().unwrap_or_default())
        });
        let repository = self.repository(&code.repository)?;
        let parent = repository.head(build.branch);
        let commit = repository.commit(Commit {
            parents: parent.into_iter().collect(),
            author: build.author.clone(),
            committer: build.author.clone(),
            at: build.at - build.pace * 4,
            message: format!(
                "{key}: {topic}\n\nReady for {}.\n\nReviewed-by: {signed}\nTested-by: {signed}\n",
                build.version
            )
            .into(),
            files: changes,
        });
        repository.branches.insert(build.branch.into(), commit);
        Ok(commit)
    }

    fn tag(&mut self, build: &Build<'_>, code: &CodeHome, head: usize) -> Result<(), EstateError> {
        let name: Text = code.tag(build.version).into();
        let tagger = self.member(&build.service.team, 0)?;
        let keys = build.keys.join(", ");
        let body: Text = format!("{} {}\n\n{keys}\n", build.service.name, build.version).into();
        let repository = self.repository(&code.repository)?;
        repository.tags.push(Tag {
            name: name.clone(),
            commit: head,
            // The data team has always set lightweight tags.
            annotation: (code.forge == Forge::GitHub || name.starts_with('v')).then(|| Annotation {
                tagger: tagger.clone(),
                at: build.at,
                message: body.clone(),
            }),
        });
        if code.forge == Forge::GitHub {
            repository.releases.push(ForgeRelease {
                name: format!("{} {}", build.service.key, build.version).into(),
                tag: name,
                body: format!(
                    "{body}\nImage: registry.bank.example/{}@{}\n",
                    build.service.key,
                    digest(&build.service.key, build.version, "index")
                )
                .into(),
                author: tagger,
                at: build.at + minutes(25),
            });
        }
        Ok(())
    }

    /// Without a digest a check of one merge, with one the pipeline that built a release.
    fn run_pipeline(&mut self, build: &Build<'_>, code: &CodeHome, (commit, digest): (usize, Option<Text>)) {
        let mut draw = Draw::new(self.estate.seed, &format!("tests of {}@{}", build.service.key, build.version));
        let mut suite = |name, low, high| TestSuite {
            name,
            passed: draw.count(low, high),
            failed: 0,
            skipped: draw.count(0, 3),
        };
        let started = if digest.is_some() { build.at + minutes(1) } else { build.at - build.pace * 2 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small count")]
        let covered = (f64::from(build.lines) * build.coverage).round() as u32;
        self.estate.runs.push(PipelineRun {
            repository: code.repository.clone(),
            workflow: if digest.is_some() { "release" } else { "ci" },
            title: format!("{} {}", build.service.key, build.version).into(),
            branch: build.branch.into(),
            commit,
            actor: if digest.is_some() { PIPELINE.into() } else { build.author.clone() },
            started,
            finished: started + minutes(18),
            succeeded: true,
            suites: vec![suite("unit", 200, 900), suite("integration", 40, 160), suite("acceptance", 10, 60)],
            coverage: Some((build.lines, covered)),
            digest,
        });
    }

    fn summary_of(&self, key: &Text) -> Text {
        self.estate
            .work_items
            .iter()
            .rev()
            .find(|item| item.key == *key)
            .map_or_else(|| "Keep dependencies current".into(), |item| item.summary.clone())
    }
}

struct Proposal {
    key: Text,
    merged: Timestamp,
    files: Vec<FileChange>,
    /// Where its branch left the main line.
    fork: Option<usize>,
}

/// Some people type keys in small letters.
fn as_typed(key: &str) -> String {
    if key.ends_with(['2', '7']) { key.to_lowercase() } else { key.to_owned() }
}

fn in_folder(code: &CodeHome, path: &str) -> Text {
    if code.folder.is_empty() { path.into() } else { format!("{}/{path}", code.folder).into() }
}

impl super::model::Repository {
    pub(super) fn head(&self, branch: &str) -> Option<usize> {
        self.branches.get(branch).copied()
    }

    /// Appends a commit; it is not older than its parents, for another team may have merged in between.
    pub(super) fn commit(&mut self, mut commit: Commit) -> usize {
        for parent in commit.parents.iter().filter_map(|parent| self.commits.get(*parent)) {
            commit.at = commit.at.max(parent.at);
        }
        self.commits.push(commit);
        self.commits.len() - 1
    }

    /// The commit a tag points at.
    pub fn tagged(&self, name: &str) -> Option<usize> {
        self.tags.iter().find(|tag| &*tag.name == name).map(|tag| tag.commit)
    }

    /// Is `ancestor` reachable from `commit`?
    pub fn reaches(&self, commit: usize, ancestor: usize) -> bool {
        let mut seen: BTreeMap<usize, ()> = BTreeMap::new();
        let mut open = vec![commit];
        while let Some(next) = open.pop() {
            if next == ancestor {
                return true;
            }
            // Parents stand before their children, so nothing below `ancestor` can lead back up to it.
            if next < ancestor || seen.insert(next, ()).is_some() {
                continue;
            }
            open.extend(self.commits.get(next).into_iter().flat_map(|commit| &commit.parents));
        }
        false
    }
}
