//! Explore: the explorer of orders and crashes: what it counts, what it finds, and what it finds in ourselves.

mod claims;
mod counts;
mod ours;
mod planted;
mod recorded;
mod reduction;
