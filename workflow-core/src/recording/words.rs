//! Words: times, outcomes and executions of a recording, as a reader wants them.

use std::time::Duration;

use super::{Ended, Execution, Outcome, WaitEnded, Waited};

/// A length of time in the units in which one thinks of it: `12 µs`, `3.4 ms`, `1.2 s`, `2 min 5 s`, `3 d 4 h`.
pub(crate) fn length(time: Duration) -> String {
    let nanos = time.as_nanos();
    let seconds = time.as_secs();
    let fraction = |unit: u128, name: &str| {
        let tenths = nanos * 10 / unit;
        match (tenths / 10, tenths % 10) {
            (whole, 0) => format!("{whole} {name}"),
            (whole, _) if whole >= 100 => format!("{whole} {name}"),
            (whole, tenth) => format!("{whole}.{tenth} {name}"),
        }
    };
    let pair = |large: u64, large_name: &str, small: u64, small_name: &str| match small {
        0 => format!("{large} {large_name}"),
        small => format!("{large} {large_name} {small} {small_name}"),
    };
    match (nanos, seconds) {
        (0, _) => "0 s".to_owned(),
        (1..1_000, _) => "<1 µs".to_owned(),
        (1_000..1_000_000, _) => format!("{} µs", nanos / 1_000),
        (1_000_000..1_000_000_000, _) => fraction(1_000_000, "ms"),
        (_, 0..60) => fraction(1_000_000_000, "s"),
        (_, 60..3_600) => pair(seconds / 60, "min", seconds % 60, "s"),
        (_, 3_600..86_400) => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// A moment as a date and a time of day, UTC. `milliseconds` are those since 1970.
pub(crate) fn moment(milliseconds: u64) -> String {
    let (days, seconds) = (milliseconds / 86_400_000, milliseconds / 1_000 % 86_400);
    // The date of a day: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{:02} UTC",
        era * 400 + year + later,
        seconds % 60
    )
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Outcome {
    /// How the run ended, in a sentence without its subject.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Open => "goes on".to_owned(),
            Self::Stopped(event) => format!("ended with {}", event.words()),
            Self::Failed { step, attempts: 1, error } => format!("failed: `{step}` gave up: {error}"),
            Self::Failed { step, attempts, error } => {
                format!("failed: `{step}` gave up after {attempts} tries: {error}")
            }
            Self::Stalled { why } => format!("stalled: {why}"),
            Self::TimedOut { running } if running.is_empty() => "timed out".to_owned(),
            Self::TimedOut { running } => format!("timed out in {}", running.join(", ")),
            Self::Cancelled => "was cancelled".to_owned(),
            Self::Refused { why } => format!("could not go on: {why}"),
        }
    }
}

impl Execution {
    /// The step, with the try if that is not the first.
    pub(crate) fn title(&self) -> String {
        match self.attempt {
            1 => self.step.to_string(),
            attempt => format!("{}, try {attempt}", self.step),
        }
    }

    /// What is worth a remark beside its name and time.
    pub(crate) fn remark(&self) -> String {
        let waits = self.waits().iter().map(Waited::words);
        let end = match &self.ended {
            Ended::Returned => None,
            Ended::Running => Some("goes on".to_owned()),
            Ended::Dropped => Some("dropped".to_owned()),
            Ended::Failed { error, again: None } => Some(format!("✗ {error}")),
            Ended::Failed { error, again: Some(wait) } => {
                Some(format!("✗ {error}; again in {}", length(*wait)))
            }
        };
        end.into_iter().chain(waits).collect::<Vec<_>>().join("; ")
    }
}

impl Waited {
    pub(super) fn words(&self) -> String {
        let time = length(self.lasted);
        match self.ended {
            WaitEnded::Open => format!("waits for {}, {time} so far", self.event),
            WaitEnded::Got(_) => format!("waited {time} for {}", self.event),
            WaitEnded::TimedOut => format!("waited {time} in vain for {}", self.event),
            WaitEnded::Dropped => format!("waited {time} for {}, then no more", self.event),
        }
    }
}
