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
/// How long KMS is waited for where there is a key to go on with, and at the start.
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
    /// The newest version, as of when its key was unwrapped.
    newest: Option<u32>,
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
    fn good_for(&self, now: OffsetDateTime) -> Use {
        // A clock that was set back makes an age negative: that says nothing.
        let within = |since: OffsetDateTime, limit| (Duration::ZERO..limit).contains(&(now - since));
        let paused = self.failed.is_some_and(|failed| within(failed, PAUSE));
        match self.at {
            at if within(at, FRESH) => Use::Now,
            at if within(at, KEPT) && paused => Use::Now,
            at if within(at, KEPT) => Use::IfNeedBe,
            _ => Use::Never,
        }
    }
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

    /// Unwraps the newest data key, so that the first request finds it ready.
    ///
    /// It takes at most a second, and a failure is logged and forgotten: the request will tell.
    pub(crate) async fn warm_up(&self, table: &Table, now: OffsetDateTime) {
        let cause = match tokio::time::timeout(PATIENCE, self.newest(table, now)).await {
            Ok(Ok(_)) => return,
            Ok(Err(failure)) => failure.chain(),
            Err(_) => "it took too long".to_owned(),
        };
        tracing::warn!(cause, "the data key isn't ready");
    }

    /// The data key that seals: the newest. The first one is made when it is first needed.
    pub(crate) async fn newest(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        let version = self.held().newest;
        let load = async || {
            let key = match table.read_newest_data_key().await? {
                Some(wrapped) => self.unwrap(wrapped, now).await?,
                None => self.make_first(table, now).await?,
            };
            self.held().newest = Some(key.version());
            Ok(key)
        };
        self.held_or(version, now, || Box::pin(load())).await
    }

    /// The data key of a version, to open what it sealed.
    pub(crate) async fn version(
        &self,
        version: u32,
        table: &Table,
        now: OffsetDateTime,
    ) -> Result<Arc<DataKey>, Failure> {
        let load = async || self.unwrap(table.read_data_key(version).await?, now).await;
        self.held_or(Some(version), now, || Box::pin(load())).await
    }

    /// Makes a data key that is newer than all that are there.
    ///
    /// # Errors
    /// When DynamoDB or KMS cannot be asked, or another one was made at the same moment.
    pub(crate) async fn rotate(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        let newest = table.read_newest_data_key().await?;
        let version = newest.map_or(0, |wrapped| wrapped.version) + 1;
        match self.make(version, table, now).await? {
            Some(key) => Ok(key),
            None => Err(Failure::Throttled(
                "another data key was made at the same moment".into(),
            )),
        }
    }

    /// The key that is held, if it is good; else what `load` comes to, if that can be done. It is boxed, as hardly any request
    /// needs it and all would have room for it.
    async fn held_or<'a>(
        &self,
        version: Option<u32>,
        now: OffsetDateTime,
        load: impl FnOnce() -> Loading<'a>,
    ) -> Result<Arc<DataKey>, Failure> {
        let held = version.and_then(|version| self.held().keys.get(&version).cloned());
        let Some(held) = held else {
            return load().await;
        };
        match held.good_for(now) {
            Use::Now => return Ok(held.key),
            Use::Never => return load().await,
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

    async fn make_first(&self, table: &Table, now: OffsetDateTime) -> Result<Arc<DataKey>, Failure> {
        const FIRST: u32 = 1;
        match self.make(FIRST, table, now).await? {
            Some(key) => Ok(key),
            // Another instance was faster.
            None => self.unwrap(table.read_data_key(FIRST).await?, now).await,
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
        let keys = &mut self.held().keys;
        // What is good for nothing any more is wiped.
        keys.retain(|_, held| held.good_for(now) != Use::Never);
        keys.insert(key.version(), unwrapped);
        key
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

    #[test]
    fn a_data_key_is_fresh_for_5_minutes_and_goes_on_for_an_hour() {
        let at = datetime!(2026-01-01 00:00 UTC);
        let mut held = Unwrapped {
            key: Arc::new(DataKey::new(1, Zeroizing::new([0; 32]))),
            at,
            failed: None,
        };
        for (age, use_) in [
            (-1, Use::Never),
            (0, Use::Now),
            (299, Use::Now),
            (300, Use::IfNeedBe),
            (3599, Use::IfNeedBe),
            (3600, Use::Never),
        ] {
            assert_eq!(held.good_for(at + Duration::seconds(age)), use_, "after {age} s");
        }
        held.failed = Some(at + Duration::seconds(400));
        for (age, use_) in [
            (399, Use::IfNeedBe),
            (400, Use::Now),
            (429, Use::Now),
            (430, Use::IfNeedBe),
        ] {
            assert_eq!(held.good_for(at + Duration::seconds(age)), use_, "after {age} s");
        }
        held.failed = Some(at + Duration::seconds(3590));
        assert_eq!(held.good_for(at + Duration::seconds(3600)), Use::Never);
    }
}
