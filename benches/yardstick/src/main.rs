//! Answers 201 and `{}` to everything.

use lambda_http::http::StatusCode;
use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(created)).await
}

async fn created(_: Request) -> Result<Response<String>, Error> {
    Ok(Response::builder()
        .status(StatusCode::CREATED)
        .body("{}".to_owned())?)
}
