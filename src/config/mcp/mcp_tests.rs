use super::*;
use crate::config::{self, Config, Env, Paths, trust};

/// A home and a workspace.
struct Place {
    dir: tempfile::TempDir,
    env: Env,
    paths: Paths,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let env = Env::from_pairs([("HOME", home.to_str().unwrap())]);
        let paths = Paths::new(&dir.path().join("work"), &env);
        Self { dir, env, paths }
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn load(&self) -> Config {
        config::load(&self.paths, &self.env, false).unwrap()
    }

    /// Names in force and names that wait for trust.
    fn names(&self) -> (Vec<String>, Vec<String>) {
        let names = |list: &[McpServer]| list.iter().map(|server| server.name.clone()).collect();
        let config = self.load();
        (names(&config.mcp_servers), names(&config.mcp_untrusted))
    }

    fn trust(&self) {
        let items = self.load().gated;
        trust::accept(&self.paths, &items, false).unwrap();
    }
}

fn stdio(server: &McpServer) -> (&str, Vec<&str>, Vec<(&str, &str)>) {
    let McpTransport::Stdio { command, args, env } = &server.transport else {
        panic!("{server:?}");
    };
    let env = env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    (
        command,
        args.iter().map(String::as_str).collect(),
        env.collect(),
    )
}

fn http(server: &McpServer) -> (&str, Vec<(&str, &str)>) {
    let McpTransport::Http { url, headers } = &server.transport else {
        panic!("{server:?}");
    };
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    (url, headers.collect())
}

#[test]
fn one_bad_entry_does_not_lose_the_rest() {
    let place = Place::new();
    place.file(
        "home/.sofos/config.toml",
        "model = \"m\"\n\n[mcp-servers.good]\ncommand = \"npx\"\nargs = [\"-y\", \"x\"]\n\
         env = { KEY = \"${KEY}\", PORT = 80 }\ntimeout = \"2m\"\ncolour = \"red\"\n\n\
         [mcp-servers.bad]\ncommand = 3\n\n[mcp-servers.\"a b\"]\ncommand = \"x\"\n\n\
         [mcp-servers.both]\ncommand = \"x\"\nurl = \"https://x\"\n\n\
         [mcp-servers.ftp]\nurl = \"ftp://x\"\n\n[mcp-servers.none]\ntimeout = 5\n\n\
         [mcp-servers.web]\nurl = \"https://x/mcp\"\nallow_tools = [\"a\"]\nreadonly = true\n\
         scopes = \"read write\"\n",
    );
    let config = place.load();
    let [good, web] = &config.mcp_servers[..] else {
        panic!("{:?}", config.mcp_servers);
    };
    assert_eq!(
        stdio(good),
        (
            "npx",
            vec!["-y", "x"],
            vec![("KEY", "${KEY}"), ("PORT", "80")]
        )
    );
    assert_eq!(good.timeout, Duration::from_secs(120));
    assert!(good.from.ends_with("config.toml:3"), "{}", good.from);
    assert_eq!(good.variables(), ["KEY"]);
    assert!(web.readonly && web.offers("a") && !web.offers("b"));
    assert_eq!(web.scopes.as_deref().unwrap(), ["read", "write"]);
    let said = config.warnings.join("\n");
    for words in [
        "config.toml:8: MCP server good: unknown key \"colour\"",
        "config.toml:11: MCP server bad: command must be a text",
        "config.toml:13: \"a b\" cannot be",
        "config.toml:18: MCP server both: has both",
        "config.toml:21: MCP server ftp: url must begin",
        "config.toml:23: the MCP server none has neither",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    place.file(
        "home/.sofos/config.toml",
        "mcp-servers = 3\nmodel = \"m\"\n",
    );
    let config = place.load();
    assert_eq!(config.model.as_deref(), Some("m"));
    assert!(config.warnings[0].contains(":1: mcp-servers must be"));
}

#[test]
fn what_a_workspace_brings_is_inert_until_it_is_accepted_word_for_word() {
    let place = Place::new();
    place.file(
        "home/.sofos/config.toml",
        "[mcp-servers.git]\ncommand = \"mine\"\n",
    );
    let theirs = |args: &str| {
        let text = format!(
            "{{\"mcpServers\": {{\n \"git\": {{\"command\": \"evil\", \"args\": [{args}], \
             \"env\": {{\"A\": \"b c\"}}}},\n \"web\": {{\"type\": \"http\", \"url\": \
             \"https://x\", \"headers\": {{\"X\": \"${{Y}}\"}}}}}}}}"
        );
        place.file("work/.mcp.json", &text);
    };
    theirs("\"-c\", \"a b\"");
    let config = place.load();
    assert_eq!(stdio(&config.mcp_servers[0]).0, "mine");
    assert_eq!(
        config.untrusted,
        [
            ".mcp.json: MCP server git runs evil -c \"a b\" env={A=\"b c\"}",
            ".mcp.json: MCP server web asks https://x headers={X=\"${Y}\"}",
        ]
    );
    assert!(config.mcp_untrusted[1].from.ends_with(".mcp.json:3"));
    place.trust();
    let config = place.load();
    assert!(config.untrusted.is_empty() && config.mcp_untrusted.is_empty());
    assert_eq!(stdio(&config.mcp_servers[0]).0, "evil");
    theirs("\"-c\", \"a  b\"");
    let config = place.load();
    assert_eq!(stdio(&config.mcp_servers[0]).0, "mine");
    assert_eq!((config.untrusted.len(), config.gone.len()), (1, 1));
}

#[test]
fn a_later_layer_changes_or_switches_off_an_earlier_one() {
    let place = Place::new();
    place.file(
        "home/.sofos/config.toml",
        "[mcp-servers.a]\ncommand = \"a\"\n[mcp-servers.b]\ncommand = \"b\"\nenabled = false\n",
    );
    place.file(
        "work/.sofos/config.local.toml",
        "[mcp-servers.a]\nenabled = false\ndeny-tools = [\"rm\"]\n[mcp-servers.b]\n\
         enabled = true\nreadonly = true\n[mcp-servers.gone]\nenabled = false\n",
    );
    let state = || {
        let config = place.load();
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        let servers = config.mcp_servers.into_iter();
        servers
            .map(|server| (server.enabled, server.readonly, server.offers("rm")))
            .collect::<Vec<_>>()
    };
    // What narrows holds at once, what widens waits.
    assert_eq!(state(), [(false, false, false), (false, false, true)]);
    place.trust();
    assert_eq!(state(), [(false, false, false), (true, true, true)]);
}

#[test]
fn the_files_of_other_tools_are_understood() {
    let place = Place::new();
    place.file(
        "work/.cursor/mcp.json",
        r#"{"mcpServers": {"c u": {"url": "https://c", "headers": {"A": "Bearer ${env:T}"}}}}"#,
    );
    place.file(
        "work/.vscode/mcp.json",
        "{ // mine\n \"inputs\": [],\n \"servers\": {\n  \"v\": {\"type\": \"stdio\", \"command\": \
         \"${workspaceFolder}/run\", \"args\": [\"${input:my-key}\"], \"cwd\": \"x\"},\n },\n}",
    );
    place.file(
        "work/opencode.json",
        r#"{"mcp": {"o1": {"type": "local", "command": ["npx", "-y", "o"], "environment": {"K": "{env:K}"}, "enabled": false, "timeout": 5000},
            "o2": {"type": "remote", "url": "https://o", "oauth": {"clientId": "id", "scope": "a b"}}}}"#,
    );
    place.file(
        "work/.codex/config.toml",
        "model = \"x\"\n[mcp_servers.x1]\nurl = \"https://x\"\nbearer_token_env_var = \"TOK\"\n\
         enabled_tools = [\"a\"]\ntool_timeout_sec = 9\n[mcp_servers.x1.http_headers]\nB = \"c\"\n",
    );
    place.file(
        "work/.gemini/settings.json",
        r#"{"mcpServers": {"g": {"httpUrl": "https://g", "url": "https://old", "excludeTools": ["z"], "trust": true}}}"#,
    );
    place.trust();
    let config = place.load();
    let of = |name: &str| {
        let found = config.mcp_servers.iter().find(|server| server.name == name);
        found.unwrap_or_else(|| panic!("{name} in {config:?}"))
    };
    assert_eq!(http(of("c-u")), ("https://c", vec![("A", "Bearer ${T}")]));
    let run = place.paths.workspace.join("run").display().to_string();
    assert_eq!(stdio(of("v")), (run.as_str(), vec!["${MY_KEY}"], vec![]));
    assert!(of("v").from.ends_with("mcp.json:4"), "{}", of("v").from);
    assert_eq!(
        stdio(of("o1")),
        ("npx", vec!["-y", "o"], vec![("K", "${K}")])
    );
    assert_eq!((of("o1").enabled, of("o1").timeout.as_secs()), (false, 5));
    assert_eq!(of("o2").client_id.as_deref(), Some("id"));
    assert_eq!(of("o2").scopes.as_ref().unwrap().len(), 2);
    assert_eq!(
        http(of("x1")),
        (
            "https://x",
            vec![("Authorization", "Bearer ${TOK}"), ("B", "c")]
        )
    );
    assert_eq!(of("x1").timeout.as_secs(), 9);
    assert!(
        of("x1").from.ends_with("config.toml:2"),
        "{}",
        of("x1").from
    );
    assert_eq!(http(of("g")).0, "https://g");
    assert!(!of("g").offers("z"));
    let said = config.warnings.join("\n");
    assert!(said.contains("MCP server v: cwd is left out"), "{said}");
    place.file("work/.mcp.json", "{\"mcpServers\": ");
    place.file("work/opencode.json", "[]");
    let said = place.load().warnings.join("\n");
    assert!(said.contains(".mcp.json: not valid JSON"), "{said}");
}

#[test]
fn other_tools_of_the_user_are_only_offered() {
    let place = Place::new();
    let work = place.paths.workspace.display().to_string();
    let text = serde_json::json!({
        "mcpServers": {"everywhere": {"command": "a"}},
        "projects": {work: {"mcpServers": {"here": {"command": "b"}}}, "/else": {"mcpServers": {"no": {"command": "c"}}}},
    });
    place.file("home/.claude.json", &text.to_string());
    place.file(
        "home/.codex/config.toml",
        "[mcp_servers.codex]\ncommand = \"d\"\n",
    );
    assert_eq!(place.names(), (vec![], vec![]));
    let found = user_files(&place.paths, &place.env);
    let names: Vec<_> = found
        .iter()
        .map(|found| (found.program.name(), found.server.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("claude", "everywhere"),
            ("claude", "here"),
            ("codex", "codex")
        ]
    );
}

#[test]
fn blocks_of_readmes_are_understood_as_they_are_pasted() {
    let place = Place::new();
    for text in [
        "```json\n{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"p\"]}}}\n```",
        "{\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"p\"],}}",
        "\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"p\"]},",
        "{\"servers\": {\"x\": {\"type\": \"stdio\", \"command\": \"npx\", \"args\": [\"-y\", \"p\"]}}}",
        "{\"mcp\": {\"x\": {\"type\": \"local\", \"command\": [\"npx\", \"-y\", \"p\"]}}}",
        "{\"mcp\": {\"servers\": {\"x\": {\"command\": \"npx\", \"args\": [\"-y\", \"p\"]}}}}",
        "[mcp_servers.x]\ncommand = \"npx\"\nargs = [\"-y\", \"p\"]",
    ] {
        let (servers, odd) =
            block(text, &place.paths).unwrap_or_else(|words| panic!("{words}: {text}"));
        assert_eq!(servers.len(), 1, "{text}");
        assert_eq!(servers[0].name, "x");
        assert_eq!(
            stdio(&servers[0]),
            ("npx", vec!["-y", "p"], vec![]),
            "{text}"
        );
        assert!(odd.is_empty(), "{odd:?}");
    }
    for text in [
        "",
        "{}",
        "[]",
        "{\"a\": 1}",
        "npx -y x",
        "{\"mcpServers\": {\"x\": {}}}",
    ] {
        assert!(block(text, &place.paths).is_err(), "{text}");
    }
}

#[test]
fn servers_are_written_removed_and_switched_without_touching_the_rest() {
    let place = Place::new();
    let text = "# mine\nmodel = \"m\" # best\n\n[mcp-servers.old] # keep\ncommand = \"o\"\n\n[ui]\nvim = true\n";
    place.file("home/.sofos/config.toml", text);
    let path = place.paths.home.join("config.toml");
    let now = || std::fs::read_to_string(&path).unwrap();
    let new = || {
        let env = BTreeMap::from([("K".to_string(), "${K}".to_string())]);
        let transport = McpTransport::Stdio {
            command: "npx".into(),
            args: vec!["-y".into(), "a b".into()],
            env,
        };
        McpServer::new("new", transport, Layer::User)
    };
    add(&place.paths, Scope::User, &new()).unwrap();
    assert!(
        now().contains("\n[mcp-servers.new]\ncommand = \"npx\"\nargs = [\"-y\", \"a b\"]\n"),
        "{}",
        now()
    );
    for kept in [
        "# mine\nmodel = \"m\" # best\n",
        "[mcp-servers.old] # keep\n",
        "[ui]\nvim = true\n",
    ] {
        assert!(now().contains(kept), "{}", now());
    }
    assert_eq!(place.load().mcp_servers[1].entry(), new().entry());
    set_enabled(&place.paths, &place.load(), "old", false).unwrap();
    assert!(!place.load().mcp_servers[0].enabled);
    set_enabled(&place.paths, &place.load(), "old", true).unwrap();
    assert!(place.load().mcp_servers[0].enabled);
    assert_eq!(
        remove(&place.paths, "new", None).unwrap(),
        std::slice::from_ref(&path)
    );
    assert_eq!(
        remove(&place.paths, "new", None).unwrap(),
        [] as [std::path::PathBuf; 0]
    );
    assert_eq!(now().replace("enabled = true\n", ""), text);

    // What the user adds here needs no further trust, and what stands beside it stays.
    place.file(
        "work/.mcp.json",
        "{\"mcpServers\": {\"theirs\": {\"command\": \"x\"}}, \"other\": 1}",
    );
    let web = McpTransport::Http {
        url: "https://w".into(),
        headers: BTreeMap::new(),
    };
    let web = McpServer::new("web", web, Layer::User);
    add(&place.paths, Scope::Project, &web).unwrap();
    add(&place.paths, Scope::Local, &new()).unwrap();
    let (names, waiting) = place.names();
    assert_eq!(
        (names, waiting),
        (
            vec!["old".into(), "web".into(), "new".into()],
            vec!["theirs".to_string()]
        )
    );
    let json = std::fs::read_to_string(place.paths.workspace.join(".mcp.json")).unwrap();
    assert!(
        json.contains("\"other\": 1") && json.contains("\"theirs\""),
        "{json}"
    );
    set_enabled(&place.paths, &place.load(), "web", false).unwrap();
    assert!(!place.load().mcp_servers[1].enabled);
    set_enabled(&place.paths, &place.load(), "web", true).unwrap();
    assert!(place.load().mcp_servers[1].enabled);
    assert_eq!(remove(&place.paths, "web", None).unwrap().len(), 2);
}

#[test]
fn values_are_masked() {
    assert_eq!(mask("Bearer ${TOKEN:-x}"), "Bearer ${TOKEN}");
    assert_eq!(mask("secret"), "…");
    let url = "https://u:p@h/x?key=abc".to_string();
    let web = McpTransport::Http {
        url,
        headers: BTreeMap::new(),
    };
    let shown = McpServer::new("w", web, Layer::User).shown();
    assert_eq!(shown, "https://u@h/x?…");
}
