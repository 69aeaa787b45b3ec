//! Codes by others, verified by the whole function: RFC 6238's own, and those of totp-rs and pyotp for random parameters.

#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering};

use harness::local;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use support::{Function, invoke_at, request};
use time::OffsetDateTime;

/// How many codes of totp-rs a run has.
const CASES: u32 = 200;

/// What an app and the function have to agree on.
#[derive(Clone, Debug)]
struct Shared {
    secret: Vec<u8>,
    alg: String,
    code_length: u8,
    time_step: u64,
    skew: u64,
}

/// The statuses that a new Factor has after each of these codes, all given at that second.
async fn statuses(function: &Function, shared: &Shared, second: u64, codes: &[String]) -> Vec<String> {
    static IDENTITIES: AtomicU32 = AtomicU32::new(0);
    let identity = format!("identity-{}", IDENTITIES.fetch_add(1, Ordering::Relaxed));
    let path = format!("/v2/Services/{}/Entities/{identity}/Factors", local::SERVICE_SID);
    let now = OffsetDateTime::from_unix_timestamp(second.cast_signed()).unwrap();
    let form = format!(
        "FriendlyName=a&FactorType=totp&Binding.Secret={}&Config.Alg={}&Config.CodeLength={}&Config.TimeStep={}&Config.Skew={}",
        data_encoding::BASE32_NOPAD.encode(&shared.secret),
        shared.alg,
        shared.code_length,
        shared.time_step,
        shared.skew
    );
    let created = invoke_at(&function.app, &request("POST", &path, &[], &form), now).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("{path}/{}", created.text("sid"));
    let mut statuses = Vec::new();
    for code in codes {
        let form = format!("AuthPayload={code}");
        let answer = invoke_at(&function.app, &request("POST", &path, &[], &form), now).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        statuses.push(answer.text("status"));
    }
    statuses
}

/// A code whose last digit is another.
fn altered(code: &str) -> String {
    let (rest, last) = code.split_at(code.len() - 1);
    let last: u8 = last.parse().unwrap();
    format!("{rest}{}", (last + 1) % 10)
}

/// The code that totp-rs has for a second.
fn by_totp_rs(shared: &Shared, second: u64) -> String {
    let algorithm = match shared.alg.as_str() {
        "sha1" => totp_rs::Algorithm::SHA1,
        "sha256" => totp_rs::Algorithm::SHA256,
        _ => totp_rs::Algorithm::SHA512,
    };
    let totp = totp_rs::Builder::new()
        .with_algorithm(algorithm)
        .with_secret(shared.secret.clone())
        .with_step_duration(shared.time_step)
        .with_digits(shared.code_length);
    totp.build_noncompliant().generate(second).to_string()
}

#[tokio::test]
async fn the_codes_of_rfc_6238_verify() {
    let function = Function::start().await;
    let digits = b"1234567890".iter().copied().cycle();
    for (alg, bytes, codes) in [
        (
            "sha1",
            20,
            [
                "94287082", "07081804", "14050471", "89005924", "69279037", "65353130",
            ],
        ),
        (
            "sha256",
            32,
            [
                "46119246", "68084774", "67062674", "91819424", "90698825", "77737706",
            ],
        ),
        (
            "sha512",
            64,
            [
                "90693936", "25091201", "99943326", "93441116", "38618901", "47863826",
            ],
        ),
    ] {
        let shared = Shared {
            secret: digits.clone().take(bytes).collect(),
            alg: alg.to_owned(),
            code_length: 8,
            time_step: 30,
            skew: 0,
        };
        let seconds = [
            59,
            1_111_111_109,
            1_111_111_111,
            1_234_567_890,
            2_000_000_000,
            20_000_000_000,
        ];
        for (second, code) in seconds.into_iter().zip(codes) {
            let codes = [altered(code), code.to_owned()];
            let statuses = statuses(&function, &shared, second, &codes).await;
            assert_eq!(statuses, ["unverified", "verified"], "{alg} at {second}");
        }
    }
}

fn shared() -> impl Strategy<Value = Shared> {
    let secret = prop::collection::vec(any::<u8>(), 10..=128);
    let alg = select(vec!["sha1", "sha256", "sha512"]);
    (secret, alg, 3..=8_u8, 20..=60_u64, 0..=2_u64).prop_map(|(secret, alg, code_length, time_step, skew)| {
        Shared {
            secret,
            alg: alg.to_owned(),
            code_length,
            time_step,
            skew,
        }
    })
}

#[test]
fn the_codes_of_totp_rs_verify_within_the_window_and_no_others() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let function = runtime.block_on(Function::start());
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    // 2001 to 2096; and how far into its step the second is: at the edges, or anywhere.
    let seconds = 1_000_000_000..4_000_000_000_u64;
    let into = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    let ran = TestRunner::new(config).run(
        &(shared(), seconds, into, -3..=3_i64),
        |(shared, second, into, steps)| {
            let begins = second - second % shared.time_step;
            let second = begins + into.min(shared.time_step - 1);
            let app = begins.strict_add_signed(steps * shared.time_step.cast_signed());
            let code = by_totp_rs(&shared, app);
            let window = begins - shared.skew * shared.time_step..=begins + shared.skew * shared.time_step;
            // A short code can be that of another time step too.
            let mut right = window.step_by(usize::try_from(shared.time_step).unwrap());
            let expected = if right.any(|second| by_totp_rs(&shared, second) == code) {
                "verified"
            } else {
                "unverified"
            };
            let statuses = runtime.block_on(statuses(&function, &shared, second, &[code]));
            if statuses == [expected] {
                Ok(())
            } else {
                Err(TestCaseError::fail(format!(
                    "it is {statuses:?} instead of {expected}"
                )))
            }
        },
    );
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
#[ignore = "needs a file by tests/totp/vectors.py, that PYOTP_VECTORS names"]
async fn the_codes_of_pyotp_verify_and_altered_ones_do_not() {
    let function = Function::start().await;
    let file = std::env::var("PYOTP_VECTORS").expect("PYOTP_VECTORS names a file");
    let vectors = std::fs::read_to_string(file).unwrap();
    assert!(!vectors.is_empty());
    for vector in vectors.lines() {
        let parts: Vec<&str> = vector.split(' ').collect();
        let [secret, alg, code_length, time_step, second, code] = parts[..] else {
            panic!("{vector}");
        };
        let shared = Shared {
            secret: data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
            alg: alg.to_owned(),
            code_length: code_length.parse().unwrap(),
            time_step: time_step.parse().unwrap(),
            skew: 0,
        };
        let codes = [altered(code), code.to_owned()];
        let statuses = statuses(&function, &shared, second.parse().unwrap(), &codes).await;
        assert_eq!(statuses, ["unverified", "verified"], "{vector}");
    }
}
