//! The bank's fourteen services, its environments, and synthetic services that multiply them for scale.

use jiff::{SignedDuration, Timestamp};

use super::model::{CodeHome, Environment, Forge, Project, Service, ServiceAlias, ServiceKind, Text};
use super::world::World;
use super::{EstateError, draw::Draw};

struct Line {
    key: &'static str,
    name: &'static str,
    project: &'static str,
    tier: u8,
    tags: &'static [&'static str],
    depends_on: &'static [&'static str],
    team: &'static str,
}

const LINES: [Line; 14] = [
    line("ledger-core", "Ledger Core", "LED", 0, &["icfr"], &[], "core-banking"),
    line("auth-service", "Authentication", "AUTH", 0, &["personal-data"], &[], "identity"),
    line("card-gateway", "Card Gateway", "CARD", 0, &["pci"], &["payments-api", "fraud-engine"], "cards"),
    line(
        "payments-api",
        "Payments API",
        "PAY",
        1,
        &["icfr", "pci"],
        &["ledger-core", "auth-service", "fraud-engine"],
        "payments",
    ),
    line("fraud-engine", "Fraud Engine", "FRD", 1, &[], &["ledger-core", "data-lake"], "fraud"),
    line(
        "customer-portal",
        "Customer Portal",
        "WEB",
        1,
        &["personal-data"],
        &["payments-api", "auth-service", "notification-hub"],
        "channels",
    ),
    line("mobile-app", "Mobile App", "MOB", 1, &[], &["payments-api", "auth-service"], "channels"),
    line(
        "loan-origination",
        "Loan Origination",
        "LOAN",
        1,
        &["icfr", "personal-data"],
        &["kyc-service", "ledger-core"],
        "lending",
    ),
    line("kyc-service", "Know Your Customer", "KYC", 1, &["personal-data"], &["auth-service"], "lending"),
    line("statement-batch", "Statement Batch", "STM", 2, &["icfr"], &["ledger-core"], "core-banking"),
    line("reporting-warehouse", "Reporting Warehouse", "REP", 2, &["icfr"], &["ledger-core", "data-lake"], "data"),
    line("notification-hub", "Notification Hub", "NTF", 2, &[], &[], "channels"),
    line("treasury-suite", "Treasury Suite", "TRS", 2, &["icfr"], &["ledger-core"], "treasury"),
    line("data-lake", "Data Lake", "DLK", 3, &[], &[], "data"),
];

#[expect(clippy::too_many_arguments, reason = "a row of the table above")]
const fn line(
    key: &'static str,
    name: &'static str,
    project: &'static str,
    tier: u8,
    tags: &'static [&'static str],
    depends_on: &'static [&'static str],
    team: &'static str,
) -> Line {
    Line { key, name, project, tier, tags, depends_on, team }
}

/// What ran in production before the stories begin.
pub(super) const BASELINES: [(&str, &str); 14] = [
    ("ledger-core", "5.2.4"),
    ("auth-service", "6.1.3"),
    ("card-gateway", "3.9.1"),
    ("payments-api", "2.12.3"),
    ("fraud-engine", "3.6.2"),
    ("customer-portal", "8.0.3"),
    ("mobile-app", "11.8.0"),
    ("loan-origination", "7.4.2"),
    ("kyc-service", "2.1.4"),
    ("statement-batch", "1.9.6"),
    ("reporting-warehouse", "1.8.3"),
    ("notification-hub", "1.3.7"),
    ("treasury-suite", "2026.2"),
    ("data-lake", "0.8.7"),
];

pub(super) fn services(now: Timestamp) -> Vec<Service> {
    LINES.iter().map(|line| service(line, now)).collect()
}

fn service(line: &Line, now: Timestamp) -> Service {
    let texts = |keys: &[&'static str]| keys.iter().map(|key| Text::from(*key)).collect();
    Service {
        key: line.key.into(),
        name: line.name.into(),
        kind: match line.key {
            "treasury-suite" => ServiceKind::Vendor,
            _ => ServiceKind::Built,
        },
        tier: line.tier,
        tags: line.tags.to_vec(),
        team: line.team.into(),
        depends_on: texts(line.depends_on),
        project: line.project.into(),
        code: code_home(line.key),
        regions: match line.key {
            "payments-api" | "card-gateway" => vec!["eu", "uk"],
            _ => Vec::new(),
        },
        // Renamed a year ago; old tickets and tags still say the old name.
        aliases: match line.key {
            "payments-api" => {
                vec![ServiceAlias { key: "pay-api".into(), to: now - SignedDuration::from_hours(24 * 365) }]
            }
            _ => Vec::new(),
        },
    }
}

fn code_home(key: &str) -> Option<CodeHome> {
    let (forge, repository, folder, tag_pattern) = match key {
        "treasury-suite" => return None,
        "customer-portal" | "mobile-app" => {
            (Forge::GitHub, "bank/channels".to_owned(), format!("apps/{key}"), format!("{key}-v{{version}}"))
        }
        "data-lake" => (Forge::PlainGit, format!("bank/{key}"), String::new(), "{version}".to_owned()),
        "statement-batch" => (Forge::PlainGit, format!("bank/{key}"), String::new(), "v{version}".to_owned()),
        _ => (Forge::GitHub, format!("bank/{key}"), String::new(), "v{version}".to_owned()),
    };
    Some(CodeHome { forge, repository: repository.into(), folder: folder.into(), tag_pattern: tag_pattern.into() })
}

/// Copies of the fourteen under other names, without stories: `ledger-core-017` of project `LED017`.
pub(super) fn synthetic(scale: u32, seed: u64, now: Timestamp) -> Vec<Service> {
    let mut draw = Draw::new(seed, "synthetic services");
    let mut services = Vec::new();
    for copy in 1..scale {
        for line in &LINES {
            let mut service = service(line, now);
            service.key = format!("{}-{copy:03}", line.key).into();
            service.name = format!("{} {copy}", line.name).into();
            service.project = format!("{}{copy:03}", line.project).into();
            service.tier = u8::try_from(draw.between(1, 4)).unwrap_or(4);
            service.kind = ServiceKind::Built;
            service.regions = Vec::new();
            service.aliases = Vec::new();
            service.depends_on = service.depends_on.iter().map(|key| format!("{key}-{copy:03}").into()).collect();
            service.code = Some(CodeHome {
                forge: Forge::GitHub,
                repository: format!("bank/{}", service.key).into(),
                folder: "".into(),
                tag_pattern: "v{version}".into(),
            });
            services.push(service);
        }
    }
    services
}

pub(super) fn environments() -> Vec<Environment> {
    let environment = |key, stage, after, aliases| Environment {
        key,
        stage,
        after,
        exclusive: key == "staging",
        regions: if key == "production" { vec!["eu", "uk"] } else { Vec::new() },
        aliases,
    };
    vec![
        environment("development", "DEVELOPMENT", None, vec!["dev", "DEV"]),
        environment("test", "TEST", Some("development"), vec!["qa", "TST"]),
        environment("staging", "STAGING", Some("test"), vec!["stage", "preprod", "STG"]),
        environment("production", "PRODUCTION", Some("staging"), vec!["prod", "PRD"]),
    ]
}

impl World {
    /// One Jira project per service, led by the team's lead.
    pub(super) fn open_projects(&mut self) -> Result<(), EstateError> {
        for service in self.estate.services.clone() {
            let lead = self.member(&service.team, 0)?;
            self.estate.projects.push(Project {
                key: service.project.clone(),
                name: service.name.clone(),
                lead,
                old_keys: match &*service.project {
                    "NTF" => vec!["MSG".into()],
                    _ => Vec::new(),
                },
            });
        }
        Ok(())
    }
}
