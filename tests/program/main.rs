//! What runs the program `gpuana`, from outside.

mod adl;
mod agc;
mod cli;
mod optimize;
mod remote;
mod samples;
#[path = "../support/mod.rs"]
mod support;
mod versions;
