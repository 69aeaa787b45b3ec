//! How many requests there are in a second, which libFuzzer doesn't know: it counts inputs.

use std::time::{Duration, Instant};

/// How often it is said.
const EVERY: Duration = Duration::from_secs(10);

pub struct Pace {
    began: Instant,
    requests: usize,
    /// When it is said next.
    next: Duration,
}

impl Pace {
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            requests: 0,
            next: EVERY,
        }
    }

    /// Counts the requests of an input, and says at times on standard error how many there were.
    pub fn count(&mut self, requests: usize) {
        self.requests += requests;
        let elapsed = self.began.elapsed();
        if elapsed >= self.next {
            self.next = elapsed + EVERY;
            eprintln!("{} requests in {} s", self.requests, elapsed.as_secs());
        }
    }
}
