//! Key URIs: what other services hand out, `otpauth://totp/ISSUER:ACCOUNT?secret=…`
//! ([format](https://github.com/google/google-authenticator/wiki/Key-Uri-Format)). What is wrong with one is told without a word of it.

use percent_encoding::percent_decode_str;
use verify_factors::factors::{Seed, TotpAlgorithm};
use verify_factors::parameters::{Fields, InvalidParameter, Rule};
use verify_factors::services::{CodeLength, TimeStep};

/// What a key URI says. Who issued it is no part of it: that is the Service's to say from now on.
pub(crate) struct KeyUri {
    /// The label's account; empty if there is none.
    pub(crate) account: String,
    pub(crate) seed: Seed,
    pub(crate) algorithm: TotpAlgorithm,
    pub(crate) digits: CodeLength,
    pub(crate) period: TimeStep,
}

impl KeyUri {
    /// The name of the whole of it, where it is refused.
    pub(crate) const NAME: &str = "uri";
    /// What a text that is none is refused for.
    pub(crate) const SCHEME: Rule = Rule::own("must begin with otpauth://totp/");
    /// What one whose codes are counted is refused for.
    pub(crate) const HOTP: Rule =
        Rule::own("must be of type totp: codes that are counted, hotp, are not here");

    /// Reads a key URI, by the rules of the API where it has some.
    ///
    /// What is absent is what the format says, 6 digits of SHA-1 every 30 seconds, and not what a Service does: the app is set.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<InvalidParameter>> {
        let (label, query) = split(text).map_err(|rule| vec![rule.broken_by(Self::NAME)])?;
        let mut fields = Fields::decode(query.as_bytes());
        let account = fields.elsewhere("label", account(label));
        let seed = fields.required("secret", Seed::parse);
        let algorithm = fields.optional("algorithm", |name| {
            TotpAlgorithm::parse(&name.to_ascii_lowercase())
        });
        let digits = fields.optional("digits", CodeLength::parse);
        let period = fields.optional("period", TimeStep::parse);
        fields.finish((|| {
            Some(Self {
                account: account?,
                seed: seed?,
                algorithm: algorithm?.unwrap_or_default(),
                digits: digits?.unwrap_or_default(),
                period: period?.unwrap_or_default(),
            })
        })())
    }
}

/// The label and the query.
fn split(text: &str) -> Result<(&str, &str), Rule> {
    let rest = after_scheme(text).ok_or(KeyUri::SCHEME)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, label) = place.split_once('/').unwrap_or((place, ""));
    match kind.to_ascii_lowercase().as_str() {
        // A fragment is no part of the query (RFC 3986, section 3.5).
        "totp" => Ok((label, query.split('#').next().unwrap_or_default())),
        "hotp" => Err(KeyUri::HOTP),
        _ => Err(KeyUri::SCHEME),
    }
}

/// What follows the scheme, which has no case (RFC 3986, section 3.1).
fn after_scheme(text: &str) -> Option<&str> {
    const SCHEME: &str = "otpauth://";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// The account of a label: what follows the issuer, if there is one. The colon between them may be percent-encoded.
fn account(label: &str) -> Result<String, Rule> {
    let decoded = |text| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(String::from).map_err(|_| Rule::Utf8)
    };
    let account = match label.split_once(':') {
        Some((_, account)) => decoded(account)?,
        None => match decoded(label)?.split_once(':') {
            Some((_, account)) => account.to_owned(),
            None => decoded(label)?,
        },
    };
    Ok(account.trim().to_owned())
}
