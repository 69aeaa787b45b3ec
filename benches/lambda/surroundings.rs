//! What is around the function: DynamoDB and KMS, the ways to them, and whom it trusts on these.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Dynamo;
use harness::kms::Kms;
use harness::local;
use harness::wire::{Properties, Wire};

use crate::Failure;
use crate::request::Request;
use crate::subject::Subject;

/// Amazon's roots, which the function trusts where the endpoint is AWS's.
pub(crate) const AMAZON_ROOTS: &str = include_str!("../../src/aws/amazon_roots.pem");

/// The variables that a function runs with.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// DynamoDB and KMS, with what every start but the very first finds there.
pub(crate) struct Surroundings {
    dynamo: Dynamo,
    kms: Kms,
    /// To KMS, over TLS, and recorded.
    kms_by_tls: Wire,
}

impl Surroundings {
    pub(crate) async fn start(function: &Path) -> Result<Self, Failure> {
        let (dynamo, kms) = (Dynamo::start().await, Kms::start().await);
        dynamo.put(local::service_item()).await;
        let properties = Properties {
            tls: true,
            recorded: true,
            ..Properties::default()
        };
        let kms_by_tls = Wire::start(&kms.endpoint, properties).await?;
        let around = Self {
            dynamo,
            kms,
            kms_by_tls,
        };
        // The first start on a table makes the first data key.
        let mut function = Subject::new("function", function, around.direct())
            .start()
            .await?;
        let first = Request::create_totp_factor("first-entity");
        first.send(&mut function).await?;
        Ok(around)
    }

    /// A wire to DynamoDB.
    pub(crate) async fn wire(&self, properties: Properties) -> Result<Wire, Failure> {
        Ok(Wire::start(&self.dynamo.endpoint, properties).await?)
    }

    /// Puts so many more items like one that is there, under sort keys that differ from its own in their end.
    pub(crate) async fn copy(&self, pk: &str, sk: &str, copies: usize) -> Result<(), Failure> {
        let original = self.dynamo.item(pk, sk).await.ok_or("nothing to copy")?;
        for number in 0..copies {
            let mut copy = original.clone();
            let end = format!("{number:06}");
            let sk = format!("{}{end}", &sk[..sk.len() - end.len()]);
            copy.insert("sk".to_owned(), AttributeValue::S(sk));
            self.dynamo.put(copy).await;
        }
        Ok(())
    }

    /// For a function that has nothing before DynamoDB and KMS.
    pub(crate) fn direct(&self) -> Variables {
        local::environment(&self.dynamo.table_name, &self.dynamo.endpoint, &self.kms.endpoint)
    }

    /// For a function that reaches DynamoDB by way of a wire without TLS.
    pub(crate) fn by(&self, wire: &Wire) -> Variables {
        local::environment(&self.dynamo.table_name, &wire.endpoint, &self.kms.endpoint)
    }

    /// For a function that reaches DynamoDB by way of a wire with TLS, and KMS by another, and trusts these roots besides theirs, from
    /// a file of this name.
    pub(crate) fn by_tls(&self, wire: &Wire, (name, roots): (&str, &str)) -> Result<Variables, Failure> {
        let kms = &self.kms_by_tls;
        let file = trust_store(name, &[roots, &wire.root, &kms.root])?;
        let mut variables = local::environment(&self.dynamo.table_name, &wire.endpoint, &kms.endpoint);
        variables.push(("SSL_CERT_FILE", file.display().to_string()));
        Ok(variables)
    }
}

fn trust_store(name: &str, roots: &[&str]) -> Result<PathBuf, Failure> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, roots.join("\n"))?;
    Ok(file)
}

/// All that the system trusts.
pub(crate) fn system_roots() -> Result<String, Failure> {
    // Debian's and Fedora's.
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    ]
    .into_iter()
    .find_map(|file| std::fs::read_to_string(file).ok())
    .ok_or_else(|| "no root certificates; install ca-certificates".into())
}
