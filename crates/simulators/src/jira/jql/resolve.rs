//! Clauses to tests: names become fields and ids, once per query. Every mistake of the query is told, not only the first.

use std::collections::HashSet;

use jiff::Timestamp;

use super::changed::Past;
use super::clauses::{Clause, Operand, Operator, Term};
use super::evaluate::{Sign, Test};
use super::values::{self, Field, Kind};
use super::{Context, dates, functions, lookup, order, words};
use crate::jira::store::key_number;

pub(super) fn resolve(context: Context<'_>, clause: Clause) -> Result<Test, Vec<String>> {
    match clause {
        Clause::All(parts) => each(context, parts).map(Test::All),
        Clause::Any(parts) => each(context, parts).map(Test::Any),
        Clause::Term(term) => resolve_term(context, &term),
    }
}

fn each(context: Context<'_>, parts: Vec<Clause>) -> Result<Vec<Test>, Vec<String>> {
    let (mut tests, mut mistakes) = (Vec::new(), Vec::new());
    for part in parts {
        match resolve(context, part) {
            Ok(test) => tests.push(test),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(tests) } else { Err(mistakes) }
}

fn resolve_term(context: Context<'_>, term: &Term) -> Result<Test, Vec<String>> {
    let shown = order::shown(&term.field);
    let fields = values::named(context, &term.field);
    if fields.is_empty() {
        return Err(vec![format!("Field '{shown}' does not exist or you do not have permission to view it.")]);
    }
    let one = |field| Asked { context, field, shown: &shown, operator: term.operator }.test(term);
    let mut tests = fields.into_iter().map(one).collect::<Result<Vec<Test>, _>>()?;
    // Custom fields of the same name: any of them may match, and none may match a negation.
    Ok(match (tests.len(), sign(term.operator)) {
        (1, _) => tests.pop().unwrap_or(Test::All(tests)),
        (_, Sign::Not) => Test::All(tests),
        _ => Test::Any(tests),
    })
}

/// One clause about one field.
struct Asked<'a> {
    context: Context<'a>,
    field: Field,
    shown: &'a str,
    operator: Operator,
}

/// The records that an operand names, and whether EMPTY was among them.
#[derive(Default)]
struct Among<T> {
    named: Vec<T>,
    empty: bool,
}

impl Asked<'_> {
    fn test(&self, term: &Term) -> Result<Test, Vec<String>> {
        use Operator::{
            AtLeast, AtMost, Changed, ChangedNot, Contains, ContainsNot, Greater, Is, IsNot, Less, Was, WasNot,
        };
        let ordering = matches!(self.operator, Greater | AtLeast | Less | AtMost);
        let textual = matches!(self.operator, Contains | ContainsNot);
        let past = matches!(self.operator, Was | WasNot | Changed | ChangedNot);
        let is_text = self.field.kind() == Kind::Text;
        let emptiness = matches!(self.operator, Is | IsNot);
        let supported = if past {
            self.field.history_id().is_some()
        } else {
            emptiness || (textual == is_text && (!ordering || self.field.is_ordered()))
        };
        if !supported {
            return Err(vec![format!(
                "The operator '{}' is not supported by the '{}' field.",
                self.operator.symbol(),
                self.shown
            )]);
        }
        if past {
            return self.past(term);
        }
        if term.operand == Operand::Empty {
            if ordering || textual {
                return Err(vec![format!(
                    "The operator '{}' does not take EMPTY for the field '{}'.",
                    self.operator.symbol(),
                    self.shown
                )]);
            }
            return Ok(Test::Empty { field: self.field, sign: sign(self.operator) });
        }
        match self.field.kind() {
            Kind::Ids if ordering => self.beside(&term.operand),
            Kind::Ids => {
                let Among { named, empty } = self.ids(&term.operand)?;
                Ok(Test::Ids {
                    field: self.field,
                    among: named.into_iter().collect(),
                    empty,
                    sign: sign(self.operator),
                })
            }
            Kind::Names => {
                let Among { named, empty } = self.names(&term.operand)?;
                let among = named.into_iter().map(|name| name.to_lowercase()).collect();
                Ok(Test::Names { field: self.field, among, empty, sign: sign(self.operator) })
            }
            Kind::Moment => self.compared(&term.operand, |asked, operator, moment| Test::Moment {
                field: asked.field,
                operator,
                at: moment,
            }),
            Kind::Day => self.compared(&term.operand, |asked, operator, moment| {
                let at = moment.to_zoned(asked.context.caller.zone.clone()).date();
                Test::Day { field: asked.field, operator, at }
            }),
            Kind::Number => self.numbers(&term.operand),
            Kind::Text => match &term.operand {
                Operand::Value { text, .. } => {
                    let words = words::read(text, self.shown).map_err(|mistake| vec![mistake])?;
                    Ok(Test::Words { field: self.field, words, sign: sign(self.operator) })
                }
                _ => Err(vec![format!("The field '{}' takes a text.", self.shown)]),
            },
        }
    }

    fn ids(&self, operand: &Operand) -> Result<Among<u64>, Vec<String>> {
        // Jira's own word for "no resolution", beside EMPTY.
        let mut unresolved = false;
        let found = gather(operand, &mut |operand| match operand {
            Operand::Value { text, .. }
                if self.field == Field::Resolution && text.eq_ignore_ascii_case("unresolved") =>
            {
                unresolved = true;
                Ok(Vec::new())
            }
            Operand::Value { text, quoted } => lookup::ids(self.context, self.field, (text, *quoted), self.shown),
            Operand::Function { name, arguments } => {
                functions::ids(self.context, self.field, (name, arguments))?.ok_or_else(|| functions::unknown(name))
            }
            _ => Ok(Vec::new()),
        });
        found.map(|among| Among { empty: among.empty || unresolved, ..among })
    }

    fn names(&self, operand: &Operand) -> Result<Among<String>, Vec<String>> {
        gather(operand, &mut |operand| match operand {
            Operand::Value { text, .. } => lookup::names(self.context, self.field, text, self.shown),
            Operand::Function { name, .. } => {
                functions::people(self.context, name).ok_or_else(|| functions::unknown(name))
            }
            _ => Ok(Vec::new()),
        })
    }

    fn moments(&self, operand: &Operand) -> Result<Among<Timestamp>, Vec<String>> {
        gather(operand, &mut |operand| match operand {
            Operand::Value { text, .. } => {
                let moment = dates::read(text, self.context.now, &self.context.caller.zone);
                moment.map(|moment| vec![moment]).ok_or_else(|| {
                    format!(
                        "Date value '{text}' for field '{}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                         'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.",
                        self.shown
                    )
                })
            }
            Operand::Function { name, arguments } => functions::moment(self.context, name, arguments)
                .map(|moment| vec![moment])
                .ok_or_else(|| functions::unknown(name)),
            _ => Ok(Vec::new()),
        })
    }

    /// `>` and its like over versions (by sequence), priorities (by rank) and keys (by number).
    fn beside(&self, operand: &Operand) -> Result<Test, Vec<String>> {
        let Among { named, .. } = self.ids(operand)?;
        let operator = self.operator;
        let keep = move |one: usize, two: usize| match operator {
            Operator::Greater => one > two,
            Operator::AtLeast => one >= two,
            Operator::Less => one < two,
            _ => one <= two,
        };
        if self.field == Field::Key {
            let issue = named.first().and_then(|id| self.context.store.issue(*id));
            let (project, number) = issue.map_or((0, 0), |issue| (issue.project, key_number(&issue.key)));
            return Ok(Test::Number { field: self.field, operator, at: 0.0, key: Some((project, number)) });
        }
        let among: HashSet<u64> = if self.field == Field::Priority {
            lookup::priorities_beside(self.context, &named, keep).into_iter().collect()
        } else {
            lookup::versions_beside(self.context, &named, keep).into_iter().collect()
        };
        Ok(Test::Ids { field: self.field, among, empty: false, sign: Sign::Is })
    }

    /// A list is several comparisons.
    fn compared(
        &self,
        operand: &Operand,
        test: impl Fn(&Self, Operator, Timestamp) -> Test,
    ) -> Result<Test, Vec<String>> {
        let Among { named, empty } = self.moments(operand)?;
        let operator = match self.operator {
            Operator::In => Operator::Equal,
            Operator::NotIn => Operator::NotEqual,
            other => other,
        };
        let tests = named.into_iter().map(|moment| test(self, operator, moment));
        Ok(self.joined(tests.chain(empty.then(|| self.emptiness())).collect()))
    }

    fn numbers(&self, operand: &Operand) -> Result<Test, Vec<String>> {
        let Among { named, empty } = gather(operand, &mut |operand| match operand {
            Operand::Value { text, .. } => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number
                    .map(|number| vec![number])
                    .ok_or_else(|| format!("Value '{text}' for field '{}' is not a number.", self.shown))
            }
            Operand::Function { name, .. } => Err(functions::unknown(name)),
            _ => Ok(Vec::new()),
        })?;
        let operator = match self.operator {
            Operator::In => Operator::Equal,
            Operator::NotIn => Operator::NotEqual,
            other => other,
        };
        let tests = named.into_iter().map(|at| Test::Number { field: self.field, operator, at, key: None });
        Ok(self.joined(tests.chain(empty.then(|| self.emptiness())).collect()))
    }

    fn emptiness(&self) -> Test {
        Test::Empty { field: self.field, sign: sign(self.operator) }
    }

    fn joined(&self, tests: Vec<Test>) -> Test {
        match sign(self.operator) {
            Sign::Not => Test::All(tests),
            Sign::Is => Test::Any(tests),
        }
    }

    /// `was` and `changed` with their predicates.
    fn past(&self, term: &Term) -> Result<Test, Vec<String>> {
        let changed = matches!(self.operator, Operator::Changed | Operator::ChangedNot);
        let mut past = Past::new(self.field, self.field.history_id().unwrap_or_default());
        past.values = if changed { None } else { Some(self.spoken(&term.operand)?) };
        for (name, operand) in &term.predicates {
            match name.as_str() {
                "by" => {
                    let who = Asked { field: Field::Assignee, shown: "by", ..*self };
                    past.by = Some(who.names(operand)?.named);
                }
                "from" => past.from = Some(self.spoken(operand)?),
                "to" => past.to = Some(self.spoken(operand)?),
                _ => past.narrow(name, &self.moments(operand)?.named),
            }
        }
        let sign =
            if matches!(self.operator, Operator::WasNot | Operator::ChangedNot) { Sign::Not } else { Sign::Is };
        Ok(Test::Past { past, sign })
    }

    /// Ids (or account ids) as the changelog writes them; EMPTY is the empty text.
    fn spoken(&self, operand: &Operand) -> Result<HashSet<String>, Vec<String>> {
        let (named, empty): (Vec<String>, bool) = if self.field.kind() == Kind::Ids {
            let Among { named, empty } = self.ids(operand)?;
            (named.iter().map(u64::to_string).collect(), empty)
        } else {
            let Among { named, empty } = self.names(operand)?;
            (named, empty)
        };
        let empty = (empty || *operand == Operand::Empty).then(String::new);
        Ok(named.into_iter().chain(empty).collect())
    }
}

type Read<'a, T> = &'a mut dyn FnMut(&Operand) -> Result<Vec<T>, String>;

fn gather<T>(operand: &Operand, read: Read<'_, T>) -> Result<Among<T>, Vec<String>> {
    let mut among = Among { named: Vec::new(), empty: false };
    let mut mistakes = Vec::new();
    let mut waiting = vec![operand];
    while let Some(operand) = waiting.pop() {
        match operand {
            Operand::List(list) => waiting.extend(list.iter().rev()),
            Operand::Empty => among.empty = true,
            Operand::Nothing => {}
            other => match read(other) {
                Ok(found) => among.named.extend(found),
                Err(mistake) => mistakes.push(mistake),
            },
        }
    }
    if mistakes.is_empty() { Ok(among) } else { Err(mistakes) }
}

fn sign(operator: Operator) -> Sign {
    match operator {
        Operator::NotEqual
        | Operator::NotIn
        | Operator::IsNot
        | Operator::ContainsNot
        | Operator::WasNot
        | Operator::ChangedNot => Sign::Not,
        _ => Sign::Is,
    }
}
