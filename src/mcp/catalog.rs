//! Known servers, as data: what starts them, what they need and where to get it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::config::Layer;
use crate::config::mcp::{McpServer, McpTransport};

static ENTRIES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    // A test reads the file; a broken one means no catalogue, not no program.
    serde_json::from_str(include_str!("catalog.json")).unwrap_or_default()
});

/// A known server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its name here.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it does, in at most 80 characters.
    pub about: String,
    /// What it belongs to: `developer`, `data` and the like.
    pub group: String,
    npm: Option<String>,
    pypi: Option<String>,
    /// The program of a Python package of another name, or the first argument of an
    /// npm package.
    run: Option<String>,
    url: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// What it needs.
    #[serde(default)]
    pub secrets: Vec<Needed>,
}

/// Something a server needs before it works.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needed {
    /// The variable.
    pub name: String,
    /// Where to get it, or what it is.
    pub get: String,
}

impl Known {
    /// The server as it is written into settings, called `name`.
    pub fn server(&self, name: &str) -> McpServer {
        let text = |text: &str| text.to_string();
        let transport = match (&self.url, &self.npm, &self.pypi) {
            (Some(url), ..) => McpTransport::Http {
                url: url.clone(),
                headers: self.headers.clone(),
            },
            (None, Some(package), _) => McpTransport::Stdio {
                command: text("npx"),
                args: [text("-y"), package.clone()]
                    .into_iter()
                    .chain(self.run.clone())
                    .chain(self.args.clone())
                    .collect(),
                env: self.env.clone(),
            },
            (None, None, package) => {
                let package = package.clone().unwrap_or_default();
                let program = match &self.run {
                    Some(program) => vec![text("--from"), package, program.clone()],
                    None => vec![package],
                };
                McpTransport::Stdio {
                    command: text("uvx"),
                    args: program.into_iter().chain(self.args.clone()).collect(),
                    env: self.env.clone(),
                }
            }
        };
        McpServer::new(name, transport, Layer::User)
    }
}

/// All of them, by id.
pub fn all() -> &'static [Known] {
    &ENTRIES
}

/// One of them.
pub fn find(id: &str) -> Option<&'static Known> {
    ENTRIES.iter().find(|known| known.id == id)
}

/// Those that have every word of a query somewhere.
pub fn search(query: &str) -> Vec<&'static Known> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let fits = |known: &&Known| {
        let text = format!(
            "{} {} {} {}",
            known.id, known.title, known.about, known.group
        );
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    ENTRIES.iter().filter(fits).collect()
}

/// Where to get a variable that some known server needs.
pub fn source(variable: &str) -> Option<&'static str> {
    let mut needed = ENTRIES.iter().flat_map(|known| &known.secrets);
    let found = needed.find(|needed| needed.name == variable)?;
    Some(&found.get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_is_complete() {
        let entries: Vec<Known> = serde_json::from_str(include_str!("catalog.json")).unwrap();
        assert!(entries.len() >= 50);
        let ids: BTreeSet<&str> = entries.iter().map(|known| known.id.as_str()).collect();
        assert_eq!(ids.len(), entries.len());
        let groups: BTreeSet<&str> = entries.iter().map(|known| known.group.as_str()).collect();
        for group in [
            "developer",
            "communication",
            "productivity",
            "cloud",
            "data",
            "search",
            "web",
            "files",
            "media",
        ] {
            assert!(groups.contains(group), "{group}");
        }
        for known in &entries {
            let id = &known.id;
            assert!(
                McpServer::is_name(id) && known.about.chars().count() <= 80,
                "{id}"
            );
            let ways = [&known.npm, &known.pypi, &known.url];
            assert_eq!(ways.into_iter().flatten().count(), 1, "{id}");
            let needed: Vec<String> = known
                .secrets
                .iter()
                .map(|needed| needed.name.clone())
                .collect();
            let needed: BTreeSet<String> = needed.into_iter().collect();
            let named: BTreeSet<String> = known.server(id).variables().into_iter().collect();
            assert_eq!(needed, named, "{id}");
            assert!(
                known.secrets.iter().all(|needed| !needed.get.is_empty()),
                "{id}"
            );
        }
    }

    #[test]
    fn servers_are_found_by_all_words() {
        let ids = |query: &str| {
            let found = search(query);
            found
                .iter()
                .map(|known| known.id.as_str())
                .collect::<Vec<_>>()
        };
        assert!(ids("git").contains(&"github"));
        assert_eq!(ids("issues LINEAR"), ["linear"]);
        assert!(ids("no such thing").is_empty());
        assert!(
            find("github")
                .unwrap()
                .server("gh")
                .shown()
                .starts_with("https://")
        );
        assert_eq!(
            find("git").unwrap().server("git").shown(),
            "uvx mcp-server-git"
        );
        assert!(source("BRAVE_API_KEY").unwrap().starts_with("https://"));
    }
}
