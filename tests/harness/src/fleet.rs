//! A fleet: processes of the real binary on one table, which work off one queue of requests from one moment on.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::dynamo::Dynamo;
use crate::faults::{Fault, FaultProxy};
use crate::kms::Kms;
use crate::lambda::Environment;
use crate::local;

/// A request is tried again so often, at the most. What collides does so a few times, and faults are fewer.
const MOST_TRIES: usize = 100;

/// Processes of the function, each with one request at a time, as Lambda has them.
pub struct Fleet {
    binary: PathBuf,
    /// The function's variables, but for DynamoDB's address.
    table_name: String,
    kms: String,
    members: Vec<Member>,
}

/// A process, and what it reaches its DynamoDB through.
struct Member {
    function: Environment,
    proxy: FaultProxy,
}

/// A request in the queue.
#[derive(Clone, Debug)]
pub struct Request {
    /// The event that a process is handed.
    pub event: Value,
    /// What happens to the calls to DynamoDB of the first try, of the second and so on. Those of further ones go through.
    pub faults: Vec<Vec<Fault>>,
}

/// One try of a request.
#[derive(Debug)]
pub struct Try {
    /// What the process replied.
    pub reply: Value,
    /// Calls to DynamoDB.
    pub calls: usize,
    /// Whether one that writes came through to DynamoDB, whether or not it said no.
    pub may_have_written: bool,
}

impl Fleet {
    /// Starts so many processes on a table, and waits until all of them are ready.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub async fn start(binary: &str, size: usize, dynamo: &Dynamo, kms: &Kms) -> io::Result<Self> {
        let mut fleet = Self {
            binary: PathBuf::from(binary),
            table_name: dynamo.table_name.clone(),
            kms: kms.endpoint.clone(),
            members: Vec::with_capacity(size),
        };
        for _ in 0..size {
            let proxy = FaultProxy::start(&dynamo.endpoint).await?;
            let function = fleet.start_process(&proxy).await?;
            fleet.members.push(Member { function, proxy });
        }
        fleet.ready().await?;
        Ok(fleet)
    }

    /// Replaces every process by a new one, as Lambda does sooner or later. A process pays retries from a budget that faults
    /// use up; a new one has all of it.
    ///
    /// # Errors
    /// When the binary cannot be started.
    pub async fn renew(&mut self) -> io::Result<()> {
        for mut member in std::mem::take(&mut self.members) {
            member.proxy.script(&[], Fault::None);
            member.function = self.start_process(&member.proxy).await?;
            self.members.push(member);
        }
        self.ready().await
    }

    /// The tries of each of these requests: the last one, and before it those that were told to try again, which is done as a new
    /// request at the end of the queue. All processes begin at one moment, and each takes the next request when it is done
    /// with one.
    ///
    /// # Panics
    /// When a process ends, or a request never gets another answer than to try again.
    pub async fn work_off(&mut self, requests: Vec<Request>) -> Vec<Vec<Try>> {
        let queue = Arc::new(Mutex::new(Queue::of(requests)));
        let start = Arc::new(Barrier::new(self.members.len()));
        let mut working = JoinSet::new();
        for mut member in self.members.drain(..) {
            let (queue, start) = (Arc::clone(&queue), Arc::clone(&start));
            working.spawn(async move {
                start.wait().await;
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((number, event, faults)) = next else {
                        break member;
                    };
                    let tried = member.answer(&event, &faults).await;
                    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                    queue.tried(number, tried);
                }
            });
        }
        self.members = working.join_all().await;
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut queue.tries)
    }

    async fn start_process(&self, proxy: &FaultProxy) -> io::Result<Environment> {
        let mut function = Command::new(&self.binary);
        function
            .env_clear()
            .envs(local::environment(&self.table_name, &proxy.endpoint(), &self.kms))
            // A line for each of thousands of requests; what a panic says goes elsewhere.
            .stdout(Stdio::null());
        Environment::start_command(function).await
    }

    async fn ready(&mut self) -> io::Result<()> {
        for member in &mut self.members {
            if !member.function.ready().await {
                return Err(io::Error::other("a process ended before it was ready"));
            }
        }
        Ok(())
    }
}

impl Member {
    async fn answer(&mut self, event: &Value, faults: &[Fault]) -> Try {
        const READS: [&str; 3] = ["BatchGetItem", "GetItem", "Query"];
        self.proxy.script(faults, Fault::None);
        let reply = self.function.reply(event).await;
        let forwarded = self.proxy.forwarded();
        Try {
            reply,
            calls: self.proxy.calls().len(),
            may_have_written: forwarded.iter().any(|call| !READS.contains(&call.as_str())),
        }
    }
}

impl Try {
    /// Whether the reply says to try again: DynamoDB throttles, cannot be reached in time, or writers of one item keep colliding.
    /// Whether anything was written, the caller cannot know.
    #[must_use]
    pub fn is_to_be_repeated(&self) -> bool {
        let body = self.reply["body"].as_str().unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        matches!(body["code"].as_u64(), Some(20429 | 20503))
    }
}

/// Requests that wait, by their numbers, and the tries of all.
struct Queue {
    requests: Vec<Request>,
    waiting: VecDeque<usize>,
    tries: Vec<Vec<Try>>,
}

impl Queue {
    fn of(requests: Vec<Request>) -> Self {
        Self {
            waiting: (0..requests.len()).collect(),
            tries: requests.iter().map(|_| Vec::new()).collect(),
            requests,
        }
    }

    /// The next request: its number, its event, and what happens to the calls of this try.
    fn next(&mut self) -> Option<(usize, Value, Vec<Fault>)> {
        let number = self.waiting.pop_front()?;
        let (request, tries) = (self.requests.get(number)?, self.tries.get(number)?);
        let faults = request.faults.get(tries.len()).cloned().unwrap_or_default();
        Some((number, request.event.clone(), faults))
    }

    fn tried(&mut self, number: usize, tried: Try) {
        if tried.is_to_be_repeated() {
            self.waiting.push_back(number);
        }
        if let Some(tries) = self.tries.get_mut(number) {
            tries.push(tried);
            assert!(tries.len() < MOST_TRIES, "it never gets through: {tries:?}");
        }
    }
}
