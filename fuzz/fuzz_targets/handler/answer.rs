//! Answers, and what the contract says of every one of them.

use std::collections::{BTreeMap, BTreeSet};

use harness::local;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use verify_factors::parameters::{InvalidParameter, KeyFault, Rule};
use verify_factors::rules::Seed;

use crate::function::ORIGIN;
use crate::request::{PayloadFormat, Request};

/// The errors without parameters that a caller can bring about, with every message they have: no message repeats what was
/// sent, so there are no others. 429, 500 and 503 are not among them.
const ERRORS: [(u64, u64, &[&str]); 7] = [
    (
        400,
        60315,
        &[
            "The Entity already has 20 push Factors, the most it can have",
            "The Entity already has 100 totp Factors, the most it can have",
        ],
    ),
    (401, 20003, &["Authenticate"]),
    (
        404,
        20404,
        &[
            "The requested resource /v2/… was not found",
            "The requested resource /v2/Services/{ServiceSid} was not found",
            "The requested resource /v2/Services/{ServiceSid}/Entities/{Identity}/Factors was not found",
        ],
    ),
    (
        405,
        20004,
        &[
            "Method not allowed; allowed here: GET, POST, OPTIONS",
            "Method not allowed; allowed here: GET, POST, DELETE, OPTIONS",
            "Method not allowed; allowed here: POST, OPTIONS",
        ],
    ),
    (413, 60306, &["The body is larger than 16384 bytes"]),
    (
        415,
        60306,
        &["The body must be application/x-www-form-urlencoded"],
    ),
    (
        422,
        20422,
        &["Idempotency-Key was used before, with other parameters"],
    ),
];

/// The rules that a parameter can break, besides those of every form.
fn rules_of(parameter: &str) -> &'static [Rule] {
    const NAME: [Rule; 4] = [
        Rule::Required,
        Rule::NotBlank,
        Rule::Length { min: 1, max: 64 },
        Rule::Length { min: 1, max: 32 },
    ];
    match parameter {
        "body" => &[],
        "Identity" => &[Rule::Identity],
        "Idempotency-Key" => &[Rule::IdempotencyKey],
        "FriendlyName" => &NAME,
        "FactorType" => &[Rule::Required, Rule::FactorType],
        "Metadata" => &[
            Rule::Length { min: 1, max: 1024 },
            Rule::JsonObjectOfStrings,
            Rule::JsonKeyOnce,
        ],
        "Binding.Alg" => &[Rule::PushAlg],
        "Binding.PublicKey" => &[
            Rule::Required,
            Rule::PublicKey(KeyFault::SpaceInBase64),
            Rule::PublicKey(KeyFault::NotBase64),
            Rule::PublicKey(KeyFault::NotP256),
        ],
        "Config.AppId" => &[Rule::Required, Rule::Length { min: 1, max: 100 }],
        "Config.NotificationPlatform" => &[Rule::Required, Rule::OneOf(&["apn", "fcm", "none"])],
        "Config.NotificationToken" => &[Rule::Required, Rule::Length { min: 32, max: 255 }],
        "Config.SdkVersion" => &[Rule::Required, Rule::Length { min: 1, max: 64 }],
        "Binding.Secret" => &[Rule::Base32, Rule::SeedLength { min: 10, max: 128 }],
        "Config.Alg" => &[Rule::OneOf(&["sha1", "sha256", "sha512"])],
        "Config.TimeStep" | "Totp.TimeStep" => &[Rule::Integer { min: 20, max: 60 }],
        "Config.Skew" | "Totp.Skew" => &[Rule::Integer { min: 0, max: 2 }],
        "Config.CodeLength" | "Totp.CodeLength" => &[Rule::Integer { min: 3, max: 8 }],
        "Totp.Issuer" => &[Rule::NotBlank, Rule::NoColon, Rule::Length { min: 1, max: 64 }],
        "Push.ApnCredentialSid" | "Push.FcmCredentialSid" => &[Rule::Sid("CR")],
        "PageSize" => &[Rule::Integer { min: 1, max: 1000 }],
        "Page" => &[Rule::Integer {
            min: 0,
            max: u32::MAX,
        }],
        "PageToken" => &[Rule::PageToken],
        other => panic!("a refusal names {other}"),
    }
}

const FACTOR: [&str; 14] = [
    "sid",
    "account_sid",
    "service_sid",
    "entity_sid",
    "identity",
    "binding",
    "date_created",
    "date_updated",
    "friendly_name",
    "status",
    "factor_type",
    "config",
    "metadata",
    "url",
];

const OPERATIONS: [&str; 6] = [
    "CreateFactor",
    "ListServices",
    "CreateService",
    "FetchService",
    "UpdateService",
    "DeleteService",
];

pub struct Answer {
    status: u64,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    request_id: String,
    log: String,
}

impl Answer {
    pub fn new(reply: &Value, request_id: String, log: String) -> Self {
        assert_eq!(reply["isBase64Encoded"], false);
        let headers = reply["headers"].as_object().expect("headers");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            status: reply["statusCode"].as_u64().expect("a status"),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), text(value)))
                .collect(),
            body: reply.get("body").filter(|body| !body.is_null()).map(text),
            request_id,
            log,
        }
    }

    /// The SID and the body of the Factor that the answer shows.
    pub fn factor(&self, request: &Request) -> Option<(String, String)> {
        let is_factor = self.status == 201 && request.arrived_path().ends_with("/Factors");
        is_factor.then(|| {
            let body = self.body.clone().unwrap_or_default();
            // By hand, as the position is part of the contract.
            (body["{\"sid\":\"".len()..][..34].to_owned(), body)
        })
    }

    /// Whether it is the answer to an earlier request.
    pub fn is_replay(&self) -> bool {
        self.headers.contains_key("idempotent-replayed")
    }

    /// Whether there is something in the table that wasn't.
    pub fn wrote(&self, request: &Request) -> bool {
        self.status == 201 || self.status < 300 && ["POST", "DELETE"].contains(&request.method.as_str())
    }

    /// Panics if the answer is not one that the contract has for this request.
    pub fn check(&self, request: &Request, named_origins: bool) {
        self.check_headers(request, named_origins);
        let preflight = request.method == "OPTIONS";
        if !preflight {
            assert_eq!(self.status == 401, !request.is_authenticated(), "credentials");
        }
        match (self.status, request.method.as_str()) {
            (204, "OPTIONS") => {
                assert_eq!(self.body, None);
                assert_eq!(self.header("access-control-max-age"), "7200");
            }
            (204, "DELETE") => assert_eq!(self.body, None),
            (201, "POST") if request.arrived_path().ends_with("/Factors") => self.check_factor(request),
            (201 | 200, "POST") | (200, "GET") => self.check_services(request),
            (400.., _) => self.check_error(),
            (status, method) => panic!("{status} is no answer to {method}"),
        }
        self.check_log();
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn check_headers(&self, request: &Request, named_origins: bool) {
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("x-request-id"), self.request_id);
        assert_eq!(
            self.header("content-type"),
            if self.body.is_some() {
                "application/json"
            } else {
                ""
            }
        );
        let credentials = named_origins && request.origin() == Some(ORIGIN);
        assert_eq!(
            self.header("access-control-allow-credentials"),
            credentials.to_string()
        );
        assert_eq!(
            self.header("access-control-allow-origin"),
            if named_origins { ORIGIN } else { "*" }
        );
        assert_eq!(self.header("vary"), if named_origins { "Origin" } else { "" });
        assert!(self.header("access-control-allow-methods").ends_with("OPTIONS"));
        assert!(
            self.header("access-control-allow-headers")
                .contains("Idempotency-Key")
        );
        assert!(
            self.header("access-control-expose-headers")
                .contains("X-Request-Id")
        );
        assert_eq!(
            self.status == 401,
            self.header("www-authenticate").starts_with("Basic ")
        );
        let methods = if self.status == 405 {
            self.header("access-control-allow-methods")
        } else {
            ""
        };
        assert_eq!(self.header("allow"), methods);
    }

    fn json(&self) -> Map<String, Value> {
        let body = self.body.as_deref().expect("a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    fn check_error(&self) {
        let error = self.json();
        assert_eq!(error["status"], self.status);
        let code = error["code"].as_u64().expect("a code");
        assert_eq!(
            error["more_info"],
            format!("https://www.twilio.com/docs/errors/{code}")
        );
        let fields: &[&str] = if let Some(details) = error.get("details") {
            assert_eq!(self.status, 400);
            check_details(&error, details);
            &["code", "message", "more_info", "status", "details"]
        } else {
            let known = ERRORS
                .iter()
                .find(|(status, other, _)| (*status, *other) == (self.status, code));
            let (_, _, messages) = known.unwrap_or_else(|| panic!("{} with {code}", self.status));
            let message = error["message"].as_str().expect("a message");
            assert!(messages.contains(&message), "{message}");
            &["code", "message", "more_info", "status"]
        };
        assert!(error.keys().eq(fields), "{error:?}");
    }

    fn check_factor(&self, request: &Request) {
        // A key by which serde_json marks raw JSON makes it read other metadata than there is.
        if self
            .body
            .as_ref()
            .is_some_and(|body| body.contains("serde_json::private"))
        {
            return;
        }
        let factor = self.json();
        assert!(factor.keys().eq(FACTOR), "{factor:?}");
        let text = |name: &str| {
            factor[name]
                .as_str()
                .unwrap_or_else(|| panic!("{name} is a text"))
        };
        let form = request.form();
        let sent = |name: &str| {
            form.get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };

        let path = request.arrived_path();
        let segments: Vec<String> = path.split('/').map(decoded).collect();
        let [_, _, _, service, _, identity, _] = segments.as_slice() else {
            panic!("a Factor from {path}");
        };
        assert!(is_sid(text("sid"), "YF") && is_sid(text("entity_sid"), "YE"));
        assert_eq!(text("account_sid"), local::account_sid());
        assert_eq!(
            (text("service_sid"), text("identity")),
            (service.as_str(), identity.as_str())
        );
        assert!((8..=64).contains(&identity.len()));
        assert_eq!(text("date_created"), text("date_updated"));
        check_date(text("date_created"));
        assert_eq!(Some(text("friendly_name")), sent("FriendlyName"));
        assert!((1..=64).contains(&text("friendly_name").chars().count()));
        assert_eq!(text("status"), "unverified");
        assert_eq!(Some(text("factor_type")), sent("FactorType"));
        let metadata = sent("Metadata").map(|text| serde_json::from_str(text).expect("JSON"));
        assert_eq!(factor["metadata"], metadata.unwrap_or(Value::Null));
        check_url(
            text("url"),
            &format!(
                "/v2/Services/{service}/Entities/{identity}/Factors/{}",
                text("sid")
            ),
            request,
        );
        let part = |name: &str| {
            factor[name]
                .as_object()
                .unwrap_or_else(|| panic!("{name} is an object"))
        };
        match text("factor_type") {
            "totp" => check_totp(part("binding"), part("config"), text("friendly_name"), &sent),
            "push" => {
                let shown = |field: &str| part("config")[field].as_str();
                assert!(part("binding").keys().eq(["alg", "public_key"]));
                assert_eq!(factor["binding"]["alg"], "ES256");
                assert_eq!(
                    factor["binding"]["public_key"].as_str(),
                    sent("Binding.PublicKey")
                );
                assert!(part("config").keys().eq([
                    "sdk_version",
                    "app_id",
                    "notification_platform",
                    "notification_token"
                ]));
                assert_eq!(shown("sdk_version"), sent("Config.SdkVersion"));
                assert_eq!(shown("app_id"), sent("Config.AppId"));
                assert_eq!(
                    shown("notification_platform"),
                    sent("Config.NotificationPlatform")
                );
                assert_eq!(shown("notification_token"), sent("Config.NotificationToken"));
            }
            other => panic!("a Factor of type {other}"),
        }
    }

    fn check_services(&self, request: &Request) {
        let json = self.json();
        if request.method == "GET" && request.arrived_path() == "/v2/Services" {
            assert!(json.keys().eq(["services", "meta"]));
            assert_eq!(json["meta"]["key"], "services");
            let services = json["services"].as_array().expect("a list");
            let size = json["meta"]["page_size"].as_u64().expect("a size");
            assert!((1..=1000).contains(&size) && services.len() as u64 <= size);
            for service in services {
                check_service(service, request);
            }
            for url in ["first_page_url", "previous_page_url", "url", "next_page_url"] {
                if let Some(url) = json["meta"][url].as_str() {
                    let (url, query) = url.split_once('?').expect("a query");
                    check_url(url, "/v2/Services", request);
                    assert!(query.starts_with(&format!("PageSize={size}&Page=")));
                }
            }
        } else {
            check_service(&Value::Object(json), request);
        }
    }

    /// One line, and nothing in it that a caller chose but SIDs.
    fn check_log(&self) {
        // The embedded DynamoDB logs too, when it refuses something.
        let dynamodb = r#""message":"error response""#;
        let lines: Vec<&str> = self.log.lines().filter(|line| !line.contains(dynamodb)).collect();
        let [line] = lines.as_slice() else {
            panic!("{lines:?} are the lines of one request");
        };
        let line: Map<String, Value> = serde_json::from_str(line).expect("a line is JSON");
        assert!(line.contains_key("status") && line.contains_key("duration_ms"));
        for (name, value) in &line {
            let text = value.as_str().unwrap_or_default();
            let good = match name.as_str() {
                "timestamp" => text.len() == 27 && text.ends_with('Z'),
                "level" => text == "INFO",
                "message" => text == "request",
                "request_id" => text == self.request_id,
                "operation" => OPERATIONS.contains(&text),
                "status" => *value == self.status,
                "code" => Some(value) == self.json().get("code"),
                "parameters" => text
                    .split(", ")
                    .all(|name| rules_of(name).is_empty() == (name == "body")),
                "service_sid" => is_sid(&text.to_ascii_lowercase().replacen("va", "VA", 1), "VA"),
                "entity_sid" => is_sid(text, "YE"),
                "factor_sid" => is_sid(text, "YF"),
                "replayed" => *value == self.is_replay(),
                "duration_ms" => value.is_number(),
                _ => false,
            };
            assert!(good, "the log says {name}: {value}");
        }
    }
}

/// Every parameter that is wrong, once, for one of its rules and in its words; the first is the error's own.
fn check_details(error: &Map<String, Value>, details: &Value) {
    let details = details["parameters"].as_array().expect("a list");
    let first = details.first().expect("at least one");
    assert_eq!(
        (&error["code"], &error["message"]),
        (&first["code"], &first["message"])
    );
    let mut names = BTreeSet::new();
    for detail in details {
        assert!(
            detail
                .as_object()
                .is_some_and(|detail| detail.keys().eq(["parameter", "code", "message"]))
        );
        let parameter = detail["parameter"].as_str().expect("a name");
        assert!(names.insert(parameter), "{parameter} is named twice");
        let of_forms = [Rule::Utf8, Rule::GivenOnce];
        let broken = of_forms
            .iter()
            .chain(rules_of(parameter))
            .map(|rule| rule.broken_by(name(parameter)))
            .find(|refusal| detail["message"] == refusal.to_string());
        let Some(InvalidParameter { rule, .. }) = broken else {
            panic!("{} is no rule of {parameter}", detail["message"]);
        };
        assert_eq!(detail["code"], rule.broken_by("").code());
    }
}

/// The same name, for as long as the program runs.
fn name(parameter: &str) -> &'static str {
    const NAMES: [&str; 26] = [
        "body",
        "Identity",
        "Idempotency-Key",
        "FriendlyName",
        "FactorType",
        "Metadata",
        "Binding.Alg",
        "Binding.PublicKey",
        "Config.AppId",
        "Config.NotificationPlatform",
        "Config.NotificationToken",
        "Config.SdkVersion",
        "Binding.Secret",
        "Config.Alg",
        "Config.TimeStep",
        "Config.Skew",
        "Config.CodeLength",
        "Totp.Issuer",
        "Totp.TimeStep",
        "Totp.Skew",
        "Totp.CodeLength",
        "Push.ApnCredentialSid",
        "Push.FcmCredentialSid",
        "PageSize",
        "Page",
        "PageToken",
    ];
    NAMES
        .into_iter()
        .find(|name| *name == parameter)
        .expect("a parameter")
}

fn check_totp<'a>(
    binding: &Map<String, Value>,
    config: &Map<String, Value>,
    friendly_name: &str,
    sent: &impl Fn(&str) -> Option<&'a str>,
) {
    assert!(binding.keys().eq(["secret", "uri"]));
    assert!(config.keys().eq(["alg", "skew", "code_length", "time_step"]));
    let algorithm = config["alg"].as_str().expect("an algorithm");
    assert_eq!(algorithm, sent("Config.Alg").unwrap_or("sha1"));
    let numbers = [
        ("skew", "Config.Skew", 0..=2),
        ("code_length", "Config.CodeLength", 3..=8),
        ("time_step", "Config.TimeStep", 20..=60),
    ];
    for (field, parameter, range) in numbers {
        let number = config[field].as_u64().expect("a number");
        assert!(range.contains(&number), "{field} is {number}");
        if let Some(sent) = sent(parameter) {
            assert_eq!(sent.parse(), Ok(number));
        }
    }

    let secret = binding["secret"].as_str().expect("a secret");
    let base32 = |text: &str| Seed::parse(text).expect("a seed").to_base32();
    match sent("Binding.Secret") {
        Some(sent) => assert_eq!(base32(sent).expose_secret(), secret),
        None => assert_eq!(
            secret.len(),
            match algorithm {
                "sha1" => 32,
                "sha256" => 52,
                _ => 103,
            }
        ),
    }
    assert_eq!(base32(secret).expose_secret(), secret);

    let uri = binding["uri"].as_str().expect("a URI");
    let (label, query) = uri
        .strip_prefix("otpauth://totp/")
        .and_then(|rest| rest.split_once('?'))
        .expect("an otpauth URI");
    let (issuer, account) = label.split_once(':').expect("a label");
    assert_eq!(decoded(account), friendly_name);
    assert!(!decoded(issuer).trim().is_empty() && !decoded(issuer).contains(':'));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    assert!(issuer.bytes().chain(account.bytes()).all(plain), "{uri}");
    assert_eq!(
        query,
        format!(
            "secret={secret}&issuer={issuer}&algorithm={}&digits={}&period={}",
            algorithm.to_uppercase(),
            config["code_length"],
            config["time_step"]
        )
    );
}

fn check_service(service: &Value, request: &Request) {
    let text = |name: &str| {
        service[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} is a text"))
    };
    assert!(is_sid(text("sid"), "VA") && text("account_sid") == local::account_sid());
    assert!((1..=32).contains(&text("friendly_name").chars().count()));
    check_date(text("date_created"));
    check_date(text("date_updated"));
    let number = |name: &str| {
        service["totp"][name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is a number"))
    };
    assert!((20..=60).contains(&number("time_step")));
    assert!((3..=8).contains(&number("code_length")));
    assert!(number("skew") <= 2);
    let issuer = service["totp"]["issuer"].as_str().expect("an issuer");
    assert!((1..=64).contains(&issuer.chars().count()) && !issuer.contains(':'));
    check_url(text("url"), &format!("/v2/Services/{}", text("sid")), request);
    let links = service["links"].as_object().expect("links");
    assert!(
        links
            .values()
            .all(|link| link.as_str().is_some_and(|link| link.starts_with(text("url"))))
    );
}

/// An absolute URL on a host that can be one, whatever the request said.
fn check_url(url: &str, path: &str, request: &Request) {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or_else(|| panic!("{url} is not absolute"));
    let stage = match request.format {
        PayloadFormat::V1 => "/prod",
        PayloadFormat::V2 => "",
    };
    let host = rest
        .strip_suffix(path)
        .and_then(|rest| rest.strip_suffix(stage))
        .unwrap_or_else(|| panic!("{url} doesn't end with {stage}{path}"));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    assert!(!host.is_empty() && host.bytes().all(allowed), "{url}");
}

fn check_date(text: &str) {
    let shape: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z");
}

fn is_sid(text: &str, prefix: &str) -> bool {
    let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.strip_prefix(prefix)
        .is_some_and(|digits| digits.len() == 32 && digits.bytes().all(hexadecimal))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
