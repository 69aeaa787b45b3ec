//! What holds for every operation.

mod callers;
mod cors;
mod errors;
mod forms;
mod logs;
mod operations;
mod order;
mod urls;

/// An `Authorization` header with these credentials.
fn basic(credentials: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(credentials.as_bytes()))
}
