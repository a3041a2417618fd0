//! The connector against the simulated server.
