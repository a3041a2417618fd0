//! The contract: real clients' operations, held against the schema and asked of a small world. What is not built yet
//! is listed in `pending.txt`, pruned here, and must not exist behind its back.

mod documents;
mod pruning;
mod schema;

pub(crate) use documents::answerable;
