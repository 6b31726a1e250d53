use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that gives one answer to whoever comes, and what it was asked.
async fn serve(answer: Vec<u8>) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        // A client that has enough hangs up.
        let _ = stream.write_all(&answer).await;
        String::from_utf8(asked).unwrap()
    });
    (address, task)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[tokio::test]
async fn a_page_is_fetched_from_the_judged_address_and_cut_at_the_limit() {
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n0123456789";
    let (address, task) = serve(answer.to_vec()).await;
    let fetcher = Fetcher::for_tests(vec![("docs.example.com".into(), address)]);
    let page = url(&format!(
        "http://docs.example.com:{}/a?b=1#c",
        address.port()
    ));
    let got = fetcher.get(&page, "text/markdown", |_| 4).await.unwrap();
    assert_eq!(
        (got.status, got.body.as_slice(), got.cut),
        (200, &b"0123"[..], true)
    );
    assert_eq!(got.content_type, "text/plain");
    let asked = task.await.unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("get /a?b=1 http/1.1\r\n"), "{asked}");
    assert!(asked.contains("accept: text/markdown"), "{asked}");
    for secret in ["cookie", "authorization", "referer"] {
        assert!(!asked.contains(secret), "{asked}");
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 3\r\n\r\nabc";
    let (address, _task) = serve(answer.to_vec()).await;
    let fetcher = Fetcher::for_tests(vec![("a.example".into(), address)]);
    let from = url(&format!("http://a.example:{}/y/z", address.port()));
    let got = fetcher.get(&from, "*/*", |_| 100).await.unwrap();
    let to = got.location.unwrap();
    assert_eq!((to.path(), to.host_str()), ("/x", Some("a.example")));
}

#[tokio::test]
async fn what_is_not_public_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let port = address.port();
    let mut fetcher = Fetcher::new(Proxies::default());
    fetcher.hosts = vec![
        ("rebound.example.com".into(), address),
        (
            "meta.example.com".into(),
            "[::ffff:169.254.169.254]:80".parse().unwrap(),
        ),
    ];
    for text in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://rebound.example.com:{port}/"),
        format!("http://localhost:{port}/"),
        "http://meta.example.com/latest".into(),
        "http://169.254.169.254/latest/meta-data/".into(),
        "http://10.0.0.1/".into(),
        "http://[64:ff9b::a00:1]/".into(),
        "http://93.184.215.14:22/".into(),
        "https://user:pass@93.184.215.14/".into(),
        "ftp://93.184.215.14/".into(),
    ] {
        let error = fetcher.get(&url(&text), "*/*", |_| 1).await.unwrap_err();
        assert!(
            matches!(error, FetchError::Refused { .. }),
            "{text}: {error}"
        );
    }
    // Addresses are judged in front of a proxy too.
    let proxied = Fetcher::new(Proxies {
        http: Some(format!("http://127.0.0.1:{port}")),
        https: None,
    });
    let inner = url("http://169.254.169.254/");
    let error = proxied.get(&inner, "*/*", |_| 1).await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { .. }), "{error}");
    let nobody = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(nobody.is_err(), "something connected");
}

#[tokio::test]
async fn behind_a_proxy_everything_goes_through_it() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (address, task) = serve(answer.to_vec()).await;
    let fetcher = Fetcher::new(Proxies {
        http: Some(format!("http://{address}")),
        https: None,
    });
    let page = url("http://docs.example.com/a");
    let got = fetcher.get(&page, "*/*", |_| 100).await.unwrap();
    assert_eq!(got.body, b"ok");
    let asked = task.await.unwrap();
    assert!(
        asked.starts_with("GET http://docs.example.com/a "),
        "{asked}"
    );
}
