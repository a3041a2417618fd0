//! What the gateway remembers: readings go into the store beside everything else, and graphs of earlier moments are
//! made from it. Without a store there is still what the systems themselves keep.

mod keeping;
mod past;

pub use keeping::{Keeper, keep};
pub use past::{Past, PastError};
