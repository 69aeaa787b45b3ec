//! What the local server says first: where everything is, and how to call it.

use std::path::Path;

use harness::local;

pub(crate) fn print(api_url: &str, console: bool, endpoint: &str, kms_endpoint: &str, env_file: &Path) {
    let (account, token) = (local::account_sid(), local::AUTH_TOKEN);
    let (service, identity) = (local::SERVICE_SID, local::IDENTITY);
    let page = if console {
        format!("\nThe console    {api_url}/")
    } else {
        String::new()
    };
    println!(
        r#"{page}
The API        {api_url}
DynamoDB       {endpoint}
KMS            {kms_endpoint}
Account SID    {account}
Auth Token     {token}
Service        {service}
Environment    {env} (for cargo lambda watch)

Create a totp Factor:

  curl {api_url}/v2/Services/{service}/Entities/{identity}/Factors \
    -u {account}:{token} \
    -d FriendlyName=Laptop -d FactorType=totp

or with the official Python client (pip install twilio):

  from twilio.rest import Client

  client = Client("{account}", "{token}")
  client.verify.base_url = "{api_url}"
  factor = (client.verify.v2.services("{service}")
            .entities("{identity}")
            .new_factors.create(friendly_name="Laptop", factor_type="totp"))
  print(factor.binding["uri"])
"#,
        env = env_file.display()
    );
}
