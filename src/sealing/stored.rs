//! Wrapped data keys in the table, in the account's partition.

use std::collections::BTreeSet;

use crate::aws::Failure;
use crate::parameters::Rule;
use crate::table::{Item, PK, Range, SK, Stored, Table, Transaction, b, item, key, s};
use crate::time::Timestamp;

/// What the sort keys of data keys begin with; their versions follow, in as many digits as the largest has, so that the
/// order of keys is that of versions.
const PREFIX: &str = "DK";

/// Data keys that are read at once, where all are.
const PAGE: usize = 1000;

/// A wrapped data key.
pub(crate) struct Wrapped {
    pub(super) version: u32,
    pub(super) key: Vec<u8>,
}

impl Table {
    /// The newest data key; `None` if there is none yet.
    pub(crate) async fn read_newest_data_key(&self) -> Result<Option<Wrapped>, Failure> {
        let (items, _) = self.query(self.data_keys(), false, 1, None).await?;
        items.first().map(to_wrapped).transpose()
    }

    /// The versions of all data keys there are.
    pub(crate) async fn read_data_key_versions(&self) -> Result<BTreeSet<u32>, Failure> {
        let (mut versions, mut start) = (BTreeSet::new(), None);
        loop {
            let (items, next) = self.query(self.data_keys(), true, PAGE, start).await?;
            for item in &items {
                versions.insert(to_wrapped(item)?.version);
            }
            start = next;
            if start.is_none() {
                return Ok(versions);
            }
        }
    }

    fn data_keys(&self) -> Range<'_> {
        Range::Partition {
            pk: self.account_partition(),
            prefix: PREFIX,
        }
    }

    /// The data key of a version; `None` if there is none.
    pub(super) async fn read_data_key(&self, version: u32) -> Result<Option<Wrapped>, Failure> {
        let item = self
            .read(key(self.account_partition(), &sort_key(version)))
            .await?;
        item.as_ref().map(to_wrapped).transpose()
    }

    /// Writes a data key, unless there is one of this version; whether it did.
    pub(super) async fn put_data_key(&self, wrapped: &Wrapped, now: Timestamp) -> Result<bool, Failure> {
        let write = || {
            Ok(vec![self.put_new(item([
                (PK, s(self.account_partition())),
                (SK, s(sort_key(wrapped.version))),
                ("wrapped", b(wrapped.key.clone())),
                ("date_created", s(now.to_string())),
            ]))?])
        };
        match self.transact(write).await? {
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
        // Written as it is written here, or it would be found in another place.
        version
            .ok()
            .filter(|version| sort_key(*version) == text)
            .ok_or(RULE)
    })?;
    let key = item.bytes("wrapped")?.to_owned();
    Ok(Wrapped { version, key })
}
