//! PromQL: text to tokens, tokens to a checked tree, the tree to values at an instant or over a range.
//! Left out: native histograms, exemplars, and functions that clients of release data do not use.

mod aggregate;
mod binary;
mod evaluate;
mod functions;
mod label_functions;
mod lexer;
mod parser;
mod range_functions;
mod signature;
mod source;
mod syntax;

pub(super) use evaluate::{Element, Evaluation, Failure, RangeSeries, Value, Window};
pub(super) use lexer::duration;
pub(super) use parser::{parse, parse_selector};
pub(super) use source::Source;
pub(super) use syntax::{Expr, Kind, Matcher, kind};

/// A text that is no PromQL; shown with line and column as Prometheus does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: parse error: {message}")]
pub(super) struct ParseError {
    line: usize,
    column: usize,
    message: String,
}

impl ParseError {
    fn at(text: &str, position: usize, message: impl Into<String>) -> Self {
        let before = || text.chars().take(position);
        Self {
            line: before().filter(|&character| character == '\n').count() + 1,
            column: before()
                .collect::<Vec<_>>()
                .rsplit(|&character| character == '\n')
                .next()
                .map_or(0, <[char]>::len)
                + 1,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests;
