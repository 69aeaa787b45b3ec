//! Randomness: given to the function at its start, so that a test can say what it is.

use std::fmt;
use std::sync::Arc;

/// What fills bytes with randomness: the operating system, or a test.
type Source = dyn Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync;

/// Where randomness comes from.
#[derive(Clone)]
pub struct Randomness(Arc<Source>);

impl Randomness {
    /// Randomness from `source`, which fills a slice of any length or says that it has none.
    pub fn new(source: impl Fn(&mut [u8]) -> Result<(), getrandom::Error> + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Fills a slice.
    ///
    /// # Errors
    /// When the source has none.
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        (self.0)(bytes)
    }

    /// As many bytes as are needed.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], getrandom::Error> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Randomness")
    }
}
