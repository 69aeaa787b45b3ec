//! What a JWT has to be for a device to be let in.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64URL_NOPAD;
use harness::dynamo::Item;
use harness::local;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use time::Duration;

use super::Device;
use crate::support::phone::{Phone, claims, device, jws_signed, jwt_header};
use crate::support::{Function, NOW, by, code_at, factors_path, invoke_at, logs, request};

#[tokio::test]
async fn a_jwt_of_its_key_lets_a_device_in_as_each_sdk_writes_it() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let (kid, account, now) = (own.credential_sid(), local::account_sid(), NOW.unix_timestamp());
    let fetch = request("GET", &own.path(), &[], "");
    for (header, payload) in [
        (jwt_header(kid), claims(NOW)),
        // The order of members is free, and so are further ones.
        (
            format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#),
            format!(r#"{{"nbf":{now},"exp":{},"sub":"{account}"}}"#, now + 600),
        ),
        (
            format!(r#"{{"typ":"JWT","cty":"twilio\/pba;v=1","x":[1],"alg":"ES256","kid":"{kid}"}}"#),
            format!(
                r#"{{"sub":"{account}","nbf":{now},"exp":{},"iat":"soon","jti":null}}"#,
                now + 1
            ),
        ),
        // Escaped in another way.
        (
            jwt_header(&kid.replace('C', "\\u0043")),
            claims(NOW).replace("AC", "\\u0041C"),
        ),
    ] {
        let jwt = own.phone.jws(&header, &payload);
        let answer = invoke_at(&function.app, &by(&fetch, &device(&jwt)), NOW).await;
        assert_eq!(
            (answer.status, answer.text("sid").as_str()),
            (200, own.sid()),
            "{header}"
        );
        let line = &logs::of(&answer)[0];
        assert_eq!(
            (&line["caller"], &line["factor_sid"]),
            (&json!("device"), &json!(own.sid()))
        );
    }
}

/// Headers and payloads that its own key signs, each with what is wrong with it.
fn bad_jwts(own: &Device, other: &Device, totp: &str) -> Vec<(&'static str, String, String)> {
    let (account, now) = (local::account_sid(), NOW.unix_timestamp());
    let at = |from: i64, to: i64| format!(r#"{{"sub":"{account}","exp":{},"nbf":{}}}"#, now + to, now + from);
    let good = jwt_header(own.credential_sid());
    vec![
        ("expired", good.clone(), at(-630, -30)),
        ("future", good.clone(), at(31, 600)),
        ("601 seconds", good.clone(), at(0, 601)),
        (
            "a foreign account",
            good.clone(),
            claims(NOW).replace(&account, "AC00000000000000000000000000000000"),
        ),
        (
            "no account",
            good.clone(),
            format!(r#"{{"exp":{},"nbf":{now}}}"#, now + 600),
        ),
        (
            "no end",
            good.clone(),
            format!(r#"{{"sub":"{account}","nbf":{now}}}"#),
        ),
        (
            "no beginning",
            good.clone(),
            format!(r#"{{"sub":"{account}","exp":{}}}"#, now + 600),
        ),
        (
            "a text for an end",
            good.clone(),
            format!(r#"{{"sub":"{account}","exp":"{}","nbf":{now}}}"#, now + 600),
        ),
        (
            "a fraction",
            good.clone(),
            format!(r#"{{"sub":"{account}","exp":{}.5,"nbf":{now}}}"#, now + 599),
        ),
        (
            "a member twice",
            good.clone(),
            format!(
                r#"{{"sub":"{account}","exp":{now},"exp":{},"nbf":{now}}}"#,
                now + 600
            ),
        ),
        ("no object", good.clone(), "[]".to_owned()),
        ("no JSON", good.clone(), "{".to_owned()),
        (
            "another Factor's kid",
            jwt_header(other.credential_sid()),
            claims(NOW),
        ),
        ("a totp Factor's kid", jwt_header(totp), claims(NOW)),
        (
            "an unknown kid",
            jwt_header("CR00000000000000000000000000000000"),
            claims(NOW),
        ),
        ("a Factor's SID for a kid", jwt_header(own.sid()), claims(NOW)),
        (
            "upper case in the kid",
            jwt_header(&own.credential_sid().to_uppercase()),
            claims(NOW),
        ),
        ("no kid", r#"{"alg":"ES256"}"#.to_owned(), claims(NOW)),
        ("alg HS256", good.replace("ES256", "HS256"), claims(NOW)),
        ("alg none", good.replace("ES256", "none"), claims(NOW)),
        ("alg ES384", good.replace("ES256", "ES384"), claims(NOW)),
        ("alg es256", good.replace("ES256", "es256"), claims(NOW)),
        ("no alg", good.replace(r#","alg":"ES256""#, ""), claims(NOW)),
        (
            "crit",
            good.replace('{', r#"{"crit":["b64"],"b64":false,"#),
            claims(NOW),
        ),
        (
            "an empty crit",
            good.replace('{', r#"{"crit":null,"#),
            claims(NOW),
        ),
    ]
}

/// The SID of a totp Factor that is verified.
async fn verified_totp(function: &Function) -> String {
    let created = function.create_factor("FriendlyName=a&FactorType=totp").await;
    let path = format!("{}/{}", factors_path(), created.text("sid"));
    let code = format!("AuthPayload={}", code_at(&created.json(), NOW));
    let verified = function.request("POST", &path, &code).await;
    assert_eq!(verified.text("status"), "verified");
    created.text("sid")
}

#[tokio::test]
async fn a_jwt_that_is_not_as_it_has_to_be_is_nobodys() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let other = Device::verified(&function, 2).await;
    let totp = verified_totp(&function).await;
    let kid_of_totp = totp.replace("YF", "CR");
    let good = jwt_header(own.credential_sid());
    let cases = bad_jwts(&own, &other, &kid_of_totp);
    for path in [own.path(), factors_path().replace("Factors", "Challenges")] {
        let fetch = request("GET", &path, &[], "");
        for (what, header, payload) in &cases {
            let jwt = own.phone.jws(header, payload);
            let answer = invoke_at(&function.app, &by(&fetch, &device(&jwt)), NOW).await;
            answer.assert_nobody(what);
            assert_eq!(logs::of(&answer)[0]["caller"], json!(null), "{what}");
        }
        let jwt = own.phone.jws(&good, &claims(NOW));
        assert_eq!(
            invoke_at(&function.app, &by(&fetch, &device(&jwt)), NOW)
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn a_totp_factor_has_no_device_and_its_seed_is_not_opened_for_one() {
    let function = Function::start().await;
    let totp = verified_totp(&function).await;
    let jwt = Phone::number(1).jws(&jwt_header(&totp.replace("YF", "CR")), &claims(NOW));
    let path = format!("{}/{totp}", factors_path());
    let fetch = by(&request("GET", &path, &[], ""), &device(&jwt));
    // It would be a fault if it were.
    let pk = crate::support::entity_partition();
    let mut item = function.dynamo.item(&pk, &totp).await.unwrap();
    item.insert("binding".to_owned(), damaged(&item));
    function.dynamo.put(item).await;
    let answer = invoke_at(&function.app, &fetch, NOW).await;
    answer.assert_nobody("a totp Factor's kid");
}

/// The binding of an item with its last bit another.
fn damaged(item: &Item) -> AttributeValue {
    let mut bytes = item["binding"].as_b().unwrap().as_ref().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    AttributeValue::B(Blob::new(bytes))
}

#[tokio::test]
async fn a_signature_that_is_another_keys_or_another_texts_or_none_is_nobodys() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let (header, payload) = (jwt_header(own.credential_sid()), claims(NOW));
    let good = own.phone.jws(&header, &payload);
    let signed = jws_signed(&header, &payload);
    let signature = own.phone.signature(&signed);
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let der = signature.to_der();
    let raw = signature.to_bytes();
    // By the public key, as where `alg` is believed.
    let hs256 = jws_signed(&header.replace("ES256", "HS256"), &payload);
    let mut hmac = Hmac::<Sha256>::new_from_slice(&own.phone.public_key()).unwrap();
    hmac.update(hs256.as_bytes());
    let hmac = encode(&hmac.finalize().into_bytes());
    for (what, text) in [
        ("another phone's", Phone::number(2).jws(&header, &payload)),
        ("none", format!("{signed}.")),
        ("no third part", signed.clone()),
        ("four parts", format!("{good}.{}", encode(&raw))),
        ("DER", format!("{signed}.{}", encode(der.as_bytes()))),
        ("63 bytes", format!("{signed}.{}", encode(&raw[..63]))),
        (
            "65 bytes",
            format!("{signed}.{}", encode(&[raw.as_slice(), &[0]].concat())),
        ),
        ("zeros", format!("{signed}.{}", encode(&[0; 64]))),
        (
            "of another payload",
            format!(
                "{}.{}",
                jws_signed(&header, &claims(NOW + Duration::SECOND)),
                encode(&raw)
            ),
        ),
        (
            "of another header",
            format!(
                "{}.{}",
                jws_signed(&jwt_header(own.sid()), &payload),
                encode(&raw)
            ),
        ),
        ("HS256", format!("{hs256}.{hmac}")),
        ("padded", format!("{good}==")),
        ("with a space", good.replacen('.', " .", 1)),
        ("the standard alphabet", format!("{}+", &good[..good.len() - 1])),
        ("nothing", String::new()),
        ("two dots", "..".to_owned()),
        ("of its Factor alone", own.phone.sign(own.sid())),
    ] {
        assert_ne!(text, good, "{what}");
        let fetch = by(&request("GET", &own.path(), &[], ""), &device(&text));
        invoke_at(&function.app, &fetch, NOW).await.assert_nobody(what);
    }
    // An answer to a Challenge is no JWT of a device.
    let challenge = own.challenge(&function).await;
    let answer = own
        .phone
        .answer(&challenge, "approved")
        .replace("AuthPayload=", "");
    let fetch = by(&request("GET", &own.path(), &[], ""), &device(&answer));
    invoke_at(&function.app, &fetch, NOW)
        .await
        .assert_nobody("an answer");
}

#[tokio::test]
async fn high_s_counts_too() {
    let function = Function::start().await;
    let own = Device::enrolled(&function, 1).await;
    let signed = jws_signed(&jwt_header(own.credential_sid()), &claims(NOW));
    let low = own.phone.signature(&signed).normalize_s();
    let (r, s) = low.split_scalars();
    let high = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    assert_ne!(low, high);
    let jwt = format!("{signed}.{}", BASE64URL_NOPAD.encode(&high.to_bytes()));
    let fetch = by(&request("GET", &own.path(), &[], ""), &device(&jwt));
    assert_eq!(invoke_at(&function.app, &fetch, NOW).await.status, 200);
}

#[tokio::test]
async fn a_jwt_is_good_for_ten_minutes_and_30_seconds_around() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let fetch = by(&request("GET", &own.path(), &[], ""), &own.authorization(NOW));
    let whole = NOW.replace_nanosecond(0).unwrap();
    for (seconds, good) in [
        (-31, false),
        (-30, true),
        (0, true),
        (600, true),
        (629, true),
        (630, false),
        (10_000, false),
    ] {
        let answer = invoke_at(&function.app, &fetch, whole + Duration::seconds(seconds)).await;
        assert_eq!(answer.status == 200, good, "{seconds}");
    }
}

#[tokio::test]
async fn the_device_of_a_factor_that_is_gone_is_nobody() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let unverified = Device::enrolled(&function, 2).await;
    let fetch = |device: &Device, at| {
        by(
            &request("GET", &device.path(), &[], ""),
            &device.authorization(at),
        )
    };
    let tomorrow = NOW + Duration::hours(24);
    invoke_at(&function.app, &fetch(&unverified, tomorrow), tomorrow)
        .await
        .assert_nobody("unverified for a day");
    assert_eq!(
        invoke_at(&function.app, &fetch(&own, tomorrow), tomorrow)
            .await
            .status,
        200
    );
    assert_eq!(own.call(&function, "DELETE", &own.path(), "").await.status, 204);
    for (method, form) in [("GET", ""), ("POST", "FriendlyName=a"), ("DELETE", "")] {
        own.call(&function, method, &own.path(), form)
            .await
            .assert_nobody(method);
    }
    let list = factors_path().replace("Factors", "Challenges");
    own.call(&function, "GET", &list, "").await.assert_nobody("list");
}

#[tokio::test]
async fn a_binding_that_does_not_open_is_a_fault_and_lets_nobody_in() {
    let function = Function::start().await;
    let own = Device::verified(&function, 1).await;
    let pk = crate::support::entity_partition();
    let mut item = function.dynamo.item(&pk, own.sid()).await.unwrap();
    item.insert("binding".to_owned(), damaged(&item));
    function.dynamo.put(item).await;
    let answer = own.call(&function, "GET", &own.path(), "").await;
    assert_eq!(answer.error(), (500, 20500));
    assert_eq!(
        logs::of(&answer)[0]["cause"],
        "a stored binding is not as it was sealed"
    );
}
