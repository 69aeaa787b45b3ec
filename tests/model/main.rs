//! Random histories of what the account does, and devices, and those that enrol, on a few Services, Entities, Factors, Challenges and Access
//! Tokens, run against the whole function and against a plain model of the contract: any difference prints its seed and the shortest
//! history that shows it.
//!
//! `history` is what may happen, drawn by `themes` from `draws`; `contract` is what has to come of it, with `entities`, `factor`,
//! `guesses`, `parameters`, `refusal` and `shown`; `devices` is what the users hold. `run` has both do each step and compares, with
//! `services`, `factors`, `lists`, `picks`, `clock`, `end` and `compare`. `challenges` is the same of Challenges, and `callers` of who
//! isn't the account, and of Access Tokens. The model is written from the contract and knows nothing of the code.
//!
//! Where the contract leaves something open, the model reads it so:
//! - Rules of a parameter come before the state of the Factor, also where they depend on its type: a code that is none is
//!   400 on a verified or a disabled Factor too, and not counted. Then comes what its configuration can't be changed to, and
//!   then its guesses.
//! - What is locked on a verified totp Factor is locked beside a code too, as the Factor would be verified afterwards.
//! - `FriendlyName` is the one parameter of an update whose rule doesn't depend on the type: it comes before existence.
//! - A push Factor without a token that is told a platform other than `none` misses `Config.NotificationToken`: 20001.
//! - The retry of the code that verified neither counts nor starts the count anew. Other parameters beside it are applied.
//! - While one waits, or the Factor is disabled, that retry isn't compared either.
//! - An AuthPayload of a push Factor that has a space is 400, as any Base64 value is. Whatever else is no good signature is
//!   403, and none counts.
//! - A wrong code leaves `date_updated`; a right one sets it.
//! - An `Idempotency-Key` is looked at before the limit. A Factor is shown again as it is now, with its `binding`.
//! - A create that meets the limit counts off what is gone, at once 99 of it: one transaction has room for that and the count.
//! - Of several codes that are equal in the window, the one of the latest step is the one that is used.
//! - A Challenge is refused first for the parameters that its Factor's type needs, then for a Factor that isn't verified, then for one
//!   that is disabled, then for the windows, and then for the wait that a code has to wait. An `Idempotency-Key` that was used comes
//!   before all of these but the parameters.
//! - An AuthPayload that a push Challenge ignores is one of the parameters that its retry has to have in common nevertheless.
//! - The retry of a Challenge whose Factor is gone, or whose `ExpirationDate` is over, shows it too: it is there.
//! - What a Challenge says by itself comes before what its Factor says: one that has expired or was answered is that also when the Factor
//!   is gone, and a code that is none is 400 before it is 404 for that. 60308 after five wrong ones is of a Challenge that can be answered.
//! - `Metadata` beside a phone's retry is set. Where it is set, `date_updated` is, too, also where it was the same.
//! - An `ExpirationDate` with a fraction is the next whole second.
//! - Under a Service that was deleted everybody is who they were, so it is 404 for them, as for the account, and 401 for who was nobody.
//! - A JWT that ends before it begins is good at no time. A high S is as good as the other.
//! - In a device's list the `FactorSid` of another Factor is 401, whatever else is wrong with the query; what is no SID is 400.
//! - A create that is refused, or shows what the account made with the same `Idempotency-Key` and parameters, leaves its token as it was.
//! - A name that is the token's is none of the parameters that a retry has to have in common with the first.
//! - With the `Idempotency-Key` of the create that used it up a token lets in any create there: wrong parameters are 400, and other ones
//!   422. Where the key was freed with its Entity, no create is a retry: 401, after the parameters and the Service.
//! - Times are whole seconds: what ends `n` seconds after something is over at that second.
//! - The clock never goes back to before a Factor's expiry that it passed: whether that is there again is nobody's promise.

#![allow(unreachable_pub, reason = "nothing of a test is reachable")]

#[path = "../support/mod.rs"]
mod support;

mod callers;
mod challenges;
mod clock;
mod compare;
mod contract;
mod devices;
mod draws;
mod end;
mod entities;
mod factor;
mod factors;
mod guesses;
mod history;
mod lists;
mod parameters;
mod picks;
mod refusal;
mod run;
mod services;
mod shown;
mod themes;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use compare::Kind;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use support::Function;

/// How many histories a run has; `MODEL_CASES` sets another number.
const CASES: u64 = 100;

/// How many times as many there are at the most, until all of [`MET`] was due.
const PATIENCE: u64 = 5;

/// What so many histories meet, all of it.
const MET: [Kind; 30] = [
    ("account", 200, 0, false),
    ("account", 201, 0, false),
    ("account", 204, 0, false),
    ("account", 400, 20001, false),
    ("account", 400, 60305, false),
    ("account", 400, 60306, false),
    ("account", 400, 60315, false),
    ("account", 403, 60311, false),
    ("account", 403, 60318, false),
    ("account", 403, 60322, false),
    ("account", 403, 60323, false),
    ("account", 403, 60324, false),
    ("account", 404, 20404, false),
    ("account", 405, 20004, false),
    ("account", 409, 60301, false),
    ("account", 422, 20422, false),
    ("account", 429, 60308, false),
    ("account", 429, 60308, true),
    ("account", 429, 60310, false),
    ("account", 429, 60312, true),
    ("device", 200, 0, false),
    ("device", 204, 0, false),
    ("device", 401, 20003, false),
    ("device", 403, 60324, false),
    ("device", 404, 20404, false),
    ("nobody", 401, 20003, false),
    ("token", 201, 0, false),
    ("token", 400, 20001, false),
    ("token", 400, 60306, false),
    ("token", 401, 20003, false),
];

/// Histories that are under way at once, each worker with a table of its own.
const WORKERS: usize = 4;

/// How often, and how long, a history that fails is tried shorter.
const SHRINKING: u32 = 5_000;
const SHRINKING_MILLISECONDS: u32 = 120_000;

#[test]
fn random_histories_go_as_the_contract_says() {
    let number = |variable: &str| std::env::var(variable).ok()?.parse::<u64>().ok();
    let seed = number("MODEL_SEED").unwrap_or_else(|| fastrand::u64(..));
    let cases = number("MODEL_CASES").unwrap_or(CASES);
    println!("MODEL_SEED={seed} MODEL_CASES={cases}");
    let next = AtomicU64::new(0);
    let difference = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(usize::try_from(cases).unwrap_or(WORKERS)) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                let function = runtime.block_on(Function::start());
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    let is_enough = cases < CASES || missed().is_empty() || case >= PATIENCE * cases;
                    if case >= cases && is_enough || difference.lock().unwrap().is_some() {
                        return;
                    }
                    if let Err(found) = one(&runtime, &function, seed.wrapping_add(case)) {
                        difference.lock().unwrap().get_or_insert(found);
                    }
                }
            });
        }
    });
    if let Some(difference) = difference.into_inner().unwrap() {
        panic!("{difference}");
    }
    println!("{:?}", compare::due());
    if cases >= CASES {
        assert!(missed().is_empty(), "no history met {:?}", missed());
    }
}

/// What no history met so far.
fn missed() -> Vec<&'static Kind> {
    let due = compare::due();
    MET.iter().filter(|kind| !due.contains_key(kind)).collect()
}

/// The history that comes of a seed; where the function differs, the shortest that was found.
fn one(runtime: &tokio::runtime::Runtime, function: &Function, seed: u64) -> Result<(), String> {
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: SHRINKING,
        max_shrink_time: SHRINKING_MILLISECONDS,
        rng_seed: RngSeed::Fixed(seed),
        ..Config::default()
    };
    let ran = TestRunner::new(config).run(&themes::histories(), |history| {
        runtime
            .block_on(run::run(function, &history))
            .map_err(TestCaseError::fail)
    });
    ran.map_err(|error| {
        let found = match error {
            TestError::Fail(difference, history) => format!("{difference}\nin {history}"),
            TestError::Abort(reason) => reason.to_string(),
        };
        format!("{found}\nto see it again: MODEL_SEED={seed} MODEL_CASES=1")
    })
}
