//! Reads a text once, from left to right, and cuts it into keys, versions, record numbers and words.
//! One regular expression, linear in the text's length.

use regex::Regex;

/// What a piece of text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `PAY-123`, in any case.
    Key,
    /// `2.14.0`, `v3`, `2.0.0-rc.1`.
    Version,
    /// `CHG0030001`.
    Number,
    /// Anything else made of letters and digits.
    Word,
}

/// A piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts texts into tokens.
#[derive(Debug)]
pub(super) struct Scanner {
    pattern: Regex,
}

impl Scanner {
    pub(super) fn new() -> Self {
        let pattern = concat!(
            r"[A-Za-z][A-Za-z0-9_]+-[0-9]+",
            r"|(?:[vV][0-9]+(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+)+)(?:[-+][0-9A-Za-z][0-9A-Za-z.+]*)?",
            r"|[A-Za-z]{2,8}[0-9]{5,12}",
            r"|[^\W_]+",
        );
        #[expect(clippy::expect_used, reason = "the pattern is a constant that the tests compile")]
        let pattern = Regex::new(pattern).expect("a valid pattern");
        Self { pattern }
    }

    /// The tokens of a text, in order.
    pub(super) fn tokens<'t>(&self, text: &'t str) -> Vec<Token<'t>> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(found) = self.pattern.find_at(text, at) {
            let token = token_of(text, found);
            at = token.end;
            tokens.push(token);
        }
        tokens
    }
}

fn token_of<'t>(text: &'t str, found: regex::Match<'t>) -> Token<'t> {
    let kind = kind_of(found.as_str());
    let token = Token { kind, text: found.as_str(), start: found.start(), end: found.end() };
    let behind = text.get(token.end..).unwrap_or_default();
    let goes_on = behind.starts_with(|c: char| c.is_alphanumeric());
    let part_of_version =
        behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match kind {
        // `release-2.14.0` is a word before a version, `PAY-12x` no key.
        TokenKind::Key if goes_on || part_of_version => {
            let word = token.text.split(['-', '_']).next().unwrap_or(token.text);
            cut(token, TokenKind::Word, word.len())
        }
        TokenKind::Version => {
            let trimmed = token.text.trim_end_matches(['.', '+']);
            cut(token, kind, trimmed.len())
        }
        _ => token,
    }
}

/// Which alternative of the pattern a match comes from. Groups would tell too, and cost most of the time of a scan.
fn kind_of(text: &str) -> TokenKind {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut letters = text.chars();
    let (first, second) = (letters.next(), letters.next());
    let tail = text.rsplit_once('-').filter(|(head, _)| !head.contains('.')).map(|(_, tail)| tail);
    if !digit(first) && tail.is_some_and(|tail| tail.chars().all(|c| c.is_ascii_digit())) {
        return TokenKind::Key;
    }
    if (digit(first) && text.contains('.')) || (matches!(first, Some('v' | 'V')) && digit(second)) {
        return TokenKind::Version;
    }
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_number = head.chars().all(|c| c.is_ascii_alphabetic())
        && (2..=8).contains(&head.len())
        && (5..=12).contains(&(text.len() - head.len()));
    if is_number { TokenKind::Number } else { TokenKind::Word }
}

fn cut(token: Token<'_>, kind: TokenKind, length: usize) -> Token<'_> {
    let text = token.text.get(..length).unwrap_or(token.text);
    Token { kind, text, start: token.start, end: token.start + text.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let scanner = Scanner::new();
        let seen: Vec<String> = scanner
            .tokens(text)
            .iter()
            .map(|token| match token.kind {
                TokenKind::Key => format!("key:{}", token.text),
                TokenKind::Version => format!("version:{}", token.text),
                TokenKind::Number => format!("number:{}", token.text),
                TokenKind::Word => token.text.to_owned(),
            })
            .collect();
        assert_eq!(seen.join(" "), expected, "{text}");
    }

    #[test]
    fn texts_are_cut_into_keys_versions_numbers_and_words() {
        check("PAY-123: fix pay-7", "key:PAY-123 fix key:pay-7");
        check("payments-api 2.14.0.", "payments api version:2.14.0");
        check("payments-api-v2.14.0", "payments api version:v2.14.0");
        check("release-2.14.0", "release version:2.14.0");
        check("payments-api@2.14.0-rc.1, then", "payments api version:2.14.0-rc.1 then");
        check("see CHG0030001 (CORE-1)", "see number:CHG0030001 key:CORE-1");
        check("feature/pay-12-limit_x", "feature key:pay-12 limit x");
        check("PAY-12x 🚀 مرحبا", "PAY 12x مرحبا");
        check("v3 in 24 h", "version:v3 in 24 h");
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_tokens_are_pieces_of_it(text in ".*") {
            for token in Scanner::new().tokens(&text) {
                prop_assert_eq!(text.get(token.start..token.end), Some(token.text));
            }
        }
    }
}
