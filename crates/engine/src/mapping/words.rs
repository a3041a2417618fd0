//! Names reduced to what two spellings of one name share: `Payments API`, `payments_api` and `PaymentsApi` are one.

use std::collections::BTreeSet;

/// A name as a key: its words in lower case with dashes between them; empty when it has no word.
pub(super) fn slug(name: &str) -> String {
    words(name).join("-")
}

/// Words of a name: cut at everything that is no letter or digit, and where a small letter meets a capital one.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let starts = !letter.is_alphanumeric() || (before.is_lowercase() && letter.is_uppercase());
        if starts {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words that say what kind of thing a name is of, and so do not tell two names apart for sure.
const GENERIC: [&str; 9] =
    ["service", "services", "svc", "app", "application", "system", "server", "component", "repo"];

/// A name without such words: equal cores make two names alike, not the same.
pub(super) fn core(slug: &str) -> String {
    let kept: Vec<&str> = slug.split('-').filter(|word| !GENERIC.contains(word)).collect();
    if kept.is_empty() { slug.to_owned() } else { kept.join("-") }
}

/// A name without the word for an environment behind or before it, and that word.
pub(super) fn without_environment(slug: &str, environments: &BTreeSet<String>) -> Option<(String, String)> {
    environments.iter().find_map(|word| {
        let rest = slug
            .strip_suffix(word.as_str())
            .and_then(|rest| rest.strip_suffix('-'))
            .or_else(|| slug.strip_prefix(word.as_str()).and_then(|rest| rest.strip_prefix('-')))?;
        (!rest.is_empty()).then(|| (rest.to_owned(), word.clone()))
    })
}

/// The last part of `owner/name`, of an address of a repository, or of a path.
pub(super) fn last_part(name: &str) -> &str {
    let trimmed = name.trim().trim_end_matches('/');
    let trimmed = trimmed.strip_suffix(".git").unwrap_or(trimmed);
    trimmed.rsplit(['/', ':']).next().unwrap_or(trimmed)
}

/// Does a text name this repository: by its whole name, or as the end of an address?
pub(super) fn names_repository(text: &str, repository: &str) -> bool {
    let text = text.trim().trim_end_matches('/').to_lowercase();
    let text = text.strip_suffix(".git").unwrap_or(&text);
    let repository = repository.to_lowercase();
    text.strip_suffix(repository.as_str()).is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_share_a_slug() {
        for (name, expected) in [
            ("Payments API", "payments-api"),
            ("payments_api", "payments-api"),
            ("PaymentsApi", "payments-api"),
            ("PAYMENTS-API", "payments-api"),
            ("payments.api ", "payments-api"),
            ("log4j2", "log4j2"),
            ("Größe:Dienst", "größe-dienst"),
            ("--", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[test]
    fn generic_words_make_names_alike() {
        for (one, other, alike) in [
            ("kyc-service", "kyc", true),
            ("payments-app", "payments-system", true),
            ("payments-api", "payments-batch", false),
            ("service", "app", false),
        ] {
            assert_eq!(core(one) == core(other), alike, "{one} {other}");
        }
    }

    #[test]
    fn environments_are_taken_off_either_end() {
        let environments = ["staging", "prod", "dev"].map(str::to_owned).into();
        let check = |name: &str, expected: Option<&str>| {
            let found = without_environment(name, &environments).map(|(rest, _)| rest);
            assert_eq!(found.as_deref(), expected, "{name}");
        };
        check("payments-api-staging", Some("payments-api"));
        check("prod-payments-api", Some("payments-api"));
        check("product-api", None);
        check("apidev", None);
        check("dev", None);
    }

    #[test]
    fn repositories_are_named_whole() {
        for (text, named) in [
            ("bank/payments-api", true),
            ("https://github.example/Bank/payments-api.git", true),
            ("git@github.example:bank/payments-api", true),
            ("riverbank/payments-api", false),
            ("bank/payments-api-tests", false),
            ("", false),
        ] {
            assert_eq!(names_repository(text, "bank/payments-api"), named, "{text}");
        }
        assert_eq!(last_part("git@host:bank/payments-api.git"), "payments-api");
    }
}
