//! What a request is for.

use crate::description::{DESCRIPTION, Operation, Route};
use crate::request::{PayloadFormat, Request};

pub struct Call {
    pub route: Option<Route>,
    pub operation: Option<&'static Operation>,
    /// What stands between the host and the described path in URLs.
    pub mount: String,
    /// Who calls, as the log has it.
    pub caller: Option<&'static str>,
    is_served: bool,
}

impl Call {
    pub fn of(request: &Request) -> Self {
        let arrived = request.arrived_path();
        let (stage, path) = match request.format {
            PayloadFormat::V1 => ("/prod", without_stage(&arrived)),
            PayloadFormat::V2 => ("", arrived.as_str()),
        };
        let route = DESCRIPTION.route(path);
        let operation = route
            .as_ref()
            .and_then(|route| route.path.operation(&request.method));
        Self {
            operation,
            mount: format!("{stage}{}", arrived.strip_suffix(path).unwrap_or_default()),
            caller: (request.method != "OPTIONS" && request.is_authenticated()).then_some("account"),
            is_served: operation.is_some() && request.is_authenticated(),
            route,
        }
    }

    /// The operation that is done or refused, if it gets that far.
    pub fn operation_id(&self) -> Option<&'static str> {
        self.operation
            .filter(|_| self.is_served)
            .map(|operation| operation.id)
    }

    /// The methods of the path, as headers have them.
    pub fn methods(&self) -> String {
        match &self.route {
            Some(route) => route.path.methods(),
            None => "OPTIONS".to_owned(),
        }
    }

    /// The value of a parameter in the path, which has it.
    pub fn parameter(&self, name: &str) -> String {
        self.route.as_ref().expect("a route").parameters[name].clone()
    }

    /// The path as it is described, with the parameters in their places.
    pub fn path(&self) -> String {
        let route = self.route.as_ref().expect("a route");
        let mut path = route.path.template.to_owned();
        for (name, value) in &route.parameters {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        path
    }
}

/// HTTP APIs put the stage in front of the path. The function takes it off there, whichever API it is.
fn without_stage(path: &str) -> &str {
    path.strip_prefix("/prod")
        .filter(|rest| rest.starts_with("/v2/"))
        .unwrap_or(path)
}
