//! Services that were lately read, so that creating a Factor is one round trip.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use super::Service;
use crate::aws::Failure;
use crate::sid::ServiceSid;
use crate::table::Table;

/// How long a Service that was read counts: so long after an update or a delete through another function instance, the
/// old settings can still apply.
const SERVICE_CACHE_TIME: Duration = Duration::seconds(30);

/// Most Services that are kept; a deployment with more reads some of them again.
const CAPACITY: usize = 256;

/// Services that were lately read.
///
/// Times are the wall clock's: the monotonic one can stand still while Lambda has an environment frozen.
#[derive(Default)]
pub(crate) struct ServiceCache(Mutex<HashMap<ServiceSid, (Service, OffsetDateTime)>>);

impl ServiceCache {
    /// The Service as it was up to [`SERVICE_CACHE_TIME`] ago.
    pub(crate) async fn service(
        &self,
        table: &Table,
        sid: ServiceSid,
        now: OffsetDateTime,
    ) -> Result<Option<Service>, Failure> {
        if let Some(service) = self.get(sid, now) {
            return Ok(Some(service));
        }
        let service = table.read_service(sid).await?;
        if let Some(service) = &service {
            self.put(service.clone(), now);
        }
        Ok(service)
    }

    /// Reads the first Services, so that the first request finds its own.
    pub(crate) async fn warm_up(&self, table: &Table, now: OffsetDateTime) -> Result<(), Failure> {
        for service in table.read_first_services().await? {
            self.put(service, now);
        }
        Ok(())
    }

    fn get(&self, sid: ServiceSid, now: OffsetDateTime) -> Option<Service> {
        let services = self.lock();
        let (service, read) = services.get(&sid)?;
        // A clock that was set back makes an entry's age negative: read again.
        let age = now - *read;
        (!age.is_negative() && age < SERVICE_CACHE_TIME).then(|| service.clone())
    }

    pub(super) fn put(&self, service: Service, now: OffsetDateTime) {
        let mut services = self.lock();
        if services.len() >= CAPACITY && !services.contains_key(&service.sid) {
            services.clear();
        }
        services.insert(service.sid, (service, now));
    }

    pub(super) fn forget(&self, sid: ServiceSid) {
        self.lock().remove(&sid);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ServiceSid, (Service, OffsetDateTime)>> {
        // Each change is one call on the map, so what a panicking thread left behind is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Fields;
    use crate::services::NewService;
    use crate::sid::AccountSid;
    use crate::time::Timestamp;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn service(number: u128) -> Service {
        let new = NewService::parse(&mut Fields::decode(b"FriendlyName=Owl")).unwrap();
        let sid = ServiceSid::from_bytes(number.to_be_bytes());
        Service::create(new, AccountSid::from_bytes([0; 16]), sid, Timestamp::at(NOW))
    }

    #[test]
    fn a_service_is_kept_for_30_seconds() {
        let cache = ServiceCache::default();
        let service = service(1);
        cache.put(service.clone(), NOW);
        for (age, kept) in [
            (-1, false),
            (0, true),
            (1, true),
            (29, true),
            (30, false),
            (31, false),
        ] {
            let found = cache.get(service.sid, NOW + Duration::seconds(age));
            assert_eq!(found, kept.then(|| service.clone()), "after {age} s");
        }
    }

    #[test]
    fn a_forgotten_service_is_not_found() {
        let cache = ServiceCache::default();
        cache.put(service(1), NOW);
        cache.forget(service(1).sid);
        assert_eq!(cache.get(service(1).sid, NOW), None);
    }

    #[test]
    fn the_cache_stays_small() {
        let cache = ServiceCache::default();
        for number in 0..1000 {
            cache.put(service(number), NOW);
            assert!(cache.lock().len() <= CAPACITY);
            assert!(cache.get(service(number).sid, NOW).is_some());
        }
    }
}
