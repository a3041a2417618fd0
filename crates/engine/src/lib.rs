//! What Interlock computes: pure functions over plain values. Same input, same bytes.
