//! Goes through a line in the order in which the shell would, and judges every
//! command on the way.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::analysis::*;
use super::cx::{Cx, Use, is_number, is_unknown};
use super::listing::{Filter, none_tracked};
use super::{assignments, feed, globs, programs, sums};
use crate::permission::place::{Place, Tree};
use crate::permission::shell::*;
use crate::permission::short;

/// Commands judged in one line, loops unrolled; beyond it the line is not understood.
const MAX_COMMANDS: usize = 600;

/// Values of a loop that are gone through one by one, and of all loops together, those
/// inside others counted each time.
pub const MAX_ROUNDS: usize = 100;
const MAX_ALL_ROUNDS: usize = 300;

/// Words of one command.
const MAX_ARGUMENTS: usize = 3_000;

/// Directories that are gone through to the bottom.
const MAX_TREES: usize = 3;

/// Commands inside commands: `sh -c "sh -c …"`.
const MAX_INNER: usize = 6;

/// What is known of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Its text.
    Text(String),
    /// Paths, one a line.
    Paths(feed::Paths),
    /// It is set, to something.
    Unknown,
}

impl Value {
    /// Whether it is a number for certain.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Text(text) if is_number(text) && text.len() < 19)
    }
}

/// The state of the walk.
pub struct Walker<'p> {
    /// Where the line runs.
    pub place: &'p Place<'p>,
    /// The directory of the command at hand.
    pub cwd: PathBuf,
    /// Variables set on the way.
    pub vars: HashMap<String, Value>,
    /// What the standard input of the command at hand carries.
    pub feed: feed::Feed,
    /// What the command just gone through prints.
    pub carried: feed::Feed,
    /// What the last substitution held.
    pub output: feed::Feed,
    /// What the last process substitution holds.
    pub process: feed::Feed,
    /// The text that the command just gone through brought with it.
    brought: Option<String>,
    trees: HashMap<(PathBuf, Filter), Tree>,
    /// Paths that were used from a directory, and for what.
    pub looked_at: HashMap<(PathBuf, String, EffectKind), Use>,
    /// Names that patterns were held against.
    pub names_seen: usize,
    /// The names in the directories that patterns looked into.
    pub names: globs::Names,
    heres: Vec<Word>,
    parts: Vec<Part>,
    problem: Option<String>,
    judged: usize,
    rounds: usize,
    depth: usize,
}

impl<'p> Walker<'p> {
    /// A walk that begins in the root of the workspace.
    pub fn new(place: &'p Place<'p>) -> Self {
        Self {
            place,
            cwd: place.root.to_path_buf(),
            vars: HashMap::new(),
            feed: feed::Feed::Nothing,
            carried: feed::Feed::Unknown,
            output: feed::Feed::Unknown,
            process: feed::Feed::Unknown,
            brought: None,
            trees: HashMap::new(),
            looked_at: HashMap::new(),
            names_seen: 0,
            names: globs::Names::default(),
            heres: Vec::new(),
            parts: Vec::new(),
            problem: None,
            judged: 0,
            rounds: 0,
            depth: 0,
        }
    }

    /// Judges a line.
    pub fn line(mut self, line: &str) -> Analysis {
        self.go_through(line);
        self.done()
    }

    fn go_through(&mut self, line: &str) {
        let parsed = parse(line);
        if parsed.body.is_empty() && parsed.problem.is_none() {
            self.doubt("the command is empty");
        }
        if let Some(why) = parsed.problem {
            // Bash runs what comes before an error: look at what was seen.
            self.doubt(&format!("not understood: {why}"));
            self.heres = parsed.heres;
            for simple in parsed.seen.iter().chain(&parsed.loose) {
                self.simple(simple);
            }
        } else {
            self.heres = parsed.heres;
            self.first_line(&parsed.body, true);
        }
    }

    fn done(self) -> Analysis {
        Analysis {
            parts: self.parts,
            problem: self.problem,
        }
    }

    /// A whole line, or the body of a subshell: a leading `cd DIR &&` says where the
    /// rest runs. That of a whole line needs no question.
    fn first_line(&mut self, body: &Body, whole: bool) {
        if let [first, ..] = body.as_slice()
            && !first.background
            && let Node::Chain { first: cd, rest } = &first.node
            && let [(Join::And, _), ..] = rest.as_slice()
            && let Node::Simple(simple) = &**cd
            && self.enter(simple, whole)
        {
            let mut rest = rest.as_slice();
            // `cd a && cd b && …`.
            while let [(Join::And, Node::Simple(simple)), (Join::And, _), ..] = rest
                && self.enter(simple, false)
            {
                rest = &rest[1..];
            }
            for (_, node) in rest {
                self.node(node);
            }
            self.body(&body[1..]);
        } else {
            self.body(body);
        }
    }

    /// A body with a shell of its own: where it goes, it goes alone.
    pub fn own_shell(&mut self, body: &Body) {
        let cwd = self.cwd.clone();
        self.inside(|walker| walker.first_line(body, false));
        self.cwd = cwd;
    }

    /// Whether a command is `cd DIR` into a directory of the workspace; then the
    /// walk goes on there.
    fn enter(&mut self, simple: &Simple, whole: bool) -> bool {
        let [cd, dir] = simple.words.as_slice() else {
            return false;
        };
        if cd.bare() != Some("cd") || !simple.assignments.is_empty() || !simple.redirects.is_empty()
        {
            return false;
        }
        let words = match self.expand(dir) {
            Ok(words) => words,
            Err(_) => return false,
        };
        let [word] = words.as_slice() else {
            return false;
        };
        // Bash takes `..` away by name, the system by where a link leads.
        if word.is_empty()
            || word.starts_with(['-', '+'])
            || is_unknown(word)
            || word.split('/').any(|part| part == "..")
        {
            return false;
        }
        let plain = if word.starts_with('~') {
            format!("./{word}")
        } else {
            word.clone()
        };
        match self.place.resolve(&self.cwd, &plain) {
            Ok(path) if path.inside() && path.real().is_dir() => {
                self.cwd = path.real().to_path_buf();
                let mut part = Part {
                    argv: vec!["cd".to_string(), word.clone()],
                    ..Part::default()
                };
                if !whole {
                    part.concerns.push(Concern {
                        tier: Tier::Ask,
                        why: "cd: changes the directory of a part of the command".to_string(),
                        about: About::Command { key: Vec::new() },
                    });
                }
                part.effects.push(CommandEffect {
                    kind: EffectKind::Lists,
                    target: path.display().to_string(),
                    path: Some(path),
                });
                self.parts.push(part);
                true
            }
            Ok(path) if path.inside() => {
                self.doubt(&format!("there is no directory {}", short(path.display())));
                true
            }
            _ => false,
        }
    }

    /// What of a list lies below a directory.
    fn tree(&mut self, dir: &Path, filter: &Filter) -> &Tree {
        let room = self.trees.len() < MAX_TREES;
        let place = self.place;
        let key = (dir.to_path_buf(), filter.clone());
        self.trees.entry(key).or_insert_with(|| {
            if !room {
                return Tree::default();
            }
            let enters = |path: &str, name: &str| filter.enters(path, name);
            let counts = |_: &str, name: &str| filter.holds(name);
            let mut tree = place.tree(dir, &enters, &counts);
            if filter.tracked && tree.whole && none_tracked(place.root, &tree.astray) {
                tree.astray.clear();
            }
            tree
        })
    }

    /// Whether nothing of a list below a directory leads out of the workspace.
    pub fn stays(&mut self, dir: &Path, filter: &Filter) -> bool {
        let tree = self.tree(dir, filter);
        tree.whole && tree.astray.is_empty()
    }

    /// Whether each of these paths is a word by itself.
    pub fn are_words(&mut self, paths: &feed::Paths) -> bool {
        paths.below.iter().all(|start| {
            let filter = paths.filter.below(start);
            let dir = self.place.resolve(&self.cwd, start);
            dir.is_ok_and(|dir| self.tree(dir.real(), &filter).words)
        })
    }

    /// Whether none of these paths leads out of the workspace.
    pub fn lead_nowhere(&mut self, paths: &feed::Paths) -> bool {
        paths.regular
            || paths.below.iter().all(|start| {
                let filter = paths.filter.below(start);
                let dir = self.place.resolve(&self.cwd, start);
                dir.is_ok_and(|dir| self.stays(dir.real(), &filter))
            })
    }

    /// Notes that the line is not fully understood.
    pub fn doubt(&mut self, why: &str) {
        self.problem.get_or_insert_with(|| why.to_string());
    }

    /// Goes through something whose variables stay inside: a substitution, a
    /// subshell, a part of a pipeline.
    pub fn inside(&mut self, walk: impl FnOnce(&mut Self)) {
        let vars = self.vars.clone();
        let feed = self.feed.clone();
        walk(self);
        self.vars = vars;
        self.feed = feed;
    }

    /// Goes through something that may or may not happen: what it sets is not
    /// known afterwards.
    fn perhaps(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = self.vars.clone();
        walk(self);
        for (name, value) in &mut self.vars {
            if before.get(name) != Some(value) {
                *value = Value::Unknown;
            }
        }
    }

    /// Goes through commands one after another.
    pub fn body(&mut self, body: &[Item]) {
        for item in body {
            if item.background {
                self.inside(|walker| walker.node(&item.node));
            } else {
                self.node(&item.node);
            }
        }
    }

    fn node(&mut self, node: &Node) {
        let mut carried = feed::Feed::Unknown;
        match node {
            Node::Simple(simple) => {
                let part = self.simple(simple);
                carried = feed::after(&self.feed, node, part.as_slice());
                if let Some(text) = self.brought.take()
                    && carried == feed::Feed::Unknown
                {
                    carried = feed::handed_on(text, part.as_ref());
                }
            }
            Node::Pipeline(nodes) => {
                let outer = self.feed.clone();
                self.carried = outer.clone();
                for node in nodes {
                    self.feed = std::mem::replace(&mut self.carried, feed::Feed::Unknown);
                    self.inside(|walker| walker.node(node));
                }
                carried = std::mem::replace(&mut self.carried, feed::Feed::Unknown);
                self.feed = outer;
            }
            Node::Chain { first, rest } => {
                self.node(first);
                self.perhaps(|walker| rest.iter().for_each(|(_, node)| walker.node(node)));
            }
            Node::Prefixed { prefix, node } => {
                if *prefix == Prefix::Coproc {
                    self.doubt("runs a coprocess");
                }
                self.node(node);
            }
            Node::Compound { kind, redirects } => {
                let mut cx = self.cx();
                cx.redirects(redirects);
                let part = cx.part;
                if part != Part::default() {
                    self.parts.push(part);
                }
                let outer = self.feed.clone();
                if !redirects.is_empty() {
                    self.feed = match redirects.as_slice() {
                        // `done < <(git ls-files)`
                        [
                            Redirect {
                                op: Op::Read,
                                target: Target::Word(word),
                            },
                        ] if matches!(word.pieces.as_slice(), [Piece::Process { .. }]) => {
                            std::mem::replace(&mut self.process, feed::Feed::Unknown)
                        }
                        _ => feed::Feed::Unknown,
                    };
                }
                self.compound(kind);
                self.feed = outer;
            }
        }
        self.carried = carried;
    }

    fn compound(&mut self, kind: &Compound) {
        match kind {
            Compound::Subshell(body) => self.own_shell(body),
            Compound::Group(body) => self.body(body),
            Compound::If { arms, otherwise } => self.perhaps(|walker| {
                for (condition, body) in arms {
                    walker.body(condition);
                    walker.perhaps(|walker| walker.body(body));
                }
                walker.perhaps(|walker| walker.body(otherwise));
            }),
            Compound::While { condition, body } => {
                // A later round sees what an earlier one set.
                self.forget(&[condition, body]);
                self.perhaps(|walker| {
                    walker.body(condition);
                    walker.body(body);
                });
            }
            Compound::For { name, words, body } => {
                let values = words.as_deref().map(|words| {
                    let values = words.iter().flat_map(|word| self.words(word));
                    values.collect()
                });
                self.for_loop(name, values, body);
            }
            Compound::Count { sums, body } => self.counting(sums, body),
            Compound::Select(body) => {
                self.doubt("shows a menu");
                self.inside(|walker| walker.body(body));
            }
            Compound::Case { word, arms } => {
                self.word_alone(word);
                self.perhaps(|walker| {
                    for (patterns, body) in arms {
                        patterns.iter().for_each(|word| walker.word_alone(word));
                        walker.perhaps(|walker| walker.body(body));
                    }
                });
            }
            Compound::Test(words) => {
                let argv = words
                    .iter()
                    .flat_map(|word| match word.bare() {
                        Some("=~") => vec!["=~".to_string()],
                        // Patterns here are held against texts, not names of files.
                        _ => vec![self.text(word)],
                    })
                    .collect();
                let mut cx = self.cx();
                programs::double_brackets(&mut cx, argv);
                let part = cx.part;
                self.parts.push(part);
            }
            Compound::Function(node) => {
                self.doubt("defines a function");
                self.inside(|walker| walker.node(node));
            }
        }
    }

    /// `for ((i = 0; i < 3; i++))`: round by round where that is known, else with
    /// numbers.
    fn counting(&mut self, sums: &[String; 3], body: &[Item]) {
        let mut set = Vec::new();
        assignments::names_set(body, &mut set);
        if let Some((name, values)) = sums::rounds(sums)
            && !set.iter().any(|(other, _)| *other == name)
        {
            self.for_loop(&name, Some(values), body);
            self.vars.insert(name, Value::Text(NUMBER.to_string()));
            return;
        }
        let [first, check, step] = sums;
        let mut outcome = self.computes(first);
        self.forget(&[body]);
        for sum in [check, step] {
            outcome = outcome.and_then(|()| self.computes(sum));
        }
        if let Err(why) = outcome {
            self.doubt(&why);
        }
        self.perhaps(|walker| walker.body(body));
    }

    fn for_loop(&mut self, name: &str, mut values: Option<Vec<String>>, body: &[Item]) {
        if !assignments::is_harmless_variable(name) {
            self.doubt(&format!("sets the variable {name}"));
        }
        self.forget(&[body]);
        values = values.filter(|values| {
            values.len() <= MAX_ROUNDS
                && !values.is_empty()
                // Numbers and names of commits are as good as known.
                && !values.iter().any(|v| v.contains([UNKNOWN, MANY]))
        });
        self.perhaps(|walker| match values {
            Some(values) => {
                for (round, value) in values.into_iter().enumerate() {
                    walker.rounds += 1;
                    let enough = walker.rounds > MAX_ALL_ROUNDS || walker.judged > MAX_COMMANDS;
                    // Once each: what is forbidden in it stays so.
                    if enough && round > 0 {
                        walker.doubt("its loops go round too often");
                        break;
                    }
                    walker.vars.insert(name.to_string(), Value::Text(value));
                    walker.body(body);
                }
            }
            None => {
                walker.vars.insert(name.to_string(), Value::Unknown);
                walker.body(body);
            }
        });
        self.vars.insert(name.to_string(), Value::Unknown);
    }

    /// Forgets every variable that these bodies set, but for what counts up.
    fn forget(&mut self, bodies: &[&[Item]]) {
        let mut names = Vec::new();
        for body in bodies {
            assignments::names_set(body, &mut names);
        }
        for (name, number) in &names {
            let counts = *number
                && self.vars.get(name).is_some_and(Value::is_number)
                && names.iter().all(|(other, number)| other != name || *number);
            let value = if counts {
                Value::Text(NUMBER.to_string())
            } else {
                Value::Unknown
            };
            self.vars.insert(name.clone(), value);
        }
    }

    /// The words of a word; what cannot be said is doubted.
    fn words(&mut self, word: &Word) -> Vec<String> {
        self.expand(word).unwrap_or_else(|why| {
            self.doubt(&why);
            vec![MANY.to_string()]
        })
    }

    /// The text of a word that is not split; what cannot be said is doubted.
    fn text(&mut self, word: &Word) -> String {
        self.expand_text(word).unwrap_or_else(|why| {
            self.doubt(&why);
            UNKNOWN.to_string()
        })
    }

    /// A word that is looked at for what it runs.
    fn word_alone(&mut self, word: &Word) {
        if let Err(why) = self.expand_text(word) {
            self.doubt(&why);
        }
    }

    /// A fresh look at one command.
    pub fn cx<'w>(&'w mut self) -> Cx<'w, 'p> {
        Cx {
            walker: self,
            part: Part::default(),
        }
    }

    /// The body of a here-document.
    pub fn here(&self, index: usize) -> Word {
        self.heres.get(index).cloned().unwrap_or_default()
    }

    /// The text that a command gets from a here-document or here-string; what is only
    /// known when it runs stands as a variable.
    fn text_for(&self, simple: &Simple) -> Option<String> {
        let word = simple.redirects.iter().rev().find_map(|redirect| {
            match (&redirect.op, &redirect.target) {
                (Op::HereDoc, Target::Here(index)) => Some(self.here(*index)),
                (Op::HereString, Target::Word(word)) => Some(word.clone()),
                _ => None,
            }
        })?;
        let text = word.pieces.iter().map(|piece| match piece {
            Piece::Text { text, .. } => text.as_str(),
            _ => "\"$0\"",
        });
        Some(text.collect())
    }

    fn simple(&mut self, simple: &Simple) -> Option<Part> {
        self.judged += 1;
        if self.judged > MAX_COMMANDS {
            self.doubt("it has too many commands");
            // What is forbidden stays so, however much stands around it.
            let first = simple.words.first()?;
            if !programs::forbids(&first.literal()?) {
                return None;
            }
        }
        let mut argv = Vec::new();
        let mut doubts = Vec::new();
        for word in &simple.words {
            if argv.len() > MAX_ARGUMENTS {
                self.doubt("it has too many arguments");
                break;
            }
            match self.expand(word) {
                Ok(words) => argv.extend(words),
                Err(why) => {
                    doubts.push(why);
                    argv.push(word.literal().unwrap_or_else(|| MANY.to_string()));
                }
            }
        }
        let outer = self.feed.clone();
        if simple
            .redirects
            .iter()
            .any(|redirect| !matches!(redirect.op, Op::Write | Op::Duplicate))
        {
            self.feed = match self.text_for(simple) {
                Some(text) => feed::Feed::Text(text),
                None if reads_nothing(simple) => feed::Feed::Nothing,
                None => feed::Feed::Unknown,
            };
        }
        let bare = argv.is_empty();
        let mut cx = self.cx();
        doubts.into_iter().for_each(|why| cx.around(why));
        cx.assignments(&simple.assignments, argv.first().map(String::as_str), bare);
        cx.redirects(&simple.redirects);
        if !bare {
            cx.judge(argv);
        }
        let part = cx.part;
        self.brought = match std::mem::replace(&mut self.feed, outer) {
            feed::Feed::Text(text) => Some(text),
            _ => None,
        };
        if !self.parts.contains(&part) {
            self.parts.push(part.clone());
        }
        Some(part)
    }
}

impl Cx<'_, '_> {
    /// Judges a command that this one starts, and keeps it as its inner part.
    pub fn start(&mut self, argv: Vec<String>) {
        self.deeper(|cx| {
            let mut inner = Cx {
                walker: cx.walker,
                part: Part::default(),
            };
            inner.judge(argv);
            let part = inner.part;
            cx.part.inner.push(part);
        });
    }

    /// Judges a line that this command hands to a shell.
    pub fn start_line(&mut self, line: &str) {
        self.deeper(|cx| {
            let mut walker = Walker::new(cx.walker.place);
            walker.cwd = cx.walker.cwd.clone();
            walker.depth = cx.walker.depth;
            walker.judged = cx.walker.judged;
            walker.names_seen = cx.walker.names_seen;
            walker.rounds = cx.walker.rounds;
            walker.trees = std::mem::take(&mut cx.walker.trees);
            walker.names = std::mem::take(&mut cx.walker.names);
            walker.go_through(line);
            cx.walker.judged = walker.judged;
            cx.walker.names_seen = walker.names_seen;
            cx.walker.rounds = walker.rounds;
            cx.walker.trees = std::mem::take(&mut walker.trees);
            cx.walker.names = std::mem::take(&mut walker.names);
            let analysis = walker.done();
            if let Some(why) = analysis.problem {
                cx.around(why);
            }
            cx.part.inner.extend(analysis.parts);
        });
    }

    fn deeper(&mut self, judge: impl FnOnce(&mut Self)) {
        self.walker.depth += 1;
        if self.walker.depth > MAX_INNER {
            self.around("commands inside commands inside commands");
        } else {
            judge(self);
        }
        self.walker.depth -= 1;
    }

    /// Judges a program with its arguments.
    pub fn judge(&mut self, argv: Vec<String>) {
        self.part.argv.clone_from(&argv);
        let Some((program, args)) = argv.split_first() else {
            return;
        };
        if is_unknown(program) || program.is_empty() {
            self.around("the program is only known when it runs");
            self.mentions(args);
            return;
        }
        self.effect(EffectKind::Executes, short(&shown(&argv.join(" "))));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if let Err(why) = programs::judge(self, program, &args) {
            let why = format!("{}: {why}", short(program));
            let name = program.rsplit('/').next().unwrap_or(program);
            self.command(Tier::Ask, why, &programs::to_name(name, &args));
            let words: Vec<String> = args.iter().map(|word| word.to_string()).collect();
            self.mentions(&words);
        }
    }

    /// Notes what may be paths among the arguments of a program that is not known,
    /// also behind `=` and in `-Ipath`.
    pub fn mentions(&mut self, args: &[String]) {
        for word in args {
            if is_unknown(word) || word.is_empty() {
                continue;
            }
            let value = word.split_once('=').map(|(_, value)| value);
            let glued = word
                .strip_prefix('-')
                .filter(|rest| !rest.starts_with('-'))
                .and_then(|rest| rest.get(1..));
            let whole = (!word.starts_with('-')).then_some(word.as_str());
            let texts = [whole, value, glued.filter(|text| text.contains('/'))];
            for text in texts.into_iter().flatten().filter(|text| !text.is_empty()) {
                // What is no path at all is none to this program either.
                let _ = self.mention(text);
            }
        }
    }
}

/// Whether the standard input of a command is `/dev/null`.
fn reads_nothing(simple: &Simple) -> bool {
    let is_null = |target: &Target| match target {
        Target::Word(word) => word.literal().as_deref() == Some("/dev/null"),
        Target::Here(_) => false,
    };
    simple
        .redirects
        .iter()
        .filter(|redirect| !matches!(redirect.op, Op::Write | Op::Duplicate))
        .all(|redirect| redirect.op == Op::Read && is_null(&redirect.target))
}
