//! One suite for both databases: SQLite in a folder of its own, and PostgreSQL where `INTERLOCK_TEST_POSTGRES` names a
//! server whose schemas the suite may make and drop.
#![expect(clippy::expect_used, reason = "a test fails by panicking, its helpers included")]

mod files;
mod memory;
mod upgrades;
mod world;
