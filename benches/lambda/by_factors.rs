//! A table of what a create takes on an Entity without Factors and on one that is almost full, the database's time included.

use std::fmt::Write as _;

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::{micros, quartiles, spread};
use crate::request::Request;
use crate::subject::Subject;
use crate::surroundings::Surroundings;

/// Entities that are filled up with Factors.
const ENTITIES: usize = 101;
/// The most totp Factors that an Entity can have.
const FACTORS: usize = 100;

/// Whether a create takes longer the more Factors there are.
pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let subject = Subject::new("function", &binaries.function, around.direct());
    let mut function = subject.start().await?;
    let (mut empty, mut almost_full) = (Vec::new(), Vec::new());
    for entity in 0..ENTITIES {
        let request = Request::create_totp_factor(&format!("full-entity-{entity:03}"));
        for factors in 0..FACTORS {
            let took = micros(request.send(&mut function).await?.0);
            if factors == 0 {
                empty.push(took);
            } else if factors == FACTORS - 1 {
                almost_full.push(took);
            }
        }
    }
    let mut table = String::from("| Factors of the Entity | create, µs |\n|---|---|\n");
    for (factors, times) in [(0, empty), (FACTORS - 1, almost_full)] {
        writeln!(table, "| {factors} | {} |", spread(quartiles(times)))?;
    }
    Ok(table)
}
