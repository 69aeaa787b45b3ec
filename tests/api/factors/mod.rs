//! Factors, a file for each thing that can be done with them.

mod create;
mod new;
mod retry;
