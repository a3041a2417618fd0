//! What is remembered across restarts: every version of every record that was read, by content, with the moment at
//! which it was seen. SQLite by default, PostgreSQL by configuration; the same statements run on both.
//! Leaves out what records mean: graphs are made from them elsewhere.
//! Another table or append-only stream is one more step in `migrations.rs` (a file per database), and a file beside
//! `writing.rs` with its `impl Store`: one writing transaction under the `appending` lock, its rows checked in `tending`.

mod store;

mod reading;
mod written;

mod writing;

mod recalling;

mod tending;

mod backend;
mod migrations;

mod error;

pub use error::StoreError;
pub use reading::{Reading, Recalled, RecalledSystem};
pub use store::Store;
pub use tending::{Backup, Extent, Fault, Pruned};
pub use writing::Appended;
