//! The operator's command for seeds from elsewhere: Factors for users whose apps have them already.

#[path = "../operator/mod.rs"]
mod operator;

mod api;
mod entry;
mod file;
mod key_uri;
mod run;
mod way;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use lexopt::prelude::{Long, Short, Value, ValueExt};

use crate::file::File;
use crate::operator::Failure;
use crate::run::Tally;
use crate::way::Way;

const HELP: &str = "\
Imports seeds that users have in their apps already, as totp Factors.

Usage: cargo run --release --example import -- FILE --url URL      through the API, unverified
       cargo run --release --example import -- FILE --verified     past it, verified
       cargo run --release --example import -- FILE --check        only read FILE, and tell what is wrong with it

FILE has CSV, `identity,name,uri` with that header or without, or an otpauth://totp/ URI a line, whose account is the Identity then. What
fails is written to FILE.failed, as it was, and told by its line without what is in it. FILE can be run again: nothing is imported twice.

  --url URL     where the API is; ACCOUNT_SID, AUTH_TOKEN and SERVICE_SID are variables of the environment. Factors that nobody verifies
                are gone after a day, unless the function's UNVERIFIED_FACTOR_HOURS says otherwise (`never`, while users are migrated)
  --verified    writes to the table, with the function's own variables TABLE_NAME, ACCOUNT_SID and SEALING_KEY_ARN, and with SERVICE_SID,
                and AWS's for region and credentials (`aws configure export-credentials --format env` prints them). Only for seeds whose
                users proved to have them, where they come from
  --check       sends and writes nothing
  --help        tell this";

/// What the command line says.
struct Arguments {
    file: PathBuf,
    how: How,
}

/// What is done with the file.
enum How {
    Requests { url: String },
    Hand,
    Check,
}

#[tokio::main]
async fn main() -> ExitCode {
    operator::ended(run().await)
}

async fn run() -> Result<ExitCode, Failure> {
    let Some(Arguments { file, how }) = arguments()? else {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let file = File::read(&file)?;
    let (entries, tally) = run::read(&file);
    let way = match how {
        How::Check => {
            println!("{} lines, {} can be imported", file.lines.len(), entries.len());
            tell_failed(&file, &tally);
            return Ok(code(tally.failed.is_empty()));
        }
        // Before anything is imported, as it could not be written at the end.
        _ if file.failed().exists() => return Err(file::already_there(&file.failed()).into()),
        How::Requests { url } => Way::by_requests(&url).await?,
        How::Hand => Way::by_hand().await?,
    };
    let way = Arc::new(way);
    let mut tally = run::import(&way, entries, tally).await;
    tally.failed.sort_unstable();
    tell(&way, &file, &tally)
}

/// Tells what came of it, and writes what failed to where it can be run again.
fn tell(way: &Way, file: &File, tally: &Tally) -> Result<ExitCode, Failure> {
    let verified = match tally.verified {
        0 => String::new(),
        some => format!("{some} verified that were there, "),
    };
    println!(
        "{} created, {verified}{} there before",
        tally.created, tally.there
    );
    if way.leaves_unverified() && tally.created > 0 {
        println!("They are unverified, and gone after UNVERIFIED_FACTOR_HOURS if nobody verifies them.");
    }
    tell_failed(file, tally);
    if let Some(why) = &tally.stopped {
        return Err(format!("stopped, as {why}. Run the same file again: nothing is imported twice").into());
    }
    if tally.failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let lines: Vec<_> = tally
        .failed
        .iter()
        .map(|(place, _)| &file.lines[*place])
        .collect();
    let path = file.write_failed(&lines)?;
    eprintln!(
        "{} failed: see {}, which can be run as it is or mended",
        lines.len(),
        path.display()
    );
    Ok(ExitCode::FAILURE)
}

fn tell_failed(file: &File, tally: &Tally) {
    for (place, why) in &tally.failed {
        eprintln!("line {}: {why}", file.lines[*place].number);
    }
}

fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn arguments() -> Result<Option<Arguments>, Failure> {
    let (mut file, mut hows) = (None, Vec::new());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(path) if file.is_none() => file = Some(path.into()),
            Long("url") => hows.push(How::Requests {
                url: parser.value()?.string()?,
            }),
            Long("verified") => hows.push(How::Hand),
            Long("check") => hows.push(How::Check),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(format!("{}\n\n{HELP}", other.unexpected()).into()),
        }
    }
    match (file, hows.pop(), hows.pop()) {
        (Some(file), Some(how), None) => Ok(Some(Arguments { file, how })),
        _ => Err(format!("FILE, and one of --url, --verified and --check\n\n{HELP}").into()),
    }
}
