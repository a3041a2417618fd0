//! The connector against the simulated GitHub on a free port, which it knows from outside alone.

mod gather;
mod world;
