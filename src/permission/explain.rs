//! What a call would do, in plain words for the person who is asked.

use super::command::{Analysis, CommandEffect, EffectKind, shown};
use super::short;
use crate::protocol::permission::{Effect, PermissionDecision, ScopedPath};

/// Most things that are listed.
const MOST: usize = 8;

/// A decision in words.
pub fn verdict(decision: &PermissionDecision) -> String {
    match decision {
        PermissionDecision::Allow { why, .. } => format!("runs unasked: {why}"),
        PermissionDecision::Ask { why, .. } => format!("asks: {why}"),
        PermissionDecision::Deny { why } => format!("is refused: {why}"),
    }
}

/// What these effects amount to, one thing a line; command lines by their analyses.
pub fn effects(effects: &[Effect], analyses: &[Option<Analysis>]) -> Vec<String> {
    let mut out = Vec::new();
    for (effect, analysis) in effects.iter().zip(analyses) {
        match effect {
            Effect::Read(path) => out.push(on("reads", path)),
            Effect::Write(path) => out.push(on("writes", path)),
            Effect::Delete(path) => out.push(on("deletes", path)),
            Effect::Net(url) => out.push(format!("fetches {}", short(url))),
            Effect::Mcp { server, .. } => out.push(format!("calls the MCP server {server}")),
            Effect::Unconfined(_) => out.push("runs without the sandbox".to_string()),
            Effect::Network(_) => out.push("runs with the network open".to_string()),
            Effect::Input { text, .. } => out.push(format!("sends {:?}", short(text))),
            Effect::Exec(_) => out.extend(analysis.iter().flat_map(command)),
        }
    }
    // What matters most is seen where there is room for little.
    let open = ["runs without the sandbox", "runs with the network open"];
    out.sort_by_key(|line| !open.contains(&line.as_str()));
    let mut kept: Vec<String> = Vec::new();
    for line in out {
        if !kept.contains(&line) {
            kept.push(line);
        }
    }
    if kept.len() > MOST {
        let more = kept.len() - (MOST - 1);
        kept.truncate(MOST - 1);
        kept.push(format!("and {more} more"));
    }
    kept
}

/// What a command line would do beyond reading the workspace.
pub fn command(analysis: &Analysis) -> Vec<String> {
    let mut out = Vec::new();
    let mut programs = 0;
    analysis.each(&mut |part| programs += usize::from(!part.argv.is_empty()));
    analysis.each(&mut |part| {
        for effect in &part.effects {
            // A line of one command says itself what runs.
            let runs = effect.kind == EffectKind::Executes;
            if !runs || (programs > 1 && !part.concerns.is_empty()) {
                out.extend(words(effect));
            }
        }
    });
    if let Some(why) = &analysis.problem {
        out.push(format!(
            "not fully understood: {}",
            why.trim_start_matches("not understood: ")
        ));
    }
    out
}

/// Everything a command line was understood to do, one thing a line.
pub fn parsed(analysis: &Analysis) -> Vec<String> {
    let mut out = Vec::new();
    analysis.each(&mut |part| {
        for effect in &part.effects {
            let target = short(&shown(&effect.target));
            let line = format!("{} {target}", effect.kind.verb());
            if !out.contains(&line) {
                out.push(line);
            }
        }
    });
    out
}

fn words(effect: &CommandEffect) -> Option<String> {
    let target = short(&shown(&effect.target));
    let inside = effect.path.as_ref().is_some_and(ScopedPath::inside);
    let place = if effect.path.is_none() || inside {
        ""
    } else {
        ", outside the workspace"
    };
    let verb = match effect.kind {
        EffectKind::Lists | EffectKind::Reads | EffectKind::ReadsBelow if inside => return None,
        EffectKind::Mentions if inside => return None,
        EffectKind::Executes => "runs",
        EffectKind::Lists => "looks at",
        EffectKind::Reads => "reads",
        EffectKind::ReadsBelow => "reads everything below",
        EffectKind::Writes => "writes",
        EffectKind::Deletes => "deletes",
        EffectKind::Network => "uses the network:",
        EffectKind::Mentions => "names",
    };
    Some(format!("{verb} {target}{place}"))
}

fn on(verb: &str, path: &ScopedPath) -> String {
    let place = if path.inside() {
        ""
    } else {
        ", outside the workspace"
    };
    format!("{verb} {}{place}", short(path.display()))
}
