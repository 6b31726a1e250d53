//! When to try again, and after how long. Pure.

use std::time::Duration;

/// Attempts in all for an error that should pass soon.
pub const ATTEMPTS: u32 = 6;
/// Attempts in all where nothing answers; it rarely changes within seconds.
pub const BRIEF_ATTEMPTS: u32 = 3;
/// Attempts in all while the server is overloaded or asks to slow down.
pub const BUSY_ATTEMPTS: u32 = 8;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);
/// Longest wait a server can ask for.
const CAP: Duration = Duration::from_secs(120);

/// What a failed attempt says about the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The same request would fail the same way.
    Never,
    /// It may be a passing disturbance, or stay.
    Briefly,
    /// It should pass soon.
    Soon,
    /// The server is busy; patience pays.
    Busy,
}

impl Again {
    /// Judges a status code; a server's `x-should-retry` has the last word.
    pub fn for_status(status: u16, should_retry: Option<&str>) -> Self {
        let usual = match status {
            429 | 529 => Self::Busy,
            // Not implemented and version not supported will not change.
            501 | 505 => Self::Never,
            408 | 409 | 500..=599 => Self::Soon,
            _ => Self::Never,
        };
        match should_retry {
            Some("false") => Self::Never,
            Some("true") if usual == Self::Never => Self::Soon,
            _ => usual,
        }
    }

    /// Attempts in all.
    pub fn attempts(self) -> u32 {
        match self {
            Self::Never => 1,
            Self::Briefly => BRIEF_ATTEMPTS,
            Self::Soon => ATTEMPTS,
            Self::Busy => BUSY_ATTEMPTS,
        }
    }
}

/// The wait before attempt number `next` (from 2). The server's wish wins;
/// otherwise the wait doubles from half a second to eight, less up to a quarter
/// so that many clients do not return at once. `random` is any number.
pub fn wait(next: u32, wish: Option<Duration>, random: u64) -> Duration {
    if let Some(wish) = wish {
        return wish.min(CAP);
    }
    let doublings = next.saturating_sub(2).min(10);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    full - full.mul_f64((random % 1000) as f64 / 4000.0)
}

/// How long a server asks to wait: `retry-after-ms`, else `retry-after` in
/// seconds or as an HTTP date, which is compared with `now` (ms since the epoch).
pub fn server_wish(
    retry_after_ms: Option<&str>,
    retry_after: Option<&str>,
    now: u64,
) -> Option<Duration> {
    let millis = |text: &str, unit: f64| {
        let number: f64 = text.trim().parse().ok()?;
        (number >= 0.0 && number.is_finite())
            .then(|| Duration::from_millis((number * unit).min(1e12) as u64))
    };
    retry_after_ms
        .and_then(|text| millis(text, 1.0))
        .or_else(|| {
            let text = retry_after?;
            millis(text, 1000.0).or_else(|| {
                let at = http_date(text.trim())?;
                Some(Duration::from_millis(at.saturating_sub(now)))
            })
        })
}

/// Milliseconds since the epoch of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(str::parse::<u64>);
    let mut unit = || clock.next()?.ok();
    let (hour, minute, second) = (unit()?, unit()?, unit()?);
    if parts.next()? != "GMT" || !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since the epoch, counting years from March so that the leap day is last.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        for (status, header, expected) in [
            (400, None, Again::Never),
            (401, None, Again::Never),
            (404, None, Again::Never),
            (408, None, Again::Soon),
            (409, None, Again::Soon),
            (413, None, Again::Never),
            (422, None, Again::Never),
            (429, None, Again::Busy),
            (500, None, Again::Soon),
            (501, None, Again::Never),
            (503, None, Again::Soon),
            (529, None, Again::Busy),
            (529, Some("false"), Again::Never),
            (400, Some("true"), Again::Soon),
            (429, Some("true"), Again::Busy),
        ] {
            assert_eq!(Again::for_status(status, header), expected, "{status}");
        }
    }

    #[test]
    fn waits_grow_to_a_limit() {
        let waits: Vec<u128> = (2..9).map(|n| wait(n, None, 0).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
    }

    #[test]
    fn the_server_decides_within_reason() {
        let now = 784_111_777_000;
        for (ms, after, expected) in [
            (Some("1500"), Some("9"), Some(1500)),
            (None, Some("2"), Some(2000)),
            (None, Some("0.5"), Some(500)),
            (None, Some("Sun, 06 Nov 1994 08:49:40 GMT"), Some(3000)),
            (None, Some("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0)),
            (Some("soon"), Some("later"), None),
            (None, Some("-1"), None),
            (None, None, None),
        ] {
            assert_eq!(
                server_wish(ms, after, now),
                expected.map(Duration::from_millis),
                "{ms:?} {after:?}"
            );
        }
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(wait(2, hour, 0), CAP);
    }

    #[test]
    fn http_dates_agree_with_the_calendar() {
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(
            http_date("Tue, 29 Feb 2000 12:00:01 GMT"),
            Some(951_825_601_000)
        );
        assert_eq!(http_date("Sat, 21 Nov 2026 09:01:01 UTC"), None);
    }

    proptest! {
        #[test]
        fn jitter_takes_at_most_a_quarter(next in 2u32..100, random: u64) {
            let (full, got) = (wait(next, None, 0), wait(next, None, random));
            prop_assert!(got <= full && got >= full.mul_f64(0.75));
        }

        #[test]
        fn header_values_never_panic(text in "\\PC{0,40}", now: u64) {
            let _ = server_wish(Some(&text), Some(&text), now);
        }
    }
}
