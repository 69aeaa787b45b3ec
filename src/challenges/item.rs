//! How a Challenge is stored, attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;

use super::challenge::{Challenge, Response, State};
use super::details::{Details, Field, FieldValue, Label, Message};
use super::expiration_date::ExpirationDate;
use super::retry::Note;
use super::stored::Copied;
use crate::aws::Failure;
use crate::factors::{
    Authenticator, FactorType, Fingerprint, Metadata, counted, of_authenticator, to_authenticator,
};
use crate::revision::Revision;
use crate::sid::{AccountSid, ChallengeSid, EntitySid, FactorSid, Identity, RetrySid, ServiceSid};
use crate::table::{EXPIRES, Item, PK, REQUEST_ID, SK, Stored, b, item, m, n, s};
use crate::time::Timestamp;

/// What an answer is checked by.
pub(super) const AUTHENTICATOR: &str = "authenticator";

/// The item of a Challenge.
pub(super) fn of_challenge(challenge: &Challenge) -> Item {
    let mut item = item([
        (PK, s(challenge.identity.partition(challenge.service_sid))),
        (SK, s(challenge.sid.as_str())),
        ("account_sid", s(challenge.account_sid.as_str())),
        ("service_sid", s(challenge.service_sid.as_str())),
        ("entity_sid", s(challenge.entity_sid.as_str())),
        ("identity", s(challenge.identity.as_str())),
        ("factor_sid", s(challenge.factor_sid.as_str())),
        ("factor_type", s(challenge.factor_type.name())),
        ("factor_created", n(challenge.factor_created.unix())),
        ("date_created", s(challenge.date_created.to_string())),
        ("date_updated", s(challenge.date_updated.to_string())),
        ("expiration_date", s(challenge.expiration_date.get().to_string())),
        (EXPIRES, n(challenge.expires().unix())),
        ("revision", n(challenge.revision.get())),
        (REQUEST_ID, s(challenge.request_id.as_str())),
    ]);
    let (waiting, answered) = match &challenge.state {
        State::Waiting(authenticator) => (authenticator.as_deref(), None),
        State::Answered { response, date } => (None, Some((response, date))),
    };
    let json = |metadata: &Option<Metadata>| metadata.as_ref().map(|metadata| s(metadata.expose_json()));
    let more = [
        ("details", challenge.details.as_ref().map(of_details)),
        ("hidden_details", json(&challenge.hidden_details)),
        ("metadata", json(&challenge.metadata)),
        ("date_responded", answered.map(|(_, date)| s(date.to_string()))),
        ("response", answered.map(|(response, _)| s(response.name()))),
        ("wrong", (challenge.wrong != 0).then(|| n(challenge.wrong))),
        (AUTHENTICATOR, waiting.map(of_authenticator)),
    ];
    item.extend(
        more.into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    item
}

fn of_details(details: &Details) -> AttributeValue {
    let field = |field: &Field| {
        m([
            ("label", s(field.label.expose())),
            ("value", s(field.value.expose())),
        ])
    };
    let fields = details.fields.iter().map(field).collect();
    let mut item = item([("fields", AttributeValue::L(fields))]);
    if let Some(message) = &details.message {
        item.insert("message".to_owned(), s(message.expose()));
    }
    AttributeValue::M(item)
}

/// Reads the item of a Challenge.
pub(super) fn to_challenge(item: &Item) -> Result<Challenge, Failure> {
    let item = Stored::new("Challenge", item);
    let service_sid = item.required("service_sid", ServiceSid::parse)?;
    let identity = item.required("identity", Identity::parse)?;
    // What it says of itself has to be where it is.
    if !item.required(PK, |pk| Ok(pk == identity.partition(service_sid)))? {
        return Err(item.not_ours(PK));
    }
    let factor_sid = item.required("factor_sid", FactorSid::parse)?;
    let factor_type = item.required("factor_type", FactorType::parse)?;
    let state = if let Some(response) = item.optional("response", Response::parse)? {
        State::Answered {
            response,
            date: item.required("date_responded", Timestamp::parse)?,
        }
    } else {
        let authenticator = item.optional_map(AUTHENTICATOR)?;
        let authenticator = authenticator.map(to_authenticator).transpose()?;
        // It is opened as what it says it is, which has to be the Challenge's own Factor.
        let is_own = |of: &Authenticator| of.sid == factor_sid && of.method.factor_type() == factor_type;
        if !authenticator.as_ref().is_none_or(is_own) {
            return Err(item.not_ours(AUTHENTICATOR));
        }
        State::Waiting(authenticator.map(Box::new))
    };
    Ok(Challenge {
        sid: item.required(SK, ChallengeSid::parse)?,
        account_sid: item.required("account_sid", AccountSid::parse)?,
        service_sid,
        entity_sid: item.required("entity_sid", EntitySid::parse)?,
        identity,
        factor_sid,
        factor_type,
        factor_created: item.required("factor_created", Timestamp::parse_unix)?,
        details: item.optional_map("details")?.map(to_details).transpose()?,
        hidden_details: item.optional("hidden_details", Metadata::parse)?,
        metadata: item.optional("metadata", Metadata::parse)?,
        date_created: item.required("date_created", Timestamp::parse)?,
        date_updated: item.required("date_updated", Timestamp::parse)?,
        expiration_date: item.required("expiration_date", ExpirationDate::stored)?,
        state,
        wrong: item.optional("wrong", counted)?.unwrap_or_default(),
        revision: item.required("revision", Revision::parse)?,
        request_id: item.required(REQUEST_ID, |text| Ok(text.to_owned()))?,
    })
}

/// Reads as much of a Challenge as the operator looks at; `None` if there is nothing of its Factor in it.
pub(super) fn to_copied(item: &Item) -> Result<Option<Copied>, Failure> {
    let item = Stored::new("Challenge", item);
    let Some(authenticator) = item.optional_map(AUTHENTICATOR)? else {
        return Ok(None);
    };
    Ok(Some(Copied {
        pk: item.required(PK, |pk| Ok(pk.to_owned()))?,
        sid: item.required(SK, ChallengeSid::parse)?,
        revision: item.required("revision", Revision::parse)?,
        request_id: item.required(REQUEST_ID, |text| Ok(text.to_owned()))?,
        version: to_authenticator(authenticator)?.binding.version(),
    }))
}

fn to_details(details: Stored<'_>) -> Result<Details, Failure> {
    let field = |field: Stored<'_>| {
        Ok::<_, Failure>(Field {
            label: field.required("label", Label::parse)?,
            value: field.required("value", FieldValue::parse)?,
        })
    };
    Ok(Details {
        message: details.optional("message", Message::parse)?,
        fields: details.maps("fields")?.map(field).collect::<Result<_, _>>()?,
    })
}

/// The item of a note.
pub(super) fn of_note(pk: &str, sk: RetrySid, note: &Note, challenge: &Challenge) -> Item {
    item([
        (PK, s(pk)),
        (SK, s(sk.as_str())),
        ("challenge_sid", s(note.challenge_sid.as_str())),
        ("request_fingerprint", b(note.fingerprint.to_bytes())),
        ("date_created", s(note.date_created.to_string())),
        (EXPIRES, n(challenge.expires().unix())),
    ])
}

/// Reads a note.
pub(super) fn to_note(item: &Item) -> Result<Note, Failure> {
    const FINGERPRINT: &str = "request_fingerprint";
    let item = Stored::new("note of an Idempotency-Key", item);
    let fingerprint = Fingerprint::from_bytes(item.bytes(FINGERPRINT)?);
    Ok(Note {
        challenge_sid: item.required("challenge_sid", ChallengeSid::parse)?,
        fingerprint: fingerprint.ok_or_else(|| item.not_ours(FINGERPRINT))?,
        date_created: item.required("date_created", Timestamp::parse)?,
    })
}
