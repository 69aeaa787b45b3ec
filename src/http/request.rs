//! A request, in the parts that the API is about: where it came to, and the fields of its form or query.

use lambda_http::http::header::{AsHeaderName, CONTENT_TYPE, HOST};
use lambda_http::http::{HeaderMap, Method};
use secrecy::zeroize::Zeroizing;

use crate::parameters::Fields;
use crate::settings::is_authority;

/// The body of a POST, at the most.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;

/// A request, in the parts that the API is about.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path of the API, still percent-encoded if it came so.
    pub(crate) path: String,
    /// What stands before the API's path in the URL that was called: empty, or a slash and the stage.
    pub(crate) mount: String,
    /// The query string, percent-encoded.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    /// Wiped when it is dropped, as there are seeds in it.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// The host that was called, as far as API Gateway says.
    pub(crate) domain_name: Option<String>,
}

impl Request {
    /// The header's value; `None` if it is absent.
    ///
    /// # Errors
    /// If it is there twice or isn't ASCII.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Result<Option<&str>, NotOneText> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| NotOneText),
            (Some(_), Some(_)) => Err(NotOneText),
        }
    }

    /// The fields of the body, which has to be a form that isn't too large.
    ///
    /// # Errors
    /// If it isn't.
    pub(crate) fn form(&self) -> Result<Fields<'_>, NoForm> {
        let media_type = self.header(CONTENT_TYPE).map_err(|_| NoForm::MediaType)?;
        let essence = media_type
            .and_then(|media_type| media_type.split(';').next())
            .map(str::trim);
        match essence {
            Some(essence) if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => {}
            // Clients that have nothing to send leave the type out too.
            None if self.body.is_empty() => {}
            Some(_) | None => return Err(NoForm::MediaType),
        }
        if self.body.len() > MAX_BODY_BYTES {
            return Err(NoForm::TooLarge);
        }
        Ok(Fields::decode(&self.body))
    }

    /// The fields of the query string.
    pub(crate) fn query(&self) -> Fields<'_> {
        Fields::decode(self.query.as_bytes())
    }

    /// The origin that was called: scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        let good = |host: &&str| is_authority(host);
        let called = self.header(HOST).ok().flatten().filter(good);
        let host = called
            .or(self.domain_name.as_deref().filter(good))
            .unwrap_or("localhost");
        let scheme = match self.header("x-forwarded-proto") {
            Ok(Some("http")) => "http",
            // Gateways say what was called. Without one this is a laptop, whose tools don't speak TLS.
            Ok(None) if is_loopback(host) => "http",
            _ => "https",
        };
        format!("{scheme}://{host}")
    }
}

/// Whether a host, with or without a port, is this machine.
fn is_loopback(authority: &str) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].into_iter().any(|host| {
        authority
            .strip_prefix(host)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })
}

/// Why a body is not read as a form.
#[derive(Debug)]
pub(crate) enum NoForm {
    /// It is of another media type.
    MediaType,
    /// It is larger than [`MAX_BODY_BYTES`].
    TooLarge,
}

/// A header that is there twice or isn't ASCII.
#[derive(Debug)]
pub(crate) struct NotOneText;
