//! The API asked in-process: real federation and correlation, systems made of plain records.

mod bank;
mod beyond;
mod gaps;
mod limits;
mod lists;
mod live;
mod lookups;
mod pages;
mod records;
mod refresh;
mod scope;
mod sharing;
mod world;

pub(crate) use bank::small_bank;
