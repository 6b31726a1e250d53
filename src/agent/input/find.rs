//! What a message names: images, files, directories and addresses.
//!
//! Pure but for one question, whether a path exists. Text in code fences and
//! piped input are not looked at: nobody named what stands there.

/// Extensions that name an image; the content decides what it is.
const IMAGES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif", "avif",
];

/// What may follow a name without belonging to it.
const TRAILING: &[char] = &[
    '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '\'', '`', '*', '。', '，', '、', '）',
    '」', '！', '？', '…', '”', '’',
];

/// Questions asked to the disk for one message.
const MAX_LOOKS: usize = 1_000;
/// Words that a path with plain spaces may have.
const MAX_WORDS: usize = 12;

/// Something that is to be added to the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// An image file.
    Image(String),
    /// An image on the web.
    ImageUrl(String),
    /// `@path`, perhaps with first and last line.
    File(String, Option<(u64, u64)>),
    /// `@https://…`.
    Page(String),
    /// A path to an image that is not there.
    MissingImage(String),
    /// `@path` that is not there.
    MissingFile(String),
}

/// A name, and where it ends in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) end: usize,
    pub(super) named: Named,
}

/// Everything a message names, in order, each thing once.
pub(super) fn mentions(text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<Mention> {
    let looks = std::cell::Cell::new(0);
    let exists = |path: &str| {
        looks.set(looks.get() + 1);
        looks.get() <= MAX_LOOKS && exists(path)
    };
    let own = text.find("\n\n<stdin>\n").map_or(text, |at| &text[..at]);
    let mut found: Vec<Mention> = Vec::new();
    let mut fenced = false;
    let mut start = 0;
    for line in own.split_inclusive('\n') {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced {
            let finder = Finder {
                line: line.trim_end(),
                exists: &exists,
            };
            for mut mention in finder.mentions() {
                mention.end += start;
                if !found.iter().any(|other| other.named == mention.named) {
                    found.push(mention);
                }
            }
        }
        start += line.len();
    }
    found
}

struct Finder<'a> {
    line: &'a str,
    exists: &'a dyn Fn(&str) -> bool,
}

impl Finder<'_> {
    fn mentions(&self) -> Vec<Mention> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(ch) = self.line[at..].chars().next() {
            if is_space(ch) || matches!(ch, '(' | '[' | '{' | '<' | '*') {
                at += ch.len_utf8();
                continue;
            }
            match self.token(at) {
                Some(mut mention) => {
                    // A backslash before what was trimmed is counted to the name.
                    mention.end = self.line.floor_char_boundary(mention.end);
                    at = mention.end.max(at + ch.len_utf8());
                    found.push(mention);
                }
                None => at = self.after(at),
            }
        }
        found
    }

    /// Where the next word may begin. Inside of quotes that name nothing as a
    /// whole, single words may still name something.
    fn after(&self, at: usize) -> usize {
        let rest = &self.line[at..];
        if let Some(quote) = rest.chars().next().filter(|ch| is_quote(*ch)) {
            return at + quote.len_utf8();
        }
        rest.find(is_space).map_or(self.line.len(), |end| at + end)
    }

    fn token(&self, at: usize) -> Option<Mention> {
        let rest = &self.line[at..];
        match rest.strip_prefix('@') {
            Some(after) => self.attachment(at + 1, after),
            None => self.image(at, rest),
        }
    }

    /// `@…` from what stands after the sign.
    fn attachment(&self, at: usize, rest: &str) -> Option<Mention> {
        if let Some((quoted, length)) = quoted(rest) {
            let after = &rest[length..];
            let word = &after[..after.find(is_space).unwrap_or(after.len())];
            let (lines, more) = line_range(word).unwrap_or((None, 0));
            let named = self.file(quoted.to_string(), lines);
            return Some(Mention {
                end: at + length + more,
                named,
            });
        }
        let word = Word::read(rest);
        if is_url(&word.value) {
            let (value, cut) = trimmed(&word.value);
            return Some(Mention {
                end: at + word.length - cut,
                named: Named::Page(value.to_string()),
            });
        }
        let mut value = word.value.as_str();
        let mut cut = 0;
        loop {
            if value.is_empty() {
                break;
            }
            if (self.exists)(value) {
                return Some(Mention {
                    end: at + word.length - cut,
                    named: self.file(value.to_string(), None),
                });
            }
            if let Some((path, lines)) = with_lines(value)
                && (self.exists)(path)
            {
                return Some(Mention {
                    end: at + word.length - cut,
                    named: self.file(path.to_string(), Some(lines)),
                });
            }
            match value.char_indices().next_back() {
                Some((index, ch)) if TRAILING.contains(&ch) => {
                    cut += ch.len_utf8();
                    value = &value[..index];
                }
                _ => break,
            }
        }
        let (value, cut) = trimmed(&word.value);
        let path = with_lines(value).map_or(value, |(path, _)| path);
        path.contains(['/', '.']).then(|| Mention {
            end: at + word.length - cut,
            named: Named::MissingFile(path.to_string()),
        })
    }

    fn file(&self, path: String, lines: Option<(u64, u64)>) -> Named {
        if !(self.exists)(&path) {
            Named::MissingFile(path)
        } else if is_image(&path) {
            Named::Image(path)
        } else {
            Named::File(path, lines)
        }
    }

    fn image(&self, at: usize, rest: &str) -> Option<Mention> {
        if let Some((quoted, length)) = quoted(rest) {
            let path = local(quoted);
            if is_url(quoted) || !is_image(&path) {
                return None;
            }
            let end = at + length;
            return if (self.exists)(&path) {
                let named = Named::Image(path);
                Some(Mention { end, named })
            } else {
                let named = Named::MissingImage(path);
                is_explicit(quoted).then_some(Mention { end, named })
            };
        }
        let word = Word::read(rest);
        // Markdown: ![words](path).
        let value = match word.value.rfind("](") {
            Some(at) => &word.value[at + 2..],
            None => &word.value,
        };
        let (mut value, mut cut) = (value, 0);
        loop {
            if is_url(value) {
                let (url, cut) = trimmed(value);
                let path = url.split(['?', '#']).next().unwrap_or_default();
                return is_image(path).then(|| Mention {
                    end: at + word.length - cut,
                    named: Named::ImageUrl(url.to_string()),
                });
            } else if is_image(value) {
                break;
            }
            let (index, ch) = value.char_indices().next_back()?;
            if !TRAILING.contains(&ch) {
                return self.spaced(at, rest);
            }
            cut += ch.len_utf8();
            value = &value[..index];
        }
        let path = local(value);
        let end = at + word.length - cut;
        if (self.exists)(&path) {
            let named = Named::Image(path);
            return Some(Mention { end, named });
        }
        self.spaced(at, rest).or_else(|| {
            let named = Named::MissingImage(path);
            (word.escaped || is_explicit(value)).then_some(Mention { end, named })
        })
    }

    /// An absolute path with plain spaces, as some terminals drop it.
    fn spaced(&self, at: usize, rest: &str) -> Option<Mention> {
        if !(rest.starts_with('/') || rest.starts_with("~/") || rest.starts_with("file://")) {
            return None;
        }
        let ends = rest
            .char_indices()
            .filter(|(_, ch)| is_space(*ch))
            .map(|(index, _)| index)
            .chain([rest.len()]);
        for end in ends.take(MAX_WORDS) {
            let (value, _) = trimmed(&rest[..end]);
            let path = local(value);
            if is_image(&path) && (self.exists)(&path) {
                return Some(Mention {
                    end: at + value.len(),
                    named: Named::Image(path),
                });
            }
        }
        None
    }
}

/// A run of text without unescaped spaces.
struct Word {
    /// Without the backslashes.
    value: String,
    /// Bytes it takes in the text.
    length: usize,
    escaped: bool,
}

impl Word {
    fn read(rest: &str) -> Self {
        let mut word = Self {
            value: String::new(),
            length: 0,
            escaped: false,
        };
        let mut chars = rest.chars().peekable();
        while let Some(ch) = chars.next() {
            if is_space(ch) {
                break;
            }
            word.length += ch.len_utf8();
            if ch == '\\'
                && let Some(next) = chars.next_if(|next| !next.is_alphanumeric())
            {
                word.length += next.len_utf8();
                word.value.push(next);
                word.escaped = true;
            } else {
                word.value.push(ch);
            }
        }
        word
    }
}

/// Spaces that separate words. Not the narrow ones in the names of screenshots.
fn is_space(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\r' | '\n' | '\u{3000}')
}

fn is_quote(ch: char) -> bool {
    matches!(ch, '"' | '\'' | '`')
}

/// The text in quotes at the start, and the bytes with both quotes.
fn quoted(rest: &str) -> Option<(&str, usize)> {
    let quote = rest.chars().next().filter(|ch| is_quote(*ch))?;
    let inner = &rest[1..];
    let end = inner.find(quote)?;
    (end > 0).then(|| (&inner[..end], end + 2))
}

fn is_url(value: &str) -> bool {
    let start = value.get(..8.min(value.len())).unwrap_or_default();
    let start = start.to_ascii_lowercase();
    start.starts_with("http://") || start.starts_with("https://")
}

fn is_image(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && IMAGES.contains(&extension.to_ascii_lowercase().as_str())
    })
}

/// Whether a text can only be meant as a path.
fn is_explicit(value: &str) -> bool {
    value.contains('/') || value.starts_with('~')
}

fn trimmed(value: &str) -> (&str, usize) {
    let short = value.trim_end_matches(TRAILING);
    (short, value.len() - short.len())
}

/// A path from what may be a `file://` address.
fn local(value: &str) -> String {
    let Some(rest) = value.strip_prefix("file://") else {
        return value.to_string();
    };
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let rest = rest.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    let mut at = 0;
    while at < rest.len() {
        let digits = rest.get(at + 1..at + 3).filter(|_| rest[at] == b'%');
        let decoded = digits
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(rest[at]));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `path:10-40`, `path:10` or `path#L10-L40` as path and lines.
fn with_lines(value: &str) -> Option<(&str, (u64, u64))> {
    let at = value.rfind([':', '#'])?;
    match line_range(&value[at..])? {
        (Some(lines), length) if at + length == value.len() => Some((&value[..at], lines)),
        _ => None,
    }
}

/// The lines at the start of `:10-40…`, and the bytes they take.
fn line_range(text: &str) -> Option<(Option<(u64, u64)>, usize)> {
    let number = |at: &mut usize| {
        let digits = text[*at..].bytes().take_while(u8::is_ascii_digit).count();
        let number = text[*at..*at + digits].parse::<u64>().ok()?;
        *at += digits;
        Some(number)
    };
    let skip = |at: &mut usize, mark: &str| {
        if text[*at..].starts_with(mark) {
            *at += mark.len();
        }
    };
    let mut at = 1;
    if !text.starts_with([':', '#']) {
        return None;
    }
    skip(&mut at, "L");
    let first = number(&mut at)?.max(1);
    let mut end = at;
    let mut last = first;
    if text[at..].starts_with('-') {
        at += 1;
        skip(&mut at, "L");
        if let Some(number) = number(&mut at) {
            last = number;
            end = at;
        }
    }
    Some((Some((first.min(last).max(1), last.max(first))), end))
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
