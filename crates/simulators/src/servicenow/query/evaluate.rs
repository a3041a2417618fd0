//! Runs a query over the rows: fields are resolved once, one indexed condition narrows the rows, the rest
//! is tested row by row.

use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::tz::TimeZone;

use super::dates::{Asker, parse_stored, unit_word};
use super::{Condition, Operator, Order, Query};
use crate::servicenow::dictionary::{Kind, Name};
use crate::servicenow::display;
use crate::servicenow::path::Path;
use crate::servicenow::store::{Row, Store};

/// The sys_id of the dynamic filter "Me", the same in every instance.
const ME: &str = "90d1921e5f510100a9ad2572f2b477fe";
/// Above every text that occurs.
const HIGHEST: &str = "\u{10FFFF}";

/// A query made ready for one table.
pub(in super::super) struct Plan<'a> {
    store: &'a Store,
    family: Vec<Name>,
    asker: &'a Asker,
    groups: Vec<Vec<Vec<Test>>>,
    order: Vec<(Path, bool)>,
    /// Whether a part was invalid and left out.
    pub(in super::super) dropped: bool,
}

struct Test {
    path: Path,
    check: Check,
}

enum Check {
    Compare(Order, String),
    Like(Place, String),
    NotLike(String),
    Empty,
    NotEmpty,
    Anything,
    In(HashSet<String>),
    NotIn(HashSet<String>),
    Within(String, String),
    Outside(String, String),
    Field(Order, Path),
    DatePart(String),
    Apart { other: Path, before: bool, order: Order, seconds: i64 },
    InHierarchy(String),
    InstanceOf(String),
}

#[derive(Clone, Copy)]
enum Place {
    Start,
    End,
    Anywhere,
}

impl<'a> Plan<'a> {
    pub(in super::super) fn new(store: &'a Store, table: &str, query: &Query, asker: &'a Asker) -> Self {
        let mut plan = Plan {
            store,
            family: store.dictionary.family(table),
            asker,
            groups: Vec::new(),
            order: Vec::new(),
            dropped: false,
        };
        for group in &query.groups {
            let mut tests = Vec::new();
            for any_of in group {
                let valid: Vec<_> = any_of.iter().filter_map(|c| plan.test(table, c)).collect();
                plan.dropped |= valid.len() < any_of.len();
                if !valid.is_empty() {
                    tests.push(valid);
                }
            }
            plan.groups.push(tests);
        }
        for order in &query.order {
            match Path::resolve(&store.dictionary, table, &order.field) {
                Some(path) => plan.order.push((path, order.descending)),
                None => plan.dropped = true,
            }
        }
        plan
    }

    /// The rows that match, in order, and how many had to be looked at.
    pub(in super::super) fn run(&self) -> (Vec<&Row>, usize) {
        let mut looked_at = 0;
        let mut hits: Vec<&Row> = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let earlier = self.groups.get(..place).unwrap_or_default();
            let is_new = |row: &&Row| !earlier.iter().any(|other| self.holds(other, row));
            match self.narrowed(group) {
                Some(rows) => {
                    looked_at += rows.len();
                    hits.extend(rows.into_iter().filter(|row| self.holds(group, row)).filter(is_new));
                }
                None => {
                    let rows = self.store.scan(&self.family).inspect(|_| looked_at += 1);
                    hits.extend(rows.filter(|row| self.holds(group, row)).filter(is_new));
                }
            }
        }
        (self.sorted(hits), looked_at)
    }

    /// Whether one row matches.
    pub(in super::super) fn matches(&self, row: &Row) -> bool {
        self.groups.iter().any(|group| self.holds(group, row))
    }

    fn holds(&self, group: &[Vec<Test>], row: &Row) -> bool {
        group.iter().all(|any_of| any_of.iter().any(|test| self.passes(test, row)))
    }

    /// The rows an index offers for the narrowest of the conditions.
    fn narrowed(&self, group: &[Vec<Test>]) -> Option<Vec<&Row>> {
        let exact = group.iter().filter_map(|any_of| {
            let parts: Option<Vec<_>> = any_of.iter().map(|test| self.exactly(test)).collect();
            let parts = parts?;
            let count = |(column, values): &(&str, Vec<&str>)| self.offers(column, values);
            Some((parts.iter().map(count).sum::<usize>(), parts))
        });
        let Some((_, parts)) = exact.min_by_key(|(count, _)| *count) else {
            return self.ranged(group);
        };
        let mut rows: Vec<&Row> = Vec::new();
        for (column, value, class) in self.look_ups(&parts) {
            rows.extend(self.store.with_value(class, column, value));
        }
        rows.sort_unstable_by_key(|row| row.touched);
        rows.dedup_by_key(|row| row.touched);
        Some(rows)
    }

    fn look_ups<'p>(
        &'p self,
        parts: &'p [(&'p str, Vec<&'p str>)],
    ) -> impl Iterator<Item = (&'p str, &'p str, &'p Name)> {
        let pairs = parts.iter().flat_map(|(column, values)| values.iter().map(move |value| (*column, *value)));
        pairs.flat_map(|(column, value)| self.family.iter().map(move |class| (column, value, class)))
    }

    /// How many rows an index would give.
    fn offers(&self, column: &str, values: &[&str]) -> usize {
        let classes = self.family.iter();
        let pairs = classes.flat_map(|class| values.iter().map(move |value| (class, *value)));
        pairs.map(|(class, value)| self.store.count(class, column, value)).sum()
    }

    /// The column and values of a condition that an index can answer.
    fn exactly<'t>(&self, test: &'t Test) -> Option<(&'t str, Vec<&'t str>)> {
        let values: Vec<&str> = match &test.check {
            Check::Compare(Order::Equal, value) if !value.is_empty() => vec![value],
            Check::In(values) if !values.contains("") => values.iter().map(String::as_str).collect(),
            _ => return None,
        };
        self.offered(test)?;
        Some((&test.path.column, values))
    }

    fn ranged(&self, group: &[Vec<Test>]) -> Option<Vec<&Row>> {
        let single = group.iter().filter_map(|any_of| match any_of.as_slice() {
            [test] => Some(test),
            _ => None,
        });
        let bounded = |test: &Test| match &test.check {
            Check::Compare(Order::Above | Order::AtLeast, low) => Some((low.clone(), HIGHEST.to_owned())),
            Check::Compare(Order::Below | Order::AtMost, high) => Some((String::new(), high.clone())),
            Check::Within(low, high) => Some((low.clone(), high.clone())),
            _ => None,
        };
        let mut best: Option<(&Name, String, String)> = None;
        for test in single {
            let (Some((low, high)), Some(())) = (bounded(test), self.offered(test)) else {
                continue;
            };
            if !matches!(test.path.kind, Kind::DateTime | Kind::Id) {
                continue;
            }
            best = Some(match best {
                Some((column, a, b)) if *column == test.path.column => (column, a.max(low), b.min(high)),
                Some(other) => other,
                None => (&test.path.column, low, high),
            });
        }
        let (column, low, high) = best?;
        let rows = self.family.iter().flat_map(|class| self.store.in_range(class, column, (&low, &high)));
        Some(rows.collect())
    }

    fn offered(&self, test: &Test) -> Option<()> {
        let indexed = test.path.is_own() && self.store.is_indexed(&test.path.table, &test.path.column);
        indexed.then_some(())
    }

    fn sorted<'r>(&self, mut rows: Vec<&'r Row>) -> Vec<&'r Row> {
        if self.order.is_empty() {
            rows.sort_unstable_by_key(|row| row.touched);
            return rows;
        }
        let key = |row: &Row, path: &Path| match path.kind {
            Kind::Reference(_) => self.shown(path, row),
            _ => path.value(self.store, row).to_owned(),
        };
        let mut keyed: Vec<(Vec<String>, &Row)> = rows
            .into_iter()
            .map(|row| (self.order.iter().map(|(path, _)| key(row, path)).collect(), row))
            .collect();
        keyed.sort_by(|(left, a), (right, b)| {
            let keys = left.iter().zip(right).zip(&self.order);
            let orders = keys.map(|((left, right), (path, descending))| {
                let order = ordered(&path.kind, left, right);
                if *descending { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then).then(a.touched.cmp(&b.touched))
        });
        keyed.into_iter().map(|(_, row)| row).collect()
    }

    /// A date in a condition on a date-time means its midnight.
    fn literal(&self, kind: &Kind, value: &str) -> Option<String> {
        let value = self.asker.resolve(value)?;
        let is_date = *kind == Kind::DateTime && value.parse::<jiff::civil::Date>().is_ok() && value.len() == 10;
        Some(if is_date { format!("{value} 00:00:00") } else { value })
    }

    fn range(&self, kind: &Kind, low: &str, high: &str) -> Option<(String, String)> {
        Some((self.literal(kind, low)?, self.literal(kind, high)?))
    }

    /// Nothing where the condition is invalid.
    fn test(&self, table: &str, condition: &Condition) -> Option<Test> {
        let dictionary = &self.store.dictionary;
        let path = Path::resolve(dictionary, table, &condition.field)?;
        let (kind, value) = (&path.kind, condition.value.as_str());
        let listed = || {
            let items = value.split(',').map(|item| self.asker.resolve(item));
            items.collect::<Option<HashSet<_>>>()
        };
        let check = match condition.operator? {
            Operator::Compare(order) => Check::Compare(order, self.literal(kind, value)?),
            Operator::StartsWith => Check::Like(Place::Start, self.asker.resolve(value)?),
            Operator::EndsWith => Check::Like(Place::End, self.asker.resolve(value)?),
            Operator::Like => Check::Like(Place::Anywhere, self.asker.resolve(value)?),
            Operator::NotLike => Check::NotLike(self.asker.resolve(value)?),
            Operator::Empty | Operator::EmptyString => Check::Empty,
            Operator::NotEmpty => Check::NotEmpty,
            Operator::Anything => Check::Anything,
            Operator::In => Check::In(listed()?),
            Operator::NotIn => Check::NotIn(listed()?),
            Operator::Between => {
                let (low, high) = value.split_once('@')?;
                let (low, high) = self.range(kind, low, high)?;
                Check::Within(low, high)
            }
            Operator::Field(order) => Check::Field(order, Path::resolve(dictionary, table, value)?),
            Operator::On | Operator::NotOn => {
                let mut parts = value.split('@').skip(1);
                let (low, high) = self.range(kind, parts.next()?, parts.next()?)?;
                match condition.operator? {
                    Operator::On => Check::Within(low, high),
                    _ => Check::Outside(low, high),
                }
            }
            Operator::Relative(order) => self.relative(order, value)?,
            Operator::DatePart => {
                let (_, script) = value.split_once('@')?;
                self.asker.is_part("1970-01-01 00:00:00", script)?;
                Check::DatePart(script.to_owned())
            }
            Operator::Apart(order) => {
                let mut parts = value.split('@');
                let other = Path::resolve(dictionary, table, parts.next()?)?;
                let unit = match unit_word(parts.next()?) {
                    "minute" => 60,
                    "hour" => 3_600,
                    "day" => 86_400,
                    "week" => 604_800,
                    _ => return None,
                };
                let before = match parts.next()? {
                    "before" => true,
                    "after" => false,
                    _ => return None,
                };
                let seconds = parts.next()?.parse::<i64>().ok()?.checked_mul(unit)?;
                Check::Apart { other, before, order, seconds }
            }
            Operator::Dynamic if value == ME => Check::Compare(Order::Equal, self.asker.user_id.clone()),
            Operator::InHierarchy => Check::InHierarchy(value.to_owned()),
            Operator::InstanceOf => Check::InstanceOf(value.to_owned()),
            Operator::Dynamic | Operator::History => return None,
        };
        Some(Test { path, check })
    }

    fn relative(&self, order: Order, value: &str) -> Option<Check> {
        let mut parts = value.strip_prefix('@')?.split('@');
        let (unit, direction) = (parts.next()?, parts.next()?);
        let moment = self.asker.relative(unit, direction, parts.next()?.parse().ok()?)?;
        Some(match order {
            Order::Equal => {
                let (low, high) = self.asker.around(&moment, unit)?;
                Check::Within(low, high)
            }
            order => Check::Compare(order, moment),
        })
    }

    fn shown(&self, path: &Path, row: &Row) -> String {
        let row = path.walk(self.store, row);
        row.map(|row| display::column(self.store, row, &path.column, &TimeZone::UTC)).unwrap_or_default()
    }

    fn passes(&self, test: &Test, row: &Row) -> bool {
        let Test { path, check } = test;
        let value = path.value(self.store, row);
        match check {
            Check::Compare(order, wanted) => compares(&path.kind, value, *order, wanted),
            Check::Like(place, part) => {
                let text = self.text(path, row, value);
                match place {
                    Place::Start => text.starts_with(part),
                    Place::End => text.ends_with(part),
                    Place::Anywhere => text.contains(part),
                }
            }
            Check::NotLike(part) => !self.text(path, row, value).contains(part),
            Check::Empty => value.is_empty(),
            Check::NotEmpty => !value.is_empty(),
            Check::Anything => true,
            Check::In(wanted) => wanted.contains(value),
            Check::NotIn(unwanted) => !unwanted.contains(value),
            Check::Within(low, high) => within(&path.kind, value, low, high),
            Check::Outside(low, high) => !within(&path.kind, value, low, high),
            Check::Field(order, other) => compares(&path.kind, value, *order, other.value(self.store, row)),
            Check::DatePart(script) => self.asker.is_part(value, script).unwrap_or(false),
            Check::Apart { other, before, order, seconds } => {
                let moments = (parse_stored(value), parse_stored(other.value(self.store, row)));
                let (Some(this), Some(other)) = moments else {
                    return false;
                };
                let apart = (this.as_second() - other.as_second()) * if *before { -1 } else { 1 };
                match order {
                    Order::Above => apart > *seconds,
                    _ => (0..*seconds).contains(&apart),
                }
            }
            Check::InHierarchy(top) => self.is_under(path, value, top),
            Check::InstanceOf(class) => self.store.dictionary.extends(value, class),
        }
    }

    /// Text operators see the display value of a reference, and the stored value of everything else.
    fn text(&self, path: &Path, row: &Row, value: &str) -> String {
        match path.kind {
            Kind::Reference(_) => self.shown(path, row),
            _ => value.to_owned(),
        }
    }

    fn is_under(&self, path: &Path, value: &str, top: &str) -> bool {
        let Some(table) = path.kind.target() else {
            return value == top;
        };
        let parents = std::iter::successors(Some(value), |id| Some(self.store.find(table, id)?.get("parent")));
        parents.take(50).take_while(|id| !id.is_empty()).any(|id| id == top)
    }
}

fn within(kind: &Kind, value: &str, low: &str, high: &str) -> bool {
    compares(kind, value, Order::AtLeast, low) && compares(kind, value, Order::AtMost, high)
}

/// An empty value differs from every other, and is neither above nor below any.
fn compares(kind: &Kind, value: &str, order: Order, wanted: &str) -> bool {
    match order {
        Order::Equal => value == wanted,
        Order::Different => value != wanted,
        _ if value.is_empty() || wanted.is_empty() => false,
        Order::Below => ordered(kind, value, wanted).is_lt(),
        Order::AtMost => ordered(kind, value, wanted).is_le(),
        Order::Above => ordered(kind, value, wanted).is_gt(),
        Order::AtLeast => ordered(kind, value, wanted).is_ge(),
    }
}

fn ordered(kind: &Kind, left: &str, right: &str) -> Ordering {
    if matches!(kind, Kind::Integer | Kind::Decimal | Kind::Choice)
        && let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>())
    {
        return left.total_cmp(&right);
    }
    left.cmp(right)
}

#[cfg(test)]
mod tests;
