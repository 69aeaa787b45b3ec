//! What is wrong from the start, and what a terminal shows.

use std::process::Command;

use harness::local;

use crate::api::{Api, Fault};
use crate::run::{File, Run, VERIFIED, operator};
use crate::support::Function;
use crate::support::commands::{example, text};
use crate::users::{User, csv};

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
