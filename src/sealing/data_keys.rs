//! Data keys: unwrapped when they are needed, and kept for a while.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_kms::Client;
use time::{Duration, OffsetDateTime};

use super::DataKey;
use super::kms::Kms;
use super::stored::Wrapped;
use crate::aws::Failure;
use crate::sid::AccountSid;
use crate::table::Table;
use crate::time::Timestamp;

/// How long a data key counts once it is unwrapped: so long after KMS began to refuse, or after a newer version was made.
const FRESH: Duration = Duration::minutes(5);
/// How long it counts where KMS or DynamoDB cannot be reached.
const KEPT: Duration = Duration::hours(1);
/// How long a key that is kept so counts before KMS is tried again.
const PAUSE: Duration = Duration::seconds(30);
/// How long KMS is waited for where there is a key to go on with.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// The data keys of an account.
///
/// Times are the wall clock's: the monotonic one can stand still while Lambda has an environment frozen.
pub struct DataKeys {
    kms: Kms,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<u32, Unwrapped>,
    newest: Option<Newest>,
}

/// Which version is the newest.
#[derive(Clone, Copy)]
struct Newest {
    version: u32,
    /// When the table said so.
    at: OffsetDateTime,
}

#[derive(Clone)]
struct Unwrapped {
    key: Arc<DataKey>,
    at: OffsetDateTime,
    /// When it could not be unwrapped anew.
    failed: Option<OffsetDateTime>,
}

type Loading<'a> = Pin<Box<dyn Future<Output = Result<Arc<DataKey>, Failure>> + Send + 'a>>;

/// What an unwrapped key is good for.
#[derive(Debug, PartialEq, Eq)]
enum Use {
    /// It is as good as new.
    Now,
    /// It has to be unwrapped anew, and counts where that cannot be done.
    IfNeedBe,
    /// For nothing.
    Never,
}

impl Unwrapped {
    /// What it is good for, if what is known of it is as of `at`.
    fn good_for(&self, at: OffsetDateTime, now: OffsetDateTime) -> Use {
        let paused = self.failed.is_some_and(|failed| within(failed, PAUSE, now));
        if within(at, FRESH, now) || paused && within(self.at, KEPT, now) {
            Use::Now
        } else if within(self.at, KEPT, now) {
            Use::IfNeedBe
        } else {
            Use::Never
        }
    }
}

/// Whether a moment is less than so long ago. Clocks are corrected by little, which makes it be in the future; one that was set
/// back by more says nothing.
fn within(since: OffsetDateTime, limit: Duration, now: OffsetDateTime) -> bool {
    (-PAUSE..limit).contains(&(now - since))
}

impl DataKeys {
    /// The data keys of an account, wrapped by a KMS key.
    #[must_use]
    pub(crate) fn new(kms: Client, key_arn: String, account_sid: AccountSid) -> Self {
        Self {
            kms: Kms::new(kms, key_arn, account_sid),
            held: Mutex::default(),
        }
    }

    /// Unwraps the newest data key that was `found` in the table, so that the first request finds it ready. Where there is none
    /// yet, the first one is made.
    pub(crate) async fn warm_up(
        &self,
        found: Option<Wrapped>,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        self.unwrap_newest(found, None, table, now).await.map(drop)
    }

    /// The data key that seals: the newest. The first one is made when it is first needed.
    pub(crate) async fn newest(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        let newest = self.held().newest;
        let load = async || {
            let found = table.read_newest_data_key().await?;
            self.unwrap_newest(found, newest, table, now).await
        };
        let held = newest.and_then(|newest| Some((self.unwrapped(newest.version)?, newest.at)));
        self.held_or(held, now, || Box::pin(load())).await
    }

    /// The data key that something is sealed with, `newest` being the newest, which it is as a rule.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked for another one, or there is none.
    pub(crate) async fn of(
        &self,
        version: u32,
        newest: &Arc<DataKey>,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<Arc<DataKey>, Failure> {
        if version == newest.version() {
            return Ok(Arc::clone(newest));
        }
        self.version(version, table, now).await
    }

    /// The data key of a version, to open what it sealed.
    pub(crate) async fn version(
        &self,
        version: u32,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<Arc<DataKey>, Failure> {
        let load = async || match table.read_data_key(version).await? {
            Some(wrapped) => self.unwrap(wrapped, now).await,
            None => Err(Failure::Fault(
                format!("there is no data key of version {version}").into(),
            )),
        };
        let held = self.unwrapped(version).map(|held| (held.clone(), held.at));
        self.held_or(held, now, || Box::pin(load())).await
    }

    /// Makes a data key that is newer than all that are there.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked, or another one was made at the same moment.
    pub(crate) async fn rotate(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        let newest = table.read_newest_data_key().await?;
        let version = newest.map_or(0, |wrapped| wrapped.version).checked_add(1);
        let version = version.ok_or_else(|| Failure::Fault("there is no greater version".into()))?;
        match self.make(version, table, now).await? {
            Some(key) => Ok(key),
            None => Err(Failure::Throttled(
                "another data key was made at the same moment".into(),
            )),
        }
    }

    /// The key that is held, if what is known of it is recent enough; else what `load` comes to, if that can be done. It is
    /// boxed, as hardly any request needs it and all would have room for it.
    async fn held_or<'a>(
        &self,
        held: Option<(Unwrapped, OffsetDateTime)>,
        now: OffsetDateTime,
        load: impl FnOnce() -> Loading<'a>,
    ) -> Result<Arc<DataKey>, Failure> {
        self.wipe(now);
        let Some((held, at)) = held else {
            return load().await;
        };
        match held.good_for(at, now) {
            Use::Now => return Ok(held.key),
            Use::Never => {
                drop(held);
                return load().await;
            }
            Use::IfNeedBe => {}
        }
        let cause = match tokio::time::timeout(PATIENCE, load()).await {
            Ok(Ok(key)) => return Ok(key),
            // A key that is not to be used any more is not to be had any more.
            Ok(Err(Failure::Fault(cause))) => {
                self.held().keys.remove(&held.key.version());
                return Err(Failure::Fault(cause));
            }
            Ok(Err(failure)) => failure.chain(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(cause, "an older data key goes on");
        if let Some(held) = self.held().keys.get_mut(&held.key.version()) {
            held.failed = Some(now);
        }
        Ok(held.key)
    }

    /// What comes of what was found in the table, by an instance that may have known a newest one before.
    async fn unwrap_newest(
        &self,
        found: Option<Wrapped>,
        before: Option<Newest>,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<Arc<DataKey>, Failure> {
        let key = match (found, before) {
            (Some(wrapped), _) => self.unwrap(wrapped, now).await?,
            (None, None) => self.make_first(table, now).await?,
            // Another first one would open nothing of what is there.
            (None, Some(_)) => return Err(Failure::Fault("the data keys are gone from the table".into())),
        };
        let version = key.version();
        self.held().newest = Some(Newest { version, at: now });
        Ok(key)
    }

    async fn make_first(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        const FIRST: u32 = 1;
        match self.make(FIRST, table, now).await? {
            Some(key) => Ok(key),
            // Another instance was faster.
            None => self.version(FIRST, table, now).await,
        }
    }

    /// Makes the data key of a version; `None` if there is one.
    async fn make(
        &self,
        version: u32,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<Option<Arc<DataKey>>, Failure> {
        let (key, wrapped) = self.kms.generate(version).await?;
        let wrapped = Wrapped {
            version,
            key: wrapped,
        };
        let written = table.put_data_key(&wrapped, Timestamp::at(now)).await?;
        Ok(written.then(|| self.hold(key, now)))
    }

    async fn unwrap(&self, wrapped: Wrapped, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        let key = self.kms.unwrap(wrapped.version, wrapped.key).await?;
        Ok(self.hold(key, now))
    }

    fn hold(&self, key: DataKey, now: OffsetDateTime) -> Arc<DataKey> {
        let key = Arc::new(key);
        let unwrapped = Unwrapped {
            key: Arc::clone(&key),
            at: now,
            failed: None,
        };
        self.held().keys.insert(key.version(), unwrapped);
        key
    }

    /// Drops, and so wipes, every key that is good for nothing any more.
    fn wipe(&self, now: OffsetDateTime) {
        let keys = &mut self.held().keys;
        keys.retain(|_, held| within(held.at, KEPT, now));
    }

    fn unwrapped(&self, version: u32) -> Option<Unwrapped> {
        self.held().keys.get(&version).cloned()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Each change is one call on the map, so what a panicking thread left behind is whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::zeroize::Zeroizing;
    use time::macros::datetime;

    const AT: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn held() -> Unwrapped {
        Unwrapped {
            key: Arc::new(DataKey::new(1, Zeroizing::new([0; 32]))),
            at: AT,
            failed: None,
        }
    }

    /// What a key is good for so many seconds after it was unwrapped, and `known` seconds after what is known of it was.
    fn good_for(held: &Unwrapped, known: i64, age: i64) -> Use {
        held.good_for(AT + Duration::seconds(age - known), AT + Duration::seconds(age))
    }

    #[test]
    fn a_data_key_is_fresh_for_5_minutes_and_goes_on_for_an_hour() {
        for (age, use_) in [
            (-31, Use::Never),
            (-30, Use::Now),
            (-1, Use::Now),
            (0, Use::Now),
            (299, Use::Now),
            (300, Use::IfNeedBe),
            (3599, Use::IfNeedBe),
            (3600, Use::Never),
        ] {
            assert_eq!(good_for(&held(), age, age), use_, "after {age} s");
        }
    }

    #[test]
    fn one_that_could_not_be_unwrapped_is_not_tried_again_for_30_seconds() {
        let mut held = held();
        held.failed = Some(AT + Duration::seconds(400));
        for (age, use_) in [
            (369, Use::IfNeedBe),
            (400, Use::Now),
            (429, Use::Now),
            (430, Use::IfNeedBe),
        ] {
            assert_eq!(good_for(&held, age, age), use_, "after {age} s");
        }
        held.failed = Some(AT + Duration::seconds(3590));
        assert_eq!(good_for(&held, 3600, 3600), Use::Never);
    }

    #[test]
    fn a_key_that_was_unwrapped_to_open_is_not_the_newest_for_that() {
        assert_eq!(good_for(&held(), 300, 10), Use::IfNeedBe);
    }
}
