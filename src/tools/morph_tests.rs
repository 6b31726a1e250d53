use super::*;

const FILE: &str = "use a;\n\nfn one() {\n    1\n}\n\nfn two() {\n    2\n}\n\nfn three() {\n    3\n}\n\nfn four() {\n    4\n}\n";
const SKETCH: &str = "// ... existing code ...\nfn two() {\n    22\n}\n// ... existing code ...\n";

#[test]
fn an_answer_is_taken_only_where_the_sketch_explains_it() {
    let good = FILE.replace("    2\n", "    22\n");
    for answer in [
        good.clone(),
        good.trim_end().to_string(),
        format!("```rust\n{good}```\n"),
        format!("<code>{good}</code>"),
    ] {
        assert_eq!(checked(FILE, SKETCH, &answer).as_deref(), Ok(good.as_str()));
    }
    for (answer, words) in [
        (String::new(), "empty"),
        ("```\n```".to_string(), "drops line"),
        (
            "I'm sorry, I cannot do that.".to_string(),
            "code_edit does not have",
        ),
        (
            "<html><body>Bad gateway</body></html>".to_string(),
            "code_edit does not have",
        ),
        (FILE.to_string(), "no change"),
        (SKETCH.to_string(), "existing code"),
        (good.replace("fn four() {\n    4\n}\n", ""), "drops line"),
        (
            good.replace("    1\n", "    1 \n\n    one()\n"),
            "code_edit does not have",
        ),
        (good.replace("use a;", "use b;"), "`use b;`"),
        ("fn two() {\n    22\n}\n".to_string(), "drops"),
    ] {
        let error = checked(FILE, SKETCH, &answer).unwrap_err();
        assert!(error.contains(words), "{answer}: {error}");
    }
    // A part may go where the sketch shows what stood around it.
    let sketch = "// ... existing code ...\nfn one() {\n    1\n}\n\nfn three() {\n// ... existing code ...\n";
    let gone = FILE.replace("fn two() {\n    2\n}\n\n", "");
    assert!(checked(FILE, sketch, &gone).is_ok());
}

#[test]
fn answers_that_are_cut_or_make_no_sense_are_refused() {
    let cut = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"length"}]}"#;
    assert!(read(cut).unwrap_err().contains("length"));
    assert!(read("<html>").is_err() && read(r#"{"choices":[]}"#).is_err());
    let whole = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    assert_eq!(read(whole).unwrap().tokens, (3, 2));
}
