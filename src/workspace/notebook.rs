//! Jupyter notebooks: shown as cells, edited one cell at a time.
//!
//! An edit changes the bytes of its cell alone: the rest of the JSON is never
//! written anew.

use std::ops::Range;

use serde_json::Value;

mod json;
mod page;

use json::{elements, entries};

/// Characters shown of one output.
const OUTPUT: usize = 2_000;

/// A notebook that is none, or an edit that fits none of its cells.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotebookError {
    /// Not JSON, or without a list of cells.
    #[error("it is not a notebook ({0})")]
    NoNotebook(String),
    /// No cell of that number.
    #[error("there is no cell {cell}, it has {count}; nothing was changed")]
    NoCell {
        /// What was asked for.
        cell: usize,
        /// Cells there are.
        count: usize,
    },
}

/// What happens to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// It gets this source.
    Replace(&'a str),
    /// A new one comes behind it; behind cell 0 is the beginning.
    Insert {
        /// Its source.
        source: &'a str,
        /// It is text, not code.
        markdown: bool,
    },
    /// It goes.
    Delete,
}

/// Where things stand in the JSON of a notebook.
struct Notebook<'a> {
    text: &'a str,
    /// The list of cells, with its brackets.
    list: Range<usize>,
    cells: Vec<Range<usize>>,
}

impl<'a> Notebook<'a> {
    fn open(text: &'a str) -> Result<(Self, Value), NotebookError> {
        let none = |why: String| NotebookError::NoNotebook(why);
        let value: Value = serde_json::from_str(text).map_err(|error| none(error.to_string()))?;
        if !value["cells"]
            .as_array()
            .is_some_and(|cells| cells.iter().all(Value::is_object))
        {
            return Err(none("it has no list of cells".to_string()));
        }
        let start = text.find('{').unwrap_or(0);
        let list = entries(text, start)
            .into_iter()
            .rfind(|(key, _)| key == "cells")
            .map(|(_, range)| range)
            .ok_or_else(|| none("it has no list of cells".to_string()))?;
        let cells = elements(text, list.start);
        Ok((Self { text, list, cells }, value))
    }
}

/// One cell as it is shown, or nothing when the text is no notebook.
pub fn cells(text: &str) -> Option<Vec<String>> {
    let (_, value) = Notebook::open(text).ok()?;
    let cells = value["cells"].as_array()?;
    Some(
        cells
            .iter()
            .enumerate()
            .map(|(index, cell)| show(index + 1, cell))
            .collect(),
    )
}

/// A text that notebooks keep as one string or as a list of lines.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

fn show(number: usize, cell: &Value) -> String {
    let kind = cell["cell_type"].as_str().unwrap_or("?");
    let mut out = format!("[cell {number}, {kind}]\n");
    let put = |out: &mut String, text: &str| {
        out.push_str(text);
        if !text.is_empty() && !text.ends_with('\n') {
            out.push('\n');
        }
    };
    put(&mut out, &joined(&cell["source"]));
    for output in cell["outputs"].as_array().into_iter().flatten() {
        let text = match output["output_type"].as_str() {
            Some("error") => format!(
                "{}: {}",
                output["ename"].as_str().unwrap_or("error"),
                output["evalue"].as_str().unwrap_or_default()
            ),
            Some("stream") => joined(&output["text"]),
            _ => {
                let plain = joined(&output["data"]["text/plain"]);
                let kinds = output["data"].as_object().into_iter().flatten();
                let others: Vec<&str> = kinds
                    .map(|(kind, _)| kind.as_str())
                    .filter(|kind| kind.starts_with("image/"))
                    .collect();
                match (plain.is_empty(), others.is_empty()) {
                    (_, true) => plain,
                    (true, _) => others.join(", "),
                    (false, _) => format!("{plain}\n{}", others.join(", ")),
                }
            }
        };
        out.push_str("[output]\n");
        match text.char_indices().nth(OUTPUT) {
            Some((cut, _)) => {
                put(&mut out, &text[..cut]);
                out.push_str(&format!("[… cut: output of {} bytes]\n", text.len()));
            }
            None => put(&mut out, &text),
        }
    }
    out
}

/// The notebook with one cell changed; `id` names a new cell.
///
/// # Errors
/// See [`NotebookError`].
pub fn edit(text: &str, cell: usize, action: Action, id: &str) -> Result<String, NotebookError> {
    let (notebook, value) = Notebook::open(text)?;
    let count = notebook.cells.len();
    let least = usize::from(!matches!(action, Action::Insert { .. }));
    if cell < least || cell > count {
        return Err(NotebookError::NoCell { cell, count });
    }
    let (range, new) = match action {
        Action::Replace(source) => notebook.replaced(cell - 1, source),
        Action::Insert { source, markdown } => {
            let cells = value["cells"].as_array();
            let mut others = cells.into_iter().flatten();
            let id = others.any(|cell| cell["id"].is_string()).then_some(id);
            notebook.inserted(cell, &new_cell(source, markdown, id))
        }
        Action::Delete => (notebook.without(cell - 1), String::new()),
    };
    Ok(format!(
        "{}{new}{}",
        &text[..range.start],
        &text[range.end..]
    ))
}

/// A cell as Jupyter writes it; keys in its order.
fn new_cell(source: &str, markdown: bool, id: Option<&str>) -> Value {
    let mut cell = serde_json::Map::new();
    let kind = if markdown { "markdown" } else { "code" };
    cell.insert("cell_type".into(), kind.into());
    if !markdown {
        cell.insert("execution_count".into(), Value::Null);
    }
    if let Some(id) = id {
        cell.insert("id".into(), id.into());
    }
    cell.insert("metadata".into(), Value::Object(serde_json::Map::new()));
    if !markdown {
        cell.insert("outputs".into(), Value::Array(Vec::new()));
    }
    let lines = source.split_inclusive('\n').map(Value::from).collect();
    cell.insert("source".into(), Value::Array(lines));
    Value::Object(cell)
}

impl Notebook<'_> {
    /// The source of a cell with its new value; a line that stays keeps its bytes.
    fn replaced(&self, index: usize, source: &str) -> (Range<usize>, String) {
        let cell = &self.cells[index];
        let found = entries(self.text, cell.start);
        let Some((_, old)) = found.iter().rfind(|(key, _)| key == "source") else {
            let at = cell.start + 1..cell.start + 1;
            let comma = if found.is_empty() { "" } else { "," };
            return (at, format!("\"source\": {}{comma}", quoted(source)));
        };
        if self.text[old.start..].starts_with('"') {
            return (old.clone(), quoted(source));
        }
        let lines = elements(self.text, old.start);
        let known: Vec<(&str, String)> = lines
            .iter()
            .map(|range| &self.text[range.clone()])
            .map(|raw| (raw, serde_json::from_str(raw).unwrap_or_default()))
            .collect();
        let raw = |line: &str| {
            let same = known.iter().find(|(_, text)| text == line);
            same.map_or_else(|| quoted(line), |(raw, _)| (*raw).to_string())
        };
        let new: Vec<String> = source.split_inclusive('\n').map(raw).collect();
        if new.is_empty() {
            return (old.clone(), "[]".to_string());
        }
        let (open, between, close) = match (&lines[..], self.line_break(cell.start)) {
            ([first, .., last], _) => (
                &self.text[old.start + 1..first.start],
                self.text[first.end..lines[1].start].to_string(),
                &self.text[last.end..old.end - 1],
            ),
            ([only], _) => {
                let open = &self.text[old.start + 1..only.start];
                (open, format!(",{open}"), &self.text[only.end..old.end - 1])
            }
            ([], None) => ("", ", ".to_string(), ""),
            ([], Some(_)) => {
                // One level further in than its key.
                let key = self.indent(old.start);
                let open = format!("{}{}", key, self.unit());
                let text = format!("[{open}{}{key}]", new.join(&format!(",{open}")));
                return (old.clone(), text);
            }
        };
        (
            old.clone(),
            format!("[{open}{}{close}]", new.join(&between)),
        )
    }

    fn inserted(&self, behind: usize, cell: &Value) -> (Range<usize>, String) {
        let place = self.cells.first().or(self.cells.last());
        let Some(first) = place else {
            let inner = self.list.start + 1..self.list.end - 1;
            return match self.line_break(self.list.start) {
                None => (inner, cell.to_string()),
                Some(_) => {
                    let outer = self.indent(self.list.start);
                    let open = format!("{outer}{}", self.unit());
                    (
                        inner,
                        format!("{open}{}{outer}", self.laid_out(cell, &open)),
                    )
                }
            };
        };
        let open = &self.text[self.list.start + 1..first.start];
        let text = if open.contains('\n') {
            self.laid_out(cell, open)
        } else {
            cell.to_string()
        };
        match behind.checked_sub(1) {
            None => (first.start..first.start, format!("{text},{open}")),
            Some(index) => {
                let end = self.cells[index].end;
                (end..end, format!(",{open}{text}"))
            }
        }
    }

    /// The range of a cell with the comma and the blanks that go with it.
    fn without(&self, index: usize) -> Range<usize> {
        let cells = &self.cells;
        match (index.checked_sub(1), cells.get(index + 1)) {
            (Some(before), _) => cells[before].end..cells[index].end,
            (None, Some(next)) => cells[index].start..next.start,
            (None, None) => self.list.start + 1..self.list.end - 1,
        }
    }

    /// JSON on lines of their own, the first of them at `indent` (with its break).
    fn laid_out(&self, value: &Value, indent: &str) -> String {
        let unit = self.unit();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        // Values of this shape always serialize.
        let _ = serde::Serialize::serialize(value, &mut serializer);
        String::from_utf8_lossy(&out).replace('\n', indent)
    }

    /// The line break and the blanks of the line that a place is on.
    fn indent(&self, at: usize) -> String {
        let before = &self.text[..at];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = &before[start..];
        let blanks = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        format!("{}{blanks}", self.line_break(0).unwrap_or("\n"))
    }

    /// The line break of a text that has one behind a place.
    fn line_break(&self, from: usize) -> Option<&'static str> {
        let at = self.text[from..self.list.end.max(from)].find('\n')?;
        Some(match self.text[..from + at].ends_with('\r') {
            true => "\r\n",
            false => "\n",
        })
    }

    /// One level of indentation: what the list of cells is indented by.
    fn unit(&self) -> String {
        let indent = self.indent(self.list.start);
        let blanks = indent.trim_start_matches(['\r', '\n']);
        if blanks.is_empty() { " " } else { blanks }.to_string()
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
#[path = "notebook_tests.rs"]
mod tests;
