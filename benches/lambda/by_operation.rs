//! A table of what each operation takes when all is warm, over TLS, without the database's time.

use std::fmt::Write as _;

use harness::lambda::Environment;
use harness::wire::{Properties, Wire};

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::{short, spread};
use crate::operations::{OPERATIONS, Operation, Scene};
use crate::request::Request;
use crate::subject::Subject;
use crate::surroundings::{AMAZON_ROOTS, Surroundings};

/// Starts of each operation's function, in turns.
const STARTS: usize = 11;

/// An operation with all that is its own. The wire too: what it recorded are the answers to this operation.
struct Measured {
    operation: &'static Operation,
    scene: Scene,
    subject: Subject,
    calls: usize,
}

pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let direct = Subject::new("function", &binaries.function, around.direct());
    let mut direct = direct.start().await?;
    let mut all = Vec::new();
    for (number, operation) in OPERATIONS.iter().enumerate() {
        let scene = prepare(operation, number, &mut direct).await?;
        let wire = around
            .wire(Properties {
                tls: true,
                recorded: true,
                ..Properties::default()
            })
            .await?;
        let roots = format!("operation-{number}.pem");
        let variables = around.by_tls(&wire, (&roots, AMAZON_ROOTS))?;
        let subject = Subject::new(operation.name, &binaries.function, variables);
        let calls = calls(operation, &scene, &subject, &wire).await?;
        all.push(Measured {
            operation,
            scene,
            subject,
            calls,
        });
    }
    let mut yardstick = Subject::new("yardstick", &binaries.yardstick, Vec::new());
    let anything = || Request::create_totp_factor("any-entity");
    for _ in 0..STARTS {
        yardstick.sample(anything).await?;
        for Measured {
            operation,
            scene,
            subject,
            ..
        } in &mut all
        {
            subject.sample(|| (operation.ask)(scene)).await?;
        }
    }
    yardstick.count_instructions(anything).await?;
    for Measured {
        operation,
        scene,
        subject,
        ..
    } in &mut all
    {
        subject.count_instructions(|| (operation.ask)(scene)).await?;
    }
    rows(&yardstick, &all)
}

/// Makes what the operation needs to be there, on an Entity of its own.
async fn prepare(operation: &Operation, number: usize, function: &mut Environment) -> Result<Scene, Failure> {
    let mut scene = Scene {
        identity: format!("measured-entity-{number:03}"),
        made: Vec::new(),
    };
    for ask in operation.before {
        let (_, made) = ask(&scene).send(function).await?;
        scene.made.push(made);
    }
    Ok(scene)
}

/// Calls to DynamoDB by one warm request. The first one is DynamoDB's to answer, so that what is recorded is what it really says.
async fn calls(
    operation: &Operation,
    scene: &Scene,
    subject: &Subject,
    wire: &Wire,
) -> Result<usize, Failure> {
    let mut function = subject.start().await?;
    (operation.ask)(scene).send(&mut function).await?;
    let before = wire.calls();
    (operation.ask)(scene).send(&mut function).await?;
    Ok(wire.calls() - before)
}

fn rows(yardstick: &Subject, all: &[Measured]) -> Result<String, Failure> {
    let mut table = String::from(
        "| a warm request, over TLS | calls to DynamoDB | instructions, thousands | at the most | of the yardstick's | processor time, µs |\n",
    );
    writeln!(table, "|{}", "---|".repeat(6))?;
    let mut row = |subject: &Subject, calls: usize, at_most: Option<u32>| {
        let warm = |subject: &Subject| Some(subject.instructions.as_ref()?.warm);
        let (thousands, ratio) = match (warm(subject), warm(yardstick)) {
            (Some(warm), Some(least)) => (short(warm), short(warm / least)),
            _ => Default::default(),
        };
        let at_most = at_most.map(|limit| limit.to_string()).unwrap_or_default();
        let cpu = spread(subject.quartiles(|sample| sample.cpu));
        writeln!(
            table,
            "| {} | {calls} | {thousands} | {at_most} | {ratio} | {cpu} |",
            subject.name
        )
    };
    row(yardstick, 0, None)?;
    for measured in all {
        row(&measured.subject, measured.calls, measured.operation.at_most)?;
    }
    Ok(table)
}
