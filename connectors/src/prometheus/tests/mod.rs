//! The connector against the simulated server, which it knows by its address alone.

mod alerts;
mod bench;
mod estate;
mod faults;
mod health;
mod probe;
mod runtime;
