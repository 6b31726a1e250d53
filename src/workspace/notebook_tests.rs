use super::*;
use proptest::prelude::*;
use serde_json::json;

const BOOK: &str = "{\n \"cells\": [\n  {\n   \"cell_type\": \"markdown\",\n   \"metadata\": {},\n   \"source\": [\n    \"# Caf\\u00e9\\n\",\n    \"text\"\n   ]\n  },\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": 1,\n   \"metadata\": {},\n   \"outputs\": [\n    {\n     \"name\": \"stdout\",\n     \"output_type\": \"stream\",\n     \"text\": [\n      \"1\\n\"\n     ]\n    }\n   ],\n   \"source\": [\n    \"print(\\\"a\\\")\"\n   ]\n  }\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 4\n}\n";

fn edited(cell: usize, action: Action) -> String {
    edit(BOOK, cell, action, "abc").unwrap()
}

#[test]
fn cells_are_shown_with_their_outputs() {
    assert_eq!(
        cells(BOOK).unwrap(),
        [
            "[cell 1, markdown]\n# Café\ntext\n",
            "[cell 2, code]\nprint(\"a\")\n[output]\n1\n"
        ]
    );
    assert_eq!(cells("{\"cells\": 1}"), None);
    assert_eq!(cells("no json"), None);
    let book = json!({"cells": [{"cell_type": "code", "source": "x", "outputs": [
        {"output_type": "error", "ename": "ValueError", "evalue": "no"},
        {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": ["<Figure>"]}},
    ]}]});
    assert_eq!(
        cells(&book.to_string()).unwrap(),
        ["[cell 1, code]\nx\n[output]\nValueError: no\n[output]\n<Figure>\nimage/png\n"]
    );
}

#[test]
fn an_edit_changes_its_cell_and_no_other_byte() {
    assert_eq!(
        edited(1, Action::Replace("# Café\nmore\ntext")),
        BOOK.replace("    \"text\"\n", "    \"more\\n\",\n    \"text\"\n")
    );
    assert_eq!(
        edited(2, Action::Replace("print(\"b\")\nx")),
        BOOK.replace(
            "    \"print(\\\"a\\\")\"\n",
            "    \"print(\\\"b\\\")\\n\",\n    \"x\"\n"
        )
    );
    let empty = edited(2, Action::Replace(""));
    assert!(empty.contains("\"source\": []\n  }\n ],"), "{empty}");
    assert_eq!(
        edit(&empty, 2, Action::Replace("print(\"a\")"), "abc").unwrap(),
        BOOK
    );
    let start = BOOK.find("  {\n   \"cell_type\": \"code\"").unwrap();
    let end = BOOK.find("\n ],\n \"metadata\"").unwrap();
    let first_only = format!("{}{}", &BOOK[..start - 2], &BOOK[end..]);
    assert_eq!(edited(2, Action::Delete), first_only);
    let none = edit(&first_only, 1, Action::Delete, "abc").unwrap();
    assert!(
        none.starts_with("{\n \"cells\": [],\n \"metadata\""),
        "{none}"
    );
}

#[test]
fn a_new_cell_is_written_as_jupyter_does() {
    let cell = "  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": [\n    \"a\\n\",\n    \"b\"\n   ]\n  }";
    let source = Action::Insert {
        source: "a\nb",
        markdown: false,
    };
    let code = BOOK.find("  {\n   \"cell_type\": \"code\"").unwrap();
    assert_eq!(
        edited(1, source),
        format!("{}{cell},\n{}", &BOOK[..code], &BOOK[code..])
    );
    let first = BOOK.find("  {").unwrap();
    assert_eq!(
        edited(0, source),
        format!("{}{cell},\n{}", &BOOK[..first], &BOOK[first..])
    );
    let text = Action::Insert {
        source: "t",
        markdown: true,
    };
    let none = "{\"cells\": [], \"nbformat\": 4}";
    assert_eq!(
        edit(none, 0, text, "abc").unwrap(),
        "{\"cells\": [{\"cell_type\":\"markdown\",\"metadata\":{},\"source\":[\"t\"]}], \"nbformat\": 4}"
    );
    let with_id = "{\"cells\":[{\"cell_type\":\"code\",\"id\":\"q\",\"source\":\"x\"}]}";
    let done = edit(with_id, 1, text, "abc").unwrap();
    assert!(done.contains("\"id\":\"abc\""), "{done}");
    let crlf = BOOK.replace('\n', "\r\n");
    let done = edit(&crlf, 2, source, "abc").unwrap();
    assert_eq!(done.matches('\n').count(), done.matches("\r\n").count());
    assert_eq!(edit(&done, 3, Action::Delete, "abc").unwrap(), crlf);
}

#[test]
fn wrong_cells_are_refused() {
    for (cell, action) in [(0, Action::Delete), (3, Action::Replace("x"))] {
        let error = edit(BOOK, cell, action, "abc").unwrap_err().to_string();
        assert!(error.contains("it has 2"), "{error}");
    }
    assert!(edit("[]", 1, Action::Delete, "abc").is_err());
}

proptest! {
    #[test]
    fn a_notebook_stays_one(
        sources in prop::collection::vec("[a-z\"\\\\ \u{e9}\n]{0,12}", 1..5),
        pretty in any::<bool>(),
        which in any::<prop::sample::Index>(),
        new in "[a-z\"\\\\\n{}\\[\\],:]{0,20}",
        kind in 0..3,
    ) {
        let lines = |source: &str| -> Vec<Value> { source.split_inclusive('\n').map(Value::from).collect() };
        let mut book = json!({
            "metadata": {"x": [1, "]}"]},
            "cells": sources.iter().map(|source| new_cell(source, false, None)).collect::<Vec<_>>(),
        });
        let text = if pretty {
            serde_json::to_string_pretty(&book).unwrap()
        } else {
            book.to_string()
        };
        let at = which.index(sources.len());
        let list = book["cells"].as_array_mut().unwrap();
        let action = match kind {
            0 => {
                list[at]["source"] = lines(&new).into();
                Action::Replace(&new)
            }
            1 => {
                list.insert(at + 1, new_cell(&new, true, None));
                Action::Insert { source: &new, markdown: true }
            }
            _ => {
                list.remove(at);
                Action::Delete
            }
        };
        let done = edit(&text, at + 1, action, "abc").unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&done).unwrap(), book);
    }
}
