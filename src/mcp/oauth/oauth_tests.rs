//! Tokens on disk, and the port a browser comes back to. Whole logins are the official
//! suite's (`examples/mcp-probe.rs`).

use rmcp::transport::auth::{CredentialStore, StoredCredentials};
use serde_json::json;

use super::loopback::{Loopback, has_state};
use super::store::{Store, Tokens, logout};

fn credentials(id: &str, token: &str, issuer: &str) -> StoredCredentials {
    let token = json!({"access_token": token, "token_type": "bearer", "refresh_token": "r"});
    let token = serde_json::from_value(token).unwrap();
    let scopes = vec!["read".to_string()];
    StoredCredentials::new(id.into(), Some(token), scopes, Some(1)).with_issuer(Some(issuer.into()))
}

#[tokio::test]
async fn tokens_belong_to_a_server_and_an_issuer() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("mcp");
    let (one, two) = (
        Tokens::of(&home, "https://a/mcp"),
        Tokens::of(&home, "https://b/mcp"),
    );
    assert!(one.load().await.unwrap().is_none());
    one.registers(Some("shh".into()), "http://127.0.0.1:1/callback");
    one.save(credentials("c1", "t1", "https://i"))
        .await
        .unwrap();
    two.save(credentials("c2", "t2", "https://i"))
        .await
        .unwrap();
    one.save(credentials("c3", "t3", "https://new"))
        .await
        .unwrap();
    let found = one.load().await.unwrap().unwrap();
    assert_eq!(
        (found.client_id.as_str(), found.issuer.as_deref()),
        ("c3", Some("https://new"))
    );
    // The secret of the client is there for the next run.
    let entry = Tokens::of(&home, "https://a/mcp").entry().unwrap().unwrap();
    assert_eq!(entry.client_secret.as_deref(), Some("shh"));
    assert!(!format!("{found:?}").contains("t3"));
    let path = home.join(super::FILE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(logout(&home, "https://a/mcp").unwrap());
    assert!(!logout(&home, "https://a/mcp").unwrap());
    assert_eq!(two.load().await.unwrap().unwrap().client_id, "c2");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("t1") && !text.contains("t3"), "{text}");
    std::fs::write(&path, "{\"logins\": [\"secret-token\"]}").unwrap();
    let error = two.load().await.unwrap_err().to_string();
    assert!(
        error.contains("mcp-tokens.json") && !error.contains("secret-token"),
        "{error}"
    );
}

#[tokio::test]
async fn what_a_server_asks_for_is_kept_until_there_is_a_login() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    store.note("https://a", "Bearer scope=\"x\"").unwrap();
    store.note("https://a", "Bearer scope=\"y\"").unwrap();
    assert_eq!(
        store.challenge("https://a").unwrap().unwrap(),
        "Bearer scope=\"y\""
    );
    assert!(store.challenge("https://b").unwrap().is_none());
    let tokens = Tokens::of(dir.path(), "https://a");
    tokens
        .save(credentials("c", "t", "https://i"))
        .await
        .unwrap();
    assert!(store.challenge("https://a").unwrap().is_none());
}

#[tokio::test]
async fn only_the_answer_to_this_login_is_taken() {
    let loopback = Loopback::open().await.unwrap();
    let address = loopback.address();
    let visit = |target: String| async move {
        let request = http::Request::get(target).body(Vec::new()).unwrap();
        let client = crate::net::buffered::Buffered::default();
        let patience = std::time::Duration::from_secs(20);
        let answer = client.send(request, false, 10_000, patience).await.unwrap();
        answer.status().as_u16()
    };
    let visits = async {
        let other = address.replace("/callback", "/favicon.ico");
        let other = visit(format!("{other}?state=s1")).await;
        let wrong = visit(format!("{address}?code=evil&state=s2")).await;
        let right = visit(format!("{address}?code=c&state=s1")).await;
        (other, wrong, right)
    };
    let (answer, statuses) = tokio::join!(loopback.answer("s1"), visits);
    assert_eq!(statuses, (404, 404, 200));
    assert_eq!(answer.unwrap(), format!("{address}?code=c&state=s1"));
    assert!(has_state("http://127.0.0.1:1/callback?state=a%20b", "a b"));
    assert!(!has_state("not an address", "a"));
}
