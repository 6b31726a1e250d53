//! The README's tables are made from the tables of the program.

use std::fs;
use std::path::Path;

use crate::config;
use crate::provider::{PROVIDERS, models};
use crate::repl::commands;
use crate::tools::BUILTIN;

/// The generated parts by the name of their marks in the README.
fn parts() -> Vec<(&'static str, String)> {
    let mut tools = String::from("| tool | does |\n|---|---|\n");
    for tool in BUILTIN {
        let description = tool.spec().description;
        let line = description.lines().next().unwrap_or("");
        let first = first_sentence(line).trim_end_matches('.');
        tools.push_str(&format!("| `{}` | {first} |\n", tool.name()));
    }
    let mut keys = String::from("| key | takes | does |\n|---|---|---|\n");
    for key in config::KEYS {
        keys.push_str(&format!(
            "| `{}` | {} | {} |\n",
            key.name, key.expected, key.help
        ));
    }
    let mut providers =
        String::from("| provider | key | address | default model |\n|---|---|---|---|\n");
    for row in PROVIDERS.iter().filter(|row| !row.base_url.is_empty()) {
        let key = match (row.local, row.key_env) {
            (false, [key, ..]) => format!("`{}`", key.name),
            _ => "none needed".to_string(),
        };
        let model = match models::default_model(row.id) {
            "" => "name one".to_string(),
            model => format!("`{model}`"),
        };
        providers.push_str(&format!(
            "| `{}` | {key} | `{}` | {model} |\n",
            row.id,
            row.base_url_env.join("`, `")
        ));
    }
    vec![
        ("providers", providers),
        ("commands", commands::table()),
        ("tools", tools),
        ("settings", keys),
    ]
}

/// `UPDATE_README=1 cargo test readme` writes what this expects.
/// The text up to a full stop that ends a sentence.
fn first_sentence(line: &str) -> &str {
    let ends = |at: &usize| !line[..*at].ends_with("e.g");
    let end = line.match_indices(". ").map(|(at, _)| at).find(ends);
    &line[..end.unwrap_or(line.len())]
}

#[test]
fn readme_tables_are_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let mut wanted = text.clone();
    for (name, part) in parts() {
        let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let start = wanted.find(&open).expect("opening mark") + open.len();
        let end = wanted.find(&close).expect("closing mark");
        wanted.replace_range(start..end, &part);
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &wanted).unwrap();
    } else {
        assert!(
            wanted == text,
            "README.md is stale: run UPDATE_README=1 cargo test readme"
        );
    }
}
