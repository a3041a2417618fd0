//! The connector against the simulated GitHub on a free port, which it knows from outside alone.

mod bank;
mod batches;
mod budget;
mod checks;
mod faults;
mod gather;
mod traps;
mod world;
