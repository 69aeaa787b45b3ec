//! `Binding.PublicKey` against RFC 5480 and SEC 1, by the book: DER has one way to write a SubjectPublicKeyInfo on P-256, so
//! all of it but the point is a constant, and whether the point is on the curve is sums.
//!
//! An input is a text. If it starts with `der:`, what follows is DER in hexadecimal, so that bytes are easy to reach.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::fuzz_target;
use num_bigint::BigUint;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use verify_factors::factors::{NewFactor, PublicKey};
use verify_factors::parameters::{Fields, Rule};

/// `id-ecPublicKey` with `secp256r1`.
const ALGORITHM: [u8; 21] = [
    0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE,
    0x3D, 0x03, 0x01, 0x07,
];

/// The field's prime and the curve's b (SEC 2, section 2.4.2).
static P: LazyLock<BigUint> =
    LazyLock::new(|| number(b"FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"));
static B: LazyLock<BigUint> =
    LazyLock::new(|| number(b"5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"));

fn number(hexadecimal: &[u8]) -> BigUint {
    BigUint::parse_bytes(hexadecimal, 16).expect("hexadecimal")
}

/// The right side of the curve's equation: x³ - 3x + b.
fn right_side(x: &BigUint) -> BigUint {
    let p = &*P;
    (x.modpow(&3_u8.into(), p) + (p - 3_u8) * x + &*B) % p
}

/// The even and odd y of the points with this x, if it has any; p is 3 mod 4.
fn roots(x: &BigUint) -> Option<(BigUint, BigUint)> {
    let square = right_side(x);
    let root = square.modpow(&((&*P + 1_u8) >> 2), &P);
    if root.modpow(&2_u8.into(), &P) != square {
        return None;
    }
    // Not zero: the curve's order is odd, so it has no point with y = 0.
    let other = &*P - &root;
    Some(if root.bit(0) { (other, root) } else { (root, other) })
}

fn is_point(point: &[u8]) -> bool {
    let Some((&tag, coordinates)) = point.split_first() else {
        return false;
    };
    let coordinates: Vec<BigUint> = coordinates.chunks(32).map(BigUint::from_bytes_be).collect();
    if coordinates.iter().any(|coordinate| *coordinate >= *P) {
        return false;
    }
    match (tag, point.len(), coordinates.as_slice()) {
        (4, 65, [x, y]) => y.modpow(&2_u8.into(), &P) == right_side(x),
        (2 | 3, 33, [x]) => roots(x).is_some(),
        _ => false,
    }
}

/// A SubjectPublicKeyInfo of a point.
fn spki(point: &[u8]) -> Vec<u8> {
    let length = |length: usize| u8::try_from(length).expect("short");
    let bits = [&[0x03, length(point.len() + 1), 0x00], point].concat();
    let content = [ALGORITHM.as_slice(), &bits].concat();
    [&[0x30, length(content.len())], content.as_slice()].concat()
}

fn is_p256(der: &[u8]) -> bool {
    [33, 65].into_iter().any(|length| {
        der.len()
            .checked_sub(length)
            .is_some_and(|start| is_point(&der[start..]) && spki(&der[start..]) == der)
    })
}

fn expected(text: &str) -> Result<(), Rule> {
    if text.contains(' ') {
        return Err(PublicKey::SPACE);
    }
    let der = BASE64_STANDARD.decode(text).map_err(|_| PublicKey::BASE64)?;
    if is_p256(&der) {
        Ok(())
    } else {
        Err(PublicKey::P256)
    }
}

/// What the rule says, by way of a form that is otherwise right.
fn parsed(text: &str) -> Result<(), Rule> {
    let form = format!(
        "FriendlyName=Phone&FactorType=push&Config.AppId=app&Config.NotificationPlatform=none&Config.SdkVersion=1\
         &Binding.PublicKey={}",
        utf8_percent_encode(text, NON_ALPHANUMERIC)
    );
    let mut fields = Fields::decode(form.as_bytes());
    let new = NewFactor::parse("ff483d1ff591898a9942916050d2ca3f", &mut fields);
    match fields.finish(new) {
        Ok(_) => Ok(()),
        Err(invalid) => match invalid.as_slice() {
            [refusal] if refusal.parameter == "Binding.PublicKey" => Err(refusal.rule),
            other => panic!("more than the key is refused: {other:?}"),
        },
    }
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fuzz_target!(|text: &str| {
    let text = match text.strip_prefix("der:") {
        Some(der) => BASE64_STANDARD.encode(hexadecimal(der)),
        None => text.to_owned(),
    };
    // An empty value counts as absent, which is another rule.
    if text.is_empty() {
        return;
    }
    assert_eq!(parsed(&text), expected(&text), "{text}");

    // Fuzzing finds x of points, half of all numbers being one, but never x with its y: so that is worked out here.
    let der = BASE64_STANDARD.decode(&text).unwrap_or_default();
    let [.., tag @ (2 | 3)] = der[..der.len().saturating_sub(32)] else {
        return;
    };
    let x = &der[der.len() - 32..];
    if let Some((even, odd)) = Some(BigUint::from_bytes_be(x))
        .filter(|x| *x < *P)
        .as_ref()
        .and_then(roots)
    {
        let y = if tag == 2 { even } else { odd };
        for (y, on_the_curve) in [(y.clone(), true), (y + 1_u8, false)] {
            let mut point = [&[4], x].concat();
            let y = y.to_bytes_be();
            point.resize(65 - y.len(), 0);
            point.extend(y);
            let text = BASE64_STANDARD.encode(spki(&point));
            assert_eq!(parsed(&text).is_ok(), on_the_curve, "{text}");
        }
    }
});
