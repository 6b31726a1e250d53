use super::*;
use crate::permission::Place;
use proptest::prelude::*;
use std::path::Path;

fn verdict(text: &str) -> &'static str {
    word(&RuleSet::default(), text)
}

fn word(rules: &RuleSet, text: &str) -> &'static str {
    match judge(rules, text) {
        Fetch::Allow(_) => "allow",
        Fetch::Deny(_) => "deny",
        Fetch::Ask { .. } => "ask",
    }
}

#[test]
fn addresses_of_this_machine_and_its_network_are_refused_in_every_spelling() {
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://127.0.0.1:8080/x",
        "http://127.255.255.255/",
        "http://0.0.0.0/",
        "http://0/",
        "http://localhost/",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://localhost:3000",
        "http://sub.localhost/",
        "http://localhost.localdomain/",
        "http://[::1]/",
        "http://[::]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[2001:db8::1]/",
        "http://[100::1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://100.64.0.1/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://198.18.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://240.0.0.1/",
        "http://metadata.google.internal/",
        "http://metadata/",
        "http://instance-data/",
        "http://host.docker.internal/",
        "http://kubernetes.default.svc.cluster.local/",
        "http://kubernetes.default.svc/",
        "http://kubernetes.default/",
        "http://127.0.0.1../",
        "http://127.0.0.1.../",
        "http://10.0.0.1..../",
        "http://printer.local/",
        "http://router.lan/",
        "http://intranet/",
        "http://db.corp/",
        "http://127.0.0.1.nip.io/",
        "http://10-0-0-1.sslip.io/",
        "http://localtest.me/",
        "http://①②⑦.⓪.⓪.①/",
        "http://１２７.0.0.1/",
        "http://127。0。0。1/",
        "http://ⓛocalhost/",
    ] {
        assert_eq!(verdict(url), "deny", "{url}");
    }
}

#[test]
fn odd_urls_are_refused() {
    for url in [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:1",
        "gopher://example.com/",
        "http:example.com",
        "http:/example.com",
        "http:///example.com",
        "http://",
        "http://user@example.com/",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1?@example.com/",
        "http://127.0.0.1#@example.com/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://exam ple.com/",
        "http://example.com/\r\nHost: x",
        "http://example.com/\u{0}",
        "http://127.0.0.1%2f@example.com/",
        "http://%31%32%37.0.0.1/",
        "http://[::1/",
        "http://[::1]x/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://a..b/",
    ] {
        assert_eq!(verdict(url), "deny", "{url:?}");
    }
}

#[test]
fn new_hosts_ask_and_known_ones_do_not() {
    for url in [
        "https://example.com/",
        "https://example.com:8443/a?b#c",
        "http://1.1.1.1/",
        "http://[2606:4700::1111]/",
        "https://docs.rs/x@1",
        "https://bücher.example/",
    ] {
        assert_eq!(verdict(url), "ask", "{url}");
    }
    let place = Place {
        root: Path::new("/nonexistent"),
        home: None,
    };
    let mut rules = RuleSet::default();
    rules
        .add(List::Allow, "WebFetch(domain:example.com)", &place)
        .unwrap();
    rules
        .add(List::Deny, "WebFetch(domain:bad.example.com)", &place)
        .unwrap();
    // No rule opens the inner network.
    rules
        .add(List::Allow, "WebFetch(domain:127.0.0.1)", &place)
        .unwrap();
    rules
        .add(List::Allow, "WebFetch(domain:*.wide.example)", &place)
        .unwrap();
    for (url, expected) in [
        ("https://EXAMPLE.com./x", "allow"),
        ("https://a.example.com", "ask"),
        ("https://bad.example.com", "deny"),
        ("https://x.bad.example.com.", "deny"),
        ("http://127.0.0.1/", "deny"),
        ("https://other.org/a", "ask"),
        ("https://notexample.com/", "ask"),
        ("https://example.com.evil.org/", "ask"),
        ("https://a.wide.example/", "allow"),
        ("https://wide.example/", "ask"),
    ] {
        assert_eq!(word(&rules, url), expected, "{url}");
    }
    assert_eq!(
        rule_for("http://other.org:80/b").as_deref(),
        Some("WebFetch(domain:other.org)")
    );
}

proptest! {
    #[test]
    fn no_inner_address_is_ever_fetched(address in any::<u32>(), form in 0..5usize) {
        let ip = std::net::Ipv4Addr::from(address);
        let text = match form {
            0 => ip.to_string(),
            1 => address.to_string(),
            2 => format!("0x{address:x}"),
            3 => format!("[::ffff:{ip}]"),
            _ => format!("[64:ff9b::{ip}]"),
        };
        let inner = ip.is_private() || ip.is_loopback() || ip.is_link_local()
            || ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast();
        if inner {
            prop_assert_eq!(verdict(&format!("http://{text}/")), "deny");
        }
    }

    #[test]
    fn any_text_is_judged(text in ".{0,80}") {
        verdict(&text);
        verdict(&format!("http://{text}/"));
    }
}
