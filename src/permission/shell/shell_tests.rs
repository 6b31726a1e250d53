use super::*;

/// A line as nested brackets: `[word word]` a command, `{…}` a body.
fn outline(line: &str) -> String {
    match parse::Parser::new(line).line() {
        Err(why) => format!("! {why}"),
        Ok(items) => body(&items),
    }
}

fn body(items: &[Item]) -> String {
    let texts: Vec<String> = items
        .iter()
        .map(|item| {
            let end = if item.background { "&" } else { "" };
            format!("{}{end}", node(&item.node))
        })
        .collect();
    texts.join(" ")
}

fn node(node_: &Node) -> String {
    match node_ {
        Node::Simple(simple) => {
            let mut out = Vec::new();
            out.extend(
                simple
                    .assignments
                    .iter()
                    .map(|a| format!("{}={}", a.name, word(&a.value))),
            );
            out.extend(simple.words.iter().map(word));
            out.extend(
                simple
                    .redirects
                    .iter()
                    .map(|redirect| match &redirect.target {
                        Target::Word(target) => format!("{:?}:{}", redirect.op, word(target)),
                        Target::Here(index) => format!("here{index}"),
                    }),
            );
            format!("[{}]", out.join(" "))
        }
        Node::Pipeline(nodes) => nodes.iter().map(node).collect::<Vec<_>>().join("|"),
        Node::Chain { first, rest } => {
            let rest: String = rest
                .iter()
                .map(|(join, next)| {
                    let join = if *join == Join::And { "&&" } else { "||" };
                    format!("{join}{}", node(next))
                })
                .collect();
            format!("{}{rest}", node(first))
        }
        Node::Prefixed {
            prefix,
            node: inner,
        } => format!("{prefix:?}:{}", node(inner)),
        Node::Compound { kind, .. } => match kind {
            Compound::Subshell(inner) => format!("({})", body(inner)),
            Compound::Group(inner) => format!("{{{}}}", body(inner)),
            Compound::If { arms, otherwise } => {
                let arms: Vec<String> = arms
                    .iter()
                    .map(|(condition, then)| format!("{}?{}", body(condition), body(then)))
                    .collect();
                format!("if {} : {}", arms.join(" / "), body(otherwise))
            }
            Compound::While {
                condition,
                body: inner,
            } => {
                format!("while {} do {}", body(condition), body(inner))
            }
            Compound::For {
                name,
                words,
                body: inner,
            } => {
                let words: Vec<String> = words.iter().flatten().map(word).collect();
                format!("for {name} in {} do {}", words.join(" "), body(inner))
            }
            Compound::Count { sums, body: inner } => {
                format!("for (({})) {}", sums.join("; "), body(inner))
            }
            Compound::Select(inner) => format!("select {}", body(inner)),
            Compound::Case {
                word: subject,
                arms,
            } => {
                let arms: Vec<String> = arms
                    .iter()
                    .map(|(patterns, inner)| {
                        let patterns: Vec<String> = patterns.iter().map(word).collect();
                        format!("{}) {}", patterns.join("|"), body(inner))
                    })
                    .collect();
                format!("case {}: {}", word(subject), arms.join("; "))
            }
            Compound::Test(words) => {
                format!(
                    "test {}",
                    words.iter().map(word).collect::<Vec<_>>().join(" ")
                )
            }
            Compound::Function(inner) => format!("function {}", node(inner)),
        },
    }
}

/// Quoted text in `<>`, expansions by kind.
fn word(word: &Word) -> String {
    word.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text { text, quoted: true } => format!("<{text}>"),
            Piece::Text { text, .. } => text.clone(),
            Piece::Variable { name, changed, .. } => {
                format!("${name}{}", if *changed { "~" } else { "" })
            }
            Piece::Run { body: inner, .. } => format!("$({})", body(inner)),
            Piece::Sum { text, .. } => format!("$(({text}))"),
            Piece::Process { body: inner } => format!("<({})", body(inner)),
        })
        .collect()
}

#[test]
fn lines_are_read_as_bash_reads_them() {
    for (line, expected) in [
        ("ls -la src", "[ls -la src]"),
        ("a && b || c; d & e", "[a]&&[b]||[c] [d]& [e]"),
        ("a | b |& c", "[a]|[b]|[c]"),
        ("! a | b", "Not:[a]|[b]"),
        ("time -p a", "Time:[a]"),
        ("a 'b c'\"d\"e\\ f", "[a <b c><d>e< >f]"),
        ("A=1 B='x' c d", "[A=1 B=<x> c d]"),
        ("x=", "[x=]"),
        ("a x=1", "[a x=1]"),
        (
            "a >b 2>&1 <c >>d &>e",
            "[a Write:b Duplicate:1 Read:c Write:d Write:e]",
        ),
        ("a 2>b", "[a Write:b]"),
        ("a <<<d", "[a HereString:d]"),
        ("a2>b", "[a2 Write:b]"),
        ("a 2 >b", "[a 2 Write:b]"),
        (
            "echo $x ${y} ${z%.rs} $1 $? \"$@\"",
            "[echo $x $y $z~ $1 $? <>$@]",
        ),
        ("echo $ $/ \"$\"", "[echo <$> <$>/ <$>]"),
        ("echo $(a $(b)) `c d`", "[echo $([a $([b])]) $([c d])]"),
        ("echo \"x $(a \"b\") y\"", "[echo <x >$([a <b>])< y>]"),
        ("echo $((1 + (2*3)))", "[echo $((1 + (2*3)))]"),
        ("a <(b) >(c)", "[a <([b]) <([c])]"),
        ("(a; b) && { c; }", "([a] [b])&&{[c]}"),
        (
            "if a; then b; elif c; then d; else e; fi",
            "if [a]?[b] / [c]?[d] : [e]",
        ),
        ("while a; do b; done", "while [a] do [b]"),
        ("for x in a b; do c; done", "for x in a b do [c]"),
        ("for x\ndo c\ndone", "for x in  do [c]"),
        (
            "case x in a|b) c;; (d) e;& *) ;; esac",
            "case x: a|b) [c]; d) [e]; *) ",
        ),
        ("[[ -f a && $b == c* ]]", "test -f a $b == c*"),
        ("f() { a; }", "function {[a]}"),
        ("function f { a; }", "function {[a]}"),
        ("coproc a", "Coproc:[a]"),
        ("a # b", "[a]"),
        ("a#b", "[a#b]"),
        ("a; # b\nc", "[a] [c]"),
        ("a \\\n b", "[a b]"),
        ("a '\\' b", "[a <\\> b]"),
        ("a $'\\x41\\n\\101\\''", "[a <A\nA'>]"),
        ("a \"\\$b \\x\"", "[a <$b \\x>]"),
        ("{a,b} {", "[{a,b} {]"),
        ("echo if then", "[echo if then]"),
        ("\"if\" a", "[<if> a]"),
        ("a <<E\nx $y\nE\nb", "[a here0] [b]"),
        ("a <<'E' | b\nx $y\nE", "[a here0]|[b]"),
        ("a <<-E\n\tx\n\tE\nb", "[a here0] [b]"),
        ("cat größe", "[cat größe]"),
        ("a\n\n\nb\n", "[a] [b]"),
        ("", ""),
        ("# x", ""),
    ] {
        assert_eq!(outline(line), expected, "{line:?}");
    }
}

#[test]
fn what_is_not_certain_is_a_problem() {
    for line in [
        "a 'b",
        "a \"b",
        "a `b",
        "a $(b",
        "a ${b",
        "(a",
        "a)",
        "{ a",
        "a }; }",
        "if a; then b",
        "for x in a; do b",
        "case x in a) b",
        "a &&",
        "a |",
        "&& a",
        "a ;; b",
        "a; ;",
        "a & ;",
        "a ( b )",
        "a b(c)",
        "a @(b)",
        "a <",
        "a >",
        "a <<",
        "a <<E",
        "a <<E\nx",
        "a <<E\nx\nE x",
        "x[1]=2",
        "x=(a b)",
        "((a))",
        "for ((;;)) { a; }",
        "for ((i=0;i<1)); do a; done",
        "for ((i=$(b);i<1;i++)); do a; done",
        "for ((i='b';i<1;i++)); do a; done",
        "for ((i[0]=1;i<1;i++)); do a; done",
        "for ((i=0;i<1;i++;)); do a; done",
        "a {b[0]}>c",
        "a {b['$(d)']}>c",
        "a {b[\"$(d)\"]}</dev/null",
        "{ a; } {b}>c",
        "a $[1]",
        "a $\"b\"",
        "a ${!b}",
        "a ${b@P}",
        "a ${b:=c}",
        "a ${b:?c}",
        "a ${b[1]}",
        "a $((b[1]))",
        "a $((1+$(b)))",
        "a\rb",
        "a\u{b}b",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\u{200b}b",
        "a\u{85}b",
        "a {x}>b",
        "a\\\nb",
        "a &\\\n& b",
        "a 2\\\n>b",
        "a $\\\n(b)",
        "i\\\nf a; then b; fi",
        "a `b \\` c`",
        "a $'\\xff'",
        "a $'\\0'",
        "a $'\\q'",
        "a $(b <<E\nx\nE\n)",
        "a <<E\nx\\\nE\nE\n",
        "a <<$x\n$x\n",
        "[[ a < b ]]",
        "[[ a =~ (b) ]]",
        "[[ a",
        "! ",
        "time",
        "in",
        "then",
        "}",
        "]]",
        "a \\",
    ] {
        assert!(
            parse(line).problem.is_some(),
            "{line:?} is {}",
            outline(line)
        );
    }
}

#[test]
fn commands_before_a_problem_are_still_seen() {
    let parsed = parse("rm a; (sudo b); ls $(kill c) 'd");
    assert!(parsed.problem.is_some());
    let names: Vec<_> = parsed
        .seen
        .iter()
        .filter_map(|simple| simple.words.first()?.bare())
        .collect();
    assert_eq!(names, ["rm", "sudo", "kill", "ls"]);
}

#[test]
fn characters_beyond_ascii_do_not_reach_the_grammar() {
    // Its scanner would look these up beyond the end of a table.
    for line in [
        "{\u{eb186}Q",
        "echo {\u{10ffff}..2}",
        "ls {é..z}",
        "${\u{f0000}",
    ] {
        parse(line);
    }
}
