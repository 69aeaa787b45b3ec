//! Entries: a Factor that is to be, as a line of the file says.

use std::num::NonZeroU32;

use data_encoding::BASE64;
use ring::pbkdf2;
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use verify_factors::factors::FriendlyName;
use verify_factors::parameters::{Fields, InvalidParameter, Rule};
use verify_factors::sid::{AccountSid, Identity, ServiceSid};

use crate::key_uri::KeyUri;

/// How often the hash is made behind a key, against who reads SIDs and tries out seeds that somebody drew badly. Of one that was drawn
/// well, of 80 bits and more, nobody finds it anyway.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).expect("more than none");

/// A Factor that is to be: all that a request for it says. It has a seed, so there is no `Debug`.
pub(crate) struct Entry {
    pub(crate) identity: Identity,
    /// The form of a request for it.
    pub(crate) form: Zeroizing<String>,
    /// What makes it the one that it is: its seed, and how codes come from it.
    codes: Zeroizing<String>,
}

impl Entry {
    /// Reads a line that is a key URI. The account in its label is the Identity, as nothing else says whose it is.
    pub(crate) fn of_uri(text: &str) -> Result<Self, Vec<InvalidParameter>> {
        const NO_IDENTITY: Rule = Rule::own(
            "must have an account that is an Identity, 8 to 64 characters of A-Z, a-z, 0-9 and -; where it isn't, a CSV file can say whose it is",
        );
        let uri = KeyUri::parse(text)?;
        let identity = Identity::parse(&uri.account).map_err(|_| vec![NO_IDENTITY.broken_by("label")])?;
        Self::new(identity, &uri.account, &uri)
    }

    /// Reads a record `identity,name,uri`. Where it has no name, the account in the label is it, as the user's app shows that.
    pub(crate) fn of_columns([identity, name, uri]: [&str; 3]) -> Result<Self, Vec<InvalidParameter>> {
        let identity = Identity::parse(identity).map_err(|rule| rule.broken_by("identity"));
        match (identity, KeyUri::parse(uri)) {
            (Ok(identity), Ok(uri)) => {
                let name = if name.is_empty() { &uri.account } else { name };
                Self::new(identity, name, &uri)
            }
            (identity, uri) => {
                let invalid = identity.err().into_iter();
                Err(invalid.chain(uri.err().into_iter().flatten()).collect())
            }
        }
    }

    fn new(identity: Identity, name: &str, uri: &KeyUri) -> Result<Self, Vec<InvalidParameter>> {
        let name = FriendlyName::parse(name).map_err(|rule| vec![rule.broken_by("name")])?;
        let seed = uri.seed.to_base32();
        let (seed, algorithm) = (seed.expose_secret(), uri.algorithm.name());
        let [digits, period] = [uri.digits.get(), uri.period.get()].map(|number| number.to_string());
        let form = serde_urlencoded::to_string([
            ("FriendlyName", name.expose()),
            ("FactorType", "totp"),
            ("Binding.Secret", seed),
            ("Config.Alg", algorithm),
            ("Config.CodeLength", &digits),
            ("Config.TimeStep", &period),
        ]);
        Ok(Self {
            identity,
            // Texts always become a form.
            form: Zeroizing::new(form.unwrap_or_default()),
            codes: Zeroizing::new(format!("{seed} {algorithm} {digits} {period}")),
        })
    }

    /// The `Idempotency-Key` of a request for it. It follows from whose it is and which codes it has, and from nothing else, neither from
    /// the file nor from the way: so an Entity has it once, however it was imported before, and by whatever name.
    pub(crate) fn key(&self, account: AccountSid, service: ServiceSid) -> String {
        let salt = format!(
            "verify-factors import 1\0{account}{service}{}",
            self.identity.as_str()
        );
        let mut key = Zeroizing::new([0; 32]);
        let hash = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(
            hash,
            ITERATIONS,
            salt.as_bytes(),
            self.codes.as_bytes(),
            &mut *key,
        );
        format!("import {}", BASE64.encode(&*key))
    }
}

/// What is wrong with a line: names and rules, and nothing that is in it.
pub(crate) fn told(invalid: &[InvalidParameter]) -> String {
    let told = invalid.iter().map(|InvalidParameter { parameter, rule }| {
        // What is read as a form is a URI here.
        let name = if *parameter == Fields::BODY {
            KeyUri::NAME
        } else {
            parameter
        };
        format!("{name} {rule}")
    });
    told.collect::<Vec<_>>().join("; ")
}
