use super::*;
use proptest::prelude::*;

#[test]
fn keys_vanish() {
    let hidden = |start: &str, body: &str, behind: &str| {
        let text = format!("x {start}{body}{behind}");
        assert_eq!(redact(&text), format!("x {start}{MARK}{behind}"));
    };
    let random = "a8Kd03jfQ92mXz71Lq5PbT6vRy4Nw0CeUhGi2s";
    hidden("sk-", "ant-api03-abcdefghijklmnop", ".");
    hidden("sk-", "ant-test-0123456789", "\n");
    hidden("sk-", "proj-abc_DEF-1234567", "\"");
    for start in [
        "sk-",
        "sk_live_",
        "xai-",
        "gsk_",
        "ghp_",
        "gho_",
        "ghs_",
        "github_pat_",
        "glpat-",
        "npm_",
        "hf_",
        "AIza",
        "Bearer ",
        "shpat_",
    ] {
        hidden(start, random, ", next");
        hidden(start, random, "\nnext");
    }
    hidden("AKIA", "IOSFODNN7EXAMPLE", " and");
    hidden("xoxb-", "123456789012-abcdEFGH", ")");
    hidden("Bearer ", "abcdefghijklmnopqrst", "\n");
    hidden(
        "eyJ",
        "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        " is a token",
    );
    assert_eq!(
        redact("é AIzaSyA0123456789abcdef é"),
        format!("é AIza{MARK} é")
    );
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "a task-list and risk-free",
        "sk-short",
        ".sk-folding-cube-container { margin: 0 }",
        "npm_config_cache=/x npm_lifecycle_event=postinstall",
        "Bearer authentication-is-required here",
        "sha512-9n0KxvJxY5bTqg8rJqkHq1v0Lw3Jk5k7m2a6Zb1cD8eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3yZ4A==",
        "checksum = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "AKIA is a prefix; AKIAIOSFODNN7EXAMPLEX is too long",
        "eyJhbGciOiJIUzI1NiJ9 alone is a header",
        "grep 'BEGIN RSA PRIVATE KEY-----' src/lib.rs\nlet x = y;\n",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "desk-0123456789abcdefgh", // the prefix is part of a word
    ] {
        assert_eq!(redact(text), text);
    }
    let text = "if (pem.includes(\"-----BEGIN PRIVATE KEY-----\")) {\n  load(pem)\n}\nreturn\n";
    assert_eq!(redact(text), text);
}

const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";

#[test]
fn private_keys_vanish_however_they_are_listed() {
    let head = "-----BEGIN RSA PRIVATE KEY-----";
    let foot = "-----END RSA PRIVATE KEY-----";
    for (before, behind) in [
        ("", ""),
        ("12\t", ""),
        ("src/k.pem:7:", ""),
        ("  \"", "\\n\""),
    ] {
        let line = |text: &str| format!("{before}{text}{behind}\n");
        let text: String = [head, BODY, BODY, "short==", foot, "after"]
            .map(line)
            .concat();
        let expected: String = [head, MARK, MARK, MARK, foot, "after"].map(line).concat();
        assert_eq!(redact(&text), expected);
    }
    let json = format!("{{\"key\": \"{head}\\n{BODY}\\n{BODY}\\n{foot}\\n\"}}");
    assert_eq!(
        redact(&json),
        format!("{{\"key\": \"{head}{MARK}{foot}\\n\"}}")
    );
    let cut = format!("{head}\nProc-Type: 4,ENCRYPTED\n\n{BODY}\nnot a part: of it\n");
    assert_eq!(redact(&cut), cut.replace(BODY, MARK));
}

#[test]
fn values_of_the_users_own_vanish() {
    let secrets = Secrets::new(
        [
            "hunter2-hunter2",
            "pass phrase 9",
            "word",
            "password",
            "/home/u/.config/creds.json",
            "two\nlines-of-1",
            "12345678",
            "https://example.com/x",
        ]
        .map(String::from),
    );
    for (text, expected) in [
        ("a hunter2-hunter2b", "a [redacted]b"),
        ("pass phrase 9", "[redacted]"),
        (
            "lines-of-1 two word password 12345678",
            "[redacted] two word password 12345678",
        ),
        ("/home/u/.config/creds.json", "/home/u/.config/creds.json"),
    ] {
        assert_eq!(secrets.redact(text), expected);
    }
    let known = redact_known("x=custom-secret-1", &["custom-secret-1".into(), "x".into()]);
    assert_eq!(known, "x=[redacted]");
    assert_eq!(format!("{secrets:?}"), "3 secrets");
}

fn in_pieces(text: &str, cuts: &[usize]) -> String {
    let mut redactor = Redactor::new(Secrets::new(["pass phrase 9".to_string()]));
    let (mut out, mut from) = (String::new(), 0);
    for cut in cuts {
        let cut = text.floor_char_boundary(from + cut % 40);
        redactor.push(&text[from..cut], &mut out);
        if cut.is_multiple_of(3) {
            redactor.flush(&mut out);
        }
        from = cut;
    }
    redactor.push(&text[from..], &mut out);
    redactor.finish(&mut out);
    out
}

#[test]
fn a_token_behind_a_value_is_not_parted() {
    let text = "pass phrase 9Bearer phraseghp_a8Kd03jfQ92mXz71Lq5P";
    assert_eq!(in_pieces(text, &[27]), in_pieces(text, &[]));
    assert!(!in_pieces(text, &[27]).contains("ghp_a8Kd"));
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        words in prop::collection::vec(prop::sample::select(vec![
            "sk-ant-test-0123456789", "pass phrase 9", "pass ", "phrase", " ", "\n", "é", "a8Kd03jf",
            "AKIAIOSFODNN7EXAMPLE", "-----BEGIN PRIVATE KEY-----\n", BODY, "-----END", "Bearer ",
            "ghp_a8Kd03jfQ92mXz71Lq5P", ".eyJ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.dozjgNryP4J3jVmNHl0w",
        ]), 0..20),
        cuts in prop::collection::vec(0usize..40, 0..30),
    ) {
        let text = words.concat();
        let whole = in_pieces(&text, &[]);
        let pieces = in_pieces(&text, &cuts);
        // Looking in the middle of a line may show less of it, never more.
        for secret in ["sk-ant-test-0", "pass phrase 9", "AKIAIOS", "ghp_a8Kd"] {
            prop_assert_eq!(whole.contains(secret), pieces.contains(secret), "{:?} {:?}", whole, pieces);
        }
    }
}

#[test]
fn a_line_without_an_end_is_passed_on_in_bounded_memory() {
    let mut redactor = Redactor::default();
    let mut out = String::new();
    for _ in 0..100 {
        redactor.push(&"QUJD/".repeat(1000), &mut out);
        assert!(redactor.held.len() <= LONGEST_LINE + 5000);
    }
    redactor.finish(&mut out);
    assert_eq!(out, "QUJD/".repeat(100_000));
}
