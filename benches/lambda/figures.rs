//! Figures: from what was measured to what is printed.

use std::time::Duration;

/// The lower quartile, the median and the upper quartile.
pub(crate) fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [last / 4, last / 2, last * 3 / 4].map(|index| values[index])
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "nothing here is near 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}

/// Three digits.
pub(crate) fn short(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// The median and, in parentheses, the quartiles.
pub(crate) fn spread([low, median, high]: [f64; 3]) -> String {
    format!("{} ({}–{})", short(median), short(low), short(high))
}
