//! Entropy: the part of a Factor that is chance.

use secrecy::zeroize::Zeroizing;

use crate::randomness::Randomness;
use crate::sealing::Nonce;

/// The random bytes that one Factor can need. The seed is wiped when it is dropped.
pub struct Entropy {
    pub(super) sid: [u8; 16],
    /// In one place from the start, as what is moved stays behind.
    pub(super) seed: Box<Zeroizing<[u8; 64]>>,
    pub(super) nonce: Nonce,
}

impl Entropy {
    /// Draws 16 bytes for a SID, 64 for the longest seed, and a nonce.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn draw(randomness: &Randomness) -> Result<Self, getrandom::Error> {
        let mut entropy = Self {
            sid: randomness.bytes()?,
            seed: Box::new(Zeroizing::new([0; 64])),
            nonce: Nonce::default(),
        };
        randomness.fill(&mut **entropy.seed)?;
        randomness.fill(&mut entropy.nonce)?;
        Ok(entropy)
    }
}
