//! The layer as a whole.
