//! Writes labels into PromQL: nothing that a label's value holds can end the string it stands in.

use std::collections::{BTreeMap, BTreeSet};

use domain::Text;

use super::config::is_label_name;

/// Services known by the same label names, as one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) selectors: Vec<&'a BTreeMap<Text, Text>>,
}

/// Values in one question; more make another.
const MOST_SELECTORS: usize = 500;

/// Puts selectors with equal label names together; also counts those that no query can hold.
pub(super) fn batches(selectors: &BTreeSet<BTreeMap<Text, Text>>) -> (Vec<Batch<'_>>, usize) {
    let mut by_names: BTreeMap<Vec<&str>, Vec<&BTreeMap<Text, Text>>> = BTreeMap::new();
    let mut refused = 0;
    for selector in selectors {
        if selector.is_empty() || !selector.keys().all(|name| is_label_name(name)) {
            refused += 1;
            continue;
        }
        by_names.entry(selector.keys().map(|name| &**name).collect()).or_default().push(selector);
    }
    let batches = by_names.into_iter().flat_map(|(names, selectors)| {
        let parts: Vec<Batch<'_>> = selectors
            .chunks(MOST_SELECTORS)
            .map(|part| Batch { names: names.clone(), selectors: part.to_vec() })
            .collect();
        parts
    });
    (batches.collect(), refused)
}

impl Batch<'_> {
    /// Fills a query in. Inside strings and comments nothing is replaced.
    pub(super) fn fill(&self, template: &str) -> String {
        let matchers = self.matchers();
        let mut filled = String::with_capacity(template.len() + matchers.len());
        let mut depth = 0_usize;
        let mut rest = template;
        while let Some(letter) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{selector}") {
                match depth {
                    0 => filled.push_str(&format!("{{{matchers}}}")),
                    _ => filled.push_str(&matchers),
                }
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix("{labels}") {
                filled.push_str(&self.names.join(", "));
                rest = after;
                continue;
            }
            let (kept, after) = match letter {
                '"' | '\'' | '`' => string(rest),
                '#' => rest.split_at(rest.find('\n').unwrap_or(rest.len())),
                _ => rest.split_at(letter.len_utf8()),
            };
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            filled.push_str(kept);
            rest = after;
        }
        filled
    }

    /// One matcher per label name: equality for one value, alternatives for several.
    fn matchers(&self) -> String {
        let matcher = |name: &&str| {
            let values: BTreeSet<&str> =
                self.selectors.iter().filter_map(|selector| selector.get(*name)).map(|value| &**value).collect();
            let mut values = values.into_iter();
            match (values.next(), values.next()) {
                (Some(only), None) => format!("{name}={}", quoted(only)),
                (first, second) => {
                    let all = first.into_iter().chain(second).chain(values).map(literal_pattern);
                    format!("{name}=~{}", quoted(&all.collect::<Vec<_>>().join("|")))
                }
            }
        };
        self.names.iter().map(matcher).collect::<Vec<_>>().join(",")
    }
}

/// The string literal that a text begins with, and what follows it.
fn string(text: &str) -> (&str, &str) {
    let mut letters = text.char_indices();
    let Some((_, quote)) = letters.next() else { return (text, "") };
    let mut escaped = false;
    for (at, letter) in letters {
        if escaped {
            escaped = false;
        } else if letter == '\\' && quote != '`' {
            escaped = true;
        } else if letter == quote {
            return text.split_at(at + letter.len_utf8());
        }
    }
    (text, "")
}

/// A double-quoted PromQL string.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for letter in text.chars() {
        match letter {
            '\\' => literal.push_str("\\\\"),
            '"' => literal.push_str("\\\""),
            '\n' => literal.push_str("\\n"),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// A regular expression that matches this text alone.
fn literal_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn selector(pairs: &[(&str, &str)]) -> BTreeMap<Text, Text> {
        pairs.iter().map(|(name, value)| (Text::from(*name), Text::from(*value))).collect()
    }

    fn check(selectors: &[&[(&str, &str)]], template: &str, expected: &[&str]) {
        let selectors = selectors.iter().map(|pairs| selector(pairs)).collect();
        let (batches, _) = batches(&selectors);
        let filled: Vec<String> = batches.iter().map(|batch| batch.fill(template)).collect();
        assert_eq!(filled, expected);
    }

    #[test]
    fn services_with_equal_label_names_share_a_question() {
        check(
            &[&[("service", "a")], &[("service", "b.c")], &[("app", "x"), ("site", "y")]],
            "sum by ({labels}) (up{{selector}})",
            &[r#"sum by (app, site) (up{app="x",site="y"})"#, r#"sum by (service) (up{service=~"a|b\\.c"})"#],
        );
    }

    #[test]
    fn braces_around_the_selector_are_the_querys_own_or_added() {
        let one: &[&[(&str, &str)]] = &[&[("s", "a")]];
        check(one, "up{selector}", &[r#"up{s="a"}"#]);
        check(one, r#"up{code=~"5..", {selector}}"#, &[r#"up{code=~"5..", s="a"}"#]);
        check(one, r#"up{x="{selector}"} # {selector}"#, &[r#"up{x="{selector}"} # {selector}"#]);
        check(one, r#"up{x="\"{selector}"}{selector}"#, &[r#"up{x="\"{selector}"}{s="a"}"#]);
    }

    #[test]
    fn label_values_are_escaped() {
        check(&[&[("s", "a\"} or up{x=\"")]], "{selector}", &[r#"{s="a\"} or up{x=\""}"#]);
        check(&[&[("s", "a\\")], &[("s", "b\n|c")]], "{selector}", &["{s=~\"a\\\\\\\\|b\\n\\\\|c\"}"]);
    }

    #[test]
    fn labels_that_no_query_can_hold_are_refused() {
        let selectors = BTreeSet::from([selector(&[]), selector(&[("a}b", "x")]), selector(&[("0", "x")])]);
        assert_eq!(batches(&selectors), (Vec::new(), 3));
    }

    #[test]
    fn many_services_make_few_questions() {
        let selectors = (0..1200).map(|number| selector(&[("service", &format!("s{number}"))])).collect();
        assert_eq!(batches(&selectors).0.len(), 3);
    }

    proptest! {
        #[test]
        fn no_value_ends_its_string(value in any::<String>()) {
            let selectors = BTreeSet::from([selector(&[("s", &value)])]);
            let (batches, _) = batches(&selectors);
            let filled = batches[0].fill("up{{selector}}");
            let inside = filled.strip_prefix("up{s=").and_then(|rest| rest.strip_suffix('}')).expect("one matcher");
            prop_assert_eq!(string(inside), (inside, ""));
            prop_assert!(inside.ends_with('"') && !inside.contains('\n'));
        }

        #[test]
        fn any_template_is_filled(template in any::<String>()) {
            let selectors = BTreeSet::from([selector(&[("s", "a")])]);
            prop_assert!(!batches(&selectors).0[0].fill(&template).is_empty() || template.is_empty());
        }
    }
}
