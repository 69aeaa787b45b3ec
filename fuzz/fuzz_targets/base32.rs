//! `Binding.Secret` against RFC 4648, section 6, read symbol by symbol.

#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use verify_factors::factors::Seed;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The bytes of a Base32 text in any case, with spaces anywhere and all of its padding or none.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.replace(' ', "").to_ascii_uppercase();
    let symbols = text.trim_end_matches('=');
    let padding = text.len() - symbols.len();
    // Symbols in the last group of eight, and the padding that fills it up.
    let full = match symbols.len() % 8 {
        0 => 0,
        2 => 6,
        4 => 4,
        5 => 3,
        7 => 1,
        _ => return None,
    };
    if padding != 0 && padding != full {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for symbol in symbols.chars() {
        bits = bits << 5 | u32::try_from(ALPHABET.find(symbol)?).ok()?;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

fuzz_target!(|text: &str| {
    let expected = match decode(text) {
        None => Err(Seed::BASE32),
        Some(bytes) if (10..=128).contains(&bytes.len()) => Ok(bytes),
        Some(_) => Err(Seed::SIZE),
    };
    match (Seed::parse(text), expected) {
        (Ok(seed), Ok(bytes)) => {
            let shown = seed.to_base32();
            let shown = shown.expose_secret();
            assert_eq!(
                decode(shown),
                Some(bytes),
                "the seed is another one than was sent"
            );
            assert!(shown.chars().all(|symbol| ALPHABET.contains(symbol)), "{shown}");
            let again = Seed::parse(shown).expect("what is shown can be sent");
            assert_eq!(again.to_base32().expose_secret(), shown);
        }
        (Err(refused), Err(rule)) => assert_eq!(refused, rule),
        (seed, expected) => panic!("accepted: {}, to be accepted: {}", seed.is_ok(), expected.is_ok()),
    }
});
