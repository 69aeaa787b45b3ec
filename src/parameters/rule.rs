use std::fmt;

/// A parameter that breaks its rule. It names both and holds nothing that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidParameter {
    /// The parameter's name as the API spells it, for example `Config.TimeStep`.
    pub parameter: &'static str,
    /// The rule it breaks.
    pub rule: Rule,
}

/// A rule that a parameter can break; the message says what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Has to be there.
    Required,
    /// May be given once.
    GivenOnce,
    /// Percent-decodes to UTF-8.
    Utf8,
    /// Has this many characters (Unicode scalar values).
    Length {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// Has a character that is not white space.
    NotBlank,
    /// Is one of these words, case and all.
    OneOf(&'static [&'static str]),
    /// Is a whole decimal number in this range.
    Integer {
        /// Least value.
        min: u32,
        /// Greatest value.
        max: u32,
    },
    /// Is `push` or `totp`; apart from [`Rule::OneOf`] because the API gives it a code of its own.
    FactorType,
    /// Is 8 to 64 of `A-Z a-z 0-9 -`.
    Identity,
    /// Is a JSON object whose values are all strings.
    JsonObjectOfStrings,
    /// Is a JSON object that has each of its keys once.
    JsonKeyOnce,
    /// Is Base32 as in RFC 4648, section 6.
    Base32,
    /// Is this many bytes once decoded.
    SeedLength {
        /// Fewest bytes.
        min: usize,
        /// Most bytes.
        max: usize,
    },
    /// Is `ES256`.
    PushAlg,
    /// Is a P-256 key that ES256 signatures can be checked with.
    PublicKey(KeyFault),
    /// Has no colon, which would end the issuer in an `otpauth` label.
    NoColon,
    /// Is a SID with this prefix: the prefix and 32 hexadecimal digits.
    Sid(&'static str),
    /// Is 1 to 255 printable ASCII characters.
    IdempotencyKey,
    /// Is a token that a list of this API handed out.
    PageToken,
}

/// Why a `Binding.PublicKey` is not a usable ES256 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It has a space, almost always a `+` that was not percent-encoded.
    SpaceInBase64,
    /// It is not Base64 in the standard alphabet with padding (RFC 4648, section 4).
    NotBase64,
    /// It is not a DER SubjectPublicKeyInfo of an EC key on P-256 (RFC 5480), or its point is not on the curve.
    NotP256,
}

impl Rule {
    /// The refusal of `parameter` for this rule.
    #[must_use]
    pub const fn broken_by(self, parameter: &'static str) -> InvalidParameter {
        InvalidParameter {
            parameter,
            rule: self,
        }
    }
}

impl InvalidParameter {
    /// The API's error code for this refusal (contract, "Errors").
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self.rule {
            Rule::Required => 20001,
            Rule::Identity => 60366,
            Rule::FactorType => 60369,
            Rule::PushAlg | Rule::PublicKey(_) => 60314,
            Rule::GivenOnce
            | Rule::Utf8
            | Rule::Length { .. }
            | Rule::NotBlank
            | Rule::OneOf(_)
            | Rule::Integer { .. }
            | Rule::JsonObjectOfStrings
            | Rule::JsonKeyOnce
            | Rule::Base32
            | Rule::SeedLength { .. }
            | Rule::NoColon
            | Rule::Sid(_)
            | Rule::IdempotencyKey
            | Rule::PageToken => 60306,
        }
    }
}

impl fmt::Display for InvalidParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.parameter;
        match self.rule {
            Rule::Required => write!(f, "Missing required parameter {name} in the post body"),
            rule => write!(f, "Invalid parameter {name}: {rule}"),
        }
    }
}

/// What would be right, to be read after the parameter's name.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Required => f.write_str("is required"),
            Self::GivenOnce => f.write_str("was given more than once"),
            Self::Utf8 => f.write_str("must be UTF-8 once it is percent-decoded"),
            Self::Length { min, max } => write!(f, "must have {min} to {max} characters"),
            Self::NotBlank => f.write_str("must not be all blank"),
            Self::OneOf(words) => write!(f, "must be one of {}", words.join(", ")),
            Self::Integer { min, max } => write!(f, "must be an integer from {min} to {max}"),
            Self::FactorType => f.write_str("must be push or totp"),
            Self::Identity => f.write_str("must be 8 to 64 characters of A-Z, a-z, 0-9 and -"),
            Self::JsonObjectOfStrings => f.write_str("must be a JSON object whose values are all strings"),
            Self::JsonKeyOnce => f.write_str("must not have a key twice"),
            Self::Base32 => f.write_str("must be Base32 (A-Z and 2-7, RFC 4648)"),
            Self::SeedLength { min, max } => write!(f, "must be {min} to {max} bytes once Base32-decoded"),
            Self::PushAlg => f.write_str("must be ES256"),
            Self::PublicKey(KeyFault::SpaceInBase64) => {
                f.write_str("has a space in its Base64; a + must be percent-encoded as %2B in a form")
            }
            Self::PublicKey(KeyFault::NotBase64) => {
                f.write_str("must be Base64 in the standard alphabet, with padding")
            }
            Self::PublicKey(KeyFault::NotP256) => {
                f.write_str("must be a DER SubjectPublicKeyInfo of an EC key on the curve P-256")
            }
            Self::NoColon => f.write_str("must not contain a colon"),
            Self::Sid(prefix) => write!(f, "must be {prefix} followed by 32 hexadecimal digits"),
            Self::IdempotencyKey => f.write_str("must be 1 to 255 printable ASCII characters"),
            Self::PageToken => f.write_str("must be a token from a next_page_url or previous_page_url"),
        }
    }
}
