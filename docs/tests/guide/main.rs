//! Guide: what is true of all of its pages.

mod chapters;
mod links;
mod pages;
