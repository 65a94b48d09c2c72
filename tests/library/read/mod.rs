//! Reading: every value of the shipped files, and what is said of files that are wrong.

mod damage;
mod deferred;
mod digest;
mod errors;
mod memory;
mod root;
mod tables;
mod vectors;
