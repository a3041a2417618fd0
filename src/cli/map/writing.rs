//! The proposal as TOML sections with the evidence in comments, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::{ServiceKind, Text};
use engine::mapping::{Claimed, Options, Proposal, ProposedService, Question};
use serde_json::{Value, json};

/// Sections to append to the configuration.
pub(super) fn toml(proposal: &Proposal, options: &Options) -> String {
    let mut text = format!(
        "# Proposed by `interlock map` from what the systems hold. Read the evidence, then append this to your\n\
         # configuration. Claims below {:.2} stand at the end as questions.\n",
        options.minimum_confidence
    );
    for team in &proposal.teams {
        let groups = team.groups.iter().map(|group| {
            format!("{{ connector = {}, name = {} }}", quoted(group.connector.as_str()), quoted(&group.name))
        });
        text.push_str("\n[[teams]]\n");
        line(&mut text, "key", &quoted(team.key.as_str()));
        line(&mut text, "name", &quoted(&team.name));
        line(&mut text, "groups", &list(groups));
    }
    for one in &proposal.services {
        service(&mut text, one, options);
    }
    if !proposal.unmapped.is_empty() {
        text.push_str("\n# Questions: what is not claimed, for a person to decide.\n");
    }
    for Question { service, system, what, confidence, why } in &proposal.unmapped {
        let whose = service.as_ref().map_or_else(String::new, |service| format!(" of {service}"));
        comment(&mut text, &format!("{system}: {what}{whose}? ({confidence:.2}) {}", why.join(" ")));
    }
    text
}

fn service(text: &mut String, service: &ProposedService, options: &Options) {
    text.push('\n');
    because(text, &service.key);
    text.push_str("[[services]]\n");
    line(text, "key", &quoted(service.key.value.as_str()));
    line(text, "name", &quoted(&service.name.value));
    let kind = kind_word(service.kind.value);
    if service.kind.confidence >= options.minimum_confidence {
        line(text, "kind", &quoted(kind));
    } else {
        comment(text, &format!("kind = {}? {}", quoted(kind), sentences(&service.kind)));
    }
    if let Some(tier) = &service.tier {
        stated(text, "tier", (&tier.value.to_string(), tier));
    }
    if let Some(tags) = &service.tags {
        stated(text, "tags", (&list(tags.value.iter().map(|tag| quoted(tag))), tags));
    }
    if let Some(owner) = &service.owner {
        stated(text, "owner", (&quoted(owner.value.as_str()), owner));
    }
    if let Some(itsm) = &service.itsm {
        stated(text, "itsm", (&quoted(itsm.value.as_str()), itsm));
    }
    if let Some(regions) = &service.regions {
        stated(text, "regions", (&list(regions.value.iter().map(|region| quoted(region))), regions));
    }
    sources(text, "repositories", &service.repositories, |source| {
        format!(
            "{{ connector = {}, repository = {}, paths = {}, tags = {} }}",
            quoted(source.connector.as_str()),
            quoted(&source.repository),
            list(source.paths.iter().map(|path| quoted(path))),
            quoted(&source.tags)
        )
    });
    sources(text, "projects", &service.projects, |source| {
        format!("{{ connector = {}, project = {} }}", quoted(source.connector.as_str()), quoted(&source.project))
    });
    sources(text, "configuration_items", &service.configuration_items, |source| {
        format!("{{ connector = {}, name = {} }}", quoted(source.connector.as_str()), quoted(&source.name))
    });
    sources(text, "monitoring", &service.monitoring, |source| {
        format!("{{ connector = {}, labels = {} }}", quoted(source.connector.as_str()), labels(&source.labels))
    });
}

/// A list with the evidence of each entry above it.
fn sources<T>(text: &mut String, key: &str, claims: &[Claimed<T>], write: impl Fn(&T) -> String) {
    if claims.is_empty() {
        return;
    }
    writeln!(text, "{key} = [").ok();
    for claim in claims {
        text.push_str("  ");
        because(text, claim);
        writeln!(text, "  {},", write(&claim.value)).ok();
    }
    text.push_str("]\n");
}

fn stated<T>(text: &mut String, key: &str, (value, claim): (&str, &Claimed<T>)) {
    because(text, claim);
    line(text, key, value);
}

fn because<T>(text: &mut String, claim: &Claimed<T>) {
    comment(text, &format!("{:.2}: {}", claim.confidence, sentences(claim)));
}

fn sentences<T>(claim: &Claimed<T>) -> String {
    claim.evidence.iter().map(|one| one.sentence.as_str()).collect::<Vec<_>>().join(" ")
}

/// A comment of one line: nothing that a system's text holds can end it.
fn comment(text: &mut String, told: &str) {
    let told: String = told.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    writeln!(text, "# {told}").ok();
}

fn line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").ok();
}

fn list(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

/// Labels as an inline table.
pub(super) fn labels(labels: &BTreeMap<Text, Text>) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{} = {}", bare(name), quoted(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn bare(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_bare { key.to_owned() } else { quoted(key) }
}

/// A TOML string, whatever the text holds.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace(char::is_control, " ")).to_string()
}

fn kind_word(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Built => "BUILT",
        ServiceKind::Vendor => "VENDOR",
        ServiceKind::Saas => "SAAS",
        ServiceKind::Infrastructure => "INFRASTRUCTURE",
    }
}

/// The proposal for machines.
pub(super) fn machine_form(proposal: &Proposal) -> Value {
    json!({
        "services": proposal.services.iter().map(service_form).collect::<Vec<_>>(),
        "teams": proposal.teams.iter().map(|team| json!({
            "key": team.key, "name": team.name, "groups": team.groups,
        })).collect::<Vec<_>>(),
        "questions": proposal.unmapped.iter().map(|question| json!({
            "service": question.service, "connector": question.system, "what": question.what,
            "confidence": question.confidence, "why": question.why,
        })).collect::<Vec<_>>(),
    })
}

fn service_form(service: &ProposedService) -> Value {
    json!({
        "key": claim(&service.key),
        "name": claim(&service.name),
        "kind": claim(&service.kind),
        "tier": service.tier.as_ref().map(claim),
        "tags": service.tags.as_ref().map(claim),
        "owner": service.owner.as_ref().map(claim),
        "itsm": service.itsm.as_ref().map(claim),
        "regions": service.regions.as_ref().map(claim),
        "repositories": service.repositories.iter().map(claim).collect::<Vec<_>>(),
        "projects": service.projects.iter().map(claim).collect::<Vec<_>>(),
        "configurationItems": service.configuration_items.iter().map(claim).collect::<Vec<_>>(),
        "monitoring": service.monitoring.iter().map(claim).collect::<Vec<_>>(),
    })
}

fn claim<T: serde::Serialize>(claim: &Claimed<T>) -> Value {
    let evidence: Vec<&str> = claim.evidence.iter().map(|one| one.sentence.as_str()).collect();
    json!({ "value": claim.value, "confidence": claim.confidence, "evidence": evidence })
}
