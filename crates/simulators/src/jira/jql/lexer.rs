//! JQL text to tokens. Reserved words and characters must be quoted, as on a real site.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `quoted` words are never operators, keywords or numbers.
    Word {
        text: String,
        quoted: bool,
    },
    /// `=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `!~`
    Operator(&'static str),
    /// `cf[10010]`
    Field(u64),
    Open,
    Close,
    Comma,
    And,
    Or,
    Not,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    /// Characters before it.
    pub(super) at: usize,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, String> {
    let mut lexer = Lexer { characters: text.chars().collect(), at: 0 };
    let mut found = Vec::new();
    while let Some(placed) = lexer.next()? {
        found.push(placed);
    }
    Ok(found)
}

/// `(line 1, character 5)`, counted from one.
pub(super) fn place(at: usize) -> String {
    format!("(line 1, character {})", at.saturating_add(1))
}

struct Lexer {
    characters: Vec<char>,
    at: usize,
}

impl Lexer {
    fn next(&mut self) -> Result<Option<Placed>, String> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.skip(1);
        }
        let at = self.at;
        let Some(character) = self.peek(0) else {
            return Ok(None);
        };
        let token = match (character, self.peek(1)) {
            ('(', _) => self.take(1, Token::Open),
            (')', _) => self.take(1, Token::Close),
            (',', _) => self.take(1, Token::Comma),
            ('!', Some('=')) => self.take(2, Token::Operator("!=")),
            ('!', Some('~')) => self.take(2, Token::Operator("!~")),
            ('>', Some('=')) => self.take(2, Token::Operator(">=")),
            ('<', Some('=')) => self.take(2, Token::Operator("<=")),
            ('=', _) => self.take(1, Token::Operator("=")),
            ('>', _) => self.take(1, Token::Operator(">")),
            ('<', _) => self.take(1, Token::Operator("<")),
            ('~', _) => self.take(1, Token::Operator("~")),
            ('!', _) => self.take(1, Token::Not),
            ('&', Some('&')) => self.take(2, Token::And),
            ('&', _) => self.take(1, Token::And),
            ('|', Some('|')) => self.take(2, Token::Or),
            ('|', _) => self.take(1, Token::Or),
            ('"' | '\'', _) => self.quoted(character)?,
            _ => self.word()?,
        };
        Ok(Some(Placed { token, at }))
    }

    fn quoted(&mut self, quote: char) -> Result<Token, String> {
        let start = self.at;
        self.skip(1);
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None => {
                    return Err(format!(
                        "Error in the JQL Query: The quoted string '{text}' has not been completed. {}",
                        place(start)
                    ));
                }
                Some('\\') => text.push(self.escaped()?),
                Some(character) if character == quote => {
                    self.skip(1);
                    return Ok(Token::Word { text, quoted: true });
                }
                Some(character) => {
                    text.push(character);
                    self.skip(1);
                }
            }
        }
    }

    /// `\"`, `\'`, `\\`, `\ `, `\t`, `\r`, `\n`, `\uXXXX`; anything else is refused.
    fn escaped(&mut self) -> Result<char, String> {
        let at = self.at;
        self.skip(1);
        let character = self.peek(0);
        self.skip(1);
        match character {
            Some(same @ ('"' | '\'' | '\\' | ' ')) => Ok(same),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('n') => Ok('\n'),
            Some('u') => {
                let digits: String = (0..4).filter_map(|ahead| self.peek(ahead)).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.chars().count() == 4);
                self.skip(4);
                code.and_then(char::from_u32).ok_or_else(|| illegal(&format!("\\u{digits}"), at))
            }
            Some(other) => Err(illegal(&format!("\\{other}"), at)),
            None => Err(illegal("\\", at)),
        }
    }

    fn word(&mut self) -> Result<Token, String> {
        let start = self.at;
        let mut text = String::new();
        while let Some(character) = self.peek(0) {
            match character {
                '\\' => text.push(self.escaped()?),
                '[' if text.eq_ignore_ascii_case("cf") => return self.custom_field(start),
                '{' | '}' | '*' | '/' | '%' | '+' | '^' | '$' | '#' | '@' | '?' | ';' | '[' | ']' => {
                    return Err(format!(
                        "Error in the JQL Query: The character '{character}' is a reserved JQL character. \
                         You must enclose it in a string or use the escape '\\u{:04x}' instead. {}",
                        u32::from(character),
                        place(self.at)
                    ));
                }
                '(' | ')' | ',' | '=' | '!' | '<' | '>' | '~' | '&' | '|' | '"' | '\'' => break,
                _ if character.is_whitespace() => break,
                _ if character.is_control() => {
                    return Err(illegal(&character.escape_unicode().to_string(), self.at));
                }
                _ => {
                    text.push(character);
                    self.skip(1);
                }
            }
        }
        Ok(match text.to_ascii_lowercase().as_str() {
            "and" => Token::And,
            "or" => Token::Or,
            "not" => Token::Not,
            _ => Token::Word { text, quoted: false },
        })
    }

    fn custom_field(&mut self, start: usize) -> Result<Token, String> {
        self.skip(1);
        let mut digits = String::new();
        while let Some(character) = self.peek(0).filter(|character| *character != ']') {
            digits.push(character);
            self.skip(1);
        }
        let closed = self.peek(0).is_some();
        self.skip(1);
        match digits.trim().parse() {
            Ok(number) if closed => Ok(Token::Field(number)),
            _ => Err(format!("Error in the JQL Query: Expecting a custom field id in 'cf[...]'. {}", place(start))),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at.saturating_add(ahead)).copied()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn take(&mut self, count: usize, token: Token) -> Token {
        self.skip(count);
        token
    }
}

fn illegal(escape: &str, at: usize) -> String {
    format!("Error in the JQL Query: '{escape}' is an illegal JQL escape sequence or character. {}", place(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let shown = tokens(text).unwrap().into_iter().map(|placed| match placed.token {
            Token::Word { text, quoted: true } => format!("'{text}'"),
            Token::Word { text, .. } => text,
            other => format!("{other:?}"),
        });
        shown.collect()
    }

    #[test]
    fn operators_need_no_spaces() {
        assert_eq!(words("a!=b"), ["a", "Operator(\"!=\")", "b"]);
        assert_eq!(words("a>=-15m"), ["a", "Operator(\">=\")", "-15m"]);
        assert_eq!(words("cf[10010]~x"), ["Field(10010)", "Operator(\"~\")", "x"]);
    }

    #[test]
    fn quotes_and_escapes() {
        assert_eq!(words(r#""a \"b\" \\ c" 'it\'s' "and""#), [r#"'a "b" \ c'"#, "'it's'", "'and'"]);
        assert!(tokens("summary ~ \"open").unwrap_err().contains("has not been completed"));
        assert!(tokens(r#"summary ~ "a\qb""#).unwrap_err().contains("illegal JQL escape"));
    }

    #[test]
    fn reserved_characters_must_be_quoted() {
        for text in ["due > 2026/01/02", "summary ~ a*", "x = a@b", "y = c#"] {
            assert!(tokens(text).unwrap_err().contains("reserved JQL character"), "{text}");
        }
    }
}
