//! The table of routes: what can be called, by what name, and by whom. 404, 405, 401 for what isn't one's own, `Allow` and the
//! methods of CORS all follow from it.

use lambda_http::http::Method;

use crate::caller::Caller;
use crate::place::{AccessTokenAt, ChallengeAt, EntityAt, FactorAt, Place};
use crate::refusal::Refusal;
use crate::sid::ServiceSid;

/// An operation of the API: a method on a path.
#[derive(Debug)]
pub struct Route {
    /// The path with names in place of values.
    pub template: &'static str,
    /// Slashes in it.
    depth: usize,
    /// The method.
    pub method: Method,
    /// The operation's name, in the log and in `openapi.yaml`.
    pub operation_id: &'static str,
    /// Who may call it.
    pub callers: &'static [Caller],
    /// What it does at a place; `None` where the place lacks what it takes, which no path of the template does.
    operation: fn(Place) -> Option<Operation>,
}

/// What the API can do, each with the place where it is to be done.
#[derive(Debug)]
pub(crate) enum Operation {
    ListServices,
    CreateService,
    FetchService(ServiceSid),
    UpdateService(ServiceSid),
    DeleteService(ServiceSid),
    CreateAccessToken(ServiceSid),
    FetchAccessToken(AccessTokenAt),
    ListEntities(ServiceSid),
    CreateEntity(ServiceSid),
    FetchEntity(EntityAt),
    DeleteEntity(EntityAt),
    ListFactors(EntityAt),
    CreateFactor(EntityAt),
    FetchFactor(FactorAt),
    UpdateFactor(FactorAt),
    DeleteFactor(FactorAt),
    ListChallenges(EntityAt),
    CreateChallenge(EntityAt),
    FetchChallenge(ChallengeAt),
    AnswerChallenge(ChallengeAt),
}

/// The account alone.
const ACCOUNT: &[Caller] = &[Caller::Account];
/// The device too, of what is its own.
const DEVICE: &[Caller] = &[Caller::Account, Caller::Device];
/// One with an Access Token too.
const ENROL: &[Caller] = &[Caller::Account, Caller::Token];

/// Every operation.
#[rustfmt::skip]
static TABLE: [Route; 20] = [
    route("/v2/Services", Method::GET, "ListServices", ACCOUNT, |_| Some(Operation::ListServices)),
    route("/v2/Services", Method::POST, "CreateService", ACCOUNT, |_| Some(Operation::CreateService)),
    route("/v2/Services/{ServiceSid}", Method::GET, "FetchService", ACCOUNT, |at| at.service_sid.map(Operation::FetchService)),
    route("/v2/Services/{ServiceSid}", Method::POST, "UpdateService", ACCOUNT, |at| at.service_sid.map(Operation::UpdateService)),
    route("/v2/Services/{ServiceSid}", Method::DELETE, "DeleteService", ACCOUNT, |at| at.service_sid.map(Operation::DeleteService)),
    route("/v2/Services/{ServiceSid}/AccessTokens", Method::POST, "CreateAccessToken", ACCOUNT, |at| at.service_sid.map(Operation::CreateAccessToken)),
    route("/v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}", Method::GET, "FetchAccessToken", ACCOUNT, |at| at.access_token().map(Operation::FetchAccessToken)),
    route("/v2/Services/{ServiceSid}/Entities", Method::GET, "ListEntities", ACCOUNT, |at| at.service_sid.map(Operation::ListEntities)),
    route("/v2/Services/{ServiceSid}/Entities", Method::POST, "CreateEntity", ACCOUNT, |at| at.service_sid.map(Operation::CreateEntity)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}", Method::GET, "FetchEntity", ACCOUNT, |at| at.entity().map(Operation::FetchEntity)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}", Method::DELETE, "DeleteEntity", ACCOUNT, |at| at.entity().map(Operation::DeleteEntity)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Factors", Method::GET, "ListFactors", ACCOUNT, |at| at.entity().map(Operation::ListFactors)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Factors", Method::POST, "CreateFactor", ENROL, |at| at.entity().map(Operation::CreateFactor)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}", Method::GET, "FetchFactor", DEVICE, |at| at.factor().map(Operation::FetchFactor)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}", Method::POST, "UpdateFactor", DEVICE, |at| at.factor().map(Operation::UpdateFactor)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}", Method::DELETE, "DeleteFactor", DEVICE, |at| at.factor().map(Operation::DeleteFactor)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges", Method::GET, "ListChallenges", DEVICE, |at| at.entity().map(Operation::ListChallenges)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges", Method::POST, "CreateChallenge", ACCOUNT, |at| at.entity().map(Operation::CreateChallenge)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}", Method::GET, "FetchChallenge", DEVICE, |at| at.challenge().map(Operation::FetchChallenge)),
    route("/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}", Method::POST, "AnswerChallenge", DEVICE, |at| at.challenge().map(Operation::AnswerChallenge)),
];

const fn route(
    template: &'static str,
    method: Method,
    operation_id: &'static str,
    callers: &'static [Caller],
    operation: fn(Place) -> Option<Operation>,
) -> Route {
    Route {
        template,
        depth: slashes(template),
        method,
        operation_id,
        callers,
        operation,
    }
}

const fn slashes(path: &str) -> usize {
    let (mut rest, mut count) = (path.as_bytes(), 0);
    while let [byte, after @ ..] = rest {
        count += if *byte == b'/' { 1 } else { 0 };
        rest = after;
    }
    count
}

/// Every operation of the API.
#[must_use]
pub fn table() -> &'static [Route] {
    &TABLE
}

/// What a caller may do, and where. None but the account is told why it may not.
pub(crate) fn find<'a>(
    place: Option<&'a Place>,
    route: Option<&'static Route>,
    caller: Caller,
) -> Result<(&'a Place, Operation), Refusal> {
    let found = match (place, route) {
        (None, _) => Err(Refusal::NotFound(None)),
        (Some(place), None) => Err(Refusal::Method(place.methods())),
        (Some(place), Some(route)) => match (route.operation)(place.clone()) {
            None => Err(Refusal::NotFound(None)),
            Some(operation) => Ok((place, route, operation)),
        },
    };
    match found {
        Ok((place, route, operation)) if route.callers.contains(&caller) => Ok((place, operation)),
        Err(refusal) if caller == Caller::Account => Err(refusal),
        Ok(_) | Err(_) => Err(Refusal::Unauthenticated),
    }
}

/// What the table has of a place.
impl Place {
    /// Where a path leads. One with a malformed SID leads nowhere.
    pub(crate) fn find(path: &str) -> Option<Self> {
        let depth = slashes(path);
        // Most templates are of another depth, and not looked at.
        let mut routes = TABLE.iter().filter(|route| route.depth == depth);
        routes.find_map(|route| Self::at(route.template, path))
    }

    /// The route of a method here.
    pub(crate) fn route(&self, method: &Method) -> Option<&'static Route> {
        self.routes().find(|route| route.method == method)
    }

    /// The methods allowed here, as in `POST, OPTIONS`.
    pub(crate) fn methods(&self) -> String {
        let mut methods = String::new();
        for route in self.routes() {
            methods.push_str(route.method.as_str());
            methods.push_str(", ");
        }
        methods.push_str(Method::OPTIONS.as_str());
        methods
    }

    fn routes(&self) -> impl Iterator<Item = &'static Route> {
        let template = self.template;
        TABLE.iter().filter(move |route| route.template == template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "VA00000000000000000000000000000001";

    /// A path of a template.
    fn path(template: &str) -> String {
        template
            .replace("{ServiceSid}", SID)
            .replace("{Identity}", "anyone")
            .replace("{FactorSid}", "YF00000000000000000000000000000001")
            .replace("{ChallengeSid}", "YC00000000000000000000000000000001")
            .replace("{AccessTokenSid}", "YK00000000000000000000000000000001")
    }

    #[test]
    fn every_route_is_found_by_its_own_template_and_does_something() {
        for route in table() {
            let place = Place::find(&path(route.template)).unwrap();
            let found = place.route(&route.method).unwrap();
            assert!(std::ptr::eq(found, route), "{route:?}");
            assert!((route.operation)(place.clone()).is_some(), "{route:?}");
            assert!(route.callers.contains(&Caller::Account), "{route:?}");
            assert!(place.route(&Method::PUT).is_none() && place.route(&Method::HEAD).is_none());
        }
    }

    #[test]
    fn each_path_has_its_methods() {
        for (template, methods) in [
            ("/v2/Services", "GET, POST, OPTIONS"),
            ("/v2/Services/{ServiceSid}", "GET, POST, DELETE, OPTIONS"),
            ("/v2/Services/{ServiceSid}/AccessTokens", "POST, OPTIONS"),
            (
                "/v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}",
                "GET, OPTIONS",
            ),
            ("/v2/Services/{ServiceSid}/Entities", "GET, POST, OPTIONS"),
            (
                "/v2/Services/{ServiceSid}/Entities/{Identity}",
                "GET, DELETE, OPTIONS",
            ),
            (
                "/v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
                "GET, POST, OPTIONS",
            ),
            (
                "/v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
                "GET, POST, DELETE, OPTIONS",
            ),
            (
                "/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges",
                "GET, POST, OPTIONS",
            ),
            (
                "/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
                "GET, POST, OPTIONS",
            ),
        ] {
            assert_eq!(Place::find(&path(template)).unwrap().methods(), methods);
        }
    }

    #[test]
    fn the_path_is_percent_decoded() {
        let path = format!("/v2/Services/%56A{}/Entities/%41bc%20%FF%2F/Factors", &SID[2..]);
        let place = Place::find(&path).unwrap();
        let found = find(Some(&place), place.route(&Method::POST), Caller::Account);
        let Ok((_, Operation::CreateFactor(at))) = found else {
            panic!("{place:?}");
        };
        assert_eq!(
            (at.service_sid.as_str(), at.identity.as_str()),
            (SID, "Abc \u{FFFD}/")
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
            "/v2/Services/{ServiceSid}",
            "/v2/Services/VA00000000000000000000000000000001/",
            "/v2/Services/VA00000000000000000000000000000001/Entities/identity/Factors/YF1",
            "/v2/Services/VA00000000000000000000000000000001/Entities/identity/Factors/",
            "/v2/Services/VA1/Entities/identity/Factors",
            "/v2/Services/VA00000000000000000000000000000001/Entities/a/b/Factors",
        ] {
            assert!(Place::find(path).is_none(), "{path}");
        }
    }
}
