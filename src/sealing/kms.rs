//! KMS: the one place that calls it.

use std::collections::HashMap;

use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use secrecy::zeroize::Zeroizing;

use super::DataKey;
use crate::aws::Failure;
use crate::sid::AccountSid;

/// The KMS key that wraps data keys.
pub(super) struct Kms {
    client: Client,
    key_arn: String,
    account_sid: AccountSid,
}

impl Kms {
    pub(super) fn new(client: Client, key_arn: String, account_sid: AccountSid) -> Self {
        Self {
            client,
            key_arn,
            account_sid,
        }
    }

    /// A new data key, and the same wrapped.
    pub(super) async fn generate(&self, version: u32) -> Result<(DataKey, Vec<u8>), Failure> {
        let generated = self
            .client
            .generate_data_key()
            .key_id(&self.key_arn)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(self.context(version)))
            .send()
            .await?;
        let key = data_key(version, generated.plaintext)?;
        let wrapped = generated.ciphertext_blob.map(Blob::into_inner);
        Ok((key, wrapped.ok_or_else(not_a_key)?))
    }

    /// A data key that was wrapped before.
    pub(super) async fn unwrap(&self, version: u32, wrapped: Vec<u8>) -> Result<DataKey, Failure> {
        let unwrapped = self
            .client
            .decrypt()
            // Without it, KMS takes whatever key the blob names.
            .key_id(&self.key_arn)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(self.context(version)))
            .send()
            .await?;
        data_key(version, unwrapped.plaintext)
    }

    /// What KMS is told, to be logged by CloudTrail, and has to be told again to unwrap.
    fn context(&self, version: u32) -> HashMap<String, String> {
        [
            ("verify-factors", "data key".to_owned()),
            ("account_sid", self.account_sid.to_string()),
            ("version", version.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

fn data_key(version: u32, plaintext: Option<Blob>) -> Result<DataKey, Failure> {
    let bytes = Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default());
    let mut key = Zeroizing::new([0; 32]);
    if bytes.len() != key.len() {
        return Err(not_a_key());
    }
    key.copy_from_slice(&bytes);
    Ok(DataKey::new(version, key))
}

/// An answer that isn't KMS's in good health.
fn not_a_key() -> Failure {
    Failure::Unreachable("KMS cannot be reached: an answer without a key of 32 bytes".into())
}
