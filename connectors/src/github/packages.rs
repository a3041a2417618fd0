//! Container images of organisations: each tagged version is an artifact, known by its digest.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Artifact, ArtifactId, RepositoryId, Text};
use jiff::Timestamp;

use super::client::{Client, Next};
use super::people::Origin;
use super::wire::{Package, PackageVersion};
use crate::error::ConnectorError;

/// The repositories that are read: ids by GitHub's number and by name.
pub(super) struct Homes {
    pub(super) by_number: BTreeMap<u64, RepositoryId>,
    pub(super) by_name: BTreeMap<String, RepositoryId>,
}

impl Homes {
    /// The repository of a package; `Err` when it belongs to one that is not read.
    fn of(&self, organization: &str, package: &Package) -> Result<Option<RepositoryId>, ()> {
        if let Some(home) = &package.repository {
            return self.by_number.get(&home.id).cloned().map(Some).ok_or(());
        }
        // Not connected to a repository: the name may still be one.
        let last = package.name.rsplit('/').next().unwrap_or(&package.name);
        Ok(self.by_name.get(&format!("{organization}/{last}").to_lowercase()).cloned())
    }
}

/// The images of one package, and what told that there are no others.
#[derive(Debug, Clone)]
pub(super) struct Held {
    marks: (Option<Timestamp>, Option<u64>),
    begins: Timestamp,
    pub(super) images: Vec<Artifact>,
}

/// The packages of an organisation by name.
pub(super) type Images = BTreeMap<String, Held>;

/// What is known of an organisation's images, and how far back they are wanted.
pub(super) struct Shelf<'a> {
    pub(super) known: Option<&'a Images>,
    pub(super) begins: Timestamp,
}

impl Client {
    /// The images of an organisation. Packages that have not changed are not read again.
    #[expect(clippy::too_many_arguments, reason = "one organisation with what is known of it")]
    pub(super) async fn images(
        &self,
        origin: &Origin,
        organization: &str,
        homes: &Homes,
        shelf: Shelf<'_>,
    ) -> Result<Images, ConnectorError> {
        let mut packages: Vec<Package> = Vec::new();
        let request =
            self.rest("list packages", &["orgs", organization, "packages"]).query("package_type", "container");
        let take = |page: Vec<Package>| {
            packages.extend(page);
            Next::Page
        };
        self.pages("list packages", request, take).await?;
        let mut images = Images::new();
        let mut fresh = BTreeSet::new();
        for package in packages {
            let Ok(home) = homes.of(organization, &package) else { continue };
            let marks = (package.updated_at, package.version_count);
            let known = shelf.known.and_then(|known| known.get(&package.name));
            let held = match known.filter(|held| held.marks == marks && held.begins <= shelf.begins) {
                Some(held) => held.clone(),
                None => {
                    let name = format!("{organization}/{}", package.name);
                    let mut held = Held { marks, begins: shelf.begins, images: Vec::new() };
                    let path = ["orgs", organization, "packages", "container", &package.name, "versions"];
                    let take = |page: Vec<PackageVersion>| {
                        let past = page.last().is_some_and(|last| last.created_at < shelf.begins);
                        held.images
                            .extend(page.iter().filter_map(|sent| image(origin, &name, home.as_ref(), sent)));
                        if past { Next::Stop } else { Next::Page }
                    };
                    let request = self.rest("list package versions", &path);
                    self.pages("list package versions", request, take).await?;
                    fresh.insert(package.name.clone());
                    held
                }
            };
            images.insert(package.name, held);
        }
        let mut read: Vec<&mut Artifact> = images
            .iter_mut()
            .filter(|(name, _)| fresh.contains(*name))
            .flat_map(|(_, held)| &mut held.images)
            .filter(|image| image.created_at.is_none_or(|at| at >= shelf.begins))
            .collect();
        self.attest(organization, &mut read).await?;
        Ok(images)
    }
}

/// A tagged version; those without a tag are parts of another, or nobody's any more.
fn image(origin: &Origin, name: &str, home: Option<&RepositoryId>, sent: &PackageVersion) -> Option<Artifact> {
    let container = sent.metadata.as_ref()?.container.as_ref()?;
    let tags: Vec<Text> = container.tags.iter().map(|tag| tag.as_str().into()).collect();
    if tags.is_empty() || !sent.name.contains(':') {
        return None;
    }
    let native = format!("package-{}", sent.id);
    Some(Artifact {
        id: ArtifactId::new(&origin.connector, native.as_str()),
        name: name.into(),
        digest: Some(sent.name.as_str().into()),
        family: Vec::new(),
        tags,
        repository: home.cloned(),
        commit: None,
        run: None,
        created_at: Some(sent.created_at),
        attestations: None,
        source: origin.source(native, sent.html_url.clone()),
    })
}
