//! Pages of the web, fetched and made readable; kept for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::ToolError;
use super::common::to_model;
use crate::exec::Env;
use crate::media::image::{self, Ready};
use crate::media::{html, pdf, sniff};
use crate::net::fetch::{Fetched, Fetcher, Proxies};
use crate::stdx::text;

/// How long a page is not asked for again.
const FRESH: Duration = Duration::from_secs(15 * 60);
/// Pages and bytes kept.
const MAX_KEPT: usize = 32;
const MAX_KEPT_BYTES: usize = 16 * 1024 * 1024;
/// Redirects within a host that are followed.
const MAX_HOPS: usize = 5;
/// Largest page, and largest image or document, in bytes.
const MAX_PAGE: usize = 5 * 1024 * 1024;
const MAX_FILE: usize = 20 * 1024 * 1024;
/// Text of a document kept, in bytes.
const MAX_PDF_TEXT: usize = 2 * 1024 * 1024;
/// A page with less text than this may have a better form elsewhere.
const POOR: usize = 300;

const ACCEPT: &str = "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, \
                      text/plain;q=0.8, */*;q=0.5";
const ACCEPT_TEXT: &str = "text/markdown, text/plain;q=0.9";

/// What an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Page {
    /// Text to read.
    Text {
        /// Where it was in the end.
        url: String,
        /// May be empty.
        title: String,
        text: String,
    },
    /// An image.
    Image(Ready),
    /// Another host.
    Elsewhere(String),
}

/// The web as tools see it: one fetcher, and the pages of the last minutes.
#[derive(Debug)]
pub struct Web {
    fetcher: Fetcher,
    kept: Mutex<Vec<(String, Instant, Page)>>,
}

impl Web {
    /// The public network; `env` names the proxies, if any.
    pub fn new(env: &Env) -> Self {
        let var = |names: &[&str]| {
            let found = names.iter().find_map(|name| {
                let (_, value) = env.vars().iter().find(|(key, _)| key == name)?;
                value.to_str().filter(|value| !value.is_empty())
            });
            found.map(|proxy| match proxy.contains("://") {
                true => proxy.to_string(),
                false => format!("http://{proxy}"),
            })
        };
        let all = var(&["all_proxy", "ALL_PROXY"]);
        Self::with(Fetcher::new(Proxies {
            // Upper case is not asked: a web server sets HTTP_PROXY from a header.
            http: var(&["http_proxy"]).or(all.clone()),
            https: var(&["https_proxy", "HTTPS_PROXY"]).or(all),
        }))
    }

    /// With this fetcher.
    pub(crate) fn with(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            kept: Mutex::default(),
        }
    }

    /// A page, from memory when it is fresh.
    pub(crate) async fn page(&self, address: &str) -> Result<Page, ToolError> {
        let mut url = Url::parse(address).map_err(to_model)?;
        url.set_fragment(None);
        let key = url.to_string();
        if let Some(page) = self.recall(&key) {
            return Ok(page);
        }
        let page = self.fetch(url).await?;
        self.keep(key, &page);
        Ok(page)
    }

    /// The body of an address as text, without any redirect: for other tools.
    pub(crate) async fn raw(&self, url: &Url) -> Result<String, ToolError> {
        let got = self.fetcher.get(url, ACCEPT, |_| MAX_PAGE).await;
        let got = got.map_err(to_model)?;
        if got.status != 200 {
            let host = url.host_str().unwrap_or_default();
            return Err(ToolError::model(format!("{host} answers {}", got.status)));
        }
        Ok(decoded(&got.body, &got.content_type))
    }

    fn recall(&self, key: &str) -> Option<Page> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, at, _)| at.elapsed() < FRESH);
        let found = kept.iter().find(|(url, ..)| url == key);
        found.map(|(_, _, page)| page.clone())
    }

    fn keep(&self, key: String, page: &Page) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((key, Instant::now(), page.clone()));
        let bytes = |kept: &[(String, Instant, Page)]| -> usize {
            kept.iter().map(|(_, _, page)| size(page)).sum()
        };
        while kept.len() > MAX_KEPT || bytes(&kept) > MAX_KEPT_BYTES {
            kept.remove(0);
        }
    }

    async fn fetch(&self, mut url: Url) -> Result<Page, ToolError> {
        for _ in 0..MAX_HOPS {
            let got = self.fetcher.get(&url, ACCEPT, limit).await;
            let got = got.map_err(to_model)?;
            let Some(to) = &got.location else {
                return self.read(url, got).await;
            };
            if to.host_str() != url.host_str() || to.port_or_known_default().is_none() {
                return Ok(Page::Elsewhere(to.to_string()));
            }
            url = to.clone();
        }
        Err(ToolError::model(format!("{url}: too many redirects")))
    }

    async fn read(&self, url: Url, got: Fetched) -> Result<Page, ToolError> {
        if !(200..300).contains(&got.status) {
            let words = readable(&url, got.clone()).await.ok();
            let words = match words {
                Some(Page::Text { text, .. }) => text::one_line(&text::clean(&text), 300),
                _ => String::new(),
            };
            let status = got.status;
            return Err(ToolError::model(format!("{url} answers {status}. {words}")));
        }
        let is_html = is_html(&got);
        let alternate = is_html.then(|| alternate(&got, &url)).flatten();
        if let Some(to) = alternate
            && let Some(page) = self.markdown(&to).await
        {
            return Ok(page);
        }
        let page = readable(&url, got).await?;
        let poor = matches!(&page, Page::Text { text, .. } if text.len() < POOR);
        if is_html
            && poor
            && let Some(page) = self.markdown(&other_form(&url)).await
        {
            return Ok(page);
        }
        Ok(page)
    }

    /// A form of a page made for reading programs, where there is one.
    async fn markdown(&self, url: &Url) -> Option<Page> {
        let got = self.fetcher.get(url, ACCEPT_TEXT, limit).await.ok()?;
        let kind = essence(&got.content_type);
        let fits = got.status == 200
            && got.location.is_none()
            && matches!(
                kind.as_str(),
                "text/markdown" | "text/plain" | "text/x-markdown"
            );
        if !fits {
            return None;
        }
        let text = decoded(&got.body, &got.content_type);
        (text.len() >= POOR).then(|| Page::Text {
            url: url.to_string(),
            title: String::new(),
            text,
        })
    }
}

fn size(page: &Page) -> usize {
    match page {
        Page::Text { text, .. } => text.len(),
        Page::Image(image) => image.bytes.len(),
        Page::Elsewhere(_) => 0,
    }
}

fn limit(content_type: &str) -> usize {
    let kind = essence(content_type);
    if kind.starts_with("image/") || kind == "application/pdf" {
        MAX_FILE
    } else {
        MAX_PAGE
    }
}

/// A content type without its parameters.
fn essence(content_type: &str) -> String {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn is_html(got: &Fetched) -> bool {
    match essence(&got.content_type).as_str() {
        "text/html" | "application/xhtml+xml" => true,
        "" | "application/octet-stream" => {
            let start = got.body.trim_ascii_start();
            let start = start[..start.len().min(15)].to_ascii_lowercase();
            start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
        }
        _ => false,
    }
}

/// Where a page says that its Markdown is, on the same host.
fn alternate(got: &Fetched, url: &Url) -> Option<Url> {
    let head = &got.body[..got.body.len().min(64 * 1024)];
    let head = String::from_utf8_lossy(head);
    let link = head.split("<link").skip(1).find_map(|link| {
        let link = &link[..link.find('>')?];
        (link.contains("alternate") && link.contains("text/markdown")).then_some(link)
    })?;
    let (_, rest) = link.split_once("href=")?;
    let quote = rest.chars().next()?;
    let href = match quote {
        '"' | '\'' => rest[1..].split(quote).next()?,
        _ => rest.split_whitespace().next()?,
    };
    let to = url.join(href).ok()?;
    (to.host_str() == url.host_str() && to.scheme() == url.scheme()).then_some(to)
}

/// Where sites put the form of a page for reading programs.
fn other_form(url: &Url) -> Url {
    let mut to = url.clone();
    to.set_query(None);
    let path = url.path();
    if path == "/" {
        to.set_path("/llms.txt");
    } else {
        to.set_path(&format!("{}.md", path.trim_end_matches('/')));
    }
    to
}

/// What was fetched in a form that can be read.
async fn readable(url: &Url, got: Fetched) -> Result<Page, ToolError> {
    let address = url.to_string();
    let work = move || {
        let kind = essence(&got.content_type);
        let page = |title: String, text: String| Page::Text {
            url: address.clone(),
            title,
            text,
        };
        let whole = |got: &Fetched| match got.cut {
            true => Err(ToolError::model(format!("{address} is larger than 20 MB"))),
            false => Ok(()),
        };
        if sniff::image(&got.body).is_some()
            || kind.starts_with("image/") && kind != "image/svg+xml"
        {
            whole(&got)?;
            return image::ready(got.body).map(Page::Image).map_err(to_model);
        }
        if sniff::is_pdf(&got.body) || kind == "application/pdf" {
            whole(&got)?;
            let pages = pdf::text(got.body, 1, u32::MAX, MAX_PDF_TEXT).map_err(to_model)?;
            return Ok(page(String::new(), pages.words()));
        }
        let mut body = decoded(&got.body, &got.content_type);
        if body.contains('\0') {
            let bytes = got.body.len();
            return Err(ToolError::model(format!(
                "{address} is binary ({kind}, {bytes} bytes)"
            )));
        }
        let mut title = String::new();
        if is_html(&got) {
            let read = html::markdown(body, &address);
            (title, body) = (read.title, read.text);
        }
        if got.cut {
            body.push_str("\n[the page is longer than 5 MB; the rest was not fetched]");
        }
        Ok(page(title, body))
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(to_model(error)))
}

/// A body as text, by what the answer, its first bytes or the page itself say of its
/// encoding.
fn decoded(body: &[u8], content_type: &str) -> String {
    let named = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let (_, rest) = lower.split_once("charset=")?;
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|ch: char| !ch.is_ascii_alphanumeric() && !"-_:".contains(ch));
        encoding_rs::Encoding::for_label(&rest.as_bytes()[..end.unwrap_or(rest.len())])
    };
    let start = String::from_utf8_lossy(&body[..body.len().min(2048)]);
    let encoding = named(content_type)
        .or_else(|| start.contains('<').then(|| named(&start)).flatten())
        .unwrap_or(encoding_rs::UTF_8);
    // A byte order mark wins over both.
    encoding.decode(body).0.into_owned()
}
