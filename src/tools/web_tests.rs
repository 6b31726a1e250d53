use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::net::fetch::Fetcher;
use crate::tools::testing::Bench;
use crate::tools::web::Web;

/// A server that answers by path; counts in `asked` what it was asked for.
async fn serve(
    pages: Vec<(&'static str, &'static str, Vec<u8>)>,
) -> (SocketAddr, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_string();
            let found = pages.iter().find(|(at, ..)| *at == path);
            let answer = match found {
                Some((_, "redirect", to)) => {
                    let to = String::from_utf8_lossy(to);
                    format!("HTTP/1.1 302 F\r\nlocation: {to}\r\nconnection: close\r\n\r\n").into()
                }
                Some((_, kind, body)) => {
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    [head.as_bytes(), body].concat()
                }
                None => b"HTTP/1.1 404 N\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nno such page".to_vec(),
            };
            seen.lock().unwrap().push(path);
            let _ = stream.write_all(&answer).await;
        }
    });
    (address, asked)
}

struct Site {
    bench: Bench,
    base: String,
    asked: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Site {
    async fn new(pages: Vec<(&'static str, &'static str, Vec<u8>)>) -> Self {
        let (address, asked) = serve(pages).await;
        let mut bench = Bench::new();
        let hosts = vec![("docs.example.com".to_string(), address)];
        bench.cx.web = Arc::new(Web::with(Fetcher::for_tests(hosts)));
        Self {
            bench,
            base: format!("http://docs.example.com:{}", address.port()),
            asked,
        }
    }

    async fn call(&self, path: &str, offset: Option<u64>) -> Result<ToolOutput, ToolError> {
        let url = format!("{}{path}", self.base);
        WebFetch::run(Args { url, offset }, self.bench.cx.clone()).await
    }

    async fn text(&self, path: &str) -> String {
        let output = self.call(path, None).await.unwrap();
        output.content[0].as_text().unwrap().to_string()
    }
}

#[tokio::test]
async fn pages_of_all_kinds_are_read() {
    let latin = b"<html><head><meta charset='iso-8859-1'><title>T</title></head><body><h1>Caf\xe9</h1></body></html>";
    let site = Site::new(vec![
        ("/latin", "text/html", latin.to_vec()),
        ("/md", "text/markdown; charset=utf-8", "# Über".into()),
        (
            "/json",
            "application/json",
            r#"{"a":"</web_page><x>"}"#.into(),
        ),
        (
            "/sjis",
            "text/plain; charset=Shift_JIS",
            b"\x93\xfa\x96\x7b".to_vec(),
        ),
        ("/png", "text/plain", crate::media::image::sample(3, 2)),
        ("/bin", "application/zip", b"PK\0\x03".to_vec()),
        ("/here", "redirect", "/md".into()),
        ("/there", "redirect", "https://other.example.org/x".into()),
        ("/loop", "redirect", "/loop".into()),
    ])
    .await;
    let latin = site.text("/latin").await;
    assert!(
        latin.contains("# Café") && latin.contains("title=\"T\""),
        "{latin}"
    );
    assert!(site.text("/md").await.ends_with("\">\n# Über\n</web_page>"));
    let json = site.text("/json").await;
    assert_eq!(json.matches("</web_page>").count(), 1, "{json}");
    assert!(site.text("/sjis").await.contains("日本"));
    let png = site.call("/png", None).await.unwrap();
    assert_eq!(png.images[0].0, "image/png");
    let error = |error: ToolError| error.to_string();
    let binary = error(site.call("/bin", None).await.unwrap_err());
    assert!(
        binary.contains("is binary (application/zip, 4 bytes)"),
        "{binary}"
    );
    let gone = error(site.call("/gone", None).await.unwrap_err());
    assert!(gone.contains("answers 404. no such page"), "{gone}");
    assert!(site.text("/here").await.contains("/md\">\n# Über"));
    assert!(
        site.text("/there")
            .await
            .contains("another host: https://other.example.org/x")
    );
    assert!(error(site.call("/loop", None).await.unwrap_err()).contains("too many redirects"));
}

#[tokio::test]
async fn long_pages_are_read_in_parts_and_asked_for_once() {
    let long: String = (0..9_000).map(|n| format!("line {n}\n")).collect();
    let site = Site::new(vec![("/long", "text/plain", long.into())]).await;
    let first = site.text("/long").await;
    assert!(first.contains("line 0\n") && first.len() < SHOWN + 300);
    let (_, rest) = first.rsplit_once("offset=").unwrap();
    let offset: u64 = rest.trim_end_matches(']').parse().unwrap();
    let second = site.call("/long", Some(offset)).await.unwrap();
    let second = second.content[0].as_text().unwrap().to_string();
    let last = first.lines().rev().nth(2).unwrap();
    let number: u32 = last.trim_start_matches("line ").parse().unwrap();
    assert!(
        second.contains(&format!(">\nline {}\n", number + 1)),
        "{last}"
    );
    let beyond = site.call("/long", Some(1 << 40)).await.unwrap();
    assert!(
        beyond.content[0]
            .as_text()
            .unwrap()
            .contains("[the page ends at")
    );
    assert_eq!(*site.asked.lock().unwrap(), ["/long"]);
}

#[tokio::test]
async fn forms_for_reading_programs_are_preferred() {
    let guide = format!("# Guide\n{}", "All of it. ".repeat(40));
    let linked =
        "<html><head><link rel=alternate type=\"text/markdown\" href=\"/g.md\"></head><p>x</html>";
    let site = Site::new(vec![
        ("/guide", "text/html", linked.into()),
        ("/g.md", "text/markdown", guide.clone().into()),
        (
            "/app",
            "text/html",
            "<html><div id=root></div></html>".into(),
        ),
        ("/app.md", "text/plain", guide.into()),
        ("/", "text/html", "<html><p>Loading</p></html>".into()),
    ])
    .await;
    assert!(site.text("/guide").await.contains("/g.md\">\n# Guide"));
    assert!(site.text("/app").await.contains("/app.md\">\n# Guide"));
    assert!(site.text("/").await.contains("Loading"));
    assert!(
        site.asked
            .lock()
            .unwrap()
            .contains(&"/llms.txt".to_string())
    );
}

#[tokio::test]
async fn a_stopped_turn_stops_a_fetch() {
    let site = Site::new(vec![]).await;
    site.bench.cx.cancel.cancel();
    let error = site.call("/x", None).await.unwrap_err();
    assert!(matches!(error, ToolError::Stopped(_)));
}

#[test]
fn the_effect_is_the_address() {
    let bench = Bench::new();
    let tool = crate::tools::testing::tool("web_fetch");
    let arguments = json!({"url": "https://example.com/a"}).to_string();
    let prepared = tool.prepare(&arguments, &bench.cx).unwrap();
    assert_eq!(
        prepared.effects,
        [Effect::Net("https://example.com/a".into())]
    );
    assert_eq!(prepared.title.verb, "Fetch");
}
