//! The one integration-test binary of the gateway.

mod http;
