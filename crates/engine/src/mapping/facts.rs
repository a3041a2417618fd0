//! What is said of a service beside where it is: owner, tier, tags, ITSM instance, regions.

use std::collections::{BTreeMap, BTreeSet};

use domain::{ConnectorId, Group, GroupId, TeamGroup, TeamKey, Text};

use super::ground::Ground;
use super::naming::Candidate;
use super::proposal::{Claimed, Evidence, ProposedTeam};
use super::words::slug;

/// The team behind the group that supports all items of a service.
pub(super) fn owner(ground: &Ground<'_>, candidate: &Candidate<'_>) -> Option<(Claimed<TeamKey>, ProposedTeam)> {
    let groups: BTreeSet<&GroupId> =
        candidate.items.iter().filter_map(|(item, _)| item.support_group.as_ref()).collect();
    let group: &Group = match groups.iter().collect::<Vec<_>>().as_slice() {
        [only] => ground.records.groups.iter().find(|group| group.id == ***only)?,
        _ => return None,
    };
    let key = TeamKey::new(slug(&group.name));
    let told = format!("The group {} supports its items.", group.name);
    let groups = vec![TeamGroup { connector: group.id.0.connector.clone(), name: group.name.clone() }];
    let team = ProposedTeam { key: key.clone(), name: group.name.clone(), groups };
    (!key.as_str().is_empty()).then(|| (Claimed::new(key, vec![Evidence::new(0.9, told)]), team))
}

/// The instance whose changes and groups name the service's items.
pub(super) fn itsm(ground: &Ground<'_>, candidate: &Candidate<'_>) -> Option<Claimed<ConnectorId>> {
    let items: BTreeSet<_> = candidate.items.iter().map(|(item, _)| &item.id).collect();
    let mut counts: BTreeMap<&ConnectorId, usize> = BTreeMap::new();
    for change in &ground.records.changes {
        if change.configuration_items.iter().chain(&change.main_configuration_item).any(|id| items.contains(id)) {
            *counts.entry(&change.id.0.connector).or_default() += 1;
        }
    }
    let all: usize = counts.values().sum();
    let by_changes = counts.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| count * 10 >= all * 9);
    let supporters: BTreeSet<&ConnectorId> = candidate
        .items
        .iter()
        .filter_map(|(item, _)| Some(&item.support_group.as_ref()?.0.connector))
        .filter(|system| ground.records.groups.iter().any(|group| group.id.0.connector == **system))
        .collect();
    let by_groups = supporters.first().copied().filter(|_| supporters.len() == 1);
    let system = by_changes.map(|(system, _)| system).or(by_groups)?;
    let mut evidence = Vec::new();
    if let Some((_, count)) = by_changes {
        evidence.push(Evidence::new(0.85, format!("{count} of {all} changes of its items are in {system}.")));
    }
    if by_groups == Some(system) {
        evidence.push(Evidence::new(0.8, format!("The group that supports its items is in {system}.")));
    }
    Some(Claimed::new(system.clone(), evidence))
}

/// The tier that an attribute says, where all items agree.
pub(super) fn tier(candidate: &Candidate<'_>) -> Option<Claimed<u8>> {
    let (name, value) = agreed(candidate, &["tier"])?;
    let tier: u8 = value.trim().parse().ok().filter(|tier| *tier <= 4)?;
    Some(Claimed::new(tier, vec![Evidence::new(0.9, format!("The item's attribute {name} says {value}."))]))
}

/// The tags that an attribute lists, where all items agree.
pub(super) fn tags(candidate: &Candidate<'_>) -> Option<Claimed<BTreeSet<Text>>> {
    let (name, value) = agreed(candidate, &["regulatory", "compliance"])?;
    let tags: BTreeSet<Text> =
        value.split([',', ';']).map(slug).filter(|tag| !tag.is_empty()).map(Text::from).collect();
    let told = format!("The item's attribute {name} says {value}.");
    (!tags.is_empty()).then(|| Claimed::new(tags, vec![Evidence::new(0.9, told)]))
}

fn agreed<'c>(candidate: &'c Candidate<'_>, words: &[&str]) -> Option<(&'c Text, &'c Text)> {
    let said: BTreeSet<(&Text, &Text)> = candidate
        .items
        .iter()
        .flat_map(|(item, _)| &item.attributes)
        .filter(|(name, value)| !value.is_empty() && words.iter().any(|word| name.to_lowercase().contains(word)))
        .collect();
    said.first().copied().filter(|_| said.len() == 1)
}

/// The regions that what runs as the service bears.
pub(super) fn regions(ground: &Ground<'_>, candidate: &Candidate<'_>) -> Option<Claimed<Vec<Text>>> {
    let mut regions: BTreeSet<Text> = BTreeSet::new();
    for seen in &ground.records.runtime_observations {
        let system = &seen.source.record.connector;
        let is_ours =
            candidate.labels.keys().any(|(of, label, value)| of == system && seen.labels.get(label) == Some(value));
        if is_ours {
            regions.extend(seen.labels.get("region").filter(|region| !region.is_empty()).cloned());
        }
    }
    let told = format!("What runs bears the regions {}.", join(&regions));
    (!regions.is_empty()).then(|| Claimed::new(regions.into_iter().collect(), vec![Evidence::new(0.9, told)]))
}

fn join(texts: &BTreeSet<Text>) -> String {
    texts.iter().map(|text| &**text).collect::<Vec<_>>().join(", ")
}
