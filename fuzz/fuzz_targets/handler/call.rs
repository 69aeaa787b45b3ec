//! What a request is for.

use crate::description::{DESCRIPTION, Operation, Route};
use crate::request::{PayloadFormat, Request};

pub struct Call {
    pub route: Option<Route>,
    pub operation: Option<&'static Operation>,
    /// What stands between the host and the described path in URLs.
    pub mount: String,
    /// Who calls, if it is somebody here and now.
    pub caller: Option<Caller>,
}

/// Who calls, devices with the SID of what lets them in.
pub enum Caller {
    Account,
    /// A Factor's.
    Device(String),
    /// One with an Access Token.
    Token(String),
}

impl Caller {
    /// As the log has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Device(_) => "device",
            Self::Token(_) => "token",
        }
    }
}

impl Call {
    /// What a request is for, whoever calls.
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
            caller: None,
            route,
        }
    }

    /// The operation that is done or refused, if it gets that far.
    pub fn operation_id(&self) -> Option<&'static str> {
        self.operation
            .filter(|_| self.caller.is_some())
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

    /// The Service and the Identity in the path, which has both.
    pub fn entity(&self) -> (String, String) {
        (self.parameter("ServiceSid"), self.parameter("Identity"))
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
