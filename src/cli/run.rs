//! Wiring: what the program does for which arguments.

use std::io::IsTerminal;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use super::settings::{self, Chosen};
use super::stdin::{self, Input};
use super::{
    Args, CliError, FAILED, INTERRUPTED, connection, debug, demo, doctor, first_run, import,
    interactive, logging, permissions, plain, prompt, sandbox, sessions, trust, undo,
};
use crate::cli::args::{Debug, OutputFormat, Sub};
use crate::config::mcp::Secrets;
use crate::config::{self, Env, Paths};
use crate::exec;
use crate::headless::{self, Format, Outcome};
use crate::mcp::{Hub, HubParts};
use crate::net;
use crate::permission::{RuleBook, Stand};
use crate::protocol::entry::EntryKind;
use crate::protocol::event::UiEvent;
use crate::protocol::model::ModelInfo;
use crate::protocol::sandbox::SandboxState;
use crate::provider::custom;
use crate::repl::{self, Setup};
use crate::session::{Session, Store};
use crate::stdx::text;

/// Runs the program; the result is its exit code.
pub(super) fn run(args: Args) -> Result<u8, CliError> {
    let env = Env::from_process();
    if let Some(Sub::Demo) = args.command {
        return demo::run(&env);
    }
    if let Some(Sub::Sandbox { command }) = &args.command {
        return sandbox::run(command, &env);
    }
    let paths = settings::paths(&env)?;
    if let Some(Sub::Sessions { what }) = &args.command {
        return sessions::run(what, &paths);
    }
    if let Some(Sub::Import(import)) = &args.command {
        return import::run(import, &paths, &env);
    }
    if let Some(Sub::Undo(what)) = &args.command {
        return undo::run(what, &paths);
    }
    if let Some(Sub::Debug(Debug::Classify { .. })) = args.command {
        let root = std::fs::canonicalize(&paths.workspace)
            .map_err(CliError::io("resolve the working directory"))?;
        let file = config::load(&paths, &env, args.trust_workspace)?;
        let (book, _) = RuleBook::new(&paths, file.rules)?;
        let home = paths.user_home.as_deref();
        return debug::classify(&root, home, &book.rules());
    }
    if let Some(Sub::Trust { action }) = args.command {
        return trust::run(action, &paths, &env);
    }
    if let Some(Sub::Mcp(what)) = &args.command
        && !matches!(what, super::mcp::Mcp::Serve)
    {
        return super::mcp::run(what, &paths, &env, args.trust_workspace);
    }
    if let Some(Sub::Permissions { what }) = &args.command {
        let file = config::load(&paths, &env, args.trust_workspace)?;
        let mode = args
            .permission_mode
            .map(Into::into)
            .or(file.permission_mode);
        let stand = || {
            // What the system enforces is tried out: only where it is asked for.
            let wanted = !args.no_sandbox && file.sandbox.unwrap_or(true);
            let state = wanted.then(exec::sandbox::state);
            Stand {
                mode: mode.unwrap_or_default(),
                safe: args.safe_mode,
                confined: state == Some(SandboxState::Full),
                exposed: matches!(state, Some(SandboxState::None(_))),
            }
        };
        return permissions::run(what.as_ref(), &paths, file.rules, &stand);
    }
    logging::start(&paths.logs(), &env, args.verbose)?;
    logging::report_panics(paths.logs());
    let file = config::load(&paths, &env, args.trust_workspace)?;
    custom::install(&file.endpoints, described_models(&paths)?);
    match &args.command {
        Some(Sub::Config(sub)) => {
            let access = settings::access(&args, &env, &file)?;
            return super::config::run(sub, &paths, &env, &access);
        }
        Some(Sub::Mcp(super::mcp::Mcp::Serve)) => {
            return super::mcp::serve::run(&args, &env, &paths, &file);
        }
        Some(Sub::Cost { session, why, json }) => {
            return super::cost::run(&paths, session.as_deref(), *why, *json);
        }
        Some(Sub::Providers(sub)) => {
            let access = settings::access(&args, &env, &file)?;
            return super::providers::run(sub, &access);
        }
        Some(Sub::Models(sub)) => {
            let access = settings::access(&args, &env, &file)?;
            let current = settings::vendor(&args, &file, &access);
            return super::models::run(sub, &paths, &access, current);
        }
        _ => {}
    }
    if let Some(Sub::Doctor { json }) = args.command {
        let chosen = settings::choose(&args, &env, file, None)?;
        return doctor::run(&chosen, &paths, &env, json);
    }
    if args.check_connection {
        return connection::run(settings::choose(&args, &env, file, None)?);
    }
    let interactive = args.one_shot().is_none();
    let plain = interactive
        .then(|| plain::wanted(&args, &env, &file))
        .flatten();
    if interactive && plain.is_none() && !std::io::stdin().is_terminal() {
        return without_terminal(&args, &env, file, paths);
    }
    match args.one_shot() {
        Some(prompt) => {
            let prompt = full_prompt(&prompt)?;
            let (session, restored) = open_session(&args, &paths, true)?;
            let chosen =
                settings::choose(&args, &env, file, session.conversation().settings.as_ref())?;
            one_shot(&args, env, paths, chosen, session, restored, prompt)
        }
        None => {
            let file = trust::ask(file, &paths, &env)?;
            let prompt = prompt::settings(&file)?;
            let (session, restored) = open_session(&args, &paths, false)?;
            let saved = session.conversation().settings.as_ref();
            let mut chosen = settings::choose(&args, &env, file.clone(), saved)?;
            if missing_key(&chosen).is_some() {
                let named = args.provider.is_some() || file.provider.is_some();
                if !first_run::offer(&chosen, named)? {
                    // Not a failure: the program has said how to go on.
                    return Ok(0);
                }
                chosen = settings::choose(&args, &env, file, saved)?;
            }
            match plain {
                Some(note) => plain::run(note, env, paths, chosen, session, restored),
                None => interactive::run(&args, env, paths, chosen, prompt, session, restored),
            }
        }
    }
}

/// What `~/.sofos/models.toml` says of models.
fn described_models(paths: &Paths) -> Result<Vec<ModelInfo>, CliError> {
    let path = paths.home.join("models.toml");
    match std::fs::read_to_string(&path) {
        Ok(text) => custom::overrides(&text)
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(CliError::Io {
            action: format!("read {}", path.display()),
            source,
        }),
    }
}

/// No prompt and no terminal: standard input is the prompt, when there is one.
fn without_terminal(
    args: &Args,
    env: &Env,
    file: config::Config,
    paths: Paths,
) -> Result<u8, CliError> {
    let prompt = match stdin::read() {
        Input::Text(text) => text,
        Input::TooLong => return Err(too_long()),
        Input::None | Input::Silent => {
            return Err(CliError::Usage(
                "no terminal and no prompt. Give one: sofos -p \"…\", or pipe it in.".to_string(),
            ));
        }
    };
    let (session, restored) = open_session(args, &paths, true)?;
    let chosen = settings::choose(args, env, file, session.conversation().settings.as_ref())?;
    one_shot(args, env.clone(), paths, chosen, session, restored, prompt)
}

fn too_long() -> CliError {
    CliError::Usage(
        "standard input is longer than 10 MB; put it in a file and name the file in the prompt"
            .to_string(),
    )
}

/// The prompt with standard input added.
fn full_prompt(prompt: &str) -> Result<String, CliError> {
    let full = match stdin::read() {
        Input::Text(input) => stdin::join(prompt, &input),
        Input::TooLong => return Err(too_long()),
        Input::None => prompt.to_string(),
        Input::Silent => {
            super::complain("standard input is open but silent; going on without it");
            prompt.to_string()
        }
    };
    if full.trim().is_empty() {
        return Err(CliError::Usage(
            "the prompt is empty. Say what to do: sofos -p \"…\"".into(),
        ));
    }
    Ok(full)
}

/// The session to go on with, or a new one; and what could not be restored.
pub(super) fn open_session(
    args: &Args,
    paths: &Paths,
    one_shot: bool,
) -> Result<(Session, Vec<String>), CliError> {
    let store = Store::new(paths.sessions());
    if let Some(name) = args.session.as_deref() {
        return open_named(&store, name, paths);
    }
    if let Some(wanted) = args.fork.as_deref() {
        let id = store.fork(&store.find(wanted)?)?;
        return open(&store, &id, paths);
    }
    let id = match args.resume.as_deref() {
        Some("") if one_shot => Some(store.newest()?),
        // The list opens once the front end is there.
        None | Some("") => None,
        Some(wanted) => Some(store.find(wanted)?),
    };
    Ok(match id {
        Some(id) => open(&store, &id, paths)?,
        None => (
            Session::create(&store, &paths.workspace.display().to_string()),
            Vec::new(),
        ),
    })
}

fn open(store: &Store, id: &str, paths: &Paths) -> Result<(Session, Vec<String>), CliError> {
    let (session, mut restored) = Session::open(store, id)?;
    restored.extend(session.moved(&paths.workspace.display().to_string()));
    Ok((session, restored))
}

/// The session of a name, or a new one that is named so.
fn open_named(
    store: &Store,
    name: &str,
    paths: &Paths,
) -> Result<(Session, Vec<String>), CliError> {
    let title = text::one_line(&text::clean(name), 80);
    if title.trim().is_empty() {
        return Err(CliError::Usage("--session needs a name".to_string()));
    }
    if let Some(id) = store.find_named(&title)? {
        return open(store, &id, paths);
    }
    let mut session = Session::create(store, &paths.workspace.display().to_string());
    session.append(EntryKind::Title { title })?;
    Ok((session, Vec::new()))
}

/// Asks once, prints, leaves.
pub(super) fn one_shot(
    args: &Args,
    env: Env,
    paths: Paths,
    chosen: Chosen,
    session: Session,
    restored: Vec<String>,
    prompt: String,
) -> Result<u8, CliError> {
    if let Some(words) = missing_key(&chosen) {
        return Err(CliError::Provider(words));
    }
    let format = match args.output_format {
        OutputFormat::Text => Format::Text,
        OutputFormat::Json => Format::Json,
    };
    let color = std::io::stderr().is_terminal() && !args.no_color && env.get("NO_COLOR").is_none();
    let setup = setup(env, paths, chosen, session, restored, false)?;
    let (sender, events) = mpsc::channel::<UiEvent>();
    let sender = Mutex::new(sender);
    let handle = repl::spawn(
        setup,
        Box::new(move |event| {
            if let Ok(sender) = sender.lock() {
                // The receiver outlives the worker; if not, nobody is interested.
                let _ = sender.send(event);
            }
        }),
    )?;
    let outcome = headless::run(prompt, format, color, &handle.commands, &events);
    handle.join();
    match outcome {
        Ok(Outcome::Done) => Ok(0),
        Ok(Outcome::Failed) => Ok(FAILED),
        Ok(Outcome::Interrupted) => Ok(INTERRUPTED),
        // The reader of the answer is gone (`| head`): as quiet as other tools.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(FAILED),
        Err(source) => Err(CliError::Io {
            action: "print the answer".into(),
            source,
        }),
    }
}

/// What the worker starts with.
pub(super) fn setup(
    env: Env,
    paths: Paths,
    chosen: Chosen,
    session: Session,
    restored: Vec<String>,
    interactive: bool,
) -> Result<Setup, CliError> {
    let Chosen {
        settings,
        model,
        provider,
        config: _,
        access,
        roles,
        budget,
        ui,
        sandbox,
        compact_at,
        rules,
        untrusted,
        web_search,
        mcp_servers,
        mut warnings,
    } = chosen;
    // A run that ends with its answer does not wait for a name.
    let title = roles.title.filter(|_| interactive);
    let roles = crate::agent::Roles { title, ..roles };
    warnings.extend(restored);
    let (rules, odd) = RuleBook::new(&paths, rules)?;
    warnings.extend(odd);
    if !untrusted.is_empty() {
        warnings.push(trust::ignored(&untrusted));
    }
    let provider = access
        .open(provider.id)
        .map_err(|failure| CliError::Provider(failure.message))?;
    // Whatever a command prints of them is hidden.
    let mcp_secrets = Arc::new(Secrets::new(&paths, &env));
    let mut keys = access.secrets();
    keys.extend(mcp_secrets.values());
    let scrollback = doctor::scrollback_words(&env);
    let child_env = Arc::new(child_env(&env).with_secrets(keys));
    let secrets = mcp_secrets.clone();
    let mcp = Hub::new(HubParts {
        servers: mcp_servers,
        cache_dir: paths.mcp(),
        cwd: paths.workspace.clone(),
        env: child_env.clone(),
        secrets: Arc::new(move |name| secrets.get(name)),
    });
    Ok(Setup {
        scrollback,
        paths,
        env: child_env,
        settings,
        model,
        provider,
        access,
        roles,
        budget,
        session,
        warnings,
        interactive,
        status_command: ui.status_command,
        notify_command: ui.notify_command,
        sandbox,
        compact_at,
        rules: Arc::new(rules),
        web_search,
        mcp,
        mcp_secrets,
    })
}

/// What to do when there is no key; nothing when one is there or none is needed.
pub(super) fn missing_key(chosen: &Chosen) -> Option<String> {
    let local = chosen
        .config
        .base_url
        .as_deref()
        .is_some_and(net::is_loopback);
    let needed = !chosen.provider.key_env.is_empty() && !chosen.provider.local && !local;
    (needed && chosen.config.credential.is_none()).then(|| {
        let key = chosen.provider.key_env[0].name;
        let flag = chosen.provider.key_flag;
        format!(
            "no API key for {name}. Three ways to go on:\n\
             \n  a key           export {key}=…   (or {flag})\
             \n                  from {page}\
             \n                  (or the key of any other provider: see the README)\
             \n  a local server  sofos --provider ollama --model NAME\
             \n                  (or lmstudio, llamacpp, vllm, jan, localai)\
             \n  neither         sofos demo   shows sofos at work, without key and network",
            name = chosen.provider.name,
            page = chosen.provider.key_page,
        )
    })
}

/// The environment of commands: the user's own without secrets.
pub(super) fn child_env(env: &Env) -> exec::Env {
    // Names of keys that the user described need not look like secrets.
    let is_key = |name: &str| {
        custom::rows()
            .flat_map(|row| row.key_env)
            .any(|key| key.name == name)
    };
    let vars = env.iter().filter(|(name, _)| !is_key(name));
    exec::Env::scrubbed(vars.map(|(name, value)| (name.into(), value.into())))
}
