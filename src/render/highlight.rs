//! Syntax colours, one line at a time, in the terminal's own palette.

use std::collections::HashMap;
use std::sync::LazyLock;

use ratatui::style::{Modifier, Style};
use syntect::parsing::{
    BasicScopeStackOp, ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet,
};

use super::theme::CodeTheme;
use super::wrap::{Pieces, push_piece};

/// Longer lines are generated text; colouring them costs time and helps nobody.
const MAX_LINE: usize = 2_000;
/// Bytes of one block that are coloured (a fifth of a second's work); the rest
/// stays plain, so that a huge block costs no more than a large one.
const MAX_BLOCK: usize = 48 * 1024;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// How a scope looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Plain,
    Bold,
    Accent,
    Comment,
    String,
    Number,
    Keyword,
    Function,
    Kind,
    Added,
    Removed,
}

impl Look {
    fn style(self, theme: &CodeTheme) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Bold => Style::new().add_modifier(Modifier::BOLD),
            Self::Comment => theme.comment,
            Self::String => theme.string,
            Self::Number => theme.number,
            Self::Keyword => theme.keyword,
            Self::Function => theme.function,
            Self::Kind | Self::Accent => theme.kind,
            Self::Added => theme.added,
            Self::Removed => theme.removed,
        }
    }
}

/// Scope prefixes and their look; the most specific prefix of a scope wins.
static LOOKS: LazyLock<Vec<(Scope, Look)>> = LazyLock::new(|| {
    [
        ("comment", Look::Comment),
        ("punctuation.definition.comment", Look::Comment),
        ("string", Look::String),
        ("constant", Look::Number),
        ("constant.character.escape", Look::Accent),
        ("keyword", Look::Keyword),
        ("keyword.operator", Look::Plain),
        ("keyword.operator.word", Look::Keyword),
        ("storage", Look::Keyword),
        ("entity.name.function", Look::Function),
        ("entity.name.type", Look::Kind),
        ("entity.name.class", Look::Kind),
        ("entity.name.struct", Look::Kind),
        ("entity.name.enum", Look::Kind),
        ("entity.name.trait", Look::Kind),
        ("entity.name.tag", Look::Function),
        ("entity.name.section", Look::Bold),
        ("entity.other.attribute-name", Look::Number),
        ("support.function", Look::Function),
        ("support.macro", Look::Function),
        ("support.type", Look::Kind),
        ("support.class", Look::Kind),
        ("variable.function", Look::Function),
        ("variable.language", Look::Keyword),
        ("markup.inserted", Look::Added),
        ("markup.deleted", Look::Removed),
        ("markup.heading", Look::Bold),
        ("invalid", Look::Plain),
    ]
    .into_iter()
    .filter_map(|(name, look)| Some((Scope::new(name).ok()?, look)))
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
    theme: CodeTheme,
}

impl Highlighter {
    /// For code in a language named as after a Markdown fence (`rust`, `py`, `c++`).
    /// An unknown or empty name gives plain text.
    pub fn for_language(name: &str, theme: &CodeTheme) -> Self {
        let token = name.split([',', ' ', '{']).next().unwrap_or_default();
        if token.is_empty() || matches!(token, "text" | "txt" | "plain" | "plaintext" | "output") {
            return Self::plain();
        }
        Self::with(SYNTAXES.find_syntax_by_token(alias(token)), theme)
    }

    /// For the file at a path, by its extension.
    pub fn for_path(path: &str, theme: &CodeTheme) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let extension = name.rsplit('.').next().unwrap_or(name);
        Self::with(
            SYNTAXES
                .find_syntax_by_extension(name)
                .or_else(|| SYNTAXES.find_syntax_by_extension(alias(extension))),
            theme,
        )
    }

    /// Without colours.
    pub fn plain() -> Self {
        Self {
            state: None,
            seen: 0,
        }
    }

    fn with(syntax: Option<&SyntaxReference>, theme: &CodeTheme) -> Self {
        let state = syntax
            .filter(|syntax| syntax.name != "Plain Text")
            .map(|syntax| State {
                parse: ParseState::new(syntax),
                scopes: ScopeStack::new(),
                styles: Vec::new(),
                looks: HashMap::new(),
                theme: *theme,
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
            let (looks, styles, theme) = (&mut self.looks, &mut self.styles, &self.theme);
            self.scopes
                .apply_with_hook(&operation, |change, _| match change {
                    BasicScopeStackOp::Push(scope) => {
                        let inherited = styles.last().copied().unwrap_or_default();
                        let own = *looks.entry(scope).or_insert_with(|| look(scope, theme));
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

fn look(scope: Scope, theme: &CodeTheme) -> Option<Style> {
    LOOKS
        .iter()
        .filter(|(prefix, _)| prefix.is_prefix_of(scope))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, look)| look.style(theme))
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
    use ratatui::style::Color;

    use super::*;

    fn texts(pieces: &Pieces) -> String {
        pieces.iter().map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn code_keeps_its_text_and_gets_colours() {
        let mut code = Highlighter::for_language("rust", &CodeTheme::default());
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
        let mut code = Highlighter::for_path("src/a.rs", &CodeTheme::default());
        code.line("/* one");
        assert_eq!(code.line("two")[0].1.add_modifier, Modifier::DIM);
    }

    #[test]
    fn unknown_languages_and_long_lines_are_plain() {
        assert_eq!(
            Highlighter::for_language("no-such", &CodeTheme::default()).line("let x"),
            plain("let x")
        );
        let long = format!("let {}", "x".repeat(MAX_LINE));
        assert_eq!(
            Highlighter::for_language("rust", &CodeTheme::default())
                .line(&long)
                .len(),
            1
        );
        for name in [
            "python", "ts", "tsx", "go", "sh", "console", "toml", "json", "c++", "diff",
        ] {
            assert!(
                Highlighter::for_language(name, &CodeTheme::default())
                    .state
                    .is_some(),
                "{name} has no syntax"
            );
        }
    }
}
