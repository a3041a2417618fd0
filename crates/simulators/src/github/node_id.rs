//! Node ids: opaque to clients, and readable for us, so that `node(id:)` needs no table.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What a node id names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NodeId {
    /// `PR`, `C`, `RE` …
    pub(super) kind: String,
    pub(super) repository: u64,
    /// A number or a sha.
    pub(super) native: String,
}

pub(super) fn write(kind: &str, repository: u64, native: impl std::fmt::Display) -> String {
    format!("{kind}_kwDO{}", URL_SAFE_NO_PAD.encode(format!("{repository}:{native}")))
}

pub(super) fn read(id: &str) -> Option<NodeId> {
    let (kind, rest) = id.split_once("_kwDO")?;
    let bytes = URL_SAFE_NO_PAD.decode(rest).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (repository, native) = text.split_once(':')?;
    Some(NodeId { kind: kind.to_owned(), repository: repository.parse().ok()?, native: native.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back() {
        let id = write("PR", 42, 7);
        assert!(id.starts_with("PR_kwDO"));
        assert_eq!(read(&id), Some(NodeId { kind: "PR".into(), repository: 42, native: "7".into() }));
        assert_eq!(read("PR_kwDO!!"), None);
    }
}
