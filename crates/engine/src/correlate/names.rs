//! Finds services and versions that a text names together, and the keys and numbers in it.
//! Names are looked up by their first word, so the work is linear in the text, whatever the number of services.

use std::collections::{BTreeSet, HashMap};

use domain::{Service, Text};
use jiff::Timestamp;

use super::scan::{Scanner, Token, TokenKind};
use crate::graph::{Index, Table};

/// What a text names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Named {
    /// Services with the version that stands beside them, as written.
    pub(super) versions: Vec<(Index<Service>, Text)>,
    /// Services named at all.
    pub(super) services: BTreeSet<Index<Service>>,
    /// Work item keys, in upper case.
    pub(super) keys: BTreeSet<Text>,
    /// Record numbers, in upper case.
    pub(super) numbers: BTreeSet<Text>,
    /// Does it say release, deploy or the like?
    pub(super) release_like: bool,
}

impl Named {
    pub(super) fn join(&mut self, other: Self) {
        self.versions.extend(other.versions);
        self.services.extend(other.services);
        self.keys.extend(other.keys);
        self.numbers.extend(other.numbers);
        self.release_like |= other.release_like;
    }
}

/// A service's name, cut into words.
#[derive(Debug)]
struct Name {
    words: Vec<String>,
    /// Who goes by it, and when: `[from, to)`.
    bearers: Vec<(Index<Service>, Option<Timestamp>, Option<Timestamp>)>,
}

/// All services' names. The map is only ever looked up in, never walked.
#[derive(Debug)]
pub(super) struct Names {
    scanner: Scanner,
    by_first_word: HashMap<String, Vec<Name>>,
    release_words: BTreeSet<String>,
}

/// Words that may stand between a service and its version.
const FILLERS: [&str; 12] =
    ["release", "releases", "version", "versions", "ver", "v", "to", "at", "is", "of", "for", "the"];

impl Names {
    pub(super) fn new(services: &Table<Service>, release_words: &[Text]) -> Self {
        let mut names = Self {
            scanner: Scanner::new(),
            by_first_word: HashMap::new(),
            release_words: release_words.iter().map(|word| word.to_lowercase()).collect(),
        };
        for (index, service) in services.iter() {
            names.add(service.key.as_str(), (index, None, None));
            names.add(&service.name, (index, None, None));
            for alias in &service.aliases {
                names.add(&alias.key, (index, alias.from, alias.to));
            }
        }
        names
    }

    fn add(&mut self, name: &str, bearer: (Index<Service>, Option<Timestamp>, Option<Timestamp>)) {
        let words: Vec<String> = self.scanner.tokens(name).iter().map(|token| token.text.to_lowercase()).collect();
        let Some(first) = words.first() else { return };
        let named = self.by_first_word.entry(first.clone()).or_default();
        match named.iter_mut().find(|other| other.words == words) {
            Some(other) => {
                if !other.bearers.contains(&bearer) {
                    other.bearers.push(bearer);
                }
            }
            None => {
                named.push(Name { words, bearers: vec![bearer] });
                named.sort_by(|a, b| b.words.len().cmp(&a.words.len()).then_with(|| a.words.cmp(&b.words)));
            }
        }
    }

    /// The one service that goes by exactly this name at a moment.
    pub(super) fn service_called(&self, name: &str, at: Option<Timestamp>) -> Option<Index<Service>> {
        let tokens = self.scanner.tokens(name);
        let (service, length) = self.name_at(&tokens, name, at)?;
        (length == tokens.len()).then_some(service)
    }

    /// What a text names, as a reader of the moment `at` would understand it.
    pub(super) fn read(&self, text: &str, at: Option<Timestamp>) -> Named {
        let tokens = self.scanner.tokens(text);
        let mut named = Named::default();
        let mut place = 0;
        let mut last_version: Option<(usize, Token<'_>)> = None;
        while let Some(token) = tokens.get(place) {
            let rest = tokens.get(place..).unwrap_or_default();
            if let Some((service, length)) = self.name_at(rest, text, at) {
                named.services.insert(service);
                place += length;
                let behind = tokens.get(place..).unwrap_or_default();
                if let Some((version, taken)) =
                    version_behind(behind, text, rest.get(length - 1).map_or(0, |token| token.end))
                {
                    named.versions.push((service, version.text.into()));
                    place += taken;
                    last_version = None;
                } else if let Some((at_place, version)) = last_version.take()
                    && stands_before(tokens.get(at_place + 1..place - length).unwrap_or_default())
                {
                    named.versions.push((service, version.text.into()));
                }
                continue;
            }
            match token.kind {
                TokenKind::Key => {
                    named.keys.insert(token.text.to_uppercase().into());
                }
                TokenKind::Number => {
                    named.numbers.insert(token.text.to_uppercase().into());
                }
                TokenKind::Version => last_version = Some((place, *token)),
                TokenKind::Word => {
                    named.release_like |= self.release_words.contains(token.text.to_lowercase().as_str());
                }
            }
            place += 1;
        }
        named
    }

    /// Only the work item keys of a text, in upper case.
    pub(super) fn keys(&self, text: &str) -> BTreeSet<Text> {
        let tokens = self.scanner.tokens(text);
        let keys = tokens.iter().filter(|token| token.kind == TokenKind::Key);
        keys.map(|token| Text::from(token.text.to_uppercase())).collect()
    }

    /// The longest name that the tokens begin with, and how many tokens it takes.
    fn name_at(&self, tokens: &[Token<'_>], text: &str, at: Option<Timestamp>) -> Option<(Index<Service>, usize)> {
        let first = tokens.first()?;
        let names = self.by_first_word.get(first.text.to_lowercase().as_str())?;
        names.iter().find_map(|name| {
            let candidate = tokens.get(..name.words.len())?;
            let same = candidate.iter().zip(&name.words).all(|(token, word)| token.text.to_lowercase() == *word);
            let joined = candidate.windows(2).all(|pair| match pair {
                [one, other] => close_by(text, one.end, other.start),
                _ => true,
            });
            if !(same && joined) {
                return None;
            }
            Some((the_bearer(&name.bearers, at)?, name.words.len()))
        })
    }
}

/// The only service that bears a name at a moment; without a moment the only one that ever did.
fn the_bearer(
    bearers: &[(Index<Service>, Option<Timestamp>, Option<Timestamp>)],
    at: Option<Timestamp>,
) -> Option<Index<Service>> {
    let valid: BTreeSet<Index<Service>> = bearers
        .iter()
        .filter(|(_, from, to)| match at {
            Some(at) => from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to),
            None => true,
        })
        .map(|(service, ..)| *service)
        .collect();
    let mut valid = valid.into_iter();
    match (valid.next(), valid.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The version behind a name: at once, after filling words, or as the second of "from A to B".
fn version_behind<'t>(tokens: &[Token<'t>], text: &str, name_end: usize) -> Option<(Token<'t>, usize)> {
    let mut place = 0;
    let mut end = name_end;
    let mut from = false;
    while let Some(token) = tokens.get(place) {
        if place > 4 || text.get(end..token.start).is_some_and(ends_a_sentence) {
            return None;
        }
        match token.kind {
            TokenKind::Version if from => from = false,
            TokenKind::Version => {
                let next = (tokens.get(place + 1), tokens.get(place + 2));
                if let (Some(word), Some(later)) = next
                    && word.text.eq_ignore_ascii_case("to")
                    && later.kind == TokenKind::Version
                {
                    return Some((*later, place + 3));
                }
                return Some((*token, place + 1));
            }
            TokenKind::Word if token.text.eq_ignore_ascii_case("from") => from = true,
            TokenKind::Word if FILLERS.iter().any(|filler| token.text.eq_ignore_ascii_case(filler)) => {}
            _ => return None,
        }
        end = token.end;
        place += 1;
    }
    None
}

fn ends_a_sentence(between: &str) -> bool {
    between.contains([';', '\n']) || between.contains(". ")
}

/// May a version before these words belong to the name behind them ("2.14.0 of the payments-api")?
fn stands_before(between: &[Token<'_>]) -> bool {
    between.len() <= 2
        && between.iter().all(|token| FILLERS.iter().any(|filler| token.text.eq_ignore_ascii_case(filler)))
}

/// Are two words of a name joined by nothing but separators?
fn close_by(text: &str, end: usize, start: usize) -> bool {
    let between = text.get(end..start).unwrap_or_default();
    between.len() <= 3 && between.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '_' | '/' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::world::{moment, service};

    fn check(text: &str, expected: &str) {
        let mut renamed = service("payments-api", "Payments API");
        renamed.aliases = vec![domain::ServiceAlias {
            key: "pay-api".into(),
            from: None,
            to: Some(moment("2025-11-01T00:00:00Z")),
        }];
        let services = Table::new(vec![
            renamed,
            service("payments-api-gateway", "Payments Gateway"),
            service("card-gateway", "Card Gateway"),
        ]);
        let names = Names::new(&services, &["deploy".into()]);
        let named = names.read(text, Some(moment("2026-01-01T00:00:00Z")));
        let versions =
            named.versions.iter().map(|(index, version)| format!("{}@{version}", services.get(*index).key));
        let seen: Vec<String> = versions.chain(named.keys.iter().map(|key| key.to_string())).collect();
        assert_eq!(seen.join(" "), expected, "{text}");
    }

    #[test]
    fn a_service_and_its_version_are_found_where_they_stand_together() {
        check("Deploy payments-api 2.14.0 to production", "payments-api@2.14.0");
        check("Payments API Release 2.14", "payments-api@2.14");
        check("PAYMENTS-API v2.14.0 (pay-12)", "payments-api@v2.14.0 PAY-12");
        check("payments-api@2.14.0", "payments-api@2.14.0");
        check("payments_api-2.14.0", "payments-api@2.14.0");
        check("Upgrade payments-api from 2.13.1 to 2.14.0", "payments-api@2.14.0");
        check("version 2.14.0 of payments-api", "payments-api@2.14.0");
        check("payments-api 2.14.0, card-gateway 4.0.0", "payments-api@2.14.0 card-gateway@4.0.0");
        check("payments-api-gateway 1.0.0", "payments-api-gateway@1.0.0");
        check("payments-api and card-gateway 4.0.0", "card-gateway@4.0.0");
        check("payments-api. Version 2.0.0 of TLS", "");
        check("payments-api needs 12 minutes", "");
    }

    #[test]
    fn an_expired_name_is_not_the_service_any_more() {
        check("pay-api 1.0.0", "");
    }
}
