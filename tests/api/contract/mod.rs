//! What holds for every operation.

mod callers;
mod cors;
mod errors;
mod forms;
mod logs;
mod operations;
mod order;
mod role;
mod urls;
mod watched;
