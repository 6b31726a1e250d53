//! Syntax colours, one line at a time, in the terminal's own palette.

use std::collections::HashMap;
use std::sync::LazyLock;

use ratatui::style::{Color, Modifier, Style};
use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet,
};

use super::wrap::{Pieces, push_piece};

/// Longer lines are generated text; colouring them costs time and helps nobody.
const MAX_LINE: usize = 2_000;
/// Bytes of one block that are coloured (a fifth of a second's work); the rest
/// stays plain, so that a huge block costs no more than a large one.
const MAX_BLOCK: usize = 48 * 1024;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Scope prefixes and their look; the most specific prefix of a scope wins.
static LOOKS: LazyLock<Vec<(Scope, Style)>> = LazyLock::new(|| {
    let fg = |color| Style::new().fg(color);
    let dim = Style::new().add_modifier(Modifier::DIM);
    [
        ("comment", dim),
        ("punctuation.definition.comment", dim),
        ("string", fg(Color::Green)),
        ("constant", fg(Color::Yellow)),
        ("constant.character.escape", fg(Color::Cyan)),
        ("keyword", fg(Color::Magenta)),
        ("keyword.operator", Style::new()),
        ("keyword.operator.word", fg(Color::Magenta)),
        ("storage", fg(Color::Magenta)),
        ("entity.name.function", fg(Color::Blue)),
        ("entity.name.type", fg(Color::Cyan)),
        ("entity.name.class", fg(Color::Cyan)),
        ("entity.name.struct", fg(Color::Cyan)),
        ("entity.name.enum", fg(Color::Cyan)),
        ("entity.name.trait", fg(Color::Cyan)),
        ("entity.name.tag", fg(Color::Blue)),
        (
            "entity.name.section",
            Style::new().add_modifier(Modifier::BOLD),
        ),
        ("entity.other.attribute-name", fg(Color::Yellow)),
        ("support.function", fg(Color::Blue)),
        ("support.macro", fg(Color::Blue)),
        ("support.type", fg(Color::Cyan)),
        ("support.class", fg(Color::Cyan)),
        ("variable.function", fg(Color::Blue)),
        ("variable.language", fg(Color::Magenta)),
        ("markup.inserted", fg(Color::Green)),
        ("markup.deleted", fg(Color::Red)),
        ("markup.heading", Style::new().add_modifier(Modifier::BOLD)),
        ("invalid", Style::new()),
    ]
    .into_iter()
    .filter_map(|(name, style)| Some((Scope::new(name).ok()?, style)))
    .collect()
});

/// What is known of the lines so far of one block of code.
#[derive(Clone)]
pub struct Highlighter {
    state: Option<State>,
    seen: usize,
}

#[derive(Clone)]
struct State {
    parse: ParseState,
    scopes: ScopeStack,
    styles: Vec<Style>,
    looks: HashMap<Scope, Option<Style>>,
}

impl Highlighter {
    /// For code in a language named as after a Markdown fence (`rust`, `py`, `c++`).
    /// An unknown or empty name gives plain text.
    pub fn for_language(name: &str) -> Self {
        let token = name.split([',', ' ', '{']).next().unwrap_or_default();
        if token.is_empty() || matches!(token, "text" | "txt" | "plain" | "plaintext" | "output") {
            return Self::plain();
        }
        Self::with(SYNTAXES.find_syntax_by_token(alias(token)))
    }

    /// For the file at a path, by its extension.
    pub fn for_path(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit('.').next().unwrap_or(name);
        Self::with(
            SYNTAXES
                .find_syntax_by_extension(name)
                .or_else(|| SYNTAXES.find_syntax_by_extension(alias(extension))),
        )
    }

    /// Without colours.
    pub fn plain() -> Self {
        Self {
            state: None,
            seen: 0,
        }
    }

    fn with(syntax: Option<&SyntaxReference>) -> Self {
        let state = syntax
            .filter(|syntax| syntax.name != "Plain Text")
            .map(|syntax| State {
                parse: ParseState::new(syntax),
                scopes: ScopeStack::new(),
                styles: Vec::new(),
                looks: HashMap::new(),
            });
        Self { state, seen: 0 }
    }

    /// The next line (without its newline) in pieces of one style.
    pub fn line(&mut self, text: &str) -> Pieces {
        self.seen += text.len() + 1;
        if self.seen > MAX_BLOCK || text.len() > MAX_LINE {
            // The state after an unread line is unknown: colours would be wrong from here.
            self.state = None;
        }
        match &mut self.state {
            Some(state) => state.line(text).unwrap_or_else(|| plain(text)),
            None => plain(text),
        }
    }
}

fn plain(text: &str) -> Pieces {
    let mut pieces = Pieces::new();
    if !text.is_empty() {
        pieces.push((text.to_owned(), Style::new()));
    }
    pieces
}

impl State {
    fn line(&mut self, text: &str) -> Option<Pieces> {
        let with_newline = format!("{text}\n");
        let operations = self.parse.parse_line(&with_newline, &SYNTAXES).ok()?;
        let mut pieces = Pieces::new();
        let mut at = 0;
        for (position, operation) in operations {
            let end = position.min(text.len());
            if end > at {
                push_piece(&mut pieces, text.get(at..end)?, self.style());
                at = end;
            }
            let (looks, styles) = (&mut self.looks, &mut self.styles);
            self.scopes
                .apply_with_hook(&operation, |change, _| match change {
                    BasicScopeStackOp::Push(scope) => {
                        let inherited = styles.last().copied().unwrap_or_default();
                        let own = *looks.entry(scope).or_insert_with(|| look(scope));
                        styles.push(own.unwrap_or(inherited));
                    }
                    BasicScopeStackOp::Pop => {
                        styles.pop();
                    }
                })
                .ok()?;
        }
        if at < text.len() {
            push_piece(&mut pieces, &text[at..], self.style());
        }
        Some(pieces)
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }
}

fn look(scope: Scope) -> Option<Style> {
    LOOKS
        .iter()
        .filter(|(prefix, _)| prefix.is_prefix_of(scope))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, style)| *style)
}

/// Names models use that the syntax set does not know.
fn alias(token: &str) -> &str {
    match token {
        "shell" | "console" | "shell-session" | "zsh" => "sh",
        "jsonc" | "json5" | "jsonl" => "json",
        "golang" => "go",
        "mjs" | "cjs" => "js",
        "mts" | "cts" => "ts",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: &Pieces) -> String {
        pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn code_keeps_its_text_and_gets_colours() {
        let mut code = Highlighter::for_language("rust");
        let line = "let now = \"世界\"; // why";
        let pieces = code.line(line);
        assert_eq!(texts(&pieces), line);
        let colour = |part: &str| {
            pieces
                .iter()
                .find(|(text, _)| text.contains(part))
                .map(|(_, style)| *style)
        };
        assert_eq!(colour("let").and_then(|s| s.fg), Some(Color::Magenta));
        assert_eq!(colour("世界").and_then(|s| s.fg), Some(Color::Green));
        assert_eq!(colour("why").map(|s| s.add_modifier), Some(Modifier::DIM));
    }

    #[test]
    fn a_comment_goes_on_over_lines() {
        let mut code = Highlighter::for_path("src/a.rs");
        code.line("/* one");
        assert_eq!(code.line("two")[0].1.add_modifier, Modifier::DIM);
    }

    #[test]
    fn unknown_languages_and_long_lines_are_plain() {
        assert_eq!(
            Highlighter::for_language("no-such").line("let x"),
            plain("let x")
        );
        let long = format!("let {}", "x".repeat(MAX_LINE));
        assert_eq!(Highlighter::for_language("rust").line(&long).len(), 1);
        for name in [
            "python", "ts", "tsx", "go", "sh", "console", "toml", "json", "c++", "diff",
        ] {
            assert!(
                Highlighter::for_language(name).state.is_some(),
                "{name} has no syntax"
            );
        }
    }
}
