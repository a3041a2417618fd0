//! Encoded queries against a small instance.
