//! Selectors with their matchers, and what may follow an operand: ranges, subqueries, `offset`, `@`.

use super::Parser;
use crate::prometheus::promql::ParseError;
use crate::prometheus::promql::lexer::Token;
use crate::prometheus::promql::syntax::{At, Expr, Kind, Matcher, Selector, Shift, kind};

impl Parser<'_> {
    pub(super) fn label_names(&mut self) -> Result<Vec<String>, ParseError> {
        self.expect("(", " in grouping opts")?;
        let mut names = Vec::new();
        while !self.accept(")") {
            names.push(self.label_name(" in grouping opts")?);
            if !self.accept(",") {
                self.expect(")", " in grouping opts")?;
                break;
            }
        }
        Ok(names)
    }

    fn label_name(&mut self, context: &str) -> Result<String, ParseError> {
        match self.peek().clone() {
            Token::Name(name) if !name.contains(':') => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.unexpected(&format!("{context}, expected label"))),
        }
    }

    pub(super) fn selector(&mut self, metric: Option<String>) -> Result<Expr, ParseError> {
        let position = self.position();
        let mut matchers = Vec::new();
        if let Some(metric) = metric {
            matchers.extend(Matcher::new("__name__".to_owned(), "=", metric));
        }
        if self.accept("{") {
            while !self.accept("}") {
                matchers.push(self.matcher()?);
                if !self.accept(",") {
                    self.expect("}", " in label matching")?;
                    break;
                }
            }
        }
        if matchers.iter().all(Matcher::accepts_empty) {
            return Err(self.error_at(position, "vector selector must contain at least one non-empty matcher"));
        }
        self.selectors += 1;
        Ok(Expr::Selector(Selector { id: self.selectors, matchers, shift: Shift::default() }))
    }

    fn matcher(&mut self) -> Result<Matcher, ParseError> {
        let name = self.label_name(" in label matching")?;
        let operator = match self.peek() {
            Token::Symbol(symbol @ ("=" | "!=" | "=~" | "!~")) => *symbol,
            _ => {
                return Err(self.unexpected(" in label matching, expected label matching operator"));
            }
        };
        self.next += 1;
        let Token::Text(value) = self.peek().clone() else {
            return Err(self.unexpected(" in label matching, expected string"));
        };
        let built = Matcher::new(name, operator, value)
            .map_err(|error| self.error(format!("error parsing regexp: {error}")));
        self.next += 1;
        built
    }

    pub(super) fn has_suffix(&self) -> bool {
        match self.peek() {
            Token::Symbol("[" | "@") => true,
            Token::Name(word) => word.eq_ignore_ascii_case("offset"),
            _ => false,
        }
    }

    pub(super) fn suffix(&mut self, found: Expr) -> Result<Expr, ParseError> {
        let position = self.position();
        if self.accept("[") {
            return self.range(position, found);
        }
        let mut changed = found;
        let at = if self.accept("@") { Some(self.at()?) } else { None };
        let offset = if at.is_none() { Some(self.offset()?) } else { None };
        let shift = match &mut changed {
            Expr::Selector(selector) | Expr::Range { selector, .. } => &mut selector.shift,
            Expr::Subquery { shift, .. } => shift,
            _ => {
                let modifier = if at.is_some() { "@" } else { "offset" };
                let message = format!(
                    "{modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
                );
                return Err(self.error_at(position, message));
            }
        };
        if (at.is_some() && shift.at.is_some()) || (offset.is_some() && shift.offset != 0) {
            return Err(self.error_at(position, "offset and @ may not be set multiple times"));
        }
        shift.at = at.or(shift.at);
        shift.offset = offset.unwrap_or(shift.offset);
        Ok(changed)
    }

    fn range(&mut self, position: usize, found: Expr) -> Result<Expr, ParseError> {
        let range = self.duration()?;
        if range <= 0 {
            return Err(self.error_at(position, "duration must be greater than 0"));
        }
        if self.accept(":") {
            let step = if matches!(self.peek(), Token::Symbol("]")) { None } else { Some(self.duration()?) };
            self.expect("]", " in subquery selector")?;
            if !matches!(kind(&found), Kind::Vector | Kind::Scalar) || step == Some(0) {
                return Err(self.error_at(
                    position,
                    format!("subquery is only allowed on instant vector, got {}", kind(&found)),
                ));
            }
            return Ok(Expr::Subquery { inner: Box::new(found), range, step, shift: Shift::default() });
        }
        self.expect("]", " in range selector")?;
        match found {
            Expr::Selector(selector) if selector.shift.at.is_none() && selector.shift.offset == 0 => {
                Ok(Expr::Range { selector, range })
            }
            Expr::Selector(_) => Err(self.error_at(position, "no offset modifiers allowed before range")),
            _ => Err(self.error_at(position, "ranges only allowed for vector selectors")),
        }
    }

    fn duration(&mut self) -> Result<i64, ParseError> {
        let Token::Duration(milliseconds) = *self.peek() else {
            return Err(self.unexpected(", expected duration"));
        };
        self.next += 1;
        Ok(milliseconds)
    }

    fn offset(&mut self) -> Result<i64, ParseError> {
        self.next += 1;
        let sign = if self.accept("-") { -1 } else { 1 };
        self.duration().map(|milliseconds| milliseconds * sign)
    }

    fn at(&mut self) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.accept_word(word) {
                self.expect("(", " in @")?;
                self.expect(")", " in @")?;
                return Ok(at);
            }
        }
        let sign = if self.accept("-") { -1.0 } else { 1.0 };
        let Token::Number(seconds) = *self.peek() else {
            return Err(self.unexpected(" in @, expected timestamp"));
        };
        self.next += 1;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float cast saturates, and such moments hold no samples"
        )]
        Ok(At::Moment((sign * seconds * 1000.0) as i64))
    }
}
