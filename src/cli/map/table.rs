//! The proposal as a table for people: service, system, what, confidence, why; then the questions.

use engine::mapping::{Claimed, Proposal, ProposedService};

use super::writing::labels;

/// One row: service, system, what, confidence, why.
type Row = [String; 5];

/// The table.
pub(super) fn table(proposal: &Proposal) -> String {
    let claimed: Vec<Row> = proposal.services.iter().flat_map(rows).collect();
    let asked: Vec<Row> = proposal
        .unmapped
        .iter()
        .map(|question| {
            let service = question.service.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let confidence = format!("{:.2}", question.confidence);
            [service, question.system.to_string(), question.what.clone(), confidence, question.why.join(" ")]
        })
        .collect();
    let mut text = lines(&claimed);
    if !asked.is_empty() {
        text.push_str("\nNot claimed; decide by hand:\n\n");
        text.push_str(&lines(&asked));
    }
    text
}

/// One line about the whole.
pub(super) fn summary(proposal: &Proposal) -> String {
    let services = &proposal.services;
    let count = |of: fn(&ProposedService) -> usize| services.iter().map(of).sum::<usize>();
    format!(
        "{} services with {} configuration items, {} repositories, {} projects, {} labels; {} questions",
        services.len(),
        count(|one| one.configuration_items.len()),
        count(|one| one.repositories.len()),
        count(|one| one.projects.len()),
        count(|one| one.monitoring.len()),
        proposal.unmapped.len()
    )
}

fn rows(service: &ProposedService) -> Vec<Row> {
    let key = service.key.value.to_string();
    fn row<T>(key: &str, claim: &Claimed<T>, (system, what): (String, String)) -> Row {
        let why: Vec<&str> = claim.evidence.iter().map(|one| one.sentence.as_str()).collect();
        [key.to_owned(), system, what, format!("{:.2}", claim.confidence), why.join(" ")]
    }
    let mut rows = vec![row(&key, &service.key, ("-".to_owned(), "service".to_owned()))];
    for claim in &service.configuration_items {
        let what = format!("configuration item {}", claim.value.name);
        rows.push(row(&key, claim, (claim.value.connector.to_string(), what)));
    }
    for claim in &service.repositories {
        let source = &claim.value;
        let what = format!("repository {} {} {}", source.repository, source.paths.join(" "), source.tags);
        rows.push(row(&key, claim, (source.connector.to_string(), what)));
    }
    for claim in &service.projects {
        rows.push(row(
            &key,
            claim,
            (claim.value.connector.to_string(), format!("project {}", claim.value.project)),
        ));
    }
    for claim in &service.monitoring {
        let what = format!("labels {}", labels(&claim.value.labels));
        rows.push(row(&key, claim, (claim.value.connector.to_string(), what)));
    }
    rows
}

const HEAD: [&str; 5] = ["service", "system", "what", "confidence", "why"];

fn lines(rows: &[Row]) -> String {
    let head = HEAD.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    // The last column is as long as it is.
    let mut widths = [0_usize; 4];
    for row in all() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Row| {
        let cells = row.iter().zip(widths.iter().chain([&0]));
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    all().map(line).collect()
}
