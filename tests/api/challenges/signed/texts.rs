//! Texts that say what is right and are signed in another way, or by another.

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Case, and, case, signed_by};
use crate::challenges::phone;
use crate::support::phone::{HEADER, Phone, answer_payload, jws_signed};

fn hs256(signed: &str, secret: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Texts that are no JWS with ES256 by the right key, though what they say is right.
pub(super) fn signed_else(challenge: &Value) -> Vec<Case> {
    let (phone, other) = (phone(), Phone::number(2));
    let payload = answer_payload(challenge, "approved");
    let right = phone.jws(HEADER, &payload);
    let signed = jws_signed(HEADER, &payload);
    let signature = phone.signature(&signed).to_bytes().to_vec();
    let (header, payload_part) = signed.split_once('.').unwrap();
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let mut cases = with_headers(&phone, &payload);
    cases.extend(with_payloads(&phone, challenge, &payload));
    cases.extend(by_hs256(&phone, &payload));
    cases.extend([
        case("by another key", other.jws(HEADER, &payload)),
        case("with no signature", format!("{signed}.")),
        case("with no signature and no dot", signed.clone()),
        case(
            "with a signature of another text",
            signed_by(&signed, &phone.signature("x").to_bytes()),
        ),
        case(
            "with a signature of the payload alone",
            signed_by(&signed, &phone.signature(&payload).to_bytes()),
        ),
        case(
            "with DER",
            signed_by(&signed, phone.signature(&signed).to_der().as_bytes()),
        ),
        case("with 63 bytes", signed_by(&signed, &signature[..63])),
        case(
            "with 63 bytes, the first one cut",
            signed_by(&signed, &signature[1..]),
        ),
        case(
            "with 65 bytes",
            signed_by(&signed, &[signature.as_slice(), &[0]].concat()),
        ),
        case("with zeros", signed_by(&signed, &[0; 64])),
        case(
            "with R and no S",
            signed_by(&signed, &[&signature[..32], &[0; 32]].concat()),
        ),
        case(
            "with S before R",
            signed_by(&signed, &[&signature[32..], &signature[..32]].concat()),
        ),
        case(
            "with padding",
            format!("{signed}.{}", BASE64URL.encode(&signature)),
        ),
        case(
            "in the standard alphabet",
            format!("{signed}.{}", BASE64.encode(&[0xFB; 64])),
        ),
        case("with a space", right.replace('.', " .")),
        case("with a line", format!("{right}\n")),
        case("with another part", format!("{right}.")),
        case("with another part before", format!(".{right}")),
        case(
            "with an empty header",
            format!(".{payload_part}.{}", encode(&signature)),
        ),
        case("with an empty payload", phone.jws(HEADER, "")),
        case(
            "as JSON",
            json!({"protected": header, "payload": payload_part, "signature": encode(&signature)})
                .to_string(),
        ),
        case("the payload alone", payload.clone()),
        case("dots", "..".to_owned()),
        case("a code", "123456".to_owned()),
        case(
            "the proof that verified the Factor",
            phone.sign(challenge["factor_sid"].as_str().unwrap()),
        ),
        case(
            "a bit more at the end",
            format!("{}{}", &right[..right.len() - 1], next(&right)),
        ),
    ]);
    let none = jws_signed(r#"{"typ":"JWT","alg":"none"}"#, &payload);
    cases.push(case("`none` without a signature", format!("{none}.")));
    let not_utf8 = |header: &[u8], payload: &[u8]| {
        let signed = format!("{}.{}", encode(header), encode(payload));
        signed_by(&signed, &phone.signature(&signed).to_bytes())
    };
    let broken = [b"{\"x\":\"\xff\",", &payload.as_bytes()[1..]].concat();
    cases.push(case(
        "with a payload that is no UTF-8",
        not_utf8(HEADER.as_bytes(), &broken),
    ));
    cases.push(case(
        "with a header that is no UTF-8",
        not_utf8(b"{\"alg\":\"ES256\",\"x\":\"\xff\"}", payload.as_bytes()),
    ));
    cases
}

/// With headers by which nothing is to be verified.
fn with_headers(phone: &Phone, payload: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for header in [
        r#"{"typ":"JWT","alg":"none"}"#,
        r#"{"typ":"JWT","alg":"HS256"}"#,
        r#"{"typ":"JWT","alg":"es256"}"#,
        r#"{"alg":"ES384"}"#,
        r#"{"alg":"ES256K"}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":null}"#,
        r#"{"typ":"JWT"}"#,
        "{}",
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"a"}"#,
        r#"{"alg":"ES256","x":{"a":1,"a":1}}"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
        r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
        r#"["ES256"]"#,
        r#""ES256""#,
        "ES256",
        "",
        r#"{"alg":"ES256"} x"#,
        r#"{"alg":"ES256",}"#,
        "\u{feff}{\"alg\":\"ES256\"}",
    ] {
        cases.push(case(
            format!("with the header {header}"),
            phone.jws(header, payload),
        ));
    }
    cases
}

/// With payloads that are no JSON object, though the right one is in them.
fn with_payloads(phone: &Phone, challenge: &Value, payload: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, payload) in [
        ("a list", format!("[{payload}]")),
        ("a text", json!(payload).to_string()),
        ("null", "null".to_owned()),
        ("two objects", format!("{payload}{payload}")),
        ("a byte order mark", format!("\u{feff}{payload}")),
        ("a comma too many", payload.replacen('}', ",}", 1)),
        (
            "depth without end",
            and(challenge, &format!("\"x\":{}", "[".repeat(500))),
        ),
        ("half a character", and(challenge, r#""x":"\ud83e""#)),
    ] {
        cases.push(case(
            format!("with the payload {name}"),
            phone.jws(HEADER, &payload),
        ));
    }
    cases
}

/// By what everybody knows, taken for a secret.
fn by_hs256(phone: &Phone, payload: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let hs256_signed = jws_signed(r#"{"typ":"JWT","alg":"HS256"}"#, payload);
    let der = phone.public_key();
    let pem = |newline: &str| {
        let lines: Vec<String> = BASE64
            .encode(&der)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{newline}",
            lines.join("\n")
        )
    };
    for secret in [
        der.clone(),
        der[26..].to_vec(),
        BASE64.encode(&der).into_bytes(),
        pem("").into_bytes(),
        pem("\n").into_bytes(),
        vec![],
    ] {
        let name = format!("HS256 by a public key of {} bytes", secret.len());
        cases.push(case(
            name,
            signed_by(&hs256_signed, &hs256(&hs256_signed, &secret)),
        ));
    }
    cases
}

/// Another last character, of which the bits that count are the same: 64 bytes are 85 characters and 2 bits.
fn next(right: &str) -> char {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = ALPHABET.find(right.chars().last().unwrap()).unwrap();
    assert_eq!(last % 16, 0);
    ALPHABET.chars().nth(last + 1).unwrap()
}
