//! What came of all rounds of a scenario, and the table of it that a run prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// What came of all rounds of a scenario.
pub(crate) struct Tally {
    scenario: &'static str,
    faulty: bool,
    pub(crate) rounds: u64,
    /// Writes of the items that the rounds are about, without those that made them.
    pub(crate) writes: u64,
    /// Calls to DynamoDB.
    pub(crate) calls: usize,
    /// What the rounds took, without their preparation.
    pub(crate) time: Duration,
    answers: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn of(scenario: &'static str, faulty: bool) -> Self {
        Self {
            scenario,
            faulty,
            rounds: 0,
            writes: 0,
            calls: 0,
            time: Duration::ZERO,
            answers: BTreeMap::new(),
        }
    }

    /// Counts an answer of this kind.
    pub(crate) fn add(&mut self, kind: &str) {
        *self.answers.entry(kind.to_owned()).or_default() += 1;
    }
}

/// The tallies as a table in Markdown, with a column for each kind of answer.
pub(crate) fn table(tallies: &[Tally]) -> String {
    let kinds: BTreeSet<&String> = tallies.iter().flat_map(|tally| tally.answers.keys()).collect();
    let mut text = "\n| scenario | faults | rounds | requests |".to_owned();
    for kind in &kinds {
        let _ = write!(text, " {kind} |");
    }
    text += " writes | DynamoDB calls | seconds |\n|---|---|";
    text += &"--:|".repeat(kinds.len() + 5);
    for tally in tallies {
        let faults = if tally.faulty { "random" } else { "none" };
        let requests: u64 = tally.answers.values().sum();
        let _ = write!(
            text,
            "\n| {} | {faults} | {} | {requests} |",
            tally.scenario, tally.rounds
        );
        for kind in &kinds {
            let _ = write!(text, " {} |", tally.answers.get(*kind).unwrap_or(&0));
        }
        let seconds = tally.time.as_secs_f64();
        let _ = write!(text, " {} | {} | {seconds:.0} |", tally.writes, tally.calls);
    }
    text
}
