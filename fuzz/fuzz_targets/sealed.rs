//! Sealed bindings as they could be in the table: whatever the bytes are, they are an error and never a panic, unless they are
//! what was sealed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verify_factors::sealing::{DataKey, SealedBinding, Seat};

const SEAT: Seat<'_> = Seat {
    pk: "VA0123456789abcdef0123456789abcdef/ff483d1ff591898a9942916050d2ca3f",
    sk: "YF0123456789abcdef0123456789abcdef",
    factor_type: "totp",
};
/// Bytes in front of the text: format, version, nonce.
const HEAD: usize = 1 + 4 + 12;
/// Bytes after it.
const TAG: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let data_key = DataKey::new(1, [7; 32].into());
    match SealedBinding::parse(bytes) {
        Ok(sealed) => {
            assert_eq!(sealed.as_bytes(), bytes);
            assert!(bytes[0] == 1 && bytes.len() > HEAD + TAG);
            assert_eq!(sealed.version().to_be_bytes(), bytes[1..5]);
            // Nobody finds one without the key.
            assert!(data_key.open(SEAT, &sealed).is_err());
        }
        Err(_) => assert!(bytes.len() <= HEAD + TAG || bytes[0] != 1),
    }

    // What is sealed is not what it was any more once a part of it is another.
    let Some((at, text)) = bytes.split_first() else {
        return;
    };
    if text.is_empty() {
        return;
    }
    let sealed = data_key.seal(SEAT, [9; 12], text);
    assert_eq!(*data_key.open(SEAT, &sealed).expect("it opens"), text);
    let mut changed = sealed.as_bytes().to_owned();
    let at = usize::from(*at) % changed.len();
    changed[at] ^= 1 << (text.len() % 8);
    if let Ok(changed) = SealedBinding::parse(&changed) {
        assert!(data_key.open(SEAT, &changed).is_err());
    }
});
