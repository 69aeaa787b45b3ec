//! The operator's command, `examples/import/`, as a process of its own: against the table, and against the API of a function that goes
//! on answering.
//!
//! `users` have apps that are set already, `run` is a run of the command on a file of theirs, and `api` is the function over HTTP, with
//! faults. `ways` is what comes of each way, `lines` of what is in a file, `again` of a run that doesn't get to its end, and
//! `start` of what is wrong from the start.

#[path = "../support/mod.rs"]
mod support;

mod again;
mod api;
mod lines;
mod run;
mod start;
mod users;
mod ways;
