//! The function against `openapi.yaml`: each operation is there by its name, for whom it says, and no other is.

use std::collections::{BTreeMap, BTreeSet};

use harness::local;
use serde_json::Value;
use verify_factors::{Caller, route};

use crate::support::phone::{Phone, device};
use crate::support::{Answer, Function, NOW, basic, by, challenges_path, factors_path, logs, request};

const DESCRIPTION: &str = include_str!("../../../openapi.yaml");

/// The methods that are tried on each path, in the order in which the function names the ones it has.
const METHODS: [&str; 6] = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"];

/// A function with something at every path that is called, and everyone who calls.
struct Scene {
    function: Function,
    /// What the parameters in paths stand for.
    parameters: [(&'static str, String); 5],
    /// Under the name of their security scheme in the description, if they have one, and with their `Authorization`.
    callers: [(&'static str, String); 7],
}

/// A device of another Factor than the path's.
const OTHER_DEVICE: &str = "device of another Factor";

impl Scene {
    async fn set() -> Self {
        let function = Function::start().await;
        let [phone, other] = [1, 2].map(Phone::number);
        let factor = phone.verified(&function, &factors_path()).await;
        let other_factor = other.verified(&function, &factors_path()).await;
        let elsewhere = factors_path().replace(local::IDENTITY, "somebody-else");
        let elsewhere = phone.verified(&function, &elsewhere).await;
        let sid = |resource: &Value| resource["sid"].as_str().unwrap().to_owned();
        let form = format!("FactorSid={}&Details.Message=a", sid(&factor));
        let challenge = function.request("POST", &challenges_path(), &form).await.json();
        let tokens = format!("/v2/Services/{}/AccessTokens", local::SERVICE_SID);
        let form = format!("Identity={}&FactorType=push", local::IDENTITY);
        let token = function.request("POST", &tokens, &form).await.json();
        Self {
            function,
            parameters: [
                ("ServiceSid", local::SERVICE_SID.to_owned()),
                ("Identity", local::IDENTITY.to_owned()),
                ("FactorSid", sid(&factor)),
                ("ChallengeSid", sid(&challenge)),
                ("AccessTokenSid", sid(&token)),
            ],
            callers: [
                ("nobody", String::new()),
                ("wrong token", basic(&format!("{}:wrong", local::account_sid()))),
                ("account", local::authorization()),
                ("device", phone.authorization(&factor, NOW)),
                (OTHER_DEVICE, other.authorization(&other_factor, NOW)),
                ("device of another Entity", phone.authorization(&elsewhere, NOW)),
                ("token", device(token["token"].as_str().unwrap())),
            ],
        }
    }

    fn value_of(&self, parameter: &str) -> &str {
        let value = self.parameters.iter().find(|(name, _)| *name == parameter);
        let (_, value) = value
            .unwrap_or_else(|| panic!("a path has the parameter {parameter}, of which there is none here"));
        value
    }

    fn path(&self, operation: &Operation) -> String {
        let value = |segment: &str| {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            Some(self.value_of(name).to_owned())
        };
        let segments = operation.template.split('/');
        let segments: Vec<String> = segments
            .map(|segment| value(segment).unwrap_or_else(|| segment.to_owned()))
            .collect();
        segments.join("/")
    }

    /// The answer to a caller who sends no parameters: to be refused for that is to have been let in.
    async fn call(&self, operation: &Operation, caller: &str) -> Answer {
        let (_, authorization) = self.callers.iter().find(|(name, _)| *name == caller).unwrap();
        let event = request(&operation.method, &self.path(operation), &[], "");
        self.function.invoke(&by(&event, authorization)).await
    }
}

/// An operation as it is described.
struct Operation {
    id: String,
    method: String,
    /// The path with names in place of values.
    template: String,
    /// The security schemes of which a caller has to have one.
    schemes: BTreeSet<String>,
}

/// The operations of the description.
fn operations() -> Vec<Operation> {
    let description: Value = serde_yaml_ng::from_str(DESCRIPTION).unwrap();
    let mut operations = Vec::new();
    for (template, path) in description["paths"].as_object().unwrap() {
        for (name, operation) in path.as_object().unwrap() {
            if name == "parameters" {
                continue;
            }
            let method = name.to_uppercase();
            assert!(
                METHODS.contains(&method.as_str()),
                "{name} of {template} is no method that is tried here"
            );
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{method} {template} has no operationId"));
            let security = operation.get("security").unwrap_or(&description["security"]);
            operations.push(Operation {
                id: id.to_owned(),
                method,
                template: template.clone(),
                schemes: schemes(id, security),
            });
        }
    }
    operations
}

/// The schemes in a list of which each does alone.
fn schemes(id: &str, security: &Value) -> BTreeSet<String> {
    let alternatives = security.as_array().into_iter().flatten();
    let schemes: BTreeSet<String> = alternatives
        .map(|alternative| {
            let mut names = alternative.as_object().unwrap().keys();
            match (names.next(), names.next()) {
                (Some(name), None) => name.clone(),
                _ => panic!("{id} asks for {alternative}, which is not one scheme"),
            }
        })
        .collect();
    assert!(!schemes.is_empty(), "{id} is open to everyone");
    schemes
}

#[tokio::test]
async fn each_operation_is_reached_and_logged_by_the_name_it_is_described_under() {
    for operation in operations() {
        let scene = Scene::set().await;
        let nowhere = scene.function.request("GET", "/v2/Nowhere", "").await;
        let answer = scene.call(&operation, "account").await;
        assert!(
            ![401, 405].contains(&answer.status) && answer.text != nowhere.text,
            "{}: {}",
            operation.id,
            answer.text
        );
        assert_eq!(logs::of(&answer)[0]["operation"], operation.id);
    }
}

#[tokio::test]
async fn each_path_has_the_methods_that_are_described_and_no_other() {
    let scene = Scene::set().await;
    let function = &scene.function;
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        paths
            .entry(scene.path(&operation))
            .or_default()
            .insert(operation.method);
    }
    for (path, described) in paths {
        let (mut allowed, others): (Vec<&str>, Vec<&str>) = METHODS
            .into_iter()
            .partition(|method| described.contains(*method));
        allowed.push("OPTIONS");
        let allowed = allowed.join(", ");
        let preflight = function
            .invoke(&request("OPTIONS", &path, &[("authorization", "")], ""))
            .await;
        assert_eq!(
            (preflight.status, preflight.header("access-control-allow-methods")),
            (204, allowed.as_str()),
            "{path}"
        );
        for method in others {
            let refused = function.request(method, &path, "").await;
            assert_eq!(refused.status, 405, "{method} {path}");
            assert_eq!(
                (refused.error(), refused.header("allow")),
                ((405, 20004), allowed.as_str()),
                "{method} {path}"
            );
            for (caller, authorization) in scene.callers.iter().filter(|(name, _)| *name != "account") {
                let event = by(&request(method, &path, &[], ""), authorization);
                function.invoke(&event).await.assert_nobody(caller);
            }
        }
    }
    for (caller, authorization) in &scene.callers {
        let event = by(&request("GET", "/v2/Nowhere", &[], ""), authorization);
        let answer = function.invoke(&event).await;
        match *caller {
            "account" => assert_eq!(answer.error(), (404, 20404)),
            other => answer.assert_nobody(other),
        }
    }
}

#[tokio::test]
async fn only_those_who_are_described_may_call_an_operation() {
    for operation in operations() {
        let names = Scene::set().await.callers.map(|(name, _)| name);
        for scheme in &operation.schemes {
            assert!(
                names.contains(&scheme.as_str()),
                "{} is for {scheme}, as whom nobody calls here",
                operation.id
            );
        }
        for caller in names {
            // A new one each time, as what one deletes is not there for the next.
            let answer = Scene::set().await.call(&operation, caller).await;
            let expected = match (caller, operation.id.as_str()) {
                // Its own ones, none of which are another's.
                (OTHER_DEVICE, "ListChallenges") => Expected::LetIn,
                (OTHER_DEVICE, "FetchChallenge" | "AnswerChallenge") => Expected::NotFound,
                (caller, _) if operation.schemes.contains(caller) => Expected::LetIn,
                _ => Expected::Nobody,
            };
            let is = match answer.status {
                401 => Expected::Nobody,
                404 => Expected::NotFound,
                200..=299 | 400 => Expected::LetIn,
                other => panic!("{} by {caller}: {other} {}", operation.id, answer.text),
            };
            assert_eq!(is, expected, "{} by {caller}: {}", operation.id, answer.text);
            if is == Expected::Nobody {
                answer.assert_nobody(&operation.id);
            }
        }
    }
}

/// How a caller fares.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    LetIn,
    NotFound,
    Nobody,
}

#[test]
fn no_two_operations_have_one_name() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        assert!(
            names.insert(operation.id.clone()),
            "{} is there twice",
            operation.id
        );
    }
}

#[test]
fn the_code_has_the_operations_that_are_described_and_no_other() {
    let described: BTreeSet<_> = operations()
        .into_iter()
        .map(|operation| {
            (
                operation.method,
                operation.template,
                operation.id,
                operation.schemes,
            )
        })
        .collect();
    let routed = route::table().iter().map(|route| {
        let callers = route.callers.iter().map(|caller| match caller {
            Caller::Account => "account".to_owned(),
            Caller::Device => "device".to_owned(),
            Caller::Token => "token".to_owned(),
        });
        (
            route.method.to_string(),
            route.template.to_owned(),
            route.operation_id.to_owned(),
            callers.collect(),
        )
    });
    assert_eq!(routed.collect::<BTreeSet<_>>(), described);
}
