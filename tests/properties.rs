//! Properties of the parsers, over inputs that nobody thought of.

use proptest::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use verify_factors::factors::{FriendlyName, Metadata, Seed, Totp, TotpAlgorithm, TotpConfig};
use verify_factors::parameters::{Fields, Rule};
use verify_factors::sealing::{DataKey, NotOpened, SealedBinding, Seat};
use verify_factors::services::{CodeLength, Issuer, Skew, TimeStep};

/// A seed in Base32 as people write it: any case, in groups, padded or not.
fn written(bytes: &[u8], lower: bool, group: usize, padded: bool) -> String {
    let encoding = if padded {
        data_encoding::BASE32
    } else {
        data_encoding::BASE32_NOPAD
    };
    let text = encoding.encode(bytes);
    let text = if lower { text.to_lowercase() } else { text };
    let groups: Vec<&str> = text
        .as_bytes()
        .chunks(group)
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(" ")
}

proptest! {
    #[test]
    fn a_form_gives_back_what_was_put_in(pairs in proptest::collection::vec((".{1,8}", ".{0,16}"), 0..8)) {
        let text = serde_urlencoded::to_string(&pairs).unwrap();
        for (name, _) in &pairs {
            let values: Vec<&str> =
                pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
            let name: &'static str = name.clone().leak();
            let mut fields = Fields::decode(text.as_bytes());
            let read = fields.optional(name, |text| Ok(text.to_owned()));
            let read = fields.finish(read);
            let expected = match values.as_slice() {
                [value] => Ok(Some((*value).to_owned()).filter(|value| !value.is_empty())),
                _ => Err(vec![Rule::GivenOnce.broken_by(name)]),
            };
            prop_assert_eq!(read, expected);
        }
    }

    #[test]
    fn any_bytes_are_a_form_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let decoded: Vec<u8> = percent_encoding::percent_decode(&bytes).collect();
        let fields = Fields::decode(&bytes);
        prop_assert_eq!(fields.finish(Some(())).is_ok(), std::str::from_utf8(&decoded).is_ok());
    }

    #[test]
    fn a_seed_is_read_however_it_is_written(
        bytes in proptest::collection::vec(any::<u8>(), 10..=128), lower: bool, group in 1_usize..32, padded: bool,
    ) {
        let seed = Seed::parse(&written(&bytes, lower, group, padded)).unwrap();
        let decoded = data_encoding::BASE32_NOPAD.decode(seed.to_base32().expose_secret().as_bytes()).unwrap();
        prop_assert_eq!(decoded, bytes);
    }

    #[test]
    fn no_text_makes_a_seed_that_is_too_short_or_too_long(text in "[A-Za-z2-7= 018]{0,220}") {
        if let Ok(seed) = Seed::parse(&text) {
            let length = data_encoding::BASE32_NOPAD.decode(seed.to_base32().expose_secret().as_bytes()).unwrap().len();
            prop_assert!((10..=128).contains(&length));
        }
    }

    #[test]
    fn an_object_of_strings_is_metadata_and_is_shown_as_it_is(
        object in proptest::collection::btree_map(".{0,8}", ".{0,16}", 0..6),
    ) {
        let text = serde_json::to_string(&object).unwrap();
        let metadata = Metadata::parse(&text).unwrap();
        prop_assert_eq!(metadata.expose_json(), text);
    }

    #[test]
    fn metadata_is_always_a_json_object_of_strings(text in r#"[{}\[\]":,a\\u0-9 ]{0,32}|\{("[a-c]":("[a-z]"|1|null),?){0,3}\}"#) {
        if Metadata::parse(&text).is_ok() {
            let object: Map<String, Value> = serde_json::from_str(&text).unwrap();
            prop_assert!(object.values().all(Value::is_string));
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_and_nowhere_else(
        (key, other_key) in (any::<[u8; 32]>(), any::<[u8; 32]>()),
        (nonce, other_nonce) in (any::<[u8; 12]>(), any::<[u8; 12]>()),
        version in any::<u32>(),
        text in proptest::collection::vec(any::<u8>(), 1..160),
        places in proptest::collection::hash_set("[A-Za-z0-9/-]{1,100}", 4),
        flipped in any::<proptest::sample::Index>(),
    ) {
        prop_assume!(key != other_key && nonce != other_nonce);
        let places: Vec<String> = places.into_iter().collect();
        let seat = |pk: usize, sk: usize, factor_type| Seat { pk: &places[pk], sk: &places[sk], factor_type };
        let here = seat(0, 1, "totp");
        let data_key = DataKey::new(version, key.into());
        let sealed = data_key.seal(here, nonce, &text);
        let read = SealedBinding::parse(sealed.as_bytes()).unwrap();
        prop_assert_eq!(&*data_key.open(here, &read).unwrap(), &text);
        prop_assert!(data_key.seal(here, other_nonce, &text) != sealed);

        for elsewhere in [seat(2, 1, "totp"), seat(0, 3, "totp"), seat(1, 0, "totp"), seat(0, 1, "push")] {
            prop_assert_eq!(data_key.open(elsewhere, &read), Err(NotOpened));
        }
        for other in [DataKey::new(version, other_key.into()), DataKey::new(!version, key.into())] {
            prop_assert_eq!(other.open(here, &read), Err(NotOpened));
        }
        let mut bytes = sealed.as_bytes().to_owned();
        let bit = flipped.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = SealedBinding::parse(&bytes).map(|sealed| data_key.open(here, &sealed));
        prop_assert!(!matches!(opened, Ok(Ok(_))));
    }

    #[test]
    fn an_independent_reader_of_the_uri_finds_what_was_put_in(
        bytes in proptest::collection::vec(any::<u8>(), 16..=64),
        account in "[^:]{1,64}",
        issuer in "[^:]{1,64}",
        algorithm in 0_usize..3,
        time_step in 20_u8..=60,
        code_length in 6_u8..=8,
    ) {
        prop_assume!(!account.trim().is_empty() && !issuer.trim().is_empty());
        let algorithm = ["sha1", "sha256", "sha512"][algorithm];
        let totp = Totp {
            seed: Seed::parse(&data_encoding::BASE32_NOPAD.encode(&bytes)).unwrap(),
            config: TotpConfig {
                issuer: Issuer::parse(&issuer).unwrap(),
                algorithm: TotpAlgorithm::parse(algorithm).unwrap(),
                time_step: TimeStep::parse(&time_step.to_string()).unwrap(),
                skew: Skew::default(),
                code_length: CodeLength::parse(&code_length.to_string()).unwrap(),
            },
        };
        let uri = totp.uri(&FriendlyName::parse(&account).unwrap());
        let read = totp_rs::Totp::from_url(uri.expose_secret()).unwrap();
        prop_assert_eq!(read.account_name(), account);
        prop_assert_eq!(read.issuer(), Some(issuer.as_str()));
        prop_assert_eq!(read.secret().as_ref(), bytes.as_slice());
        prop_assert_eq!(read.algorithm().to_string().to_lowercase(), algorithm);
        prop_assert_eq!((read.step(), read.digits()), (u64::from(time_step), code_length));
    }
}
