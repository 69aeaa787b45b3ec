//! The function against `openapi.yaml`: each operation is there by its name, for whom it says, and no other is.

use std::collections::{BTreeMap, BTreeSet};

use harness::local;
use serde_json::Value;
use verify_factors::{Caller, route};

use super::basic;
use crate::support::{Answer, Function, logs, request};

const DESCRIPTION: &str = include_str!("../../../openapi.yaml");

/// The methods that are tried on each path, in the order in which the function names the ones it has.
const METHODS: [&str; 6] = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD"];

/// What the parameters in paths stand for.
const PARAMETERS: [(&str, &str); 4] = [
    ("ServiceSid", local::SERVICE_SID),
    ("Identity", local::IDENTITY),
    ("FactorSid", local::FACTOR_SID),
    ("ChallengeSid", "YC0195de23a1c05cd2b0916c3e8f0a7d4b"),
];

/// Everyone who calls: under the name of their security scheme in the description, if they have one, and with their
/// `Authorization`.
fn callers() -> [(&'static str, String); 3] {
    [
        ("nobody", String::new()),
        ("wrong token", basic(&format!("{}:wrong", local::account_sid()))),
        ("account", local::authorization()),
    ]
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

impl Operation {
    fn path(&self) -> String {
        let value = |segment: &str| {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            Some(value_of(name).to_owned())
        };
        let segments = self.template.split('/');
        let segments: Vec<String> = segments
            .map(|segment| value(segment).unwrap_or_else(|| segment.to_owned()))
            .collect();
        segments.join("/")
    }

    /// The answer to a caller who sends no parameters: to be refused for that is to have been let in.
    async fn call(&self, function: &Function, authorization: &str) -> Answer {
        let headers = [("authorization", authorization)];
        function
            .invoke(&request(&self.method, &self.path(), &headers, ""))
            .await
    }
}

fn value_of(parameter: &str) -> &'static str {
    let value = PARAMETERS.into_iter().find(|(name, _)| *name == parameter);
    value
        .unwrap_or_else(|| panic!("a path has the parameter {parameter}, for which there is no value here"))
        .1
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
        let function = Function::start().await;
        let nowhere = function.request("GET", "/v2/Nowhere", "").await;
        let (_, authorization) = callers()
            .into_iter()
            .find(|(caller, _)| operation.schemes.contains(*caller))
            .unwrap_or_else(|| panic!("nobody here may call {}", operation.id));
        let answer = operation.call(&function, &authorization).await;
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
    let function = Function::start().await;
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations() {
        paths
            .entry(operation.path())
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
        }
    }
}

#[tokio::test]
async fn only_those_who_are_described_may_call_an_operation() {
    for operation in operations() {
        for scheme in &operation.schemes {
            assert!(
                callers().iter().any(|(caller, _)| caller == scheme),
                "{} is for {scheme}, as whom nobody calls here",
                operation.id
            );
        }
        for (caller, authorization) in callers() {
            // A new one each time, as what one deletes is not there for the next.
            let function = Function::start().await;
            let answer = operation.call(&function, &authorization).await;
            let allowed = operation.schemes.contains(caller);
            assert_eq!(answer.status != 401, allowed, "{} by {caller}", operation.id);
            if !allowed {
                assert_eq!(answer.error(), (401, 20003), "{} by {caller}", operation.id);
            }
        }
    }
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
