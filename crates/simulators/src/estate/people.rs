//! Who works at the bank: teams of six, the change advisory board, machine accounts, delegations.
//! Members' places carry meaning: 0 leads and approves, 1–3 write code, 4 and 5 implement changes.

use jiff::{SignedDuration, Timestamp};

use super::draw::hex;
use super::model::{Account, AccountKind, Delegation, DelegationScope, Joined, Person, Team, Text};

const GIVEN: [&str; 36] = [
    "Ada", "Bruno", "Celia", "Dmitri", "Esther", "Farid", "Greta", "Hamid", "Ines", "Jonas", "Keiko", "Liam",
    "Marta", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Stefan", "Tara", "Umar", "Vera", "Wanda", "Xavier", "Yara",
    "Zoltan", "Amina", "Boris", "Clara", "David", "Elif", "Frida", "Goran", "Hana", "Igor", "Joan",
];
const FAMILY: [&str; 36] = [
    "Winter",
    "Okafor",
    "Lindqvist",
    "Marsh",
    "Tanaka",
    "Novak",
    "Ferreira",
    "Haddad",
    "Byrne",
    "Castell",
    "Demir",
    "Eklund",
    "Fraser",
    "Grant",
    "Holm",
    "Ivanov",
    "Jansen",
    "Kaur",
    "Lopez",
    "Mensah",
    "Nowak",
    "Oduya",
    "Petrov",
    "Quist",
    "Rahman",
    "Silva",
    "Thorn",
    "Ueda",
    "Varga",
    "Walsh",
    "Xu",
    "Yilmaz",
    "Zeman",
    "Aoki",
    "Bauer",
    "Costa",
];

const TEAMS: [(&str, &str); 13] = [
    ("core-banking", "Core Banking"),
    ("identity", "Identity"),
    ("cards", "Cards"),
    ("payments", "Payments"),
    ("fraud", "Fraud"),
    ("channels", "Channels"),
    ("lending", "Lending"),
    ("treasury", "Treasury"),
    ("data", "Data"),
    ("platform", "Platform"),
    ("databases", "Databases"),
    (CAB, "Change Advisory Board"),
    (SECURITY, "Security Review"),
];

/// Key of the board's group.
pub(super) const CAB: &str = "cab";
/// Key of the group that assesses security impact.
pub(super) const SECURITY: &str = "security-review";
/// The account that pipelines act with.
pub(super) const PIPELINE: &str = "svc.pipeline";
/// The account that Interlock itself reads and writes with.
pub(super) const INTEGRATION: &str = "svc.interlock";
/// Writes dependency updates.
pub(super) const UPDATES_BOT: &str = "svc.dependency-updates";
/// The person with two accounts, whose second one only the configuration can join.
pub(super) const TWICE: (&str, &str, &str) = ("lending", "x-lend-ext7", "ext7-lending");

pub(super) struct Staff {
    pub(super) teams: Vec<Team>,
    pub(super) people: Vec<Person>,
    pub(super) delegations: Vec<Delegation>,
}

pub(super) fn staff(now: Timestamp) -> Staff {
    let mut people = Vec::new();
    let mut teams = Vec::new();
    for (place, (key, name)) in TEAMS.iter().enumerate() {
        let members: Vec<Person> = (0..6).map(|member| employee(place * 6 + member, member, key)).collect();
        let keys: Vec<Text> = members.iter().map(|person| person.key.clone()).collect();
        teams.push(Team {
            key: (*key).into(),
            name: (*name).into(),
            manager: keys.first().cloned().unwrap_or_else(|| "".into()),
            members: keys,
        });
        people.extend(members);
    }
    give_second_account(&mut people);
    people.extend(machines());
    let delegations = delegations(&teams, now);
    Staff { teams, people, delegations }
}

fn employee(number: usize, place: usize, team: &str) -> Person {
    let given = GIVEN.get(number % 36).copied().unwrap_or("Ada");
    let family = FAMILY.get((number * 5 + number / 36) % 36).copied().unwrap_or("Winter");
    let key: Text = format!("{}.{}", given.to_lowercase(), family.to_lowercase()).into();
    let email: Text = format!("{key}@bank.example").into();
    let login: Text = key.replace('.', "-").into();
    let account =
        |system, login: Text| Account { system, login, email: Some(email.clone()), joined: Joined::ByEmail };
    Person {
        name: format!("{given} {family}").into(),
        title: match place {
            0 => "Team lead",
            1..=3 => "Engineer",
            _ => "Release engineer",
        },
        team: Some(team.into()),
        kind: AccountKind::Human,
        active: true,
        accounts: vec![
            account("servicenow", key.clone()),
            account("jira", jira_account(&key)),
            account("github", login),
        ],
        email: Some(email.clone()),
        key,
    }
}

/// Jira names people by an opaque account id.
pub(super) fn jira_account(key: &str) -> Text {
    format!("712020:{}", hex(&["jira", key], 32)).into()
}

fn give_second_account(people: &mut [Person]) {
    let (team, login, github) = TWICE;
    let author = people.iter_mut().filter(|person| person.team.as_deref() == Some(team)).nth(1);
    if let Some(author) = author {
        for (system, login) in [("servicenow", login), ("github", github)] {
            author.accounts.push(Account {
                system,
                login: login.into(),
                email: None,
                joined: Joined::ByConfiguration,
            });
        }
    }
}

fn machines() -> Vec<Person> {
    let machine = |key: &str, name: &str, github: Option<&str>| {
        let mut accounts =
            vec![Account { system: "servicenow", login: key.into(), email: None, joined: Joined::ByConfiguration }];
        accounts.extend(github.map(|login| Account {
            system: "github",
            login: login.into(),
            email: None,
            joined: Joined::ByConfiguration,
        }));
        Person {
            key: key.into(),
            name: name.into(),
            email: None,
            title: "Service account",
            team: None,
            kind: AccountKind::Machine,
            active: true,
            accounts,
        }
    };
    vec![
        machine(PIPELINE, "Release pipeline", Some("release-pipeline[bot]")),
        machine(INTEGRATION, "Interlock integration", None),
        machine(UPDATES_BOT, "Dependency updates", Some("dependency-updates[bot]")),
    ]
}

/// The board's chair and the payments lead are away; one deputy covers approvals, the other only reads along.
fn delegations(teams: &[Team], now: Timestamp) -> Vec<Delegation> {
    let days = |count: i64| SignedDuration::from_hours(24 * count);
    let pair = |team: &str, covers, start, end| {
        let team = teams.iter().find(|candidate| &*candidate.key == team)?;
        Some(Delegation {
            delegator: team.members.first()?.clone(),
            delegate: team.members.get(1)?.clone(),
            start,
            end,
            covers,
        })
    };
    [
        pair(CAB, DelegationScope::ApprovalsAndAssignments, now - days(30), now + days(14)),
        pair("payments", DelegationScope::NotificationsOnly, now - days(7), now + days(7)),
        // Over for a month: an approval under it today would not count.
        pair("cards", DelegationScope::ApprovalsAndAssignments, now - days(60), now - days(31)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
