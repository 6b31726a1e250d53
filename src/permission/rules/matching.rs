//! Commands and rules.

use super::{List, Rule, RuleSet, Subject};
use crate::permission::command::{
    About, Analysis, Concern, EffectKind, Part, Tier, is_marked, shown as readable,
};
use crate::permission::short;
use crate::protocol::permission::ScopedPath;

/// A command line, judged by tables and rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub tier: Tier,
    /// The reasons, worst first; for an allowed line, why it runs.
    pub why: Vec<String>,
    /// A rule, not a table, decided.
    pub by_rule: bool,
}

impl RuleSet {
    /// Judges a command line.
    pub fn judge(&self, line: &str, analysis: &Analysis) -> Judged {
        if let Some(why) = self.find(List::Deny, line, analysis) {
            return Judged {
                tier: Tier::Deny,
                why: vec![why],
                by_rule: true,
            };
        }
        let ask = self.find(List::Ask, line, analysis);
        let whole = self.allow.iter().find(|rule| rule.is_line(line));
        let mut hidden = Vec::new();
        analysis.each(&mut |part| hidden.extend(self.reads_denied_below(part)));
        if let (None, Some(rule), []) = (&ask, whole, hidden.as_slice()) {
            return Judged {
                tier: Tier::Allow,
                why: vec![format!("the rule {rule} allows it")],
                by_rule: true,
            };
        }
        let mut reasons: Vec<(Tier, String)> = Vec::new();
        let mut settled = None;
        if let Some(why) = &ask {
            reasons.push((Tier::Ask, why.clone()));
        }
        if whole.is_none() {
            if let Some(why) = &analysis.problem {
                reasons.push((Tier::Ask, why.clone()));
            }
            analysis.each(&mut |part| {
                for concern in &part.concerns {
                    match self.settles(part, concern) {
                        Some(rule) => settled = Some(rule),
                        None => reasons.push((concern.tier, concern.why.clone())),
                    }
                }
            });
        }
        let by_denial = !hidden.is_empty();
        reasons.extend(hidden.into_iter().map(|why| (Tier::Ask, why)));
        let tier = reasons.iter().map(|(tier, _)| *tier).max();
        // The worst first, each once.
        reasons.sort_by_key(|(tier, _)| std::cmp::Reverse(*tier));
        let mut why: Vec<String> = Vec::new();
        for (_, reason) in reasons {
            if !why.contains(&reason) {
                why.push(reason);
            }
        }
        let by_rule = match tier {
            None => settled.is_some(),
            Some(_) => ask.is_some() || by_denial,
        };
        if tier.is_none() {
            why.push(match settled {
                Some(rule) => format!("the rule {rule} allows it"),
                None => "builds, tests or reads inside the workspace".to_string(),
            });
        }
        Judged {
            tier: tier.unwrap_or(Tier::Allow),
            why,
            by_rule,
        }
    }

    /// Whether a line that nobody is asked about may do what a deny rule forbids: it is
    /// not understood, its programs are only known when it runs, or it hands the very
    /// words on to something that may run them. What must not be read the system hides
    /// from `confined` commands.
    pub fn may_hide(&self, analysis: &Analysis, confined: bool) -> bool {
        let commands = self.deny.iter().filter_map(|rule| match &rule.subject {
            Subject::Exact { argv, .. } if !argv.is_empty() => Some(argv.as_slice()),
            Subject::Prefix(words) => Some(words.as_slice()),
            _ => None,
        });
        let commands: Vec<&[String]> = commands.collect();
        let paths = !confined
            && self.deny.iter().any(|rule| {
                matches!(
                    rule.subject,
                    Subject::Read(_) | Subject::Write(_) | Subject::CommandPath(_)
                )
            });
        if commands.is_empty() && !paths {
            return false;
        }
        let mut hides = analysis.problem.is_some();
        analysis.each(&mut |part| {
            let asks = part
                .concerns
                .iter()
                .any(|concern| concern.tier >= Tier::Ask);
            let open = part
                .argv
                .iter()
                .any(|word| is_marked(word) || word.starts_with('~'));
            hides |= asks && part.argv.first().is_some_and(|program| is_marked(program));
            hides |= asks && open && paths;
            hides |= paths && self.reads_denied_below(part).is_some();
            hides |= asks && commands.iter().any(|words| mentions(&part.argv, words));
        });
        hides
    }

    /// The words about the first rule of a restricting list that hits a line.
    fn find(&self, list: List, line: &str, analysis: &Analysis) -> Option<String> {
        let verb = if list == List::Deny {
            "denies"
        } else {
            "asks about"
        };
        let rules = self.list(list);
        if let Some(rule) = rules.iter().find(|rule| rule.is_line(line)) {
            return Some(format!("the rule {rule} {verb} it"));
        }
        let mut found = None;
        analysis.each(&mut |part| {
            if found.is_none() {
                found = rules.iter().find_map(|rule| {
                    let what = rule.hits_part(part)?;
                    Some(format!("the rule {rule} {verb} {what}"))
                });
            }
        });
        // A line nobody understands may hold anything.
        if found.is_none() && analysis.problem.is_some() {
            let any = rules
                .iter()
                .find(|rule| matches!(rule.subject, Subject::AnyCommand));
            found = any.map(|rule| format!("the rule {rule} {verb} it"));
        }
        found
    }

    /// The allow rule that settles a concern.
    fn settles(&self, part: &Part, concern: &Concern) -> Option<&Rule> {
        match &concern.about {
            About::Command { key } => self
                .allow
                .iter()
                .find(|rule| rule.allows_words(&part.argv, key, concern.tier)),
            About::Path { path, write } => {
                let writes = !write || self.allowed(path, true).is_some();
                if path.inside() {
                    return self.allowed(path, *write).filter(|_| *write);
                }
                self.allow
                    .iter()
                    .find(|rule| writes && rule.covers_command_path(path))
            }
            About::Surroundings => None,
        }
    }

    fn reads_denied_below(&self, part: &Part) -> Option<String> {
        part.effects.iter().find_map(|effect| {
            let path = effect.path.as_ref()?;
            let rule = match effect.kind {
                EffectKind::ReadsBelow => self.denied_below(path.real(), false),
                _ => None,
            }?;
            let dir = short(path.display());
            Some(format!("may read what the rule {rule} denies, below {dir}"))
        })
    }
}

impl Rule {
    /// Whether the rule is this very line.
    fn is_line(&self, line: &str) -> bool {
        match &self.subject {
            Subject::Exact { line: rule, .. } => {
                rule == line
                    || (!line.ends_with('\\')
                        && rule.trim() == line.trim_matches([' ', '\t', '\n']))
            }
            _ => false,
        }
    }

    /// What of a command the rule, as a restriction, hits: in every spelling, also
    /// by path, and behind options that come before a subcommand.
    fn hits_part(&self, part: &Part) -> Option<String> {
        let command = |hit: bool| hit.then(|| format!("`{}`", shown(&part.argv)));
        match &self.subject {
            Subject::AnyCommand => command(!part.argv.is_empty()),
            Subject::Exact { argv, .. } => command(
                !argv.is_empty()
                    && argv.len() == part.argv.len()
                    && same_program(&argv[0], &part.argv[0])
                    && argv[1..] == part.argv[1..],
            ),
            Subject::Prefix(words) => command(begins_with(&part.argv, words)),
            Subject::CommandPath(glob) => part.effects.iter().find_map(|effect| {
                let path = effect.path.as_ref()?;
                let hit = glob.matches(path.real()) || glob.matches(path.named());
                hit.then(|| short(path.display()))
            }),
            Subject::Read(_) | Subject::Write(_) => part.effects.iter().find_map(|effect| {
                let path = effect.path.as_ref()?;
                let write = matches!(
                    effect.kind,
                    EffectKind::Writes | EffectKind::Deletes | EffectKind::Mentions
                );
                let hit = self.hits_path(path, write)
                    || (effect.kind == EffectKind::Deletes && self.hits_below(path.real(), true));
                hit.then(|| short(path.display()))
            }),
            Subject::Network(_) | Subject::Mcp(_) | Subject::Host { .. } => None,
        }
    }

    /// Whether the rule, as an allowance, covers these words. A forbidden command
    /// has to be named.
    fn allows_words(&self, argv: &[String], key: &[String], tier: Tier) -> bool {
        match &self.subject {
            Subject::AnyCommand => tier < Tier::Deny,
            Subject::Exact { argv: exact, .. } => !exact.is_empty() && exact == argv,
            Subject::Prefix(words) => {
                argv.len() >= words.len()
                    && argv.iter().zip(words).all(|(word, wanted)| word == wanted)
                    && key.iter().all(|word| words.contains(word))
            }
            _ => false,
        }
    }

    fn covers_command_path(&self, path: &ScopedPath) -> bool {
        matches!(&self.subject, Subject::CommandPath(glob) if glob.matches(path.real()))
    }
}

/// Whether a program is the one a rule names: by its name, wherever it lies.
fn same_program(rule: &str, program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    rule == program || rule.eq_ignore_ascii_case(name)
}

/// Whether a command begins with these words. Options and their values may stand
/// in between: `git -C x push` begins with `git push`.
fn begins_with(argv: &[String], words: &[String]) -> bool {
    let (Some(program), Some((first, rest))) = (argv.first(), words.split_first()) else {
        return false;
    };
    if !same_program(first, program) {
        return false;
    }
    let mut at = 1;
    for wanted in rest {
        // What is only known later may be the very word.
        loop {
            match argv.get(at) {
                None => return false,
                Some(word) if word == wanted || is_marked(word) => break,
                Some(word) if word.starts_with(['-', '+']) => {
                    // Its value may follow, if another word comes after that.
                    let next = argv.get(at + 1);
                    let skip = next.is_some_and(|next| {
                        next != wanted && !next.starts_with('-') && argv[at + 2..].contains(wanted)
                    });
                    at += if skip { 2 } else { 1 };
                }
                Some(_) => return false,
            }
        }
        at += 1;
    }
    true
}

/// Whether a command holds all the words of another somewhere among its own, or a
/// shell would run what is only known when it runs.
fn mentions(argv: &[String], words: &[String]) -> bool {
    let Some((program, args)) = argv.split_first() else {
        return false;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let evaluates = [
        "sh", "bash", "dash", "zsh", "ksh", "fish", "rbash", "eval", "source", ".",
    ];
    if evaluates.contains(&name) && args.iter().any(|word| is_marked(word)) {
        return true;
    }
    let of_word = |ch: char| ch.is_alphanumeric() || "_-.+".contains(ch);
    let holds = |wanted: &String| {
        argv.iter()
            .flat_map(|word| word.split(|ch| !of_word(ch)))
            .any(|token| token.eq_ignore_ascii_case(wanted))
            || argv.contains(wanted)
    };
    words.iter().all(holds)
}

fn shown(argv: &[String]) -> String {
    short(&readable(&argv.join(" ")))
}
