//! Plain text to Atlassian Document Format and back. Out: paragraphs, hard breaks, and bullet lists for lines that start
//! with `- ` or `* `. In: the text of any node, blocks on lines of their own.

use serde_json::{Value, json};

/// `null` for no text, as Jira shows an empty description.
pub(in crate::jira) fn document(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    let blocks: Vec<Value> = text.split("\n\n").filter(|part| !part.trim().is_empty()).map(block).collect();
    json!({ "type": "doc", "version": 1, "content": blocks })
}

/// The text of a document; a plain string (v2) stays itself.
pub(in crate::jira) fn text(document: &Value) -> String {
    if let Value::String(text) = document {
        return text.clone();
    }
    let mut out = String::new();
    gather(document, 0, &mut out);
    out.trim_end().to_owned()
}

fn block(part: &str) -> Value {
    let lines: Vec<&str> = part.lines().collect();
    let items: Option<Vec<&str>> =
        lines.iter().map(|line| line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))).collect();
    if let Some(items) = items.filter(|items| !items.is_empty()) {
        let items: Vec<Value> =
            items.into_iter().map(|item| json!({ "type": "listItem", "content": [paragraph(&[item])] })).collect();
        return json!({ "type": "bulletList", "content": items });
    }
    paragraph(&lines)
}

fn paragraph(lines: &[&str]) -> Value {
    let mut content = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            content.push(json!({ "type": "hardBreak" }));
        }
        if !line.is_empty() {
            content.push(json!({ "type": "text", "text": line }));
        }
    }
    json!({ "type": "paragraph", "content": content })
}

/// Deeper than any real document; a hostile one must not exhaust the stack.
const DEEPEST: usize = 100;

fn gather(node: &Value, depth: usize, out: &mut String) {
    if depth > DEEPEST {
        return;
    }
    match node.get("type").and_then(Value::as_str) {
        Some("text") => out.push_str(node.get("text").and_then(Value::as_str).unwrap_or_default()),
        Some("hardBreak") => out.push('\n'),
        Some("mention" | "emoji") => {
            out.push_str(node.pointer("/attrs/text").and_then(Value::as_str).unwrap_or_default())
        }
        Some("inlineCard") => out.push_str(node.pointer("/attrs/url").and_then(Value::as_str).unwrap_or_default()),
        Some("listItem") => out.push_str("- "),
        _ => {}
    }
    for child in node.get("content").and_then(Value::as_array).into_iter().flatten() {
        gather(child, depth.saturating_add(1), out);
    }
    match node.get("type").and_then(Value::as_str) {
        Some("paragraph" | "heading" | "codeBlock") => out.push_str(if depth > 1 { "\n" } else { "\n\n" }),
        Some("bulletList" | "orderedList") => out.push('\n'),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_survives_the_round_trip() {
        for plain in
            ["One line", "Two\nlines", "First\n\nSecond", "Steps\n\n- one\n- two\n\nEnd", "quotes \" and ^ and 🚆"]
        {
            assert_eq!(text(&document(plain)), plain);
        }
    }

    #[test]
    fn no_text_is_null() {
        assert_eq!(document(""), Value::Null);
        assert_eq!(text(&Value::Null), "");
    }

    #[test]
    fn unknown_nodes_give_their_text() {
        let panel = json!({"type": "doc", "version": 1, "content": [{"type": "panel", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "careful"}, {"type": "mention", "attrs": {"text": "@Ada"}}]}]}]});
        assert_eq!(text(&panel), "careful@Ada");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_document(plain in ".*") {
            let shown = document(&plain);
            prop_assert!(shown.is_null() || shown.get("type") == Some(&json!("doc")));
        }
    }
}
