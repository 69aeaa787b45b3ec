//! A table of whether a create and a login take longer the more Factors and Challenges an Entity has, the database's time included.

use std::fmt::Write as _;

use harness::lambda::Environment;
use harness::local;

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::{micros, quartiles, spread};
use crate::scene::Scene;
use crate::subject::Subject;
use crate::surroundings::Surroundings;

/// Times that each is measured.
const SAMPLES: usize = 99;
/// The most totp Factors that an Entity can have.
const FACTORS: usize = 100;
/// Challenges of an Entity that has many: 100 a day, which are as many as a Factor can have, for a month.
const CHALLENGES: usize = 3000;

pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let subject = Subject::new("function", &binaries.function, around.direct());
    let mut function = subject.start().await?;
    let (mut create_first, mut log_in_alone, mut create_last) = (Vec::new(), Vec::new(), Vec::new());
    for entity in 0..SAMPLES {
        let mut scene = Scene::new(&format!("full-entity-{entity:03}"));
        create_first.push(scene.ask(Scene::create_totp_factor, &mut function).await?);
        scene.ask(Scene::verify_totp_factor, &mut function).await?;
        log_in_alone.push(
            scene
                .ask(Scene::create_challenge_with_code, &mut function)
                .await?,
        );
        for _ in 2..FACTORS {
            scene.ask(Scene::create_totp_factor, &mut function).await?;
        }
        create_last.push(scene.ask(Scene::create_totp_factor, &mut function).await?);
    }
    let log_in_among_factors = logins("entity-of-factors", 0, &mut function, around).await?;
    let log_in_among_challenges = logins("entity-of-challenges", CHALLENGES, &mut function, around).await?;

    let mut table = String::from(
        "| | Factors of the Entity | its Challenges, at first | median (quartiles), µs |\n|---|--:|--:|---|\n",
    );
    let (create, log_in) = ("create a totp Factor", "create a Challenge with its code");
    for (what, factors, challenges, times) in [
        (create, 0, 0, create_first),
        (create, FACTORS - 1, 1, create_last),
        (log_in, 1, 0, log_in_alone),
        (log_in, FACTORS, 1, log_in_among_factors),
        (log_in, FACTORS, CHALLENGES, log_in_among_challenges),
    ] {
        let times = spread(quartiles(times.into_iter().map(micros).collect()));
        writeln!(table, "| {what} | {factors} | {challenges} | {times} |")?;
    }
    Ok(table)
}

/// What logins take on an Entity that is full of Factors, by another one each time, and has at least so many Challenges.
async fn logins(
    identity: &str,
    challenges: usize,
    function: &mut Environment,
    around: &Surroundings,
) -> Result<Vec<std::time::Duration>, Failure> {
    let mut scenes = Vec::new();
    for _ in 0..FACTORS {
        let mut scene = Scene::new(identity);
        scene.ask(Scene::create_totp_factor, function).await?;
        scene.ask(Scene::verify_totp_factor, function).await?;
        scenes.push(scene);
    }
    let mut first = scenes.swap_remove(0);
    first.ask(Scene::create_challenge, function).await?;
    let partition = format!("{}/{identity}", local::SERVICE_SID);
    around.copy(&partition, first.last_sid(), challenges).await?;
    let mut times = Vec::new();
    for scene in &mut scenes {
        times.push(scene.ask(Scene::create_challenge_with_code, function).await?);
    }
    Ok(times)
}
