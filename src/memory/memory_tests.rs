use super::*;

fn tree(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn places(dir: &Path, workspace: &str) -> Places {
    Places {
        workspace: dir.join(workspace),
        home: Some(dir.join("home")),
        own: dir.join("home/.sofos"),
    }
}

fn texts(found: Vec<Instructions>) -> Vec<String> {
    found.into_iter().map(|file| file.text).collect()
}

#[test]
fn nearest_comes_last_and_agents_beats_claude() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("repo/.git")).unwrap();
    tree(
        dir.path(),
        &[
            ("home/.agents/AGENTS.md", "agents everywhere"),
            ("home/.sofos/AGENTS.md", "sofos everywhere"),
            ("AGENTS.md", "outside"),
            ("repo/AGENTS.md", "root agents\n"),
            ("repo/CLAUDE.md", "root claude"),
            ("repo/crates/GEMINI.md", "crates gemini"),
            ("repo/crates/one/CLAUDE.md", "one claude"),
            ("repo/crates/one/.sofos/instructions.md", "mine"),
            ("repo/crates/one/src/AGENTS.md", "below"),
            ("repo/crates/one/src/deep/x.rs", ""),
        ],
    );
    let places = places(dir.path(), "repo/crates/one");
    assert_eq!(
        texts(places.load()),
        [
            "agents everywhere",
            "sofos everywhere",
            "root agents",
            "crates gemini",
            "one claude",
            "mine"
        ]
    );
    let below = places.below(&places.workspace.join("src/deep/x.rs"));
    assert_eq!(texts(below), ["below"]);
    assert!(places.below(&dir.path().join("repo")).is_empty());
}

#[test]
fn imports_come_along_once_and_never_from_outside_the_project() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("repo/.git")).unwrap();
    tree(
        dir.path(),
        &[
            (
                "repo/AGENTS.md",
                "See @docs/style.md, and (@docs/style.md).\n`@docs/no.md`\n```\n@docs/no.md\n```\n\
                 @nobody @../secret @~/.ssh/id @.env @link",
            ),
            ("repo/docs/style.md", "tabs; more in @more.md"),
            ("repo/docs/more.md", "loop @style.md"),
            ("repo/docs/no.md", "NO"),
            ("repo/.env", "NO"),
            ("secret", "NO"),
            ("home/.ssh/id", "NO"),
            ("home/.sofos/AGENTS.md", "mine: @~/notes.md"),
            ("home/notes.md", "from home"),
        ],
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", dir.path().join("repo/link")).unwrap();
    let found = texts(places(dir.path(), "repo").load());
    assert_eq!(found[0], "mine: @~/notes.md\n\n## @~/notes.md\n\nfrom home");
    let (own, imported) = found[1].split_once("\n\n## ").unwrap();
    assert!(own.ends_with("@link"), "{own}");
    assert_eq!(
        imported,
        "@docs/style.md\n\ntabs; more in @more.md\n\n## @more.md\n\nloop @style.md"
    );
}

#[test]
fn a_chain_of_imports_and_a_huge_one_end() {
    let dir = tempfile::tempdir().unwrap();
    let repo = dir.path().join("repo");
    tree(&repo, &[("AGENTS.md", "@1.md")]);
    for depth in 1..9 {
        let text = format!("depth {depth} @{}.md", depth + 1);
        tree(&repo, &[(&format!("{depth}.md"), &text)]);
    }
    let text = &texts(places(dir.path(), "repo").load())[0];
    assert!(
        text.contains("depth 5") && !text.contains("depth 6"),
        "{text}"
    );
    tree(&repo, &[("1.md", &"x".repeat(100_000))]);
    let found = places(dir.path(), "repo").load();
    assert!(found[0].cut && found[0].text.len() < 66_000);
    assert!(found[0].section().contains("[cut: "));
}

#[test]
fn a_line_is_added_and_the_rest_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/AGENTS.md");
    add_line(&path, "use tabs").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "- use tabs\n");
    fs::write(&path, "# Rules").unwrap();
    add_line(&path, "no unwrap").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "# Rules\n- no unwrap\n");
}
