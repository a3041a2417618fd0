//! Properties against brute force on small instances, and sequences of small worlds.

mod order;
mod plans;
mod schedules;
mod standing;
mod units;
mod worlds;
