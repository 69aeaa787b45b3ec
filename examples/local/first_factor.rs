//! A first Factor, created as anybody would: its URI as a QR code, and the code that verifies it now.

use harness::{gateway, local};
use qrcode::render::unicode::Dense1x2;
use serde_json::Value;
use time::OffsetDateTime;
use totp_rs::Totp;

use crate::{Failure, Front};

pub(crate) async fn draw(front: &Front, api_url: &str) -> Result<(), Failure> {
    let path = format!(
        "/v2/Services/{}/Entities/{}/Factors",
        local::SERVICE_SID,
        local::IDENTITY
    );
    let authorization = local::authorization();
    let headers = [
        ("host", "127.0.0.1"),
        ("authorization", authorization.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let event = gateway::event("POST", &path, &headers, b"FriendlyName=Laptop&FactorType=totp");
    let reply = front.invoke(gateway::request_id(), event).await;
    let factor: Value = serde_json::from_str(reply["body"].as_str().unwrap_or_default())?;
    let (Some(sid), Some(uri)) = (factor["sid"].as_str(), factor["binding"]["uri"].as_str()) else {
        println!("No first Factor: {}\n", factor["message"]);
        return Ok(());
    };
    let drawn = qrcode::QrCode::new(uri)?
        .render::<Dense1x2>()
        // Light on dark, as most terminals are: what is drawn is the light part.
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();

    let totp = Totp::from_url(uri)?;
    let now = OffsetDateTime::now_utc().unix_timestamp().try_into()?;
    let (code, seconds) = (totp.generate(now), totp.next_step(now) - now);
    let (account, token) = (local::account_sid(), local::AUTH_TOKEN);
    println!(
        "{drawn}
{uri}

Its code is {code}, for {seconds} seconds; then the app that scanned it has the next one. To verify the Factor:

  curl {api_url}{path}/{sid} \\
    -u {account}:{token} -d AuthPayload={code}
"
    );
    Ok(())
}
