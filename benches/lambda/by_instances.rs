//! How many requests a second more and more instances answer.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harness::wire::Properties;
use tokio::task::JoinSet;

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::count;
use crate::scene::{Ask, Scene};
use crate::subject::Subject;
use crate::surroundings::Surroundings;

/// What a call takes to DynamoDB.
pub(crate) const LATENCY: Duration = Duration::from_millis(10);
/// How long each number of instances is kept busy.
const BUSY: Duration = Duration::from_secs(3);
/// Numbers of instances.
const INSTANCES: [u32; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What instances are kept busy with, and how much of it they did.
pub(crate) struct Rates {
    pub(crate) name: &'static str,
    /// Requests a second, by the number of instances.
    pub(crate) rates: Vec<(u32, f64)>,
}

/// How many requests a second instances answer, each one at a time, if every call to DynamoDB takes [`LATENCY`].
pub(crate) async fn measure(binaries: &Binaries, around: &Surroundings) -> Result<[Rates; 2], Failure> {
    let direct = Subject::new("function", &binaries.function, around.direct());
    let mut direct = direct.start().await?;
    let factor = Scene::new("busy-with-creates");
    let mut login = Scene::new("busy-with-logins");
    for ask in [Scene::create_totp_factor, Scene::verify_totp_factor] {
        login.ask(ask, &mut direct).await?;
    }
    let create: Ask = Scene::create_totp_factor;
    Ok([
        rates("create a totp Factor", (create, factor), binaries, around).await?,
        rates(
            "create a Challenge with its code",
            (Scene::create_challenge_with_code, login),
            binaries,
            around,
        )
        .await?,
    ])
}

/// All ask the same of one Entity, as DynamoDB's own limits are not what this is about: its answers are replayed.
async fn rates(
    name: &'static str,
    (ask, scene): (Ask, Scene),
    binaries: &Binaries,
    around: &Surroundings,
) -> Result<Rates, Failure> {
    let properties = Properties {
        latency: LATENCY,
        recorded: true,
        tls: false,
    };
    let wire = around.wire(properties).await?;
    let subject = Subject::new("function", &binaries.function, around.by(&wire));
    // What is replayed to all.
    ask(&scene).send(&mut subject.start().await?).await?;
    let mut rates = Vec::new();
    for instances in INSTANCES {
        let mut busy = JoinSet::new();
        for _ in 0..instances {
            let mut function = subject.start().await?;
            let scene = scene.clone();
            busy.spawn(async move {
                ask(&scene).send(&mut function).await?;
                let started = Instant::now();
                let mut requests = 0;
                while started.elapsed() < BUSY {
                    requests += 1;
                    ask(&scene).send(&mut function).await?;
                }
                Ok::<_, Failure>(count(requests) / started.elapsed().as_secs_f64())
            });
        }
        let mut rate = 0.0;
        for instance in busy.join_all().await {
            rate += instance?;
        }
        rates.push((instances, rate));
    }
    Ok(Rates { name, rates })
}

pub(crate) fn table(measured: &[Rates]) -> Result<String, Failure> {
    let mut table = String::from("| requests/s, by instances |");
    for instances in INSTANCES {
        write!(table, " {instances} |")?;
    }
    writeln!(table, "\n|---|{}", "--:|".repeat(INSTANCES.len()))?;
    for Rates { name, rates } in measured {
        write!(table, "| {name} |")?;
        for (_, rate) in rates {
            write!(table, " {rate:.0} |")?;
        }
        writeln!(table)?;
    }
    Ok(table)
}
