//! What is in a file, line by line.

use std::os::unix::fs::PermissionsExt as _;

use time::OffsetDateTime;

use crate::run::{File, Run, VERIFIED, operator};
use crate::support::Function;
use crate::users::{User, csv};

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
