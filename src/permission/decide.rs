//! The decision: may these effects happen, must they not, or has someone to answer.

use super::command::{Analysis, EffectKind, Tier, analyse, runs_code};
use super::explain;
use super::place::Place;
use super::protect::protection;
use super::rules::{self, List, Rule, RuleSet, escape};
use super::url;
use crate::protocol::permission::{Effect, Grant, PermissionDecision, PermissionMode, ScopedPath};

/// What a decision goes by, beside the effects.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The mode.
    pub mode: PermissionMode,
    /// Safe mode: only reading exists.
    pub safe: bool,
    /// Where commands run.
    pub place: Place<'a>,
    /// What the user wrote down.
    pub rules: &'a RuleSet,
    /// What the user allowed for this session.
    pub grants: &'a [Grant],
    /// The operating system confines commands to the workspace.
    pub confined: bool,
    /// It was to confine them and cannot: what runs code of the workspace asks.
    pub exposed: bool,
}

/// What is said about one effect.
enum Said {
    /// The reason, and whether the user's own word decides.
    Allow(String, bool),
    /// The reason, and whether the session may grant it.
    Ask(String, bool),
    Deny(String),
}

/// Judges the effects of one call. Pure: the same question about the same files
/// has the same answer.
///
/// A grant covers exactly the effect it was shown for, in every mode that can ask.
/// Deny rules hold in every mode.
pub fn decide(basis: &Basis<'_>, effects: &[Effect]) -> PermissionDecision {
    decide_analysed(basis, effects).0
}

/// [`decide`], with what was found out about each command line among the effects.
pub fn decide_analysed(
    basis: &Basis<'_>,
    effects: &[Effect],
) -> (PermissionDecision, Vec<Option<Analysis>>) {
    let analyses: Vec<Option<Analysis>> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Exec(line) => Some(analyse(&basis.place, line)),
            _ => None,
        })
        .collect();
    (decide_on(basis, effects, &analyses), analyses)
}

fn decide_on(
    basis: &Basis<'_>,
    effects: &[Effect],
    analyses: &[Option<Analysis>],
) -> PermissionDecision {
    if (basis.safe || basis.mode == PermissionMode::Plan)
        && let Some(effect) = effects.iter().find(|effect| !effect.is_read_only())
    {
        return PermissionDecision::Deny {
            why: read_only_words(basis.safe, effect),
        };
    }
    // What leaves the sandbox is not confined by it.
    let inside = Basis {
        confined: basis.confined && !effects.iter().any(leaves_sandbox),
        ..*basis
    };
    let basis = &inside;
    let mut allowed = "nothing outside the conversation".to_string();
    let mut by_user = false;
    let mut reasons: Vec<String> = Vec::new();
    let mut asked: Vec<&Effect> = Vec::new();
    let mut grantable = true;
    for (effect, analysis) in effects.iter().zip(analyses) {
        let (reason, may_grant) = match judge(basis, effect, analysis.as_ref()) {
            Said::Deny(why) => return PermissionDecision::Deny { why },
            Said::Allow(why, by_rule) => {
                allowed = why;
                by_user |= by_rule;
                continue;
            }
            Said::Ask(..)
                if basis.mode == PermissionMode::Bypass
                    && !leaves_sandbox(effect)
                    && !analysis
                        .as_ref()
                        .is_some_and(|found| basis.rules.may_hide(found, basis.confined)) =>
            {
                allowed = "bypass mode".to_string();
                by_user = true;
                continue;
            }
            Said::Ask(reason, may_grant) => (reason, may_grant),
        };
        let granted = may_grant
            && rule_of(effect)
                .is_some_and(|rule| basis.grants.iter().any(|grant| grant.rule == rule));
        if granted {
            allowed = "granted for this session".to_string();
            by_user = true;
            continue;
        }
        grantable &= may_grant;
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
        asked.push(effect);
    }
    if reasons.is_empty() {
        return PermissionDecision::Allow {
            why: allowed,
            by_user,
        };
    }
    let (session, always) = if grantable {
        (
            offers(&asked, rule_of),
            lasting(basis, effects, analyses, offers(&asked, lasting_rule)),
        )
    } else {
        (Vec::new(), Vec::new())
    };
    PermissionDecision::Ask {
        why: reasons.join("; "),
        effects: explain::effects(effects, analyses),
        session,
        always,
    }
}

/// The rules for effects, each once; none when one of them has none.
fn offers(effects: &[&Effect], rule: impl Fn(&Effect) -> Option<String>) -> Vec<Grant> {
    let mut out: Vec<Grant> = Vec::new();
    for effect in effects {
        match rule(effect).map(|rule| Grant { rule }) {
            Some(grant) if !out.contains(&grant) => out.push(grant),
            Some(_) => {}
            None => return Vec::new(),
        }
    }
    out
}

/// The rules again, if they would settle the question for good.
fn lasting(
    basis: &Basis<'_>,
    effects: &[Effect],
    analyses: &[Option<Analysis>],
    offered: Vec<Grant>,
) -> Vec<Grant> {
    let mut rules = basis.rules.clone();
    let settles = !offered.is_empty()
        && offered
            .iter()
            .all(|grant| rules.add(List::Allow, &grant.rule, &basis.place).is_ok())
        && {
            let basis = Basis {
                rules: &rules,
                ..*basis
            };
            effects.iter().zip(analyses).all(|(effect, analysis)| {
                matches!(judge(&basis, effect, analysis.as_ref()), Said::Allow(..))
            })
        };
    if settles { offered } else { Vec::new() }
}

/// The rule that covers exactly this effect for a session. Nothing when its target
/// cannot be written down exactly.
pub fn rule_of(effect: &Effect) -> Option<String> {
    let exact = |verb: &str, path: &ScopedPath| {
        path.real()
            .to_str()
            .map(|_| format!("{verb}({})", path.display()))
    };
    match effect {
        Effect::Read(path) => exact("Read", path),
        Effect::Write(path) => exact("Write", path),
        Effect::Delete(path) => exact("Delete", path),
        Effect::Exec(line) => Some(format!("Bash({line})")),
        Effect::Unconfined(line) => Some(format!("Unconfined({line})")),
        Effect::Network(line) => Some(format!("Network({line})")),
        Effect::Input { command, .. } => Some(format!("Input({command})")),
        Effect::Net(url) => url::rule_for(url),
        Effect::Mcp { server, .. } => Some(format!("Mcp({server})")),
    }
}

/// Longest command that is worth remembering, in bytes.
const MAX_REMEMBERED: usize = 300;

/// The smallest rule of the user that covers this effect.
fn lasting_rule(effect: &Effect) -> Option<String> {
    let exact = |verb: &str, path: &ScopedPath| {
        path.real().to_str()?;
        Some(format!("{verb}({})", escape(path.display())))
    };
    match effect {
        Effect::Read(path) => exact("Read", path),
        Effect::Write(path) => exact("Write", path),
        // Deleting, and leaving the sandbox, are asked about each time or session.
        Effect::Delete(_) | Effect::Unconfined(_) | Effect::Input { .. } => None,
        Effect::Exec(line) | Effect::Network(line) => {
            let line = line.trim();
            let plain = line.len() <= MAX_REMEMBERED && !line.contains(char::is_control);
            let kind = match effect {
                Effect::Network(_) => "Network",
                _ => "Bash",
            };
            (plain && rules::is_exact(line)).then(|| format!("{kind}({line})"))
        }
        Effect::Net(url) => url::rule_for(url),
        Effect::Mcp { server, .. } => Some(format!("Mcp({server})")),
    }
}

/// Whether an effect goes beyond what the sandbox allows: no mode answers for that.
fn leaves_sandbox(effect: &Effect) -> bool {
    matches!(effect, Effect::Unconfined(_) | Effect::Network(_))
}

/// What tables and rules say about an effect; of a command line, with its analysis.
fn judge(basis: &Basis<'_>, effect: &Effect, analysis: Option<&Analysis>) -> Said {
    let (path, write) = match effect {
        Effect::Exec(line) => {
            return match analysis {
                Some(analysis) => judge_command(basis, line, analysis),
                None => judge_command(basis, line, &analyse(&basis.place, line)),
            };
        }
        Effect::Unconfined(_) => {
            let why = "runs without the sandbox: with your own rights to files and network";
            return Said::Ask(why.to_string(), true);
        }
        Effect::Network(line) => return judge_network(basis, line),
        Effect::Input { command, .. } => {
            if basis.confined && basis.mode == PermissionMode::AcceptEdits {
                return Said::Allow("confined to the workspace".to_string(), false);
            }
            let command = crate::permission::short(command);
            return Said::Ask(format!("sends input to `{command}`"), true);
        }
        Effect::Net(url) => {
            return match url::judge(basis.rules, url) {
                url::Fetch::Allow(why) => Said::Allow(why, true),
                url::Fetch::Ask { why, by_rule } => Said::Ask(why, !by_rule),
                url::Fetch::Deny(why) => Said::Deny(why),
            };
        }
        Effect::Mcp {
            server,
            tool,
            changed,
            ..
        } => return judge_mcp(basis, server, tool, *changed),
        Effect::Read(path) => (path, false),
        Effect::Write(path) | Effect::Delete(path) => (path, true),
    };
    let rules = basis.rules;
    let denied = rules.denied(path, write).or_else(|| match effect {
        Effect::Delete(path) => rules.denied_below(path.real(), true),
        _ => None,
    });
    let shown = path.display();
    if let Some(rule) = denied {
        return Said::Deny(format!("the rule {rule} denies {shown}"));
    }
    if let Some(rule) = rules.asked(path, write) {
        // A grant would go against the wish to be asked.
        return Said::Ask(format!("the rule {rule} asks about {shown}"), false);
    }
    let by_rule = |rule: &Rule| Said::Allow(format!("the rule {rule} allows it"), true);
    let reason = match effect {
        Effect::Read(path) if path.inside() => {
            return Said::Allow("reads inside the workspace".to_string(), false);
        }
        Effect::Write(path) if path.inside() && protection(path).is_none() => {
            return Said::Allow("edits inside the workspace".to_string(), false);
        }
        Effect::Read(_) => format!("reads outside the workspace: {shown}"),
        Effect::Write(path) => match protection(path) {
            Some((what, why)) if path.inside() => format!("writes to {what}: {why}"),
            _ => format!("writes outside the workspace: {shown}"),
        },
        Effect::Delete(path) if !path.inside() => {
            return Said::Ask(format!("deletes outside the workspace: {shown}"), true);
        }
        _ => {
            let why = match protection(path) {
                Some((what, why)) => format!("deletes {shown}, part of {what}: {why}"),
                None => format!("deletes {shown}"),
            };
            return Said::Ask(why, true);
        }
    };
    match rules.allowed(path, write) {
        Some(rule) => by_rule(rule),
        None => Said::Ask(reason, true),
    }
}

fn judge_network(basis: &Basis<'_>, line: &str) -> Said {
    match basis.rules.network(line) {
        Some((List::Allow, rule)) => Said::Allow(format!("the rule {rule} allows it"), true),
        Some((List::Deny, rule)) => Said::Deny(format!("the rule {rule} denies the network")),
        Some((List::Ask, rule)) => {
            Said::Ask(format!("the rule {rule} asks about the network"), false)
        }
        None => Said::Ask("runs with the network open".to_string(), true),
    }
}

fn judge_mcp(basis: &Basis<'_>, server: &str, tool: &str, changed: bool) -> Said {
    match basis.rules.mcp(server) {
        Some((List::Deny, rule)) => Said::Deny(format!("the rule {rule} denies {server}")),
        Some((List::Ask, rule)) => Said::Ask(format!("the rule {rule} asks about {server}"), false),
        // What was allowed is another tool now.
        _ if changed => {
            let tool = crate::permission::short(tool);
            let why = format!("{tool} is described differently than when you allowed it");
            Said::Ask(why, false)
        }
        Some((List::Allow, rule)) => Said::Allow(format!("the rule {rule} allows it"), true),
        None => Said::Ask(format!("calls the MCP server {server}"), true),
    }
}

fn judge_command(basis: &Basis<'_>, line: &str, analysis: &Analysis) -> Said {
    let judged = basis.rules.judge(line, analysis);
    let why = judged.why.join("; ");
    match judged.tier {
        Tier::Allow if basis.exposed && !judged.by_rule && runs_code(analysis) => {
            let why = "it runs code of the workspace, and nothing here confines it";
            Said::Ask(why.to_string(), true)
        }
        Tier::Allow => Said::Allow(why, judged.by_rule),
        // Whoever bypasses the questions means the tables too, not the rules.
        Tier::Deny if judged.by_rule || basis.mode != PermissionMode::Bypass => Said::Deny(why),
        Tier::Deny => Said::Ask(why, false),
        Tier::Confined if basis.confined => {
            Said::Allow("confined to the workspace".to_string(), false)
        }
        Tier::Ask | Tier::Confined => {
            if basis.confined
                && basis.mode == PermissionMode::AcceptEdits
                && !judged.by_rule
                && stays_inside(&basis.place, analysis)
            {
                return Said::Allow("confined to the workspace".to_string(), false);
            }
            Said::Ask(why, !judged.by_rule)
        }
    }
}

/// Whether a command, confined, could do what it means to do: nothing outside, no
/// network, and no git, which needs what is closed to confined commands.
fn stays_inside(place: &Place<'_>, analysis: &Analysis) -> bool {
    let mut inside = analysis.problem.is_none();
    analysis.each(&mut |part| {
        inside &= part.argv.first().is_none_or(|program| program != "git")
            && !part.argv.iter().any(|word| names_outside(place, word))
            && part.effects.iter().all(|effect| {
                effect.kind != EffectKind::Network
                    && effect.path.as_ref().is_none_or(ScopedPath::inside)
            });
    });
    inside
}

/// Whether some part of a word may be a path outside the workspace: a script for
/// `awk`, the value of an option that no table knows.
fn names_outside(place: &Place<'_>, word: &str) -> bool {
    let of_path = |ch: char| ch.is_alphanumeric() || "/._-~+@%".contains(ch);
    let leads_out = |path: &str| {
        place
            .resolve(place.root, path)
            .is_ok_and(|path| !path.inside())
    };
    word.split(|ch| !of_path(ch)).any(|token| {
        let mut parts = token.split('/');
        if token == "~" || token.starts_with("~/") {
            return true;
        }
        if let Some(rest) = token.strip_prefix('/') {
            // `/x/d` is a pattern, unless there is something of that name.
            let first = rest.split('/').next().unwrap_or_default();
            let there = !first.is_empty() && std::path::Path::new("/").join(first).exists();
            return there && !token.starts_with("/dev/") && leads_out(token);
        }
        parts.any(|part| part == "..") && leads_out(token)
    })
}

fn read_only_words(safe: bool, effect: &Effect) -> String {
    let (mode, way_out) = if safe {
        ("safe mode", "the user can leave it with /n")
    } else {
        (
            "plan mode",
            "when the plan is complete, call exit_plan_mode with it",
        )
    };
    let what = match effect {
        Effect::Write(path) => format!("changing {}", path.display()),
        Effect::Delete(path) => format!("deleting {}", path.display()),
        Effect::Exec(_) | Effect::Unconfined(_) | Effect::Network(_) | Effect::Input { .. } => {
            "running commands".to_string()
        }
        Effect::Read(path) => format!("reading {}", path.display()),
        Effect::Net(url) => format!("fetching {url}"),
        Effect::Mcp { server, tool, .. } => format!("calling {tool} of the MCP server {server}"),
    };
    format!("{mode} only reads, {what} is not possible; {way_out}")
}

#[cfg(all(test, unix))]
#[path = "decide_tests.rs"]
mod tests;
