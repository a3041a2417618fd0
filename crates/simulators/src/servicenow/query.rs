//! Encoded queries: the text of `sysparm_query` taken apart. Never fails: what makes no sense is marked
//! invalid, because the product drops such a part and runs the rest.

pub(super) mod dates;
pub(super) mod evaluate;

/// Operators in writing, longest first where one begins another.
const OPERATORS: [(&str, Operator); 46] = [
    ("LT_OR_EQUALS_FIELD", Operator::Field(Order::AtMost)),
    ("GT_OR_EQUALS_FIELD", Operator::Field(Order::AtLeast)),
    ("DOES NOT CONTAIN", Operator::NotLike),
    ("IN_HIERARCHY", Operator::InHierarchy),
    ("EMPTYSTRING", Operator::EmptyString),
    ("CHANGESFROM", Operator::History),
    ("INSTANCEOF", Operator::InstanceOf),
    ("ISNOTEMPTY", Operator::NotEmpty),
    ("STARTSWITH", Operator::StartsWith),
    ("RELATIVEGT", Operator::Relative(Order::Above)),
    ("RELATIVEGE", Operator::Relative(Order::AtLeast)),
    ("RELATIVELT", Operator::Relative(Order::Below)),
    ("RELATIVELE", Operator::Relative(Order::AtMost)),
    ("RELATIVEEE", Operator::Relative(Order::Equal)),
    ("VALCHANGES", Operator::History),
    ("CHANGESTO", Operator::History),
    ("ENDSWITH", Operator::EndsWith),
    ("NOT LIKE", Operator::NotLike),
    ("GT_FIELD", Operator::Field(Order::Above)),
    ("LT_FIELD", Operator::Field(Order::Below)),
    ("MORETHAN", Operator::Apart(Order::Above)),
    ("LESSTHAN", Operator::Apart(Order::Below)),
    ("DATEPART", Operator::DatePart),
    ("ANYTHING", Operator::Anything),
    ("CONTAINS", Operator::Like),
    ("NOTLIKE", Operator::NotLike),
    ("ISEMPTY", Operator::Empty),
    ("BETWEEN", Operator::Between),
    ("DYNAMIC", Operator::Dynamic),
    ("NSAMEAS", Operator::Field(Order::Different)),
    ("SAMEAS", Operator::Field(Order::Equal)),
    ("NOT IN", Operator::NotIn),
    ("NOTON", Operator::NotOn),
    ("LIKE", Operator::Like),
    ("IN", Operator::In),
    ("ON", Operator::On),
    ("!=", Operator::Compare(Order::Different)),
    ("<>", Operator::Compare(Order::Different)),
    ("<=", Operator::Compare(Order::AtMost)),
    (">=", Operator::Compare(Order::AtLeast)),
    ("!*", Operator::NotLike),
    ("=", Operator::Compare(Order::Equal)),
    ("<", Operator::Compare(Order::Below)),
    (">", Operator::Compare(Order::Above)),
    ("*", Operator::Like),
    ("%", Operator::EndsWith),
];

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Different,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// What a condition asks of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Compare(Order),
    StartsWith,
    EndsWith,
    Like,
    NotLike,
    Empty,
    NotEmpty,
    Anything,
    EmptyString,
    In,
    NotIn,
    Between,
    /// Against another field of the same row.
    Field(Order),
    On,
    NotOn,
    /// Against a moment some units from now.
    Relative(Order),
    DatePart,
    /// Two fields so many units apart.
    Apart(Order),
    Dynamic,
    InHierarchy,
    InstanceOf,
    /// Operators on what changed; they mean nothing outside notifications.
    History,
}

/// One `field operator value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) field: String,
    /// Absent where no operator could be read: the condition is invalid.
    pub(super) operator: Option<Operator>,
    pub(super) value: String,
}

/// Conditions of which one must hold.
pub(super) type AnyOf = Vec<Condition>;

/// A column to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OrderBy {
    pub(super) field: String,
    pub(super) descending: bool,
}

/// A query: one of its groups must hold, each a list of `AnyOf` that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) groups: Vec<Vec<AnyOf>>,
    pub(super) order: Vec<OrderBy>,
}

/// Takes a query apart.
pub(super) fn parse(text: &str) -> Query {
    let mut query = Query::default();
    let mut group: Vec<AnyOf> = Vec::new();
    for (place, term) in terms(text).into_iter().enumerate() {
        if let Some(field) = term.strip_prefix("ORDERBYDESC") {
            let (field, descending) = (field.to_owned(), true);
            query.order.push(OrderBy { field, descending });
        } else if let Some(field) = term.strip_prefix("ORDERBY") {
            let (field, descending) = (field.to_owned(), false);
            query.order.push(OrderBy { field, descending });
        } else if term.is_empty() || term == "EQ" || term.starts_with("GROUPBY") {
            continue;
        } else if let Some(rest) = term.strip_prefix("NQ") {
            query.groups.push(std::mem::take(&mut group));
            if !rest.is_empty() {
                group.push(vec![condition(rest)]);
            }
        } else if let Some(rest) = term.strip_prefix("OR").filter(|_| place > 0) {
            match group.last_mut() {
                Some(any_of) => any_of.push(condition(rest)),
                None => group.push(vec![condition(rest)]),
            }
        } else {
            group.push(vec![condition(&term)]);
        }
    }
    query.groups.push(group);
    query
}

/// Splits at single carets; a doubled one stands for itself.
fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '^' {
            term.push(letter);
        } else if letters.next_if_eq(&'^').is_some() {
            term.push('^');
        } else {
            terms.push(std::mem::take(&mut term));
        }
    }
    terms.push(term);
    terms
}

fn condition(term: &str) -> Condition {
    let in_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter);
    let rest = term.trim_start_matches(in_name);
    let field = term.strip_suffix(rest).unwrap_or_default().to_owned();
    let found = OPERATORS.iter().find_map(|(written, operator)| {
        let value = rest.strip_prefix(written)?;
        Some((*operator, value))
    });
    let operator = found.map(|(operator, _)| operator);
    let value = found.map_or(rest, |(_, value)| value).to_owned();
    Condition { field, operator, value }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a query back in a form that shows how its parts bind.
    fn shown(text: &str) -> String {
        let query = parse(text);
        let condition = |c: &Condition| format!("{}~{:?}~{}", c.field, c.operator, c.value);
        let any_of = |any: &AnyOf| any.iter().map(condition).collect::<Vec<_>>().join(" or ");
        let group = |g: &Vec<AnyOf>| g.iter().map(any_of).collect::<Vec<_>>().join(" & ");
        query.groups.iter().map(group).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn or_binds_to_the_condition_before_it_and_nq_splits_first() {
        let equal = "~Some(Compare(Equal))~";
        let expected = "a=1 & b=2 or b=3 | c=4 & d=5".replace('=', equal);
        assert_eq!(shown("a=1^b=2^ORb=3^NQc=4^d=5^EQ"), expected);
    }

    #[test]
    fn the_longest_operator_wins() {
        for (text, operator) in [
            ("aINb", Operator::In),
            ("aINSTANCEOFb", Operator::InstanceOf),
            ("aNOT INb", Operator::NotIn),
            ("a!=b", Operator::Compare(Order::Different)),
            ("a<=b", Operator::Compare(Order::AtMost)),
            ("a!*b", Operator::NotLike),
            ("aGT_OR_EQUALS_FIELDb", Operator::Field(Order::AtLeast)),
            ("aONToday@x@y", Operator::On),
        ] {
            let query = parse(text);
            assert_eq!(query.groups[0][0][0].operator, Some(operator), "{text}");
        }
    }

    #[test]
    fn ordering_and_doubled_carets() {
        let query = parse("ORDERBYsys_id^name=a^^b^ORDERBYDESCnumber");
        let columns = query.order.iter().map(|o| (o.field.as_str(), o.descending));
        assert_eq!(columns.collect::<Vec<_>>(), [("sys_id", false), ("number", true)]);
        assert_eq!(query.groups[0][0][0].value, "a^b");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_keeps_at_least_one_group(text in ".*") {
            prop_assert!(!parse(&text).groups.is_empty());
        }

        #[test]
        fn parsing_never_panics_on_queries_that_are_nearly_right(
            text in "((\\^|\\^OR|\\^NQ|\\^ORDERBY)?[a-c.]{0,3}(=|!=|IN|BETWEEN|ON|RELATIVEGT|MORETHAN)?[@,0-9a-z']{0,6}){0,6}"
        ) {
            parse(&text);
        }
    }
}
