//! Encoded queries. A value that could end its condition or run as a script never leaves: the escape for it is not
//! documented, and a part that the instance cannot read is dropped without a word, which widens the query.

use jiff::Timestamp;

use super::moment::write_moment;
use crate::error::{Failure, FailureKind};

/// Conditions joined by "and"; each stands beside its alternatives, as the protocol binds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    groups: Vec<Vec<Condition>>,
}

/// One condition on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    column: String,
    operator: Operator,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    Among,
    After,
    AtLeast,
    Before,
    StartsWith,
    IsEmpty,
    IsNotEmpty,
}

impl Condition {
    fn new(column: &str, operator: Operator, value: impl Into<String>) -> Self {
        Self { column: column.to_owned(), operator, value: value.into() }
    }

    /// The column holds this value.
    pub(crate) fn is(column: &str, value: &str) -> Self {
        Self::new(column, Operator::Is, value)
    }

    /// The column holds one of these values.
    pub(crate) fn among<S: AsRef<str>>(column: &str, values: &[S]) -> Self {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        // A comma inside a value would split it in two: such a list is refused when it is written.
        let value = match values.iter().any(|value| value.contains(',') || value.is_empty()) {
            true => "^".to_owned(),
            false => values.join(","),
        };
        Self::new(column, Operator::Among, value)
    }

    /// The text sorts behind this one.
    pub(crate) fn after(column: &str, value: &str) -> Self {
        Self::new(column, Operator::After, value)
    }

    /// The moment is this one or later.
    pub(crate) fn since(column: &str, moment: Timestamp) -> Self {
        Self::new(column, Operator::AtLeast, write_moment(moment))
    }

    /// The moment is earlier than this one.
    pub(crate) fn before(column: &str, moment: Timestamp) -> Self {
        Self::new(column, Operator::Before, write_moment(moment))
    }

    /// The text begins with this one.
    pub(crate) fn starts_with(column: &str, value: &str) -> Self {
        Self::new(column, Operator::StartsWith, value)
    }

    /// The column is empty.
    pub(crate) fn is_empty(column: &str) -> Self {
        Self::new(column, Operator::IsEmpty, "")
    }

    /// The column is not empty.
    pub(crate) fn is_not_empty(column: &str) -> Self {
        Self::new(column, Operator::IsNotEmpty, "")
    }

    /// The column that it looks at.
    pub(crate) fn column(&self) -> &str {
        &self.column
    }

    fn write(&self) -> Result<String, Failure> {
        let is_column = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
        if self.column.is_empty() || !self.column.chars().all(is_column) {
            return Err(refused("a column of the query has a name that no column can have"));
        }
        let needs_value = !matches!(self.operator, Operator::IsEmpty | Operator::IsNotEmpty);
        if needs_value && !is_safe(&self.value) {
            return Err(refused("a value of the query could be read as another condition or as a script"));
        }
        let operator = match self.operator {
            Operator::Is => "=",
            Operator::Among => "IN",
            Operator::After => ">",
            Operator::AtLeast => ">=",
            Operator::Before => "<",
            Operator::StartsWith => "STARTSWITH",
            Operator::IsEmpty => "ISEMPTY",
            Operator::IsNotEmpty => "ISNOTEMPTY",
        };
        Ok(format!("{}{operator}{}", self.column, self.value))
    }
}

impl Query {
    /// The query that finds everything.
    pub(crate) fn everything() -> Self {
        Self::default()
    }

    /// Narrows it by one condition.
    pub(crate) fn and(self, condition: Condition) -> Self {
        self.and_one_of([condition])
    }

    /// Narrows it by alternatives, of which at least one must hold.
    pub(crate) fn and_one_of(mut self, alternatives: impl IntoIterator<Item = Condition>) -> Self {
        self.groups.push(alternatives.into_iter().collect());
        self
    }

    /// All columns that the query names.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(|condition| condition.column.as_str())
    }

    /// The query as it is sent.
    ///
    /// # Errors
    /// [`FailureKind::Unsendable`] if a name or value could change what the query means.
    pub(crate) fn write(&self) -> Result<String, Failure> {
        let mut parts = Vec::new();
        for group in &self.groups {
            let alternatives: Result<Vec<_>, _> = group.iter().map(Condition::write).collect();
            let alternatives = alternatives?;
            if alternatives.is_empty() {
                return Err(refused("a part of the query has no condition, so it would find everything"));
            }
            parts.push(alternatives.join("^OR"));
        }
        Ok(parts.join("^"))
    }
}

/// The longest beginning of a text that may stand in a query; whoever uses it compares the answers himself.
pub(crate) fn as_prefix(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| letter == '^' || letter.is_control()).unwrap_or(text.len());
    text.get(..end).filter(|prefix| is_safe(prefix))
}

fn is_safe(value: &str) -> bool {
    let script = value.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("javascript:"));
    !value.is_empty() && !script && !value.contains('^') && !value.chars().any(char::is_control)
}

fn refused(cause: &'static str) -> Failure {
    Failure::new(FailureKind::Unsendable, cause)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alternatives_bind_to_the_condition_before_them() {
        let moment = "2026-06-01T18:30:00Z".parse().expect("a moment");
        let query = Query::everything()
            .and_one_of([Condition::is("active", "true"), Condition::since("end_date", moment)])
            .and(Condition::among("state", &["-5", "-4"]))
            .and_one_of([Condition::is_empty("start_date"), Condition::before("start_date", moment)]);
        assert_eq!(
            query.write().expect("a query"),
            "active=true^ORend_date>=2026-06-01 18:30:00^stateIN-5,-4^start_dateISEMPTY^ORstart_date<2026-06-01 18:30:00"
        );
    }

    #[test]
    fn a_caret_inside_a_value_ends_nothing_because_it_is_refused() {
        let attempts = [
            Condition::is("name", "x^ORactive=true"),
            Condition::is("name", "javascript:gs.getUserID()"),
            Condition::is("name", ""),
            Condition::is("name=x^active", "true"),
            Condition::among("sys_id", &["a", "b,c"]),
            Condition::among("sys_id", &["a", ""]),
        ];
        for attempt in attempts {
            let failure = Query::everything().and(attempt).write().expect_err("refused");
            assert_eq!(failure.kind, FailureKind::Unsendable);
        }
        assert!(Query::everything().and_one_of([]).write().is_err());
        assert!(Query::everything().and(Condition::among::<&str>("sys_id", &[])).write().is_err());
    }

    #[test]
    fn a_name_with_a_caret_is_looked_for_by_its_beginning() {
        assert_eq!(as_prefix("pay^ments, \"quoted\""), Some("pay"));
        assert_eq!(as_prefix("^payments"), None);
        assert_eq!(as_prefix("zahlungen – 💶"), Some("zahlungen – 💶"));
    }

    proptest! {
        #[test]
        fn no_value_adds_a_condition(value in ".*") {
            if let Ok(text) = Query::everything().and(Condition::is("name", &value)).write() {
                prop_assert_eq!(text.matches('^').count(), 0);
                prop_assert!(text.starts_with("name="));
            }
            let _prefix = as_prefix(&value);
        }
    }
}
