//! What a refusal says of parameters: only what is known before a request comes, so that it repeats nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::description::Operation;
use crate::request::Request;

/// What the description has no words for: code, parameter, and what would be right.
const RULES: [&str; 28] = [
    "60305 Identity: must be 8 to 64 characters of A-Z, a-z, 0-9 and -",
    "60305 FactorType: must be push",
    "60366 Identity: must be 8 to 64 characters of A-Z, a-z, 0-9 and -",
    "60306 Idempotency-Key: must be 1 to 255 printable ASCII characters",
    "60369 FactorType: must be push or totp",
    "60306 Metadata: must be a JSON object whose values are all strings",
    "60306 Metadata: must not have a key twice",
    "60314 Binding.Alg: must be ES256",
    "60314 Binding.PublicKey: has a space in its Base64; a + must be percent-encoded as %2B in a form",
    "60314 Binding.PublicKey: must be Base64 in the standard alphabet, with padding",
    "60314 Binding.PublicKey: must be a DER SubjectPublicKeyInfo of an EC key on the curve P-256",
    "60306 Binding.Secret: must be Base32 (A-Z and 2-7, RFC 4648)",
    "60306 Binding.Secret: must be 10 to 128 bytes once Base32-decoded",
    "60306 Totp.Issuer: must not contain a colon",
    "60306 AuthPayload: must be 3 to 8 digits",
    "60306 AuthPayload: has a space in its Base64; a + must be percent-encoded as %2B in a form",
    "60306 Config.Alg: cannot be changed together with AuthPayload, or once the Factor is verified",
    "60306 Config.TimeStep: cannot be changed together with AuthPayload, or once the Factor is verified",
    "60306 Config.CodeLength: cannot be changed together with AuthPayload, or once the Factor is verified",
    "60306 HiddenDetails: must be a JSON object whose values are all strings",
    "60306 HiddenDetails: must not have a key twice",
    "60306 Details.Fields: must be a JSON object with a label and a value, both strings",
    "60306 Details.Fields: must have a label of at most 36 characters and a value of at most 128",
    "60306 Details.Fields: may be given 20 times at the most",
    "60306 ExpirationDate: must be a date and time as in RFC 3339",
    "60306 ExpirationDate: must be later than now, and at most 60 minutes from now",
    "60306 Order: must be one of asc, desc",
    "60306 PageToken: must be a token from a next_page_url or previous_page_url",
];

const UTF8: &str = "must be UTF-8 once it is percent-decoded";

pub fn not_found(template: &str) -> String {
    format!("The requested resource {template} was not found")
}

/// Checks every parameter that is refused: it is there once, for one of its rules and in its words, and the first of them is
/// the error's own.
pub fn check(error: &Value, operation: &Operation, request: &Request) {
    let code = &error["code"];
    assert_eq!(
        error["more_info"],
        format!("https://www.twilio.com/docs/errors/{code}")
    );
    let Some(details) = error["details"]["parameters"].as_array() else {
        return;
    };
    assert_eq!(
        (code, &error["message"]),
        (&details[0]["code"], &details[0]["message"])
    );
    let mut names = BTreeSet::new();
    for detail in details {
        let name = detail["parameter"].as_str().expect("a name");
        assert!(names.insert(name), "{name} is there twice");
        let message = detail["message"].as_str().expect("a message");
        let known = if detail["code"] == 20001 {
            let is_sent = request.form().get(name).is_some_and(|value| !value.is_empty());
            let form = operation.form.as_ref().filter(|_| !is_sent);
            // A platform that is set needs a token, which is not required of every update.
            let is_token = operation.id == "UpdateFactor" && name == "Config.NotificationToken";
            form.is_some_and(|form| form.required.contains(name) || is_token)
                && message == format!("Missing required parameter {name} in the post body")
        } else {
            let rule = message.strip_prefix(&format!("Invalid parameter {name}: "));
            rule.is_some_and(|rule| is_rule(&detail["code"], name, rule, operation))
        };
        assert!(known, "{detail} from {}", operation.id);
    }
}

fn is_rule(code: &Value, name: &str, rule: &str, operation: &Operation) -> bool {
    // A device SDK has it with a small p.
    let name = if name == "pageToken" { "PageToken" } else { name };
    match operation.parameters.get(name) {
        Some(_) if RULES.contains(&format!("{code} {name}: {rule}").as_str()) => true,
        Some(schemas) => *code == 60306 && rules(schemas).contains(rule),
        None => *code == 60306 && name == "body" && rule == UTF8,
    }
}

/// The rules that every parameter has, and those that follow from what it can be.
fn rules(schemas: &[&Value]) -> BTreeSet<String> {
    let mut rules = BTreeSet::from(["was given more than once".to_owned(), UTF8.to_owned()]);
    let mut words = Vec::new();
    for schema in schemas {
        if let (Some(min), Some(max)) = (schema.get("minimum"), schema.get("maximum")) {
            rules.insert(format!("must be an integer from {min} to {max}"));
        }
        if let Some(max) = schema.get("maxLength") {
            // An empty value counts as absent.
            let min = schema["minLength"].as_u64().unwrap_or(1);
            rules.insert(format!("must have {min} to {max} characters"));
        }
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        if pattern.contains(r"\u3000") {
            rules.insert("must not be all blank".to_owned());
        }
        if let Some(prefix) = pattern
            .strip_prefix('^')
            .and_then(|pattern| pattern.strip_suffix("[0-9a-fA-F]{32}$"))
        {
            rules.insert(format!("must be {prefix} followed by 32 hexadecimal digits"));
        }
        let of_schema = schema["enum"].as_array().into_iter().flatten();
        let of_schema = of_schema.chain(schema.get("const")).filter_map(Value::as_str);
        words.extend(of_schema.filter(|word| !word.is_empty()));
    }
    rules.insert(format!("must be one of {}", words.join(", ")));
    rules
}
