//! Where secrets are left behind: the table, the logs, and the memory of the compiled binary as Lambda starts it.

#![cfg(target_os = "linux")]

mod support;

use std::fs::File;
use std::io;
use std::ops::AddAssign;
use std::os::unix::fs::FileExt as _;
use std::process::{Command, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use data_encoding::{BASE32_NOPAD, BASE64};
use harness::dynamo::Dynamo;
use harness::kms::Kms;
use harness::lambda::Environment;
use harness::local;
use serde_json::Value;

use support::{factors_path, request};

/// The public key in the public API description.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

/// Seeds, of all lengths: what happens to one copy is chance, as what is freed is soon written over. So this finds copies that
/// last, and is no proof that every type wipes its own.
const SEEDS: usize = 30;

/// Bytes that tell a secret: the allocator writes over the first ones of what was freed, so that a copy which nobody wiped is
/// found by those behind.
const PIECE: usize = 8;

#[tokio::test]
async fn seeds_are_neither_in_the_table_nor_in_the_logs_and_are_wiped_from_memory() {
    let (dynamo, kms) = tokio::join!(Dynamo::start(), Kms::start());
    dynamo.put(local::service_item()).await;
    let mut variables = local::environment(&dynamo.table_name, &dynamo.endpoint, &kms.endpoint);
    variables.retain(|(name, _)| *name != "SEALING_KEY_ARN");
    variables.push(("SEALING_KEY_ARN", kms.key_arn.clone()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_verify-factors"));
    command
        .env_clear()
        .envs(variables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut function = Environment::start_command(command.into()).await.unwrap();
    assert!(function.ready().await);

    let mut at_once = Counts::default();
    let mut seeds = Vec::new();
    for number in 0..SEEDS {
        let given = (number % 2 == 0).then(|| random([10, 20, 32, 64, 128][number / 2 % 5]));
        let form = match &given {
            Some(seed) => format!("Binding.Secret={}", BASE32_NOPAD.encode(seed)),
            None => format!("Config.Alg={}", ["sha1", "sha256", "sha512"][number / 2 % 3]),
        };
        let binding = create(&mut function, &format!("FriendlyName=a&FactorType=totp&{form}")).await;
        let text = binding["secret"].as_str().unwrap().to_owned();
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).unwrap();
        assert!(given.is_none_or(|seed| seed == bytes));
        let seed = Secret { bytes, text };
        if let Some(memory) = Memory::of(&function) {
            at_once += memory.count(std::slice::from_ref(&seed));
        }
        seeds.push(seed);
    }
    println!("{SEEDS} seeds, each as soon as its answer was there: {at_once:?}");
    // Not so on the stack, until the next Factor is created: in a debug build, moving `Entropy` leaves three copies of a seed
    // that was drawn, and AES-GCM one of every seed's last block.
    assert_eq!(at_once.pieces, 0);

    let binding = create(&mut function, &push_form(PUBLIC_KEY)).await;
    assert_eq!(binding["public_key"], PUBLIC_KEY);
    let public_key = Secret {
        // The point: what comes before it is the same in every key, and in the roots of trust too.
        bytes: BASE64.decode(PUBLIC_KEY.as_bytes()).unwrap().split_off(27),
        text: PUBLIC_KEY.to_owned(),
    };
    for form in [
        format!("Binding.Secret={}", BASE32_NOPAD.encode(&random(20))),
        "Config.Alg=sha256".to_owned(),
        String::new(),
    ] {
        create(&mut function, &format!("FriendlyName=b&FactorType=totp&{form}")).await;
    }
    let data_key = data_key(&dynamo, &kms).await;
    let data_key = Secret {
        text: BASE64.encode(&data_key),
        bytes: data_key,
    };
    if let Some(memory) = Memory::of(&function) {
        let counts = memory.count(&seeds);
        println!("the same after all of them and four requests: {counts:?}");
        assert_eq!((counts.whole, counts.pieces, counts.stack), (0, 0, 0));
        println!(
            "public key: {:?}",
            memory.count(std::slice::from_ref(&public_key))
        );
        let counts = memory.count(std::slice::from_ref(&data_key));
        println!("data key: {counts:?}");
        // What HKDF extracted of it is held, and seals.
        assert_eq!((counts.whole, counts.text), (0, 0));
        let counts = memory.count(&[held()]);
        println!("what is held on purpose: {counts:?}");
        assert!(counts.whole >= 1, "this finds what is there");
    }

    let output = function.terminate().await.unwrap();
    // Each request writes a line.
    assert_eq!(count(&output.stdout, &[b"\"status\":201"]), SEEDS + 4);
    let mut left = [output.stdout, output.stderr].concat();
    for item in dynamo.items().await {
        for value in item.values() {
            append(value, &mut left);
        }
    }
    assert_ne!(count(&left, &[local::SERVICE_SID.as_bytes()]), 0);
    for secret in seeds.iter().chain([&public_key, &data_key]) {
        for form in [&secret.bytes[..], secret.text.as_bytes()] {
            assert!(count(&left, &[form]) == 0, "{} was written", secret.text);
        }
    }
}

/// The digest of the Auth Token, which is there as long as the function.
fn held() -> Secret {
    let text = local::variable("AUTH_TOKEN_SHA256").unwrap();
    Secret {
        bytes: data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap(),
        text,
    }
}

/// What nobody else is to know.
struct Secret {
    bytes: Vec<u8>,
    /// The bytes as the API or KMS shows them.
    text: String,
}

/// How often secrets are in memory.
#[derive(Debug, Default)]
struct Counts {
    /// Their bytes.
    whole: usize,
    /// Any [`PIECE`] of their bytes, but for the stack.
    pieces: usize,
    /// The same on the stack.
    stack: usize,
    /// Their text.
    text: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.whole += other.whole;
        self.pieces += other.pieces;
        self.stack += other.stack;
        self.text += other.text;
    }
}

/// What a process has in memory and can write.
struct Memory {
    stack: Vec<Vec<u8>>,
    others: Vec<Vec<u8>>,
}

impl Memory {
    /// `None` where it is not permitted to look.
    fn of(function: &Environment) -> Option<Self> {
        let memory = Self::read(function.process_id());
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        if let Some(error) = memory.as_ref().err().filter(|error| denied(error)) {
            println!("skipped, as the memory of another process cannot be read here: {error}");
            return None;
        }
        Some(memory.unwrap())
    }

    fn read(process_id: u32) -> io::Result<Self> {
        let memory = File::open(format!("/proc/{process_id}/mem"))?;
        let maps = std::fs::read_to_string(format!("/proc/{process_id}/maps"))?;
        assert!(maps.contains("[heap]") && maps.contains("[stack]"), "{maps}");
        let (mut stack, mut others) = (Vec::new(), Vec::new());
        for line in maps.lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            // What cannot be written is the binary and its libraries.
            if !rest.starts_with("rw") {
                continue;
            }
            let (start, end) = range.split_once('-').unwrap();
            let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            memory.read_exact_at(&mut bytes, start)?;
            let regions = if rest.ends_with("[stack]") {
                &mut stack
            } else {
                &mut others
            };
            regions.push(bytes);
        }
        Ok(Self { stack, others })
    }

    fn count(&self, secrets: &[Secret]) -> Counts {
        let find = |regions: &[Vec<u8>], what: &[&[u8]]| -> usize {
            regions.iter().map(|bytes| count(bytes, what)).sum()
        };
        let pieces = secrets
            .iter()
            .flat_map(|secret| secret.bytes.windows(PIECE).step_by(PIECE / 2));
        let pieces: Vec<&[u8]> = pieces.collect();
        let whole: Vec<&[u8]> = secrets.iter().map(|secret| &secret.bytes[..]).collect();
        let text: Vec<&[u8]> = secrets.iter().map(|secret| secret.text.as_bytes()).collect();
        let Self { stack, others } = self;
        Counts {
            whole: find(others, &whole) + find(stack, &whole),
            pieces: find(others, &pieces),
            stack: find(stack, &pieces),
            text: find(others, &text) + find(stack, &text),
        }
    }
}

/// Creates a Factor; the binding that the answer shows.
async fn create(function: &mut Environment, form: &str) -> Value {
    let reply = function.reply(&request("POST", &factors_path(), &[], form)).await;
    assert_eq!(reply["statusCode"], 201, "{reply}");
    let factor: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
    factor["binding"].clone()
}

fn push_form(public_key: &str) -> String {
    let config = "Config.AppId=com.example.myapp&Config.SdkVersion=1.0.0&Config.NotificationPlatform=none";
    let key = public_key.replace('+', "%2B");
    format!("FriendlyName=a&FactorType=push&Binding.Alg=ES256&{config}&Binding.PublicKey={key}")
}

/// The first data key, unwrapped by KMS.
async fn data_key(dynamo: &Dynamo, kms: &Kms) -> Vec<u8> {
    let item = dynamo.item(&local::account_sid(), "DK0000000001").await.unwrap();
    let unwrapped = harness::kms::client(&kms.endpoint)
        .decrypt()
        .ciphertext_blob(Blob::new(item["wrapped"].as_b().unwrap().as_ref()))
        .encryption_context("verify-factors", "data key")
        .encryption_context("account_sid", local::account_sid())
        .encryption_context("version", "1")
        .send()
        .await;
    unwrapped.unwrap().plaintext.unwrap().into_inner()
}

/// All that an attribute holds, however deep.
fn append(value: &AttributeValue, bytes: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => bytes.extend(text.as_bytes()),
        AttributeValue::B(blob) => bytes.extend(blob.as_ref()),
        AttributeValue::M(map) => map.values().for_each(|value| append(value, bytes)),
        other => panic!("an attribute that nothing here writes: {other:?}"),
    }
    bytes.push(b'\n');
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// How often one of `what` begins in `bytes`. A debug build has megabytes to go through: pages of nothing are passed over, and
/// most bytes by a look at two of them.
fn count(bytes: &[u8], what: &[&[u8]]) -> usize {
    const PAGE: usize = 4096;
    let two = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    let mut begins: Vec<Vec<&[u8]>> = vec![Vec::new(); 1 << 16];
    for what in what {
        begins[two(what)].push(what);
    }
    let mut count = 0;
    for (number, page) in bytes.chunks(PAGE).enumerate() {
        if *page == [0; PAGE] {
            continue;
        }
        let rest = &bytes[number * PAGE..];
        for at in 0..page.len().min(rest.len() - 1) {
            for what in &begins[two(&rest[at..])] {
                count += usize::from(rest[at..].starts_with(what));
            }
        }
    }
    count
}
