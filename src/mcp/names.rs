//! Names of tools as the model gets them: `mcp__server__tool`, in what every vendor
//! allows, at most 64 characters, each once.

use std::collections::BTreeSet;

use crate::stdx::blob;

/// Longest name that every vendor takes.
const LONGEST: usize = 64;

/// A name in the characters that vendors allow.
pub fn sanitised(name: &str) -> String {
    name.chars()
        .map(|ch| match ch {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' => ch,
            _ => '_',
        })
        .collect()
}

/// The names of tools, given as server and tool in a fixed order. The same list has
/// the same names.
pub fn exposed<'a>(tools: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    tools
        .into_iter()
        .map(|(server, tool)| {
            let plain = format!("mcp__{}__{}", sanitised(server), sanitised(tool));
            let name = if plain.len() <= LONGEST && !taken.contains(&plain) {
                plain
            } else {
                let hash = blob::hash(format!("{server}\0{tool}").as_bytes());
                let start = &plain[..plain.len().min(LONGEST - 9)];
                format!("{start}_{}", &hash[..8])
            };
            taken.insert(name.clone());
            name
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_unique_and_stable() {
        let long = "x".repeat(100);
        let tools = [
            ("git", "git.status"),
            ("git", "git_status"),
            ("git", "übung"),
            ("git", long.as_str()),
        ];
        let names = exposed(tools);
        assert_eq!(names[0], "mcp__git__git_status");
        assert!(
            names[1].starts_with("mcp__git__git_status_"),
            "{}",
            names[1]
        );
        assert_eq!(names[2], "mcp__git___bung");
        assert_eq!(names[3].len(), 64);
        assert_eq!(names, exposed(tools));
        let distinct: BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
