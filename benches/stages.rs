//! What the function does to a request for a Factor, stage by stage and without I/O: `cargo bench --bench stages`.

use divan::{Bencher, black_box};
use verify_factors::Randomness;
use verify_factors::factors::{Binding, CreatedFactorJson, Creation, Entropy, Factor, NewFactor, of_factor};
use verify_factors::gateway::Event;
use verify_factors::parameters::Fields;
use verify_factors::sealing::DataKey;
use verify_factors::services::{NewService, Service};
use verify_factors::sid::{AccountSid, ServiceSid};
use verify_factors::time::Timestamp;

const EVENTS: [&str; 2] = ["totp", "push"];
const IDENTITY: &str = "ff483d1ff591898a9942916050d2ca3f";
const BASE: &str = "https://abcdef1234.execute-api.eu-central-1.amazonaws.com";
fn main() {
    divan::main();
}

fn event(factor_type: &str) -> &'static str {
    match factor_type {
        "totp" => include_str!("../events/create-totp-factor.json"),
        _ => include_str!("../events/create-push-factor.json"),
    }
}

fn body(factor_type: &str) -> Vec<u8> {
    let event: serde_json::Value = serde_json::from_str(event(factor_type)).expect("JSON");
    let body = event["body"].as_str().expect("a body");
    data_encoding::BASE64.decode(body.as_bytes()).expect("Base64")
}

fn new_factor(body: &[u8]) -> NewFactor {
    let mut fields = Fields::decode(body);
    let new = NewFactor::parse(IDENTITY, &mut fields);
    fields.finish(new).expect("good parameters")
}

fn service() -> Service {
    let mut fields = Fields::decode(b"FriendlyName=Owl+Bank");
    let new = NewService::parse(&mut fields).expect("good parameters");
    let account = AccountSid::from_bytes([1; 16]);
    Service::create(new, account, ServiceSid::from_bytes([2; 16]), now())
}

fn creation() -> Creation<'static> {
    Creation {
        now: now(),
        unverified_factor_hours: None,
        request_id: "8e03978e-40d5-43e8-bc93-6894a57f9324",
        retry: None,
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-01-02T03:04:05Z").expect("a time")
}

fn entropy() -> Entropy {
    Entropy::draw(&Randomness::new(getrandom::fill)).expect("randomness")
}

fn data_key() -> DataKey {
    DataKey::new(1, [7; 32].into())
}

fn factor(new: NewFactor) -> (Factor, Binding) {
    Factor::create(new, &service(), creation(), &entropy(), &data_key())
}

#[divan::bench(args = EVENTS)]
fn event_to_request(bencher: Bencher<'_, '_>, factor_type: &str) {
    bencher.bench(|| serde_json::from_str::<Event>(black_box(event(factor_type))).expect("an event"));
}

#[divan::bench(args = EVENTS)]
fn body_to_fields(bencher: Bencher<'_, '_>, factor_type: &str) {
    let body = body(factor_type);
    bencher.bench(|| Fields::decode(black_box(&body)));
}

#[divan::bench(args = EVENTS)]
fn body_to_new_factor(bencher: Bencher<'_, '_>, factor_type: &str) {
    let body = body(factor_type);
    bencher.bench(|| new_factor(black_box(&body)));
}

#[divan::bench(args = EVENTS)]
fn new_factor_to_factor(bencher: Bencher<'_, '_>, factor_type: &str) {
    let body = body(factor_type);
    let new = new_factor(&body);
    let (service, creation, data_key) = (service(), creation(), data_key());
    bencher
        .with_inputs(|| (new.clone(), entropy()))
        .bench_values(|(new, entropy)| Factor::create(new, &service, creation, &entropy, &data_key));
}

#[divan::bench(args = EVENTS)]
fn factor_to_item(bencher: Bencher<'_, '_>, factor_type: &str) {
    let (factor, _) = factor(new_factor(&body(factor_type)));
    bencher.bench(|| of_factor(black_box(&factor)));
}

#[divan::bench(args = EVENTS)]
fn factor_to_json(bencher: Bencher<'_, '_>, factor_type: &str) {
    let (factor, binding) = factor(new_factor(&body(factor_type)));
    bencher.bench(|| {
        serde_json::to_string(&CreatedFactorJson::new(black_box(&factor), &binding, BASE)).expect("JSON")
    });
}

#[divan::bench(args = EVENTS)]
fn all_of_it(bencher: Bencher<'_, '_>, factor_type: &str) {
    let body = body(factor_type);
    let (service, creation, data_key) = (service(), creation(), data_key());
    bencher.bench(|| {
        let event = serde_json::from_str::<Event>(black_box(event(factor_type))).expect("an event");
        let (factor, binding) = Factor::create(new_factor(&body), &service, creation, &entropy(), &data_key);
        let item = of_factor(&factor);
        let json = serde_json::to_string(&CreatedFactorJson::new(&factor, &binding, BASE)).expect("JSON");
        (event, item, json)
    });
}
