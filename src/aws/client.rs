//! The clients of DynamoDB and KMS: AWS's own variables, TLS, time limits and retries.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::region::ProvideRegion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};

use super::Connections;
use super::user_agent::UserAgent;
use crate::settings::{SettingError, is_authority};

/// Opening a connection, TLS included: a healthy one takes milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// One attempt at one call: a healthy one takes milliseconds, so what takes longer is better tried again.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// One call with all its attempts and the pauses between them.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);
// The longer has to leave room for the shorter.
const _: () = assert!(CONNECT_TIMEOUT.as_millis() < ATTEMPT_TIMEOUT.as_millis());
const _: () = assert!(ATTEMPT_TIMEOUT.as_millis() < OPERATION_TIMEOUT.as_millis());
/// Attempts at one call. The SDK repeats what is safe to: a transaction carries a token, by which DynamoDB recognises
/// one that it did already.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt is up to this long, and twice that before the third.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
/// Pauses are never longer.
const MAX_BACKOFF: Duration = Duration::from_millis(400);

/// The roots that AWS's own endpoints hang from ([Amazon Trust Services](https://www.amazontrust.com/repository/)).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// A client of each service that the function calls. They share TLS, credentials, time limits and retries.
#[derive(Clone)]
pub struct Clients {
    /// Where the table is.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Where the sealing key is.
    pub kms: aws_sdk_kms::Client,
}

/// Clients as AWS's own variables have them, and nothing else: profile files and metadata services are for machines that
/// a function never runs on, and looking for them costs every start. So this isn't `aws_config::load_defaults`.
///
/// # Errors
/// The variable that is missing or malformed.
pub async fn connect(env: impl Fn(&str) -> Option<String>) -> Result<Clients, SettingError> {
    let region = EnvironmentVariableRegionProvider::new()
        .region()
        .await
        .ok_or(SettingError::missing("AWS_REGION"))?;
    // Lambda's credentials last as long as the environment that they are given to: one look is enough.
    let credentials = EnvironmentVariableCredentialsProvider::new()
        .provide_credentials()
        .await
        .map_err(|_| SettingError::missing("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))?;
    let dynamodb_endpoint = endpoint(&env, "AWS_ENDPOINT_URL_DYNAMODB")?;
    let kms_endpoint = endpoint(&env, "AWS_ENDPOINT_URL_KMS")?;
    let endpoints = [dynamodb_endpoint.as_deref(), kms_endpoint.as_deref()];
    let tls = tls_context(trust_store(endpoints, region.as_ref()));
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region)
        .use_fips(flag(&env, "AWS_USE_FIPS_ENDPOINT")?)
        .use_dual_stack(flag(&env, "AWS_USE_DUALSTACK_ENDPOINT")?)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let connections = Connections::new(move || {
        Builder::new()
            .tls_provider(Provider::rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .build_https()
    });
    let at = |endpoint: Option<String>| match endpoint {
        Some(endpoint) => config.to_builder().endpoint_url(endpoint).build(),
        None => config.clone(),
    };
    Ok(Clients {
        dynamodb: dynamodb(&at(dynamodb_endpoint), &connections),
        kms: kms(&at(kms_endpoint), &connections),
    })
}

/// A variable that is `true` or `false`, in any case; false if it is absent.
fn flag(env: impl Fn(&str) -> Option<String>, variable: &'static str) -> Result<bool, SettingError> {
    let value = env(variable).unwrap_or_default().to_ascii_lowercase();
    match value.as_str() {
        "true" => Ok(true),
        "" | "false" => Ok(false),
        _ => Err(SettingError::malformed(variable, "true or false")),
    }
}

/// Where a service is, by its own variable or the one for all, if it isn't where the Region has it
/// ([AWS's rules](https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html)).
fn endpoint(
    env: &impl Fn(&str) -> Option<String>,
    own: &'static str,
) -> Result<Option<String>, SettingError> {
    for variable in [own, "AWS_ENDPOINT_URL"] {
        let Some(endpoint) = env(variable).filter(|endpoint| !endpoint.is_empty()) else {
            continue;
        };
        let rest = endpoint
            .strip_prefix("https://")
            .or_else(|| endpoint.strip_prefix("http://"));
        return match rest.and_then(|rest| rest.split('/').next()) {
            Some(authority) if is_authority(authority) => Ok(Some(endpoint)),
            _ => Err(SettingError::malformed(
                variable,
                "a URL like https://dynamodb.eu-central-1.amazonaws.com",
            )),
        };
    }
    Ok(None)
}

/// A client of DynamoDB with the time limits and retries of this function, whose requests have to be answered in time.
#[must_use]
pub fn dynamodb(config: &SdkConfig, connections: &Connections) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(&bounded(config, connections));
    aws_sdk_dynamodb::Client::from_conf(config.interceptor(UserAgent).build())
}

/// A client of KMS with the same limits.
#[must_use]
pub fn kms(config: &SdkConfig, connections: &Connections) -> aws_sdk_kms::Client {
    let config = aws_sdk_kms::config::Builder::from(&bounded(config, connections));
    aws_sdk_kms::Client::from_conf(config.interceptor(UserAgent).build())
}

fn bounded(config: &SdkConfig, connections: &Connections) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    config
        .to_builder()
        .timeout_config(timeouts)
        .retry_config(retries)
        .http_client(connections.of_a_service())
        .build()
}

/// Amazon's five roots where the endpoints are AWS's own, as reading the system's 140 would be most of a cold start; the
/// system's where an endpoint can hang from another root.
fn trust_store(endpoints: [Option<&str>; 2], region: &str) -> TrustStore {
    if endpoints.into_iter().all(|endpoint| is_amazons(endpoint, region)) {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    } else {
        TrustStore::default()
    }
}

/// Whether the endpoint is one of AWS's own, whose certificates hang from Amazon's roots.
fn is_amazons(endpoint: Option<&str>, region: &str) -> bool {
    match endpoint {
        Some(endpoint) => {
            let host = endpoint.strip_prefix("https://").unwrap_or_default();
            host.split(['/', ':']).next().is_some_and(|host| host.ends_with(".amazonaws.com"))
                // No TLS, no roots; an empty store would do too.
                || endpoint.starts_with("http://")
        }
        // The partitions of China and of the isolated regions have roots of their own.
        None => !region.starts_with("cn-") && !region.contains("-iso"),
    }
}

#[expect(
    clippy::expect_used,
    reason = "building fails for server names only, and none are given"
)]
fn tls_context(trust_store: TrustStore) -> TlsContext {
    TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .expect("a trust store is all it takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "AWS_ENDPOINT_URL_DYNAMODB";
    const GENERAL: &str = "AWS_ENDPOINT_URL";

    fn endpoint_of(variables: &[(&str, &str)]) -> Result<Option<String>, SettingError> {
        let env = |name: &str| {
            let variable = variables.iter().find(|(other, _)| *other == name);
            variable.map(|(_, value)| (*value).to_owned())
        };
        endpoint(&env, OWN)
    }

    #[test]
    fn a_services_own_endpoint_comes_first_and_an_empty_one_is_none() {
        let (one, other) = (
            "http://127.0.0.1:8000",
            "https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com",
        );
        assert_eq!(endpoint_of(&[]), Ok(None));
        assert_eq!(endpoint_of(&[(OWN, ""), (GENERAL, "")]), Ok(None));
        assert_eq!(endpoint_of(&[(GENERAL, one)]), Ok(Some(one.to_owned())));
        assert_eq!(
            endpoint_of(&[(GENERAL, one), (OWN, other)]),
            Ok(Some(other.to_owned()))
        );
    }

    #[test]
    fn amazons_roots_are_for_amazons_endpoints() {
        for (endpoint, region, amazons) in [
            (None, "eu-central-1", true),
            (None, "us-gov-west-1", true),
            (None, "cn-north-1", false),
            (None, "us-iso-east-1", false),
            (
                Some("https://dynamodb.eu-central-1.amazonaws.com"),
                "eu-central-1",
                true,
            ),
            (
                Some("https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com:443/"),
                "us-east-1",
                true,
            ),
            (
                Some("https://dynamodb.cn-north-1.amazonaws.com.cn"),
                "cn-north-1",
                false,
            ),
            (Some("https://amazonaws.com.example.com"), "us-east-1", false),
            (Some("https://dynamodb.internal:8443"), "us-east-1", false),
            (Some("http://127.0.0.1:8000"), "us-east-1", true),
        ] {
            assert_eq!(is_amazons(endpoint, region), amazons, "{endpoint:?} {region}");
        }
    }

    #[test]
    fn a_flag_is_true_or_false_or_absent() {
        let read = |value: Option<&str>| flag(|_| value.map(str::to_owned), "AWS_USE_FIPS_ENDPOINT");
        for (value, expected) in [
            (None, false),
            (Some(""), false),
            (Some("False"), false),
            (Some("TRUE"), true),
        ] {
            assert_eq!(read(value), Ok(expected), "{value:?}");
        }
        let error = read(Some("yes")).unwrap_err().to_string();
        assert_eq!(
            error,
            "the environment variable AWS_USE_FIPS_ENDPOINT has to be true or false"
        );
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_refused_by_the_name_of_its_variable() {
        for malformed in [
            "127.0.0.1:8000",
            "ftp://127.0.0.1",
            "http://",
            "http://a b",
            "https://:443",
        ] {
            for variable in [OWN, GENERAL] {
                let error = endpoint_of(&[(variable, malformed)]).unwrap_err().to_string();
                assert!(error.contains(&format!("variable {variable} ")), "{error}");
                assert!(!error.contains(malformed), "{error}");
            }
        }
    }
}
