//! The HTTP side of the gateway against a small schema of its own, request by request, without a socket
//! except where connections themselves are the matter.

mod access;
mod answers;
mod connections;
mod limits;
mod masking;
mod protocol;
mod routes;
mod world;
