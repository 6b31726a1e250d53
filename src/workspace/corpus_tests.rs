//! Edits and patches as models write them, a file of cases a class: applied as meant,
//! or refused.

use serde::Deserialize;

use super::edit_match::{self, Edit};
use super::encoding::{self, Encoding};

/// A case of `tests/corpus/edits`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    before: String,
    /// How the file is written; UTF-8 without.
    encoding: Option<String>,
    edits: Vec<One>,
    /// The file as it is meant to be.
    after: Option<String>,
    /// A word of the refusal.
    refused: Option<String>,
    /// To refuse is right too.
    #[serde(default)]
    or_refused: bool,
}

#[derive(Deserialize)]
struct One {
    old: String,
    new: String,
    #[serde(default)]
    all: bool,
}

impl Case {
    fn bytes(&self, text: &str) -> Vec<u8> {
        match self.encoding.as_deref() {
            None => text.as_bytes().to_vec(),
            Some("bom") => [encoding::UTF8_BOM, text.as_bytes()].concat(),
            Some("utf16le") => encoding::to_utf16(text, Encoding::Utf16Le),
            Some("utf16be") => encoding::to_utf16(text, Encoding::Utf16Be),
            Some("latin1") => encoding::to_latin(text).unwrap(),
            Some(other) => panic!("{}: {other}", self.id),
        }
    }

    fn fault(&self) -> Option<String> {
        let edits: Vec<Edit> = self
            .edits
            .iter()
            .map(|one| Edit {
                old: one.old.clone(),
                new: one.new.clone(),
                all: one.all,
            })
            .collect();
        let done = edit_match::apply(&self.bytes(&self.before), &edits);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match (done, &self.after, &self.refused) {
            (Ok(done), Some(after), _) if done.bytes == self.bytes(after) => None,
            (Ok(done), ..) => Some(format!("gave {:?}", shown(&done.bytes))),
            (Err(error), _, Some(word)) if error.0.contains(word.as_str()) => None,
            (Err(_), Some(_), _) if self.or_refused => None,
            (Err(error), ..) => Some(format!("refused: {error}")),
        }
    }
}

/// The cases of a directory of `tests/corpus`.
fn cases<T: serde::de::DeserializeOwned>(directory: &str) -> Vec<T> {
    let directory = format!("{}/tests/corpus/{directory}", env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        out.extend(text.lines().map(|line| {
            serde_json::from_str::<T>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        }));
    }
    out
}

#[test]
fn every_edit_is_applied_as_meant_or_refused() {
    let cases: Vec<Case> = cases("edits");
    let faults: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case.id, case.fault()?)))
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {}\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
}
