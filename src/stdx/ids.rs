//! Random identifiers.

use super::clock;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// `length` random characters of Crockford's base 32 (5 bits each), lower case.
pub fn random(length: usize) -> String {
    let mut bytes = vec![0u8; length];
    if getrandom::fill(&mut bytes).is_err() {
        // No entropy source: ids must still differ between calls of one process.
        let mut seed = clock::now_ms() ^ (std::process::id() as u64) << 32;
        for byte in &mut bytes {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (seed >> 33) as u8;
        }
    }
    bytes
        .iter()
        .map(|byte| ALPHABET[usize::from(byte % 32)] as char)
        .collect()
}

/// A session id that sorts by time and reads as a date: `20261121-091542-k3f9qz`.
pub fn session() -> String {
    let (year, month, day, hour, minute, second) = clock::utc(clock::now_ms());
    format!(
        "{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{}",
        random(6)
    )
}

/// Whether a string can be a session id: safe as a file name on every system.
pub fn is_valid_session(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_are_valid_and_differ() {
        let (one, two) = (session(), session());
        assert!(is_valid_session(&one), "{one}");
        assert_ne!(one, two);
        for bad in ["", "../x", "a/b", "a.b", "ü"] {
            assert!(!is_valid_session(bad), "{bad}");
        }
    }
}
