//! A table of how many requests a second more and more instances answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harness::wire::Properties;
use tokio::task::JoinSet;

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::count;
use crate::request::Request;
use crate::subject::Subject;
use crate::surroundings::Surroundings;

/// What a request takes to DynamoDB.
const LATENCY: Duration = Duration::from_millis(10);
/// How long each number of instances is kept busy.
const BUSY: Duration = Duration::from_secs(3);

/// How many requests a second instances answer, each one at a time, if every call to DynamoDB takes [`LATENCY`].
pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let properties = Properties {
        latency: LATENCY,
        recorded: true,
        tls: false,
    };
    let wire = around.wire(properties).await?;
    let subject = Subject::new("function", &binaries.function, around.by(&wire));
    let mut table = String::from("| instances | requests/s | of each |\n|---|---|---|\n");
    for instances in [1, 2, 4, 8, 16, 32, 64] {
        let mut busy = JoinSet::new();
        for instance in 0..instances {
            let mut function = subject.start().await?;
            busy.spawn(async move {
                let create = async |function: &mut _, number: usize| {
                    // The limit of an Entity is not what this is about.
                    let identity = format!("busy-{instances}-{instance}-{number}");
                    Request::create_totp_factor(&identity).send(function).await
                };
                create(&mut function, 0).await?;
                let started = Instant::now();
                let mut requests = 0;
                while started.elapsed() < BUSY {
                    requests += 1;
                    create(&mut function, requests).await?;
                }
                Ok::<_, Failure>(count(requests) / started.elapsed().as_secs_f64())
            });
        }
        let mut rate = 0.0;
        for instance in busy.join_all().await {
            rate += instance?;
        }
        writeln!(
            table,
            "| {instances} | {rate:.0} | {:.1} |",
            rate / f64::from(instances)
        )?;
    }
    Ok(table)
}
