//! The routes. 404, 405, `Allow` and the methods of CORS all follow from the one table in [`Route::find`].

use std::borrow::Cow;

use lambda_http::http::Method;
use percent_encoding::percent_decode_str;

use crate::rules::ServiceSid;

/// What the API can do, with what the path says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    CreateFactor(ServiceSid),
    ListServices,
    CreateService,
    FetchService(ServiceSid),
    UpdateService(ServiceSid),
    DeleteService(ServiceSid),
}

impl Operation {
    /// The operation's name, for the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CreateFactor(_) => "CreateFactor",
            Self::ListServices => "ListServices",
            Self::CreateService => "CreateService",
            Self::FetchService(_) => "FetchService",
            Self::UpdateService(_) => "UpdateService",
            Self::DeleteService(_) => "DeleteService",
        }
    }
}

/// A path of the API and what can be done there.
pub(crate) struct Route<'a> {
    /// The path with names in place of values.
    pub(crate) template: &'static str,
    /// The Identity in the path, percent-decoded and otherwise as it came; empty where the path has none.
    pub(crate) identity: Cow<'a, str>,
    operations: Vec<(Method, Operation)>,
}

impl<'a> Route<'a> {
    /// The route that a path leads to. A path with a malformed Service SID leads nowhere.
    pub(crate) fn find(path: &'a str) -> Option<Self> {
        use Operation::{
            CreateFactor, CreateService, DeleteService, FetchService, ListServices, UpdateService,
        };
        let segments: Vec<&str> = path.split('/').collect();
        let route = |template, operations| Self {
            template,
            identity: Cow::Borrowed(""),
            operations,
        };
        match segments.as_slice() {
            ["", "v2", "Services"] => Some(route(
                "/v2/Services",
                vec![(Method::GET, ListServices), (Method::POST, CreateService)],
            )),
            ["", "v2", "Services", sid] => {
                let sid = service_sid(sid)?;
                Some(route(
                    "/v2/Services/{ServiceSid}",
                    vec![
                        (Method::GET, FetchService(sid)),
                        (Method::POST, UpdateService(sid)),
                        (Method::DELETE, DeleteService(sid)),
                    ],
                ))
            }
            ["", "v2", "Services", sid, "Entities", identity, "Factors"] => Some(Self {
                // What isn't UTF-8 becomes U+FFFD, which no Identity has.
                identity: percent_decode_str(identity).decode_utf8_lossy(),
                ..route(
                    "/v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
                    vec![(Method::POST, CreateFactor(service_sid(sid)?))],
                )
            }),
            _ => None,
        }
    }

    /// What a method does here.
    pub(crate) fn operation(&self, method: &Method) -> Option<Operation> {
        self.operations
            .iter()
            .find(|(allowed, _)| allowed == method)
            .map(|(_, operation)| *operation)
    }

    /// The methods allowed here, as in `POST, OPTIONS`.
    pub(crate) fn methods(&self) -> String {
        let mut methods = String::new();
        for (method, _) in &self.operations {
            methods.push_str(method.as_str());
            methods.push_str(", ");
        }
        methods.push_str(Method::OPTIONS.as_str());
        methods
    }
}

fn service_sid(segment: &str) -> Option<ServiceSid> {
    ServiceSid::parse(&percent_decode_str(segment).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "VA00000000000000000000000000000001";

    #[test]
    fn each_path_has_its_methods() {
        for (path, methods) in [
            ("/v2/Services".to_owned(), "GET, POST, OPTIONS"),
            (format!("/v2/Services/{SID}"), "GET, POST, DELETE, OPTIONS"),
            (
                format!("/v2/Services/{SID}/Entities/anyone/Factors"),
                "POST, OPTIONS",
            ),
        ] {
            let route = Route::find(&path).unwrap();
            assert_eq!(route.methods(), methods);
            assert!(route.operation(&Method::PUT).is_none() && route.operation(&Method::HEAD).is_none());
        }
    }

    #[test]
    fn the_path_is_percent_decoded() {
        let route = format!("/v2/Services/%56A{}/Entities/%41bc%20%FF%2F/Factors", &SID[2..]);
        let route = Route::find(&route).unwrap();
        assert_eq!(route.identity, "Abc \u{FFFD}/");
        assert!(
            matches!(route.operation(&Method::POST), Some(Operation::CreateFactor(sid)) if sid.as_str() == SID)
        );
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "",
            "/",
            "/v2",
            "/v2/",
            "/v2/Services/",
            "/v2/services",
            "v2/Services",
            "//v2/Services",
            "/v3/Services",
            "/v2/Services/VA1",
            "/v2/Services/VA00000000000000000000000000000001/",
            "/v2/Services/VA00000000000000000000000000000001/Entities",
            "/v2/Services/VA00000000000000000000000000000001/Entities/identity/Factors/",
            "/v2/Services/VA1/Entities/identity/Factors",
            "/v2/Services/VA00000000000000000000000000000001/Entities/a/b/Factors",
        ] {
            assert!(Route::find(path).is_none(), "{path}");
        }
    }
}
