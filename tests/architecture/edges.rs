//! The edges between crates and between vendors, from the manifests and the `use` lines.

use toml::Table;

use super::{File, files_below, nothing_wrong, read, root};

/// A crate of ours: its folder, its name, which of ours it may know, and which only in its tests.
const CRATES: [(&str, &str, &[&str], &[&str]); 5] = [
    ("crates/domain", "domain", &[], &[]),
    ("crates/engine", "engine", &["domain"], &[]),
    ("crates/store", "store", &["domain"], &[]),
    ("connectors", "connectors", &["domain"], &["simulators"]),
    ("crates/simulators", "simulators", &[], &[]),
];

/// What would bring I/O, a runtime, a protocol or a database into the pure crates; a `*` stands for any ending.
const IMPURE: [&str; 14] = [
    "tokio*",
    "async-*",
    "futures*",
    "reqwest*",
    "hyper*",
    "http*",
    "axum*",
    "tower*",
    "sqlx*",
    "rusqlite*",
    "gix*",
    "governor",
    "moka",
    "tracing*",
];

/// What reads a clock, the machine or chance.
const IMPURE_CODE: [&str; 9] = [
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant::",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
];

fn names(manifest: &Table, section: &str) -> Vec<String> {
    manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(Table::keys).cloned().collect()
}

fn is(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// The paths that `use` lines name, groups written out: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn imports(file: &File) -> Vec<String> {
    let code: Vec<&str> = file.code().map(|(_, line)| line).collect();
    let mut found = Vec::new();
    let mut lines = code.iter();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        let line = line.strip_prefix("pub").map_or(line, |rest| {
            let rest =
                rest.strip_prefix('(').and_then(|inner| inner.split_once(')')).map_or(rest, |(_, rest)| rest);
            rest.trim_start()
        });
        let Some(beginning) = line.strip_prefix("use ") else { continue };
        let mut statement = beginning.to_owned();
        while !statement.contains(';') {
            let Some(more) = lines.next() else { break };
            statement.push_str(more.trim());
        }
        let tree = statement.split(';').next().unwrap_or_default();
        write_out("", tree, &mut found);
    }
    found
}

fn write_out(before: &str, tree: &str, found: &mut Vec<String>) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        if !path.is_empty() {
            found.push(format!("{before}{path}"));
        }
        return;
    };
    let group = group.trim().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut part) = (0_usize, String::new());
    for character in group.chars().chain([',']) {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character == ',' && depth == 0 {
            write_out(&format!("{before}{}", head.trim()), &part, found);
            part.clear();
        } else {
            part.push(character);
        }
    }
}

/// Modules of the crate's root that a file names, in `use` lines or inside code.
fn root_modules(file: &File) -> Vec<String> {
    let mut found: Vec<String> = imports(file)
        .into_iter()
        .filter_map(|path| {
            let mut parts = path.split("::").skip_while(|part| *part == "super" || *part == "crate");
            let is_relative = path.starts_with("super::") || path.starts_with("crate::");
            is_relative.then(|| parts.next().unwrap_or_default().to_owned())
        })
        .collect();
    for (_, line) in file.code() {
        for behind in line.split("crate::").skip(1).chain(line.split("super::super::").skip(1)) {
            found.push(behind.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    found
}

#[test]
fn imports_are_written_out() {
    let text = "pub(super) use a::{\n    b, c::{d, self},\n};\n// use x::y;\nuse e::f as g;\n".to_owned();
    let file = File { path: String::new(), text };
    assert_eq!(imports(&file), ["a::b", "a::c::d", "a::c::self", "e::f"]);
}

#[test]
fn crates_know_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (folder, name, allowed, allowed_in_tests) in CRATES {
        let manifest: Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        let ours = |known: &String| known == "interlock" || CRATES.iter().any(|(_, other, ..)| other == known);
        for (section, allowed) in
            [("dependencies", allowed), ("build-dependencies", allowed), ("dev-dependencies", allowed_in_tests)]
        {
            let forbidden = names(&manifest, section).into_iter().filter(ours);
            let forbidden = forbidden.filter(|known| !allowed.contains(&known.as_str()));
            wrong.extend(forbidden.map(|known| format!("{name} [{section}] knows {known}")));
        }
        for file in files_below(&format!("{folder}/src"), ".rs") {
            let known =
                imports(&file).into_iter().map(|path| path.split("::").next().unwrap_or_default().to_owned());
            // A module of its own may bear the same name.
            let own = |known: &String| file.text.contains(&format!("mod {known};"));
            let forbidden = known.filter(ours).filter(|known| !own(known)).filter(|known| {
                known != name && !allowed.contains(&known.as_str()) && !allowed_in_tests.contains(&known.as_str())
            });
            wrong.extend(forbidden.map(|known| format!("{} uses {known}", file.path)));
        }
    }
    nothing_wrong("domain <- engine, store, connectors <- the gateway; simulators know nobody of ours:", wrong);
}

#[test]
fn domain_and_engine_are_pure() {
    let mut wrong = Vec::new();
    for folder in ["crates/domain", "crates/engine"] {
        let manifest: Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        for section in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let impure = names(&manifest, section).into_iter();
            let impure = impure.filter(|name| IMPURE.iter().any(|pattern| is(name, pattern)));
            wrong.extend(impure.map(|name| format!("{folder} [{section}] knows {name}")));
        }
        for file in files_below(&format!("{folder}/src"), ".rs") {
            for (number, line) in file.code() {
                let words = IMPURE_CODE.iter().filter(|word| line.contains(**word));
                wrong.extend(words.map(|word| format!("{}:{number} has {word}", file.path)));
            }
        }
    }
    nothing_wrong("domain and engine know no runtime, network, disk, GraphQL or clock:", wrong);
}

/// The folders of connectors: those with a `config.rs`.
fn vendors() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("connectors/src")).unwrap();
    let mut vendors: Vec<String> = folders
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("config.rs").is_file())
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    vendors.sort();
    vendors
}

#[test]
fn every_vendor_is_a_folder() {
    let mut named: Vec<String> = connectors::Vendor::NAMES.iter().map(|vendor| vendor.replace('-', "_")).collect();
    named.sort();
    assert_eq!(vendors(), named, "folders with a config.rs, and the names in connectors/src/vendor.rs");
}

#[test]
fn no_vendor_knows_another() {
    let vendors = vendors();
    let mut wrong = Vec::new();
    for own in &vendors {
        for file in files_below(&format!("connectors/src/{own}"), ".rs") {
            let others = vendors.iter().filter(|vendor| *vendor != own);
            // A module of its own may bear another vendor's name.
            let others = others.filter(|vendor| {
                let own_module = root().join(format!("connectors/src/{own}/{vendor}"));
                !own_module.exists() && !own_module.with_extension("rs").exists()
            });
            let known = root_modules(&file);
            wrong.extend(
                others.filter(|other| known.contains(other)).map(|other| format!("{}: {other}", file.path)),
            );
        }
    }
    nothing_wrong("A vendor's folder never imports another vendor:", wrong);
}

#[test]
fn only_the_command_line_knows_the_simulators() {
    let files = files_below("src", ".rs").into_iter().filter(|file| !file.path.starts_with("src/cli/"));
    let wrong = files.flat_map(|file| {
        let lines = file.code().filter(|(_, line)| line.contains("simulators::"));
        lines.map(|(number, _)| format!("{}:{number}", file.path)).collect::<Vec<_>>()
    });
    nothing_wrong("The gateway serves real systems; only `src/cli` starts simulated ones:", wrong.collect());
}

#[test]
fn vendors_are_known_in_connectors_alone() {
    let vendors = vendors();
    let mut wrong = Vec::new();
    for file in files_below("src", ".rs") {
        for path in imports(&file) {
            let module =
                path.strip_prefix("connectors::").and_then(|rest| rest.split("::").next()).unwrap_or_default();
            if vendors.iter().any(|vendor| vendor == module) {
                wrong.push(format!("{}: {path}", file.path));
            }
        }
    }
    nothing_wrong("The gateway knows the contract, never a vendor:", wrong);
}
