//! The tree of a PromQL expression, and the kind of value each node yields.

use std::fmt;

use regex::Regex;

use super::signature::{self, Signature};
use crate::prometheus::content::Labels;

#[derive(Debug, Clone)]
pub(in crate::prometheus) enum Expr {
    Number(f64),
    Text(String),
    Selector(Selector),
    Range { selector: Selector, range: i64 },
    Subquery { inner: Box<Expr>, range: i64, step: Option<i64>, shift: Shift },
    Call { function: &'static Signature, arguments: Vec<Expr> },
    Aggregate { operator: Aggregator, parameter: Option<Box<Expr>>, inner: Box<Expr>, grouping: Grouping },
    Binary { operator: Operator, left: Box<Expr>, right: Box<Expr>, joining: Joining },
    Negated(Box<Expr>),
    Parenthesized(Box<Expr>),
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) struct Selector {
    /// Unique within its expression: what it selects is looked up once for a whole range query.
    pub(super) id: usize,
    pub(in crate::prometheus) matchers: Vec<Matcher>,
    pub(super) shift: Shift,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::prometheus) struct Shift {
    pub(super) offset: i64,
    pub(super) at: Option<At>,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::prometheus) enum At {
    Moment(i64),
    Start,
    End,
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) struct Matcher {
    pub(in crate::prometheus) name: String,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Equal(String),
    NotEqual(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Matcher {
    pub(super) fn new(name: String, operator: &str, value: String) -> Result<Self, regex::Error> {
        let anchored = |pattern: &str| Regex::new(&format!("^(?:{pattern})$"));
        let test = match operator {
            "!=" => Test::NotEqual(value),
            "=~" => Test::Matches(anchored(&value)?),
            "!~" => Test::MatchesNot(anchored(&value)?),
            _ => Test::Equal(value),
        };
        Ok(Self { name, test })
    }

    fn accepts_value(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Matches(regex) => regex.is_match(value),
            Test::MatchesNot(regex) => !regex.is_match(value),
        }
    }

    /// A label that is absent counts as empty.
    pub(in crate::prometheus) fn accepts(&self, labels: &Labels) -> bool {
        self.accepts_value(labels.get(&self.name).map_or("", String::as_str))
    }

    pub(super) fn accepts_empty(&self) -> bool {
        self.accepts_value("")
    }

    /// The value that this matcher pins, for the labels of `absent()`.
    pub(super) fn pinned(&self) -> Option<&str> {
        match &self.test {
            Test::Equal(value) => Some(value),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prometheus) enum Aggregator {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    Quantile,
    CountValues,
}

impl Aggregator {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "min" => Self::Min,
            "max" => Self::Max,
            "count" => Self::Count,
            "group" => Self::Group,
            "stddev" => Self::Stddev,
            "stdvar" => Self::Stdvar,
            "topk" => Self::Topk,
            "bottomk" => Self::Bottomk,
            "quantile" => Self::Quantile,
            "count_values" => Self::CountValues,
            _ => return None,
        })
    }

    /// The kind of its first argument, where it takes two.
    pub(super) fn parameter(self) -> Option<Kind> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile => Some(Kind::Scalar),
            Self::CountValues => Some(Kind::Text),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prometheus) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    And,
    Or,
    Unless,
}

impl Operator {
    pub(super) fn is_comparison(self) -> bool {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | Greater | LessOrEqual | GreaterOrEqual)
    }

    pub(super) fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Modulo | Self::Atan2 => 5,
            Self::Power => 6,
            _ => 3,
        }
    }
}

/// How the two sides of a binary operator meet.
#[derive(Debug, Clone, Default)]
pub(in crate::prometheus) struct Joining {
    /// `bool`: a comparison yields 0 or 1 in place of filtering.
    pub(super) yields_bool: bool,
    pub(super) labels: MatchLabels,
    pub(super) cardinality: Cardinality,
}

#[derive(Debug, Clone)]
pub(in crate::prometheus) enum MatchLabels {
    On(Vec<String>),
    Ignoring(Vec<String>),
}

impl Default for MatchLabels {
    fn default() -> Self {
        Self::Ignoring(Vec::new())
    }
}

#[derive(Debug, Clone, Default)]
pub(in crate::prometheus) enum Cardinality {
    #[default]
    OneToOne,
    /// `group_left` with the labels to take from the right.
    ManyToOne(Vec<String>),
    OneToMany(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::prometheus) enum Kind {
    Scalar,
    Text,
    Vector,
    Matrix,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scalar => "scalar",
            Self::Text => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
        })
    }
}

pub(in crate::prometheus) fn kind(expression: &Expr) -> Kind {
    match expression {
        Expr::Number(_) => Kind::Scalar,
        Expr::Text(_) => Kind::Text,
        Expr::Selector(_) | Expr::Aggregate { .. } => Kind::Vector,
        Expr::Range { .. } | Expr::Subquery { .. } => Kind::Matrix,
        Expr::Call { function, .. } => signature::returns(function),
        Expr::Binary { left, right, .. } => match (kind(left), kind(right)) {
            (Kind::Scalar, Kind::Scalar) => Kind::Scalar,
            _ => Kind::Vector,
        },
        Expr::Negated(inner) | Expr::Parenthesized(inner) => kind(inner),
    }
}
