//! The text of PDF pages, in reading order as far as the file tells.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Encoding, LoadOptions, Object, ObjectId};

use super::MediaError;

/// Largest PDF read, in bytes.
pub const MAX_BYTES: u64 = 50 * 1024 * 1024;
/// Most bytes a stream of it unpacks to.
const MAX_UNPACKED: usize = 32 * 1024 * 1024;
/// Most bytes of the drawing commands of one page.
const MAX_PAGE: usize = 8 * 1024 * 1024;
/// Longest text of one page.
const MAX_TEXT: usize = 200_000;
/// Longest time for one file.
const TIME: Duration = Duration::from_secs(20);
/// The reader recurses over what the file nests.
const STACK: usize = 64 * 1024 * 1024;

/// Media type.
pub const MEDIA: &str = "application/pdf";
/// Most bytes of pages that a model is shown.
const MAX_SHOWN: usize = 10_000_000;

/// Some pages of a PDF.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    /// Pages in the file.
    pub total: u32,
    /// Number and text of each page read.
    pub pages: Vec<(u32, String)>,
    /// The same pages as a file, where that is not too large.
    pub file: Option<Vec<u8>>,
}

impl Pages {
    /// All pages as one text, each under its number.
    pub fn words(&self) -> String {
        let mut out = String::new();
        for (number, text) in &self.pages {
            let text = match text.as_str() {
                "" => "[no text; it may be a scan]",
                text => text,
            };
            out.push_str(&format!("## Page {number} of {}\n\n{text}\n\n", self.total));
        }
        out
    }
}

/// The text of the pages from `first` (from 1), until about `budget` bytes are read
/// or `limit` pages. Takes time: not for an async thread; ends in some seconds
/// whatever the file is.
///
/// # Errors
/// What is damaged, locked with a password, or made to be slow.
pub fn text(bytes: Vec<u8>, first: u32, limit: u32, budget: usize) -> Result<Pages, MediaError> {
    let damaged = |why: &str| MediaError::Damaged {
        kind: "PDF",
        why: why.to_string(),
    };
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    // A reader that takes too long is left to itself: what it may use is bounded.
    std::thread::Builder::new()
        .name("sofos-pdf".into())
        .stack_size(STACK)
        .spawn(move || drop(sender.send(read(&bytes, first, limit, budget))))
        .map_err(|error| damaged(&error.to_string()))?;
    match receiver.recv_timeout(TIME) {
        Ok(pages) => pages.map_err(|why| damaged(&why)),
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
            Err(damaged("it takes too long to read"))
        }
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(damaged("it cannot be read")),
    }
}

fn read(bytes: &[u8], first: u32, limit: u32, budget: usize) -> Result<Pages, String> {
    let options = LoadOptions {
        max_decompressed_size: Some(MAX_UNPACKED),
        ..LoadOptions::default()
    };
    let document =
        Document::load_mem_with_options(bytes, options).map_err(|error| error.to_string())?;
    if document.is_encrypted() {
        return Err("it is locked with a password".to_string());
    }
    let ids = document.get_pages();
    let mut pages = Pages {
        total: ids.len() as u32,
        ..Pages::default()
    };
    let mut used = 0;
    for (number, id) in ids.range(first.max(1)..).take(limit as usize) {
        let text = page(&document, *id).unwrap_or_default();
        used += text.len();
        if used > budget && !pages.pages.is_empty() {
            break;
        }
        pages.pages.push((*number, text));
    }
    let all = pages.pages.len() == ids.len();
    pages.file = match all {
        true => Some(bytes.to_vec()),
        false => cut_out(document, &pages),
    };
    pages.file = pages.file.filter(|file| file.len() <= MAX_SHOWN);
    Ok(pages)
}

/// A file with these pages alone.
fn cut_out(mut document: Document, pages: &Pages) -> Option<Vec<u8>> {
    let (first, last) = (pages.pages.first()?.0, pages.pages.last()?.0);
    let others: Vec<u32> = (1..=pages.total)
        .filter(|page| !(first..=last).contains(page))
        .collect();
    document.delete_pages(&others);
    document.prune_objects();
    let mut out = Vec::new();
    document.save_to(&mut out).ok()?;
    Some(out)
}

/// How wide the characters of a font are, in thousandths of its size.
enum Widths {
    /// One byte a character.
    Simple { first: usize, widths: Vec<f32> },
    /// Two bytes a character.
    Wide {
        usual: f32,
        widths: HashMap<u16, f32>,
    },
}

struct Font<'a> {
    encoding: Option<Encoding<'a>>,
    widths: Widths,
}

impl Font<'_> {
    /// The width of a string in units of the font's size, and its characters.
    fn measure(&self, bytes: &[u8]) -> (f32, usize) {
        match &self.widths {
            Widths::Simple { first, widths } => {
                let width = |byte: &u8| {
                    let index = usize::from(*byte).checked_sub(*first);
                    index
                        .and_then(|at| widths.get(at))
                        .copied()
                        .unwrap_or(500.0)
                };
                (bytes.iter().map(width).sum::<f32>() / 1000.0, bytes.len())
            }
            Widths::Wide { usual, widths } => {
                let codes = bytes.chunks_exact(2);
                let count = codes.len();
                let width = |pair: &[u8]| {
                    let code = u16::from_be_bytes([pair[0], pair[1]]);
                    widths.get(&code).copied().unwrap_or(*usual)
                };
                (codes.map(width).sum::<f32>() / 1000.0, count)
            }
        }
    }
}

fn fonts(document: &Document, page: ObjectId) -> BTreeMap<Vec<u8>, Font<'_>> {
    let found = document.get_page_fonts(page).unwrap_or_default();
    let font = |dict: &'_ Dictionary| widths(document, dict);
    found
        .into_iter()
        .map(|(name, dict)| {
            let encoding = dict.get_font_encoding_with_limit(document, MAX_PAGE).ok();
            let widths = font(dict);
            (name, Font { encoding, widths })
        })
        .collect()
}

fn numbers(document: &Document, list: &Object) -> Vec<f32> {
    let Ok(list) = list.as_array() else {
        return Vec::new();
    };
    let number = |object: &Object| {
        let (_, object) = document.dereference(object).ok()?;
        object.as_float().ok()
    };
    list.iter()
        .map(|object| number(object).unwrap_or(500.0))
        .collect()
}

fn widths(document: &Document, font: &Dictionary) -> Widths {
    let get = |dict: &Dictionary, key: &[u8]| dict.get_deref(key, document).ok().cloned();
    let wide = get(font, b"DescendantFonts").and_then(|list| {
        let (_, inner) = document.dereference(list.as_array().ok()?.first()?).ok()?;
        inner.as_dict().ok().cloned()
    });
    let Some(wide) = wide else {
        let first = get(font, b"FirstChar").and_then(|object| object.as_i64().ok());
        let widths = get(font, b"Widths").map(|list| numbers(document, &list));
        return Widths::Simple {
            first: usize::try_from(first.unwrap_or(0)).unwrap_or(0),
            widths: widths.unwrap_or_default(),
        };
    };
    let usual = get(&wide, b"DW").and_then(|object| object.as_float().ok());
    let (mut widths, mut ranges) = (HashMap::new(), 0);
    let list = get(&wide, b"W");
    let list = list.as_ref().and_then(|list| list.as_array().ok());
    let mut items = list.into_iter().flatten();
    // `c [w1 w2 …]` or `first last w`.
    while let (Some(from), Some(next)) = (items.next(), items.next()) {
        let Ok(from) = from.as_i64().map(|code| code as u16) else {
            break;
        };
        let next = document
            .dereference(next)
            .map_or(next, |(_, object)| object);
        if next.as_array().is_ok() {
            for (index, width) in numbers(document, next).into_iter().enumerate() {
                widths.insert(from.wrapping_add(index as u16), width);
            }
        } else if let (Ok(to), Some(Ok(width))) =
            (next.as_i64(), items.next().map(Object::as_float))
        {
            widths.extend((from..=to as u16).map(|code| (code, width)));
            ranges += 1;
            if ranges > 2_000 {
                break;
            }
        }
    }
    Widths::Wide {
        usual: usual.unwrap_or(1000.0),
        widths,
    }
}

/// An affine map, as PDF writes it.
type Matrix = [f32; 6];
const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn times(m: Matrix, n: Matrix) -> Matrix {
    [
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    ]
}

/// Where text goes while a page is drawn.
struct Pen<'a> {
    fonts: &'a BTreeMap<Vec<u8>, Font<'a>>,
    font: Option<&'a Font<'a>>,
    size: f32,
    leading: f32,
    spacing: f32,
    stretch: f32,
    /// Of the page, with those saved.
    base: Matrix,
    saved: Vec<Matrix>,
    line: Matrix,
    text: Matrix,
    /// End, height and size of what was written last.
    last: Option<(f32, f32, f32)>,
    out: String,
}

fn page(document: &Document, id: ObjectId) -> Option<String> {
    let fonts = fonts(document, id);
    let data = document.get_page_content_with_limit(id, MAX_PAGE).ok()?;
    let content = Content::decode(&data).ok()?;
    let mut pen = Pen {
        fonts: &fonts,
        font: None,
        size: 1.0,
        leading: 0.0,
        spacing: 0.0,
        stretch: 1.0,
        base: IDENTITY,
        saved: Vec::new(),
        line: IDENTITY,
        text: IDENTITY,
        last: None,
        out: String::new(),
    };
    for operation in &content.operations {
        pen.does(&operation.operator, &operation.operands);
        if pen.out.len() > MAX_TEXT {
            pen.out.push_str("\n[the page is longer]");
            break;
        }
    }
    Some(pen.out.trim().to_string())
}

impl Pen<'_> {
    fn does(&mut self, operator: &str, operands: &[Object]) {
        let number = |at: usize| operands.get(at).and_then(|object| object.as_float().ok());
        let matrix = || {
            let mut matrix = IDENTITY;
            for (at, cell) in matrix.iter_mut().enumerate() {
                *cell = number(at)?;
            }
            Some(matrix)
        };
        match operator {
            "q" if self.saved.len() < 256 => self.saved.push(self.base),
            "Q" => self.base = self.saved.pop().unwrap_or(self.base),
            "cm" => self.base = matrix().map_or(self.base, |m| times(m, self.base)),
            "BT" => (self.line, self.text) = (IDENTITY, IDENTITY),
            "Tf" => {
                let name = operands.first().and_then(|object| object.as_name().ok());
                self.font = name.and_then(|name| self.fonts.get(name));
                self.size = number(1).unwrap_or(self.size);
            }
            "TL" => self.leading = number(0).unwrap_or(self.leading),
            "Tc" => self.spacing = number(0).unwrap_or(self.spacing),
            "Tz" => self.stretch = number(0).unwrap_or(100.0) / 100.0,
            "Tm" => {
                self.line = matrix().unwrap_or(self.line);
                self.text = self.line;
            }
            "Td" | "TD" => {
                let (x, y) = (number(0).unwrap_or(0.0), number(1).unwrap_or(0.0));
                if operator == "TD" {
                    self.leading = -y;
                }
                self.advance_line(x, y);
            }
            "T*" => self.advance_line(0.0, -self.leading),
            "Tj" => operands.iter().for_each(|object| self.show(object)),
            "'" => {
                self.advance_line(0.0, -self.leading);
                operands.iter().for_each(|object| self.show(object));
            }
            "\"" => {
                self.advance_line(0.0, -self.leading);
                operands
                    .get(2)
                    .into_iter()
                    .for_each(|object| self.show(object));
            }
            "TJ" => {
                let list = operands.first().and_then(|object| object.as_array().ok());
                for object in list.into_iter().flatten() {
                    match object.as_float() {
                        Ok(back) => self.move_right(-back / 1000.0 * self.size * self.stretch),
                        Err(_) => self.show(object),
                    }
                }
            }
            _ => {}
        }
    }

    fn advance_line(&mut self, x: f32, y: f32) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    fn move_right(&mut self, x: f32) {
        self.text = times([1.0, 0.0, 0.0, 1.0, x, 0.0], self.text);
    }

    /// Writes a string, with the blank or line break that its place asks for.
    fn show(&mut self, object: &Object) {
        let (Ok(bytes), Some(font)) = (object.as_str(), self.font) else {
            return;
        };
        let Some(encoding) = &font.encoding else {
            return;
        };
        let text = Document::decode_text(encoding, bytes).unwrap_or_default();
        let (width, count) = font.measure(bytes);
        let start = times(self.text, self.base);
        self.move_right((width * self.size + count as f32 * self.spacing) * self.stretch);
        let end = times(self.text, self.base);
        let size = (self.size * start[2].hypot(start[3])).abs().max(0.1);
        if let Some((x, y, before)) = self.last {
            let (gap, fall) = (start[4] - x, (start[5] - y).abs());
            let tall = size.max(before);
            if fall > 2.0 * tall {
                self.out.push_str("\n\n");
            } else if fall > 0.5 * tall {
                self.out.push('\n');
            } else if (gap > 0.15 * size || gap < -2.0 * size)
                && !self.out.ends_with([' ', '\n'])
                && !text.starts_with(' ')
            {
                self.out.push(' ');
            }
        }
        let visible = text.chars().filter(|ch| !ch.is_control() || *ch == '\t');
        self.out.extend(visible);
        self.last = Some((end[4], end[5], size));
    }
}

#[cfg(test)]
#[path = "pdf_tests.rs"]
mod tests;
