//! One finished Markdown block to styled lines.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::highlight::Highlighter;
use super::links::{self, Links, resolver};
use super::prepare;
use super::prose::is_break;
use super::table::Table;
use super::text;
use super::theme::Theme;
use super::wrap::{Pieces, Wrapper, pieces_width, push_piece, to_line};

/// What rendering depends on besides the text.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Columns of the terminal.
    pub width: usize,
    /// Styles.
    pub theme: Theme,
}

impl Settings {
    /// Columns prose is wrapped to: one less than there are, so that no row is
    /// exactly full, and not more than can be read well.
    pub fn prose_width(&self) -> usize {
        self.width.saturating_sub(1).clamp(1, 100)
    }
}

/// Most definitions remembered; more is not an answer but an attack.
const MAX_LINKS: usize = 1_000;

/// Where an item of a top-level list stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemNumber(pub Option<u64>);

/// Renders cleaned Markdown whose blocks are complete. `item` says that it is one
/// item of a list and which number it has there.
pub fn block(
    source: &str,
    settings: &Settings,
    links: &mut Links,
    item: Option<ItemNumber>,
) -> Vec<Line<'static>> {
    let glyphs = &settings.theme.glyphs;
    if let Some(formula) = prepare::display(source, glyphs) {
        let rows = formula.into_iter().map(|row| Line::raw(format!("  {row}")));
        return rows.collect();
    }
    let prepared = prepare::prepare(source, glyphs);
    let source = prepared.as_ref();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let mut resolve = resolver(links);
    let mut renderer = Renderer::new(settings, item);
    let mut parser = Parser::new_with_broken_link_callback(source, options, Some(&mut resolve));
    let found: Vec<(String, String)> = parser
        .reference_definitions()
        .iter()
        .map(|(label, definition)| (label.to_lowercase(), definition.dest.to_string()))
        .collect();
    for event in parser.by_ref() {
        renderer.event(event);
    }
    drop(parser);
    drop(resolve);
    let lines = renderer.finish();
    for (label, url) in found {
        if links.len() < MAX_LINKS {
            links.entry(label).or_insert(url);
        }
    }
    lines
}

/// A container that puts something in front of its lines.
struct Container {
    first: Option<Pieces>,
    rest: Pieces,
}

struct Renderer<'a> {
    settings: &'a Settings,
    lines: Vec<Line<'static>>,
    containers: Vec<Container>,
    lists: Vec<Option<u64>>,
    item: Option<ItemNumber>,
    styles: Vec<Style>,
    inline: Option<Wrapper>,
    /// A block has ended: the next one is set off by a blank line.
    gap: bool,
    link: Option<links::Open>,
    code: Option<Highlighter>,
    table: Option<Table>,
    cell: Option<Pieces>,
}

impl<'a> Renderer<'a> {
    fn new(settings: &'a Settings, item: Option<ItemNumber>) -> Self {
        Self {
            settings,
            lines: Vec::new(),
            containers: Vec::new(),
            lists: Vec::new(),
            item,
            styles: vec![Style::new()],
            inline: None,
            gap: false,
            link: None,
            code: None,
            table: None,
            cell: None,
        }
    }

    fn theme(&self) -> &'a Theme {
        &self.settings.theme
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                let style = self.style().patch(self.theme().accent);
                self.inline(&code, style);
            }
            Event::InlineMath(math) | Event::DisplayMath(math) => self.inline(&math, self.style()),
            Event::Html(html) | Event::InlineHtml(html) if is_break(&html) => self.hard_break(),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::FootnoteReference(label) => self.inline(&format!("[{label}]"), self.style()),
            Event::SoftBreak => self.inline(" ", self.style()),
            Event::HardBreak => self.hard_break(),
            Event::Rule => {
                self.open_block();
                let width = self.room().min(self.settings.prose_width());
                let rule = self.theme().glyphs.rule.repeat(width.min(40));
                self.emit(vec![(rule, self.theme().dim)]);
                self.gap = true;
            }
            Event::TaskListMarker(done) => {
                let glyphs = self.theme().glyphs;
                let mark = if done {
                    glyphs.done_box
                } else {
                    glyphs.open_box
                };
                // The box takes the place of the bullet.
                if let Some(Container {
                    first: Some(first), ..
                }) = self.containers.last_mut()
                {
                    *first = vec![(format!("{mark} "), Style::new())];
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.open_block(),
            Tag::Heading { .. } => {
                self.open_block();
                self.push_style(self.theme().heading);
            }
            Tag::BlockQuote(_) => {
                self.open_block();
                let bar = vec![(format!("{} ", self.theme().glyphs.bar), self.theme().dim)];
                self.containers.push(Container {
                    first: None,
                    rest: bar,
                });
            }
            Tag::CodeBlock(kind) => {
                self.open_block();
                self.code = Some(match kind {
                    CodeBlockKind::Fenced(info) => {
                        Highlighter::for_language(&info, &self.theme().code)
                    }
                    CodeBlockKind::Indented => Highlighter::plain(),
                });
            }
            Tag::HtmlBlock => self.open_block(),
            Tag::List(number) => {
                self.flush_inline();
                if self.lists.is_empty() {
                    self.open_block();
                }
                let first = self.lists.is_empty();
                let own = self.item.filter(|_| first).map_or(number, |item| item.0);
                self.lists.push(own);
                self.gap = false;
            }
            Tag::Item => self.start_item(),
            Tag::Table(alignments) => {
                self.open_block();
                self.table = Some(Table {
                    alignments,
                    rows: Vec::new(),
                });
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(Vec::new());
                }
            }
            Tag::TableCell => self.cell = Some(Pieces::new()),
            Tag::Emphasis => self.push_style(Style::new().add_modifier(Modifier::ITALIC)),
            Tag::Strong => self.push_style(Style::new().add_modifier(Modifier::BOLD)),
            Tag::Strikethrough => {
                self.push_style(Style::new().add_modifier(Modifier::CROSSED_OUT));
            }
            Tag::Link {
                link_type,
                dest_url,
                ..
            }
            | Tag::Image {
                link_type,
                dest_url,
                ..
            } => {
                let (link, style) =
                    links::Open::new(link_type, &dest_url, self.style(), self.theme());
                self.link = Some(link);
                self.styles.push(style);
            }
            Tag::FootnoteDefinition(label) => {
                self.open_block();
                self.hang(format!("[{label}] "));
            }
            Tag::MetadataBlock(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript => self.push_style(Style::new()),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.close_block(),
            TagEnd::Heading(_) => {
                self.close_block();
                self.styles.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.flush_inline();
                self.containers.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock => {
                self.code = None;
                self.gap = true;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = self.lists.is_empty();
            }
            TagEnd::Item | TagEnd::FootnoteDefinition => {
                self.flush_inline();
                if let Some(container) = self.containers.pop()
                    && let Some(first) = container.first
                {
                    // Nothing was written: the marker stands alone.
                    self.emit(first);
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    let width = self.room();
                    for line in table.lines(width, self.theme()) {
                        let pieces = line
                            .spans
                            .into_iter()
                            .map(|span| (span.content.into_owned(), span.style))
                            .collect();
                        self.emit(pieces);
                    }
                }
                self.gap = true;
            }
            TagEnd::TableHead | TagEnd::TableRow => {}
            TagEnd::TableCell => {
                let cell = self.cell.take().unwrap_or_default();
                if let Some(row) = self.table.as_mut().and_then(|table| table.rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Link | TagEnd::Image => {
                self.styles.pop();
                self.end_link();
            }
            TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::MetadataBlock(_)
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript => {
                self.styles.pop();
            }
        }
    }

    fn hard_break(&mut self) {
        match (&mut self.cell, &mut self.inline) {
            (Some(cell), _) => push_piece(cell, " ", Style::new()),
            (None, Some(wrapper)) => wrapper.hard_break(),
            (None, None) => {}
        }
    }

    fn push_style(&mut self, style: Style) {
        self.styles.push(self.style().patch(style));
    }

    fn end_link(&mut self) {
        let suffix = self.link.take().and_then(|link| link.suffix());
        if let Some(suffix) = suffix {
            let style = self.style().patch(self.theme().dim);
            self.inline(&suffix, style);
        }
    }

    fn start_item(&mut self) {
        self.flush_inline();
        if self.gap {
            self.blank();
        }
        self.gap = false;
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number = number.saturating_add(1);
                marker
            }
            Some(None) | None => format!("{} ", self.theme().glyphs.bullet),
        };
        self.hang(bullet);
    }

    /// What follows hangs behind a mark.
    fn hang(&mut self, mark: String) {
        let indent = " ".repeat(text::width(&mark));
        self.containers.push(Container {
            first: Some(vec![(mark, self.theme().dim)]),
            rest: vec![(indent, Style::new())],
        });
    }

    fn text(&mut self, text: &str) {
        let Some(code) = &mut self.code else {
            return self.inline(text, self.style());
        };
        let rows: Vec<Pieces> = text
            .lines()
            .map(|line| code.line(&text::expand_tabs(line)))
            .collect();
        for row in rows {
            self.emit(row);
        }
    }

    fn html(&mut self, html: &str) {
        for (index, line) in html.split('\n').enumerate() {
            if index > 0
                && let Some(wrapper) = &mut self.inline
                && self.cell.is_none()
            {
                wrapper.hard_break();
            }
            if !line.is_empty() {
                self.inline(line, self.style().patch(self.theme().dim));
            }
        }
    }

    fn inline(&mut self, text: &str, style: Style) {
        let text = text::expand_tabs(text);
        if let Some(link) = &mut self.link {
            link.push(&text);
        }
        if let Some(cell) = &mut self.cell {
            return push_piece(cell, &text, style);
        }
        let room = self.room();
        let prose = self.settings.prose_width();
        self.inline
            .get_or_insert_with(|| Wrapper::new(room.min(prose)))
            .push(&text, style);
    }

    /// Columns left beside what the containers put in front.
    fn room(&self) -> usize {
        let taken: usize = self
            .containers
            .iter()
            .map(|container| pieces_width(&container.rest))
            .sum();
        self.settings.width.saturating_sub(taken).max(8)
    }

    fn open_block(&mut self) {
        self.flush_inline();
        if self.gap {
            self.blank();
        }
        self.gap = false;
    }

    fn close_block(&mut self) {
        self.flush_inline();
        self.gap = true;
    }

    fn flush_inline(&mut self) {
        if let Some(wrapper) = self.inline.take() {
            for row in wrapper.finish() {
                self.emit(row);
            }
        }
    }

    fn blank(&mut self) {
        self.emit(Pieces::new());
    }

    fn emit(&mut self, row: Pieces) {
        let mut line = self.prefix();
        if row.is_empty() {
            while line.last().is_some_and(|(text, _)| text.trim().is_empty()) {
                line.pop();
            }
            if let Some((text, _)) = line.last_mut() {
                text.truncate(text.trim_end().len());
            }
        }
        for (text, style) in row {
            push_piece(&mut line, &text, style);
        }
        self.lines.push(to_line(line));
    }

    fn prefix(&mut self) -> Pieces {
        let mut line = Pieces::new();
        for container in &mut self.containers {
            let pieces = container
                .first
                .take()
                .unwrap_or_else(|| container.rest.clone());
            for (text, style) in pieces {
                push_piece(&mut line, &text, style);
            }
        }
        line
    }

    fn finish(mut self) -> Vec<Line<'static>> {
        self.flush_inline();
        self.lines
    }
}
