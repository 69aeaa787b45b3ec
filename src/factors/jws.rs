//! JWS: texts that a push Factor's device has signed (RFC 7515), in the compact form, with ES256 (RFC 7518, section 3.4).

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use super::PublicKey;
use super::unique_json::unique;

/// A compact JWS: a header, a payload, and a signature of both as they were received. `Debug` shows nothing of it.
pub struct Jws<'a> {
    /// Header and payload, as they were signed.
    signed: &'a str,
    header: Value,
    payload: Value,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads a JWS; whether its signature holds is another matter.
    ///
    /// `None` if it isn't three parts in Base64url without padding, of which the first two are JSON objects with no member
    /// twice, or if it says that it has to be understood in a way that it isn't (`crit`: RFC 7515, section 4.1.11), or is signed in
    /// another way.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let part = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let (header, payload) = (unique(&part(header)?)?, unique(&part(payload)?)?);
        // The algorithm is the key's and nobody's choice (RFC 8725, section 3.1).
        let is_ours = header.get("alg").and_then(Value::as_str) == Some(PublicKey::ALG);
        let good = is_ours && header.get("crit").is_none() && payload.is_object();
        good.then_some(Self {
            signed,
            header,
            payload,
            signature: part(signature)?,
        })
    }

    /// The name that the header has for the key (`kid`: RFC 7515, section 4.1.4), whether it is that or not.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// The payload, whoever signed it.
    #[must_use]
    pub fn unverified(&self) -> &Value {
        &self.payload
    }

    /// What was signed, if `key` signed it: R and S in 32 bytes each, high S or low.
    #[must_use]
    pub fn verified_by(self, key: &PublicKey) -> Option<Value> {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point());
        key.verify(self.signed.as_bytes(), &self.signature).ok()?;
        Some(self.payload)
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Jws({} members, [REDACTED])",
            self.header.as_object().map_or(0, serde_json::Map::len)
        )
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    /// What `key` signed of this header and payload.
    fn signed(key: &EcdsaKeyPair, header: &str, payload: &str) -> String {
        let [header, payload] = [header, payload].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
        let signed = format!("{header}.{payload}");
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    fn key() -> (EcdsaKeyPair, PublicKey) {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let public = public_key(pair.public_key().as_ref());
        (pair, public)
    }

    /// The key with this point, uncompressed.
    fn public_key(point: &[u8]) -> PublicKey {
        // SubjectPublicKeyInfo of P-256, up to the point.
        let head = BASE64.decode(b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        PublicKey::parse(&BASE64.encode(&[head.as_slice(), point].concat())).unwrap()
    }

    fn verified(text: &str, key: &PublicKey) -> Option<Value> {
        Jws::parse(text)?.verified_by(key)
    }

    /// RFC 7515, appendix A.3.
    #[test]
    fn the_example_of_the_rfc_is_verified_and_with_no_bit_another() {
        const TEXT: &str = "eyJhbGciOiJFUzI1NiJ9\
                            .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
                            .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let coordinate = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        let x = coordinate("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = coordinate("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let key = public_key(&[&[4], x.as_slice(), &y].concat());
        let payload = json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true});
        assert_eq!(verified(TEXT, &key), Some(payload));
        assert_eq!(verified(TEXT, &self::key().1), None);
        for (at, _) in TEXT.char_indices() {
            for other in ["A", "b", "_", ".", ""] {
                let mut changed = TEXT.to_owned();
                changed.replace_range(at..=at, other);
                assert!(changed == TEXT || verified(&changed, &key).is_none(), "{changed}");
            }
        }
    }

    #[test]
    fn members_come_in_any_order_escaped_in_any_way_and_further_headers_are_not_looked_at() {
        let (key, public) = key();
        for (header, payload) in [
            (r#"{"alg":"ES256"}"#, r#"{"a":"/","b":{"c":["é"]}}"#),
            (
                r#"{"typ":"JWT","alg":"ES256"}"#,
                r#"{"b":{"c":["\u00e9"]},"a":"\/"}"#,
            ),
            (
                r#" { "kid" : {"a":[1]}, "\u0061lg" : "ES\u003256" } "#,
                "{\n\"b\": {\"c\": [\"é\"]}, \"a\": \"/\"}\n",
            ),
        ] {
            let text = signed(&key, header, payload);
            let said = json!({"a": "/", "b": {"c": ["é"]}});
            assert_eq!(verified(&text, &public), Some(said), "{header} {payload}");
        }
    }

    #[test]
    fn what_is_signed_in_another_way_or_says_anything_twice_is_no_jws() {
        let (key, _) = key();
        let es256 = r#"{"alg":"ES256"}"#;
        for (header, payload) in [
            ("", "{}"),
            ("{}", "{}"),
            (r#"["ES256"]"#, "{}"),
            (r#"{"alg":"none"}"#, "{}"),
            (r#"{"alg":"HS256"}"#, "{}"),
            (r#"{"alg":"es256"}"#, "{}"),
            (r#"{"alg":["ES256"]}"#, "{}"),
            (r#"{"alg":"none","alg":"ES256"}"#, "{}"),
            (r#"{"alg":"ES256","\u0061lg":"ES256"}"#, "{}"),
            (r#"{"alg":"ES256","x":{"a":1,"a":1}}"#, "{}"),
            (r#"{"alg":"ES256","crit":[]}"#, "{}"),
            (r#"{"alg":"ES256","crit":null}"#, "{}"),
            (r#"{"alg":"ES256","crit":["b64"],"b64":true}"#, "{}"),
            (es256, ""),
            (es256, "{"),
            (es256, "{}{}"),
            (es256, "[]"),
            (es256, "null"),
            (es256, r#""{}""#),
            (es256, "\u{feff}{}"),
            (es256, r#"{"a":1,"a":1}"#),
            (es256, r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#),
        ] {
            let text = signed(&key, header, payload);
            assert!(Jws::parse(&text).is_none(), "{header} {payload}");
        }
    }

    #[test]
    fn what_is_not_three_parts_in_base64url_without_padding_is_no_jws() {
        let (key, public) = key();
        let good = signed(&key, r#"{"alg":"ES256"}"#, "{}");
        assert!(verified(&good, &public).is_some());
        let (signed, _) = good.rsplit_once('.').unwrap();
        for text in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            signed.to_owned(),
            good.replace('.', ""),
            format!(".{good}"),
            format!("{good}."),
            format!("{good}=="),
            format!("{good}\n"),
            format!(" {good}"),
            good.replacen('.', "=.", 1),
            good.replacen('.', "..", 1),
            good.replacen("ey", "e+", 1),
            format!("{signed}.é"),
            // Its last character has bits that nothing comes of.
            format!("{signed}.{}B", "A".repeat(85)),
        ] {
            assert!(Jws::parse(&text).is_none(), "{text}");
        }
        // These are read, and verify nothing.
        for signature in [&[] as &[u8], &[0; 63], &[0; 64], &[0; 65], &[0xFF; 64]] {
            let text = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature));
            assert_eq!(Jws::parse(&text).unwrap().verified_by(&public), None);
        }
    }

    #[test]
    fn debug_shows_nothing_that_was_said() {
        let (key, _) = key();
        let text = signed(&key, r#"{"alg":"ES256","kid":"secret"}"#, r#"{"a":"secret"}"#);
        assert_eq!(
            format!("{:?}", Jws::parse(&text).unwrap()),
            "Jws(2 members, [REDACTED])"
        );
    }
}
