//! A strict parser of bash: what it accepts it reads as bash does, everything
//! else is a problem. The words of a line are in `word.rs`.

use super::ast::*;

/// Bodies and substitutions inside each other.
const MAX_DEPTH: usize = 40;

/// Words that are grammar where a command may begin.
const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "for", "case", "esac",
    "select", "in", "function", "time", "coproc", "{", "}", "!", "[[", "]]",
];

/// Why a line is not understood.
pub type Outcome<T> = Result<T, String>;

/// The reader of one line.
pub struct Parser<'a> {
    pub(super) src: &'a str,
    pub(super) at: usize,
    /// Where reading ends; inside backticks and here-documents before the end of the line.
    pub(super) end: usize,
    depth: usize,
    /// Inside a substitution, where here-documents are not followed.
    pub(super) nested: usize,
    waiting: Vec<HereDoc>,
    /// Bodies of the here-documents so far.
    pub heres: Vec<Word>,
    /// Every simple command read so far, also of a line that goes wrong later.
    pub seen: Vec<Simple>,
}

/// A here-document whose body has not come yet.
struct HereDoc {
    index: usize,
    delimiter: String,
    literal: bool,
    strip: bool,
}

impl<'a> Parser<'a> {
    pub fn new(src: &'a str) -> Self {
        Self {
            src,
            at: 0,
            end: src.len(),
            depth: 0,
            nested: 0,
            waiting: Vec::new(),
            heres: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// The whole line.
    pub fn line(&mut self) -> Outcome<Body> {
        let body = self.body(&[])?;
        if !self.rest().is_empty() {
            return Err(self.unexpected());
        }
        if !self.waiting.is_empty() {
            return Err("a here-document is not closed".to_string());
        }
        Ok(body)
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.src[self.at..self.end]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            Some('\n') => "a line ends too early".to_string(),
            Some(ch) => format!("`{ch}` is not expected there"),
            None => "the command ends too early".to_string(),
        }
    }

    /// Eats an operator. Bash would join its halves over a continued line.
    fn operator(&mut self, text: &str) -> Outcome<bool> {
        let found = self.eat(text);
        if found && self.rest().starts_with("\\\n") {
            return Err("an operator is continued on the next line".to_string());
        }
        Ok(found)
    }

    /// Blanks, continued lines, and a comment where a word would begin.
    pub(super) fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) {
                self.at += 1;
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else {
                break;
            }
        }
        if self.peek() == Some('#') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    /// Blanks and line ends, with the here-documents behind them.
    fn newlines(&mut self) -> Outcome<()> {
        self.blanks();
        while self.eat("\n") {
            for here in std::mem::take(&mut self.waiting) {
                self.here_body(here)?;
            }
            self.blanks();
        }
        Ok(())
    }

    /// The reserved word that stands here. Quoting any part of it makes it a word.
    fn reserved(&self) -> Option<&'static str> {
        let rest = self.rest();
        let ends = [' ', '\t', '\n', '|', '&', ';', '(', ')', '<', '>'];
        let run = &rest[..rest.find(ends).unwrap_or(rest.len())];
        RESERVED.iter().find(|word| **word == run).copied()
    }

    fn eat_reserved(&mut self, word: &'static str) -> bool {
        self.blanks();
        let found = self.reserved() == Some(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect(&mut self, word: &'static str) -> Outcome<()> {
        if self.eat_reserved(word) {
            Ok(())
        } else {
            Err(format!("`{word}` is missing"))
        }
    }

    /// Commands up to one of these reserved words, a closing parenthesis, the end
    /// of a case, or the end.
    pub(super) fn body(&mut self, ends: &[&'static str]) -> Outcome<Body> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("it is nested too deeply".to_string());
        }
        let mut items = Vec::new();
        loop {
            self.newlines()?;
            let rest = self.rest();
            if rest.is_empty()
                || rest.starts_with(')')
                || rest.starts_with(";;")
                || rest.starts_with(";&")
                || self.reserved().is_some_and(|word| ends.contains(&word))
            {
                break;
            }
            let node = self.chain()?;
            self.blanks();
            let rest = self.rest();
            let mut background = false;
            if rest.starts_with('&') {
                background = self.operator("&")?;
            } else if rest.starts_with(';') && !rest.starts_with(";;") && !rest.starts_with(";&") {
                self.operator(";")?;
            } else if !rest.is_empty() && !rest.starts_with(['\n', ';', ')']) {
                return Err(self.unexpected());
            }
            items.push(Item { node, background });
        }
        self.depth -= 1;
        Ok(items)
    }

    /// A body that bash requires to hold a command.
    fn full_body(&mut self, ends: &[&'static str]) -> Outcome<Body> {
        let body = self.body(ends)?;
        if body.is_empty() {
            return Err(self.unexpected());
        }
        Ok(body)
    }

    fn chain(&mut self) -> Outcome<Node> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let join = if self.operator("&&")? {
                Join::And
            } else if self.operator("||")? {
                Join::Or
            } else {
                break;
            };
            self.newlines()?;
            rest.push((join, self.pipeline()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let first = Box::new(first);
        Ok(Node::Chain { first, rest })
    }

    fn pipeline(&mut self) -> Outcome<Node> {
        let mut prefixes = Vec::new();
        loop {
            if self.eat_reserved("!") {
                prefixes.push(Prefix::Not);
            } else if self.eat_reserved("time") {
                self.blanks();
                if self.rest().starts_with("-p ") {
                    self.at += 2;
                }
                prefixes.push(Prefix::Time);
            } else {
                break;
            }
        }
        let mut parts = vec![self.command()?];
        loop {
            self.blanks();
            if self.rest().starts_with("||") || !self.operator("|")? {
                break;
            }
            self.operator("&")?;
            self.newlines()?;
            parts.push(self.command()?);
        }
        let mut node = if parts.len() == 1 {
            parts.remove(0)
        } else {
            Node::Pipeline(parts)
        };
        while let Some(prefix) = prefixes.pop() {
            let inner = Box::new(node);
            node = Node::Prefixed {
                prefix,
                node: inner,
            };
        }
        Ok(node)
    }

    fn command(&mut self) -> Outcome<Node> {
        self.blanks();
        let Some(word) = self.reserved() else {
            if !self.rest().starts_with('(') {
                return self.simple();
            }
            if self.rest().starts_with("((") {
                return Err("it computes".to_string());
            }
            self.operator("(")?;
            let body = self.full_body(&[])?;
            self.close()?;
            return self.compound(Compound::Subshell(body));
        };
        self.at += word.len();
        let kind = match word {
            "if" => self.if_arms()?,
            "while" | "until" => {
                let condition = self.full_body(&["do"])?;
                let body = self.do_group()?;
                Compound::While { condition, body }
            }
            "for" | "select" => self.for_loop(word)?,
            "case" => self.case()?,
            "{" => {
                let body = self.full_body(&["}"])?;
                self.expect("}")?;
                Compound::Group(body)
            }
            "[[" => Compound::Test(self.test_words()?),
            "function" => {
                self.blanks();
                let name = self.word()?;
                if name.bare().is_none() {
                    return Err("a function has an odd name".to_string());
                }
                self.blanks();
                if self.eat("(") {
                    self.blanks();
                    self.close()?;
                }
                self.function()?
            }
            "coproc" => {
                let node = Box::new(self.command()?);
                let prefix = Prefix::Coproc;
                return Ok(Node::Prefixed { prefix, node });
            }
            word => return Err(format!("`{word}` is not expected there")),
        };
        self.compound(kind)
    }

    fn close(&mut self) -> Outcome<()> {
        if self.eat(")") {
            Ok(())
        } else {
            Err("a parenthesis is not closed".to_string())
        }
    }

    /// The redirections behind a body.
    fn compound(&mut self, kind: Compound) -> Outcome<Node> {
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => return Ok(Node::Compound { kind, redirects }),
            }
        }
    }

    fn if_arms(&mut self) -> Outcome<Compound> {
        let mut arms = Vec::new();
        loop {
            let condition = self.full_body(&["then"])?;
            self.expect("then")?;
            let body = self.full_body(&["elif", "else", "fi"])?;
            arms.push((condition, body));
            if !self.eat_reserved("elif") {
                break;
            }
        }
        let mut otherwise = Body::new();
        if self.eat_reserved("else") {
            otherwise = self.full_body(&["fi"])?;
        }
        self.expect("fi")?;
        Ok(Compound::If { arms, otherwise })
    }

    fn do_group(&mut self) -> Outcome<Body> {
        self.newlines()?;
        self.expect("do")?;
        let body = self.full_body(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    /// `for ((i = 0; i < 3; i++))`, behind `for`.
    fn counting(&mut self) -> Outcome<Compound> {
        self.at += 2;
        let text = self.sum_text(";")?;
        let sums: Vec<&str> = text.split(';').collect();
        let [first, check, step] = sums.as_slice() else {
            return Err("it computes something odd".to_string());
        };
        let sums = [first, check, step].map(|sum| sum.trim().to_string());
        self.blanks();
        self.operator(";")?;
        let body = self.do_group()?;
        Ok(Compound::Count { sums, body })
    }

    fn for_loop(&mut self, keyword: &str) -> Outcome<Compound> {
        self.blanks();
        if keyword == "for" && self.rest().starts_with("((") {
            return self.counting();
        }
        let name = self.word()?;
        let name = name.bare().filter(|name| is_identifier(name));
        let Some(name) = name.map(str::to_string) else {
            return Err("a loop without a plain variable".to_string());
        };
        self.newlines()?;
        let mut words = None;
        if self.eat_reserved("in") {
            let mut list = Vec::new();
            loop {
                self.blanks();
                match self.peek() {
                    Some(';' | '\n') => break,
                    None | Some('|' | '&' | '(' | ')') => return Err(self.unexpected()),
                    Some('<' | '>') if !self.at_process() => return Err(self.unexpected()),
                    Some(_) => list.push(self.word()?),
                }
            }
            words = Some(list);
        }
        self.operator(";")?;
        let body = self.do_group()?;
        if keyword == "select" {
            return Ok(Compound::Select(body));
        }
        Ok(Compound::For { name, words, body })
    }

    fn case(&mut self) -> Outcome<Compound> {
        self.blanks();
        let word = self.word()?;
        self.newlines()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.eat_reserved("esac") {
                return Ok(Compound::Case { word, arms });
            }
            self.operator("(")?;
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if !self.operator("|")? {
                    break;
                }
            }
            self.close()?;
            arms.push((patterns, self.body(&["esac"])?));
            self.blanks();
            if !(self.operator(";;&")? || self.operator(";;")? || self.operator(";&")?)
                && self.reserved() != Some("esac")
            {
                return Err(self.unexpected());
            }
        }
    }

    /// The words between `[[` and `]]`.
    fn test_words(&mut self) -> Outcome<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            if self.reserved() == Some("]]") {
                self.at += 2;
                return Ok(words);
            }
            if self.operator("&&")? || self.operator("||")? {
                continue;
            }
            match self.peek() {
                None | Some('|' | '&' | '(' | ')' | ';' | '\n' | '<' | '>') => {
                    return Err(self.unexpected());
                }
                Some(_) => words.push(self.word()?),
            }
        }
    }

    /// The body of a function, after its name.
    fn function(&mut self) -> Outcome<Compound> {
        self.newlines()?;
        if self.reserved().is_none() && !self.rest().starts_with('(') {
            return Err("a function without a body".to_string());
        }
        Ok(Compound::Function(Box::new(self.command()?)))
    }

    fn simple(&mut self) -> Outcome<Node> {
        let mut simple = Simple::default();
        let result = self.simple_parts(&mut simple);
        self.seen.push(simple.clone());
        Ok(result?.unwrap_or(Node::Simple(simple)))
    }

    /// Fills in a simple command; a definition of a function turns out as a node.
    fn simple_parts(&mut self, simple: &mut Simple) -> Outcome<Option<Node>> {
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            match self.peek() {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('(') => {
                    let name = match simple.words.as_slice() {
                        [name] => name.bare().filter(|_| simple.redirects.is_empty()),
                        _ => None,
                    };
                    if name.is_none() || !simple.assignments.is_empty() {
                        return Err(self.unexpected());
                    }
                    self.at += 1;
                    self.blanks();
                    self.close()?;
                    // What was taken for a command is a name.
                    simple.words.clear();
                    let kind = self.function()?;
                    return Ok(Some(self.compound(kind)?));
                }
                Some(_) if simple.words.is_empty() => {
                    if let Some(assignment) = self.assignment()? {
                        simple.assignments.push(assignment);
                    } else {
                        let word = self.word()?;
                        simple.words.push(word);
                    }
                }
                Some(_) => {
                    let word = self.word()?;
                    simple.words.push(word);
                }
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected());
        }
        Ok(None)
    }

    /// `NAME=value` before a command.
    fn assignment(&mut self) -> Outcome<Option<Assignment>> {
        let rest = self.rest();
        let length = rest
            .find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_')
            .unwrap_or(rest.len());
        let name = &rest[..length];
        if !is_identifier(name) {
            return Ok(None);
        }
        let after = &rest[length..];
        if after.starts_with('[') {
            return Err("an element of an array".to_string());
        }
        let append = after.starts_with("+=");
        if !append && !after.starts_with('=') {
            return Ok(None);
        }
        self.at += length + if append { 2 } else { 1 };
        if self.rest().starts_with('(') {
            return Err("an array".to_string());
        }
        let value = self.word_or_nothing()?;
        Ok(Some(Assignment {
            name: name.to_string(),
            append,
            value,
        }))
    }

    /// A redirection, when one stands here.
    pub(super) fn redirect(&mut self) -> Outcome<Option<Redirect>> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let after = &self.rest()[digits..];
        let both = digits == 0 && after.starts_with("&>");
        if !both && !after.starts_with(['<', '>']) || digits == 0 && self.at_process() {
            return Ok(None);
        }
        let (text, op) = [
            ("&>>", Op::Write),
            ("&>", Op::Write),
            ("<<<", Op::HereString),
            ("<<-", Op::HereDoc),
            ("<<", Op::HereDoc),
            ("<&", Op::Duplicate),
            ("<>", Op::ReadWrite),
            ("<", Op::Read),
            (">>", Op::Write),
            (">&", Op::Duplicate),
            (">|", Op::Write),
            (">", Op::Write),
        ]
        .into_iter()
        .find(|(text, _)| after.starts_with(text))
        .ok_or_else(|| self.unexpected())?;
        self.at += digits;
        self.operator(text)?;
        if self.rest().starts_with('(') {
            return Err(self.unexpected());
        }
        self.blanks();
        if op == Op::HereDoc {
            let target = self.here_start(text == "<<-")?;
            return Ok(Some(Redirect { op, target }));
        }
        let word = self.word()?;
        let op = match op {
            Op::Duplicate if !word.bare().is_some_and(is_descriptor) => {
                if text == "<&" {
                    return Err("a descriptor is computed".to_string());
                }
                Op::Write
            }
            op => op,
        };
        let target = Target::Word(word);
        Ok(Some(Redirect { op, target }))
    }

    /// The delimiter of a here-document; its body follows the line.
    fn here_start(&mut self, strip: bool) -> Outcome<Target> {
        if self.nested > 0 {
            return Err("a here-document inside a substitution".to_string());
        }
        let rest = self.rest();
        let (quote, skip) = match self.peek() {
            Some('\'') => (Some('\''), 1),
            Some('"') => (Some('"'), 1),
            Some('\\') => (None, 1),
            _ => (None, 0),
        };
        let length = rest[skip..]
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            .count();
        let delimiter = rest[skip..skip + length].to_string();
        self.at += skip + length;
        if delimiter.is_empty()
            || quote.is_some_and(|quote| !self.eat(quote.encode_utf8(&mut [0; 4])))
        {
            return Err("a here-document with an odd end".to_string());
        }
        if !self.rest().is_empty()
            && !self
                .rest()
                .starts_with([' ', '\t', '\n', '|', '&', ';', ')', '<', '>'])
        {
            return Err("a here-document with an odd end".to_string());
        }
        let index = self.heres.len();
        self.heres.push(Word::default());
        self.waiting.push(HereDoc {
            index,
            delimiter,
            literal: skip > 0,
            strip,
        });
        Ok(Target::Here(index))
    }

    fn here_body(&mut self, here: HereDoc) -> Outcome<()> {
        let start = self.at;
        let mut line_start = start;
        loop {
            let rest = &self.src[line_start..self.end];
            if rest.is_empty() {
                return Err("a here-document is not closed".to_string());
            }
            let line = rest.split('\n').next().unwrap_or(rest);
            let shown = if here.strip {
                line.trim_start_matches('\t')
            } else {
                line
            };
            let next = (line_start + line.len() + 1).min(self.end);
            if shown == here.delimiter {
                let word = if here.literal {
                    Word {
                        pieces: vec![Piece::Text {
                            text: self.src[start..line_start].to_string(),
                            quoted: true,
                        }],
                        span: start..line_start,
                    }
                } else {
                    self.here_word(start, line_start)?
                };
                self.heres[here.index] = word;
                // The line end behind the delimiter separates what follows.
                self.at = (line_start + line.len()).min(next);
                self.eat("\n");
                return Ok(());
            }
            line_start = next;
        }
    }
}

fn is_descriptor(text: &str) -> bool {
    text == "-" || (!text.is_empty() && text.len() < 4 && text.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a text can be the name of a variable.
pub fn is_identifier(name: &str) -> bool {
    name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
