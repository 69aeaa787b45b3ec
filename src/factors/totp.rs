use std::fmt::{self, Write as _};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, Encoding};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::fields::{integer, length, not_blank};
use super::{Entropy, FriendlyName};
use crate::parameters::{Form, InvalidParameter, Rule, noting};

/// A number in the range `MIN` to `MAX`, `DEFAULT` where nobody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<const MIN: u8, const MAX: u8, const DEFAULT: u8>(u8);

/// How long a code counts, in seconds: 20 to 60, by default 30 (API page, `Config.TimeStep`; X in RFC 6238).
pub type TimeStep = Bounded<20, 60, 30>;
/// How many time steps before and after the present one count too: 0 to 2, by default 1 (API page, `Config.Skew`).
pub type Skew = Bounded<0, 2, 1>;
/// Digits in a code: 3 to 8, by default 6 (API page, `Config.CodeLength`; Digit in RFC 4226).
pub type CodeLength = Bounded<3, 8, 6>;

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Bounded<MIN, MAX, DEFAULT> {
    /// Reads a parameter.
    ///
    /// # Errors
    /// [`Rule::Integer`] with the range.
    pub fn parse(parameter: &'static str, text: &str) -> Result<Self, InvalidParameter> {
        integer(parameter, text, &(MIN..=MAX)).map(Self)
    }

    /// The number, if it is in the range.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (MIN..=MAX).contains(&number).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Default for Bounded<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

/// What a Service says about its totp Factors, each taken where a Factor's own parameter is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TotpSettings {
    /// `totp.time_step`
    pub time_step: TimeStep,
    /// `totp.skew`
    pub skew: Skew,
    /// `totp.code_length`
    pub code_length: CodeLength,
}

/// The hash function of the HMAC (API page, `Config.Alg`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1, which every authenticator app knows.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl TotpAlgorithm {
    /// The algorithm by its API name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// The name in the API: `sha1`, `sha256`, `sha512`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The name in an `otpauth` URI.
    const fn uri_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// Bytes in a generated seed: as many as the HMAC puts out (RFC 4226, section 4, R6; RFC 6238, appendix A).
    const fn seed_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn parse(parameter: &'static str, text: &str) -> Result<Self, InvalidParameter> {
        Self::from_name(text).ok_or(Rule::OneOf(&["sha1", "sha256", "sha512"]).broken_by(parameter))
    }
}

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
    /// The parameter's name.
    pub const PARAMETER: &'static str = "Binding.Secret";
    /// Bytes in a seed that is handed in. RFC 4226 asks for 16, but real services hand out 80 bits, and migrating
    /// them is what this parameter is for.
    const LENGTH: RangeInclusive<usize> = 10..=128;

    /// Reads a seed in Base32 (RFC 4648, section 6): any case, with spaces between groups, with its padding or none.
    ///
    /// # Errors
    /// [`Rule::Base32`], [`Rule::SeedLength`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        let not_base32 = Rule::Base32.broken_by(Self::PARAMETER);
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
            return Err(not_base32);
        }
        let bytes = BASE32_LENIENT.decode(unpadded).map_err(|_| not_base32)?;
        let seed = Self(bytes.into());
        if Self::LENGTH.contains(&seed.0.expose_secret().len()) {
            Ok(seed)
        } else {
            let (min, max) = (*Self::LENGTH.start(), *Self::LENGTH.end());
            Err(Rule::SeedLength { min, max }.broken_by(Self::PARAMETER))
        }
    }

    /// A new seed, as long as the HMAC's output.
    fn generate(algorithm: TotpAlgorithm, entropy: &Entropy) -> Self {
        let bytes: Vec<u8> = entropy
            .seed()
            .iter()
            .copied()
            .take(algorithm.seed_length())
            .collect();
        Self(bytes.into())
    }

    /// The seed in Base32, upper case without padding, for the table and the answer.
    #[must_use]
    pub fn to_base32(&self) -> SecretString {
        BASE32_NOPAD.encode(self.0.expose_secret()).into()
    }
}

/// Who a seed is for, as authenticator apps show it above the account.
///
/// Not blank and without a colon, which would end it early in the label of the
/// [key URI](https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The parameter's name.
    pub const PARAMETER: &'static str = "Totp.Issuer";
    /// Characters in an issuer. The API states no limit; this one keeps the URI within what a QR code holds.
    const LENGTH: RangeInclusive<usize> = 1..=64;

    /// Reads an issuer.
    ///
    /// # Errors
    /// [`Rule::Length`], [`Rule::NotBlank`], [`Rule::NoColon`].
    pub fn parse(text: &str) -> Result<Self, InvalidParameter> {
        length(Self::PARAMETER, text, &Self::LENGTH)?;
        not_blank(Self::PARAMETER, text)?;
        if text.contains(':') {
            Err(Rule::NoColon.broken_by(Self::PARAMETER))
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The issuer of a Service that has none set: its friendly name, in which a colon may be and becomes a dash.
    pub(super) fn of_service_named(friendly_name: &str) -> Self {
        Self(friendly_name.replace(':', "-"))
    }

    /// The issuer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It can be a Service's friendly name.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issuer([REDACTED])")
    }
}

/// The totp parameters of a request; what is absent is decided by the Service and by chance.
#[derive(Clone, Debug)]
pub struct NewTotp {
    seed: Option<Seed>,
    algorithm: TotpAlgorithm,
    time_step: Option<TimeStep>,
    skew: Option<Skew>,
    code_length: Option<CodeLength>,
}

impl NewTotp {
    /// The parameters of totp Factors.
    pub(super) const PARAMETERS: [&'static str; 5] = [
        Seed::PARAMETER,
        "Config.Alg",
        "Config.TimeStep",
        "Config.Skew",
        "Config.CodeLength",
    ];

    /// Reads the totp parameters of a form, noting what is invalid.
    pub(super) fn parse(form: &Form<'_>, invalid: &mut Vec<InvalidParameter>) -> Option<Self> {
        let seed = noting(
            invalid,
            form.optional(Seed::PARAMETER, |_, text| Seed::parse(text)),
        );
        let algorithm = noting(invalid, form.optional("Config.Alg", TotpAlgorithm::parse));
        let time_step = noting(invalid, form.optional("Config.TimeStep", TimeStep::parse));
        let skew = noting(invalid, form.optional("Config.Skew", Skew::parse));
        let code_length = noting(invalid, form.optional("Config.CodeLength", CodeLength::parse));
        Some(Self {
            seed: seed?,
            algorithm: algorithm?.unwrap_or_default(),
            time_step: time_step?,
            skew: skew?,
            code_length: code_length?,
        })
    }
}

/// What makes a totp Factor: enough to check its codes (RFC 6238) and to tell an authenticator app about it.
#[derive(Clone, Debug)]
pub struct Totp {
    /// The shared secret.
    pub seed: Seed,
    /// `config.alg`
    pub algorithm: TotpAlgorithm,
    /// `config.time_step`
    pub time_step: TimeStep,
    /// `config.skew`
    pub skew: Skew,
    /// `config.code_length`
    pub code_length: CodeLength,
    /// The issuer in the URI.
    pub issuer: Issuer,
}

impl Totp {
    pub(super) fn new(new: NewTotp, defaults: TotpSettings, issuer: Issuer, entropy: &Entropy) -> Self {
        Self {
            seed: new.seed.unwrap_or_else(|| Seed::generate(new.algorithm, entropy)),
            algorithm: new.algorithm,
            time_step: new.time_step.unwrap_or(defaults.time_step),
            skew: new.skew.unwrap_or(defaults.skew),
            code_length: new.code_length.unwrap_or(defaults.code_length),
            issuer,
        }
    }

    /// The [key URI](https://github.com/google/google-authenticator/wiki/Key-Uri-Format) that authenticator apps read
    /// from a QR code, with every parameter there and RFC 3986 percent-encoding.
    #[must_use]
    pub fn uri(&self, account: &FriendlyName) -> SecretString {
        let (issuer, account, secret) = (self.issuer.as_str(), account.expose(), self.seed.to_base32());
        // With room for all of it, as above: a byte of a name comes to three characters at the most.
        let names = 3 * (2 * issuer.len() + account.len());
        let mut uri = Zeroizing::new(String::with_capacity(names + secret.expose_secret().len() + 96));
        // A String takes all.
        let _ = write!(
            *uri,
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm={algorithm}&digits={digits}&period={period}",
            issuer = utf8_percent_encode(issuer, RESERVED),
            account = utf8_percent_encode(account, RESERVED),
            secret = secret.expose_secret(),
            algorithm = self.algorithm.uri_name(),
            digits = self.code_length.get(),
            period = self.time_step.get(),
        );
        SecretString::from(uri.as_str())
    }
}

/// All but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn base32(text: &str) -> Result<String, Rule> {
        match Seed::parse(text) {
            Ok(seed) => Ok(seed.to_base32().expose_secret().to_owned()),
            Err(InvalidParameter { parameter, rule }) => {
                assert_eq!(parameter, "Binding.Secret");
                Err(rule)
            }
        }
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
            assert_eq!(base32(text), Err(Rule::Base32), "{text}");
        }
    }

    #[test]
    fn seeds_are_10_to_128_bytes() {
        for bytes in 0..=140 {
            let text = BASE32_NOPAD.encode(&vec![7; bytes]);
            let expected = match bytes {
                10..=128 => Ok(text.clone()),
                _ => Err(Rule::SeedLength { min: 10, max: 128 }),
            };
            assert_eq!(base32(&text), expected, "{bytes} bytes");
        }
    }

    #[test]
    fn a_generated_seed_is_as_long_as_the_hmac_and_comes_from_the_entropy() {
        let entropy = Entropy::draw(|bytes| {
            bytes.fill(0xA5);
            Ok::<_, ()>(())
        })
        .unwrap();
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
    fn numbers_are_bounded() {
        for number in 0..=255 {
            assert_eq!(TimeStep::new(number).is_some(), (20..=60).contains(&number));
            assert_eq!(Skew::new(number).is_some(), number <= 2);
            assert_eq!(CodeLength::new(number).is_some(), (3..=8).contains(&number));
            let text = number.to_string();
            assert_eq!(
                TimeStep::parse("Config.TimeStep", &text).ok(),
                TimeStep::new(number)
            );
            assert_eq!(Skew::parse("Config.Skew", &text).ok(), Skew::new(number));
            assert_eq!(
                CodeLength::parse("Config.CodeLength", &text).ok(),
                CodeLength::new(number)
            );
        }
        assert_eq!(
            (
                TimeStep::default().get(),
                Skew::default().get(),
                CodeLength::default().get()
            ),
            (30, 1, 6)
        );
    }

    #[test]
    fn an_issuer_has_no_colon_and_is_not_blank() {
        assert_eq!(Issuer::parse("Owl & Co").unwrap().as_str(), "Owl & Co");
        assert_eq!(
            Issuer::parse("Owl: Bank").unwrap_err(),
            Rule::NoColon.broken_by("Totp.Issuer")
        );
        assert_eq!(
            Issuer::parse(" ").unwrap_err(),
            Rule::NotBlank.broken_by("Totp.Issuer")
        );
        assert!(Issuer::parse(&"é".repeat(64)).is_ok());
        assert_eq!(
            Issuer::parse(&"é".repeat(65)).unwrap_err(),
            Rule::Length { min: 1, max: 64 }.broken_by("Totp.Issuer")
        );
        assert_eq!(Issuer::of_service_named("Owl: Bank").as_str(), "Owl- Bank");
    }

    fn totp(issuer: &str) -> Totp {
        Totp {
            seed: Seed::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap(),
            algorithm: TotpAlgorithm::Sha1,
            time_step: TimeStep::default(),
            skew: Skew::default(),
            code_length: CodeLength::default(),
            issuer: Issuer::parse(issuer).unwrap(),
        }
    }

    #[test]
    fn the_uri_is_the_one_in_the_public_api_description() {
        let account = FriendlyName::parse("John’s Account Name").unwrap();
        assert_eq!(
            totp("test-issuer").uri(&account).expose_secret(),
            "otpauth://totp/test-issuer:John%E2%80%99s%20Account%20Name\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=test-issuer&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn reserved_characters_cannot_break_out_of_their_place_in_the_uri() {
        let account = FriendlyName::parse("a:b/c?d&e=f#g%h+i ~._-").unwrap();
        let uri = totp("I&S=?#/%+").uri(&account);
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/I%26S%3D%3F%23%2F%25%2B:a%3Ab%2Fc%3Fd%26e%3Df%23g%25h%2Bi%20~._-\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=I%26S%3D%3F%23%2F%25%2B&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn debug_shows_no_seed() {
        let shown = format!("{:?}", totp("issuer"));
        assert!(
            !shown.contains("GEZDGNBV") && !shown.contains("49, 50"),
            "{shown}"
        );
    }
}
