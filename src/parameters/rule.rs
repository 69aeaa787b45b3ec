//! What can be wrong with a parameter, and how that is said. Nothing that was sent is in any of it.

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
    /// Is there so many times, at the most.
    AtMost(usize),
    /// Is a SID with this prefix: the prefix and 32 hexadecimal digits.
    Sid(&'static str),
    /// A rule of one kind of value, stated where that is parsed.
    Own {
        /// The API's error code.
        code: u32,
        /// What would be right, to be read after the parameter's name.
        text: &'static str,
    },
}

impl Rule {
    /// The API's code for a parameter that is there but breaks its rule.
    const INVALID: u32 = 60306;

    /// A rule of one kind of value, with the code that most rules have.
    #[must_use]
    pub const fn own(text: &'static str) -> Self {
        let code = Self::INVALID;
        Self::Own { code, text }
    }

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
            Rule::Own { code, .. } => code,
            Rule::GivenOnce
            | Rule::Utf8
            | Rule::Length { .. }
            | Rule::NotBlank
            | Rule::OneOf(_)
            | Rule::Integer { .. }
            | Rule::AtMost(_)
            | Rule::Sid(_) => Rule::INVALID,
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
            Self::AtMost(most) => write!(f, "may be given {most} times at the most"),
            Self::Sid(prefix) => write!(f, "must be {prefix} followed by 32 hexadecimal digits"),
            Self::Own { text, .. } => f.write_str(text),
        }
    }
}
