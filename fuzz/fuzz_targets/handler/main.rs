//! The whole function on an embedded DynamoDB: whatever is sent, what comes back is in the contract.
//!
//! An input is up to eight requests, written as in HTTP/1.1 and separated by a line `---`; see [`request`].

#![no_main]

mod answer;
mod call;
#[path = "../compact.rs"]
mod compact;
mod credentials;
mod description;
mod event;
mod factor;
mod function;
mod log;
mod pace;
mod phone;
mod refusal;
mod request;
mod resource;
mod schema;
mod state;
mod words;

use std::sync::{LazyLock, Mutex, PoisonError};

use function::Function;
use libfuzzer_sys::{Corpus, fuzz_target};
use pace::Pace;
use request::Request;

/// Requests in one input, at the most.
const REQUESTS: usize = 8;

static FUNCTION: LazyLock<Mutex<(Function, Pace)>> =
    LazyLock::new(|| Mutex::new((Function::start(), Pace::begin())));

fuzz_target!(|input: &[u8]| -> Corpus {
    let requests: Option<Vec<Request>> = request::split(input).map(Request::parse).collect();
    match requests {
        Some(requests) if requests.len() <= REQUESTS => {
            let (function, pace) = &mut *FUNCTION.lock().unwrap_or_else(PoisonError::into_inner);
            function.check(&requests);
            pace.count(requests.len());
            Corpus::Keep
        }
        _ => Corpus::Reject,
    }
});
