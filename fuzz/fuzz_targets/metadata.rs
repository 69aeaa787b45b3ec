//! `Metadata` against what `serde_json` makes of a map of strings.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use verify_factors::factors::Metadata;
use verify_factors::parameters::Rule;

/// How many strings are in a JSON text that is known to be well formed.
fn strings(json: &str) -> usize {
    let mut quotes = 0;
    let mut characters = json.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => quotes += 1,
            _ => {}
        }
    }
    quotes / 2
}

fuzz_target!(|text: &str| {
    let fits = (1..=1024).contains(&text.chars().count());
    let object = serde_json::from_str::<BTreeMap<String, String>>(text).ok();
    // A map of strings swallows a key that is there twice: then it has fewer strings than the text.
    let distinct = object
        .as_ref()
        .is_some_and(|object| object.len() * 2 == strings(text));
    match Metadata::parse(text) {
        Ok(metadata) => {
            assert!(fits && distinct, "accepted what breaks a rule");
            let kept = metadata.expose_json();
            assert_eq!(serde_json::from_str(kept).ok(), object, "kept as something else");
            assert!(text.contains(kept) && kept.starts_with('{') && kept.ends_with('}'));
            assert_eq!(
                Metadata::parse(kept)
                    .expect("what is kept can be sent")
                    .expose_json(),
                kept
            );
        }
        Err(Rule::Length { min: 1, max: 1024 }) => assert!(!fits),
        Err(Metadata::KEY_ONCE) => assert!(fits && !distinct),
        Err(Metadata::OBJECT_OF_STRINGS) => assert!(fits && object.is_none()),
        Err(rule) => panic!("{rule:?} is no rule of metadata"),
    }
});
