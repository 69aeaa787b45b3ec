//! What a request for an Access Token asks for.

use std::ops::RangeInclusive;

use crate::factors::{FactorType, FriendlyName};
use crate::parameters::{Fields, Rule, integer};
use crate::sid::Identity;

/// What a missing or wrong parameter is refused with that says for whom and for what a token is (contract, error 60305).
const CODE: u32 = 60305;

/// The valid parameters of a request for an Access Token.
#[derive(Debug)]
pub(super) struct NewAccessToken {
    pub(super) identity: Identity,
    pub(super) factor_friendly_name: Option<FriendlyName>,
    pub(super) ttl: Ttl,
}

impl NewAccessToken {
    /// Reads the parameters of an Access Token.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let identity = fields.required_by(Identity::rule(CODE), "Identity", Identity::parse);
        let factor_type = fields.required_by(PUSH, "FactorType", push);
        let factor_friendly_name = fields.optional("FactorFriendlyName", FriendlyName::parse);
        let ttl = fields.optional("Ttl", Ttl::parse);
        factor_type?;
        Some(Self {
            identity: identity?,
            factor_friendly_name: factor_friendly_name?,
            ttl: ttl?.unwrap_or_default(),
        })
    }
}

/// The only type of Factor that a phone enrols as.
pub(super) const FACTOR_TYPE: FactorType = FactorType::Push;
const PUSH: Rule = Rule::Own {
    code: CODE,
    text: "must be push",
};

fn push(name: &str) -> Result<(), Rule> {
    (name == FACTOR_TYPE.name()).then_some(()).ok_or(PUSH)
}

/// For how many seconds a token is good: 60 to 300, by default 60 (API page, `Ttl`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ttl(u16);

impl Ttl {
    const SECONDS: RangeInclusive<u16> = 60..=300;

    /// Reads a whole number of seconds.
    ///
    /// # Errors
    /// [`Rule::Integer`] with the range.
    pub(super) fn parse(text: &str) -> Result<Self, Rule> {
        integer(text, &Self::SECONDS).map(Self)
    }

    /// The seconds.
    pub(super) const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Ttl {
    fn default() -> Self {
        Self(*Self::SECONDS.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::InvalidParameter;

    fn read(form: &str) -> Result<NewAccessToken, Vec<InvalidParameter>> {
        let mut fields = Fields::decode(form.as_bytes());
        let new = NewAccessToken::parse(&mut fields);
        fields.finish(new)
    }

    #[test]
    fn a_ttl_is_60_to_300_seconds_and_60_where_nothing_is_said() {
        for (text, ttl) in [
            ("59", None),
            ("60", Some(60)),
            ("61", Some(61)),
            ("299", Some(299)),
            ("300", Some(300)),
            ("301", None),
            ("-60", None),
            ("60.0", None),
            ("65596", None),
            ("", Some(60)),
        ] {
            let new = read(&format!("Identity=identity&FactorType=push&Ttl={text}"));
            assert_eq!(new.ok().map(|new| new.ttl.get()), ttl, "{text}");
        }
    }

    #[test]
    fn whom_and_what_it_is_for_is_refused_by_a_code_of_its_own() {
        let rule = |parameter, text| Rule::Own { code: 60305, text }.broken_by(parameter);
        let identity = rule("Identity", "must be 8 to 64 characters of A-Z, a-z, 0-9 and -");
        let factor_type = rule("FactorType", "must be push");
        let twice = Rule::GivenOnce.broken_by("Identity");
        for (form, invalid) in [
            ("", vec![identity, factor_type]),
            ("Identity=&FactorType=", vec![identity, factor_type]),
            ("Identity=short&FactorType=push", vec![identity]),
            ("Identity=identity&FactorType=totp", vec![factor_type]),
            ("Identity=identity&FactorType=PUSH", vec![factor_type]),
            ("Identity=identity&Identity=identity&FactorType=push", vec![twice]),
        ] {
            assert_eq!(read(form).unwrap_err(), invalid, "{form}");
        }
        let name = read("Identity=identity&FactorType=push&FactorFriendlyName=+").unwrap_err();
        assert_eq!(name, vec![Rule::NotBlank.broken_by("FactorFriendlyName")]);
    }
}
