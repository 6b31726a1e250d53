use proptest::prelude::*;

use super::*;
use crate::render::theme::Theme;

fn settings(width: usize) -> Settings {
    Settings {
        width,
        theme: Theme::default(),
    }
}

fn plain(lines: &[Line<'_>]) -> String {
    lines
        .iter()
        .map(|line| line.to_string())
        .collect::<Vec<_>>()
        .join("\n")
}

fn show(text: &str) -> String {
    plain(&document(text, &settings(40)))
}

#[test]
fn a_document_looks_like_this() {
    let text = "\
# Cart

The **test** compared `two` different readings of the clock, see
[the docs](https://example.org/clock).

1. first
1. second
   - nested *one*
   - nested two
1. third

- [x] done
- [ ] open

> quoted words
> go on

| name | count |
|:-----|------:|
| a    | 1     |
| long name | 20 |

```rust
fn main() {
\tlet x = 1;
}
```

---
Setext
------
end";
    insta::assert_snapshot!(show(text), @r"
    Cart

    The test compared two different
    readings of the clock, see the docs
    (https://example.org/clock).

    1. first
    2. second
       • nested one
       • nested two
    3. third

    ☑ done
    ☐ open

    │ quoted words go on

    name       count
    ─────────  ─────
    a              1
    long name     20

    fn main() {
        let x = 1;
    }

    ───────────────────────────────────────

    Setext

    end
    ");
}

#[test]
fn lists_keep_their_numbers_and_their_code() {
    let text = "\
2. run
   ```sh
   - not an item

   echo hi
   ```
3. then

4. loose
paragraph goes on
* other list

end of it";
    insta::assert_snapshot!(show(text), @r"
    2. run
       - not an item

       echo hi
    3. then

    4. loose paragraph goes on

    • other list

    end of it
    ");
}

#[test]
fn formulas_and_footnotes_are_words() {
    let text = "\
Energy is $E = mc^2$ and \\(\\alpha \\le *b*\\), said once[^1] and again[^note]; it costs $5 or $6.
The sum:
$$
\\sum_{i=1}^{n} x_i = \\frac{a}{b}
$$
goes on. Inline $$x^2$$ too.

\\[ y = x \\]

- in a list: $a_1$
- | no table | $x$ |

| formula | note |
|---|---|
| $x^2$ | one<br>two[^1] |

[^1]: The first note, which is long enough to be wrapped.
[^note]: The other
    goes on.

    And on.

Unclosed $x and **bold** then [^.";
    insta::assert_snapshot!(show(text), @r"
    Energy is E = mc² and α ≤ *b*, said
    once[1] and again[note]; it costs $5 or
    $6. The sum:

      ∑ᵢ₌₁ⁿ xᵢ = a/b

    goes on. Inline x² too.

      y = x

    • in a list: a₁
    • | no table | x |

    formula  note
    ───────  ──────────
    x²       one two[1]

    [1] The first note, which is long enough
        to be wrapped.
    [note] The other goes on.

           And on.

    Unclosed $x and bold then [^.
    ");
}

#[test]
fn links_are_followed_by_terminals_that_can() {
    let settings = settings(60);
    settings.theme.links.set_on(true);
    let text = "See [the *docs*](https://e.org/docs), <https://e.org/docs>, [e.org](https://evil.org), [x](/local).\n\n- [in a list](https://e.org/list) that goes on and on so that it wraps";
    let lines = document(text, &settings);
    insta::assert_snapshot!(plain(&lines), @r"
    See the docs, https://e.org/docs, e.org (https://evil.org),
    x (/local).

    • in a list that goes on and on so that it wraps
    ");
    let mut marked: Vec<(String, String)> = Vec::new();
    for span in lines.iter().flat_map(|line| &line.spans) {
        if let Some(number) = crate::render::links::Targets::number(span.style) {
            let address = settings.theme.links.address(number).unwrap();
            marked.push((span.content.to_string(), address.to_string()));
        }
    }
    let marked: Vec<String> = marked
        .into_iter()
        .map(|(text, to)| format!("{text} -> {to}"))
        .collect();
    insta::assert_snapshot!(marked.join("\n"), @r"
    the  -> https://e.org/docs
    docs -> https://e.org/docs
    https://e.org/docs -> https://e.org/docs
    e.org -> https://evil.org
    in a list -> https://e.org/list
    ");
}

#[test]
fn a_table_without_a_head_is_its_rows() {
    assert_eq!(
        show("| | |\n|---|---|\n| a | b |\n| cc | d |"),
        "a    b\ncc   d"
    );
}

#[test]
fn code_is_never_wrapped_and_unclosed_fences_end() {
    let line = "x".repeat(100);
    assert_eq!(
        show(&format!("```\n{line}\n\n  y")),
        format!("{line}\n\n  y")
    );
    assert_eq!(show("~~~\n```\n~~~\nafter"), "```\n\nafter");
}

#[test]
fn wide_tables_shrink_to_the_width() {
    let text =
        "| a | b |\n|---|---|\n| one two three four five six seven | eight nine ten eleven |\n";
    let lines = document(text, &settings(30));
    assert!(
        lines.iter().all(|line| line.width() <= 30),
        "{}",
        plain(&lines)
    );
    assert!(plain(&lines).contains("seven"));
}

#[test]
fn a_table_too_narrow_to_read_is_a_list_of_its_rows() {
    let text = "| name | a long heading | c | d |\n|---|---|---|---|\n\
                | one | eight nine ten | eleven twelve | **thirteen** fourteen |\n\
                | two | fifteen sixteen | seventeen | eighteen nineteen |\n";
    let lines = document(text, &settings(30));
    insta::assert_snapshot!(plain(&lines), @r"
    name: one
    a long heading: eight nine
      ten
    c: eleven twelve
    d: thirteen fourteen
    ───
    name: two
    a long heading: fifteen
      sixteen
    c: seventeen
    d: eighteen nineteen
    ");
}

#[test]
fn definitions_resolve_later_references() {
    assert_eq!(
        show("[site]: https://example.org\n\nsee [the site][site] now"),
        "see the site (https://example.org) now"
    );
}

#[test]
fn a_paragraph_flows_row_by_row_where_nothing_is_open() {
    let mut stream = MarkdownStream::new(settings(21));
    let mut out = Vec::new();
    let mut after = |stream: &mut MarkdownStream, text: &str| {
        stream.push(text, &mut out);
        plain(&out)
    };
    assert_eq!(
        after(&mut stream, "one two three four five "),
        "one two three four"
    );
    // An open emphasis holds its row back, a closed one does not.
    assert_eq!(
        after(&mut stream, "**six seven eight nine "),
        "one two three four"
    );
    assert_eq!(
        after(&mut stream, "ten** a 2 * 3 b "),
        "one two three four\nfive six seven eight"
    );
    assert!(after(&mut stream, "`code over here` x y z").ends_with("\nnine ten a 2 * 3 b"));
    assert!(after(&mut stream, "\n> quote\n").ends_with("\ncode over here x y z"));
    stream.finish(&mut out);
    assert!(plain(&out).ends_with("\n\n│ quote"), "{}", plain(&out));
}

#[test]
fn tables_and_underlines_after_text_are_still_seen() {
    assert_eq!(
        show("Here it is:\n| a | b |\n|---|---|\n| 1 | 2 |"),
        "Here it is:\n\na    b\n───  ───\n1    2"
    );
    assert_eq!(show("a | b\n--|--\n1 | 2"), "a    b\n───  ───\n1    2");
    let bold = document("Title here\n==========\ntext", &settings(40));
    assert!(
        bold[0].spans[0]
            .style
            .add_modifier
            .contains(ratatui::style::Modifier::BOLD)
    );
    assert_eq!(show("hard  \nbreak\\\nsoft\nend"), "hard\nbreak\nsoft end");
}

#[test]
fn links_and_code_in_flowing_text_keep_their_looks() {
    let lines = document(
        "see [the *docs*](http://e.org/x) and `a b` or <http://f.org> **bo\nld** e&amp;f \\*x\\* [no] ok",
        &settings(90),
    );
    assert_eq!(
        plain(&lines),
        "see the docs (http://e.org/x) and a b or http://f.org bo ld e&f *x* [no] ok"
    );
    let styled: Vec<&str> = lines[0]
        .spans
        .iter()
        .filter(|span| span.style != ratatui::style::Style::new())
        .map(|span| span.content.as_ref())
        .collect();
    assert_eq!(
        styled,
        [
            "the ",
            "docs",
            " (http://e.org/x)",
            "a b",
            "http://f.org",
            "bo ld"
        ]
    );
}

#[test]
fn escape_sequences_never_come_through() {
    let lines = document("a\u{1b}]52;c;aGk=\u{7}b \u{1b}[31mred", &settings(40));
    assert_eq!(plain(&lines), "ab red");
}

#[test]
fn finished_blocks_come_out_before_the_end() {
    let mut stream = MarkdownStream::new(settings(40));
    let mut out = Vec::new();
    stream.push("one\n\ntwo", &mut out);
    assert_eq!(plain(&out), "one");
    assert_eq!(stream.preview(38).to_string(), "two");
    stream.push(" more\n\n```\ncode\npart", &mut out);
    assert_eq!(plain(&out), "one\n\ntwo more\n\ncode");
    assert_eq!(stream.preview(38).to_string(), "part");
    stream.push("\n- x\n```\n- a\n- b", &mut out);
    assert_eq!(plain(&out), "one\n\ntwo more\n\ncode\npart\n- x");
    stream.push("\n- c", &mut out);
    assert!(plain(&out).ends_with("- x\n\n• a"), "{}", plain(&out));
    stream.finish(&mut out);
    assert!(plain(&out).ends_with("• a\n• b\n• c"));
    assert!(stream.is_settled());
}

#[test]
fn a_word_without_an_end_stays_one_word() {
    let word = "x".repeat(9_000);
    let shown = plain(&document(&format!("*a {word}\n"), &settings(40)));
    assert_eq!(shown.replace('\n', ""), format!("*a{word}"));
}

#[test]
fn a_line_without_an_end_appears_in_parts() {
    let mut stream = MarkdownStream::new(settings(40));
    let mut out = Vec::new();
    let text = "word ".repeat(10_000);
    stream.push(&text, &mut out);
    assert!(!out.is_empty());
    stream.finish(&mut out);
    let words = plain(&out).split_whitespace().count();
    assert_eq!(words, 10_000);
    assert!(out.iter().all(|line| !line.to_string().is_empty()));
}

fn fragment() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "word",
        " ",
        "\n",
        "\n\n",
        "- ",
        "* ",
        "1. ",
        "2) ",
        "   ",
        "\t",
        "```",
        "```rust\n",
        "~~~",
        "> ",
        "# ",
        "---",
        "===",
        "| a | b |\n",
        "|---|---|\n",
        "**",
        "_",
        "`",
        "[x](http://e)",
        "[r]: http://r\n",
        "[r]",
        "世界",
        "é",
        "<b>",
        "- [ ] ",
        "let x = 1;",
        "\u{1b}[1m",
        "$a$",
        "$",
        "$$",
        "$$\n",
        "\\(x^2\\)",
        "\\[",
        "\\]\n",
        "[^1]",
        "[^1]: ",
        "<br>",
        "<http://e.org>",
        "\\",
        "![i](u)",
        "***",
        "    ",
        "0123456789 ",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_chunking_gives_the_same_lines(
        parts in prop::collection::vec(fragment(), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        width in 8usize..60,
    ) {
        let text = parts.concat();
        let mut at: Vec<usize> = cuts
            .iter()
            .map(|cut| text.floor_char_boundary(cut.index(text.len() + 1)))
            .collect();
        at.push(0);
        at.push(text.len());
        at.sort_unstable();
        let mut stream = MarkdownStream::new(settings(width));
        let mut out = Vec::new();
        for pair in at.windows(2) {
            stream.push(&text[pair[0]..pair[1]], &mut out);
            stream.preview(20);
        }
        stream.finish(&mut out);
        prop_assert_eq!(out, document(&text, &settings(width)));
    }

    #[test]
    fn words_survive_in_order(words in prop::collection::vec("w[0-9]{3}", 1..40), width in 10usize..80) {
        let text: String = words
            .iter()
            .enumerate()
            .map(|(i, word)| match i % 7 {
                0 => format!("{word}\n\n"),
                1 => format!("- {word}\n"),
                2 => format!("**{word}** "),
                3 => format!("```\n{word}\n```\n"),
                4 => format!("> {word}\n"),
                5 => format!("`{word}`\n"),
                _ => format!("{word} "),
            })
            .collect();
        let shown = plain(&document(&text, &settings(width)));
        let found: Vec<&str> = shown.split(|c: char| !c.is_alphanumeric()).filter(|w| w.starts_with('w')).collect();
        prop_assert_eq!(found, words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
