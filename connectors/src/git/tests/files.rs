//! Files as they stood at a tag.

use super::*;

fn found(records: &Records) -> Vec<String> {
    records.files.iter().map(|file| format!("{}:{} {}", file.tag, file.path, file.content.trim_end())).collect()
}

#[tokio::test]
async fn files_are_read_as_they_stood_at_each_tag() {
    let repo = Repo::new();
    repo.commit("config/expected.yaml", "heap: 1g");
    repo.git(["tag", "v1.0.0"]);
    repo.commit("config/expected.yaml", "heap: 2g");
    repo.git(["tag", "-a", "-m", "x", "v1.1.0"]);
    repo.commit("config/expected.yaml", "heap: 3g");
    let records = repo.read_with(&[], &["config/expected.yaml", "none.yaml"]).await;
    let expected = ["v1.0.0:config/expected.yaml heap: 1g", "v1.1.0:config/expected.yaml heap: 2g"];
    assert_eq!(found(&records), expected);
}

#[tokio::test]
async fn a_star_stands_for_one_part_of_a_path() {
    let repo = Repo::new();
    for path in
        ["services/a/catalog-info.yaml", "services/b/catalog-info.yaml", "services/b/deep/catalog-info.yaml"]
    {
        repo.write(path, path);
    }
    repo.write("services/c/other.yaml", "other");
    repo.commit("catalog-info.yaml", "root");
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read_with(&[], &["services/*/catalog-info.yaml", "catalog-info.yaml", "*/b/*"]).await;
    let paths: Vec<_> = records.files.iter().map(|file| &*file.path).collect();
    assert_eq!(paths, ["catalog-info.yaml", "services/a/catalog-info.yaml", "services/b/catalog-info.yaml"]);
}

#[tokio::test]
async fn a_large_file_is_cut_at_a_character_and_a_binary_one_left_out() {
    let repo = Repo::new();
    let large = format!("x{}", "ü".repeat(200_000));
    repo.write("large", &large);
    repo.write("binary", b"\x7fELF\0\0");
    repo.write("latin", b"gr\xfcn");
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    let records = repo.read_with(&[], &["large", "binary", "latin"]).await;
    let sizes: Vec<_> = records.files.iter().map(|file| (&*file.path, file.content.len())).collect();
    assert_eq!(sizes, [("large", 256 * 1024 - 1), ("latin", "gr\u{fffd}n".len())]);
    let cut = records.files.first().expect("a file");
    assert!(large.starts_with(&*cut.content), "no half character at its end");
}

#[tokio::test]
async fn links_to_elsewhere_are_not_followed() {
    let repo = Repo::new();
    std::os::unix::fs::symlink("/etc/hostname", repo.folder.join("link")).expect("a link");
    repo.commit("a", "one");
    repo.git(["tag", "v1.0.0"]);
    assert_eq!(found(&repo.read_with(&[], &["link"]).await), [""; 0]);
}
