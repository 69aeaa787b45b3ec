//! What the steps of histories are drawn from, and how often each comes.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::challenges::draws::asked;
use crate::contract::Place;
use crate::devices::{PHONES, Signed, public_key};
use crate::history::{Change, Code, IDENTITIES, SERVICES, Tick, Which};
use crate::parameters::Form;

/// Mostly the latest that there is.
pub fn which() -> impl Strategy<Value = Which> {
    let back = || prop_oneof![4 => Just(0), 3 => 0..3_usize, 1 => 0..25_usize];
    prop_oneof![9 => back().prop_map(Which::There), 1 => back().prop_map(Which::Any)]
}

/// Mostly one; the Service of some isn't there.
pub fn place() -> impl Strategy<Value = Place> {
    let service = prop_oneof![12 => Just(0), 5 => Just(1), 1 => Just(SERVICES)];
    let identity = prop_oneof![5 => Just(IDENTITIES[0]), 2 => select(&IDENTITIES[..])];
    (service, identity)
}

pub fn key() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::weighted(0.35, select(vec!["a", "b", "a key: \"~\""]))
}

pub fn page_size() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 1..=3_usize, 1 => select(vec![7, 20, 1000])]
}

/// A form for a totp Factor.
pub fn new_totp() -> impl Strategy<Value = Form> {
    let metadata = prop::option::weighted(0.2, some(&["Metadata"]));
    let seed = prop::option::weighted(0.3, some(&["Binding.Secret"]));
    let config = parameters(&OF_UPDATES[1..5], 0);
    (some(&["FriendlyName"]), metadata, seed, config).prop_map(|(name, metadata, seed, config)| {
        let fixed = [name, ("FactorType", "totp".to_owned())];
        let more = metadata.into_iter().chain(seed).chain(config);
        fixed.into_iter().chain(more).collect::<Form>()
    })
}

/// A form for a push Factor.
pub fn new_push() -> impl Strategy<Value = Form> {
    let metadata = prop::option::weighted(0.2, some(&["Metadata"]));
    let config = (
        some(&["Binding.PublicKey"]),
        some(&["Config.AppId"]),
        some(&["Config.NotificationPlatform"]),
        prop::option::weighted(0.8, some(&["Config.NotificationToken"])),
        some(&["Config.SdkVersion"]),
    );
    (some(&["FriendlyName"]), metadata, config).prop_map(
        |(name, metadata, (key, app, platform, token, sdk))| {
            let fixed = [name, ("FactorType", "push".to_owned()), key, app, platform, sdk];
            fixed.into_iter().chain(metadata).chain(token).collect::<Form>()
        },
    )
}

/// A form for a Factor, which may be of no type or without a name.
pub fn new_factor() -> impl Strategy<Value = Form> {
    let other = some(&["FriendlyName"]).prop_map(|name| vec![name, ("FactorType", "sms".to_owned())]);
    let nameless = Just(vec![("FactorType", "totp".to_owned())]);
    prop_oneof![20 => new_totp(), 12 => new_push(), 1 => other, 1 => nameless]
}

/// The values of a parameter: good ones, and ones that break its rule.
fn values(name: &str) -> (Vec<String>, Vec<String>) {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let (good, bad): (&[&str], &[&str]) = match name {
        "FriendlyName" => (&["Laptop", "John's Phone ü", "a:b & c", "名前"], &[" \t "]),
        "Metadata" => (
            &[r#"{"os":"Android"}"#, "{}"],
            &[r#"{"os":1}"#, "[]", r#"{"os":"#],
        ),
        "Binding.Secret" => (
            &["GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
            &["GEZDGNBVGY3TQOI", "0189"],
        ),
        "Config.AppId" => (&["com.example.myapp", "b"], &[]),
        "Config.NotificationPlatform" => (&["fcm", "apn", "none"], &["sms"]),
        "Config.SdkVersion" => (&["1.0.0", "2"], &[]),
        "Config.Alg" => (&["sha1", "sha256", "sha512"], &["md5", "SHA1"]),
        "Config.TimeStep" => (&["30", "20", "45", "60"], &["19", "61", "thirty"]),
        "Config.Skew" => (&["1", "0", "2"], &["3", "-1"]),
        "Config.CodeLength" => (&["6", "3", "4", "5", "7", "8"], &["2", "9"]),
        _ => (&[], &[]),
    };
    let (mut good, mut bad) = (texts(good), texts(bad));
    match name {
        "FriendlyName" => {
            good.push("y".repeat(64));
            bad.push("z".repeat(65));
        }
        "Binding.PublicKey" => {
            good.extend((0..PHONES).map(public_key));
            bad.push("bm8ga2V5".to_owned());
        }
        "Config.AppId" => bad.push("a".repeat(101)),
        "Config.SdkVersion" => bad.push("s".repeat(65)),
        "Config.NotificationToken" => {
            good.extend(["t".repeat(32), "u".repeat(255)]);
            bad.extend(["v".repeat(31), "w".repeat(256)]);
        }
        _ => {}
    }
    (good, bad)
}

/// A value, rarely a bad one, for one of these parameters.
fn some(names: &[&'static str]) -> Union<BoxedStrategy<(&'static str, String)>> {
    Union::new(names.iter().map(|&name| {
        let (good, bad) = values(name);
        let good = (20, select(good).boxed());
        let bad = (!bad.is_empty()).then(|| (1, select(bad).boxed()));
        Union::new_weighted([good].into_iter().chain(bad).collect())
            .prop_map(move |value| (name, value))
            .boxed()
    }))
}

/// Some of these parameters, each once.
fn parameters(names: &'static [&'static str], at_least: usize) -> impl Strategy<Value = Form> {
    prop::collection::vec(some(names), at_least..=names.len()).prop_map(|mut form| {
        form.sort();
        form.dedup_by_key(|(name, _)| *name);
        form
    })
}

/// The parameters of an update; the last two it doesn't have.
const OF_UPDATES: [&str; 10] = [
    "FriendlyName",
    "Config.Alg",
    "Config.TimeStep",
    "Config.Skew",
    "Config.CodeLength",
    "Config.NotificationPlatform",
    "Config.NotificationToken",
    "Config.SdkVersion",
    "Config.AppId",
    "Metadata",
];

pub fn change(names: &'static [&'static str]) -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => some(names).prop_map(|(name, value)| Change::To(name, value)),
        1 => select(names).prop_map(Change::AsItIs),
    ]
}

pub fn changes(at_least: usize) -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(&OF_UPDATES), at_least..4)
}

pub fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        8 => Just(Code::Right),
        3 => (-1..=0_i64).prop_map(Code::FromFirst),
        3 => (0..=1_i64).prop_map(Code::FromLast),
        1 => (-1..=1_i64).prop_map(Code::FromAccepted),
        6 => Just(Code::Used),
        6 => Just(Code::Wrong),
        1 => select(vec![Code::Longer, Code::Shorter]),
        2 => (0..MISSPELLINGS).prop_map(Code::Misspelt),
        1 => select(vec!["", "12", "123456789", "12345a", "0x1234", "1e5", "１２３４５６", "٣٤٥٦٧٨"]).prop_map(Code::Text),
    ]
}

/// How many ways there are to spell a code wrong.
const MISSPELLINGS: usize = 10;

/// A code spelt wrong: spaces around and inside, signs, digits of another width, what ends a line or a string.
pub fn misspelt(code: &str, way: usize) -> String {
    let (half, rest) = code.split_at(code.len() / 2);
    match way {
        0 => format!(" {code}"),
        1 => format!("{code} "),
        2 => format!("{half} {rest}"),
        3 => format!("{half}-{rest}"),
        4 => format!("+{code}"),
        5 => format!("-{code}"),
        6 => format!("{code}\n"),
        7 => format!("{code}\0"),
        8 => code
            .chars()
            .filter_map(|digit| char::from_u32(digit as u32 - '0' as u32 + '０' as u32))
            .collect(),
        _ => format!("{half}\u{a0}{rest}"),
    }
}

pub fn signed() -> impl Strategy<Value = Signed> {
    prop_oneof![
        6 => Just(Signed::Well),
        2 => Just(Signed::WithHighS),
        1 => select(vec![Signed::ByAnotherKey, Signed::SomethingElse, Signed::Raw, Signed::Longer]),
        1 => (0..=4_u8).prop_map(Signed::Misspelt),
        1 => select(vec!["", "123456", "no signature", "MAA="]).prop_map(Signed::Text),
    ]
}

pub fn tick() -> impl Strategy<Value = Tick> {
    prop_oneof![
        4 => select(vec![1, 1, 30, 30, 3600, 3600, 86_399, 90_000]).prop_map(Tick::Forward),
        2 => (1..=5_i64).prop_map(Tick::Back),
        3 => which().prop_map(Tick::NextStep),
        2 => which().prop_map(Tick::LastOfStep),
        3 => (which(), -1..=1_i64).prop_map(|(which, more)| Tick::Expiry(which, more)),
        4 => (which(), -1..=0_i64).prop_map(|(which, more)| Tick::EndOfWait(which, more)),
        4 => (asked(), -1..=1_i64).prop_map(|(which, more)| Tick::EndOfChallenge(which, more)),
        2 => (0..2_usize, -1..=0_i64).prop_map(|(back, more)| Tick::EndOfToken(back, more)),
        2 => (which(), 0..2_usize, -1..=0_i64).prop_map(|(which, nth, more)| Tick::EndOfWindow(which, nth, more)),
    ]
}
