//! Reads the items that stand for services, those that other systems' records name, and the neighbourhood of both;
//! afterwards only what changed among them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{RecordId, RecordKind, Text};
use futures::stream::{self, StreamExt as _};

use super::client::{Cmdb, Version};
use super::convert::{self, Origin};
use super::walk::{Classes, Reach, Walk, ends, find, walk};
use super::wire::{DELETED, ITEM, OUTLINE, RELATION};
use crate::contract::{Breadth, GatherRequest, Gathered};
use crate::error::ConnectorError;
use crate::table_api::settle::{Extent, Reading, doubt, incomplete, miss, settle};
use crate::table_api::{Condition, Listing, Query, Read, Row};

/// Names of columns longer than this together do not fit into an address beside the ids of items.
const MOST_COLUMN_LETTERS: usize = 3_000;

/// The product's classes of application services.
const APPLICATION_SERVICES: [&str; 5] = [
    "cmdb_ci_service_auto",
    "cmdb_ci_service_discovered",
    "cmdb_ci_service_by_tags",
    "cmdb_ci_query_based_service",
    "cmdb_ci_service_calculated",
];

const KINDS: [RecordKind; 2] = [RecordKind::ConfigurationItem, RecordKind::CiRelation];

impl Cmdb {
    pub(super) async fn gather_neighbourhood(&self, request: &GatherRequest) -> Gathered {
        let mut gathered = Gathered::default();
        let origin = self.origin(request.now);
        let marks = KINDS.map(|kind| request.since.get(&kind).copied());
        let known = self.remember(|memory| memory.items.clone());
        let extents = match marks {
            [Some(items), Some(relations)] if !known.is_empty() => [Extent::Since(items), Extent::Since(relations)],
            _ => [Extent::Full, Extent::Full],
        };
        let is_full = extents == [Extent::Full, Extent::Full];
        if is_full {
            self.remember(|memory| *memory = Default::default());
        }
        let read = match is_full {
            true => self.everything(request).await,
            false => self.changes(request, (extents, &known)).await,
        };
        match read {
            Ok(found) => self.take((&origin, request.interest.breadth), (extents, found), &mut gathered).await,
            Err(error) => KINDS.into_iter().for_each(|kind| miss(&mut gathered, kind, &error)),
        }
        gathered
    }

    /// Everything around the items that are asked for.
    async fn everything(&self, request: &GatherRequest) -> Result<Found, ConnectorError> {
        let sought = sought(request, &BTreeSet::new());
        if request.interest.breadth == Breadth::All {
            return self.application_services(sought).await;
        }
        let (outline, walk) = self.around(&sought, &BTreeSet::new()).await?;
        Ok(Found { outline, walk, sought, deleted: Deleted::new() })
    }

    /// What was updated among the known items and their relations, and everything around newly named items.
    async fn changes(
        &self,
        request: &GatherRequest,
        (extents, known): ([Extent; 2], &BTreeMap<String, Version>),
    ) -> Result<Found, ConnectorError> {
        let since = |extent: Extent| {
            let begins = extent.begins().unwrap_or(jiff::Timestamp::MIN);
            Query::everything().and(Condition::since("sys_updated_on", begins))
        };
        let already = self.remember(|memory| memory.sought.clone());
        let sought = sought(request, &already);
        let ids: BTreeSet<String> = known.keys().cloned().collect();
        let (items, relations, around, deleted) = futures::join!(
            self.api.list(Read::of(&OUTLINE, since(extents[0]))),
            self.api.list(Read::of(&RELATION, since(extents[1]))),
            self.around(&sought, &ids),
            self.deletions(extents, known),
        );
        let (mut outline, mut relations, (newly_named, mut walk)) = (items?, relations?, around?);
        outline.rows.retain(|row| row.id().and_then(|id| known.get(id)).is_some_and(|was| *was != version(row)));
        for row in &outline.rows {
            if let Some(id) = row.id() {
                walk.found.insert(id.to_owned(), row.value("sys_class_name").unwrap_or_default().to_owned());
            }
        }
        relations.rows.retain(|row| ends(row).any(|(id, _)| known.contains_key(id)));
        for (id, class) in relations.rows.iter().flat_map(ends) {
            if !known.contains_key(id) {
                walk.found.entry(id.to_owned()).or_insert_with(|| class.to_owned());
            }
        }
        walk.relations.join(relations);
        outline.join(newly_named);
        Ok(Found { outline, walk, sought, deleted })
    }

    /// Deleted relations, and known items that were deleted, where we may read that; sweeps see it otherwise.
    async fn deletions(&self, extents: [Extent; 2], known: &BTreeMap<String, Version>) -> Deleted {
        let mut deleted = Deleted::new();
        let begins = extents.iter().filter_map(|extent| extent.begins()).min().unwrap_or(jiff::Timestamp::MIN);
        let query = Query::everything()
            .and(Condition::starts_with("tablename", "cmdb_"))
            .and(Condition::since("sys_created_on", begins));
        let Ok(listing) = self.api.list(Read::of(&DELETED, query)).await else { return deleted };
        for row in &listing.rows {
            let (Some(table), Some(id)) = (row.value("tablename"), row.value("documentkey")) else { continue };
            let [item, relation] = KINDS;
            let kind = if table == RELATION.name { relation } else { item };
            if kind == relation || known.contains_key(id) {
                deleted.entry(kind).or_default().insert(RecordId::new(&self.descriptor.id, id));
            }
        }
        deleted
    }

    /// The items of all application services, and those that are asked for; without their neighbourhood.
    async fn application_services(&self, sought: BTreeSet<String>) -> Result<Found, ConnectorError> {
        let query = Query::everything().and(Condition::among("sys_class_name", &APPLICATION_SERVICES));
        let (listed, named) = futures::join!(self.api.list(Read::of(&OUTLINE, query)), find(&self.api, &sought));
        let mut outline = listed?;
        outline.join(named?);
        let class = |row: &Row| row.value("sys_class_name").unwrap_or_default().to_owned();
        let all: Classes = outline.rows.iter().filter_map(|row| Some((row.id()?.to_owned(), class(row)))).collect();
        let walk = Walk {
            is_cut: all.len() > self.options.most_items,
            found: all.into_iter().take(self.options.most_items).collect(),
            ..Walk::default()
        };
        Ok(Found { outline, walk, sought, deleted: Deleted::new() })
    }

    async fn around(
        &self,
        sought: &BTreeSet<String>,
        known: &BTreeSet<String>,
    ) -> Result<(Listing, Walk), ConnectorError> {
        if sought.is_empty() {
            return Ok((Listing::default(), Walk::default()));
        }
        let outline = find(&self.api, sought).await?;
        let start: Classes = outline
            .rows
            .iter()
            .filter_map(|row| {
                Some((row.id()?.to_owned(), row.value("sys_class_name").unwrap_or_default().to_owned()))
            })
            .filter(|(id, _)| !known.contains(id))
            .collect();
        let reach = Reach { depth: self.options.depth.min(6), most_items: self.options.most_items };
        let walk = walk(&self.api, start, known, reach).await?;
        Ok((outline, walk))
    }

    /// Reads the found items from their own tables and turns everything into records.
    async fn take(
        &self,
        (origin, breadth): (&Origin, Breadth),
        (extents, found): ([Extent; 2], Found),
        gathered: &mut Gathered,
    ) {
        let Found { outline, walk, sought, deleted } = found;
        let [items_kind, relations_kind] = KINDS;
        let reading =
            |kind, extent| Reading { kind, extent, dated_by: "sys_updated_on", connector: &origin.connector };
        let (items, failures) = self.items_of(&walk.found).await;
        gathered.records.configuration_items =
            items.rows.iter().filter_map(|row| convert::item(origin, row)).collect();
        let mut dated = items.clone();
        dated.began_at = outline.began_at.or(items.began_at);
        settle(gathered, reading(items_kind, extents[0]), &[&dated, &outline]);
        self.remember(|memory| {
            memory.sought.extend(sought);
            memory.items.extend(items.rows.iter().filter_map(|row| Some((row.id()?.to_owned(), version(row)))));
        });
        let known = self.remember(|memory| memory.items.keys().cloned().collect::<BTreeSet<String>>());
        let relations = walk.relations;
        let inside = relations.rows.iter().filter(|row| ends(row).all(|(id, _)| known.contains(id)));
        gathered.records.ci_relations = inside.filter_map(|row| convert::relation(origin, row)).collect();
        settle(gathered, reading(relations_kind, extents[1]), &[&relations]);
        for error in &failures {
            doubt(gathered, items_kind, error.gap(items_kind, None));
        }
        if walk.is_cut {
            let system = &origin.connector;
            let what = format!("{system}: the neighbourhood holds more than {} items", self.options.most_items);
            for kind in KINDS {
                doubt(gathered, kind, incomplete(system, kind, what.clone()));
            }
        }
        if breadth == Breadth::All {
            gathered.complete.remove(&relations_kind);
        }
        self.remember(|memory| {
            let gone = deleted.get(&items_kind).into_iter().flatten();
            gone.for_each(|item| drop(memory.items.remove(&*item.native)));
        });
        gathered.deleted = deleted;
        // What was read in part is read in full again, so that its gap cannot pass unnoticed.
        for gap in &gathered.gaps {
            gathered.watermarks.remove(&gap.kind);
        }
    }

    /// Items from the tables of their classes, with all columns that each class defines.
    pub(super) async fn items_of(&self, found: &Classes) -> (Listing, Vec<ConnectorError>) {
        let mut classes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, class) in found {
            let class = if is_table(class) { class } else { ITEM.name };
            classes.entry(class).or_default().insert(id);
        }
        let columns = self.columns_of(classes.keys().copied().collect()).await;
        let mut failures: Vec<ConnectorError> = Vec::new();
        let reads = classes.iter().map(|(class, ids)| {
            let more: Vec<String> = self.more_columns(class, &columns);
            async move {
                let read = Read { child: Some(class), more_columns: &more, ..Read::of(&ITEM, Query::everything()) };
                self.api.list_by(&read, &["sys_id"], ids).await
            }
        });
        let reads: Vec<_> = reads.collect();
        let parts: Vec<_> = stream::iter(reads).buffered(self.api.upstream().concurrency().max(1)).collect().await;
        let mut items = Listing::default();
        for part in parts {
            match part {
                Ok(listing) => items.join(listing),
                Err(error) => failures.push(error),
            }
        }
        failures.truncate(1);
        (items, failures)
    }

    /// The columns of each class, asked once; a dictionary that is closed to us leaves the standard ones.
    async fn columns_of(&self, classes: BTreeSet<&str>) -> BTreeMap<String, BTreeSet<String>> {
        let known = self.remember(|memory| memory.columns.clone());
        let mut missing: BTreeSet<&str> = classes.into_iter().filter(|class| !known.contains_key(*class)).collect();
        if missing.is_empty() {
            return known;
        }
        missing.insert(ITEM.name);
        let Ok(read) = self.api.columns_of_tables(&missing).await else { return known };
        self.remember(|memory| {
            for class in missing {
                memory.columns.insert(class.to_owned(), read.get(class).cloned().unwrap_or_default());
            }
            memory.columns.clone()
        })
    }

    /// Columns beside the standard ones: those that the configuration names, the company's own, the class's own.
    fn more_columns(&self, class: &str, columns: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
        let of_base = columns.get(ITEM.name).into_iter().flatten().filter(|column| column.starts_with("u_"));
        let of_class = columns.get(class).into_iter().flatten().filter(|_| class != ITEM.name);
        let (own, shipped): (Vec<&String>, Vec<&String>) = of_class.partition(|column| column.starts_with("u_"));
        let all = self.options.attributes.iter().chain(of_base).chain(own).chain(shipped);
        let (mut more, mut letters) = (Vec::new(), 0);
        for column in all.filter(|column| is_table(column) && !ITEM.columns.contains(&column.as_str())) {
            letters += column.len() + 3;
            if letters <= MOST_COLUMN_LETTERS && !more.contains(column) {
                more.push(column.clone());
            }
        }
        more
    }
}

/// Records that were deleted, by kind.
type Deleted = BTreeMap<RecordKind, BTreeSet<RecordId>>;

/// What a read of outlines and relations found.
struct Found {
    outline: Listing,
    walk: Walk,
    sought: BTreeSet<String>,
    deleted: Deleted,
}

/// What is asked for and was not looked for before.
fn sought(request: &GatherRequest, already: &BTreeSet<String>) -> BTreeSet<String> {
    let interest = &request.interest;
    let all = interest.configuration_items.iter().chain(&interest.named_configuration_items);
    all.map(Text::to_string).filter(|text| !already.contains(text)).collect()
}

fn version(row: &Row) -> Version {
    let text = |column| row.value(column).unwrap_or_default().to_owned();
    (text("sys_updated_on"), text("sys_mod_count"))
}

/// Names of tables and columns; anything else never becomes a part of an address.
fn is_table(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
