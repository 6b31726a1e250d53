//! `sofos` in a terminal.

use std::path::Path;

use super::prompt::Prompt;
use super::run::setup;
use super::settings::Chosen;
use super::{Args, CliError};
use crate::config::{Env, Paths};
use crate::exec::sandbox;
use crate::protocol::command::Command;
use crate::repl::commands::{COMMANDS, COMPLETIONS};
use crate::repl::{self, CommandSender};
use crate::session::Session;
use crate::tui::{self, CommandHelp, Places, TerminalEnv, TuiOptions, WriterChoice};
use crate::workspace::git;

/// Runs until the user leaves.
pub(super) fn run(
    args: &Args,
    env: Env,
    paths: Paths,
    chosen: Chosen,
    prompt: Prompt,
    session: Session,
    mut restored: Vec<String>,
) -> Result<u8, CliError> {
    restored.extend(prompt.warnings.iter().cloned());
    let options = options(args, &env, &paths, &chosen, prompt)?;
    let choose = args.resume.as_deref() == Some("");
    let setup = setup(env, paths, chosen, session, restored, true)?;
    let mut worker = None;
    let exit = tui::run(options, |sink| match repl::spawn(setup, sink) {
        Ok(handle) => {
            let commands = handle.commands.clone();
            if choose {
                send(&commands, "/resume");
            }
            worker = Some(handle);
            commands
        }
        // The front end has been told, and ends.
        Err(_) => tokio::sync::mpsc::unbounded_channel().0,
    })?;
    if !exit.summary.is_empty() {
        println!("{}", exit.summary);
    }
    if let Some(signal) = exit.signal {
        // The worker had its time to save; a shell expects the signal's code.
        return Ok(128u8.saturating_add(u8::try_from(signal).unwrap_or(0)));
    }
    Ok(worker.map_or(1, |worker| u8::from(!worker.join())))
}

fn send(commands: &CommandSender, line: &str) {
    // Without a worker there is nobody to tell.
    let _ = commands.send(Command::Slash {
        line: line.to_string(),
    });
}

fn options(
    args: &Args,
    env: &Env,
    paths: &Paths,
    chosen: &Chosen,
    prompt: Prompt,
) -> Result<TuiOptions, CliError> {
    let choice = env.get("SOFOS_SCROLLBACK").unwrap_or("auto");
    let scrollback = WriterChoice::parse(choice).ok_or_else(|| {
        CliError::Usage(format!(
            "SOFOS_SCROLLBACK must be auto, decstbm or linefeed, found {choice:?}"
        ))
    })?;
    Ok(TuiOptions {
        version: env!("CARGO_PKG_VERSION").to_string(),
        model: chosen.model.id.clone(),
        workspace: home_relative(&paths.workspace, paths.user_home.as_deref()),
        branch: git::branch(&paths.workspace).unwrap_or_default(),
        sandbox_words: sandbox_word(chosen, "sandbox on"),
        sandbox: sandbox_word(chosen, "sandbox"),
        mode: chosen.settings.mode,
        safe: chosen.settings.safe,
        commands: COMMANDS
            .iter()
            .map(|spec| CommandHelp {
                name: spec.name.to_string(),
                aliases: spec.aliases.iter().map(ToString::to_string).collect(),
                usage: spec.usage.to_string(),
                help: spec.help.to_string(),
                complete: COMPLETIONS
                    .iter()
                    .find(|(name, _)| *name == spec.name)
                    .map(|(_, complete)| *complete),
            })
            .collect(),
        terminal: TerminalEnv::from_lookup(|name| env.get(name).map(str::to_string)),
        no_color: args.no_color || env.get("NO_COLOR").is_some(),
        scrollback,
        theme: chosen.ui.theme.clone().unwrap_or_default(),
        themes: paths.home.join("themes"),
        config: paths.home.join("config.toml"),
        status: chosen.ui.status.clone(),
        links: chosen.ui.links.unwrap_or_default(),
        notify: chosen.ui.notify.unwrap_or_default(),
        notify_command: chosen.ui.notify_command.is_some(),
        reports: paths.logs(),
        places: Places {
            workspace: paths.workspace.clone(),
            history: paths.history(),
            settings: paths.home.join("config.toml"),
        },
        keymap: prompt.keymap,
        vim: prompt.vim,
        editor: env
            .first(&["VISUAL", "EDITOR"])
            .map(|(_, editor)| editor.to_string())
            .unwrap_or_default(),
        // With a display the clipboard is forwarded.
        remote: env.first(&["SSH_CONNECTION", "SSH_TTY"]).is_some()
            && env.first(&["DISPLAY", "WAYLAND_DISPLAY"]).is_none(),
    })
}

/// The word for the sandbox. A guess from the kernel's switches, as trying would
/// delay the start; `sofos doctor` tries.
fn sandbox_word(chosen: &Chosen, on: &str) -> String {
    if chosen.sandbox && sandbox::likely() {
        on.to_string()
    } else {
        "no sandbox".to_string()
    }
}

/// `~/code/shop` for a directory below the home directory.
fn home_relative(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_string(),
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}
