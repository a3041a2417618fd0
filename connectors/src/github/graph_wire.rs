//! GitHub's GraphQL JSON as our documents ask for it.

use jiff::Timestamp;
use serde::Deserialize;

/// A connection: lists may hold nulls where one element could not be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    #[serde(default)]
    pub(super) total_count: Option<u64>,
    #[serde(default)]
    pub(super) page_info: Option<PageInfo>,
    pub(super) nodes: Option<Vec<Option<T>>>,
}

impl<T> Connection<T> {
    pub(super) fn each(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().flatten().flatten()
    }

    /// Where the next page begins.
    pub(super) fn next(&self) -> Option<&str> {
        let info = self.page_info.as_ref()?;
        if info.has_next_page { info.end_cursor.as_deref() } else { None }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

/// What tells whether a repository has changed, and its names.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Survey {
    pub(super) database_id: u64,
    pub(super) name_with_owner: String,
    pub(super) url: String,
    pub(super) default_branch_ref: Option<Named>,
    /// Everything else is only compared with what it was.
    #[serde(flatten)]
    pub(super) marks: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Oid {
    pub(super) oid: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Who {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) login: String,
    #[serde(default)]
    pub(super) database_id: Option<u64>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TagRef {
    pub(super) name: String,
    pub(super) target: Option<GitObject>,
}

/// A commit, a tag that leads to another object, or something that is neither.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GitObject {
    #[serde(rename = "__typename")]
    pub(super) kind: String,
    pub(super) oid: String,
    #[serde(default)]
    pub(super) committed_date: Option<Timestamp>,
    #[serde(default)]
    pub(super) tagger: Option<super::wire::Signed>,
    #[serde(default)]
    pub(super) target: Option<Box<GitObject>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequestFacts {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) url: String,
    pub(super) state: String,
    pub(super) merged_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    pub(super) head_ref_name: String,
    pub(super) head_ref_oid: String,
    pub(super) base_ref_name: String,
    pub(super) merge_commit: Option<Oid>,
    pub(super) author: Option<Who>,
    pub(super) merged_by: Option<Who>,
    pub(super) commits: Connection<PullCommit>,
    pub(super) reviews: Option<Connection<ReviewFacts>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct PullCommit {
    pub(super) commit: Oid,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReviewFacts {
    pub(super) state: String,
    pub(super) submitted_at: Option<Timestamp>,
    pub(super) commit: Option<Oid>,
    pub(super) author: Option<Who>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentFacts {
    pub(super) database_id: u64,
    pub(super) commit_oid: String,
    #[serde(rename = "ref")]
    pub(super) reference: Option<Named>,
    pub(super) environment: Option<String>,
    pub(super) description: Option<String>,
    pub(super) payload: Option<String>,
    pub(super) state: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) creator: Option<Who>,
    pub(super) statuses: Option<Connection<StatusFacts>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusFacts {
    pub(super) state: String,
    pub(super) created_at: Timestamp,
    #[serde(default)]
    pub(super) log_url: Option<String>,
}
