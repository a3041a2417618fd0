//! Java's `.properties`, as far as configuration files use them: a key, `=` or `:`, a value; `#` and `!` begin remarks.
//! Lines that go on behind a backslash and `\u` escapes are taken as they stand.

use std::collections::BTreeMap;

use domain::Text;

/// The values by key; of a key that stands twice, the last one.
pub(super) fn read(text: &str) -> BTreeMap<Text, Text> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let pair = |line: &str| {
        let (key, value) = line.split_once(['=', ':'])?;
        let key = key.trim_end();
        (!key.is_empty()).then(|| (Text::from(key), Text::from(value.trim_start())))
    };
    lines.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn remarks_and_spaces_are_left_out() {
        let read = read("# a remark\n\n batch_size = 500\nurl: https://ledger.example\r\nempty=\nno pair\n");
        let pairs: Vec<String> = read.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(pairs, ["batch_size=500", "empty=", "url=https://ledger.example"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,300}") {
            drop(read(&text));
        }
    }
}
