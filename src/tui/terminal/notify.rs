//! Telling a user who looks elsewhere.

use crate::config::Notify;
use crate::stdx::text::{clean, one_line};

use super::identity::{Terminal, TerminalEnv};

const MAX_TEXT: usize = 120;

/// The sequence a terminal takes a notification by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `OSC 9 ; text`.
    Nine,
    /// `OSC 777 ; notify ; title ; text`.
    Urxvt,
}

fn kind(terminal: Terminal, env: &TerminalEnv) -> Option<Kind> {
    if env.tmux || matches!(terminal, Terminal::Tmux | Terminal::Screen) {
        // What is outside is not known, and may print what it does not know.
        return None;
    }
    match env.term_program.as_str() {
        "iTerm.app" | "WezTerm" | "ghostty" => return Some(Kind::Nine),
        _ => {}
    }
    match terminal {
        Terminal::Kitty | Terminal::OldKitty => Some(Kind::Nine),
        Terminal::Vte => Some(Kind::Urxvt),
        _ if env.term.starts_with("rxvt") || env.term.starts_with("foot") => Some(Kind::Urxvt),
        _ => None,
    }
}

/// The bytes that notify on a terminal.
pub fn bytes(how: Notify, terminal: Terminal, env: &TerminalEnv, text: &str) -> Vec<u8> {
    let kind = kind(terminal, env);
    let (bell, kind) = match how {
        Notify::Auto => (true, kind),
        Notify::Bell => (true, None),
        Notify::Osc => (false, Some(kind.unwrap_or(Kind::Nine))),
        Notify::Off => (false, None),
    };
    let mut out = Vec::new();
    let text = one_line(&clean(text), MAX_TEXT).replace(';', ",");
    match kind {
        Some(Kind::Nine) => out.extend_from_slice(format!("\x1b]9;{text}\x1b\\").as_bytes()),
        Some(Kind::Urxvt) => {
            out.extend_from_slice(format!("\x1b]777;notify;sofos;{text}\x1b\\").as_bytes());
        }
        None => {}
    }
    if bell {
        out.push(0x07);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_terminal_is_told_in_its_own_way() {
        let env = TerminalEnv::default();
        let told = |how, terminal, env: &TerminalEnv| {
            String::from_utf8(bytes(how, terminal, env, "done; \u{1b}]0;x\u{7}ok")).unwrap()
        };
        assert_eq!(told(Notify::Auto, Terminal::Unknown, &env), "\u{7}");
        assert_eq!(
            told(Notify::Auto, Terminal::Kitty, &env),
            "\u{1b}]9;done, ok\u{1b}\\\u{7}"
        );
        assert_eq!(
            told(Notify::Osc, Terminal::Vte, &env),
            "\u{1b}]777;notify;sofos;done, ok\u{1b}\\"
        );
        assert_eq!(told(Notify::Bell, Terminal::Kitty, &env), "\u{7}");
        assert_eq!(told(Notify::Off, Terminal::Kitty, &env), "");
        let tmux = TerminalEnv {
            tmux: true,
            ..TerminalEnv::default()
        };
        assert_eq!(told(Notify::Auto, Terminal::Kitty, &tmux), "\u{7}");
    }
}
