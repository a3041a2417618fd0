//! The instance as clients meet it.
