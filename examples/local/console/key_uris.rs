//! The key URIs of totp Factors, as they went by when these were created: the API shows them once, and the console for as long as
//! this process lives. They are in its memory alone.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use totp_rs::Totp;

use super::text;

/// The most that are kept: the newest ones.
const KEYS: usize = 1000;

/// Pixels of a module of a QR code.
const MODULE: usize = 4;

/// Modules that are light around a QR code.
const QUIET_ZONE: usize = 4;

#[derive(Default)]
pub(super) struct KeyUris(Mutex<VecDeque<Key>>);

struct Key {
    /// That of the Factor.
    path: String,
    sid: String,
    uri: String,
}

impl Key {
    fn qr_code(&self) -> Option<QrCode> {
        QrCode::new(&self.uri).ok()
    }
}

impl KeyUris {
    /// Takes from what was answered which Factors are there, and how their codes are made.
    pub(super) fn heed(&self, method: &str, path: &str, status: u64, body: &Value) {
        match (method, status) {
            ("POST", 200 | 201) if body["factor_type"] == "totp" && text(&body["sid"]).starts_with("YF") => {
                self.heed_factor(body);
            }
            ("DELETE", 204) => {
                let under = format!("{path}/");
                self.keys()
                    .retain(|key| key.path != path && !key.path.starts_with(&under));
            }
            _ => {}
        }
    }

    fn heed_factor(&self, factor: &Value) {
        let [service, identity, sid] =
            ["service_sid", "identity", "sid"].map(|name| text(&factor[name]).to_owned());
        let mut keys = self.keys();
        let found = keys.iter().position(|key| key.sid == sid);
        let known = found.and_then(|at| keys.remove(at)).map(|key| key.uri);
        let Some(uri) = factor["binding"]["uri"].as_str().map(str::to_owned).or(known) else {
            return;
        };
        let path = format!("/v2/Services/{service}/Entities/{identity}/Factors/{sid}");
        let uri = configured(&uri, &factor["config"]);
        keys.push_back(Key { path, sid, uri });
        while keys.len() > KEYS {
            keys.pop_front();
        }
    }

    /// Of those among these Factors, which commas separate, whose keys are known: the key URI, the code at this time, for how long
    /// it is that, and how wide the QR code is.
    pub(super) fn codes(&self, factor_sids: &str, now: OffsetDateTime) -> Value {
        let keys = self.keys();
        let asked = |key: &&Key| factor_sids.split(',').any(|sid| sid == key.sid);
        let codes = keys.iter().filter(asked).filter_map(|key| {
            let totp = Totp::from_url_unchecked(&key.uri).ok()?;
            let second = now.unix_timestamp().try_into().ok()?;
            let code = totp.generate(second).to_string();
            let milliseconds = (totp.next_step(second) - second) * 1000 - u64::from(now.millisecond());
            let pixels = (key.qr_code()?.width() + 2 * QUIET_ZONE) * MODULE;
            Some((
                key.sid.clone(),
                json!({"uri": key.uri, "code": code, "milliseconds": milliseconds, "pixels": pixels}),
            ))
        });
        Value::Object(codes.collect::<Map<_, _>>())
    }

    /// The QR code of a Factor, as an SVG.
    pub(super) fn drawn(&self, factor_sid: &str) -> Option<String> {
        let keys = self.keys();
        let key = keys.iter().find(|key| key.sid == factor_sid)?;
        let (code, module) = (key.qr_code()?, MODULE.try_into().ok()?);
        Some(
            code.render::<svg::Color>()
                .module_dimensions(module, module)
                .build(),
        )
    }

    fn keys(&self) -> MutexGuard<'_, VecDeque<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key URI of a Factor after its configuration was changed, which it may be while it is unverified.
fn configured(uri: &str, config: &Value) -> String {
    let (key, _) = uri.split_once("&algorithm=").unwrap_or((uri, ""));
    let algorithm = text(&config["alg"]).to_uppercase();
    let [digits, period] = ["code_length", "time_step"].map(|name| &config[name]);
    format!("{key}&algorithm={algorithm}&digits={digits}&period={period}")
}
