//! What a request for a Factor asks for.

use super::push::NewPush;
use super::totp::NewTotp;
use super::{FactorType, FriendlyName, Metadata};
use crate::parameters::Fields;
use crate::sid::Identity;

/// The valid parameters of a request for a Factor.
#[derive(Clone, Debug)]
pub struct NewFactor {
    pub(super) identity: Identity,
    pub(super) friendly_name: FriendlyName,
    pub(super) metadata: Option<Metadata>,
    pub(super) kind: NewKind,
}

/// What it is to be made of, by its type.
#[derive(Clone, Debug)]
pub(super) enum NewKind {
    Push(NewPush),
    Totp(NewTotp),
}

impl NewFactor {
    /// Reads the parameters of a Factor, `identity` being the path's. Those of the other type are ignored.
    pub fn parse(identity: &str, fields: &mut Fields<'_>) -> Option<Self> {
        Self::parse_or_named(identity, None, fields)
    }

    /// The same, where the Factor has a name if the request gives it none.
    pub(super) fn parse_or_named(
        identity: &str,
        name: Option<&FriendlyName>,
        fields: &mut Fields<'_>,
    ) -> Option<Self> {
        let identity = fields.elsewhere("Identity", Identity::parse(identity));
        let friendly_name = match name {
            None => fields.required("FriendlyName", FriendlyName::parse),
            Some(name) => fields
                .optional("FriendlyName", FriendlyName::parse)
                .map(|given| given.unwrap_or_else(|| name.clone())),
        };
        let factor_type = fields.required("FactorType", FactorType::parse);
        let metadata = fields.optional("Metadata", Metadata::parse);
        let kind = match factor_type {
            Some(FactorType::Push) => NewPush::parse(fields).map(NewKind::Push),
            Some(FactorType::Totp) => NewTotp::parse(fields).map(NewKind::Totp),
            None => None,
        };
        fields.ignore(|others| {
            NewPush::parse(others);
            NewTotp::parse(others);
        });
        Some(Self {
            identity: identity?,
            friendly_name: friendly_name?,
            metadata: metadata?,
            kind: kind?,
        })
    }
}
