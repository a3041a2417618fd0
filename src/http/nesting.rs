//! How deep brackets nest in a GraphQL text, found by reading it once. The parser and every check after it
//! recurse on nesting, so a text of a million opening brackets must be refused before it is parsed.

/// Counts `{ [ (` outside strings and comments. Wrong texts are measured too; the parser will name their fault.
pub(super) fn deepest_nesting(text: &str) -> usize {
    let mut rest = text.as_bytes();
    let mut open = 0_usize;
    let mut deepest = 0;
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'#' => after_line(tail),
            b'"' => match tail.strip_prefix(b"\"\"") {
                Some(block) => after_block_string(block),
                None => after_string(tail),
            },
            b'{' | b'[' | b'(' => {
                open += 1;
                deepest = deepest.max(open);
                tail
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                tail
            }
            _ => tail,
        };
    }
    deepest
}

fn after_line(mut rest: &[u8]) -> &[u8] {
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if matches!(byte, b'\n' | b'\r') {
            break;
        }
    }
    rest
}

fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'\\' => tail.split_first().map_or(tail, |(_, after)| after),
            // A string ends with its line at the latest, so that a stray quote hides nothing behind it.
            b'"' | b'\n' | b'\r' => return tail,
            _ => tail,
        };
    }
    rest
}

fn after_block_string(mut rest: &[u8]) -> &[u8] {
    loop {
        if let Some(after) = rest.strip_prefix(b"\\\"\"\"") {
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return after;
        } else if let Some((_, tail)) = rest.split_first() {
            rest = tail;
        } else {
            return rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brackets_count_where_the_grammar_sees_them() {
        let cases = [
            ("", 0),
            ("{ a }", 1),
            ("{ a { b } c { d } }", 2),
            ("{ a(x: [[1]]) }", 4),
            ("{ a # {{{{\n }", 1),
            (r#"{ a(x: "{{{ \" {{{") }"#, 2),
            (r#"{ a(x: """{{{ " \""" {{{""") { b } }"#, 2),
            ("}}}}{", 1),
            ("{ a(x: \"open\n{{{", 5),
        ];
        for (text, expected) in cases {
            assert_eq!(deepest_nesting(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_measured(text in ".*") {
            prop_assert!(deepest_nesting(&text) <= text.len());
        }
    }
}
