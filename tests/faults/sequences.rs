//! Many faults, at random.

use std::collections::BTreeSet;

use harness::faults::Fault;

use crate::support;
use crate::{Faulty, create, is_promised};

/// How many random sequences a run has; `FAULT_SEQUENCES` sets another number.
const SEQUENCES: u64 = 2_000;

/// Sequences that are under way at once.
const WORKERS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn random_sequences_of_faults_lose_nothing_and_make_nothing_twice() {
    let number = |variable: &str| {
        std::env::var(variable)
            .ok()
            .and_then(|number| number.parse::<u64>().ok())
    };
    let seed = number("FAULT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let sequences = number("FAULT_SEQUENCES").unwrap_or(SEQUENCES);
    println!("FAULT_SEED={seed} FAULT_SEQUENCES={sequences}");
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS as u64 {
        workers.spawn(async move {
            let mut faulty = Faulty::start().await;
            for sequence in (worker..sequences).step_by(WORKERS) {
                // Retries are paid from a budget that faults use up; a new function has a new one.
                faulty.app = faulty.function.instance_by_way_of(&faulty.proxy.endpoint());
                random_sequence(
                    &faulty,
                    fastrand::Rng::with_seed(seed ^ sequence),
                    &format!("sequence-{sequence}"),
                )
                .await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        assert!(
            worker.is_ok(),
            "to see it again: FAULT_SEED={seed} FAULT_SEQUENCES={sequences}"
        );
    }
}

async fn random_sequence(faulty: &Faulty, mut random: fastrand::Rng, identity: &str) {
    let mut answered = BTreeSet::new();
    let (mut unknowable, mut unanswered) = (0, Vec::new());
    for step in 0..random.usize(1..=3) {
        let script = support::random_faults(&mut random);
        let key = random.bool().then(|| format!("{identity}-step-{step}"));
        let event = create(identity, key.as_deref());
        faulty.proxy.script(&script, Fault::None);
        let answer = faulty.invoke(&event).await;
        assert!(is_promised(&answer), "{identity} {script:?}: {answer:?}");
        match (answer.status, key) {
            (201, _) => assert!(
                answered.insert(answer.text("sid")),
                "{identity}: a Factor was answered twice"
            ),
            (_, Some(_)) => unanswered.push(event),
            (_, None) => unknowable += 1,
        }
    }
    faulty.proxy.script(&[], Fault::None);
    for event in unanswered {
        let answer = faulty.invoke(&event).await;
        assert_eq!(answer.status, 201, "{identity}");
        answered.insert(answer.text("sid"));
    }
    let there = faulty.factors(identity).await;
    assert!(
        there.is_superset(&answered),
        "{identity}: a Factor that was answered is lost"
    );
    assert!(
        there.len() <= answered.len() + unknowable,
        "{identity}: a Factor that nobody was told of"
    );
}
