//! What the generator knows to be true about the links of one graph, in pairs of keys. Only nodes that the graph holds
//! are spoken of: what lies outside the horizon is no rule's fault.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ReleaseKey;
use engine::ReleaseGraph;
use simulators::estate::model::{Estate, Repository, Service};

/// A release's key, and the other end's.
pub(crate) type Pair = (String, String);

/// A kind of link between a release and something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    Change,
    WorkItem,
    Commit,
    PullRequest,
    Artifact,
    Incident,
}

impl Relation {
    pub(crate) const ALL: [Self; 6] =
        [Self::Change, Self::WorkItem, Self::Commit, Self::PullRequest, Self::Artifact, Self::Incident];
}

/// The pairs of each relation, and the other ends of which the generator knows which releases they belong to.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) pairs: BTreeMap<Relation, BTreeSet<Pair>>,
    /// Work items whose keys no text of their releases' code names: without a label nothing leads to them.
    pub(crate) traceless: BTreeSet<Pair>,
    pub(crate) known: BTreeMap<Relation, BTreeSet<String>>,
}

impl Truth {
    pub(crate) fn of(estate: &Estate, graph: &ReleaseGraph) -> Self {
        let mut truth = Self::default();
        truth.changes(estate);
        truth.work_items(estate);
        truth.code(estate, graph);
        for artifact in &estate.artifacts {
            let release = format!("{}@{}", artifact.service, artifact.version);
            truth.tell(Relation::Artifact, &artifact.digest, [release]);
        }
        truth.incidents(estate);
        truth.traces(estate);
        for (relation, pairs) in &mut truth.pairs {
            let held = super::score::ends(graph, *relation);
            pairs.retain(|(release, other)| {
                graph.releases.find(&ReleaseKey::new(release.as_str())).is_some() && held.contains(other)
            });
        }
        truth
    }

    fn tell(&mut self, relation: Relation, other: &str, releases: impl IntoIterator<Item = String>) {
        self.known.entry(relation).or_default().insert(other.to_owned());
        let pairs = self.pairs.entry(relation).or_default();
        pairs.extend(releases.into_iter().map(|release| (release, other.to_owned())));
    }

    fn changes(&mut self, estate: &Estate) {
        for change in &estate.changes {
            let number = format!("{}:{}", change.instance, change.number);
            self.tell(Relation::Change, &number, change.releases.iter().map(|key| key.to_string()));
        }
    }

    fn work_items(&mut self, estate: &Estate) {
        let versions: HashMap<(&str, &str), Option<&str>> = estate
            .versions
            .iter()
            .map(|version| ((&*version.project, &*version.name), version.release.as_deref()))
            .collect();
        for item in &estate.work_items {
            let fixed =
                item.fix_versions.iter().map(|name| versions.get(&(&*item.project, &**name)).copied().flatten());
            // A spelling that is not exact means nothing that the generator would swear to.
            if let Some(releases) = fixed.collect::<Option<Vec<&str>>>().filter(|releases| !releases.is_empty()) {
                self.tell(Relation::WorkItem, &item.key, releases.into_iter().map(str::to_owned));
            }
        }
    }

    fn traces(&mut self, estate: &Estate) {
        let mut texts: HashMap<&str, Vec<String>> = HashMap::new();
        for repository in &estate.repositories {
            let pulls = repository.pulls.iter().flat_map(|pull| [&pull.title, &pull.body, &pull.branch]);
            let tags = repository.tags.iter().filter_map(|tag| Some(&tag.annotation.as_ref()?.message));
            let all = repository.commits.iter().map(|commit| &commit.message).chain(pulls).chain(tags);
            let all = all.chain(repository.releases.iter().map(|release| &release.body));
            texts.insert(&repository.name, all.map(|text| text.to_uppercase()).collect());
        }
        let traced = |(release, key): &Pair| {
            let service = release.split('@').next().and_then(|service| estate.service(service));
            let code = service.and_then(|service| service.code.as_ref());
            let texts = code.and_then(|code| texts.get(&*code.repository));
            texts.into_iter().flatten().any(|text| names(text, key))
        };
        let items = self.pairs.get(&Relation::WorkItem).into_iter().flatten();
        self.traceless = items.filter(|pair| !traced(pair)).cloned().collect();
    }

    /// The commits that a tag reaches and the tag of the version below does not, in the service's folder; and the pull
    /// requests that brought them.
    fn code(&mut self, estate: &Estate, graph: &ReleaseGraph) {
        let mut versions: BTreeMap<&str, Vec<(Vec<u64>, &str)>> = BTreeMap::new();
        for release in &estate.releases {
            if let Some(numbers) = numbers(&release.version) {
                versions.entry(&release.service).or_default().push((numbers, &release.version));
            }
        }
        for service in &estate.services {
            let Some(code) = &service.code else { continue };
            let Some(repository) = estate.repositories.iter().find(|one| one.name == code.repository) else {
                continue;
            };
            let mut versions = versions.remove(&*service.key).unwrap_or_default();
            versions.sort();
            versions.dedup();
            let tagged: Vec<(&str, usize)> = versions
                .iter()
                .filter_map(|(_, version)| Some((*version, repository.tagged(&code.tag(version))?)))
                .collect();
            let mut below: BTreeSet<usize> = BTreeSet::new();
            for (version, head) in tagged {
                let key = format!("{}@{version}", service.key);
                let reached = reached(repository, head);
                if graph.releases.find(&ReleaseKey::new(key.as_str())).is_some() {
                    let own = reached.difference(&below).filter(|commit| touches(repository, **commit, service));
                    self.content(repository, &key, &own.copied().collect());
                }
                below = reached;
            }
        }
        for repository in &estate.repositories {
            for commit in 0..repository.commits.len() {
                let name = commit_name(repository, commit);
                self.known.entry(Relation::Commit).or_default().insert(name);
            }
            for pull in &repository.pulls {
                let name = pull_name(&repository.name, pull.number);
                self.known.entry(Relation::PullRequest).or_default().insert(name);
            }
        }
    }

    fn content(&mut self, repository: &Repository, release: &str, commits: &BTreeSet<usize>) {
        for commit in commits {
            let name = commit_name(repository, *commit);
            self.tell(Relation::Commit, &name, [release.to_owned()]);
        }
        for pull in &repository.pulls {
            let merge = pull.merged.iter().map(|merge| &merge.commit);
            if pull.commits.iter().chain(merge).any(|commit| commits.contains(commit)) {
                self.tell(Relation::PullRequest, &pull_name(&repository.name, pull.number), [release.to_owned()]);
            }
        }
    }

    /// What caused an incident: as its record says or, where nobody filled that in, the drawn deployment that failed
    /// last before it on its item.
    fn incidents(&mut self, estate: &Estate) {
        for incident in &estate.incidents {
            let failed = estate.truths.iter().filter(|truth| {
                truth.failed && Some(&truth.service) == incident.item.as_ref() && truth.at <= incident.opened
            });
            let day_before = incident.opened - jiff::SignedDuration::from_hours(24);
            let drawn = failed.max_by_key(|truth| truth.at).filter(|truth| truth.at >= day_before);
            let cause = incident.caused_by.clone().or_else(|| drawn.map(|truth| truth.change.clone()));
            let Some(change) = cause.and_then(|number| estate.change(&number)) else { continue };
            let releases = change.releases.iter().map(|key| key.to_string());
            self.tell(Relation::Incident, &incident.number, releases);
        }
    }
}

/// Does a text in capitals name a key, not as the beginning of a longer one?
fn names(text: &str, key: &str) -> bool {
    text.match_indices(key).any(|(at, _)| !text[at + key.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

fn reached(repository: &Repository, head: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![head];
    while let Some(commit) = open.pop() {
        if found.insert(commit) {
            open.extend(&repository.commits[commit].parents);
        }
    }
    found
}

fn touches(repository: &Repository, commit: usize, service: &Service) -> bool {
    let folder = service.code.as_ref().map(|code| format!("{}/", code.folder)).unwrap_or_default();
    folder == "/" || repository.commits[commit].files.iter().any(|file| file.path.starts_with(&folder))
}

fn commit_name(repository: &Repository, commit: usize) -> String {
    let commit = &repository.commits[commit];
    super::score::commit_name(&repository.name, &commit.message, commit.at)
}

pub(crate) fn pull_name(repository: &str, number: u64) -> String {
    format!("{}#{number}", repository.rsplit('/').next().unwrap_or(repository))
}
