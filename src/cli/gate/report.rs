//! A gate's answer as people, pipelines and code scanners read it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Format;
use crate::cli::blockers::{list, text, way_out};

/// A release as the gateway answered it.
pub(super) struct Report<'a> {
    pub(super) release: &'a Value,
    pub(super) target: &'a str,
}

/// What a check means for the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// It stands in the way: it failed.
    Failed,
    /// It stands in the way: evidence is missing.
    Missing,
    /// It does not stand in the way, whatever it says.
    Aside,
    /// It holds.
    Holds,
}

fn means(check: &Value) -> Means {
    let closes = check.get("closes") == Some(&Value::Bool(true));
    let waived = check.get("waived") == Some(&Value::Bool(true));
    match (text(check, "/outcome"), closes && !waived && text(check, "/phase") == "BEFORE") {
        ("PASS", _) => Means::Holds,
        ("FAIL", true) => Means::Failed,
        ("UNKNOWN", true) => Means::Missing,
        _ => Means::Aside,
    }
}

fn code(check: &Value) -> &str {
    text(check, "/code")
}

impl Report<'_> {
    pub(super) fn write(&self, format: Format) -> String {
        match format {
            Format::Text => self.lines(),
            Format::Json => format!("{:#}\n", self.release),
            Format::Junit => self.junit(),
            Format::Sarif => format!("{:#}\n", self.sarif()),
            Format::Github => self.commands(),
        }
    }

    fn checks(&self) -> impl Iterator<Item = &Value> {
        self.release.get("gate").into_iter().flat_map(|gate| list(gate, "checks"))
    }

    fn decision(&self) -> &str {
        text(self.release, "/gate/decision")
    }

    fn headline(&self) -> String {
        let (key, target) = (text(self.release, "/key"), self.target);
        match self.decision() {
            "ALLOW" => format!("{key} may go to {target}"),
            "DENY" => format!("{key} may not go to {target}"),
            _ => format!("nobody knows whether {key} may go to {target}"),
        }
    }

    fn lines(&self) -> String {
        let mut lines = vec![format!("{:8} {}", self.decision(), self.headline())];
        for check in self.checks() {
            if matches!(means(check), Means::Failed | Means::Missing) {
                lines.push(format!("{:8} {}: {}", text(check, "/outcome"), code(check), text(check, "/reason")));
            } else if check.get("waived") == Some(&Value::Bool(true)) {
                lines.push(format!("WAIVED   {}: {}", code(check), text(check, "/reason")));
            }
        }
        lines.extend(way_out(self.release));
        lines.join("\n") + "\n"
    }

    /// What stands in the way failed or, without evidence, was in error; what closes nothing is skipped.
    fn junit(&self) -> String {
        let checks: Vec<&Value> = self.checks().filter(|check| text(check, "/phase") == "BEFORE").collect();
        let count = |wanted| checks.iter().filter(|check| means(check) == wanted).count();
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let suite = escaped(&format!("{} to {}", text(self.release, "/key"), self.target));
        writeln!(
            xml,
            "<testsuite name=\"{suite}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            checks.len(),
            count(Means::Failed),
            count(Means::Missing),
            count(Means::Aside),
        )
        .ok();
        for check in checks {
            let reason = escaped(text(check, "/reason"));
            let inside = match means(check) {
                Means::Holds => String::new(),
                Means::Failed => format!("<failure message=\"{reason}\"/>"),
                Means::Missing => format!("<error message=\"{reason}\"/>"),
                Means::Aside => format!("<skipped message=\"{}: {reason}\"/>", text(check, "/outcome")),
            };
            let name = escaped(code(check));
            writeln!(xml, "  <testcase classname=\"interlock.gate\" name=\"{name}\">{inside}</testcase>").ok();
        }
        xml.push_str("</testsuite>\n");
        xml
    }

    fn sarif(&self) -> Value {
        let standing = || self.checks().filter(|check| matches!(means(check), Means::Failed | Means::Missing));
        let codes: BTreeSet<&str> = standing().map(code).collect();
        let rules = codes.into_iter().map(|code| json!({ "id": code }));
        let place = format!("{} to {}", text(self.release, "/key"), self.target);
        let results = standing().map(|check| {
            let level = if means(check) == Means::Failed { "error" } else { "warning" };
            json!({
                "ruleId": code(check),
                "level": level,
                "message": { "text": text(check, "/reason") },
                "locations": [{ "logicalLocations": [{ "fullyQualifiedName": place }] }],
            })
        });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": { "name": "interlock", "version": env!("CARGO_PKG_VERSION"), "rules": rules.collect::<Vec<_>>() } },
                "results": results.collect::<Vec<_>>(),
            }],
        })
    }

    fn commands(&self) -> String {
        let mut lines = Vec::new();
        for check in self.checks() {
            let command = match means(check) {
                Means::Failed => "error",
                Means::Missing => "warning",
                _ => continue,
            };
            let title = in_command(code(check)).replace(':', "%3A").replace(',', "%2C");
            lines.push(format!("::{command} title={title}::{}", in_command(text(check, "/reason"))));
        }
        lines.push(format!("::notice title=interlock::{}: {}", self.decision(), in_command(&self.headline())));
        lines.join("\n") + "\n"
    }
}

/// As an attribute of XML, without characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let allowed = text.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'));
    let text: String = allowed.collect();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\n', "&#10;")
}

/// As a workflow command carries it: a line break would begin another command.
fn in_command(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Value {
        let check = |code: &str, outcome: &str, closes: bool| {
            json!({
                "code": code, "phase": "BEFORE", "outcome": outcome, "closes": closes, "waived": false,
                "reason": format!("\"{code}\" < 100 %\n::error::forged"),
            })
        };
        let mut waived = check("REVIEWED", "FAIL", true);
        waived["waived"] = json!(true);
        json!({
            "key": "a@1.0.0",
            "gate": { "decision": "DENY", "checks": [
                check("APPROVED", "FAIL", true), check("TESTED", "UNKNOWN", true), check("WINDOW_OPEN", "PASS", true),
                check("BACKOUT_READY", "FAIL", false), waived,
            ] },
            "whatWouldUnblock": { "acts": [{ "code": "APPROVE", "detail": "Approve it", "by": { "name": "CAB" } }] },
        })
    }

    fn written(format: Format) -> String {
        Report { release: &release(), target: "production/eu" }.write(format)
    }

    #[test]
    fn people_read_the_decision_the_blockers_and_what_to_do() {
        let told = written(Format::Text);
        assert!(told.starts_with("DENY     a@1.0.0 may not go to production/eu\nFAIL     APPROVED: "), "{told}");
        assert!(told.contains("UNKNOWN  TESTED") && told.contains("WAIVED   REVIEWED"), "{told}");
        assert!(!told.contains("BACKOUT_READY"), "it closes nothing");
        assert!(told.ends_with("TO DO    APPROVE: Approve it (CAB)\nEARLIEST no window in reach\n"), "{told}");
    }

    #[test]
    fn junit_counts_what_stands_in_the_way_and_escapes() {
        let told = written(Format::Junit);
        assert!(told.contains("tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"2\""), "{told}");
        assert!(told.contains("&quot;APPROVED&quot; &lt; 100 %&#10;"), "{told}");
        assert_eq!(told.lines().count(), 8);
    }

    #[test]
    fn code_scanners_get_rules_and_results() {
        let told: Value = serde_json::from_str(&written(Format::Sarif)).expect("JSON");
        assert_eq!(told.pointer("/runs/0/results/0/level"), Some(&json!("error")));
        assert_eq!(told.pointer("/runs/0/results/1/level"), Some(&json!("warning")));
        assert_eq!(told.pointer("/runs/0/results/2"), None);
        assert_eq!(told.pointer("/runs/0/tool/driver/rules/1/id"), Some(&json!("TESTED")));
    }

    #[test]
    fn a_reason_cannot_forge_a_workflow_command() {
        let told = written(Format::Github);
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(told.contains("100 %25%0A::error::forged"), "{told}");
        assert!(told.ends_with("::notice title=interlock::DENY: a@1.0.0 may not go to production/eu\n"), "{told}");
    }
}
