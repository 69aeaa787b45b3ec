//! Connects the yardstick to Lambda. An example, since `cargo lambda watch` has the paths only while the workspace has one
//! binary.

use std::future::ready;

use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|request| ready(yardstick::created(request)))).await
}
