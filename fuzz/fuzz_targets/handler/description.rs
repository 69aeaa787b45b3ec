//! What `openapi.yaml` says: its paths, operations and answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::schema::{DOCUMENT, Schema, alternatives, resolved, texts};

/// The media type of every body that is an answer.
pub const JSON: &str = "application/json";

pub static DESCRIPTION: LazyLock<Description> = LazyLock::new(Description::read);

pub struct Description {
    paths: Vec<Path>,
    responses: BTreeMap<&'static str, Response>,
}

pub struct Path {
    pub template: &'static str,
    /// Those in the path, which all of its operations have.
    parameters: BTreeMap<&'static str, &'static Schema>,
    operations: Vec<Operation>,
}

/// A path that was called.
pub struct Route {
    pub path: &'static Path,
    /// The parameters in it, percent-decoded.
    pub parameters: BTreeMap<&'static str, String>,
}

pub struct Operation {
    pub id: &'static str,
    /// Who may call it, as the description names their credentials.
    pub callers: BTreeSet<&'static str>,
    method: String,
    /// What each parameter can be, wherever it is sent.
    pub parameters: BTreeMap<&'static str, Vec<&'static Value>>,
    pub form: Option<Form>,
    pub responses: BTreeMap<u64, Response>,
}

pub struct Form {
    pub schema: &'static Schema,
    pub fields: BTreeSet<&'static str>,
    /// The fields that one or the other kind of it has to have.
    pub required: BTreeSet<&'static str>,
    /// The fields that may be repeated.
    pub lists: BTreeSet<&'static str>,
}

pub struct Response {
    pub headers: Vec<Header>,
    /// That of the JSON, if there is any.
    pub body: Option<&'static Schema>,
}

pub struct Header {
    /// In lower case.
    pub name: String,
    pub required: bool,
    pub schema: &'static Schema,
}

impl Description {
    fn read() -> Self {
        let responses = members(&DOCUMENT["components"]["responses"]);
        Self {
            paths: members(&DOCUMENT["paths"]).map(Path::read).collect(),
            responses: responses
                .map(|(name, response)| (name, Response::read(response)))
                .collect(),
        }
    }

    /// Where a path leads.
    pub fn route(&'static self, path: &str) -> Option<Route> {
        self.paths.iter().find_map(|described| described.route(path))
    }

    pub fn response(&self, name: &str) -> &Response {
        &self.responses[name]
    }
}

impl Path {
    fn read((template, path): (&'static str, &'static Value)) -> Self {
        let shared = parameters(path);
        Self {
            template,
            parameters: shared
                .iter()
                .map(|(name, schema)| (*name, Schema::of(schema)))
                .collect(),
            operations: members(path)
                .filter(|(name, _)| *name != "parameters")
                .map(|(method, operation)| Operation::read(method, operation, &shared))
                .collect(),
        }
    }

    fn route(&'static self, path: &str) -> Option<Route> {
        let mut parameters = BTreeMap::new();
        let mut segments = path.split('/');
        for described in self.template.split('/') {
            let segment = segments.next()?;
            let name = described
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            if let Some(name) = name {
                let value = percent_decode_str(segment).decode_utf8_lossy().into_owned();
                // A path with a malformed SID does not exist.
                if name.ends_with("Sid") && !self.parameters[name].accepts(&Value::from(value.as_str())) {
                    return None;
                }
                parameters.insert(name, value);
            } else if segment != described {
                return None;
            }
        }
        let route = Route {
            path: self,
            parameters,
        };
        segments.next().is_none().then_some(route)
    }

    pub fn operation(&self, method: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.method == method)
    }

    /// The methods that can be used, as headers have them.
    pub fn methods(&self) -> String {
        let methods = self.operations.iter().map(|operation| operation.method.as_str());
        methods.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
    }
}

impl Operation {
    fn read(
        method: &str,
        operation: &'static Value,
        shared: &BTreeMap<&'static str, &'static Value>,
    ) -> Self {
        let form = &operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
        let forms = if form.is_null() {
            Vec::new()
        } else {
            alternatives(form)
        };
        let fields = || forms.iter().flat_map(|form| members(&form["properties"]));
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let others = shared.iter().map(|(name, schema)| (*name, *schema));
        for (name, schema) in others.chain(parameters(operation)).chain(fields()) {
            all.entry(name).or_default().extend(alternatives(schema));
        }
        let security = match &operation["security"] {
            Value::Null => &DOCUMENT["security"],
            security => security,
        };
        let callers = security.as_array().into_iter().flatten();
        Self {
            id: operation["operationId"].as_str().expect("an ID"),
            callers: callers.flat_map(members).map(|(name, _)| name).collect(),
            method: method.to_uppercase(),
            parameters: all,
            form: (!forms.is_empty()).then(|| Form {
                schema: Schema::of(form),
                fields: fields().map(|(name, _)| name).collect(),
                required: forms.iter().flat_map(|form| texts(&form["required"])).collect(),
                lists: fields()
                    .filter(|(_, schema)| resolved(schema)["type"] == "array")
                    .map(|(name, _)| name)
                    .collect(),
            }),
            responses: members(&operation["responses"])
                .map(|(status, response)| (status.parse().expect("a status"), Response::read(response)))
                .collect(),
        }
    }
}

impl Response {
    fn read(response: &'static Value) -> Self {
        let response = resolved(response);
        let body = &response["content"][JSON]["schema"];
        Self {
            headers: members(&response["headers"]).map(Header::read).collect(),
            body: (!body.is_null()).then(|| Schema::of(body)),
        }
    }
}

impl Header {
    fn read((name, header): (&'static str, &'static Value)) -> Self {
        let header = resolved(header);
        Self {
            name: name.to_ascii_lowercase(),
            required: header["required"] == true,
            schema: Schema::of(&header["schema"]),
        }
    }
}

/// The parameters of a path or an operation that aren't in a form, with their schemas.
fn parameters(of: &'static Value) -> BTreeMap<&'static str, &'static Value> {
    let parameters = of["parameters"].as_array().into_iter().flatten().map(resolved);
    parameters
        .map(|parameter| (parameter["name"].as_str().expect("a name"), &parameter["schema"]))
        .collect()
}

fn members(object: &'static Value) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let members: &Map<_, _> = object.as_object().expect("an object");
    members.iter().map(|(name, member)| (name.as_str(), member))
}
