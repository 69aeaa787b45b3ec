//! Answers 201 with `{}`: what any function built with `lambda_http` costs.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async {
        Response::builder()
            .status(201)
            .header("content-type", "application/json")
            .body(Body::from("{}"))
    }))
    .await
}
