//! The operator's hand on the data keys, with credentials of their own and not the function's role.

#[path = "operator/mod.rs"]
mod operator;

use std::process::ExitCode;

use time::OffsetDateTime;
use verify_factors::{App, Resealed};

use operator::{Failure, Progress, app};

const HELP: &str = "\
Makes data keys, and seals Factors with them.

Usage: cargo run --example keys -- COMMAND

  rotate    make a new data key, with which instances seal within five minutes
  reseal    seal every Factor with the newest one, and take the copies of those that aren't out of Challenges that wait; it goes on
            where it was cut when it is repeated
  check     count the Factors, and Challenges with a copy, by the data key that they are sealed with

It reads the function's own variables TABLE_NAME, ACCOUNT_SID and SEALING_KEY_ARN, and AWS's for region and credentials (`aws configure export-credentials --format env` prints them).";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    operator::ended(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["rotate"] => {
            let version = app().await?.rotate_data_key(OffsetDateTime::now_utc()).await?;
            println!("Data key {version} seals from now on, in every instance within five minutes.");
            println!("While KMS or DynamoDB cannot be reached, that is within an hour.");
            Ok(ExitCode::SUCCESS)
        }
        ["reseal"] => reseal(&app().await?).await,
        ["check"] => {
            let count = app().await?.count_by_data_key().await?;
            for (version, factors) in count.by_version {
                println!("data key {version}: {factors} Factors");
            }
            for (version, challenges) in count.copies {
                println!("data key {version}: copies in {challenges} Challenges");
            }
            Ok(told(count.unreadable, "cannot be read"))
        }
        ["--help" | "-h"] => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(HELP.into()),
    }
}

async fn reseal(app: &App) -> Result<ExitCode, Failure> {
    let progress = Progress::begin();
    let total = if progress.is_bar() {
        let count = app.count_by_data_key().await?;
        count.by_version.values().sum::<u64>() + count.unreadable
    } else {
        0
    };
    let tell = |so_far: Resealed| {
        if progress.is_bar() {
            let done = so_far.resealed + so_far.current + so_far.unopened;
            progress.show(done, total, &format!("{} sealed anew", so_far.resealed));
        } else {
            println!("{} sealed anew, {} were", so_far.resealed, so_far.current);
        }
    };
    let done = app.reseal(OffsetDateTime::now_utc, tell).await?;
    progress.end();
    if done.dropped > 0 {
        println!("{} copies taken out of Challenges", done.dropped);
    }
    Ok(told(done.unopened, "don't open and were left as they are"))
}

/// Fails if there are items with something wrong, and says so.
fn told(items: u64, what: &str) -> ExitCode {
    if items == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{items} items {what}");
    ExitCode::FAILURE
}
