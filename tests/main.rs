//! The one integration-test binary of the gateway.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers included"
)]

mod architecture;
mod contract;
mod faults;
mod graphql;
mod http;
mod mapping;
mod memory;
mod scenarios;
mod starting_days;
