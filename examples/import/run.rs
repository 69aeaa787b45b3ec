//! The run over all lines: a few at once, each for as long as there is hope, and what came of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::entry::{self, Entry};
use crate::file::File;
use crate::operator::Progress;
use crate::way::{Outcome, Trouble, Way};

/// Entries that are imported at once: enough to keep a few instances busy, and few enough to leave the API to its users.
const AT_ONCE: usize = 8;

/// How often an entry is tried that may go through later: for about two minutes.
const TRIES: u32 = 9;
/// The pause after the first time; after each further one twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Pauses are never longer, whatever is asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Faults one after another that end a run, as they are then nothing that one entry has.
const FAULTS_IN_A_ROW: u32 = 10;

/// Lines between which nothing is said where there is no terminal.
const SAID_EVERY: u64 = 100;

/// What came of a file.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) created: u64,
    pub(crate) verified: u64,
    pub(crate) there: u64,
    /// The lines that failed, by their place in the file, and why.
    pub(crate) failed: Vec<(usize, String)>,
    /// Why it ended before the end.
    pub(crate) stopped: Option<String>,
    faults: u32,
}

impl Tally {
    fn done(&self) -> u64 {
        self.created + self.verified + self.there + u64::try_from(self.failed.len()).unwrap_or(u64::MAX)
    }

    fn count(&mut self, place: usize, result: Result<Outcome, Trouble>) {
        self.faults = if let Err(Trouble::Fault(_)) = result {
            self.faults + 1
        } else {
            0
        };
        match result {
            Ok(Outcome::Created) => self.created += 1,
            Ok(Outcome::Verified) => self.verified += 1,
            Ok(Outcome::There) => self.there += 1,
            Err(Trouble::Fault(why)) => {
                if self.faults >= FAULTS_IN_A_ROW {
                    self.stopped.get_or_insert_with(|| why.clone());
                }
                self.failed.push((place, why));
            }
            Err(Trouble::Entry(why)) => self.failed.push((place, why)),
            Err(Trouble::Later(_, why) | Trouble::Everything(why)) => {
                self.stopped.get_or_insert(why);
            }
        }
    }
}

/// What the lines say, by their places, and why some say nothing.
pub(crate) fn read(file: &File) -> (Vec<(usize, Entry)>, Tally) {
    let (mut entries, mut tally) = (Vec::new(), Tally::default());
    for (place, line) in file.lines.iter().enumerate() {
        match file.entry(line) {
            Ok(entry) => entries.push((place, entry)),
            Err(invalid) => tally.failed.push((place, entry::told(&invalid))),
        }
    }
    (entries, tally)
}

/// Imports the entries, telling after each how far it is. What is under way when it has to stop is waited for.
pub(crate) async fn import(way: &Arc<Way>, entries: Vec<(usize, Entry)>, mut tally: Tally) -> Tally {
    let progress = Progress::begin();
    let total = tally.done() + u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let mut under_way = JoinSet::new();
    let mut entries = entries.into_iter();
    loop {
        while tally.stopped.is_none() && under_way.len() < AT_ONCE {
            let Some((place, entry)) = entries.next() else {
                break;
            };
            let way = Arc::clone(way);
            under_way.spawn(async move { (place, persistently(&way, entry).await) });
        }
        let Some(ended) = under_way.join_next().await else {
            progress.end();
            return tally;
        };
        match ended {
            Ok((place, result)) => tally.count(place, result),
            // By a panic, whose message is nothing to repeat.
            Err(_) => tally.stopped = Some("one ended by itself".to_owned()),
        }
        let done = tally.done();
        if progress.is_bar() || done.is_multiple_of(SAID_EVERY) || done == total {
            progress.show(done, total, &format!("{} failed", tally.failed.len()));
        }
    }
}

/// Imports an entry, again and again while that may help.
async fn persistently(way: &Arc<Way>, entry: Entry) -> Result<Outcome, Trouble> {
    let of = Arc::clone(way);
    let hashed = tokio::task::spawn_blocking(move || (of.key_of(&entry), entry)).await;
    let (key, entry) = hashed.map_err(|_| Trouble::Everything("no key could be made".to_owned()))?;
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match way.import(&entry, &key).await {
            Err(Trouble::Later(asked, _)) => {
                let chance = pause.mul_f64(fastrand::f64() / 4.0);
                let wait = pause.max(asked.unwrap_or_default()).min(LONGEST_PAUSE);
                tokio::time::sleep(wait + chance).await;
                pause *= 2;
            }
            ended => return ended,
        }
    }
    way.import(&entry, &key).await
}
