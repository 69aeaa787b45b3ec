//! What comes of a file by each way.

use harness::local;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::api::{Api, Fault};
use crate::run::{File, Run, UNVERIFIED, VERIFIED, operator};
use crate::support::{Function, invoke_at, request};
use crate::users::{User, csv};

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
