//! The text operator `~`: all words must occur, in any order; quoted phrases in order; `*` ends a prefix; `-` excludes.
//! Fuzzy and boosted terms are left out.

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
struct Part {
    words: Vec<String>,
    prefix: Prefix,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Whole,
    Start,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Present,
    Absent,
}

/// `field` is for the refusal only.
pub(super) fn read(text: &str, field: &str) -> Result<Words, String> {
    let mut parts = Vec::new();
    let mut phrase = false;
    for piece in text.split('"') {
        if phrase {
            parts.push(Part { words: split(piece), prefix: Prefix::Whole, wanted: Wanted::Present });
        } else {
            for word in piece.split_whitespace() {
                parts.push(part(word, field)?);
            }
        }
        phrase = !phrase;
    }
    parts.retain(|part| !part.words.is_empty());
    if parts.is_empty() {
        return Err(format!("The text query '{text}' for field '{field}' is not valid: it has no words."));
    }
    Ok(Words { parts })
}

fn part(word: &str, field: &str) -> Result<Part, String> {
    if let Some(first) = word.chars().next().filter(|first| ['*', '?'].contains(first)) {
        return Err(format!(
            "The text query '{word}' for field '{field}' is not allowed to start with character '{first}'."
        ));
    }
    let (wanted, word) = match word.strip_prefix('-') {
        Some(rest) => (Wanted::Absent, rest),
        None => (Wanted::Present, word.strip_prefix('+').unwrap_or(word)),
    };
    let prefix = if word.ends_with('*') { Prefix::Start } else { Prefix::Whole };
    Ok(Part { words: split(word), prefix, wanted })
}

impl Words {
    pub(super) fn found_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<Vec<String>> = texts.iter().map(|text| split(text)).collect();
        self.parts
            .iter()
            .all(|part| texts.iter().any(|text| part.found_in(text)) == (part.wanted == Wanted::Present))
    }
}

impl Part {
    fn found_in(&self, text: &[String]) -> bool {
        let last = self.words.len().saturating_sub(1);
        text.windows(self.words.len().max(1)).any(|window| {
            window.iter().zip(&self.words).enumerate().all(|(at, (there, wanted))| match self.prefix {
                Prefix::Start if at == last => there.starts_with(wanted),
                _ => there == wanted,
            })
        })
    }
}

fn split(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, found: &str, missed: &str) {
        let words = read(query, "summary").unwrap();
        assert!(words.found_in(&[found]), "{query} in {found}");
        assert!(!words.found_in(&[missed]), "{query} in {missed}");
    }

    #[test]
    fn words_phrases_prefixes() {
        let text = "Timeout while a refund is booked";
        check("refund timeout", text, "Timeout while a payment is booked");
        check("\"refund is\"", text, "Is a refund booked");
        check("time*", text, "Lifetime");
        check("refund -timeout", "Slow refund", text);
        check("PAY-12", "see pay-12 first", "see pay-13 first");
    }

    #[test]
    fn leading_wildcards_are_refused() {
        assert!(read("*out", "summary").unwrap_err().contains("not allowed to start"));
        assert!(read("...", "summary").is_err());
    }
}
