//! Data keys: a new one, what is sealed with which, and the seals of all Factors anew.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use crate::app::App;
use crate::aws::Failure;
use crate::challenges::Copied;
use crate::factors::Factor;

/// The Factors there are, and the copies of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// By the version of the data key that they are sealed with.
    pub by_version: BTreeMap<u32, u64>,
    /// Challenges with a copy of a Factor's binding, by the version of the data key that it is sealed with.
    pub copies: BTreeMap<u32, u64>,
    /// Those that cannot be read: they were changed by other hands.
    pub unreadable: u64,
}

/// What came of sealing Factors anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Factors that are sealed with the newest data key now.
    pub resealed: u64,
    /// Factors that were before.
    pub current: u64,
    /// Challenges that have no copy of their Factor's binding any more, as it was sealed with an older data key.
    pub dropped: u64,
    /// Factors that don't open, and Challenges that cannot be read, and stay as they are: they were changed by other hands.
    pub unopened: u64,
}

impl App {
    /// Makes a new data key, which seals from now on; instances learn of it within five minutes, or an hour while KMS or
    /// DynamoDB cannot be reached. Its version.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked.
    pub async fn rotate_data_key(&self, now: OffsetDateTime) -> Result<u32, Failure> {
        Ok(self.data_keys.rotate(&self.table, now).await?.version())
    }

    /// How many Factors there are by data key, and how many Challenges with a copy of one's binding.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked.
    pub async fn count_by_data_key(&self) -> Result<Count, Failure> {
        let mut count = Count::default();
        let mut start = None;
        loop {
            let (factors, next) = self.table.scan_factors(start).await?;
            for factor in factors {
                match factor {
                    Ok(factor) => *count.by_version.entry(factor.binding.version()).or_default() += 1,
                    Err(_) => count.unreadable += 1,
                }
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        loop {
            let (found, next) = self.table.scan_copies(start).await?;
            for copied in found {
                match copied {
                    Ok(Copied { version, .. }) => *count.copies.entry(version).or_default() += 1,
                    Err(_) => count.unreadable += 1,
                }
            }
            start = next;
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    /// Seals every Factor with the newest data key, page by page, telling after each how far it is, and then takes out of Challenges what
    /// is sealed with an older one. One that is cut short goes on when it is repeated, as what is sealed with the newest key already is
    /// left alone.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked.
    pub async fn reseal(
        &self,
        now: impl Fn() -> OffsetDateTime,
        mut tell: impl FnMut(Resealed),
    ) -> Result<Resealed, Failure> {
        let versions = self.table.read_data_key_versions().await?;
        let mut so_far = Resealed::default();
        let mut start = None;
        loop {
            let (factors, next) = self.table.scan_factors(start).await?;
            for factor in factors {
                self.reseal_factor(factor, &versions, now(), &mut so_far).await?;
            }
            tell(so_far);
            start = next;
            if start.is_none() {
                break;
            }
        }
        loop {
            let (found, next) = self.table.scan_copies(start).await?;
            for copied in found {
                self.drop_copy(copied, now(), &mut so_far).await?;
            }
            start = next;
            if start.is_none() {
                return Ok(so_far);
            }
        }
    }

    async fn drop_copy(
        &self,
        copied: Result<Copied, Failure>,
        now: OffsetDateTime,
        so_far: &mut Resealed,
    ) -> Result<(), Failure> {
        let Ok(copied) = copied else {
            so_far.unopened += 1;
            return Ok(());
        };
        let newest = self.data_keys.newest(&self.table, now).await?;
        if copied.version < newest.version() {
            // Who was faster answered it, or sealed it with the newest one.
            so_far.dropped += u64::from(self.table.drop_copy(&copied).await?);
        }
        Ok(())
    }

    async fn reseal_factor(
        &self,
        factor: Result<Factor, Failure>,
        versions: &BTreeSet<u32>,
        now: OffsetDateTime,
        so_far: &mut Resealed,
    ) -> Result<(), Failure> {
        let Ok(mut factor) = factor else {
            so_far.unopened += 1;
            return Ok(());
        };
        loop {
            let newest = self.data_keys.newest(&self.table, now).await?;
            let version = factor.binding.version();
            if version >= newest.version() && versions.contains(&version) {
                so_far.current += 1;
                return Ok(());
            }
            if !versions.contains(&version) {
                so_far.unopened += 1;
                return Ok(());
            }
            let old = self.data_keys.version(version, &self.table, now).await?;
            let Ok(sealed) = factor.reseal(&old, &newest, self.randomness.bytes()?) else {
                so_far.unopened += 1;
                return Ok(());
            };
            if self.table.replace_binding(&factor, &sealed).await? {
                so_far.resealed += 1;
                return Ok(());
            }
            // Somebody else wrote it meanwhile; or this did, and the answer was lost.
            match self.table.read_factor(factor.entity(), factor.sid).await? {
                Some(there) if there.binding == sealed => {
                    so_far.resealed += 1;
                    return Ok(());
                }
                Some(there) => factor = there,
                None => return Ok(()),
            }
        }
    }
}
