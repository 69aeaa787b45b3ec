//! How many Challenges of a Factor there may be.

use std::collections::BTreeMap;

use crate::factor::{Factor, Kind};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The present windows of a Factor, by how long they are: when each began, and how many Challenges are in it.
#[derive(Clone, Default)]
pub struct Windows(BTreeMap<i64, (i64, u32)>);

impl Factor {
    /// How many there may be in windows of which length.
    fn limits(&self) -> &'static [(i64, u32)] {
        match &self.kind {
            Kind::Push(_) => &[(HOUR, 20), (DAY, 100)],
            Kind::Totp(totp) if totp.code_length <= 4 => &[(DAY, 10)],
            Kind::Totp(_) => &[(HOUR, 50), (DAY, 100)],
        }
    }

    /// When each of its windows ends, the present ones and the last ones.
    pub fn ends_of_windows(&self) -> impl Iterator<Item = i64> {
        let windows = self.windows.0.iter();
        windows.map(|(length, (begins, _))| begins + length)
    }

    /// For how long there can't be one more, where there are too many.
    pub fn full(&self, now: i64) -> Option<i64> {
        let wait = |(length, most): &(i64, u32)| {
            let (begins, count) = self.windows.0.get(length)?;
            Some(begins + length - now).filter(|left| *left > 0 && count >= most)
        };
        self.limits().iter().filter_map(wait).max()
    }

    /// Counts one more.
    pub fn challenged(&mut self, now: i64) {
        for (length, _) in self.limits() {
            let window = self.windows.0.entry(*length).or_insert((now, 0));
            if now >= window.0 + length {
                *window = (now, 0);
            }
            window.1 += 1;
        }
    }
}
