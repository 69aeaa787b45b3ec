use std::ops::RangeInclusive;

use data_encoding::BASE64;
use p256::pkcs8::SubjectPublicKeyInfoRef;
use secrecy::{ExposeSecret, SecretString};

use super::fields::length;
use crate::parameters::{Form, InvalidParameter, KeyFault, Rule, noting};

/// Who delivers notifications to the device (API page, `Config.NotificationPlatform`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationPlatform {
    /// Apple Push Notification service.
    Apn,
    /// Firebase Cloud Messaging.
    Fcm,
    /// Nobody: the app asks for its Challenges itself.
    None,
}

impl NotificationPlatform {
    /// The platform by its API name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Apn, Self::Fcm, Self::None]
            .into_iter()
            .find(|platform| platform.name() == name)
    }

    /// The name in the API: `apn`, `fcm`, `none`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Apn => "apn",
            Self::Fcm => "fcm",
            Self::None => "none",
        }
    }
}

/// What makes a push Factor: the device's key, and how to reach the app on it.
#[derive(Clone, Debug)]
pub struct Push {
    pub(crate) public_key: PublicKey,
    pub(crate) app_id: SecretString,
    pub(crate) notification_platform: NotificationPlatform,
    pub(crate) notification_token: Option<SecretString>,
    pub(crate) sdk_version: SecretString,
}

/// A P-256 public key, as it was sent: Base64 of a DER SubjectPublicKeyInfo.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey(SecretString);

impl PublicKey {
    /// The only algorithm: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
    pub(crate) const ALG: &'static str = "ES256";

    /// Reads a key; its point has to be on the curve, which decoding checks.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyFault> {
        if text.contains(' ') {
            return Err(KeyFault::SpaceInBase64);
        }
        // It ends the text (RFC 4648, section 3.2); data_encoding takes texts one after another.
        if text.trim_end_matches('=').contains('=') {
            return Err(KeyFault::NotBase64);
        }
        let der = BASE64.decode(text.as_bytes()).map_err(|_| KeyFault::NotBase64)?;
        let key = SubjectPublicKeyInfoRef::try_from(der.as_slice()).map_err(|_| KeyFault::NotP256)?;
        p256::PublicKey::try_from(key.clone()).map_err(|_| KeyFault::NotP256)?;
        // Uncompressed or compressed, and no other form (RFC 5480, section 2.2): p256 takes x with the tag 5, too.
        match key.subject_public_key.raw_bytes() {
            [2..=4, ..] => Ok(Self(text.into())),
            _ => Err(KeyFault::NotP256),
        }
    }

    /// The key as text, for the table and the answer.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Push {
    /// The parameters of push Factors.
    pub(super) const PARAMETERS: [&'static str; 6] = [
        "Binding.Alg",
        "Binding.PublicKey",
        "Config.AppId",
        "Config.NotificationPlatform",
        "Config.NotificationToken",
        "Config.SdkVersion",
    ];
    /// Characters in an app's ID (API page, `Config.AppId`).
    const APP_ID_LENGTH: RangeInclusive<usize> = 1..=100;
    /// Characters in a device or registration token (API page, `Config.NotificationToken`).
    const NOTIFICATION_TOKEN_LENGTH: RangeInclusive<usize> = 32..=255;
    /// Characters in the SDK's version.
    const SDK_VERSION_LENGTH: RangeInclusive<usize> = 1..=64;

    /// Reads the push parameters of a form, noting what is invalid.
    pub(super) fn parse(form: &Form<'_>, invalid: &mut Vec<InvalidParameter>) -> Option<Self> {
        let alg = noting(
            invalid,
            form.optional("Binding.Alg", |name, text| {
                if text == PublicKey::ALG {
                    Ok(())
                } else {
                    Err(Rule::PushAlg.broken_by(name))
                }
            }),
        );
        let public_key = noting(
            invalid,
            form.required("Binding.PublicKey").and_then(|text| {
                PublicKey::parse(text).map_err(|fault| Rule::PublicKey(fault).broken_by("Binding.PublicKey"))
            }),
        );
        let app_id = noting(invalid, required(form, "Config.AppId", &Self::APP_ID_LENGTH));
        let notification_platform = noting(invalid, Self::notification_platform(form));
        let notification_token = noting(
            invalid,
            match notification_platform {
                Some(NotificationPlatform::Apn | NotificationPlatform::Fcm) => {
                    required(form, "Config.NotificationToken", &Self::NOTIFICATION_TOKEN_LENGTH).map(Some)
                }
                // Without a platform that is known the token may be missing; if it is there, its rule holds.
                Some(NotificationPlatform::None) | None => form
                    .optional("Config.NotificationToken", |name, text| {
                        sized(name, text, &Self::NOTIFICATION_TOKEN_LENGTH)
                    }),
            },
        );
        let sdk_version = noting(
            invalid,
            required(form, "Config.SdkVersion", &Self::SDK_VERSION_LENGTH),
        );
        alg?;
        Some(Self {
            public_key: public_key?,
            app_id: app_id?,
            notification_platform: notification_platform?,
            notification_token: notification_token?,
            sdk_version: sdk_version?,
        })
    }

    fn notification_platform(form: &Form<'_>) -> Result<NotificationPlatform, InvalidParameter> {
        let name = "Config.NotificationPlatform";
        NotificationPlatform::from_name(form.required(name)?)
            .ok_or(Rule::OneOf(&["apn", "fcm", "none"]).broken_by(name))
    }
}

fn required(
    form: &Form<'_>,
    parameter: &'static str,
    range: &RangeInclusive<usize>,
) -> Result<SecretString, InvalidParameter> {
    form.required(parameter)
        .and_then(|text| sized(parameter, text, range))
}

fn sized(
    parameter: &'static str,
    text: &str,
    range: &RangeInclusive<usize>,
) -> Result<SecretString, InvalidParameter> {
    length(parameter, text, range)?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key in the public API description.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h/dPVYOfgkC0EkfBRJ0J/6xW47FD5vA==";

    fn fault(text: &str) -> KeyFault {
        PublicKey::parse(text).unwrap_err()
    }

    #[test]
    fn a_p256_key_is_kept_as_sent() {
        assert_eq!(PublicKey::parse(KEY).unwrap().expose(), KEY);
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut der = BASE64.decode(KEY.as_bytes()).unwrap();
        *der.last_mut().unwrap() ^= 1;
        assert_eq!(fault(&BASE64.encode(&der)), KeyFault::NotP256);
    }

    #[test]
    fn a_point_is_uncompressed_or_compressed_and_never_of_another_form() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        for tag in 0..=u8::MAX {
            let mut uncompressed = der.clone();
            uncompressed[26] = tag;
            // The same, with x alone.
            let mut compressed = uncompressed[..59].to_vec();
            (compressed[1], compressed[24]) = (57, 34);
            for (der, forms) in [(uncompressed, [4].as_slice()), (compressed, &[2, 3])] {
                let parsed = PublicKey::parse(&BASE64.encode(&der));
                assert_eq!(
                    parsed.is_ok(),
                    forms.contains(&tag),
                    "{tag} in {} bytes",
                    der.len()
                );
            }
        }
    }

    #[test]
    fn the_point_at_infinity_is_refused() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        let mut infinity = der[..23].to_vec();
        infinity.extend([0x03, 0x02, 0x00, 0x00]);
        infinity[1] = u8::try_from(infinity.len() - 2).unwrap();
        assert_eq!(fault(&BASE64.encode(&infinity)), KeyFault::NotP256);
    }

    #[test]
    fn every_cut_of_a_key_is_refused_and_so_is_anything_after_it() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        for length in 0..der.len() {
            assert_eq!(
                fault(&BASE64.encode(&der[..length])),
                KeyFault::NotP256,
                "{length} bytes"
            );
        }
        let longer = [der.as_slice(), &[0]].concat();
        assert_eq!(fault(&BASE64.encode(&longer)), KeyFault::NotP256);
    }

    #[test]
    fn keys_of_other_kinds_are_refused() {
        // SubjectPublicKeyInfo of secp256k1 and of Ed25519.
        for key in [
            "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZWfKBWxb4F5hIOtp3JqPEZV2k+/wOEQio/Re0SKaFVBmcR9CP+xDUuA==",
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
        ] {
            assert_eq!(fault(key), KeyFault::NotP256);
        }
    }

    #[test]
    fn padding_ends_base64() {
        let der = BASE64.decode(KEY.as_bytes()).unwrap();
        let (first, rest) = der.split_at(1);
        let padded_inside = BASE64.encode(first) + &BASE64.encode(rest);
        assert_eq!(fault(&padded_inside), KeyFault::NotBase64);
    }

    #[test]
    fn a_space_in_base64_is_told_apart() {
        assert_eq!(fault(&KEY.replacen('8', " ", 1)), KeyFault::SpaceInBase64);
        for text in [
            KEY.trim_end_matches('=').to_owned(),
            KEY.replace('/', "_"),
            format!("{KEY}="),
            format!("{KEY}\n"),
            "-----BEGIN-PUBLIC-KEY-----".to_owned(),
            "é".to_owned(),
        ] {
            assert_eq!(fault(&text), KeyFault::NotBase64, "{text}");
        }
    }
}
