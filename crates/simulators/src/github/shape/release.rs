//! Releases and their assets.

use serde_json::{Value, json};

use super::{Shape, time, time_or_null};
use crate::github::content::{Asset, Release, Repository};
use crate::github::node_id;

impl Shape<'_> {
    pub(in crate::github) fn release(&self, repository: &Repository, release: &Release) -> Value {
        let (api, page, id) = (self.api(repository), self.page(repository), release.id);
        let assets: Vec<Value> =
            release.assets.iter().map(|asset| self.asset(repository, release, asset)).collect();
        let shown = if release.draft { format!("untagged-{id:x}") } else { release.tag.clone() };
        json!({
            "url": format!("{api}/releases/{id}"), "assets_url": format!("{api}/releases/{id}/assets"),
            "upload_url": format!("{api}/releases/{id}/assets{{?name,label}}"), "html_url": format!("{page}/releases/tag/{shown}"),
            "id": id, "author": self.user(&release.author), "node_id": node_id::write("RE", repository.id, id),
            "tag_name": release.tag, "target_commitish": release.target, "name": release.name, "draft": release.draft,
            "immutable": release.immutable, "prerelease": release.prerelease,
            "created_at": time(release.created_at), "updated_at": time(release.published_at.unwrap_or(release.created_at)),
            "published_at": time_or_null(release.published_at), "assets": assets,
            "tarball_url": if release.draft { Value::Null } else { json!(format!("{api}/tarball/{}", release.tag)) },
            "zipball_url": if release.draft { Value::Null } else { json!(format!("{api}/zipball/{}", release.tag)) },
            "body": release.body,
        })
    }

    pub(in crate::github) fn asset(&self, repository: &Repository, release: &Release, asset: &Asset) -> Value {
        json!({
            "url": format!("{}/releases/assets/{}", self.api(repository), asset.id), "id": asset.id,
            "node_id": node_id::write("RA", repository.id, asset.id), "name": asset.name, "label": "", "uploader": self.user(&asset.uploader),
            "content_type": asset.content_type, "state": "uploaded", "size": asset.size_bytes, "digest": asset.digest, "download_count": 0,
            "created_at": time(asset.created_at), "updated_at": time(asset.created_at),
            "browser_download_url": format!("{}/releases/download/{}/{}", self.page(repository), release.tag, asset.name),
        })
    }
}
