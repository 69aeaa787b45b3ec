//! A table of the start, the first request and the warm ones, of the function in several surroundings and of the yardstick.

use std::fmt::Write as _;

use harness::wire::Properties;

use crate::Failure;
use crate::binaries::{Binaries, sizes};
use crate::figures::{short, spread};
use crate::request::Request;
use crate::subject::{Instructions, Sample, Subject};
use crate::surroundings::{AMAZON_ROOTS, Surroundings, system_roots};

/// Starts of each subject, in turns.
const STARTS: usize = 31;

/// Creates totp Factors, each for an Entity of its own.
pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let recorded = Properties {
        recorded: true,
        ..Properties::default()
    };
    let plain = around.wire(recorded).await?;
    let tls = around
        .wire(Properties {
            tls: true,
            ..recorded
        })
        .await?;
    let amazon = around.by_tls(&tls, ("amazon.pem", AMAZON_ROOTS))?;
    let system = around.by_tls(&tls, ("system.pem", &system_roots()?))?;
    let mut subjects = [
        Subject::new("yardstick", &binaries.yardstick, Vec::new()),
        Subject::new("plain HTTP", &binaries.function, around.by(&plain)),
        Subject::new("TLS, Amazon's roots", &binaries.function, amazon),
        Subject::new("TLS, the system's roots", &binaries.function, system),
    ];
    let mut entities = 0_usize;
    let mut next = || {
        entities += 1;
        Request::create_totp_factor(&format!("entity-{entities:08}"))
    };
    for _ in 0..STARTS {
        for subject in &mut subjects {
            subject.sample(&mut next).await?;
        }
    }
    for subject in &mut subjects {
        subject.count_instructions(&mut next).await?;
    }
    rows(&subjects)
}

/// What is measured, and how it is read off a subject: median and quartiles where it was measured many times.
fn rows(subjects: &[Subject]) -> Result<String, Failure> {
    type Row = (&'static str, fn(&Sample) -> f64);
    const ROWS: [Row; 6] = [
        ("start to first `/next`, ms", |sample| sample.init),
        ("first request, ms", |sample| sample.first),
        ("both, ms", |sample| sample.init + sample.first),
        ("warm request, µs", |sample| sample.warm),
        ("processor time of a warm request, µs", |sample| sample.cpu),
        ("peak memory, MB", |sample| sample.peak),
    ];
    let mut table = String::from("| median (quartiles) |");
    for subject in subjects {
        write!(table, " {} |", subject.name)?;
    }
    let tls = &subjects[2];
    writeln!(table, " {} / {} |", tls.name, subjects[0].name)?;
    writeln!(table, "|{}", "---|".repeat(subjects.len() + 2))?;
    for (name, of) in ROWS {
        write!(table, "| {name} |")?;
        for subject in subjects {
            write!(table, " {} |", spread(subject.quartiles(of)))?;
        }
        let ratio = tls.quartiles(of)[1] / subjects[0].quartiles(of)[1];
        writeln!(table, " {ratio:.2} |")?;
    }
    let instructions: Option<Vec<&Instructions>> = subjects
        .iter()
        .map(|subject| subject.instructions.as_ref())
        .collect();
    let mut row = |name: &str, values: Vec<f64>| -> std::fmt::Result {
        write!(table, "| {name} |")?;
        for value in &values {
            write!(table, " {} |", short(*value))?;
        }
        writeln!(table, " {:.2} |", values[2] / values[0])
    };
    if let Some(counted) = instructions {
        let values = |of: fn(&Instructions) -> f64| counted.iter().map(|counted| of(counted)).collect();
        row(
            "instructions of the start, thousands",
            values(|counted| counted.init),
        )?;
        row(
            "instructions of the first request",
            values(|counted| counted.first),
        )?;
        row("instructions of a warm request", values(|counted| counted.warm))?;
    }
    let sizes: Result<Vec<(f64, f64)>, Failure> =
        subjects.iter().map(|subject| sizes(&subject.binary)).collect();
    let sizes = sizes?;
    row("binary, MB", sizes.iter().map(|size| size.0).collect())?;
    row("binary zipped, MB", sizes.iter().map(|size| size.1).collect())?;
    Ok(table)
}
