//! Windows: how many Challenges of a Factor there can be in some time (contract, section 7).

use super::Method;
use crate::time::Timestamp;

/// Challenges of a Factor that were created in the present hour and in the present day. Each begins with the first Challenge after
/// the last one ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(super) hour: Option<Window>,
    pub(super) day: Option<Window>,
}

/// A stretch of time and what was created in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(super) begins: Timestamp,
    pub(super) count: u8,
}

/// Seconds in the shorter window.
const HOUR: u32 = 3600;
/// Seconds in the longer one.
const DAY: u32 = 24 * 3600;

/// Challenges of one Factor, at the most; `None` where that window sets no limit.
struct Limits {
    hour: Option<u8>,
    day: u8,
}

/// Fewer where there are fewer codes to guess, and for push, which somebody is to be asked by and not worn out.
fn limits(method: &Method) -> Limits {
    match method {
        Method::Push => Limits {
            hour: Some(20),
            day: 100,
        },
        Method::Totp(totp) if totp.code_length.get() <= 4 => Limits { hour: None, day: 10 },
        Method::Totp(_) => Limits {
            hour: Some(50),
            day: 100,
        },
    }
}

impl Windows {
    /// The windows after one more at `now`.
    ///
    /// # Errors
    /// The seconds until there can be one more.
    pub(super) fn one_more(self, method: &Method, now: Timestamp) -> Result<Self, u64> {
        let Limits { hour, day } = limits(method);
        let of_hour = hour.map(|limit| one_more(self.hour, HOUR, limit, now));
        let of_day = one_more(self.day, DAY, day, now);
        match (of_hour.transpose(), of_day) {
            (Ok(hour), Ok(day)) => Ok(Self { hour, day: Some(day) }),
            (Err(hour), Err(day)) => Err(hour.max(day)),
            (Err(wait), Ok(_)) | (Ok(_), Err(wait)) => Err(wait),
        }
    }
}

/// The window that `now` is in, after one more; or else the seconds until it ends.
fn one_more(window: Option<Window>, length: u32, limit: u8, now: Timestamp) -> Result<Window, u64> {
    // A clock that was set back is in the window, which then takes longer.
    match window.filter(|window| now < window.begins.after(length)) {
        None => Ok(Window {
            begins: now,
            count: 1,
        }),
        Some(window) if window.count < limit => Ok(Window {
            count: window.count + 1,
            ..window
        }),
        Some(window) => Err(window.begins.after(length).unix() - now.unix()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::factor::tests::{creation, factor, totp_factor};

    fn at(second: u32) -> Timestamp {
        creation().now.after(second)
    }

    fn totp(code_length: u8) -> Method {
        totp_factor(&format!("Config.CodeLength={code_length}"), creation())
            .0
            .config
            .method()
    }

    fn push() -> Method {
        let form = "FriendlyName=a&FactorType=push&Config.AppId=a&Config.NotificationPlatform=none&Config.SdkVersion=1\
                    &Binding.PublicKey=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgsFl6xPQBwhtwUEyeJkeozFmi2jiJDzxFSMwVy3kVR1h\
                    %2FdPVYOfgkC0EkfBRJ0J%2F6xW47FD5vA%3D%3D";
        factor(form, creation()).0.config.method()
    }

    /// How many there can be in a row at one second.
    fn fill(windows: &mut Windows, method: &Method, second: u32) -> usize {
        let mut count = 0;
        while let Ok(next) = windows.one_more(method, at(second)) {
            *windows = next;
            count += 1;
        }
        count
    }

    #[test]
    fn each_type_has_its_limits() {
        for (config, at_once, in_a_day) in [
            (totp(3), 10, 10),
            (totp(4), 10, 10),
            (totp(5), 50, 100),
            (totp(8), 50, 100),
            (push(), 20, 100),
        ] {
            let mut windows = Windows::default();
            assert_eq!(fill(&mut windows, &config, 0), at_once);
            let later: usize = (1..24).map(|hour| fill(&mut windows, &config, hour * HOUR)).sum();
            assert_eq!(at_once + later, in_a_day);
            assert_eq!(fill(&mut windows, &config, DAY - 1), 0);
            assert_eq!(fill(&mut windows, &config, DAY), at_once);
        }
    }

    #[test]
    fn a_window_begins_with_the_first_after_the_last_one_ended() {
        let (config, mut windows) = (push(), Windows::default());
        assert_eq!(fill(&mut windows, &config, 100), 20);
        for (second, wait) in [(100, 3600), (101, 3599), (3699, 1)] {
            assert_eq!(windows.one_more(&config, at(second)), Err(wait));
        }
        assert_eq!(fill(&mut windows, &config, 9000), 20);
        assert_eq!(windows.one_more(&config, at(9000)), Err(3600));
        assert_eq!(windows.hour.map(|hour| hour.begins), Some(at(9000)));
    }

    #[test]
    fn the_longer_wait_is_told() {
        let (config, mut windows) = (push(), Windows::default());
        for hour in 0..5 {
            fill(&mut windows, &config, hour * HOUR);
        }
        assert_eq!(windows.one_more(&config, at(4 * HOUR)), Err(20 * 3600));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_a_window_longer() {
        let (config, mut windows) = (totp(3), Windows::default());
        fill(&mut windows, &config, 1000);
        assert_eq!(windows.one_more(&config, at(0)), Err(87_400));
    }
}
