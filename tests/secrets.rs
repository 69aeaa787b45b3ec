//! What no `Debug` output shows.

mod support;

use std::fmt::Write as _;

use support::{event, form_of};
use time::OffsetDateTime;
use verify_factors::parameters::Form;
use verify_factors::rules::{
    AccountSid, Entropy, Factor, IdempotencyKey, NewFactor, NewService, Service, ServiceSid, ServiceUpdate,
    Timestamp,
};

#[test]
fn no_secret_is_in_any_debug_output() {
    let now = Timestamp::at(OffsetDateTime::UNIX_EPOCH);
    let service_form = "FriendlyName=Sekret+Service&Totp.Issuer=Sekret+Issuer";
    let service_form = Form::decode(service_form.as_bytes(), &[]);
    let new_service = NewService::parse(&service_form).unwrap();
    let update = ServiceUpdate::parse(&service_form).unwrap();
    let (account, sid) = (AccountSid::from_bytes([1; 16]), ServiceSid::from_bytes([2; 16]));
    let service = Service::create(new_service.clone(), account, sid, now);
    let key = IdempotencyKey::parse("Sekret-key").unwrap();
    let entropy = Entropy::draw(|bytes| {
        bytes.fill(0x5A);
        Ok::<_, ()>(())
    });
    let mut shown = format!("{service_form:?} {new_service:?} {update:?} {service:?} {key:?}");
    let push = form_of(&event("create-push-factor.json"));
    let totp = form_of(&event("create-totp-factor-with-migrated-seed.json"));
    for form in [
        push,
        totp,
        "FactorType=totp&FriendlyName=Sekret&Metadata=%7B%22os%22%3A%22Android%22%7D".to_owned(),
    ] {
        let form = Form::decode(form.as_bytes(), &[]);
        let new = NewFactor::parse("Sekret-identity", &form).unwrap();
        let _ = write!(shown, "{new:?}");
        let factor = Factor::create(new, &service, Some(&key), now, entropy.as_ref().unwrap());
        let _ = write!(shown, "{factor:?}");
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
        "com.example",
    ] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}
