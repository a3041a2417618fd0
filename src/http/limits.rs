//! How much one request may ask for. Every refusal names the limit and its value, so that a client can
//! stay below it. Page sizes are the schema's own business.

use std::time::Duration;

/// The bounds of one request. Build the schema with `limit_complexity(limits.complexity)`: the value here is
/// what its refusal will name.
#[derive(Debug, Clone)]
pub struct Limits {
    pub body_bytes: usize,
    /// From the first byte of the body to the answer, each of reading and executing.
    pub time: Duration,
    /// Fields inside fields. Introspection as tools send it needs about 15.
    pub depth: usize,
    /// Renamed fields, counted after fragments are spread.
    pub aliases: usize,
    /// Fields, counted after fragments are spread: a few nested fragments can ask for millions.
    pub fields: usize,
    /// Brackets inside brackets in the text. The parser recurses on them before any other check runs.
    pub nesting: usize,
    pub complexity: usize,
    /// Answers that are kept for callers who ask the same again, all together.
    pub kept_answer_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 256 * 1024,
            time: Duration::from_secs(30),
            depth: 20,
            aliases: 100,
            fields: 5_000,
            nesting: 64,
            complexity: 250_000,
            kept_answer_bytes: 64 * 1024 * 1024,
        }
    }
}
