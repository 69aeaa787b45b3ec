//! What the operator does with the data keys, by hand and with rights of their own: `examples/keys.rs`. The function never
//! calls it.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::app::App;
use crate::aws::Failure;
use crate::factors::Factor;

/// Factors by the version of the data key that they are sealed with.
pub type Versions = BTreeMap<u32, u64>;

/// What came of sealing Factors anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Factors that are sealed with the newest data key now.
    pub resealed: u64,
    /// Factors that were before.
    pub current: u64,
    /// Factors that don't open and stay as they are: they were changed by other hands.
    pub unopened: u64,
}

impl App {
    /// Makes a new data key, which seals from now on; instances learn of it within five minutes. Its version.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked.
    pub async fn rotate_data_key(&self, now: OffsetDateTime) -> Result<u32, Failure> {
        Ok(self.data_keys.rotate(&self.table, now).await?.version())
    }

    /// How many Factors there are by data key.
    ///
    /// # Errors
    /// When DynamoDB cannot be asked.
    pub async fn count_by_data_key(&self) -> Result<Versions, Failure> {
        let mut versions = Versions::new();
        let mut start = None;
        loop {
            let (factors, next) = self.table.scan_factors(start).await?;
            for factor in factors {
                *versions.entry(factor.binding.version()).or_default() += 1;
            }
            start = next;
            if start.is_none() {
                return Ok(versions);
            }
        }
    }

    /// Seals every Factor with the newest data key, page by page, telling after each how far it is. One that is cut short goes
    /// on when it is repeated, as what is sealed with the newest key already is left alone.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked.
    pub async fn reseal(
        &self,
        now: impl Fn() -> OffsetDateTime,
        mut tell: impl FnMut(Resealed),
    ) -> Result<Resealed, Failure> {
        let mut so_far = Resealed::default();
        let mut start = None;
        loop {
            let (factors, next) = self.table.scan_factors(start).await?;
            for factor in factors {
                self.reseal_factor(factor, now(), &mut so_far).await?;
            }
            tell(so_far);
            start = next;
            if start.is_none() {
                return Ok(so_far);
            }
        }
    }

    async fn reseal_factor(
        &self,
        factor: Factor,
        now: OffsetDateTime,
        so_far: &mut Resealed,
    ) -> Result<(), Failure> {
        let mut factor = Some(factor);
        // One that is deleted meanwhile is nobody's affair, and one that is changed meanwhile is read again.
        while let Some(there) = factor {
            let newest = self.data_keys.newest(&self.table, now).await?;
            if there.binding.version() == newest.version() {
                so_far.current += 1;
                break;
            }
            let old = self
                .data_keys
                .version(there.binding.version(), &self.table, now)
                .await?;
            let nonce = self.randomness.bytes()?;
            let Ok(sealed) = there.reseal(&old, &newest, nonce) else {
                so_far.unopened += 1;
                break;
            };
            if self.table.replace_binding(&there, &sealed).await? {
                so_far.resealed += 1;
                break;
            }
            factor = self.table.read_factor(&there).await?;
        }
        Ok(())
    }
}
