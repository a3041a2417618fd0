//! The routes through the router, over one small bank: what clients get wrong about GitHub must be true here.

mod delivery;
mod graphql;
mod limits;
mod pulls;
mod rest;
mod world;
