//! Web pages as Markdown: the main content where it can be told apart.

use std::time::Duration;

use dom_smoothie::{Config, Readability};
use htmd::HtmlToMarkdown;

/// Nesting that the readers take; deeper pages are read as plain text.
const MAX_DEPTH: usize = 400;
/// Pages larger than this are not searched for their main content, in bytes.
const MAX_SEARCHED: usize = 1_500_000;
/// Longest time for one page.
const TIME: Duration = Duration::from_secs(10);
/// The readers recurse over the page.
const STACK: usize = 64 * 1024 * 1024;

/// What is no content wherever it stands.
const SKIPPED: [&str; 12] = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "head",
    "button", "select", "dialog",
];

/// A page to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markdown {
    /// Its title; may be empty.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// The content of a page as Markdown. `url` makes relative links absolute. Takes
/// time: not for an async thread; ends in some seconds whatever the page is.
pub fn markdown(html: String, url: &str) -> Markdown {
    if depth(&html) > MAX_DEPTH {
        return plain(&html);
    }
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let (page, url) = (html.clone(), url.to_string());
    // A reader that takes too long is left to itself: it ends with the page.
    let started = std::thread::Builder::new()
        .name("sofos-html".into())
        .stack_size(STACK)
        .spawn(move || drop(sender.send(converted(page, &url))));
    let done = started.ok().and_then(|_| receiver.recv_timeout(TIME).ok());
    done.flatten().unwrap_or_else(|| plain(&html))
}

fn converted(html: String, url: &str) -> Option<Markdown> {
    let converter = HtmlToMarkdown::builder()
        .skip_tags(SKIPPED.to_vec())
        .build();
    let whole = || converter.convert(&html).ok();
    let config = Config {
        max_elements_to_parse: 50_000,
        disable_json_ld: true,
        ..Config::default()
    };
    let mut reader = Readability::new(html.as_str(), Some(url), Some(config)).ok()?;
    let title = reader.get_article_title().to_string();
    let article = (html.len() <= MAX_SEARCHED)
        .then(|| reader.parse().ok())
        .flatten();
    let main = article.and_then(|article| converter.convert(&article.content).ok());
    let whole = whole()?;
    // Pages that are no article (indexes, references) lose too much.
    let text = match main {
        Some(main) if main.len() * 4 >= whole.len() => main,
        Some(main) if main.len() >= 3_000 => main,
        _ => whole,
    };
    Some(Markdown {
        title: one_line(&title),
        text: tidy(&text),
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Blank lines in a row become one; trailing blanks go.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_matches('\n').to_string()
}

/// How deep the tags of a page nest, roughly; elements that close by themselves
/// do not count.
fn depth(html: &str) -> usize {
    const FLAT: [&str; 30] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr", "p", "li", "td", "tr", "th", "dt", "dd", "option", "optgroup", "thead",
        "tbody", "tfoot", "colgroup", "rp", "rt", "!doctype", "!--",
    ];
    let (mut depth, mut deepest) = (0usize, 0);
    for part in html.split('<').skip(1) {
        if part.starts_with('/') {
            depth = depth.saturating_sub(1);
            continue;
        }
        let end = part.find(|ch: char| !ch.is_ascii_alphanumeric() && !matches!(ch, '!' | '-'));
        let name = &part[..end.unwrap_or(part.len())];
        let closed = part.find('>').is_some_and(|at| part[..at].ends_with('/'));
        if name.is_empty() || closed || FLAT.iter().any(|flat| name.eq_ignore_ascii_case(flat)) {
            continue;
        }
        depth += 1;
        deepest = deepest.max(depth);
    }
    deepest
}

/// The text between the tags, for what no reader takes.
fn plain(html: &str) -> Markdown {
    let mut text = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let lower = rest.get(..8).unwrap_or_default().to_ascii_lowercase();
        let end = if lower.starts_with("<script") {
            rest.find("</script")
        } else if lower.starts_with("<style") {
            rest.find("</style")
        } else {
            rest.find('>').map(|at| at + 1)
        };
        text.push(' ');
        // What is not closed ends the page.
        rest = end.map_or("", |end| &rest[end.max(1)..]);
    }
    text.push_str(rest);
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
    Markdown {
        title: String::new(),
        text: lines.collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_content_is_kept_and_the_rest_left_out() {
        let words = "The borrow checker makes sure that references never outlive their data. ";
        let html = format!(
            "<html><head><title>Borrowing &amp; you</title><script>evil()</script></head><body>\
             <nav><a href=/x>Home</a> <a href=/y>About us</a></nav>\
             <article><h1>Borrowing</h1><p>{}</p><p>{}</p><pre><code>let a = &amp;b;</code></pre>\
             <p>See <a href=\"/rules\">the rules</a>.</p></article>\
             <footer>Copyright nobody</footer></body></html>",
            words.repeat(12),
            words.repeat(9),
        );
        let page = markdown(html, "https://example.com/book/ch4");
        assert_eq!(page.title, "Borrowing & you");
        assert!(
            page.text.contains("references never outlive"),
            "{}",
            page.text
        );
        assert!(page.text.contains("let a = &b;"), "{}", page.text);
        assert!(
            page.text.contains("(https://example.com/rules)"),
            "{}",
            page.text
        );
        for noise in ["About us", "evil()", "Copyright"] {
            assert!(!page.text.contains(noise), "{noise}: {}", page.text);
        }
    }

    #[test]
    fn a_page_without_article_is_kept_whole() {
        let rows: String = (0..50)
            .map(|n| format!("<li><a href='#{n}'>fn{n}</a></li>"))
            .collect();
        let page = markdown(format!("<ul>{rows}</ul>"), "https://example.com/");
        assert!(page.text.contains("fn0") && page.text.contains("fn49"));
    }

    #[test]
    fn pages_made_to_break_readers_do_not() {
        let deep = format!(
            "{}deep text{}",
            "<div>".repeat(200_000),
            "</div>".repeat(200_000)
        );
        assert_eq!(markdown(deep, "https://example.com/").text, "deep text");
        let unclosed = "<b>".repeat(100_000) + "bold";
        assert!(
            markdown(unclosed, "https://example.com/")
                .text
                .ends_with("bold")
        );
        for odd in [
            "",
            "<",
            "<<<>>>",
            "<script>x",
            "</",
            "<p",
            "&#xFFFFFFF;",
            "\u{0}",
        ] {
            markdown(odd.to_string(), "https://example.com/");
            plain(odd);
        }
    }
}
