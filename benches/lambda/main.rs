//! The compiled function against a yardstick, each started and called as Lambda does: `cargo bench --bench lambda`.
//!
//! It builds both with the profile of what is deployed, puts a Runtime API and a DynamoDB on this machine around them, and prints tables
//! in Markdown: all of them, or those that are named, as in `cargo bench --bench lambda -- operations`. Where the function alone is of
//! interest, DynamoDB's first answer to each call is replayed at once, so that none of the time is the database's. Linux only, as it
//! reads `/proc`; instructions are counted where `valgrind` is installed.

mod binaries;
mod by_factors;
mod by_instances;
mod by_operation;
mod comparison;
mod figures;
mod operations;
mod process;
mod request;
mod subject;
mod surroundings;

use binaries::Binaries;
use surroundings::Surroundings;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The tables that there are.
const TABLES: [&str; 4] = ["comparison", "operations", "factors", "instances"];

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Cargo adds options of its own.
    let mut named: Vec<String> = std::env::args().skip(1).collect();
    named.retain(|name| !name.starts_with("--"));
    if let Some(unknown) = named.iter().find(|name| !TABLES.contains(&name.as_str())) {
        return Err(format!("no table {unknown}; there are {}", TABLES.join(", ")).into());
    }
    let binaries = Binaries::build().await?;
    let around = Surroundings::start(&binaries.function).await?;
    for table in TABLES {
        if !named.is_empty() && !named.iter().any(|name| name == table) {
            continue;
        }
        let table = match table {
            "comparison" => comparison::table(&binaries, &around).await?,
            "operations" => by_operation::table(&binaries, &around).await?,
            "factors" => by_factors::table(&binaries, &around).await?,
            _ => by_instances::table(&binaries, &around).await?,
        };
        println!("\n{table}");
    }
    Ok(())
}
