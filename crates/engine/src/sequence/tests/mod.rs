//! Properties against brute force on small instances, and sequences of small worlds.

mod order;
mod schedules;
mod units;
mod worlds;
