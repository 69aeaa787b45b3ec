//! What came of all rounds of a scenario, and the table of it that a run prints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// What came of some rounds of a scenario.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) rounds: u64,
    /// Writes of the items that the rounds are about, without those that made them.
    pub(crate) writes: u64,
    /// Calls to DynamoDB.
    pub(crate) calls: usize,
    answers: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts an answer of this kind.
    pub(crate) fn add(&mut self, kind: &str) {
        *self.answers.entry(kind.to_owned()).or_default() += 1;
    }

    /// Counts what another one did.
    pub(crate) fn add_all(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.writes += other.writes;
        self.calls += other.calls;
        for (kind, number) in &other.answers {
            *self.answers.entry(kind.clone()).or_default() += number;
        }
    }
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) scenario: &'static str,
    pub(crate) faulty: bool,
    pub(crate) tally: Tally,
    pub(crate) time: Duration,
}

/// The table in Markdown, with a column for each kind of answer.
pub(crate) fn table(rows: &[Row]) -> String {
    let answers = rows.iter().flat_map(|row| row.tally.answers.keys());
    let kinds: BTreeSet<&String> = answers.collect();
    let mut text = "\n| scenario | faults | rounds | requests |".to_owned();
    for kind in &kinds {
        let _ = write!(text, " {kind} |");
    }
    text += " writes | DynamoDB calls | seconds |\n|---|---|";
    text += &"--:|".repeat(kinds.len() + 5);
    for row in rows {
        let tally = &row.tally;
        let faults = if row.faulty { "random" } else { "none" };
        let (rounds, requests) = (tally.rounds, tally.answers.values().sum::<u64>());
        let _ = write!(text, "\n| {} | {faults} | {rounds} | {requests} |", row.scenario);
        for kind in &kinds {
            let _ = write!(text, " {} |", tally.answers.get(*kind).unwrap_or(&0));
        }
        let seconds = row.time.as_secs_f64();
        let _ = write!(text, " {} | {} | {seconds:.0} |", tally.writes, tally.calls);
    }
    text
}
