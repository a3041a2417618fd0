//! How a source file looks, and what no source file may hold.

use super::{File, files_below, nothing_wrong};

const MOST_LINES: usize = 500;

/// All sources of ours.
fn sources() -> Vec<File> {
    ["src", "crates", "connectors", "tests"].into_iter().flat_map(|folder| files_below(folder, ".rs")).collect()
}

#[test]
fn no_file_is_too_long() {
    let long = sources().into_iter().map(|file| (file.text.lines().count(), file.path));
    let long = long.filter(|(lines, _)| *lines > MOST_LINES);
    let long = long.map(|(lines, path)| format!("{path}: {lines} lines"));
    nothing_wrong("A file has at most 500 lines; aim at 150:", long.collect());
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = sources().into_iter().filter(|file| !file.text.starts_with("//! "));
    nothing_wrong("A file starts with `//!` and its purpose:", silent.map(|file| file.path).collect());
}

#[test]
fn nothing_is_left_unfinished_or_left_out() {
    // In two parts each, so that this file does not hold them.
    let words = [("to", "do!("), ("unimple", "mented!("), ("db", "g!("), ("#[ig", "nore")];
    let words = words.map(|(one, two)| format!("{one}{two}"));
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in file.code() {
            let found = words.iter().filter(|word| line.contains(word.as_str()));
            wrong.extend(found.map(|word| format!("{}:{number} {word}", file.path)));
        }
    }
    nothing_wrong("Finish it, or leave it out:", wrong);
}

#[test]
fn no_test_sleeps() {
    let sleep = ["thread::", "sleep"].concat();
    let wrong = sources().into_iter().flat_map(|file| {
        let lines = file.test_code().filter(|(_, line)| line.contains(&sleep));
        lines.map(|(number, _)| format!("{}:{number}", file.path)).collect::<Vec<_>>()
    });
    nothing_wrong("A test waits for what it wants, or pauses time:", wrong.collect());
}

/// Does the line bind an address whose port is written out and not 0?
fn binds_a_fixed_port(line: &str) -> bool {
    let Some(address) = line.split("bind(\"").nth(1).and_then(|rest| rest.split('"').next()) else { return false };
    !address.ends_with(":0")
}

#[test]
fn a_fixed_port_is_seen() {
    assert!(binds_a_fixed_port(&["let l = TcpListener::bi", "nd(\"127.0.0.1:4000\").await;"].concat()));
    assert!(!binds_a_fixed_port(&["let l = TcpListener::bi", "nd(\"127.0.0.1:0\").await;"].concat()));
}

#[test]
fn no_test_needs_a_fixed_port() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in file.test_code() {
            let server = line.split("Server::start(").nth(1);
            let fixed_server = server.is_some_and(|rest| {
                let port = rest.split(", ").nth(1).unwrap_or("0");
                port != "0" && port.chars().all(|character| character.is_ascii_digit())
            });
            if binds_a_fixed_port(line) || fixed_server {
                wrong.push(format!("{}:{number}", file.path));
            }
        }
    }
    nothing_wrong("A test listens on port 0, so that tests may run side by side:", wrong);
}
