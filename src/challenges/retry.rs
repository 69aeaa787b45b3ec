//! Retries: the note of what a request with an `Idempotency-Key` made.

use crate::factors::{Fingerprint, KEY_SECONDS};
use crate::sid::ChallengeSid;
use crate::time::Timestamp;

/// Which Challenge a request with an `Idempotency-Key` made. A Challenge's SID says when it was created, so it doesn't follow from a
/// key as a Factor's does.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) challenge_sid: ChallengeSid,
    pub(super) fingerprint: Fingerprint,
    pub(super) date_created: Timestamp,
}

impl Note {
    /// Whether a request with this fingerprint, under the data key of the note's, is the one of the note again.
    pub(super) fn is_of(&self, fingerprint: Fingerprint, now: Timestamp) -> bool {
        self.fingerprint == fingerprint && now < self.date_created.after(KEY_SECONDS)
    }
}
