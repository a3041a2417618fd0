//! GitHub as clients of release data see it: REST v3 (version 2022-11-28) and GraphQL v4 over one store.
//! Writing through the API is left out; tests and the estate change the store directly.

pub mod access;
pub mod content;
mod delivery;
mod protection;
