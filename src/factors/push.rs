//! push Factors: the device's key, and how to reach the app on it.

use super::PublicKey;
use crate::parameters::{Fields, InvalidParameter, Rule, Text};

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
    /// Reads a platform by its API name.
    ///
    /// # Errors
    /// [`Rule::OneOf`].
    pub fn parse(name: &str) -> Result<Self, Rule> {
        match name {
            "apn" => Ok(Self::Apn),
            "fcm" => Ok(Self::Fcm),
            "none" => Ok(Self::None),
            _ => Err(Rule::OneOf(&["apn", "fcm", "none"])),
        }
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

    /// Whether there is nobody to deliver to without a token.
    fn needs_token(self) -> bool {
        match self {
            Self::Apn | Self::Fcm => true,
            Self::None => false,
        }
    }
}

/// The parameter with the token.
const TOKEN: &str = "Config.NotificationToken";

/// The app's ID (API page, `Config.AppId`).
pub type AppId = Text<1, 100>;
/// A device or registration token (API page, `Config.NotificationToken`).
pub type NotificationToken = Text<32, 255>;
/// The version of the SDK that the app was built with.
pub type SdkVersion = Text<1, 64>;

/// The push parameters of a request.
#[derive(Clone, Debug)]
pub(super) struct NewPush {
    pub(super) public_key: PublicKey,
    pub(super) config: PushConfig,
}

/// How to reach the app on the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushConfig {
    pub(crate) app_id: AppId,
    pub(crate) notification_platform: NotificationPlatform,
    pub(crate) notification_token: Option<NotificationToken>,
    pub(crate) sdk_version: SdkVersion,
}

impl NewPush {
    /// Reads the push parameters of a request.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let alg = fields.optional("Binding.Alg", PublicKey::parse_alg);
        let public_key = fields.required("Binding.PublicKey", PublicKey::parse);
        let app_id = fields.required("Config.AppId", AppId::parse);
        let notification_platform =
            fields.required("Config.NotificationPlatform", NotificationPlatform::parse);
        let notification_token = match notification_platform {
            Some(platform) if platform.needs_token() => {
                fields.required(TOKEN, NotificationToken::parse).map(Some)
            }
            // Without a platform that is known the token may be missing; if it is there, its rule holds.
            Some(_) | None => fields.optional(TOKEN, NotificationToken::parse),
        };
        let sdk_version = fields.required("Config.SdkVersion", SdkVersion::parse);
        alg?;
        Some(Self {
            public_key: public_key?,
            config: PushConfig {
                app_id: app_id?,
                notification_platform: notification_platform?,
                notification_token: notification_token?,
                sdk_version: sdk_version?,
            },
        })
    }
}

/// The push parameters of a request that changes a Factor: what is absent stays as it is.
#[derive(Clone, Debug)]
pub(super) struct PushUpdate {
    notification_platform: Option<NotificationPlatform>,
    notification_token: Option<NotificationToken>,
    sdk_version: Option<SdkVersion>,
}

impl PushUpdate {
    /// Reads them. `Config.AppId`, which the device SDKs send along, cannot be changed and is ignored.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let notification_platform =
            fields.optional("Config.NotificationPlatform", NotificationPlatform::parse);
        let notification_token = fields.optional(TOKEN, NotificationToken::parse);
        let sdk_version = fields.optional("Config.SdkVersion", SdkVersion::parse);
        Some(Self {
            notification_platform: notification_platform?,
            notification_token: notification_token?,
            sdk_version: sdk_version?,
        })
    }

    /// What becomes of a Factor's configuration.
    ///
    /// # Errors
    /// If nobody could be notified any more, for want of a token.
    pub(super) fn applied_to(&self, config: &PushConfig) -> Result<PushConfig, Vec<InvalidParameter>> {
        let config = PushConfig {
            app_id: config.app_id.clone(),
            notification_platform: self.notification_platform.unwrap_or(config.notification_platform),
            notification_token: self
                .notification_token
                .as_ref()
                .or(config.notification_token.as_ref())
                .cloned(),
            sdk_version: self.sdk_version.as_ref().unwrap_or(&config.sdk_version).clone(),
        };
        if config.notification_platform.needs_token() && config.notification_token.is_none() {
            return Err(vec![Rule::Required.broken_by(TOKEN)]);
        }
        Ok(config)
    }
}
