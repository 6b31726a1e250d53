//! A paragraph that is shown row by row while it grows.
//!
//! A row is final once the next word does not fit on it and no inline construct
//! (emphasis, code, link) is open across its words. The text is parsed in
//! fragments that end where nothing is open, each once. What is decided depends
//! on the text so far alone, never on how it was cut into chunks.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};

use super::links::{self, Links, resolver};
use super::prepare::{DISPLAY, INLINE, dollar_closes, dollar_opens, needs_it, prepare};
use super::text::{expand_tabs, row_end};
use super::theme::Theme;
use super::wrap::{Pieces, Wrapper, push_piece};

/// A fragment longer than this is parsed although something seems open.
const MAX_FRAGMENT: usize = 4 * 1024;
/// Stands in front of a fragment, so that it is never taken for a list or heading.
const ANCHOR: char = '\u{e000}';

/// Whether a line that starts like this belongs to a paragraph whatever follows
/// in it. Once true for a start of a line it stays true for the whole line.
pub(super) fn is_certain(line: &str) -> bool {
    let text = line.trim_start_matches(' ');
    if line.len() - text.len() > 3 {
        return false;
    }
    let mut chars = text.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    let second = chars.next();
    match first {
        '0'..='9' => {
            let rest = text.trim_start_matches(|ch: char| ch.is_ascii_digit());
            let mut rest = rest.chars();
            match (rest.next(), rest.next()) {
                (None, _) | (Some('.' | ')'), None | Some(' ' | '\t')) => false,
                (Some('.' | ')'), Some(_)) | (Some(_), _) => true,
            }
        }
        '*' | '_' | '`' => {
            let run = text.chars().take_while(|ch| *ch == first).count();
            let after = text.chars().nth(run);
            run < 3 && after.is_some_and(|ch| ch != ' ' && ch != '\t')
        }
        // `$$` and `\\[` begin a formula.
        '$' => second.is_some_and(|ch| ch != '$'),
        '\\' => second.is_some_and(|ch| ch != '['),
        '-' | '+' => second.is_some_and(|ch| ch != ' ' && ch != '\t' && ch != first && ch != '|'),
        '#' | '>' | '=' | '~' | '|' | '<' | '[' | ':' | '\t' => false,
        _ => true,
    }
}

/// What a character did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fed {
    /// It belongs to the paragraph.
    Taken,
    /// The first line may be the head of a table: this is no paragraph yet.
    Table,
}

/// The paragraph.
pub(super) struct Prose {
    wrapper: Wrapper,
    /// Text that is not parsed yet.
    pending: String,
    scan: Scan,
    /// The whole text, until a row of it is final.
    raw: Option<String>,
    /// Spaces at the end of the text, and whether a backslash stands there.
    line_end: (usize, bool),
    first_line: bool,
}

#[derive(Default)]
struct Scan {
    /// Openers of emphasis that wait for their end.
    open: Vec<char>,
    /// Open brackets.
    brackets: usize,
    /// A link target is under way.
    target: bool,
    /// Backticks that opened a code span; 0 outside.
    code: usize,
    /// Backticks of the run under way.
    ticks: usize,
    angle: bool,
    escaped: bool,
    previous: Option<char>,
    /// A run of emphasis marks under way: mark, length, character before it.
    run: Option<(char, usize, Option<char>)>,
    formula: Formula,
}

/// A formula that may be under way. Marks of emphasis in it are none.
#[derive(Default)]
enum Formula {
    #[default]
    None,
    /// A dollar: what follows decides.
    Dollar(Option<char>),
    /// Up to this end, so many characters so far, and how many openers of emphasis
    /// there were before it.
    Open(&'static str, usize, usize),
    /// A dollar inside: what follows decides whether it was the end.
    Closing(usize),
}

impl Prose {
    pub(super) fn new(width: usize) -> Self {
        Self {
            wrapper: Wrapper::new(width),
            pending: String::new(),
            scan: Scan::default(),
            raw: Some(String::new()),
            line_end: (0, false),
            first_line: true,
        }
    }

    pub(super) fn set_width(&mut self, width: usize) {
        self.wrapper.set_width(width);
    }

    /// The whole text, as long as nothing of it is final.
    pub(super) fn raw(&self) -> Option<&str> {
        self.raw.as_deref()
    }

    /// Takes text of the current line; final rows go to `rows`. Ends early with
    /// [`Fed::Table`].
    pub(super) fn feed(
        &mut self,
        text: &str,
        theme: &Theme,
        links: &Links,
        rows: &mut Vec<Pieces>,
    ) -> Fed {
        for ch in text.chars() {
            if let Some(raw) = &mut self.raw {
                raw.push(ch);
                if ch == '|' && self.first_line {
                    return Fed::Table;
                }
            }
            self.line_end = match ch {
                ' ' => (self.line_end.0 + 1, false),
                '\\' => (0, !self.line_end.1),
                _ => (0, false),
            };
            let blank = ch == ' ' || ch == '\t';
            self.scan.step(ch);
            let long = self.pending.len() >= MAX_FRAGMENT;
            if blank && (self.scan.is_settled() || long) || self.pending.len() >= 2 * MAX_FRAGMENT {
                self.flush(theme, links);
                self.scan = Scan::default();
                if blank {
                    self.wrapper.push(" ", Style::new());
                }
                self.take_rows(rows);
            }
            if !(blank && self.pending.is_empty()) {
                self.pending.push(ch);
            }
        }
        Fed::Taken
    }

    /// The line ended and another one of the same paragraph begins.
    pub(super) fn next_line(&mut self, theme: &Theme, links: &Links, rows: &mut Vec<Pieces>) {
        let (spaces, backslash) = self.line_end;
        self.first_line = false;
        if let Some(raw) = &mut self.raw {
            raw.push('\n');
        }
        if spaces >= 2 || backslash {
            if backslash {
                self.pending.pop();
            }
            self.flush(theme, links);
            self.scan = Scan::default();
            self.wrapper.hard_break();
            self.take_rows(rows);
        } else {
            // The newline is a space; the feed may have to stop at it.
            let raw = self.raw.take();
            self.feed(" ", theme, links, rows);
            self.raw = raw.filter(|_| self.wrapper.is_first_row());
        }
        self.line_end = (0, false);
    }

    /// The paragraph is complete.
    pub(super) fn finish(mut self, theme: &Theme, links: &Links) -> Vec<Pieces> {
        self.flush(theme, links);
        self.wrapper.finish()
    }

    /// The unfinished row, at most `columns` of its end.
    pub(super) fn tail(&self, columns: usize) -> Pieces {
        let mut pieces = self.wrapper.unfinished();
        push_piece(&mut pieces, &expand_tabs(&self.pending), Style::new());
        let whole: String = pieces.iter().map(|(text, _)| text.as_str()).collect();
        let mut over = row_end(&whole, columns);
        let mut out = Pieces::new();
        for (text, style) in pieces {
            let skipped = over.min(text.len());
            over -= skipped;
            if skipped < text.len() {
                push_piece(&mut out, &text[skipped..], style);
            }
        }
        out
    }

    fn take_rows(&mut self, rows: &mut Vec<Pieces>) {
        let done = self.wrapper.take_rows();
        if !done.is_empty() {
            self.raw = None;
            rows.extend(done);
        }
    }

    fn flush(&mut self, theme: &Theme, links: &Links) {
        let text = std::mem::take(&mut self.pending);
        let text = if needs_it(&text) {
            prepare(&text, &theme.glyphs).into_owned()
        } else {
            text
        };
        if text.contains(['*', '_', '`', '[', ']', '<', '>', '&', '\\', '~', '!', '\t']) {
            inline(&text, theme, links, &mut self.wrapper);
        } else {
            self.wrapper.push(&text, Style::new());
        }
    }
}

impl Scan {
    fn is_settled(&self) -> bool {
        self.open.is_empty()
            && self.brackets == 0
            && !self.target
            && self.code == 0
            && self.ticks == 0
            && !self.angle
            && self.run.is_none()
            && matches!(self.formula, Formula::None)
    }

    fn formula(&mut self, ch: char) {
        let previous = self.previous.unwrap_or('\n');
        let open = |end, scan: &Self| Formula::Open(end, 0, scan.open.len());
        self.formula = match std::mem::take(&mut self.formula) {
            Formula::None if self.code > 0 => Formula::None,
            Formula::None => match ch {
                '$' if !self.escaped => Formula::Dollar(self.previous),
                '(' if self.escaped => open("\\)", self),
                '[' if self.escaped => open("\\]", self),
                _ => Formula::None,
            },
            Formula::Dollar(_) if ch == '$' => open("$$", self),
            Formula::Dollar(before) if dollar_opens(before.unwrap_or('\n'), ch) => open("$", self),
            Formula::Dollar(_) => Formula::None,
            Formula::Open("$", _, openers) if ch == '$' && dollar_closes(previous, None) => {
                Formula::Closing(openers)
            }
            Formula::Open("$", ..) if ch == '$' => Formula::None,
            Formula::Open(end, _, openers)
                if end.len() == 2 && end.starts_with(previous) && end.ends_with(ch) =>
            {
                self.leave_formula(openers);
                Formula::None
            }
            Formula::Open(end, length, openers) => {
                let most = if end == "$" || end == "\\)" {
                    INLINE
                } else {
                    DISPLAY
                };
                match length < most {
                    true => Formula::Open(end, length + 1, openers),
                    false => Formula::None,
                }
            }
            Formula::Closing(openers) => {
                if dollar_closes('x', Some(ch)) {
                    self.leave_formula(openers);
                }
                Formula::None
            }
        };
    }

    /// What seemed open inside of a formula was a part of it.
    fn leave_formula(&mut self, openers: usize) {
        self.open.truncate(openers);
        self.brackets = 0;
        self.target = false;
        self.angle = false;
        self.run = None;
    }

    fn step(&mut self, ch: char) {
        self.formula(ch);
        if self.ticks > 0 && ch != '`' {
            // A run of backticks is over: it opens a code span or closes one.
            if self.code == 0 {
                self.code = self.ticks;
            } else if self.code == self.ticks {
                self.code = 0;
            }
            self.ticks = 0;
        }
        if let Some((mark, length, before)) = self.run
            && (ch != mark || self.code > 0)
        {
            self.end_run(mark, length, before, ch);
            self.run = None;
        }
        let escaped = std::mem::take(&mut self.escaped);
        match ch {
            '`' if !escaped => self.ticks += 1,
            _ if self.code > 0 => {}
            '\\' if !escaped => self.escaped = true,
            '*' | '_' | '~' if !escaped => {
                let (_, length, before) = self.run.unwrap_or((ch, 0, self.previous));
                self.run = Some((ch, length + 1, before));
            }
            '[' if !escaped => self.brackets += 1,
            ']' if !escaped => self.brackets = self.brackets.saturating_sub(1),
            '(' if self.previous == Some(']') && self.brackets == 0 => self.target = true,
            ')' if self.target => self.target = false,
            '<' if !escaped => self.angle = true,
            '>' if self.angle => self.angle = false,
            ' ' if self.previous == Some('<') => self.angle = false,
            _ => {}
        }
        self.previous = Some(ch);
    }

    fn end_run(&mut self, mark: char, length: usize, before: Option<char>, after: char) {
        if mark == '~' && length < 2 {
            return;
        }
        let space_before = before.is_none_or(char::is_whitespace);
        let opens = !after.is_whitespace();
        let closes = !space_before;
        let inside_word = before.is_some_and(char::is_alphanumeric) && after.is_alphanumeric();
        if mark == '_' && inside_word {
            return;
        }
        if closes && let Some(at) = self.open.iter().rposition(|open| *open == mark) {
            self.open.truncate(at);
        } else if opens {
            self.open.push(mark);
        }
    }
}

/// `<br>`, the one tag that models use for its effect.
pub(super) fn is_break(html: &str) -> bool {
    let name = html.trim().trim_matches(['<', '>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

/// Parses a fragment without blocks and pushes it.
fn inline(text: &str, theme: &Theme, links: &Links, wrapper: &mut Wrapper) {
    let anchored = format!("{ANCHOR} {text}");
    let mut resolve = resolver(links);
    let parser = Parser::new_with_broken_link_callback(
        &anchored,
        Options::ENABLE_STRIKETHROUGH,
        Some(&mut resolve),
    );
    let mut styles = vec![Style::new()];
    let mut link: Option<links::Open> = None;
    let put = |wrapper: &mut Wrapper, text: &str, style: Style, link: &mut Option<links::Open>| {
        let text = text
            .strip_prefix(ANCHOR)
            .map_or(text, |text| text.strip_prefix(' ').unwrap_or(text));
        let text = expand_tabs(text);
        if let Some(link) = link {
            link.push(&text);
        }
        wrapper.push(&text, style);
    };
    for event in parser {
        let style = styles.last().copied().unwrap_or_default();
        let mut open = |add: Style| styles.push(style.patch(add));
        match event {
            Event::Text(text) => put(wrapper, &text, style, &mut link),
            Event::Code(code) => put(wrapper, &code, style.patch(theme.accent), &mut link),
            Event::Html(html) | Event::InlineHtml(html) if is_break(&html) => {
                wrapper.hard_break();
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                put(wrapper, &html, style.patch(theme.dim), &mut link);
            }
            Event::SoftBreak | Event::HardBreak => put(wrapper, " ", style, &mut link),
            Event::Start(Tag::Emphasis) => open(Style::new().add_modifier(Modifier::ITALIC)),
            Event::Start(Tag::Strong) => open(Style::new().add_modifier(Modifier::BOLD)),
            Event::Start(Tag::Strikethrough) => {
                open(Style::new().add_modifier(Modifier::CROSSED_OUT));
            }
            Event::Start(
                Tag::Link {
                    link_type,
                    dest_url,
                    ..
                }
                | Tag::Image {
                    link_type,
                    dest_url,
                    ..
                },
            ) => {
                let (opened, own) = links::Open::new(link_type, &dest_url, style, theme);
                styles.push(own);
                link = Some(opened);
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {
                styles.pop();
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                styles.pop();
                if let Some(suffix) = link.take().and_then(|link| link.suffix()) {
                    let style = styles.last().copied().unwrap_or_default();
                    put(wrapper, &suffix, style.patch(theme.dim), &mut None);
                }
            }
            _ => {}
        }
    }
}
