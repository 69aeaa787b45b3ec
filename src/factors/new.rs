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
        let identity = fields.elsewhere("Identity", Identity::parse(identity));
        let friendly_name = fields.required("FriendlyName", FriendlyName::parse);
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
