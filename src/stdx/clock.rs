//! Time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch; 0 when the clock is before it.
pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// Calendar date and time in UTC: year, month, day, hour, minute, second.
pub fn utc(ms: u64) -> (i64, u32, u32, u32, u32, u32) {
    let seconds = ms / 1000;
    let (day_seconds, days) = (seconds % 86_400, (seconds / 86_400) as i64);
    // Days to civil date by the era method (400-year cycles from 0000-03-01).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_index + 2) / 5 + 1) as u32;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (day_seconds / 3600, day_seconds / 60 % 60, day_seconds % 60);
    (year, month, day, hour as u32, minute as u32, second as u32)
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn utc_knows_leap_days_and_year_ends() {
        assert_eq!(utc(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(utc(951_782_400_000), (2000, 2, 29, 0, 0, 0));
        assert_eq!(utc(1_735_689_599_999), (2024, 12, 31, 23, 59, 59));
        assert_eq!(utc(1_795_251_661_000), (2026, 11, 21, 9, 1, 1));
    }
}
