//! A table of the memory of one function over 100,000 requests: `cargo bench --bench lambda -- soak`, which takes minutes.

use std::fmt::Write as _;

use crate::Failure;
use crate::binaries::Binaries;
use crate::figures::short;
use crate::process::{peak_memory, resident_memory};
use crate::scene::{Ask, Scene};
use crate::subject::Subject;
use crate::surroundings::Surroundings;

const REQUESTS: usize = 100_000;
/// Requests from one look at the memory to the next.
const BETWEEN: usize = 10_000;

/// What each user does, and then never comes again.
const LIVES: [&[Ask]; 2] = [
    &[
        Scene::create_totp_factor,
        Scene::fetch_factor,
        Scene::verify_totp_factor,
        Scene::create_challenge_with_code,
        Scene::fetch_entity,
    ],
    &[
        Scene::create_access_token,
        Scene::enrol,
        Scene::verify_push_factor,
        Scene::create_challenge,
        Scene::answer_by_signature,
    ],
];

pub(crate) async fn table(binaries: &Binaries, around: &Surroundings) -> Result<String, Failure> {
    let subject = Subject::new("function", &binaries.function, around.direct());
    let mut function = subject.start().await?;
    let mut table = String::from("| requests | resident, MB | at the most, MB |\n|--:|--:|--:|\n");
    let mut requests = 0;
    let users = (0..).flat_map(|user| LIVES.map(|life| (user, life)));
    for (number, (user, life)) in users.enumerate() {
        let mut scene = Scene::new(&format!("soaked-user-{user}-{}", number % LIVES.len()));
        for ask in life {
            if requests % BETWEEN == 0 {
                let (resident, most) = (resident_memory(&function)?, peak_memory(&function)?);
                writeln!(table, "| {requests} | {} | {} |", short(resident), short(most))?;
            }
            if requests == REQUESTS {
                return Ok(table);
            }
            scene.ask(*ask, &mut function).await?;
            requests += 1;
        }
    }
    Ok(table)
}
