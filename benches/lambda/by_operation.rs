//! A table of what each operation takes when all is warm, over TLS, without the database's time.

use std::fmt::Write as _;
use std::path::Path;

use harness::wire::{Properties, Wire};

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::{count, short, spread};
use crate::operations::{OPERATIONS, Operation, YARDSTICK};
use crate::request::Request;
use crate::scene::Scene;
use crate::subject::{COUNTED_REQUESTS, Subject};
use crate::surroundings::{AMAZON_ROOTS, Surroundings};

/// Starts of each operation's function, in turns.
const STARTS: usize = 11;
/// How often instructions are counted anew before it is left.
const TRIES: usize = 5;

/// An operation with all that is its own. The wire too: what it recorded are the answers to this operation.
pub(crate) struct Measured {
    operation: &'static Operation,
    scene: Scene,
    subject: Subject,
    wire: Wire,
    /// Calls to DynamoDB by a warm request.
    calls: usize,
    /// Thousands of instructions of a warm request.
    instructions: Option<f64>,
}

/// The yardstick's is the first.
pub(crate) async fn measure(binaries: &Binaries, around: &Surroundings) -> Result<Vec<Measured>, Failure> {
    let direct = Subject::new("function", &binaries.function, around.direct());
    let mut direct = direct.start().await?;
    let scene = Scene::new("measured-entity-of-none");
    let mut all = vec![Measured::of(&YARDSTICK, scene, &binaries.yardstick, around).await?];
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let mut scene = Scene::new(&format!("measured-entity-{number:03}"));
        for ask in operation.before {
            scene.ask(*ask, &mut direct).await?;
        }
        all.push(Measured::of(operation, scene, &binaries.function, around).await?);
    }
    for _ in 0..STARTS {
        for measured in &mut all {
            let Measured {
                operation,
                scene,
                subject,
                ..
            } = measured;
            subject.sample(|| (operation.ask)(scene)).await?;
        }
    }
    // From the end, as devices come last and an Access Token is good for five minutes.
    for measured in all.iter_mut().rev() {
        measured.count_instructions().await?;
    }
    Ok(all)
}

impl Measured {
    async fn of(
        operation: &'static Operation,
        scene: Scene,
        binary: &Path,
        around: &Surroundings,
    ) -> Result<Self, Failure> {
        let properties = Properties {
            tls: true,
            recorded: true,
            ..Properties::default()
        };
        let wire = around.wire(properties).await?;
        let roots = format!("{}.pem", scene.identity);
        let variables = around.by_tls(&wire, (&roots, AMAZON_ROOTS))?;
        let subject = Subject::new(operation.name, binary, variables);
        let mut measured = Self {
            operation,
            scene,
            subject,
            wire,
            calls: 0,
            instructions: None,
        };
        measured.count_calls().await?;
        Ok(measured)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.operation.name
    }

    /// Of a warm request, µs: quartiles.
    pub(crate) fn processor_time(&self) -> [f64; 3] {
        self.subject.quartiles(|sample| sample.cpu)
    }

    fn request(&self) -> Request {
        (self.operation.ask)(&self.scene)
    }

    /// The first request is DynamoDB's to answer, so that what is recorded is what it really says.
    async fn count_calls(&mut self) -> Result<(), Failure> {
        let mut function = self.subject.start().await?;
        self.request().send(&mut function).await?;
        let before = self.wire.calls();
        self.request().send(&mut function).await?;
        self.calls = self.wire.calls() - before;
        Ok(())
    }

    /// Runs it twice, and what one run takes more than the other is what its requests take, if these made the calls that they make and
    /// no others. Where the machine is busy, valgrind is so slow that calls run out of time, and that what was read is read anew: then all
    /// is counted anew.
    async fn count_instructions(&mut self) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let before = self.wire.calls();
            let one = self.subject.run_counted(1, || self.request()).await;
            let between = self.wire.calls();
            let all = self
                .subject
                .run_counted(1 + COUNTED_REQUESTS, || self.request())
                .await;
            let after = self.wire.calls();
            let calls = COUNTED_REQUESTS * self.calls;
            match (one, all) {
                // Valgrind isn't there.
                (Ok(None), Ok(None)) => return Ok(()),
                (Ok(Some(one)), Ok(Some(all))) if after - between == between - before + calls => {
                    self.instructions = Some((all - one) / count(COUNTED_REQUESTS));
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(format!(
            "the machine is too busy to count instructions: {}",
            self.operation.name
        )
        .into())
    }
}

pub(crate) fn table(all: &[Measured]) -> Result<String, Failure> {
    let mut table = String::from(
        "| a warm request, over TLS | calls to DynamoDB | instructions, thousands | at the most | of the yardstick's | processor time, µs |\n",
    );
    writeln!(table, "|{}", "---|".repeat(6))?;
    let least = all.first().and_then(|yardstick| yardstick.instructions);
    for measured in all {
        let Measured {
            operation,
            calls,
            instructions,
            ..
        } = measured;
        let ratio = instructions
            .zip(least)
            .map(|(thousands, least)| short(thousands / least));
        let thousands = instructions.map(short).unwrap_or_default();
        let at_most = operation
            .at_most
            .map(|limit| limit.to_string())
            .unwrap_or_default();
        let cpu = spread(measured.processor_time());
        let ratio = ratio.unwrap_or_default();
        writeln!(
            table,
            "| {} | {calls} | {thousands} | {at_most} | {ratio} | {cpu} |",
            operation.name
        )?;
    }
    Ok(table)
}
