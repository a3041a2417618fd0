//! Tokens to a tree whose types fit, by precedence climbing.
//! Nesting is bounded, so that no text can exhaust the stack, here or in the evaluation.

mod selectors;

use super::ParseError;
use super::lexer::{Token, tokens};
use super::signature::{self, Signature};
use super::syntax::{Aggregator, Cardinality, Expr, Grouping, Joining, Kind, MatchLabels, Matcher, Operator, kind};

const DEEPEST: usize = 64;
const MOST_OPERATORS: usize = 128;

pub(in crate::prometheus) fn parse(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser::new(text)?;
    if matches!(parser.peek(), Token::End) {
        return Err(parser.error("no expression found in input"));
    }
    let expression = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected("")),
    }
}

/// A series selector alone, as in `match[]`.
pub(in crate::prometheus) fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseError> {
    let mut parser = Parser::new(text)?;
    let expression = parser.operand()?;
    match (expression, parser.peek()) {
        (Expr::Selector(selector), Token::End) => Ok(selector.matchers),
        _ => Err(parser.unexpected(" in series selector")),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    operators: usize,
    selectors: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, ParseError> {
        Ok(Self { text, tokens: tokens(text)?, next: 0, depth: 0, operators: 0, selectors: 0 })
    }

    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.next + ahead).map_or(&Token::End, |(_, token)| token)
    }

    fn position(&self) -> usize {
        self.tokens.get(self.next).map_or(0, |(position, _)| *position)
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.position(), message)
    }

    fn error_at(&self, position: usize, message: impl Into<String>) -> ParseError {
        ParseError::at(self.text, position, message)
    }

    fn unexpected(&self, context: &str) -> ParseError {
        let seen = match self.peek() {
            Token::Name(name) => format!("identifier {name:?}"),
            Token::Number(number) => format!("number \"{number}\""),
            Token::Duration(_) => "duration".to_owned(),
            Token::Text(text) => format!("string {text:?}"),
            Token::Symbol(symbol) => format!("{symbol:?}"),
            Token::End => "end of input".to_owned(),
        };
        self.error(format!("unexpected {seen}{context}"))
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(seen) if *seen == symbol);
        if found {
            self.next += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &str, context: &str) -> Result<(), ParseError> {
        if self.accept(symbol) { Ok(()) } else { Err(self.unexpected(&format!("{context}, expected {symbol:?}"))) }
    }

    /// Keywords are caseless, and no keyword is reserved: a label may be called `by`.
    fn accept_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(seen) if seen.eq_ignore_ascii_case(word));
        if found {
            self.next += 1;
        }
        found
    }

    fn expression(&mut self, weakest: u8) -> Result<Expr, ParseError> {
        if self.depth >= DEEPEST {
            return Err(self.error("expression is nested too deeply"));
        }
        self.depth += 1;
        let mut left = if self.accept("-") {
            Expr::Negated(Box::new(self.signed()?))
        } else if self.accept("+") {
            self.signed()?
        } else {
            self.operand()?
        };
        while let Some(operator) = self.operator().filter(|operator| operator.precedence() >= weakest) {
            self.operators += 1;
            if self.operators > MOST_OPERATORS {
                return Err(self.error("expression has too many operators"));
            }
            let position = self.position();
            self.next += 1;
            let joining = self.joining()?;
            // `^` associates to the right, the others to the left.
            let right_weakest = operator.precedence() + u8::from(operator != Operator::Power);
            let right = self.expression(right_weakest)?;
            self.check_operands((position, operator), (&left, &right), &joining)?;
            left = Expr::Binary { operator, left: Box::new(left), right: Box::new(right), joining };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operand of a sign, which binds weaker than `^` only.
    fn signed(&mut self) -> Result<Expr, ParseError> {
        let position = self.position();
        let inner = self.expression(Operator::Power.precedence())?;
        match kind(&inner) {
            Kind::Scalar | Kind::Vector => Ok(inner),
            other => Err(self.error_at(
                position,
                format!(
                    "unary expression only allowed on expressions of type scalar or instant vector, got {other}"
                ),
            )),
        }
    }

    fn operator(&self) -> Option<Operator> {
        Some(match self.peek() {
            Token::Symbol(symbol) => match *symbol {
                "+" => Operator::Add,
                "-" => Operator::Subtract,
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                "%" => Operator::Modulo,
                "^" => Operator::Power,
                "==" => Operator::Equal,
                "!=" => Operator::NotEqual,
                "<" => Operator::Less,
                ">" => Operator::Greater,
                "<=" => Operator::LessOrEqual,
                ">=" => Operator::GreaterOrEqual,
                _ => return None,
            },
            Token::Name(name) => match name.to_ascii_lowercase().as_str() {
                "and" => Operator::And,
                "or" => Operator::Or,
                "unless" => Operator::Unless,
                "atan2" => Operator::Atan2,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn joining(&mut self) -> Result<Joining, ParseError> {
        let mut joining = Joining { yields_bool: self.accept_word("bool"), ..Joining::default() };
        let labels = if self.accept_word("on") {
            MatchLabels::On(self.label_names()?)
        } else if self.accept_word("ignoring") {
            MatchLabels::Ignoring(self.label_names()?)
        } else {
            return Ok(joining);
        };
        joining.labels = labels;
        let many_left = self.accept_word("group_left");
        if many_left || self.accept_word("group_right") {
            let parenthesized = matches!(self.peek(), Token::Symbol("("));
            let taken = if parenthesized { self.label_names()? } else { Vec::new() };
            joining.cardinality =
                if many_left { Cardinality::ManyToOne(taken) } else { Cardinality::OneToMany(taken) };
        }
        Ok(joining)
    }

    fn check_operands(
        &self,
        (position, operator): (usize, Operator),
        (left, right): (&Expr, &Expr),
        joining: &Joining,
    ) -> Result<(), ParseError> {
        let fail = |message: &str| Err(self.error_at(position, message));
        let kinds = (kind(left), kind(right));
        let fits = |kind| matches!(kind, Kind::Scalar | Kind::Vector);
        if !fits(kinds.0) || !fits(kinds.1) {
            return fail("binary expression must contain only scalar and instant vector types");
        }
        let vectors = kinds == (Kind::Vector, Kind::Vector);
        if joining.yields_bool && !operator.is_comparison() {
            return fail("bool modifier can only be used on comparison operators");
        }
        if kinds == (Kind::Scalar, Kind::Scalar) && operator.is_comparison() && !joining.yields_bool {
            return fail("comparisons between scalars must use BOOL modifier");
        }
        if operator.is_set() && !vectors {
            return fail("set operator not allowed in binary scalar expression");
        }
        if operator.is_set() && !matches!(joining.cardinality, Cardinality::OneToOne) {
            return fail("no grouping allowed for set operations");
        }
        let explicit = match &joining.labels {
            MatchLabels::On(_) => true,
            MatchLabels::Ignoring(names) => !names.is_empty(),
        };
        if explicit && !vectors {
            return fail("vector matching only allowed between instant vectors");
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<Expr, ParseError> {
        let mut found = match self.peek().clone() {
            Token::Number(number) => {
                self.next += 1;
                Expr::Number(number)
            }
            Token::Text(text) => {
                self.next += 1;
                Expr::Text(text)
            }
            Token::Symbol("(") => {
                self.next += 1;
                let inner = self.expression(0)?;
                if !self.accept(")") {
                    return Err(match self.peek() {
                        Token::End => self.error("unclosed left parenthesis"),
                        _ => self.unexpected(" in parenthesized expression"),
                    });
                }
                Expr::Parenthesized(Box::new(inner))
            }
            Token::Symbol("{") => self.selector(None)?,
            Token::Name(name) => self.named(name)?,
            _ => return Err(self.unexpected("")),
        };
        while self.has_suffix() {
            found = self.suffix(found)?;
        }
        Ok(found)
    }

    fn named(&mut self, name: String) -> Result<Expr, ParseError> {
        let position = self.position();
        self.next += 1;
        let lower = name.to_ascii_lowercase();
        let followed_by =
            |wanted: &str| matches!(self.peek(), Token::Name(word) if word.eq_ignore_ascii_case(wanted));
        let called = matches!(self.peek(), Token::Symbol("("));
        if let Some(operator) = Aggregator::named(&lower)
            && (called || followed_by("by") || followed_by("without"))
        {
            return self.aggregate(position, operator);
        }
        if called {
            let Some(function) = signature::find(&name) else {
                return Err(self.error_at(position, format!("unknown function with name {name:?}")));
            };
            return self.call(position, function);
        }
        match lower.as_str() {
            "inf" => Ok(Expr::Number(f64::INFINITY)),
            "nan" => Ok(Expr::Number(f64::NAN)),
            _ => self.selector(Some(name)),
        }
    }

    /// Each with its position.
    fn arguments(&mut self, context: &str) -> Result<Vec<(usize, Expr)>, ParseError> {
        self.expect("(", context)?;
        let mut found = Vec::new();
        if self.accept(")") {
            return Ok(found);
        }
        loop {
            found.push((self.position(), self.expression(0)?));
            if self.accept(")") {
                return Ok(found);
            }
            self.expect(",", context)?;
        }
    }

    fn call(&mut self, position: usize, function: &'static Signature) -> Result<Expr, ParseError> {
        let name = function.name;
        let arguments = self.arguments(&format!(" in call to function {name:?}"))?;
        let (most, least) = (function.arguments.len(), function.arguments.len() - function.optional);
        if arguments.len() < least || (arguments.len() > most && !function.variadic) {
            let bound = if most == least { String::new() } else { "at least ".to_owned() };
            let message =
                format!("expected {bound}{least} argument(s) in call to {name:?}, got {}", arguments.len());
            return Err(self.error_at(position, message));
        }
        for (index, (at, argument)) in arguments.iter().enumerate() {
            let wanted = function.arguments.get(index).or(function.arguments.last()).copied();
            self.expect_kind(*at, argument, (wanted, &format!("call to function {name:?}")))?;
        }
        Ok(Expr::Call { function, arguments: arguments.into_iter().map(|(_, argument)| argument).collect() })
    }

    fn expect_kind(
        &self,
        position: usize,
        argument: &Expr,
        (wanted, place): (Option<Kind>, &str),
    ) -> Result<(), ParseError> {
        match (wanted, kind(argument)) {
            (Some(wanted), seen) if wanted != seen => {
                Err(self.error_at(position, format!("expected type {wanted} in {place}, got {seen}")))
            }
            _ => Ok(()),
        }
    }

    fn aggregate(&mut self, position: usize, operator: Aggregator) -> Result<Expr, ParseError> {
        let before = self.grouping()?;
        let mut arguments = self.arguments(" in aggregation")?.into_iter();
        let after = if before.is_none() { self.grouping()? } else { None };
        let wanted = 1 + usize::from(operator.parameter().is_some());
        if arguments.len() != wanted {
            let message = format!(
                "wrong number of arguments for aggregate expression provided, expected {wanted}, got {}",
                arguments.len()
            );
            return Err(self.error_at(position, message));
        }
        let parameter = operator.parameter().and_then(|_| arguments.next());
        if let Some((at, parameter)) = &parameter {
            self.expect_kind(*at, parameter, (operator.parameter(), "aggregation parameter"))?;
        }
        let Some((at, inner)) = arguments.next() else {
            return Err(self.error_at(position, "no arguments for aggregate expression provided"));
        };
        self.expect_kind(at, &inner, (Some(Kind::Vector), "aggregation expression"))?;
        Ok(Expr::Aggregate {
            operator,
            parameter: parameter.map(|(_, parameter)| Box::new(parameter)),
            inner: Box::new(inner),
            grouping: before.or(after).unwrap_or(Grouping::By(Vec::new())),
        })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        Ok(if self.accept_word("by") {
            Some(Grouping::By(self.label_names()?))
        } else if self.accept_word("without") {
            Some(Grouping::Without(self.label_names()?))
        } else {
            None
        })
    }
}
