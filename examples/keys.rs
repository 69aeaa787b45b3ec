//! The operator's hand on the data keys, with credentials of their own and not the function's role.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use time::OffsetDateTime;
use verify_factors::settings::Settings;
use verify_factors::{App, Randomness, Resealed, aws};

const HELP: &str = "\
Makes data keys, and seals Factors with them.

Usage: cargo run --example keys -- COMMAND

  rotate    make a new data key, with which instances seal within five minutes
  reseal    seal every Factor with the newest one, and take the copies of those that aren't out of Challenges that wait; it goes on
            where it was cut when it is repeated
  check     count the Factors, and Challenges with a copy, by the data key that they are sealed with

It reads the function's own variables TABLE_NAME, ACCOUNT_SID and SEALING_KEY_ARN, and AWS's for region and credentials (`aws configure export-credentials --format env` prints them).";

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
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
    let terminal = std::io::stdout().is_terminal();
    let total = if terminal {
        let count = app.count_by_data_key().await?;
        count.by_version.values().sum::<u64>() + count.unreadable
    } else {
        0
    };
    let tell = |so_far: Resealed| {
        if terminal {
            print!("\r{}", bar(so_far, total));
            // A line that isn't seen is no reason to stop.
            let _ = std::io::stdout().flush();
        } else {
            println!("{} sealed anew, {} were", so_far.resealed, so_far.current);
        }
    };
    let done = app.reseal(OffsetDateTime::now_utc, tell).await?;
    if terminal {
        println!();
    }
    if done.dropped > 0 {
        println!("{} copies taken out of Challenges", done.dropped);
    }
    Ok(told(done.unopened, "don't open and were left as they are"))
}

/// How far it is. There can be more Factors by the end than there were at the start.
fn bar(so_far: Resealed, total: u64) -> String {
    const WIDTH: u64 = 40;
    let done = so_far.resealed + so_far.current + so_far.unopened;
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    let [filled, empty] = [("#", filled), ("-", WIDTH - filled)]
        .map(|(mark, times)| mark.repeat(usize::try_from(times).unwrap_or_default()));
    format!(
        "[{filled}{empty}] {done} of {total}, {} sealed anew",
        so_far.resealed
    )
}

/// Fails if there are items with something wrong, and says so.
fn told(items: u64, what: &str) -> ExitCode {
    if items == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{items} items {what}");
    ExitCode::FAILURE
}

async fn app() -> Result<App, Failure> {
    let env = |variable: &str| {
        // Nobody calls this App, so no token is good.
        let no_token = || (variable == "AUTH_TOKEN_SHA256").then(|| "0".repeat(64));
        std::env::var(variable).ok().or_else(no_token)
    };
    let settings = Settings::from_env(env)?;
    let clients = aws::connect(env).await?;
    Ok(App::build(settings, clients, Randomness::new(getrandom::fill)))
}
