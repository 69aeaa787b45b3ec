//! Runs that don't get to their end, or that meet what is there already.

use std::sync::atomic::Ordering;

use serde_json::Value;
use time::OffsetDateTime;

use crate::api::{Api, Fault};
use crate::run::{File, Run, VERIFIED, operator};
use crate::support::{Function, invoke_at, request};
use crate::users::{User, csv};

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
