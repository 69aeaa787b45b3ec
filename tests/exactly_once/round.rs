//! A round: what is asked at one moment, and what is stored then.

use std::fmt;

use harness::dynamo::Dynamo;
use harness::faults::Fault;
use harness::fleet::{Fleet, Request, Try};
use harness::kms::Kms;
use harness::local;
use serde_json::Value;

use crate::support::{self, Answer, item_json};
use crate::tally::Tally;

/// Faults come in the first tries of a request; then it gets through.
const FAULTY_TRIES: usize = 3;

/// The table, and the processes on it.
pub(crate) struct Deployment {
    dynamo: Dynamo,
    _kms: Kms,
    fleet: Fleet,
}

impl Deployment {
    pub(crate) async fn start(processes: usize) -> Self {
        let (dynamo, kms) = tokio::join!(Dynamo::start(), Kms::start());
        dynamo.put(local::service_item()).await;
        let binary = std::env::var("TEST_FUNCTION");
        let binary = binary.unwrap_or_else(|_| env!("CARGO_BIN_EXE_verify-factors").to_owned());
        let fleet = Fleet::start(&binary, processes, &dynamo, &kms).await;
        Self {
            fleet: fleet.expect("the function, which starts"),
            dynamo,
            _kms: kms,
        }
    }

    /// The same table with new processes.
    pub(crate) async fn renew(&mut self) {
        self.fleet
            .renew()
            .await
            .expect("the function, which starts again");
    }
}

/// One round of a scenario.
pub(crate) struct Round<'a> {
    pub(crate) deployment: &'a mut Deployment,
    pub(crate) tally: &'a mut Tally,
    pub(crate) random: fastrand::Rng,
    /// Whether there are random faults between the function and DynamoDB.
    pub(crate) faulty: bool,
}

impl Round<'_> {
    /// The answer to what prepares the round.
    pub(crate) async fn prepare(&mut self, event: Value) -> Answer {
        let request = Request {
            event,
            faults: Vec::new(),
        };
        let tries = self.deployment.fleet.work_off(vec![request]).await;
        let last = tries.first().and_then(|tries| tries.last());
        Answer::new(&last.expect("a reply").reply)
    }

    /// The answers to these requests, which all processes begin with at one moment.
    pub(crate) async fn at_once(&mut self, events: Vec<Value>) -> Vec<Answers> {
        let requests = events.into_iter().map(|event| {
            let tries = if self.faulty { FAULTY_TRIES } else { 0 };
            let faults = (0..tries).map(|_| {
                // In half of them the first call, which reads, goes well, so that more happens to writes.
                let read = self.random.bool().then_some(Fault::None);
                read.into_iter()
                    .chain(support::random_faults(&mut self.random))
                    .collect()
            });
            Request {
                event,
                faults: faults.collect(),
            }
        });
        let requests: Vec<Request> = requests.collect();
        let tries = self.deployment.fleet.work_off(requests).await;
        let answers: Vec<Answers> = tries.iter().map(|tries| Answers::to(tries)).collect();
        self.tally.calls += tries.iter().flatten().map(|one| one.calls).sum::<usize>();
        for kind in answers.iter().flat_map(|answers| &answers.kinds) {
            self.tally.add(kind);
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

/// The answers to one request, by their kinds: those that said to try again, and the last one.
pub(crate) struct Answers {
    kinds: Vec<String>,
    untold: u64,
}

impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.kinds.join(", then "))
    }
}

impl Answers {
    fn to(tries: &[Try]) -> Self {
        let untold = |one: &&Try| one.is_to_be_repeated() && one.may_have_written;
        Self {
            kinds: tries.iter().map(|one| kind(&Answer::new(&one.reply))).collect(),
            untold: tries.iter().filter(untold).count() as u64,
        }
    }

    /// What the last one is.
    pub(crate) fn end(&self) -> &str {
        self.kinds.last().map_or("", String::as_str)
    }

    /// Tries that may have written something, of which nobody was told whether they did.
    pub(crate) fn untold(&self) -> u64 {
        self.untold
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
