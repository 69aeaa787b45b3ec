//! KMS: embedded and called over HTTP like the real one, or one that runs elsewhere.
//!
//! It has what the function calls, `GenerateDataKey` and `Decrypt`, and `CreateKey`, so that a test can have another key.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_kms::Client;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::routing::post;
use data_encoding::{BASE64, HEXLOWER};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::dynamo::sdk_config;
use crate::{gateway, local};

/// The variable that names a KMS elsewhere, to run the tests against, like `http://127.0.0.1:8001`.
pub const ENDPOINT_VARIABLE: &str = "TEST_KMS_ENDPOINT";

/// The account and region of every key.
const ACCOUNT_ID: &str = "123456789012";
const KEY_ARN_PREFIX: &str = "arn:aws:kms:us-east-1:123456789012:key/";

/// The prefix of `X-Amz-Target`.
const TARGET_PREFIX: &str = "TrentService.";

/// The sizes of a data key that KMS makes, and of a blob that it takes, in bytes.
const DATA_KEY_BYTES: std::ops::RangeInclusive<u64> = 1..=1024;
const CIPHERTEXT_BYTES: std::ops::RangeInclusive<usize> = 1..=6144;

/// A KMS with a key in it.
pub struct Kms {
    /// Where it is.
    pub endpoint: String,
    /// The key.
    pub key_arn: String,
    embedded: Option<Arc<Service>>,
}

/// Whether a key can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// It can't until it is enabled again.
    Disabled,
    /// It can't, and is going to be deleted.
    PendingDeletion,
}

impl Kms {
    /// A fresh key: in an embedded KMS of its own, with the ARN that `events/env.json` names; or in the one that
    /// [`ENDPOINT_VARIABLE`] names, with an ARN of that one's choice.
    pub async fn start() -> Self {
        if let Ok(endpoint) = std::env::var(ENDPOINT_VARIABLE) {
            let created = client(&endpoint).create_key().send().await;
            let key = created.expect("a key").key_metadata.expect("a key's metadata");
            return Self {
                endpoint,
                key_arn: key.arn.expect("a key's ARN"),
                embedded: None,
            };
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let key = Key::generate();
        let key_arn = key.arn().to_owned();
        let service = Arc::new(Service::new(key));
        Self {
            endpoint: format!("http://{}", Arc::clone(&service).serve(listener)),
            key_arn,
            embedded: Some(service),
        }
    }

    /// Whether it is this process's, which can do what follows.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Enables or disables the key, or has its deletion scheduled.
    ///
    /// # Panics
    /// When this KMS is elsewhere.
    pub fn set_state(&self, state: KeyState) {
        for (key, current) in self.service().keys().iter_mut() {
            if key.arn == self.key_arn {
                *current = state;
            }
        }
    }

    /// The operations that were called so far, whatever came of them.
    ///
    /// # Panics
    /// When this KMS is elsewhere.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.service().calls().clone()
    }

    /// Counts the calls from here on.
    ///
    /// # Panics
    /// When this KMS is elsewhere.
    pub fn forget_calls(&self) {
        self.service().calls().clear();
    }

    fn service(&self) -> &Service {
        self.embedded.as_ref().expect(
            "the KMS is this process's, and not what TEST_KMS_ENDPOINT names: ask is_embedded() first",
        )
    }
}

/// A client of its own, to look at what is there.
#[must_use]
pub fn client(endpoint: &str) -> Client {
    Client::new(&sdk_config(endpoint))
}

/// Serves a key until the runtime ends; where it is.
pub fn serve(listener: TcpListener, key: Key) -> SocketAddr {
    Arc::new(Service::new(key)).serve(listener)
}

/// A symmetric key: what makes and opens ciphertexts never leaves it, but into the file where it is kept.
pub struct Key {
    arn: String,
    material: [u8; 32],
}

impl Key {
    /// A fresh key with the ARN that `events/env.json` names.
    #[must_use]
    pub fn generate() -> Self {
        Self {
            arn: local::sealing_key_arn(),
            material: random(),
        }
    }

    /// The key that a file keeps, which is made if it isn't there, for its owner alone. The ARN is always that which
    /// `events/env.json` names.
    ///
    /// # Errors
    /// When the file can neither be read nor made, or isn't a key.
    pub fn read_or_create(path: &Path) -> io::Result<Self> {
        let mut key = Self::generate();
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match created {
            Ok(mut file) => {
                file.write_all(&key.material)?;
                file.sync_all()?;
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let mut kept = Vec::new();
                File::open(path)?.take(64).read_to_end(&mut kept)?;
                key.material = kept.try_into().map_err(|kept: Vec<u8>| {
                    let (path, length) = (path.display(), kept.len());
                    io::Error::new(
                        ErrorKind::InvalidData,
                        format!("{path} is no key: it has to be 32 bytes long, not {length}"),
                    )
                })?;
            }
            Err(error) => return Err(error),
        }
        Ok(key)
    }

    /// Its name.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether a request means this key: by its ARN, or by its ID alone.
    fn is(&self, key_id: &str) -> bool {
        self.arn == key_id || self.arn.strip_prefix(KEY_ARN_PREFIX) == Some(key_id)
    }

    fn encrypt(&self, plaintext: &[u8], context: &Context) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = plaintext.to_vec();
        self.aead()
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                self.additional_data(context),
                &mut sealed,
            )
            .expect("a data key is short");
        [nonce.as_slice(), &sealed].concat()
    }

    fn decrypt(&self, blob: &[u8], context: &Context) -> Option<Vec<u8>> {
        let (nonce, sealed) = blob.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut opened = sealed.to_vec();
        let plaintext = self
            .aead()
            .open_in_place(nonce, self.additional_data(context), &mut opened);
        plaintext.ok().map(|plaintext| plaintext.to_vec())
    }

    fn aead(&self) -> LessSafeKey {
        LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, &self.material).expect("the material is 32 bytes long"),
        )
    }

    fn additional_data(&self, context: &Context) -> Aad<Vec<u8>> {
        Aad::from(serde_json::to_vec(&(&self.arn, context)).expect("strings are JSON"))
    }
}

/// An encryption context, in the one order that it is authenticated in.
type Context = BTreeMap<String, String>;

/// The keys, and what was asked of them.
struct Service {
    keys: Mutex<Vec<(Key, KeyState)>>,
    calls: Mutex<Vec<String>>,
}

/// Why KMS doesn't do what it is asked.
struct Refusal {
    code: &'static str,
    message: Option<String>,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = Some(message.into());
        Self { code, message }
    }

    /// As the real one, it doesn't say what is wrong with a ciphertext.
    fn silent(code: &'static str) -> Self {
        Self { code, message: None }
    }
}

impl Service {
    fn new(key: Key) -> Self {
        Self {
            keys: Mutex::new(vec![(key, KeyState::Enabled)]),
            calls: Mutex::default(),
        }
    }

    fn keys(&self) -> MutexGuard<'_, Vec<(Key, KeyState)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn calls(&self) -> MutexGuard<'_, Vec<String>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: Arc<Self>, listener: TcpListener) -> SocketAddr {
        let address = listener.local_addr().expect("a bound listener");
        let router = Router::new().route("/", post(call)).with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, Refusal> {
        self.calls().push(operation.to_owned());
        let request = Request::parse(body)?;
        match operation {
            "CreateKey" => Ok(self.create_key()),
            "Decrypt" => self.decrypt(&request),
            "GenerateDataKey" => self.generate_data_key(&request),
            _ => Err(Refusal::silent("UnknownOperationException")),
        }
    }

    fn create_key(&self) -> Value {
        let mut id: [u8; 16] = random();
        // Version 4, variant 1, as of any random UUID.
        id[6] = id[6] & 0x0F | 0x40;
        id[8] = id[8] & 0x3F | 0x80;
        let id = HEXLOWER.encode(&id);
        let id = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-");
        let arn = format!("{KEY_ARN_PREFIX}{id}");
        let metadata = json!({
            "AWSAccountId": ACCOUNT_ID,
            "Arn": arn,
            "Enabled": true,
            "KeyId": id,
            "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyState": "Enabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Origin": "AWS_KMS",
        });
        let material = random();
        self.keys().push((Key { arn, material }, KeyState::Enabled));
        json!({ "KeyMetadata": metadata })
    }

    fn generate_data_key(&self, request: &Request) -> Result<Value, Refusal> {
        let key_id = request.text("KeyId")?.ok_or_else(|| missing("keyId"))?;
        let length = request.data_key_length()?;
        let context = request.context()?;
        let keys = self.keys();
        let key = usable(&keys, key_id)?;
        let mut plaintext = vec![0; length];
        fill(&mut plaintext);
        Ok(json!({
            "CiphertextBlob": BASE64.encode(&key.encrypt(&plaintext, &context)),
            "KeyId": key.arn,
            "Plaintext": BASE64.encode(&plaintext),
        }))
    }

    fn decrypt(&self, request: &Request) -> Result<Value, Refusal> {
        let blob = request
            .blob("CiphertextBlob")?
            .ok_or_else(|| missing("ciphertextBlob"))?;
        if !CIPHERTEXT_BYTES.contains(&blob.len()) {
            return Err(invalid("ciphertextBlob"));
        }
        match request.text("EncryptionAlgorithm")? {
            None | Some("SYMMETRIC_DEFAULT") => {}
            Some(_) => return Err(invalid("encryptionAlgorithm")),
        }
        let context = request.context()?;
        let keys = self.keys();
        let wanted = match request.text("KeyId")? {
            Some(key_id) => Some(usable(&keys, key_id)?),
            None => None,
        };
        let opened = keys
            .iter()
            .find_map(|(key, _)| Some((key, key.decrypt(&blob, &context)?)));
        let (key, plaintext) = opened.ok_or_else(|| Refusal::silent("InvalidCiphertextException"))?;
        if wanted.is_some_and(|wanted| wanted.arn != key.arn) {
            return Err(Refusal::new(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            ));
        }
        let key = usable(&keys, &key.arn)?;
        Ok(json!({
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "KeyId": key.arn,
            "Plaintext": BASE64.encode(&plaintext),
        }))
    }
}

/// The key that is meant, if it can be used.
fn usable<'a>(keys: &'a [(Key, KeyState)], key_id: &str) -> Result<&'a Key, Refusal> {
    let Some((key, state)) = keys.iter().find(|(key, _)| key.is(key_id)) else {
        return Err(Refusal::new(
            "NotFoundException",
            format!("Key '{key_id}' does not exist"),
        ));
    };
    match state {
        KeyState::Enabled => Ok(key),
        KeyState::Disabled => Err(Refusal::new(
            "DisabledException",
            format!("{} is disabled.", key.arn),
        )),
        KeyState::PendingDeletion => Err(Refusal::new(
            "KMSInvalidStateException",
            format!("{} is pending deletion.", key.arn),
        )),
    }
}

/// The members of a request.
struct Request(serde_json::Map<String, Value>);

impl Request {
    fn parse(body: &[u8]) -> Result<Self, Refusal> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(unreadable("the body")),
        }
    }

    /// A member, unless it isn't there or null, which is the same.
    fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.member(name)
            .map(|value| value.as_str().ok_or_else(|| unreadable(name)))
            .transpose()
    }

    fn blob(&self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        self.text(name)?
            .map(|text| BASE64.decode(text.as_bytes()).map_err(|_| unreadable(name)))
            .transpose()
    }

    fn context(&self) -> Result<Context, Refusal> {
        const NAME: &str = "EncryptionContext";
        let Some(context) = self.member(NAME) else {
            return Ok(Context::new());
        };
        let pairs = context.as_object().ok_or_else(|| unreadable(NAME))?;
        pairs
            .iter()
            .map(|(name, value)| {
                let value = value.as_str().ok_or_else(|| unreadable(NAME))?;
                Ok((name.clone(), value.to_owned()))
            })
            .collect()
    }

    /// How many bytes the data key is to have, said in one of two ways.
    fn data_key_length(&self) -> Result<usize, Refusal> {
        match (self.text("KeySpec")?, self.member("NumberOfBytes")) {
            (Some("AES_256"), None) => Ok(32),
            (Some("AES_128"), None) => Ok(16),
            (Some(_), None) => Err(invalid("keySpec")),
            (None, Some(number)) => {
                let number = number.as_u64().ok_or_else(|| unreadable("NumberOfBytes"))?;
                usize::try_from(number)
                    .ok()
                    .filter(|_| DATA_KEY_BYTES.contains(&number))
                    .ok_or_else(|| invalid("numberOfBytes"))
            }
            _ => Err(Refusal::new(
                "ValidationException",
                "Please specify either number of bytes or key spec.",
            )),
        }
    }
}

fn missing(member: &str) -> Refusal {
    let rule = "failed to satisfy constraint: Member must not be null";
    Refusal::new(
        "ValidationException",
        format!("1 validation error detected: Value null at '{member}' {rule}"),
    )
}

fn invalid(member: &str) -> Refusal {
    Refusal::new(
        "ValidationException",
        format!("1 validation error detected: Value at '{member}' failed to satisfy constraint"),
    )
}

fn unreadable(what: &str) -> Refusal {
    Refusal::new("SerializationException", format!("{what} cannot be read"))
}

/// One call over HTTP.
async fn call(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX));
    let (status, answer) = match service.answer(operation.unwrap_or_default(), &body) {
        Ok(answer) => (StatusCode::OK, answer),
        Err(Refusal { code, message }) => {
            let mut answer = json!({ "__type": code });
            if let Some(message) = message {
                answer["message"] = message.into();
            }
            (StatusCode::BAD_REQUEST, answer)
        }
    };
    let mut response = Response::new(Body::from(answer.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    if let Ok(id) = HeaderValue::from_str(&gateway::request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    fill(&mut bytes);
    bytes
}

fn fill(bytes: &mut [u8]) {
    SystemRandom::new().fill(bytes).expect("the system's randomness");
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
    use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyOutput;
    use aws_sdk_kms::primitives::Blob;
    use aws_sdk_kms::types::{DataKeySpec, EncryptionAlgorithmSpec};

    use super::*;
    use crate::wire::{Properties, Wire};

    /// The encryption context of a data key.
    const CONTEXT: [(&str, &str); 3] = [
        ("verify-factors", "data key"),
        ("account_sid", "AC0123456789abcdef0123456789abcdef"),
        ("version", "1"),
    ];

    fn context<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> std::collections::HashMap<String, String> {
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
        error.code().unwrap_or("no code").to_owned()
    }

    async fn data_key(endpoint: &str, key_id: &str) -> Result<GenerateDataKeyOutput, String> {
        let call = client(endpoint)
            .generate_data_key()
            .key_id(key_id)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(CONTEXT)));
        call.send().await.map_err(|error| code(&error))
    }

    /// What is in a data key's ciphertext, for this context and this key; or the code of the refusal.
    async fn opened(
        endpoint: &str,
        blob: impl Into<Vec<u8>>,
        pairs: &[(&str, &str)],
        key_id: Option<&str>,
    ) -> Result<Vec<u8>, String> {
        let call = client(endpoint)
            .decrypt()
            .ciphertext_blob(Blob::new(blob))
            .set_encryption_context(Some(context(pairs.iter().copied())))
            .set_key_id(key_id.map(str::to_owned));
        let output = call.send().await.map_err(|error| code(&error))?;
        // Moto doesn't say.
        let algorithm = std::env::var(ENDPOINT_VARIABLE)
            .is_err()
            .then_some(EncryptionAlgorithmSpec::SymmetricDefault);
        assert_eq!(output.encryption_algorithm, algorithm);
        Ok(output.plaintext.expect("a plaintext").into_inner())
    }

    fn parts(output: GenerateDataKeyOutput) -> (Vec<u8>, Vec<u8>) {
        let plaintext = output.plaintext.expect("a plaintext");
        let blob = output.ciphertext_blob.expect("a ciphertext");
        (plaintext.into_inner(), blob.into_inner())
    }

    fn refused<T>(code: &str) -> Result<T, String> {
        Err(code.to_owned())
    }

    #[tokio::test]
    async fn a_data_key_comes_out_as_it_went_in() {
        let kms = Kms::start().await;
        let (prefix, id) = kms.key_arn.split_at(KEY_ARN_PREFIX.len());
        assert_eq!(prefix, KEY_ARN_PREFIX);
        for name in [&kms.key_arn, id] {
            let output = data_key(&kms.endpoint, name).await.expect("a data key");
            assert_eq!(output.key_id.as_deref(), Some(kms.key_arn.as_str()));
            let (plaintext, blob) = parts(output);
            assert_eq!(plaintext.len(), 32);
            assert!(!blob.windows(16).any(|part| plaintext.starts_with(part)));
            for key_id in [Some(&*kms.key_arn), Some(id), None] {
                let opened = opened(&kms.endpoint, blob.clone(), &CONTEXT, key_id).await;
                assert_eq!(opened.as_ref(), Ok(&plaintext));
            }
            // A context has no order.
            let mut pairs = CONTEXT;
            pairs.reverse();
            assert_eq!(opened(&kms.endpoint, blob, &pairs, None).await, Ok(plaintext));
        }
    }

    #[tokio::test]
    async fn a_data_key_is_as_long_as_it_is_asked_to_be() {
        let kms = Kms::start().await;
        let generate = |spec, number| {
            let call = client(&kms.endpoint).generate_data_key().key_id(&kms.key_arn);
            let call = call.set_key_spec(spec).set_number_of_bytes(number);
            async move {
                let output = call.send().await.map_err(|error| code(&error))?;
                Ok(parts(output).0.len())
            }
        };
        assert_eq!(generate(Some(DataKeySpec::Aes128), None).await, Ok(16));
        assert_eq!(generate(None, Some(1)).await, Ok(1));
        assert_eq!(generate(None, Some(1024)).await, Ok(1024));
        let invalid = || refused("ValidationException");
        assert_eq!(generate(None, Some(0)).await, invalid());
        assert_eq!(generate(None, Some(1025)).await, invalid());
        assert_eq!(generate(None, None).await, invalid());
        assert_eq!(generate(Some(DataKeySpec::Aes256), Some(32)).await, invalid());
    }

    #[tokio::test]
    async fn two_data_keys_differ() {
        let kms = Kms::start().await;
        let (plaintext, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        let (other_plaintext, other_blob) =
            parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        assert_ne!(plaintext, other_plaintext);
        assert_ne!(blob, other_blob);
    }

    #[tokio::test]
    async fn another_context_is_refused() {
        let kms = Kms::start().await;
        let (_, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        let other = [CONTEXT[0], CONTEXT[1], ("version", "2")];
        let more = [CONTEXT[0], CONTEXT[1], CONTEXT[2], ("more", "")];
        for pairs in [&[], &CONTEXT[..2], &other, &more] {
            for key_id in [Some(&*kms.key_arn), None] {
                assert_eq!(
                    opened(&kms.endpoint, blob.clone(), pairs, key_id).await,
                    refused("InvalidCiphertextException"),
                    "{pairs:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_flipped_bit_is_refused() {
        let kms = Kms::start().await;
        let (_, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        let refused = |opened: Result<Vec<u8>, String>| match opened.expect_err("a refusal").as_str() {
            "InvalidCiphertextException" => true,
            // In moto's and AWS's ciphertexts is also whose they are.
            "AccessDeniedException" => !kms.is_embedded(),
            _ => false,
        };
        for place in 0..blob.len() {
            let mut garbled = blob.clone();
            garbled[place] ^= 1;
            let opened = opened(&kms.endpoint, garbled, &CONTEXT, Some(&kms.key_arn)).await;
            assert!(refused(opened), "byte {place}");
        }
        for length in [1, NONCE_LEN, blob.len() - 1] {
            let cut = &blob[..length];
            let opened = opened(&kms.endpoint, cut, &CONTEXT, Some(&kms.key_arn)).await;
            assert!(refused(opened), "{length} bytes");
        }
    }

    #[tokio::test]
    async fn a_key_that_is_not_enabled_does_nothing() {
        let kms = Kms::start().await;
        if !kms.is_embedded() {
            return;
        }
        let (plaintext, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        for (state, code) in [
            (KeyState::Disabled, "DisabledException"),
            (KeyState::PendingDeletion, "KMSInvalidStateException"),
        ] {
            kms.set_state(state);
            let generated = data_key(&kms.endpoint, &kms.key_arn).await.map(parts);
            assert_eq!(generated, refused(code));
            for key_id in [Some(&*kms.key_arn), None] {
                let opened = opened(&kms.endpoint, blob.clone(), &CONTEXT, key_id).await;
                assert_eq!(opened, refused(code));
            }
        }
        kms.set_state(KeyState::Enabled);
        assert_eq!(opened(&kms.endpoint, blob, &CONTEXT, None).await, Ok(plaintext));
    }

    #[tokio::test]
    async fn an_unknown_key_is_not_found() {
        let kms = Kms::start().await;
        let (_, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        let id = "ffffffff-ffff-4fff-bfff-ffffffffffff";
        let arn = format!("{KEY_ARN_PREFIX}{id}");
        for unknown in [id, &arn] {
            let generated = data_key(&kms.endpoint, unknown).await.map(parts);
            assert_eq!(generated, refused("NotFoundException"));
            let opened = opened(&kms.endpoint, blob.clone(), &CONTEXT, Some(unknown)).await;
            assert_eq!(opened, refused("NotFoundException"));
        }
    }

    #[tokio::test]
    async fn a_key_opens_only_its_own() {
        let kms = Kms::start().await;
        let created = client(&kms.endpoint).create_key().send().await;
        let other = created.expect("a key").key_metadata.expect("its metadata");
        let other_arn = other.arn.expect("its ARN");
        assert_ne!(other_arn, kms.key_arn);
        let (plaintext, blob) = parts(data_key(&kms.endpoint, &other_arn).await.expect("a data key"));
        let refusal = if kms.is_embedded() {
            "IncorrectKeyException"
        } else {
            // Moto's word for it.
            "AccessDeniedException"
        };
        assert_eq!(
            opened(&kms.endpoint, blob.clone(), &CONTEXT, Some(&kms.key_arn)).await,
            refused(refusal)
        );
        assert_eq!(opened(&kms.endpoint, blob, &CONTEXT, None).await, Ok(plaintext));
    }

    #[tokio::test]
    async fn keys_of_one_name_are_not_one() {
        let (kms, other) = (Kms::start().await, Kms::start().await);
        if !kms.is_embedded() {
            return;
        }
        assert_eq!(kms.key_arn, other.key_arn);
        let (_, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        let opened = opened(&other.endpoint, blob, &CONTEXT, None).await;
        assert_eq!(opened, refused("InvalidCiphertextException"));
    }

    #[tokio::test]
    async fn calls_are_counted_and_unknown_ones_refused() {
        let kms = Kms::start().await;
        if !kms.is_embedded() {
            return;
        }
        let (_, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        opened(&kms.endpoint, blob, &[], None)
            .await
            .expect_err("a refusal");
        let unknown = client(&kms.endpoint).list_keys().send().await;
        assert_eq!(
            code(&unknown.expect_err("a refusal")),
            "UnknownOperationException"
        );
        assert_eq!(kms.calls(), ["GenerateDataKey", "Decrypt", "ListKeys"]);
        kms.forget_calls();
        assert!(kms.calls().is_empty());
    }

    #[tokio::test]
    async fn a_wire_replays_what_was_decrypted() {
        let kms = Kms::start().await;
        if !kms.is_embedded() {
            return;
        }
        let (plaintext, blob) = parts(data_key(&kms.endpoint, &kms.key_arn).await.expect("a data key"));
        kms.forget_calls();
        let properties = Properties {
            recorded: true,
            ..Properties::default()
        };
        let wire = Wire::start(&kms.endpoint, properties).await.expect("a wire");
        for _ in 0..3 {
            let opened = opened(&wire.endpoint, blob.clone(), &CONTEXT, Some(&kms.key_arn)).await;
            assert_eq!(opened.as_ref(), Ok(&plaintext));
        }
        assert_eq!(kms.calls(), ["Decrypt"]);
        // Another operation is another answer.
        let other = parts(data_key(&wire.endpoint, &kms.key_arn).await.expect("a data key"));
        assert_ne!(other.0, plaintext);
        assert_eq!(kms.calls(), ["Decrypt", "GenerateDataKey"]);
    }

    #[test]
    fn a_file_keeps_a_key() {
        let name = format!("verify-factors-{}.kms-key", std::process::id());
        let path = std::env::temp_dir().join(name);
        let created = Key::read_or_create(&path).expect("a key");
        let read = Key::read_or_create(&path).expect("a key");
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        let blob = created.encrypt(b"data key", &Context::new());
        std::fs::write(&path, [0; 33]).expect("a file");
        let garbled = Key::read_or_create(&path).err().map(|error| error.kind());
        std::fs::remove_file(&path).expect("a file");
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            read.decrypt(&blob, &Context::new()).as_deref(),
            Some(&b"data key"[..])
        );
        assert_eq!(read.arn(), local::sealing_key_arn());
        assert_eq!(garbled, Some(ErrorKind::InvalidData));
        assert!(Key::generate().decrypt(&blob, &Context::new()).is_none());
    }
}
