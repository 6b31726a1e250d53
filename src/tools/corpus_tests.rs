//! Patches as models write them, from `tests/corpus/patches`: applied as meant, or
//! refused with every file as it was.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::testing::Bench;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    /// How the files are written; UTF-8 without.
    encoding: Option<String>,
    files: BTreeMap<String, String>,
    patch: String,
    /// Files as they are meant to be; nothing where one is gone.
    changes: Option<BTreeMap<String, Option<String>>>,
    /// A word of the refusal.
    refused: Option<String>,
    /// To refuse is right too.
    #[serde(default)]
    or_refused: bool,
}

impl Case {
    fn bytes(&self, text: &str) -> Vec<u8> {
        match self.encoding.as_deref() {
            None => text.as_bytes().to_vec(),
            Some("bom") => format!("\u{feff}{text}").into_bytes(),
            Some("latin1") => text.chars().map(|ch| ch as u8).collect(),
            Some("utf16le") => "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
            Some(other) => panic!("{}: {other}", self.id),
        }
    }

    fn fault(&self) -> Option<String> {
        let bench = Bench::new();
        for (path, text) in &self.files {
            bench.write(path, self.bytes(text));
        }
        let mut wanted = files(bench.root());
        let before = wanted.clone();
        let said = bench.text("apply_patch", json!({"patch": self.patch}));
        let after = files(bench.root());
        if after == before && said.starts_with("error: ") {
            let right = match &self.refused {
                Some(word) => said.contains(word.as_str()),
                None => self.or_refused,
            };
            return (!right).then(|| format!("refused: {said}"));
        }
        let Some(changes) = &self.changes else {
            return Some(format!("{said}, gave {after:?}"));
        };
        for (path, text) in changes {
            match text {
                Some(text) => wanted.insert(path.clone(), self.bytes(text)),
                None => wanted.remove(path),
            };
        }
        (after != wanted).then(|| {
            let shown = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            format!("gave {:?}", after.values().map(shown).collect::<Vec<_>>())
        })
    }
}

/// Every file below a directory, by its path there.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if !name.starts_with(".sofos") {
                out.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    out
}

#[test]
fn every_patch_is_applied_as_meant_or_refused() {
    let directory = format!("{}/tests/corpus/patches", env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            let case: Case = serde_json::from_str(line).unwrap();
            count += 1;
            faults.extend(
                case.fault()
                    .map(|fault| format!("{}: {fault}\n{}", case.id, case.patch)),
            );
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {count}\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}
