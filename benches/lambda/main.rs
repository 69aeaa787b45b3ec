//! The compiled function against a yardstick, each started and called as Lambda does: `cargo bench --bench lambda`.
//!
//! It builds both with the profile of what is deployed, puts a Runtime API and a DynamoDB on this machine around them, and prints tables
//! in Markdown: all but the soak, or those that are named, as in `cargo bench --bench lambda -- operations`. Operations and
//! instances it draws as well, into `target/operations.svg` and `target/instances.svg`. Where the function alone is of interest,
//! DynamoDB's first answer to each call is replayed at once, so that none of the time is the database's. Linux only, as it reads `/proc`;
//! instructions are counted where `valgrind` is installed.

mod binaries;
mod by_entity;
mod by_instances;
mod by_operation;
mod comparison;
mod figures;
mod operations;
mod picture;
mod process;
mod request;
mod scene;
mod soak;
mod subject;
mod surroundings;

use binaries::Binaries;
use picture::Picture;
use surroundings::Surroundings;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The tables that there are.
const TABLES: [&str; 5] = ["comparison", "operations", "entities", "instances", SOAK];
/// The one that is only made where it is named.
const SOAK: &str = "soak";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Cargo adds options of its own.
    let mut named: Vec<String> = std::env::args().skip(1).collect();
    named.retain(|name| !name.starts_with("--"));
    if let Some(unknown) = named.iter().find(|name| !TABLES.contains(&name.as_str())) {
        return Err(format!("no table {unknown}; there are {}", TABLES.join(", ")).into());
    }
    let is_wanted = |table: &str| match named.as_slice() {
        [] => table != SOAK,
        named => named.iter().any(|name| name == table),
    };
    let binaries = Binaries::build().await?;
    let around = Surroundings::start(&binaries.function).await?;
    let mut picture = Picture::default();
    for table in TABLES.into_iter().filter(|table| is_wanted(table)) {
        let table = match table {
            "comparison" => comparison::table(&binaries, &around).await?,
            "operations" => {
                let measured = by_operation::measure(&binaries, &around).await?;
                picture.operations = measured.iter().map(picture::Bar::of).collect();
                by_operation::table(&measured)?
            }
            "entities" => by_entity::table(&binaries, &around).await?,
            "instances" => {
                picture.rates = by_instances::measure(&binaries, &around).await?.into();
                by_instances::table(&picture.rates)?
            }
            _ => soak::table(&binaries, &around).await?,
        };
        println!("\n{table}");
    }
    for file in picture.draw()? {
        println!("{}", file.display());
    }
    Ok(())
}
