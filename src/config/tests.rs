//! Each kind of bad configuration gives a clear mistake with its place.

use super::*;

fn environment(name: &str) -> Option<String> {
    (name == "SET").then(|| "hunter2".to_owned())
}

fn mistakes(text: &str) -> String {
    match check(text, &environment) {
        Ok(_) => String::new(),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[track_caller]
fn check_mistakes(text: &str, expected: &[&str]) {
    let told = mistakes(text);
    for line in expected {
        assert!(told.contains(line), "expected {line:?} in:\n{told}");
    }
    assert_eq!(told.lines().count(), expected.len(), "{told}");
}

#[test]
fn an_empty_file_is_a_gateway_on_loopback() {
    let config = check("", &environment).expect("valid");
    assert_eq!(config.listen.to_string(), "127.0.0.1:4000");
    assert!(config.connectors.is_empty());
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    check_mistakes(
        r#"
        [server]
        listen = "nowhere"
        colour = "red"
        [[connectors]]
        id = "jira"
        vendor = "jira"
        url = "https://jira.example"
        auth = { token = { env = "JIRA_TOKEN" } }
        retry = { budget = 1.4 }
        [[connectors]]
        id = "jira"
        vendor = "jirra"
        [[services]]
        key = "pay"
        tier = 7
        owner = "nobody"
        projects = [{ connector = "jita", project = "PAY" }]
        [sever]
        "#,
        &[
            "server.colour: unknown key",
            "server.listen: \"nowhere\" is no address",
            "connectors[0].auth.token: environment variable JIRA_TOKEN is not set",
            "connectors[0].retry.budget: expected",
            "connectors[1].id: \"jira\" is already the id of connectors[0]",
            "connectors[1].vendor: no vendor is called \"jirra\"",
            "services[0].tier: a tier is 0",
            "services[0].owner: no team is called \"nobody\"",
            "services[0].projects[0].connector: no connector is called \"jita\"",
            "sever: unknown section",
        ],
    );
}

#[test]
fn vendors_options_are_checked_too() {
    check_mistakes(
        "[[connectors]]\nid = \"s\"\nvendor = \"servicenow\"\nurl = \"https://s.example\"\npage_size = \"many\"\npages = 3",
        &["connectors[0].page_size: invalid type"],
    );
    check_mistakes(
        "[[connectors]]\nid = \"s\"\nvendor = \"servicenow\"\nurl = \"https://s.example\"\npages = 3",
        &["connectors[0].pages: unknown key of a servicenow connector"],
    );
    check_mistakes(
        "[[connectors]]\nid = \"s\"\nvendor = \"servicenow\"",
        &["connectors[0].url: expected the address"],
    );
}

#[test]
fn an_address_holds_no_credentials() {
    check_mistakes(
        "[[connectors]]\nid = \"s\"\nvendor = \"jira\"\nurl = \"https://me:hunter2@s.example\"",
        &["connectors[0].url: an address has no user"],
    );
}

#[test]
fn beyond_loopback_a_token_is_needed() {
    check_mistakes(
        "[server]\nlisten = \"0.0.0.0:4000\"",
        &["access.tokens: a gateway that listens beyond loopback"],
    );
}

#[test]
fn broken_toml_is_told_with_its_line() {
    assert!(mistakes("[server\nlisten = 1").contains("line 1"), "{}", mistakes("[server\nlisten = 1"));
}

#[test]
fn secrets_are_not_printed() {
    let text = "[[access.tokens]]\nname = \"p\"\ntoken = { env = \"SET\" }\nperson = \"p\"\nroles = [\"READER\"]";
    let config = check(text, &environment).expect("valid");
    assert!(!format!("{config:?}").contains("hunter2"));
}
