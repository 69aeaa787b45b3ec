//! What is measured: a binary and how it is run, started many times and sent requests.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use harness::lambda::Environment;
use tokio::process::Command;

use crate::Failure;
use crate::figures::{count, micros, millis, quartiles};
use crate::process::{peak_memory, processor_time};
use crate::request::Request;
use crate::surroundings::Variables;

/// Warm requests after each start.
const WARM_REQUESTS: usize = 300;
/// Warm requests over which instructions are counted; they repeat to about 1 %.
pub(crate) const COUNTED_REQUESTS: usize = 100;

/// A binary and how it is run.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    pub(crate) instructions: Option<Instructions>,
    variables: Variables,
    samples: Vec<Sample>,
}

/// One start and what came after it.
pub(crate) struct Sample {
    /// From the start of the process until it asks for the first event, ms.
    pub(crate) init: f64,
    /// The first request, ms.
    pub(crate) first: f64,
    /// The median of the warm requests, µs.
    pub(crate) warm: f64,
    /// Processor time for a warm request, µs.
    pub(crate) cpu: f64,
    /// The most memory that was resident, MB.
    pub(crate) peak: f64,
}

/// Thousands of instructions.
pub(crate) struct Instructions {
    pub(crate) init: f64,
    pub(crate) first: f64,
    pub(crate) warm: f64,
}

impl Subject {
    pub(crate) fn new(name: &'static str, binary: &Path, variables: Variables) -> Self {
        Self {
            name,
            binary: binary.to_owned(),
            variables,
            samples: Vec::new(),
            instructions: None,
        }
    }

    /// Starts it, and waits until that is over.
    pub(crate) async fn start(&self) -> Result<Environment, Failure> {
        self.start_command(self.command(&self.binary)).await
    }

    async fn start_command(&self, command: Command) -> Result<Environment, Failure> {
        let mut function = Environment::start_command(command).await?;
        if function.ready().await {
            Ok(function)
        } else {
            Err(format!("{} doesn't start", self.name).into())
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.variables.iter().cloned())
            .stdout(Stdio::null());
        command
    }

    /// Starts it once, and sends it a first request and warm ones.
    pub(crate) async fn sample(&mut self, mut next: impl FnMut() -> Request) -> Result<(), Failure> {
        let started = Instant::now();
        let mut function = self.start().await?;
        let init = started.elapsed();
        let (first, _) = next().send(&mut function).await?;
        let mut warm = Vec::new();
        let before = processor_time(&function)?;
        for _ in 0..WARM_REQUESTS {
            warm.push(micros(next().send(&mut function).await?.0));
        }
        let spent = processor_time(&function)?.saturating_sub(before);
        self.samples.push(Sample {
            init: millis(init),
            first: millis(first),
            warm: quartiles(warm)[1],
            cpu: micros(spent) / count(WARM_REQUESTS),
            peak: peak_memory(&function)?,
        });
        Ok(())
    }

    /// Runs it three times, each longer than the last: the differences are what the requests take.
    pub(crate) async fn count_instructions(
        &mut self,
        mut next: impl FnMut() -> Request,
    ) -> Result<(), Failure> {
        let mut totals = Vec::new();
        for requests in [0, 1, 1 + COUNTED_REQUESTS] {
            totals.extend(self.run_counted(requests, &mut next).await?);
        }
        if let [start, one, all] = totals[..] {
            self.instructions = Some(Instructions {
                init: start,
                first: one - start,
                warm: (all - one) / count(COUNTED_REQUESTS),
            });
        }
        Ok(())
    }

    /// Thousands of instructions of a start and so many requests, by callgrind; `None` where that isn't installed.
    pub(crate) async fn run_counted(
        &self,
        requests: usize,
        mut next: impl FnMut() -> Request,
    ) -> Result<Option<f64>, Failure> {
        let Some(valgrind) = find("valgrind") else {
            return Ok(None);
        };
        let mut command = self.command(&valgrind);
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&self.binary)
            .stderr(Stdio::piped());
        let mut function = self.start_command(command).await?;
        for _ in 0..requests {
            next().send(&mut function).await?;
        }
        let output = String::from_utf8(function.terminate().await?.stderr)?;
        let collected = output
            .lines()
            .find_map(|line| line.split_once("Collected :"))
            .ok_or("callgrind counted nothing")?;
        Ok(Some(collected.1.trim().parse::<f64>()? / 1e3))
    }

    /// The quartiles of something that was measured at each start.
    pub(crate) fn quartiles(&self, of: impl Fn(&Sample) -> f64) -> [f64; 3] {
        quartiles(self.samples.iter().map(of).collect())
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
