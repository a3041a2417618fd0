//! Real Git objects from the neutral repositories: blobs, trees, commits, annotated tags, with the shas that Git gives them.
//! The forge's projection uses the shas alone; plain repositories are written to disk as bare ones.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;
use jiff::Timestamp;

use super::model::{Content, Estate, Forge, Person, Repository, Tag, Text};

/// Why a repository cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("the repository cannot be made")]
    Repository(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the repository cannot be written")]
    Files(#[from] io::Error),
}

/// The shas of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shas {
    /// By the commit's place.
    pub commits: Vec<ObjectId>,
    /// By the tag's place: the tag object of an annotated one, else the commit.
    pub tags: Vec<ObjectId>,
}

impl Shas {
    pub fn commit(&self, place: usize) -> String {
        self.commits.get(place).map(ToString::to_string).unwrap_or_default()
    }

    pub fn tag(&self, place: usize) -> String {
        self.tags.get(place).map(ToString::to_string).unwrap_or_default()
    }
}

/// Takes each object's kind and bytes.
pub type Sink<'a, E> = dyn FnMut(Kind, &[u8]) -> Result<(), E> + 'a;

/// Computes every object, handing each new one to `sink`.
pub fn objects<E>(people: &People<'_>, repository: &Repository, sink: &mut Sink<'_, E>) -> Result<Shas, E> {
    let mut shas = Shas::default();
    let mut blobs: HashMap<&Content, ObjectId> = HashMap::new();
    let mut roots: Vec<Rc<Folder>> = Vec::with_capacity(repository.commits.len());
    for commit in &repository.commits {
        let base = commit.parents.first().and_then(|parent| roots.get(*parent));
        let mut root = base.map_or_else(Folder::default, |folder| (**folder).clone());
        for file in &commit.files {
            let id = match blobs.entry(&file.content) {
                // A merge lists what its branch has already written.
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    let content = file.content.bytes();
                    sink(Kind::Blob, &content)?;
                    *new.insert(hash(Kind::Blob, &content))
                }
            };
            root.put(&file.path, id);
        }
        let tree = root.write(sink)?;
        roots.push(Rc::new(root));
        let mut text = format!("tree {tree}\n");
        for parent in &commit.parents {
            text.push_str(&format!("parent {}\n", shas.commit(*parent)));
        }
        text.push_str(&format!("author {}\n", people.signature(&commit.author, commit.at)));
        text.push_str(&format!("committer {}\n\n", people.signature(&commit.committer, commit.at)));
        text.push_str(&commit.message);
        sink(Kind::Commit, text.as_bytes())?;
        shas.commits.push(hash(Kind::Commit, text.as_bytes()));
    }
    for tag in &repository.tags {
        let sha = match tag_text(people, tag, &shas.commit(tag.commit)) {
            Some(text) => {
                sink(Kind::Tag, text.as_bytes())?;
                hash(Kind::Tag, text.as_bytes())
            }
            None => shas.commits.get(tag.commit).copied().unwrap_or_else(|| ObjectId::null(gix::hash::Kind::Sha1)),
        };
        shas.tags.push(sha);
    }
    Ok(shas)
}

/// The shas alone.
pub fn shas(people: &People<'_>, repository: &Repository) -> Shas {
    let nowhere: Result<Shas, std::convert::Infallible> = objects(people, repository, &mut |_, _| Ok(()));
    match nowhere {
        Ok(shas) => shas,
    }
}

/// The shas of every repository, by its name.
pub fn all_shas(estate: &Estate) -> HashMap<Text, Shas> {
    let people = People::new(estate);
    estate.repositories.iter().map(|repository| (repository.name.clone(), shas(&people, repository))).collect()
}

fn tag_text(people: &People<'_>, tag: &Tag, commit: &str) -> Option<String> {
    let annotation = tag.annotation.as_ref()?;
    Some(format!(
        "object {commit}\ntype commit\ntag {}\ntagger {}\n\n{}",
        tag.name,
        people.signature(&annotation.tagger, annotation.at),
        annotation.message
    ))
}

/// Writes the plain repositories below `folder` as `bank/NAME.git`; answers names with paths.
pub fn write_plain(estate: &Estate, folder: &Path) -> Result<Vec<(Text, PathBuf)>, GitError> {
    let people = People::new(estate);
    let mut written = Vec::new();
    for repository in estate.repositories.iter().filter(|held| held.forge == Forge::PlainGit) {
        let path = folder.join(format!("{}.git", repository.name));
        write(&people, repository, &path)?;
        written.push((repository.name.clone(), path));
    }
    Ok(written)
}

/// Writes one bare repository at `path`, which must not exist yet or be empty.
pub fn write(people: &People<'_>, repository: &Repository, path: &Path) -> Result<Shas, GitError> {
    use gix::objs::Write as _;
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| GitError::Repository(error);
    fs::create_dir_all(path)?;
    let store = gix::init_bare(path).map_err(|error| failed(error.into()))?;
    let shas = objects(people, repository, &mut |kind, bytes| {
        store.objects.write_buf(kind, bytes).map(drop).map_err(|error| failed(error.into()))
    })?;
    let mut references: BTreeMap<String, (String, Option<String>)> = BTreeMap::new();
    for (name, commit) in &repository.branches {
        references.insert(format!("refs/heads/{name}"), (shas.commit(*commit), None));
    }
    for (place, tag) in repository.tags.iter().enumerate() {
        let peeled = tag.annotation.as_ref().map(|_| shas.commit(tag.commit));
        references.insert(format!("refs/tags/{}", tag.name), (shas.tag(place), peeled));
    }
    let mut packed = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    for (name, (sha, peeled)) in references {
        packed.push_str(&format!("{sha} {name}\n"));
        if let Some(peeled) = peeled {
            packed.push_str(&format!("^{peeled}\n"));
        }
    }
    fs::write(path.join("packed-refs"), packed)?;
    // The machine's own configuration may call the first branch something else.
    fs::write(path.join("HEAD"), "ref: refs/heads/main\n")?;
    Ok(shas)
}

/// Names and addresses for signatures.
pub struct People<'a>(HashMap<&'a str, &'a Person>);

impl<'a> People<'a> {
    pub fn new(estate: &'a Estate) -> Self {
        Self(estate.people.iter().map(|person| (&*person.key, person)).collect())
    }

    pub fn get(&self, key: &str) -> Option<&'a Person> {
        self.0.get(key).copied()
    }

    /// Machines write without an inbox.
    pub fn address(&self, key: &str) -> String {
        let email = self.get(key).and_then(|person| person.email.as_deref());
        email.map_or_else(|| format!("{key}@noreply.bank.example"), str::to_owned)
    }

    fn signature(&self, key: &str, at: Timestamp) -> String {
        let name = self.get(key).map_or(key, |person| &*person.name);
        format!("{name} <{}> {} +0000", self.address(key), at.as_second())
    }
}

fn hash(kind: Kind, bytes: &[u8]) -> ObjectId {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, bytes)
        .unwrap_or_else(|_| ObjectId::null(gix::hash::Kind::Sha1))
}

/// A folder shares what did not change with the commit before.
#[derive(Clone, Default)]
struct Folder {
    files: BTreeMap<String, ObjectId>,
    folders: BTreeMap<String, Rc<Folder>>,
    written: Option<ObjectId>,
}

impl Folder {
    fn put(&mut self, path: &str, blob: ObjectId) {
        self.written = None;
        match path.split_once('/') {
            Some((folder, rest)) => {
                let inner = self.folders.entry(folder.to_owned()).or_default();
                Rc::make_mut(inner).put(rest, blob);
            }
            None => {
                self.files.insert(path.to_owned(), blob);
            }
        }
    }

    fn write<E>(&mut self, sink: &mut Sink<'_, E>) -> Result<ObjectId, E> {
        if let Some(written) = self.written {
            return Ok(written);
        }
        // Git sorts a folder as if its name ended in a slash.
        let mut entries: BTreeMap<String, (&str, String, ObjectId)> = BTreeMap::new();
        for (name, folder) in &mut self.folders {
            let id = match folder.written {
                Some(id) => id,
                None => Rc::make_mut(folder).write(sink)?,
            };
            entries.insert(format!("{name}/"), ("40000", name.clone(), id));
        }
        for (name, id) in &self.files {
            entries.insert(name.clone(), ("100644", name.clone(), *id));
        }
        let mut bytes = Vec::new();
        for (mode, name, id) in entries.into_values() {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(id.as_bytes());
        }
        sink(Kind::Tree, &bytes)?;
        let id = hash(Kind::Tree, &bytes);
        self.written = Some(id);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, removed when it ends.
    struct Scratch(PathBuf);

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn plain_repositories_open_and_hold_the_release() {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let scratch = Scratch(std::env::temp_dir().join(format!("estate-git-{}", std::process::id())));
        let written = write_plain(&estate, &scratch.0).unwrap();
        assert_eq!(written.len(), 2);
        let (_, path) = written.iter().find(|(name, _)| &**name == "bank/statement-batch").unwrap();
        let repository = gix::open_opts(path, gix::open::Options::isolated()).unwrap();
        let mut tag = repository.find_reference("refs/tags/v2.0.0").unwrap();
        let commit = tag.peel_to_commit().unwrap();
        let message = commit.message_raw().unwrap().to_string();
        assert!(message.starts_with("STM-") && message.contains("\nReviewed-by: "), "{message}");
        let tree = commit.tree().unwrap();
        let entry = tree.lookup_entry_by_path("config/staging.properties").unwrap().unwrap();
        let text = String::from_utf8(entry.object().unwrap().data.clone()).unwrap();
        assert!(text.contains("batch_size=500"), "{text}");
        assert_eq!(repository.head_name().unwrap().unwrap().as_bstr(), "refs/heads/main");
    }

    #[test]
    fn a_hotfix_is_not_on_the_main_line() {
        let estate = super::super::tests::stories("2026-11-23T00:00:00Z".parse().unwrap());
        let repository = estate.repository("bank/payments-api").unwrap();
        let tagged = |name| repository.tagged(name).unwrap();
        assert!(repository.reaches(tagged("v2.13.1"), tagged("v2.13.0")));
        assert!(repository.reaches(tagged("v2.14.0"), tagged("v2.13.0")));
        assert!(!repository.reaches(tagged("v2.14.0"), tagged("v2.13.1")));
    }
}
