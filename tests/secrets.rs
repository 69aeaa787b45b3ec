//! What no `Debug` output shows.

mod support;

use std::fmt::Write as _;

use support::{event, form_of};
use time::OffsetDateTime;
use verify_factors::Randomness;
use verify_factors::factors::{Code, Creation, Entropy, Factor, IdempotencyKey, NewFactor};
use verify_factors::parameters::Fields;
use verify_factors::sealing::DataKey;
use verify_factors::services::{NewService, Service, ServiceUpdate};
use verify_factors::sid::{AccountSid, ServiceSid};
use verify_factors::time::Timestamp;

#[test]
fn no_secret_is_in_any_debug_output() {
    let now = Timestamp::at(OffsetDateTime::UNIX_EPOCH);
    let service_form = "FriendlyName=Sekret+Service&Totp.Issuer=Sekret+Issuer";
    let mut fields = Fields::decode(service_form.as_bytes());
    let new_service = NewService::parse(&mut fields).unwrap();
    let update = ServiceUpdate::parse(&mut fields).unwrap();
    let (account, sid) = (AccountSid::from_bytes([1; 16]), ServiceSid::from_bytes([2; 16]));
    let service = Service::create(new_service.clone(), account, sid, now);
    let key = IdempotencyKey::parse("Sekret-key").unwrap();
    let randomness = Randomness::new(|bytes| {
        bytes.fill(0x5A);
        Ok(())
    });
    let entropy = Entropy::draw(&randomness).unwrap();
    let data_key = DataKey::new(1, [0x5A; 32].into());
    let mut shown =
        format!("{fields:?} {randomness:?} {data_key:?} {new_service:?} {update:?} {service:?} {key:?}");
    let _ = write!(shown, "{:?}", Code::parse("90909090"));
    let push = form_of(&event("create-push-factor.json"));
    let totp = form_of(&event("create-totp-factor-with-migrated-seed.json"));
    for form in [
        push,
        totp,
        "FactorType=totp&FriendlyName=Sekret&Metadata=%7B%22os%22%3A%22Android%22%7D".to_owned(),
    ] {
        let mut fields = Fields::decode(form.as_bytes());
        let new = NewFactor::parse("Sekret-identity", &mut fields).unwrap();
        let _ = write!(shown, "{new:?}");
        let creation = Creation {
            now,
            unverified_factor_hours: None,
            request_id: "request",
            retry: None,
        };
        let created = Factor::create(new, &service, creation, &entropy, &data_key);
        let _ = write!(shown, "{created:?}");
    }
    for secret in [
        "Sekret",
        "John",
        "Android",
        "gezd",
        "GEZD",
        "MFkw",
        "RegistrationToken",
        "LJFFU",
        "90, 90",
        "9090",
        "com.example",
    ] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}
