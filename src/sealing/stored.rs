//! Wrapped data keys in the table, in the account's partition.

use crate::aws::Failure;
use crate::parameters::Rule;
use crate::table::{Item, PK, SK, Stored, Table, Transaction, b, item, key, s};
use crate::time::Timestamp;

/// What the sort keys of data keys begin with; their versions follow, in as many digits as the largest has, so that the
/// order of keys is that of versions.
const PREFIX: &str = "DK";

/// A wrapped data key.
pub(super) struct Wrapped {
    pub(super) version: u32,
    pub(super) key: Vec<u8>,
}

impl Table {
    /// The newest data key; `None` if there is none yet.
    pub(super) async fn read_newest_data_key(&self) -> Result<Option<Wrapped>, Failure> {
        let account = self.account_partition();
        let (items, _) = self.query(account, PREFIX, false, 1, None).await?;
        items.first().map(to_wrapped).transpose()
    }

    /// The data key of a version.
    pub(super) async fn read_data_key(&self, version: u32) -> Result<Wrapped, Failure> {
        let item = self
            .read(key(self.account_partition(), &sort_key(version)))
            .await?;
        let missing = || Failure::Fault(format!("there is no data key of version {version}").into());
        to_wrapped(&item.ok_or_else(missing)?)
    }

    /// Writes a data key, unless there is one of this version; whether it did.
    pub(super) async fn put_data_key(&self, wrapped: &Wrapped, now: Timestamp) -> Result<bool, Failure> {
        let put = self.put_new(item([
            (PK, s(self.account_partition())),
            (SK, s(sort_key(wrapped.version))),
            ("wrapped", b(wrapped.key.clone())),
            ("date_created", s(now.to_string())),
        ]))?;
        match self.transact(&[put]).await? {
            Transaction::Committed => Ok(true),
            Transaction::Cancelled(_) => Ok(false),
        }
    }
}

fn sort_key(version: u32) -> String {
    format!("{PREFIX}{version:010}")
}

fn to_wrapped(item: &Item) -> Result<Wrapped, Failure> {
    const RULE: Rule = Rule::own("must be DK and a version");
    let item = Stored::new("data key", item);
    let version = item.required(SK, |text| {
        let version = text.strip_prefix(PREFIX).unwrap_or_default().parse();
        version.map_err(|_| RULE)
    })?;
    let key = item.bytes("wrapped")?.to_owned();
    Ok(Wrapped { version, key })
}
