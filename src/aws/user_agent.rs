//! What calls say they are from: this software, and nothing of what it runs on.
//!
//! The SDK would put together two headers for every call, of which one is hashed to sign it: a twentieth of what a read takes.

use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::disable_interceptor;

/// As CloudTrail shows it.
const USER_AGENT: &str = concat!(
    "aws-sdk-rust ",
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION")
);

/// Says [`USER_AGENT`] in place of what the SDK would.
#[derive(Debug)]
pub(super) struct UserAgent;

impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "UserAgent"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let disabled = disable_interceptor::<UserAgentInterceptor>("UserAgent says it");
        config.interceptor_state().store_put(disabled);
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context
            .request_mut()
            .headers_mut()
            .insert("user-agent", USER_AGENT);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, SdkConfig};
    use aws_sdk_dynamodb::config::{Credentials, Region, SharedCredentialsProvider};
    use aws_smithy_http_client::Builder;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use crate::aws::{self, Connections};

    #[tokio::test]
    async fn calls_say_that_they_are_from_this_software_and_nothing_else() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
            .build();
        let connections = Connections::new(|| Builder::new().build_http());
        let (dynamodb, kms) = (
            aws::dynamodb(&config, &connections),
            aws::kms(&config, &connections),
        );
        for call in [
            tokio::spawn(async move { drop(dynamodb.list_tables().send().await) }),
            tokio::spawn(async move { drop(kms.list_keys().send().await) }),
        ] {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(connection.read_u8().await.unwrap());
            }
            call.abort();
            let head = String::from_utf8(head).unwrap();
            let agents: Vec<&str> = head.lines().filter(|line| line.contains("user-agent:")).collect();
            let expected = concat!(
                "user-agent: aws-sdk-rust verify-factors/",
                env!("CARGO_PKG_VERSION")
            );
            assert_eq!(agents, [expected]);
        }
    }
}
