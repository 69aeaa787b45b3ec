//! Seeds: the secret that an authenticator app and the server share.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::{Entropy, TotpAlgorithm};
use crate::parameters::Rule;

/// The shared secret of a totp Factor. Wiped from memory when it is dropped; `Debug` shows nothing of it.
#[derive(Clone, Debug)]
pub struct Seed(SecretSlice<u8>);

/// Base32 as people paste it: bits after the last byte may be anything (RFC 4648, section 3.5, leaves that open).
#[expect(
    clippy::expect_used,
    reason = "the specification is a constant and covered by tests"
)]
static BASE32_LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE32_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification
        .encoding()
        .expect("a valid encoding stays valid with trailing bits unchecked")
});

impl Seed {
    /// What a text that isn't Base32 is refused for.
    pub const BASE32: Rule = Rule::own("must be Base32 (A-Z and 2-7, RFC 4648)");
    /// What a seed that is too short or too long is refused for.
    pub const SIZE: Rule = Rule::own("must be 10 to 128 bytes once Base32-decoded");
    /// Bytes in a seed that is handed in. RFC 4226 asks for 16, but real services hand out 80 bits, and migrating
    /// them is what this parameter is for.
    const LENGTH: RangeInclusive<usize> = 10..=128;

    /// Reads a seed in Base32 (RFC 4648, section 6): any case, with spaces between groups, with its padding or none.
    ///
    /// # Errors
    /// [`Seed::BASE32`], [`Seed::SIZE`].
    pub fn parse(text: &str) -> Result<Self, Rule> {
        // With room for all of it: growing leaves copies that nobody wipes.
        let mut symbols = Zeroizing::new(Vec::with_capacity(text.len()));
        symbols.extend(
            text.bytes()
                .filter(|byte| *byte != b' ')
                .map(|byte| byte.to_ascii_uppercase()),
        );
        let padding = symbols.iter().rev().take_while(|byte| **byte == b'=').count();
        let (unpadded, _) = symbols.split_at(symbols.len() - padding);
        if padding != 0 && (padding >= 8 || !symbols.len().is_multiple_of(8)) {
            return Err(Self::BASE32);
        }
        let bytes = BASE32_LENIENT.decode(unpadded).map_err(|_| Self::BASE32)?;
        let seed = Self(bytes.into());
        if Self::LENGTH.contains(&seed.0.expose_secret().len()) {
            Ok(seed)
        } else {
            Err(Self::SIZE)
        }
    }

    /// A new seed, as long as the HMAC's output.
    pub(super) fn generate(algorithm: TotpAlgorithm, entropy: &Entropy) -> Self {
        let bytes = entropy.seed.iter().copied().take(algorithm.seed_length());
        Self(bytes.collect::<Vec<u8>>().into())
    }

    /// The bytes, to be sealed and to be hashed.
    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Reads the bytes that were sealed.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::LENGTH
            .contains(&bytes.len())
            .then(|| Self(bytes.to_vec().into()))
    }

    /// The seed in Base32, upper case without padding, for the answer.
    #[must_use]
    pub fn to_base32(&self) -> SecretString {
        BASE32_NOPAD.encode(self.0.expose_secret()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::Randomness;

    fn base32(text: &str) -> Result<String, Rule> {
        Seed::parse(text).map(|seed| seed.to_base32().expose_secret().to_owned())
    }

    #[test]
    fn seeds_are_read_in_any_case_with_spaces_and_padding() {
        for text in [
            "JBSWY3DPEHPK3PXP",
            "jbswy3dpehpk3pxp",
            "JbSw y3dp EHPK  3pxp",
            " JBSWY3DPEHPK3PXP ",
        ] {
            assert_eq!(base32(text).unwrap(), "JBSWY3DPEHPK3PXP", "{text}");
        }
        assert_eq!(base32("JBSWY3DPEHPK3PXPAA======").unwrap(), "JBSWY3DPEHPK3PXPAA");
        assert_eq!(
            base32("JBSW Y3DP EHPK 3PXP AA== ====").unwrap(),
            "JBSWY3DPEHPK3PXPAA"
        );
    }

    #[test]
    fn bits_after_the_last_byte_may_be_anything_and_are_dropped() {
        assert_eq!(base32("JBSWY3DPEHPK3PXPAB").unwrap(), "JBSWY3DPEHPK3PXPAA");
        assert_eq!(base32("JBSWY3DPEHPK3PXPA7").unwrap(), "JBSWY3DPEHPK3PXPA4");
    }

    #[test]
    fn other_symbols_lengths_and_paddings_are_not_base32() {
        for text in [
            "JBSWY3DPEHPK3PX1",
            "JBSWY3DPEHPK3PX0",
            "JBSWY3DPEHPK3PX8",
            "JBSW-Y3DP-EHPK-3PXP",
            "JBSWY3DPEHPK3PXP\t",
            "JBSWY3DPEHPK3PXé",
            "JBSWY3DPEHPK3PXPA",
            "JBSWY3DPEHPK3PXPAAA",
            "JBSWY3DPEHPK3PXPAAAAAA",
            "JBSWY3DPEHPK3PXPAA=====",
            "JBSWY3DPEHPK3PXP========",
            "JBSWY3DPEHPK3PXP=",
            "====",
            "A=======",
            "JBSWY3DP=EHPK3PXP",
        ] {
            assert_eq!(base32(text), Err(Seed::BASE32), "{text}");
        }
    }

    #[test]
    fn seeds_are_10_to_128_bytes() {
        for bytes in 0..=140 {
            let text = BASE32_NOPAD.encode(&vec![7; bytes]);
            let expected = match bytes {
                10..=128 => Ok(text.clone()),
                _ => Err(Seed::SIZE),
            };
            assert_eq!(base32(&text), expected, "{bytes} bytes");
        }
    }

    #[test]
    fn a_generated_seed_is_as_long_as_the_hmac_and_comes_from_the_entropy() {
        let randomness = Randomness::new(|bytes| {
            bytes.fill(0xA5);
            Ok(())
        });
        let entropy = Entropy::draw(&randomness).unwrap();
        for (algorithm, length) in [
            (TotpAlgorithm::Sha1, 20),
            (TotpAlgorithm::Sha256, 32),
            (TotpAlgorithm::Sha512, 64),
        ] {
            let seed = Seed::generate(algorithm, &entropy);
            assert_eq!(seed.0.expose_secret(), vec![0xA5; length]);
        }
    }

    #[test]
    fn debug_shows_no_seed() {
        let seed = Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        let shown = format!("{seed:?}");
        assert!(
            !shown.contains("GEZDGNBV") && !shown.contains("49, 50"),
            "{shown}"
        );
    }
}
