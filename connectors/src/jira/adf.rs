//! The plain text of an Atlassian document. Every document has one: what is not known is passed over, and what
//! stands inside it is kept. Marks, media and colours are left out.

use serde_json::Value;

/// The text of a document; a plain string is taken as it is.
pub(super) fn plain_text(document: &Value) -> String {
    if let Value::String(text) = document {
        return text.trim().to_owned();
    }
    let mut text = String::new();
    write(document, &mut text);
    text.trim().to_owned()
}

fn write(node: &Value, text: &mut String) {
    match kind(node) {
        "text" => text.push_str(string(node, "text")),
        "hardBreak" | "rule" => text.push('\n'),
        "mention" | "status" | "placeholder" => text.push_str(attribute(node, "text")),
        "emoji" => {
            let shown = attribute(node, "text");
            text.push_str(if shown.is_empty() { attribute(node, "shortName") } else { shown });
        }
        "inlineCard" => text.push_str(attribute(node, "url")),
        "blockCard" | "embedCard" => {
            new_line(text);
            text.push_str(attribute(node, "url"));
            text.push('\n');
        }
        "date" => text.push_str(&day(node)),
        "listItem" | "taskItem" | "decisionItem" => {
            new_line(text);
            text.push_str("- ");
            inside(node, text);
            new_line(text);
        }
        "tableRow" => {
            new_line(text);
            inside(node, text);
            new_line(text);
        }
        "tableCell" | "tableHeader" => {
            let mut cell = String::new();
            inside(node, &mut cell);
            if !text.is_empty() && !text.ends_with('\n') {
                text.push_str(" | ");
            }
            text.push_str(&cell.trim().replace('\n', " "));
        }
        "paragraph" | "heading" | "codeBlock" | "blockquote" | "panel" | "expand" | "nestedExpand" => {
            if !text.ends_with("- ") {
                new_line(text);
            }
            inside(node, text);
            text.push('\n');
        }
        _ => inside(node, text),
    }
}

fn inside(node: &Value, text: &mut String) {
    for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
        write(child, text);
    }
}

fn new_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// A date is milliseconds since the epoch, as text.
fn day(node: &Value) -> String {
    let moment =
        attribute(node, "timestamp").parse().ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    moment.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn kind(node: &Value) -> &str {
    string(node, "type")
}

fn string<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn attribute<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get("attrs").map(|attributes| string(attributes, name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(content: Value, expected: &str) {
        let document = json!({ "type": "doc", "version": 1, "content": content });
        assert_eq!(plain_text(&document), expected);
    }

    #[test]
    fn blocks_become_lines() {
        check(
            json!([
                { "type": "heading", "attrs": { "level": 2 }, "content": [{ "type": "text", "text": "Why" }] },
                { "type": "paragraph", "content": [
                    { "type": "text", "text": "See ", "marks": [{ "type": "strong" }] },
                    { "type": "mention", "attrs": { "id": "5b", "text": "@Ada" } },
                    { "type": "text", "text": " on " },
                    { "type": "date", "attrs": { "timestamp": "1792022400000" } },
                    { "type": "hardBreak" },
                    { "type": "inlineCard", "attrs": { "url": "https://bank.example/x" } },
                    { "type": "emoji", "attrs": { "shortName": ":tada:" } },
                ] },
                { "type": "bulletList", "content": [
                    { "type": "listItem", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "one" }] }] },
                    { "type": "listItem", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "two" }] }] },
                ] },
                { "type": "codeBlock", "content": [{ "type": "text", "text": "let x = 1;" }] },
            ]),
            "Why\nSee @Ada on 2026-10-15\nhttps://bank.example/x:tada:\n- one\n- two\nlet x = 1;",
        );
    }

    #[test]
    fn tables_become_rows() {
        let cell = |text: &str| json!({ "type": "tableCell", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }] });
        check(
            json!([{ "type": "table", "content": [
                { "type": "tableRow", "content": [cell("a"), cell("b")] },
                { "type": "tableRow", "content": [cell("c"), cell("d")] },
            ] }]),
            "a | b\nc | d",
        );
    }

    #[test]
    fn unknown_nodes_are_passed_over_and_their_text_kept() {
        check(
            json!([
                { "type": "extension", "attrs": { "extensionKey": "macro" } },
                { "type": "somethingNew", "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "kept" }] }] },
                7,
                null,
            ]),
            "kept",
        );
    }

    #[test]
    fn right_to_left_and_emoji_stay_verbatim() {
        check(
            json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "שלום 🚀 \u{202e}x" }] }]),
            "שלום 🚀 \u{202e}x",
        );
        assert_eq!(plain_text(&json!("wiki text")), "wiki text");
        assert_eq!(plain_text(&Value::Null), "");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), ".{0,8}".prop_map(Value::from)];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let node = ("(doc|paragraph|text|tableCell|listItem|date|x)", inner.clone(), inner.clone()).prop_map(
                |(kind, content, attributes)| json!({ "type": kind, "content": [content], "attrs": attributes }),
            );
            prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from), node]
        })
    }

    proptest! {
        #[test]
        fn any_document_has_a_text(document in any_json()) {
            let _text = plain_text(&document);
        }
    }
}
