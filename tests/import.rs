//! The operator's command, `examples/import/`, as a process of its own: against the table, and against the API of a function that goes
//! on answering.

mod support;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use harness::{gateway, local};
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

use support::commands::{Operator, example, output, text};
use support::{Function, invoke_at, request};

/// The way past the API.
const VERIFIED: &[&str] = &["--verified"];

/// What is said of Factors that were made by requests.
const UNVERIFIED: &str =
    "They are unverified, and gone after UNVERIFIED_FACTOR_HOURS if nobody verifies them.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_becomes_verified_factors_that_log_in() {
    let function = Function::start().await;
    let users: Vec<User> = (0..3).map(User::number).collect();
    // As spreadsheets write it: a mark, a header, quotes where there are commas, CRLF and a line that is empty.
    let file = File::of(&format!(
        "\u{FEFF}Identity, Name ,URI\r\n{},\"Ann's \"\"phone\"\", old\",{}\r\n\r\n{},,{}\r\n\"{}\",Laptop,\"{}\"",
        users[0].identity, users[0].uri, users[1].identity, users[1].uri, users[2].identity, users[2].uri
    ));
    let run = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!(run, Run::good("3 of 3, 0 failed\n3 created, 0 there before\n"));
    for (user, name) in users
        .iter()
        .zip(["Ann's \"phone\", old", &users[1].account, "Laptop"])
    {
        let factor = user.factor(&function).await;
        assert_eq!(
            (factor["status"].as_str(), factor["friendly_name"].as_str()),
            (Some("verified"), Some(name))
        );
        assert_eq!(
            user.logs_in(&function, OffsetDateTime::now_utc()).await,
            "approved"
        );
    }
    let again = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!(again, Run::good("3 of 3, 0 failed\n0 created, 3 there before\n"));
    assert!(!file.failed().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_uris_becomes_unverified_factors_that_are_verified_by_a_code() {
    let function = Function::start().await;
    let users: Vec<User> = (0..3).map(User::number).collect();
    let uris: Vec<&str> = users.iter().map(|user| user.uri.as_str()).collect();
    let file = File::of(&format!("\n{}\n", uris.join("\r\n")));
    let api = Api::of(&function, |_| Fault::None).await;
    let run = Run::of(&operator(&function), &file, &api.way());
    let said = format!("3 of 3, 0 failed\n3 created, 0 there before\n{UNVERIFIED}");
    assert_eq!(run, Run::good(&said));
    let now = OffsetDateTime::now_utc();
    for user in &users {
        let factor = user.factor(&function).await;
        assert_eq!(factor["status"], "unverified");
        assert_eq!(factor["friendly_name"], user.account);
    }
    // One is verified since, so that its binding is shown to nobody any more.
    let path = format!("{}/{}", users[0].path("Factors"), users[0].sid(&function).await);
    let form = format!("AuthPayload={}", users[0].code_at(now));
    let verified = invoke_at(&function.app, &request("POST", &path, &[], &form), now).await;
    assert_eq!(verified.text("status"), "verified");
    let again = Run::of(&operator(&function), &file, &api.way());
    assert_eq!(again, Run::good("3 of 3, 0 failed\n0 created, 3 there before\n"));
    let later = now + Duration::minutes(1);
    assert_eq!(users[0].logs_in(&function, later).await, "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_as_unverified_is_verified_past_the_api_and_never_the_other_way_round() {
    let function = Function::start().await;
    let users: Vec<User> = (0..2).map(User::number).collect();
    let file = File::of(&csv(&users));
    let api = Api::of(&function, |_| Fault::None).await;
    Run::of(&operator(&function), &file, &api.way());
    let verified = Run::of(&operator(&function), &file, VERIFIED);
    let said = "2 of 2, 0 failed\n0 created, 2 verified that were there, 0 there before\n";
    assert_eq!(verified, Run::good(said));
    let there = "2 of 2, 0 failed\n0 created, 2 there before\n";
    assert_eq!(Run::of(&operator(&function), &file, &api.way()), Run::good(there));
    // By another name, and written otherwise, they are the same.
    let renamed = csv(&users)
        .replace(",Phone,", ",Tablet,")
        .replace("digits=6", "period=30");
    assert_ne!(renamed, csv(&users));
    let renamed = File::of(&renamed);
    assert_eq!(
        Run::of(&operator(&function), &renamed, VERIFIED),
        Run::good(there)
    );
    assert_eq!(
        Run::of(&operator(&function), &renamed, &api.way()),
        Run::good(there)
    );
    for user in &users {
        assert_eq!(user.factor(&function).await["friendly_name"], "Phone");
        assert_eq!(
            user.logs_in(&function, OffsetDateTime::now_utc()).await,
            "approved"
        );
    }
    assert_eq!(
        function.items().await.len(),
        2 * 2 + 2,
        "Entities, Factors, logins"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_taken_for_set_as_its_uri_says_whatever_the_service_has() {
    let function = Function::start().await;
    let settings = "Totp.TimeStep=60&Totp.CodeLength=8&Totp.Skew=2";
    let service = format!("/v2/Services/{}", local::SERVICE_SID);
    assert_eq!(function.request("POST", &service, settings).await.status, 200);
    let [plain, other] = [
        (
            "",
            json!({"alg": "sha1", "skew": 2, "code_length": 6, "time_step": 30}),
        ),
        (
            "&algorithm=sha512&digits=7&period=45&issuer=a%FF+b&image=x#y",
            json!({"alg": "sha512", "skew": 2, "code_length": 7, "time_step": 45}),
        ),
    ];
    for (number, (more, config)) in [plain, other].into_iter().enumerate() {
        let user = User::number(number);
        let short = user.uri.split('&').next().unwrap();
        let text = format!(
            "{},,OTPAUTH://TOTP/Owl%3a%20Ann?{}{more}",
            user.identity,
            short.split_once('?').unwrap().1
        );
        let file = File::of(&text.replace("%FF", "%20"));
        assert_eq!(Run::of(&operator(&function), &file, VERIFIED).code, Some(0));
        let factor = user.factor(&function).await;
        assert_eq!(factor["config"], config);
        assert_eq!(factor["friendly_name"], "Ann");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_break_a_rule_are_told_by_their_number_and_a_check_sends_nothing() {
    let function = Function::start().await;
    let users: Vec<User> = (0..2).map(User::number).collect();
    let bad = broken(&users[1]);
    let lines: Vec<&str> = bad.iter().map(|(line, _)| line.as_str()).collect();
    let file = File::of(&format!(
        "identity,name,uri\n{}{}\n{}",
        csv(&users[..1]),
        lines.join("\n"),
        csv(&users[1..])
    ));
    let reasons = bad.iter().zip(3..);
    let reasons: Vec<String> = reasons
        .map(|((_, why), number)| format!("line {number}: {why}\n"))
        .collect();
    let reasons = reasons.concat();
    let checked = Run {
        code: Some(1),
        stdout: "13 lines, 2 can be imported\n".to_owned(),
        stderr: reasons.clone(),
    };
    assert_eq!(Run::of(&operator(&function), &file, &["--check"]), checked);
    assert!(function.items().await.is_empty() && !file.failed().exists());

    let failed = file.failed();
    let see = format!(
        "11 failed: see {}, which can be run as it is or mended\n",
        failed.display()
    );
    let run = Run {
        code: Some(1),
        stdout: "13 of 13, 11 failed\n2 created, 0 there before\n".to_owned(),
        stderr: reasons + &see,
    };
    assert_eq!(Run::of(&operator(&function), &file, VERIFIED), run);
    let written = std::fs::read_to_string(&failed).unwrap();
    assert_eq!(written, format!("identity,name,uri\n{}\n", lines.join("\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_nobody_elses_to_read_is_not_written_over_and_is_run_again_once_it_is_mended() {
    let function = Function::start().await;
    let users: Vec<User> = (0..2).map(User::number).collect();
    let file = File::of(&format!(
        "{}{}",
        csv(&users[..1]),
        csv(&users[1..]).replace("user-", "no ")
    ));
    let run = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(1), "2 of 2, 1 failed\n1 created, 0 there before\n")
    );
    let mode = std::fs::metadata(file.failed()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mended = File::at(file.failed());
    std::fs::write(&mended.path, format!("{}Sekret!,a,b\n", csv(&users[1..]))).unwrap();
    let over = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!((over.code, over.stdout.as_str()), (Some(1), ""));
    assert!(over.stderr.contains("is there already"), "{}", over.stderr);

    let run = Run::of(&operator(&function), &mended, VERIFIED);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(1), "2 of 2, 1 failed\n1 created, 0 there before\n")
    );
    let left = std::fs::read_to_string(mended.failed()).unwrap();
    assert_eq!(left, "Sekret!,a,b\n");
    for user in &users {
        let now = OffsetDateTime::now_utc();
        assert_eq!(user.logs_in(&function, now).await, "approved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uris_that_do_not_say_whose_they_are_fail_and_come_out_as_a_list() {
    let function = Function::start().await;
    let user = User::number(0);
    let mail = user.uri.replace(&user.identity, "ann%40example.com");
    let file = File::of(&format!("{mail}\r\n{}\r\nnothing\r\n\r\n{mail}", user.uri));
    let run = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(1), "4 of 4, 3 failed\n1 created, 0 there before\n")
    );
    let whose = "label must have an account that is an Identity, 8 to 64 characters of A-Z, a-z, 0-9 and -; where it isn't, a CSV file can say whose it is";
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(
        lines[..3],
        [
            format!("line 1: {whose}"),
            "line 3: uri must begin with otpauth://totp/".to_owned(),
            format!("line 5: {whose}")
        ]
    );
    let failed = std::fs::read_to_string(file.failed()).unwrap();
    assert_eq!(failed, format!("{mail}\nnothing\n{mail}\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_counted_as_editors_do() {
    let function = Function::start().await;
    for end in ["\n", "\r\n"] {
        let lines = ["", "a", "", "\"b", "b\"", "c", "", "", "d,d"].join(end);
        let run = Run::of(&operator(&function), &File::of(&lines), &["--check"]);
        let numbers = run.stderr.lines().map(|line| line.split(':').next().unwrap());
        let numbers: Vec<&str> = numbers.collect();
        assert_eq!(numbers, ["line 2", "line 4", "line 6", "line 9"], "{end:?}");
    }
    let empty = Run::of(&operator(&function), &File::of(""), VERIFIED);
    assert_eq!(empty, Run::good("0 created, 0 there before\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_is_run_again_and_makes_no_factor_twice() {
    const LINES: usize = 220;
    let function = Function::start().await;
    let users: Vec<User> = (0..LINES).map(User::number).collect();
    let file = File::of(&csv(&users));
    let path = file.path.to_str().unwrap();
    let api = Api::of(&function, |_| Fault::None).await;
    let cut = [&[path], api.way().as_slice()].concat();
    let printed = operator(&function).is_cut_after_lines(&cut, 1);
    assert_eq!(printed, ["100 of 220, 0 failed"]);
    let cut = [&[path], VERIFIED].concat();
    operator(&function).is_cut_after_lines(&cut, 2);
    assert!(!file.failed().exists());

    let run = Run::of(&operator(&function), &file, VERIFIED);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(
        run.stdout
            .starts_with("100 of 220, 0 failed\n200 of 220, 0 failed\n"),
        "{}",
        run.stdout
    );
    let items = function.items().await;
    let of = |prefix: &str| {
        let items = items
            .iter()
            .filter(|item| item["sk"].as_str().unwrap().starts_with(prefix));
        items.cloned().collect::<Vec<Value>>()
    };
    let (entities, factors) = (of("YE"), of("YF"));
    assert_eq!((entities.len(), factors.len()), (LINES, LINES));
    assert!(entities.iter().all(|entity| entity["totp_factors"] == 1));
    assert!(factors.iter().all(|factor| factor["status"] == "verified"));
    let again = Run::of(&operator(&function), &file, VERIFIED);
    assert!(
        again.stdout.ends_with("\n0 created, 220 there before\n"),
        "{}",
        again.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_asks_for_patience_gets_it_and_answers_that_are_lost_make_nothing_twice() {
    let function = Function::start().await;
    let users: Vec<User> = (0..20).map(User::number).collect();
    let file = File::of(&csv(&users));
    let api = Api::of(&function, |number| match number % 7 {
        1 => Fault::Patience(429),
        3 => Fault::Patience(503),
        5 => Fault::Lost,
        _ => Fault::None,
    })
    .await;
    let started = std::time::Instant::now();
    let run = Run::of(&operator(&function), &file, &api.way());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{}", run.stdout);
    assert!(
        started.elapsed() >= std::time::Duration::from_secs(1),
        "Retry-After is 1"
    );
    // One whose answer was lost is found by the next try.
    let said: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(said[0], "20 of 20, 0 failed");
    assert_ne!(said[1], "20 created, 0 there before");
    assert_eq!(function.items().await.len(), 2 * users.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_line_gets_past_stops_the_run_and_one_that_has_a_fault_does_not() {
    let function = Function::start().await;
    let users: Vec<User> = (0..60).map(User::number).collect();
    let file = File::of(&csv(&users));
    // The first request asks for the Service.
    let one = Api::of(
        &function,
        |number| if number == 3 { Fault::Ours } else { Fault::None },
    )
    .await;
    let run = Run::of(&operator(&function), &file, &one.way());
    assert_eq!(run.code, Some(1));
    assert!(
        run.stdout
            .starts_with("60 of 60, 1 failed\n59 created, 0 there before\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr
            .contains(": the API answered 500 with code 20500\n1 failed: "),
        "{}",
        run.stderr
    );
    let failed = File::at(file.failed());
    assert_eq!(std::fs::read_to_string(&failed.path).unwrap().lines().count(), 1);
    let run = Run::of(&operator(&function), &failed, &one.way());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(function.items().await.len(), 2 * users.len());
    std::fs::remove_file(&failed.path).unwrap();

    let all = Api::of(
        &function,
        |number| if number > 0 { Fault::Ours } else { Fault::None },
    )
    .await;
    let run = Run::of(&operator(&function), &file, &all.way());
    assert_eq!(run.code, Some(1));
    let end = "error: stopped, as the API answered 500 with code 20500. Run the same file again: nothing is imported twice\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    assert!(all.calls.load(Ordering::SeqCst) < 30, "it goes on and on");
    assert!(!file.failed().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_stays_deleted_and_a_full_entity_full() {
    let function = Function::start().await;
    let user = User::number(0);
    let file = File::of(&csv(std::slice::from_ref(&user)));
    let api = Api::of(&function, |_| Fault::None).await;
    Run::of(&operator(&function), &file, VERIFIED);
    let factors = user.path("Factors");
    let path = format!("{factors}/{}", user.sid(&function).await);
    assert_eq!(function.request("DELETE", &path, "").await.status, 204);
    let gone = "line 1: it was imported before and is gone since: deleted, or not verified in time; its place stays taken for up to 30 days\n";
    for way in [VERIFIED.to_vec(), api.way()] {
        let run = Run::of(&operator(&function), &file, &way);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(1), "1 of 1, 1 failed\n0 created, 0 there before\n")
        );
        assert!(run.stderr.starts_with(gone), "{}", run.stderr);
        std::fs::remove_file(file.failed()).unwrap();
    }

    let event = request("POST", &factors, &[], "FriendlyName=a&FactorType=totp");
    for _ in 0..100 {
        let created = invoke_at(&function.app, &event, OffsetDateTime::now_utc()).await;
        assert_eq!(created.status, 201);
    }
    let other = User {
        identity: user.identity.clone(),
        ..User::number(1)
    };
    let file = File::of(&csv(&[other]));
    for way in [VERIFIED.to_vec(), api.way()] {
        let run = Run::of(&operator(&function), &file, &way);
        let full = "line 1: the Entity has as many totp Factors as it can have\n";
        assert!(
            run.code == Some(1) && run.stderr.starts_with(full),
            "{}",
            run.stderr
        );
        std::fs::remove_file(file.failed()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_where_something_is_wrong_from_the_start() {
    let function = Function::start().await;
    let file = File::of(&csv(&[User::number(0)]));
    let api = Api::of(&function, |_| Fault::None).await;
    let elsewhere = local::SERVICE_SID.replace('0', "1");
    let url = api.url.as_str();
    for (variable, value, way, error) in [
        (
            "AUTH_TOKEN",
            "wrong",
            vec!["--url", url],
            "the API refuses the credentials in ACCOUNT_SID and AUTH_TOKEN",
        ),
        (
            "AUTH_TOKEN",
            "",
            vec!["--url", url],
            "the environment variable AUTH_TOKEN is missing",
        ),
        (
            "SERVICE_SID",
            "",
            VERIFIED.to_vec(),
            "the environment variable SERVICE_SID is missing",
        ),
        (
            "SERVICE_SID",
            "VA0",
            VERIFIED.to_vec(),
            "the environment variable SERVICE_SID must be VA followed by 32 hexadecimal digits",
        ),
        (
            "SERVICE_SID",
            &elsewhere,
            vec!["--url", url],
            "the API at --url has no Service SERVICE_SID",
        ),
        (
            "SERVICE_SID",
            &elsewhere,
            VERIFIED.to_vec(),
            "the table has no Service SERVICE_SID of ACCOUNT_SID",
        ),
        (
            "TABLE_NAME",
            "",
            VERIFIED.to_vec(),
            "the environment variable TABLE_NAME is missing",
        ),
        (
            "X",
            "",
            vec!["--url", "http://127.0.0.1:9"],
            "the API cannot be reached at --url",
        ),
        (
            "X",
            "",
            vec!["--url", "http://example.com"],
            "--url has to be one like https://abcdef1234.execute-api.eu-central-1.amazonaws.com, or http:// for this machine alone",
        ),
        (
            "X",
            "",
            vec!["--url", "https://AC0:Sekret@example.com"],
            "--url has to be one like https://abcdef1234.execute-api.eu-central-1.amazonaws.com, or http:// for this machine alone",
        ),
    ] {
        let run = Run::of(&operator(&function).with(variable, value), &file, &way);
        let expected = Run {
            code: Some(1),
            stdout: String::new(),
            stderr: format!("error: {error}\n"),
        };
        assert_eq!(run, expected, "{variable} {way:?}");
    }
    let missing = File::at(file.path.with_extension("missing"));
    let run = Run::of(&operator(&function), &missing, VERIFIED);
    assert!(
        run.code == Some(1) && run.stderr.contains("No such file"),
        "{}",
        run.stderr
    );
    assert!(function.items().await.is_empty() && !file.failed().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_there_is_a_progress_bar() {
    let function = Function::start().await;
    let file = File::of(&csv(&[User::number(0)]));
    let arguments = format!("'{}' --verified", file.path.display());
    let Some(printed) = operator(&function).succeeds_on_a_terminal(&arguments) else {
        return;
    };
    let bar = "#".repeat(40);
    assert_eq!(
        printed,
        format!("\r[{bar}] 1 of 1, 0 failed\r\n1 created, 0 there before\r\n")
    );
}

#[test]
fn help_is_printed_and_anything_else_than_a_file_and_a_way_fails() {
    let run = |arguments: &[&str]| {
        let output = Command::new(example("import"))
            .env_clear()
            .args(arguments)
            .output();
        let output = output.unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, help, complaint) = run(&["--help"]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    for option in ["--url URL", "--verified", "--check"] {
        assert!(help.contains(&format!("\n  {option} ")), "{help}");
    }
    assert_eq!(run(&["-h"]), (Some(0), help.clone(), String::new()));
    for arguments in [
        &[][..],
        &["a"],
        &["--verified"],
        &["a", "b", "--check"],
        &["a", "--verified", "--check"],
        &["a", "--url"],
        &["a", "--sekret"],
    ] {
        let (code, printed, _) = run(arguments);
        assert_eq!((code, printed.as_str()), (Some(1), ""), "{arguments:?}");
    }
}

/// The operator who imports, with what the API takes and what the table does.
fn operator(function: &Function) -> Operator {
    Operator::of(function, "import")
        .with("SERVICE_SID", local::SERVICE_SID)
        .with("AUTH_TOKEN", local::AUTH_TOKEN)
}

/// A user with an app that is set already.
struct User {
    identity: String,
    account: String,
    uri: String,
}

impl User {
    fn number(number: usize) -> Self {
        let identity = format!("user-{number:05}");
        let seed = data_encoding::BASE32_NOPAD.encode(format!("{number:05}").repeat(4).as_bytes());
        let uri = format!("otpauth://totp/Owl%20Bank:{identity}?secret={seed}&issuer=Owl+Bank&digits=6");
        Self {
            account: identity.clone(),
            identity,
            uri,
        }
    }

    fn path(&self, noun: &str) -> String {
        format!(
            "/v2/Services/{}/Entities/{}/{noun}",
            local::SERVICE_SID,
            self.identity
        )
    }

    /// The one Factor that the user has.
    async fn factor(&self, function: &Function) -> Value {
        let event = request("GET", &self.path("Factors"), &[], "");
        let list = invoke_at(&function.app, &event, OffsetDateTime::now_utc())
            .await
            .json();
        assert_eq!(list["factors"].as_array().unwrap().len(), 1, "{list}");
        list["factors"][0].clone()
    }

    async fn sid(&self, function: &Function) -> String {
        self.factor(function).await["sid"].as_str().unwrap().to_owned()
    }

    fn code_at(&self, at: OffsetDateTime) -> String {
        let app = totp_rs::Totp::from_url(&self.uri).unwrap();
        app.generate(at.unix_timestamp().try_into().unwrap()).to_string()
    }

    /// What becomes of a login by the code that the user's app shows.
    async fn logs_in(&self, function: &Function, at: OffsetDateTime) -> String {
        let form = format!(
            "FactorSid={}&AuthPayload={}",
            self.sid(function).await,
            self.code_at(at)
        );
        let event = request("POST", &self.path("Challenges"), &[], &form);
        invoke_at(&function.app, &event, at).await.text("status")
    }
}

/// Lines that would be this user's, and what is wrong with each.
fn broken(user: &User) -> Vec<(String, &'static str)> {
    let query = user.uri.split_once('?').unwrap().1;
    vec![
        (
            format!("Sekret!,a,{}", user.uri),
            "identity must be 8 to 64 characters of A-Z, a-z, 0-9 and -",
        ),
        (
            format!("{},Sekret,otpauth://hotp/a?{query}&counter=1", user.identity),
            "uri must be of type totp: codes that are counted, hotp, are not here",
        ),
        (
            format!(
                "{},Sekret,otpauth-migration://offline?data={query}",
                user.identity
            ),
            "uri must begin with otpauth://totp/",
        ),
        (
            format!(
                "{},Sekret,otpauth://totp/a?secret=0&{query}&algorithm=md5&digits=9&period=15",
                user.identity
            ),
            "secret was given more than once; algorithm must be one of sha1, sha256, sha512; digits was given more than once; period must be an integer from 20 to 60",
        ),
        (
            format!("{},Sekret,otpauth://totp/a?secret=SEKRET1SEKRET", user.identity),
            "secret must be Base32 (A-Z and 2-7, RFC 4648)",
        ),
        (
            format!("{},Sekret,otpauth://totp/a?secret=SEKRETSE", user.identity),
            "secret must be 10 to 128 bytes once Base32-decoded",
        ),
        (
            format!("{},Sekret,otpauth://totp/a", user.identity),
            "secret is required",
        ),
        (
            format!("{},Sekret,otpauth://totp/%FF?{query}&x=%FF", user.identity),
            "label must be UTF-8 once it is percent-decoded; uri must be UTF-8 once it is percent-decoded",
        ),
        (
            format!("{},{},{}", user.identity, "Sekret-".repeat(10), user.uri),
            "name must have 1 to 64 characters",
        ),
        (
            format!("{},Sekret", user.identity),
            "line must have the columns identity, name and uri",
        ),
        (
            format!(
                "{},\"Sekret\nand more\",otpauth://totp/a?secret=SEKRET",
                user.identity
            ),
            "secret must be Base32 (A-Z and 2-7, RFC 4648)",
        ),
    ]
}

/// Users as a file has them that has no header.
fn csv(users: &[User]) -> String {
    let line = |user: &User| format!("{},Phone,{}\n", user.identity, user.uri);
    users.iter().map(line).collect()
}

/// A file of seeds.
struct File {
    path: PathBuf,
}

impl File {
    fn of(text: &str) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("import-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("users");
        std::fs::write(&path, text).unwrap();
        Self::at(path)
    }

    fn at(path: PathBuf) -> Self {
        Self { path }
    }

    fn failed(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".failed");
        path.into()
    }

    /// What no run prints: the seeds, and whose they are.
    fn secrets(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let parts = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
        let secret = |part: &&str| {
            part.to_ascii_uppercase().contains("SEKRET")
                || part.starts_with("user-")
                || part.len() >= 16 && data_encoding::BASE32_NOPAD.decode(part.as_bytes()).is_ok()
        };
        parts.filter(secret).map(str::to_owned).collect()
    }
}

/// What came of a run of the command.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// Runs it, and makes sure that it says nothing of what is in the file.
    fn of(operator: &Operator, file: &File, way: &[&str]) -> Self {
        let arguments = [&[file.path.to_str().unwrap()], way].concat();
        let secrets = file.secrets();
        let output = output(&mut operator.command(&arguments));
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        for said in [&stdout, &stderr] {
            for secret in secrets
                .iter()
                .map(String::as_str)
                .chain(["Sekret", local::AUTH_TOKEN])
            {
                assert!(!said.contains(secret), "{secret} is in {said}");
            }
        }
        Self {
            code: output.status.code(),
            stdout,
            stderr,
        }
    }

    fn good(stdout: &str) -> Self {
        Self {
            code: Some(0),
            stdout: stdout.to_owned(),
            stderr: String::new(),
        }
    }
}

/// What happens to a request on its way.
enum Fault {
    None,
    /// It is refused for a second, with this status.
    Patience(u16),
    /// It is done, and the answer is lost.
    Lost,
    /// It is a fault of ours, whose message says more than it should.
    Ours,
}

/// The API of a function over HTTP.
struct Api {
    url: String,
    calls: Arc<AtomicUsize>,
}

impl Api {
    async fn of(function: &Function, fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (app, calls) = (
            Arc::new(function.another_instance()),
            Arc::new(AtomicUsize::new(0)),
        );
        let counted = Arc::clone(&calls);
        let invoke = move |request_id: String, event: Value| {
            let (app, fault) = (Arc::clone(&app), fault(counted.fetch_add(1, Ordering::SeqCst)));
            async move {
                let body = event["body"].as_str().unwrap_or_default().to_owned();
                let invoke = async || {
                    let mut context = Context::default();
                    context.request_id = request_id;
                    let payload = serde_json::from_value(event).unwrap();
                    let Ok(reply) = app
                        .invoke(LambdaEvent { payload, context }, OffsetDateTime::now_utc())
                        .await;
                    serde_json::to_value(reply).unwrap()
                };
                match fault {
                    Fault::None => invoke().await,
                    Fault::Patience(status) => json!({"statusCode": status, "headers": {"Retry-After": "1"}}),
                    Fault::Lost => {
                        invoke().await;
                        json!({"statusCode": 502, "body": "lost"})
                    }
                    Fault::Ours => {
                        let form = data_encoding::BASE64.decode(body.as_bytes()).unwrap_or_default();
                        let message = String::from_utf8(form).unwrap_or_default();
                        let body = json!({"code": 20500, "message": message, "status": 500}).to_string();
                        json!({"statusCode": 500, "body": body})
                    }
                }
            }
        };
        tokio::spawn(gateway::serve(listener, invoke, std::future::pending()));
        Self { url, calls }
    }

    /// The way by requests to it.
    fn way(&self) -> Vec<&str> {
        vec!["--url", &self.url]
    }
}
