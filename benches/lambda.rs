//! The compiled function against a yardstick, each started and called as Lambda does: `cargo bench --bench lambda`.
//!
//! It builds both with the profile of what is deployed, puts a Runtime API and a DynamoDB on this machine around them, and prints tables
//! in Markdown. Where the function alone is of interest, DynamoDB's first answer to each operation is replayed at once, so
//! that none of the time is the database's. Linux only, as it reads `/proc`; instructions are counted where `valgrind` is installed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use harness::dynamo::Dynamo;
use harness::kms::Kms;
use harness::lambda::{Answer, Environment};
use harness::wire::{Properties, Wire};
use harness::{gateway, local};
use tokio::process::Command;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Starts of each subject, in turns.
const STARTS: usize = 31;
/// Warm requests after each start.
const WARM_REQUESTS: usize = 300;
/// Warm requests over which instructions are counted; they repeat to about 1 %.
const COUNTED_REQUESTS: usize = 100;
/// Entities that are filled up with Factors.
const ENTITIES: usize = 101;
/// The most totp Factors that an Entity can have.
const FACTORS: usize = 100;
/// What a request takes to DynamoDB where the function's instances are counted.
const LATENCY: Duration = Duration::from_millis(10);
/// How long each number of instances is kept busy.
const BUSY: Duration = Duration::from_secs(3);
/// Amazon's roots, which the function trusts where the endpoint is AWS's.
const AMAZON_ROOTS: &str = include_str!("../src/aws/amazon_roots.pem");

/// A binary and how it is run.
struct Subject {
    name: &'static str,
    binary: PathBuf,
    variables: Vec<(&'static str, String)>,
    samples: Vec<Sample>,
    instructions: Option<Instructions>,
}

/// One start and what came after it.
struct Sample {
    /// From the start of the process until it asks for the first event, ms.
    init: f64,
    /// The first request, ms.
    first: f64,
    /// The median of the warm requests, µs.
    warm: f64,
    /// Processor time for a warm request, µs.
    cpu: f64,
    /// The most memory that was resident, MB.
    peak: f64,
}

/// Thousands of instructions.
struct Instructions {
    init: f64,
    first: f64,
    warm: f64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let function = build("verify-factors", "--bins").await?.join("verify-factors");
    let yardstick = build("yardstick", "--examples").await?.join("examples/yardstick");
    let dynamo = Dynamo::start().await;
    dynamo.put(local::service_item()).await;
    let kms = Kms::start().await;
    let recorded = Properties {
        recorded: true,
        ..Properties::default()
    };
    let plain = Wire::start(&dynamo.endpoint, recorded).await?;
    let tls = Properties {
        tls: true,
        ..recorded
    };
    let kms_tls = Wire::start(&kms.endpoint, tls).await?;
    let tls = Wire::start(&dynamo.endpoint, tls).await?;
    // What every start but the very first finds.
    make_data_key(&function, &dynamo, &kms).await?;
    let plain = local::environment(&dynamo.table_name, &plain.endpoint, &kms.endpoint);
    let encrypted = |roots: &Path| {
        let mut variables = local::environment(&dynamo.table_name, &tls.endpoint, &kms_tls.endpoint);
        variables.push(("SSL_CERT_FILE", roots.display().to_string()));
        variables
    };
    let roots = format!("{}\n{}", tls.root, kms_tls.root);
    let amazon = trust_store("amazon.pem", AMAZON_ROOTS, &roots)?;
    let system = trust_store("system.pem", &system_roots()?, &roots)?;
    let mut subjects = [
        Subject::new("yardstick", &yardstick, Vec::new()),
        Subject::new("plain HTTP", &function, plain),
        Subject::new("TLS, Amazon's roots", &function, encrypted(&amazon)),
        Subject::new("TLS, the system's roots", &function, encrypted(&system)),
    ];
    let mut events = Events::default();
    for _ in 0..STARTS {
        for subject in &mut subjects {
            subject.sample(&mut events).await?;
        }
    }
    for subject in &mut subjects {
        subject.count_instructions(&mut events).await?;
    }
    println!("\n{}", comparison(&subjects)?);
    println!("{}", by_factors(&function, &dynamo, &kms).await?);
    println!("{}", by_instances(&function, &dynamo, &kms, &mut events).await?);
    Ok(())
}

/// Starts the function once on a table without data keys.
async fn make_data_key(function: &Path, dynamo: &Dynamo, kms: &Kms) -> Result<(), Failure> {
    let variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
    let subject = Subject::new("function", function, variables);
    let mut function = Environment::start_command(subject.command(function)).await?;
    create(&mut function, event("first-entity")).await?;
    Ok(())
}

/// Builds a package of this workspace by itself, so that no other package's features are in it; the folder it comes to.
async fn build(package: &str, targets: &str) -> Result<PathBuf, Failure> {
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--release", "--package", package, targets])
        .status()
        .await?;
    if !status.success() {
        return Err(format!("{package} can't be built").into());
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .ok_or("no target folder")?;
    Ok(target.join("release"))
}

fn trust_store(name: &str, roots: &str, own_root: &str) -> Result<PathBuf, Failure> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, format!("{roots}\n{own_root}"))?;
    Ok(file)
}

/// All that the system trusts.
fn system_roots() -> Result<String, Failure> {
    // Debian's and Fedora's.
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    .into_iter()
    .find_map(|file| std::fs::read_to_string(file).ok())
    .ok_or_else(|| "no root certificates; install ca-certificates".into())
}

/// Requests for totp Factors, each for an Entity of its own.
#[derive(Default)]
struct Events(usize);

impl Events {
    fn next(&mut self) -> Vec<u8> {
        self.0 += 1;
        event(&format!("entity-{:08}", self.0))
    }
}

fn event(identity: &str) -> Vec<u8> {
    let path = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
    let headers = [
        ("host", "abcdef1234.execute-api.us-east-1.amazonaws.com"),
        ("authorization", &local::authorization()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "twilio-python/9.13.0 (Linux x86_64) Python/3.13.0"),
        ("x-forwarded-proto", "https"),
    ];
    let form = b"FriendlyName=John%27s+Account+Name&FactorType=totp";
    gateway::event("POST", &path, &headers, form)
        .to_string()
        .into_bytes()
}

/// Sends an event and waits for its 201; how long that took.
async fn create(function: &mut Environment, event: Vec<u8>) -> Result<Duration, Failure> {
    let sent = Instant::now();
    let answer = function.invoke(event).await;
    let took = sent.elapsed();
    match answer {
        Some(Answer::Reply(reply)) if reply.starts_with(br#"{"statusCode":201"#) => Ok(took),
        other => Err(format!("no Factor: {other:?}").into()),
    }
}

impl Subject {
    fn new(name: &'static str, binary: &Path, variables: Vec<(&'static str, String)>) -> Self {
        Self {
            name,
            binary: binary.to_owned(),
            variables,
            samples: Vec::new(),
            instructions: None,
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

    async fn sample(&mut self, events: &mut Events) -> Result<(), Failure> {
        let started = Instant::now();
        let mut function = Environment::start_command(self.command(&self.binary)).await?;
        if !function.ready().await {
            return Err(format!("{} doesn't start", self.name).into());
        }
        let init = started.elapsed();
        let first = create(&mut function, events.next()).await?;
        let mut warm = Vec::new();
        let before = processor_time(&function)?;
        for _ in 0..WARM_REQUESTS {
            warm.push(micros(create(&mut function, events.next()).await?));
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

    /// Runs it three times under callgrind, each longer than the last: the differences are what the requests take.
    async fn count_instructions(&mut self, events: &mut Events) -> Result<(), Failure> {
        let Some(valgrind) = find("valgrind") else {
            return Ok(());
        };
        let mut totals = Vec::new();
        for requests in [0, 1, 1 + COUNTED_REQUESTS] {
            let mut command = self.command(&valgrind);
            command
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&self.binary)
                .stderr(Stdio::piped());
            let mut function = Environment::start_command(command).await?;
            if !function.ready().await {
                return Err(format!("{} doesn't start under valgrind", self.name).into());
            }
            for _ in 0..requests {
                create(&mut function, events.next()).await?;
            }
            let output = String::from_utf8(function.terminate().await?.stderr)?;
            let collected = output
                .lines()
                .find_map(|line| line.split_once("Collected :"))
                .ok_or("callgrind counted nothing")?;
            totals.push(collected.1.trim().parse::<f64>()? / 1e3);
        }
        self.instructions = Some(Instructions {
            init: totals[0],
            first: totals[1] - totals[0],
            warm: (totals[2] - totals[1]) / count(COUNTED_REQUESTS),
        });
        Ok(())
    }

    fn quartiles(&self, of: impl Fn(&Sample) -> f64) -> [f64; 3] {
        quartiles(self.samples.iter().map(of).collect())
    }
}

/// What is measured, and how it is read off a subject: median and quartiles where it was measured many times.
fn comparison(subjects: &[Subject]) -> Result<String, Failure> {
    type Row = (&'static str, fn(&Sample) -> f64);
    const ROWS: [Row; 6] = [
        ("start to first `/next`, ms", |sample| sample.init),
        ("first request, ms", |sample| sample.first),
        ("both, ms", |sample| sample.init + sample.first),
        ("warm request, µs", |sample| sample.warm),
        ("processor time of a warm request, µs", |sample| sample.cpu),
        ("peak memory, MB", |sample| sample.peak),
    ];
    let mut table = String::from("| median (quartiles) |");
    for subject in subjects {
        write!(table, " {} |", subject.name)?;
    }
    let tls = &subjects[2];
    writeln!(table, " {} / {} |", tls.name, subjects[0].name)?;
    writeln!(table, "|{}", "---|".repeat(subjects.len() + 2))?;
    for (name, of) in ROWS {
        write!(table, "| {name} |")?;
        for subject in subjects {
            let [low, median, high] = subject.quartiles(of);
            write!(table, " {} ({}–{}) |", short(median), short(low), short(high))?;
        }
        let ratio = tls.quartiles(of)[1] / subjects[0].quartiles(of)[1];
        writeln!(table, " {ratio:.2} |")?;
    }
    let instructions: Option<Vec<&Instructions>> = subjects
        .iter()
        .map(|subject| subject.instructions.as_ref())
        .collect();
    let mut row = |name: &str, values: Vec<f64>| -> std::fmt::Result {
        write!(table, "| {name} |")?;
        for value in &values {
            write!(table, " {} |", short(*value))?;
        }
        writeln!(table, " {:.2} |", values[2] / values[0])
    };
    if let Some(counted) = instructions {
        let values = |of: fn(&Instructions) -> f64| counted.iter().map(|counted| of(counted)).collect();
        row(
            "instructions of the start, thousands",
            values(|counted| counted.init),
        )?;
        row(
            "instructions of the first request",
            values(|counted| counted.first),
        )?;
        row("instructions of a warm request", values(|counted| counted.warm))?;
    }
    let sizes: Result<Vec<(f64, f64)>, Failure> =
        subjects.iter().map(|subject| sizes(&subject.binary)).collect();
    let sizes = sizes?;
    row("binary, MB", sizes.iter().map(|size| size.0).collect())?;
    row("binary zipped, MB", sizes.iter().map(|size| size.1).collect())?;
    Ok(table)
}

/// Whether a create takes longer the more Factors there are.
async fn by_factors(function: &Path, dynamo: &Dynamo, kms: &Kms) -> Result<String, Failure> {
    let variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
    let subject = Subject::new("function", function, variables);
    let mut function = Environment::start_command(subject.command(function)).await?;
    let (mut empty, mut almost_full) = (Vec::new(), Vec::new());
    for entity in 0..ENTITIES {
        let identity = format!("full-entity-{entity:03}");
        for factors in 0..FACTORS {
            let took = micros(create(&mut function, event(&identity)).await?);
            if factors == 0 {
                empty.push(took);
            } else if factors == FACTORS - 1 {
                almost_full.push(took);
            }
        }
    }
    let mut table = String::from("| Factors of the Entity | create, µs |\n|---|---|\n");
    for (factors, times) in [(0, empty), (FACTORS - 1, almost_full)] {
        let [low, median, high] = quartiles(times);
        writeln!(
            table,
            "| {factors} | {} ({}–{}) |",
            short(median),
            short(low),
            short(high)
        )?;
    }
    Ok(table)
}

/// How many requests a second instances answer, each one at a time, if every call to DynamoDB takes [`LATENCY`].
async fn by_instances(
    function: &Path,
    dynamo: &Dynamo,
    kms: &Kms,
    events: &mut Events,
) -> Result<String, Failure> {
    let wire = Properties {
        latency: LATENCY,
        recorded: true,
        tls: false,
    };
    let wire = Wire::start(&dynamo.endpoint, wire).await?;
    let variables = local::environment(&dynamo.table_name, &wire.endpoint, &kms.endpoint);
    let subject = Subject::new("function", function, variables);
    let mut table = String::from("| instances | requests/s | of each |\n|---|---|---|\n");
    for instances in [1, 2, 4, 8, 16, 32, 64] {
        let mut busy = tokio::task::JoinSet::new();
        for _ in 0..instances {
            let mut function = Environment::start_command(subject.command(function)).await?;
            let event = events.next();
            let identity = events.0;
            busy.spawn(async move {
                create(&mut function, event).await?;
                let started = Instant::now();
                let mut requests = 0_usize;
                while started.elapsed() < BUSY {
                    // The limit of an Entity is not what this is about.
                    let identity = format!("busy-{identity}-{requests}");
                    create(&mut function, self::event(&identity)).await?;
                    requests += 1;
                }
                Ok::<_, Failure>(count(requests) / started.elapsed().as_secs_f64())
            });
        }
        let mut rate = 0.0;
        for instance in busy.join_all().await {
            rate += instance?;
        }
        writeln!(
            table,
            "| {instances} | {rate:.0} | {:.1} |",
            rate / f64::from(instances)
        )?;
    }
    Ok(table)
}

/// Processor time of all threads of a process.
fn processor_time(function: &Environment) -> Result<Duration, Failure> {
    let mut total = 0;
    for thread in std::fs::read_dir(format!("/proc/{}/task", function.process_id()))? {
        let schedstat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        total += schedstat
            .split(' ')
            .next()
            .ok_or("no schedstat")?
            .parse::<u64>()?;
    }
    Ok(Duration::from_nanos(total))
}

/// The most memory that was resident, MB.
fn peak_memory(function: &Environment) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", function.process_id()))?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM")?;
    Ok(kibibytes.trim().parse::<f64>()? * 1024.0 / 1e6)
}

/// A file's size as it is and deflated at the level that zip tools have by default, MB.
fn sizes(binary: &Path) -> Result<(f64, f64), Failure> {
    let bytes = std::fs::read(binary)?;
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(&bytes)?;
    Ok((count(bytes.len()) / 1e6, count(deflated.finish()?.len()) / 1e6))
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The lower quartile, the median and the upper quartile.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [last / 4, last / 2, last * 3 / 4].map(|index| values[index])
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "nothing here is near 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Three digits.
fn short(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}
