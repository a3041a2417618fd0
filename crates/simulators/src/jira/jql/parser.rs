//! Tokens to clauses. NOT is pushed down to the single clauses while reading (`NOT a = b` is `a != b`), as Jira does;
//! this is why a negation drops issues where the field is empty.

use super::clauses::{Clause, Direction, Field, Operand, Operator, Query, Term};
use super::lexer::{Placed, Token, place, tokens};

pub(super) fn parse(text: &str) -> Result<Query, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, end: text.chars().count() };
    let clause = match parser.peek() {
        None => None,
        Some(_) if parser.is_word("order") => None,
        Some(_) => Some(parser.any(Sense::Plain)?),
    };
    let order = parser.order()?;
    if parser.peek().is_some() {
        return Err(parser.expecting("either 'OR' or 'AND'"));
    }
    Ok(Query { clause, order })
}

/// Deep enough for any real query; a hostile one must not exhaust the stack.
const DEEPEST: usize = 60;
const MOST_ORDERS: usize = 7;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Plain,
    Negated,
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn any(&mut self, sense: Sense) -> Result<Clause, String> {
        let mut parts = vec![self.all(sense)?];
        while self.eat(&Token::Or) {
            parts.push(self.all(sense)?);
        }
        Ok(joined(parts, if sense == Sense::Plain { Clause::Any } else { Clause::All }))
    }

    fn all(&mut self, sense: Sense) -> Result<Clause, String> {
        let mut parts = vec![self.single(sense)?];
        while self.eat(&Token::And) {
            parts.push(self.single(sense)?);
        }
        Ok(joined(parts, if sense == Sense::Plain { Clause::All } else { Clause::Any }))
    }

    fn single(&mut self, sense: Sense) -> Result<Clause, String> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err("Error in the JQL Query: the query is nested too deeply.".into());
        }
        let clause = if self.eat(&Token::Not) {
            self.single(if sense == Sense::Plain { Sense::Negated } else { Sense::Plain })?
        } else if self.eat(&Token::Open) {
            let inner = self.any(sense)?;
            if !self.eat(&Token::Close) {
                return Err(self.expecting("')'"));
            }
            inner
        } else {
            let mut term = self.term()?;
            if sense == Sense::Negated {
                term.operator = term.operator.negated();
            }
            Clause::Term(term)
        };
        self.depth = self.depth.saturating_sub(1);
        Ok(clause)
    }

    fn term(&mut self) -> Result<Term, String> {
        let field = self.field()?;
        let operator = self.operator()?;
        let operand = match operator {
            Operator::Changed | Operator::ChangedNot => Operand::Nothing,
            Operator::Is | Operator::IsNot => match self.operand(0)? {
                Operand::Empty => Operand::Empty,
                _ => {
                    return Err(format!(
                        "Error in the JQL Query: 'is' and 'is not' take only EMPTY or NULL. {}",
                        self.place()
                    ));
                }
            },
            Operator::In | Operator::NotIn => match self.operand(0)? {
                list @ (Operand::List(_) | Operand::Function { .. }) => list,
                _ => {
                    return Err(format!("Error in the JQL Query: Expecting a list after 'in'. {}", self.place()));
                }
            },
            _ => self.operand(0)?,
        };
        let mut predicates = Vec::new();
        if matches!(operator, Operator::Was | Operator::WasNot | Operator::Changed | Operator::ChangedNot) {
            while let Some(name) =
                ["by", "from", "to", "before", "after", "on", "during"].into_iter().find(|name| self.is_word(name))
            {
                self.at = self.at.saturating_add(1);
                predicates.push((name.to_owned(), self.operand(0)?));
            }
        }
        Ok(Term { field, operator, operand, predicates })
    }

    fn field(&mut self) -> Result<Field, String> {
        match self.peek().cloned() {
            Some(Token::Field(number)) => {
                self.at = self.at.saturating_add(1);
                Ok(Field::Custom(number))
            }
            Some(Token::Word { text, quoted }) if quoted || !is_reserved(&text) => {
                self.at = self.at.saturating_add(1);
                Ok(Field::Named(text))
            }
            Some(Token::Word { text, .. }) => Err(self.reserved(&text)),
            _ => Err(self.expecting("a field name")),
        }
    }

    fn operator(&mut self) -> Result<Operator, String> {
        if let Some(Token::Operator(symbol)) = self.peek() {
            let operator = match *symbol {
                "=" => Operator::Equal,
                "!=" => Operator::NotEqual,
                ">" => Operator::Greater,
                ">=" => Operator::AtLeast,
                "<" => Operator::Less,
                "<=" => Operator::AtMost,
                "~" => Operator::Contains,
                _ => Operator::ContainsNot,
            };
            self.at = self.at.saturating_add(1);
            return Ok(operator);
        }
        if self.eat_word("in") {
            return Ok(Operator::In);
        }
        if self.eat_word("is") {
            return Ok(if self.eat(&Token::Not) { Operator::IsNot } else { Operator::Is });
        }
        if self.eat_word("was") {
            let negated = self.eat(&Token::Not);
            // A list may follow with or without `in`.
            let _in = self.eat_word("in");
            return Ok(if negated { Operator::WasNot } else { Operator::Was });
        }
        if self.eat_word("changed") {
            return Ok(Operator::Changed);
        }
        if self.eat(&Token::Not) {
            return if self.eat_word("in") { Ok(Operator::NotIn) } else { Err(self.expecting("'in'")) };
        }
        Err(self.expecting("operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'"))
    }

    fn operand(&mut self, depth: usize) -> Result<Operand, String> {
        if depth > DEEPEST {
            return Err("Error in the JQL Query: the query is nested too deeply.".into());
        }
        if self.eat(&Token::Open) {
            let mut list = vec![self.operand(depth.saturating_add(1))?];
            while self.eat(&Token::Comma) {
                list.push(self.operand(depth.saturating_add(1))?);
            }
            return if self.eat(&Token::Close) { Ok(Operand::List(list)) } else { Err(self.expecting("')'")) };
        }
        let Some(Token::Word { text, quoted }) = self.peek().cloned() else {
            return Err(self.expecting("either a value, list or function"));
        };
        if !quoted && ["empty", "null"].contains(&text.to_ascii_lowercase().as_str()) {
            self.at = self.at.saturating_add(1);
            return Ok(Operand::Empty);
        }
        if !quoted && is_reserved(&text) {
            return Err(self.reserved(&text));
        }
        self.at = self.at.saturating_add(1);
        if !self.eat(&Token::Open) {
            return Ok(Operand::Value { text, quoted });
        }
        let mut arguments = Vec::new();
        while let Some(Token::Word { text, .. }) = self.peek().cloned() {
            self.at = self.at.saturating_add(1);
            arguments.push(text);
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        if self.eat(&Token::Close) {
            Ok(Operand::Function { name: text, arguments })
        } else {
            Err(self.expecting("')'"))
        }
    }

    fn order(&mut self) -> Result<Vec<(Field, Direction)>, String> {
        if !self.eat_word("order") {
            return Ok(Vec::new());
        }
        if !self.eat_word("by") {
            return Err(self.expecting("'by'"));
        }
        let mut order = Vec::new();
        loop {
            let field = self.field()?;
            let descending = self.eat_word("desc");
            let _ascending = !descending && self.eat_word("asc");
            order.push((field, if descending { Direction::Descending } else { Direction::Ascending }));
            if !self.eat(&Token::Comma) {
                break;
            }
        }
        if order.len() > MOST_ORDERS {
            return Err(format!(
                "The maximum number of fields to order by is {MOST_ORDERS}, but the query has {}.",
                order.len()
            ));
        }
        Ok(order)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word { text, quoted: false }) if text.eq_ignore_ascii_case(word))
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn eat(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn place(&self) -> String {
        place(self.tokens.get(self.at).map_or(self.end, |placed| placed.at))
    }

    fn expecting(&self, what: &str) -> String {
        let got = match self.peek() {
            None => {
                return format!(
                    "Error in the JQL Query: Expecting {what} before the end of the query. {}",
                    self.place()
                );
            }
            Some(Token::Word { text, .. }) => text.clone(),
            Some(Token::Operator(symbol)) => (*symbol).to_owned(),
            Some(Token::Field(number)) => format!("cf[{number}]"),
            Some(Token::Open) => "(".into(),
            Some(Token::Close) => ")".into(),
            Some(Token::Comma) => ",".into(),
            Some(Token::And) => "AND".into(),
            Some(Token::Or) => "OR".into(),
            Some(Token::Not) => "NOT".into(),
        };
        format!("Error in the JQL Query: Expecting {what} but got '{got}'. {}", self.place())
    }

    fn reserved(&self, word: &str) -> String {
        format!(
            "Error in the JQL Query: '{word}' is a reserved JQL word. You must surround it in quotation marks to use it in a query. {}",
            self.place()
        )
    }
}

fn joined(mut parts: Vec<Clause>, many: fn(Vec<Clause>) -> Clause) -> Clause {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            many(parts)
        }
        (_, None) => many(parts),
    }
}

fn is_reserved(word: &str) -> bool {
    super::reserved::WORDS.contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        for text in ["(".repeat(100_000), "not ".repeat(100_000), format!("a in {}", "(".repeat(100_000))] {
            assert!(parse(&text).is_err());
        }
    }

    #[test]
    fn many_clauses_are_not_deep() {
        let text = vec!["key = A-1"; 1000].join(" or ");
        assert!(parse(&text).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            prop_assert!(parse(&text).map_or_else(|message| !message.is_empty(), |query| query.order.len() <= MOST_ORDERS));
        }

        #[test]
        fn any_mix_of_tokens_is_read_or_refused(
            parts in proptest::collection::vec(
                prop::sample::select(vec![
                    "project", "=", "!=", "in", "not", "(", ")", ",", "and", "or", "order", "by", "desc", "cf[1]", "cf[", "\"x y\"",
                    "'", "\\", "~", "is", "empty", "was", "changed", "after", "now()", "-15m", "\\u00e9", "&", "|", "!", "é",
                ]),
                0..25,
            )
        ) {
            let _either = parse(&parts.join(" ")).is_ok();
            let _either = parse(&parts.concat()).is_ok();
        }
    }
}
