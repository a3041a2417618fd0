//! The one integration-test binary of the gateway.

mod contract;
mod graphql;
mod http;
