//! Exactly once, as the real binary has it: eight processes on one table are asked the same at one moment, over and over, with
//! a new Factor each round, without faults and under random ones. What they answered has to agree with what is stored then.

mod challenges;
mod enrolments;
mod round;
#[path = "../support/mod.rs"]
mod support;
mod tally;
mod verifications;

use std::time::Instant;

use round::{Deployment, Round};
use tally::{Row, Tally};
use tokio::task::JoinSet;

/// Processes of the function.
const PROCESSES: usize = 8;

/// Requests in a round.
const AT_ONCE: usize = 64;

/// How many rounds of each scenario a run has; `ROUNDS` sets another number, and `SCENARIO` plays only those whose name has it.
const ROUNDS: u64 = 5;

/// So many rounds that wait most of the time are under way at once, each on a table with processes of its own: those with faults, and
/// those of Challenges, whose writers collide.
const LANES: u64 = 4;

/// Under faults the processes are new after so many rounds.
const ROUNDS_OF_A_PROCESS: u64 = 10;

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
enum Scenario {
    OneRightCode,
    WrongCodes,
    OneRightAmongWrongCodes,
    OneRightCodeForChallenges,
    WrongCodesForChallenges,
    ApprovalsAndDenials,
    OneAccessToken,
}

impl Scenario {
    const ALL: [Self; 7] = [
        Self::OneRightCode,
        Self::WrongCodes,
        Self::OneRightAmongWrongCodes,
        Self::OneRightCodeForChallenges,
        Self::WrongCodesForChallenges,
        Self::ApprovalsAndDenials,
        Self::OneAccessToken,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::OneRightCode => "verify: one right code, by all",
            Self::WrongCodes => "verify: wrong codes, all different",
            Self::OneRightAmongWrongCodes => "verify: one right among wrong codes",
            Self::OneRightCodeForChallenges => "log in: one right code, for 40 Challenges",
            Self::WrongCodesForChallenges => "log in: wrong codes, over 40 Challenges",
            Self::ApprovalsAndDenials => "log in: a phone's yes and no",
            Self::OneAccessToken => "enrol: one Access Token, by 16 phones",
        }
    }

    /// Whether what is asked at once has to wait for each other, and the processor for all of them.
    const fn waits(self) -> bool {
        match self {
            Self::OneRightCode | Self::WrongCodes | Self::OneRightAmongWrongCodes => false,
            Self::OneRightCodeForChallenges
            | Self::WrongCodesForChallenges
            | Self::ApprovalsAndDenials
            | Self::OneAccessToken => true,
        }
    }

    async fn play(self, round: &mut Round<'_>) {
        match self {
            Self::OneRightCode => verifications::one_right_code(round).await,
            Self::WrongCodes => verifications::wrong_codes(round).await,
            Self::OneRightAmongWrongCodes => verifications::one_right_among_wrong_codes(round).await,
            Self::OneRightCodeForChallenges => challenges::one_right_code(round).await,
            Self::WrongCodesForChallenges => challenges::wrong_codes(round).await,
            Self::ApprovalsAndDenials => challenges::approvals_and_denials(round).await,
            Self::OneAccessToken => enrolments::one_token(round).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_at_once_a_code_is_good_once_and_a_guess_counts_once() {
    let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
    let seed = number("FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let rounds = number("ROUNDS").unwrap_or(ROUNDS);
    println!("FAULT_SEED={seed} ROUNDS={rounds}");

    let only = std::env::var("SCENARIO").unwrap_or_default();
    let scenarios = || {
        Scenario::ALL
            .into_iter()
            .filter(|scenario| scenario.name().contains(&only))
    };

    let mut rows = Vec::new();
    for faulty in [false, true] {
        for scenario in scenarios() {
            let started = Instant::now();
            let tally = play(scenario, faulty, rounds, seed).await;
            let (scenario, time) = (scenario.name(), started.elapsed());
            println!("{scenario}, faults: {faulty}: done after {} s", time.as_secs());
            rows.push(Row {
                scenario,
                faulty,
                tally,
                time,
            });
        }
    }
    println!("{}", tally::table(&rows));
}

/// Plays all rounds of a scenario.
async fn play(scenario: Scenario, faulty: bool, rounds: u64, seed: u64) -> Tally {
    let lanes = if faulty || scenario.waits() { LANES } else { 1 };
    let mut playing = JoinSet::new();
    for lane in 0..lanes.min(rounds) {
        playing.spawn(async move {
            let mut deployment = Deployment::start(PROCESSES).await;
            let mut tally = Tally::default();
            for number in (lane..rounds).step_by(usize::try_from(lanes).unwrap_or(1)) {
                if faulty && tally.rounds % ROUNDS_OF_A_PROCESS == ROUNDS_OF_A_PROCESS - 1 {
                    deployment.renew().await;
                }
                tally.rounds += 1;
                let mut round = Round {
                    deployment: &mut deployment,
                    tally: &mut tally,
                    random: fastrand::Rng::with_seed(seed ^ number),
                    faulty,
                };
                scenario.play(&mut round).await;
            }
            tally
        });
    }
    let mut all = Tally::default();
    while let Some(tally) = playing.join_next().await {
        let again = "to see the same once more, set FAULT_SEED and ROUNDS as they are above";
        all.add_all(&tally.unwrap_or_else(|_| panic!("{scenario:?}, faults: {faulty}; {again}")));
    }
    all
}
