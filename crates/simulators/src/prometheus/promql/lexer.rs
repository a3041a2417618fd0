//! PromQL text to tokens, each with the position of its first character.

use super::ParseError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(f64),
    /// Milliseconds.
    Duration(i64),
    Text(String),
    Symbol(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "=~", "!~", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]",
    ",", "@", ":",
];

pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut lexer = Lexer { text, characters: text.chars().collect(), position: 0, in_brackets: false };
    let mut found = Vec::new();
    loop {
        lexer.skip_blanks();
        let position = lexer.position;
        let token = lexer.next()?;
        let ended = token == Token::End;
        found.push((position, token));
        if ended {
            return Ok(found);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    characters: Vec<char>,
    position: usize,
    /// Inside `[…]` a colon separates range and step; elsewhere it belongs to a metric's name.
    in_brackets: bool,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.position + ahead).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(character) = self.peek(0) {
            if character == '#' {
                while self.peek(0).is_some_and(|character| character != '\n') {
                    self.position += 1;
                }
            } else if character.is_ascii_whitespace() {
                self.position += 1;
            } else {
                return;
            }
        }
    }

    fn next(&mut self) -> Result<Token, ParseError> {
        let Some(first) = self.peek(0) else {
            return Ok(Token::End);
        };
        if first.is_ascii_digit() || (first == '.' && self.peek(1).is_some_and(|next| next.is_ascii_digit())) {
            return self.number();
        }
        if first.is_ascii_alphabetic() || first == '_' || (first == ':' && !self.in_brackets) {
            let mut name = String::new();
            while let Some(character) = self.peek(0) {
                if !(character.is_ascii_alphanumeric()
                    || character == '_'
                    || (character == ':' && !self.in_brackets))
                {
                    break;
                }
                name.push(character);
                self.position += 1;
            }
            return Ok(Token::Name(name));
        }
        if matches!(first, '"' | '\'' | '`') {
            return self.string(first);
        }
        for symbol in SYMBOLS {
            if symbol.chars().enumerate().all(|(index, character)| self.peek(index) == Some(character)) {
                self.position += symbol.len();
                match symbol {
                    "[" => self.in_brackets = true,
                    "]" => self.in_brackets = false,
                    _ => {}
                }
                return Ok(Token::Symbol(symbol));
            }
        }
        Err(ParseError::at(self.text, self.position, format!("unexpected character: {first:?}")))
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.position;
        let mut written = String::new();
        while let Some(character) = self.peek(0) {
            let exponent_sign = matches!(character, '+' | '-')
                && written.ends_with(['e', 'E'])
                && !written.starts_with("0x")
                && self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if !(character.is_ascii_alphanumeric() || matches!(character, '.' | '_') || exponent_sign) {
                break;
            }
            written.push(character);
            self.position += 1;
        }
        if let Some(milliseconds) = duration(&written) {
            return Ok(Token::Duration(milliseconds));
        }
        number(&written)
            .map(Token::Number)
            .ok_or_else(|| ParseError::at(self.text, start, format!("bad number or duration syntax: {written:?}")))
    }

    fn string(&mut self, quote: char) -> Result<Token, ParseError> {
        let start = self.position;
        self.position += 1;
        let mut value = String::new();
        loop {
            let unterminated = || ParseError::at(self.text, start, "unterminated quoted string");
            let character = self.peek(0).ok_or_else(unterminated)?;
            self.position += 1;
            match character {
                _ if character == quote => return Ok(Token::Text(value)),
                '\\' if quote != '`' => value.push(self.escape(quote, start)?),
                '\n' if quote != '`' => {
                    return Err(ParseError::at(self.text, start, "unterminated quoted string"));
                }
                _ => value.push(character),
            }
        }
    }

    fn escape(&mut self, quote: char, start: usize) -> Result<char, ParseError> {
        let character = self.peek(0);
        self.position += 1;
        let unknown = || ParseError::at(self.text, start, "unknown escape sequence in string literal");
        Ok(match character {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some('\\') => '\\',
            Some(same) if same == quote => same,
            Some(kind @ ('x' | 'u' | 'U')) => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let mut code = 0_u32;
                for _ in 0..digits {
                    let digit = self.peek(0).and_then(|digit| digit.to_digit(16)).ok_or_else(unknown)?;
                    code = code.wrapping_mul(16).wrapping_add(digit);
                    self.position += 1;
                }
                char::from_u32(code).ok_or_else(unknown)?
            }
            _ => return Err(unknown()),
        })
    }
}

/// Milliseconds of `1h30m`: units from large to small, each at most once, whole numbers only.
pub(in crate::prometheus) fn duration(written: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut total = 0_i64;
    let mut units = UNITS.iter();
    let mut characters = written.chars().peekable();
    characters.peek()?;
    while characters.peek().is_some() {
        let mut count = String::new();
        while let Some(digit) = characters.next_if(char::is_ascii_digit) {
            count.push(digit);
        }
        let mut unit = String::new();
        while let Some(letter) = characters.next_if(char::is_ascii_alphabetic) {
            unit.push(letter);
        }
        let (_, milliseconds) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(count.parse::<i64>().ok()?.checked_mul(*milliseconds)?)?;
    }
    Some(total)
}

fn number(written: &str) -> Option<f64> {
    if let Some(digits) = written.strip_prefix("0x").or_else(|| written.strip_prefix("0X")) {
        #[expect(clippy::cast_precision_loss, reason = "a number literal is a float, whatever its notation")]
        return i64::from_str_radix(digits, 16).ok().map(|whole| whole as f64);
    }
    written.parse().ok()
}
