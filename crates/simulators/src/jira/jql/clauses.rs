//! What a query says, before any name in it is looked up.

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    pub(super) clause: Option<Clause>,
    pub(super) order: Vec<(Field, Direction)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Clause {
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Term(Term),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub(super) field: Field,
    pub(super) operator: Operator,
    pub(super) operand: Operand,
    /// After `was` and `changed`: `by`, `from`, `to`, `before`, `after`, `on`, `during`.
    pub(super) predicates: Vec<(String, Operand)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Named(String),
    Custom(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Contains,
    ContainsNot,
    In,
    NotIn,
    Is,
    IsNot,
    Was,
    WasNot,
    Changed,
    ChangedNot,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Nothing,
    Empty,
    Value { text: String, quoted: bool },
    Function { name: String, arguments: Vec<String> },
    List(Vec<Operand>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Operator {
    /// What NOT makes of it.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Contains => Self::ContainsNot,
            Self::ContainsNot => Self::Contains,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Is => Self::IsNot,
            Self::IsNot => Self::Is,
            Self::Was => Self::WasNot,
            Self::WasNot => Self::Was,
            Self::Changed => Self::ChangedNot,
            Self::ChangedNot => Self::Changed,
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Contains => "~",
            Self::ContainsNot => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::Was => "was",
            Self::WasNot => "was not",
            Self::Changed | Self::ChangedNot => "changed",
        }
    }
}
