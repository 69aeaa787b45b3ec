//! What callers that are not the account call with, and what for.

use crate::challenges::history::Asked;
use crate::contract::Place;
use crate::history::{Step, Which};
use crate::parameters::Form;

/// What somebody calls with who is not the account.
#[derive(Clone, Debug)]
pub enum Credentials {
    Jwt {
        of: Holder,
        /// Another Factor whose `kid` it has.
        kid_of: Option<Which>,
        made: Made,
    },
    /// The text of a token, so many from the last back.
    Token(usize, Option<Spoilt>),
    /// The account's SID, and this for an Auth Token.
    Account(&'static str),
    /// User and password.
    Text(&'static str),
    /// No header at all.
    None,
}

/// Whose phone it is: a Factor's, or that of the Factor that a Challenge is of.
#[derive(Clone, Copy, Debug)]
pub enum Holder {
    Factor(Which),
    Challenge(Asked),
}

/// How a phone makes a JWT.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// `nbf`, in seconds from now.
    pub from: i64,
    /// `exp`, in seconds after that.
    pub seconds: i64,
    pub how: How,
}

#[derive(Clone, Copy, Debug)]
pub enum How {
    /// As the SDKs do.
    Well,
    /// With further members, in another order, and with `/` escaped.
    WithMore,
    /// With the other good S.
    WithHighS,
    /// By another phone.
    ByAnother,
    /// With this in place of that, in its header or in its claims.
    Header(&'static str, &'static str),
    Claims(&'static str, &'static str),
    /// For another account.
    ForAnother,
    /// With times that are texts, or have a fraction.
    Quoted,
    WithFraction,
    /// With an `alg` of HMAC, by the public key.
    Hmac,
    /// With the signature of other claims.
    WithAnothersSignature,
    /// With the signature in ASN.1.
    Der,
    /// Without a signature, or spelt wrong in some other way.
    Misspelt(usize),
    /// As another user than `token`.
    As(&'static str),
}

/// What is wrong with the text of a token.
#[derive(Clone, Copy, Debug)]
pub enum Spoilt {
    /// Another character, or one fewer.
    Changed(usize),
    Without(usize),
    Longer(&'static str),
    /// As another user than `token`.
    As(&'static str),
}

#[derive(Clone, Debug)]
pub enum Calling {
    /// A step that the account would do as well.
    By(Credentials, Box<Step>),
    /// A token for the Entity of a place, unless the form names another.
    CreateToken { place: Place, form: Form },
    /// A token, so many from the last back.
    FetchToken(usize),
    /// The Factors of the Entity that a Factor is of.
    ListFactorsOf(Which, usize),
    /// The phone of an unverified Factor fetches it so many seconds after it is gone.
    FetchLate(Which, i64),
    /// A token's SID under a Service that it may not be of.
    FetchTokenIn(usize, usize),
    /// A Factor is created with a token, so many from the last back, where that is for.
    Enrol {
        token: usize,
        spoilt: Option<Spoilt>,
        /// So many seconds after its time is over.
        late: Option<i64>,
        /// Where it isn't for.
        elsewhere: Option<Place>,
        form: Form,
        key: Option<&'static str>,
    },
}
