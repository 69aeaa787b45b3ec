//! Exactly once, as the real binary has it: eight processes on one table are asked the same at one moment, over and over, with
//! a new Factor each round, without faults and under random ones. What they answered has to agree with what is stored then.

mod round;
#[path = "../support/mod.rs"]
mod support;
mod tally;
mod verifications;

use harness::dynamo::Dynamo;
use harness::fleet::Fleet;
use harness::kms::Kms;
use harness::local;

use round::{Deployment, Round};
use tally::Tally;

/// Processes of the function.
const PROCESSES: usize = 8;

/// Requests in a round.
const AT_ONCE: usize = 64;

/// How many rounds of each scenario a run has; `ROUNDS` sets another number.
const ROUNDS: u64 = 5;

/// Under faults the processes are new after so many rounds.
const ROUNDS_OF_A_PROCESS: u64 = 10;

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
enum Scenario {
    OneRightCode,
    WrongCodes,
    OneRightAmongWrongCodes,
}

impl Scenario {
    const ALL: [Self; 3] = [
        Self::OneRightCode,
        Self::WrongCodes,
        Self::OneRightAmongWrongCodes,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::OneRightCode => "verify: one right code, by all",
            Self::WrongCodes => "verify: wrong codes, all different",
            Self::OneRightAmongWrongCodes => "verify: one right among wrong codes",
        }
    }

    async fn play(self, round: &mut Round<'_>) {
        match self {
            Self::OneRightCode => verifications::one_right_code(round).await,
            Self::WrongCodes => verifications::wrong_codes(round).await,
            Self::OneRightAmongWrongCodes => verifications::one_right_among_wrong_codes(round).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_at_once_a_code_is_good_once_and_a_guess_counts_once() {
    let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
    let seed = number("FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number("ROUNDS").unwrap_or(ROUNDS);
    println!("FAULT_SEED={seed} ROUNDS={rounds}");

    let (dynamo, kms) = tokio::join!(Dynamo::start(), Kms::start());
    dynamo.put(local::service_item()).await;
    let binary = env!("CARGO_BIN_EXE_verify-factors");
    let fleet = Fleet::start(binary, PROCESSES, &dynamo, &kms).await.unwrap();
    let mut deployment = Deployment { dynamo, fleet };
    let mut tallies = Vec::new();
    for faulty in [false, true] {
        for scenario in Scenario::ALL {
            let mut tally = Tally::of(scenario.name(), faulty);
            for number in 0..rounds {
                if faulty && number % ROUNDS_OF_A_PROCESS == 0 {
                    deployment.fleet.renew().await.unwrap();
                }
                println!("{} number {number}, faults: {faulty}", scenario.name());
                let random = fastrand::Rng::with_seed(seed ^ number);
                let mut round = Round::new(&mut deployment, &mut tally, random, faulty);
                scenario.play(&mut round).await;
            }
            tallies.push(tally);
        }
    }
    println!("{}", tally::table(&tallies));
}
