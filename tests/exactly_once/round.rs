//! A round: what is asked at one moment, and what is stored then.

use std::fmt;
use std::time::Instant;

use harness::dynamo::Dynamo;
use harness::fleet::{Fleet, Request};
use serde_json::Value;

use crate::support::{self, Answer, item_json};
use crate::tally::Tally;

/// Faults come in the first tries of a request; then it gets through.
const FAULTY_TRIES: usize = 3;

/// The table, and the processes on it.
pub(crate) struct Deployment {
    pub(crate) dynamo: Dynamo,
    pub(crate) fleet: Fleet,
}

/// One round of a scenario.
pub(crate) struct Round<'a> {
    pub(crate) random: fastrand::Rng,
    deployment: &'a mut Deployment,
    tally: &'a mut Tally,
    faulty: bool,
}

impl<'a> Round<'a> {
    pub(crate) fn new(
        deployment: &'a mut Deployment,
        tally: &'a mut Tally,
        random: fastrand::Rng,
        faulty: bool,
    ) -> Self {
        tally.rounds += 1;
        Self {
            random,
            deployment,
            tally,
            faulty,
        }
    }

    /// The answer to what prepares the round.
    pub(crate) async fn prepare(&mut self, event: Value) -> Answer {
        let request = Request {
            event,
            faults: Vec::new(),
        };
        let replies = self.deployment.fleet.work_off(vec![request]).await;
        let reply = replies.first().and_then(|replies| replies.last());
        Answer::new(reply.expect("a reply"))
    }

    /// The answers to these requests, which all processes begin with at one moment.
    pub(crate) async fn at_once(&mut self, events: Vec<Value>) -> Vec<Answers> {
        let requests = events.into_iter().map(|event| {
            let tries = if self.faulty { FAULTY_TRIES } else { 0 };
            let faults = (0..tries).map(|_| support::random_faults(&mut self.random));
            Request {
                event,
                faults: faults.collect(),
            }
        });
        let requests: Vec<Request> = requests.collect();
        let fleet = &mut self.deployment.fleet;
        let (calls, started) = (fleet.calls(), Instant::now());
        let replies = fleet.work_off(requests).await;
        self.tally.time += started.elapsed();
        self.tally.calls += fleet.calls() - calls;
        let answers: Vec<Answers> = replies.iter().map(|replies| Answers::of(replies)).collect();
        for answer in answers.iter().flat_map(|answers| &answers.0) {
            self.tally.add(&kind(answer));
        }
        answers
    }

    /// An item as it is stored now, after a first write and those that the round made.
    pub(crate) async fn stored(&mut self, pk: &str, sk: &str) -> Value {
        let item = self.deployment.dynamo.item(pk, sk).await.expect("the item");
        let item = item_json(&item);
        self.tally.writes += writes(&item);
        item
    }
}

/// How often an item was written since it was created.
pub(crate) fn writes(item: &Value) -> u64 {
    item["revision"].as_u64().expect("a revision") - 1
}

/// The answers to one request: those that said to try again, and the last one.
pub(crate) struct Answers(Vec<Answer>);

/// What they are, in a failed test that shows all 64.
impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.0.iter().map(kind).collect();
        formatter.write_str(&kinds.join(", then "))
    }
}

impl Answers {
    fn of(replies: &[Value]) -> Self {
        Self(replies.iter().map(Answer::new).collect())
    }

    /// What the last one is: the resource's status, or the error's code.
    pub(crate) fn end(&self) -> String {
        kind(self.0.last().expect("an answer"))
    }

    /// Tries of which nobody was told what came of them.
    pub(crate) fn untold(&self) -> u64 {
        self.0.len() as u64 - 1
    }
}

/// What an answer is: the resource's status, or the error's code. It has a `Retry-After` where the contract promises one, and
/// nowhere else.
fn kind(answer: &Answer) -> String {
    let json = answer.json();
    let kind = match json["code"].as_u64() {
        None => answer.text("status"),
        Some(code) => code.to_string(),
    };
    let retry_after = answer.header("retry-after");
    match kind.as_str() {
        "20429" | "20503" | "60308" => assert!(retry_after.parse::<u64>().is_ok(), "{answer:?}"),
        _ => assert_eq!(retry_after, "", "{answer:?}"),
    }
    kind
}
