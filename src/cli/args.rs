//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::import::Import;
use super::mcp::Mcp;
use super::sessions::Sessions;
use super::undo::Undo;
use crate::protocol::permission::PermissionMode;

/// An AI coding agent in an inline viewport at the bottom of the terminal.
#[derive(Debug, Clone, Default, Parser)]
#[command(
    name = "sofos",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Without a prompt sofos is interactive. Exit codes of one-shot runs: \
                  0 done, 1 failed, 2 wrong usage, 130 interrupted."
)]
pub struct Args {
    /// One-shot prompt: do this, print the answer and leave
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,

    /// One-shot prompt; standard input is added when it is not a terminal
    #[arg(short, long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "")]
    pub prompt: Option<String>,

    /// Safe mode: only reading tools exist
    #[arg(short, long)]
    pub safe_mode: bool,

    /// Go on with a session: id, start of an id, or name; without a value a
    /// list to choose from (with --prompt: the newest)
    #[arg(short, long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    pub resume: Option<String>,

    /// Go on with the session of this name, or start one and name it so
    #[arg(long, value_name = "NAME", conflicts_with_all = ["resume", "fork"])]
    pub session: Option<String>,

    /// Go on with a copy of a session: id, start of an id, or name
    #[arg(long, value_name = "ID", conflicts_with = "resume")]
    pub fork: Option<String>,

    /// Plain lines, nothing redrawn: for screen readers
    #[arg(long)]
    pub plain: bool,

    /// No colours
    #[arg(long)]
    pub no_color: bool,

    /// Say whether the model can be reached, and if not why
    #[arg(long)]
    pub check_connection: bool,

    /// API key of Anthropic, or of the provider that --provider names (better: its variable)
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,

    /// OpenAI API key (better: the variable OPENAI_API_KEY)
    #[arg(long, value_name = "KEY")]
    pub openai_api_key: Option<String>,

    /// Morph API key (better: the variable MORPH_API_KEY)
    #[arg(long, value_name = "KEY")]
    pub morph_api_key: Option<String>,

    /// Model to ask: an id, or provider/id
    #[arg(long, value_name = "ID")]
    pub model: Option<String>,

    /// Morph model for applying edits
    #[arg(long, value_name = "ID")]
    pub morph_model: Option<String>,

    /// Provider to ask
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,

    /// Script for `--provider scripted`
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,

    /// Record requests and answers as scripts in this directory
    #[arg(long, value_name = "DIR")]
    pub trace: Option<PathBuf>,

    /// Longest answer in tokens, thinking included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_tokens: Option<u64>,

    /// Let the model think before it answers
    #[arg(short = 't', long)]
    pub enable_thinking: bool,

    /// Tokens to think at most, less than --max-tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1024..))]
    pub thinking_budget: Option<u64>,

    /// Dollars this session may cost; checked before every request
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub max_cost: Option<f64>,

    /// How often the model may answer for one message
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_turns: Option<u64>,

    /// Stop the work for one message after this time, e.g. 30m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub max_time: Option<std::time::Duration>,

    /// What may happen without asking
    #[arg(long, value_name = "MODE")]
    pub permission_mode: Option<Mode>,

    /// Run commands without the operating system's sandbox
    #[arg(long)]
    pub no_sandbox: bool,

    /// Accept for this run what the workspace's own settings allow or redirect
    #[arg(long)]
    pub trust_workspace: bool,

    /// What a one-shot run prints
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: OutputFormat,

    /// Log to .sofos/logs/sofos.log
    #[arg(short, long)]
    pub verbose: bool,

    /// What to do instead
    #[command(subcommand)]
    pub command: Option<Sub>,
}

/// Subcommands.
#[derive(Debug, Clone, Subcommand)]
pub enum Sub {
    /// Watch sofos mend a small program: recorded words, real tools, no key
    Demo,
    /// Show, explain or change settings and keys
    #[command(subcommand)]
    Config(ConfigSub),
    /// Show what a session cost, and why
    Cost {
        /// Session: id, start of an id, or name; without it the newest
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Show where the tokens came from
        #[arg(long)]
        why: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List providers, or try them
    #[command(subcommand)]
    Providers(ProvidersSub),
    /// List models, or choose the usual one
    #[command(subcommand)]
    Models(ModelsSub),
    /// Show what sofos finds here: keys, settings, limits
    Doctor {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List, show, export and delete the sessions of this directory
    Sessions {
        /// What to do
        #[command(subcommand)]
        what: Sessions,
    },
    /// Take over conversations of other programs; those stay as they are
    Import(Import),
    /// Take back what the last session changed here
    Undo(Undo),
    /// Run a command confined as the model's commands are
    Sandbox {
        /// The program and its arguments, or one quoted command line
        #[arg(
            value_name = "CMD",
            required = true,
            trailing_var_arg = true,
            allow_hyphen_values = true
        )]
        command: Vec<OsString>,
    },
    /// Show, change and explain the rules about what runs without asking
    Permissions {
        /// What to do; without it, list
        #[command(subcommand)]
        what: Option<Permissions>,
    },
    /// Show or change what this workspace's own settings may allow or redirect
    Trust {
        /// What to do; without it, show
        #[command(subcommand)]
        action: Option<Trust>,
    },
    /// Add, show, try and remove MCP servers: tools of other programs
    #[command(subcommand)]
    Mcp(Mcp),
    /// Look into parts of the program
    #[command(subcommand, hide = true)]
    Debug(Debug),
}

/// What to do about rules.
#[derive(Debug, Clone, Subcommand)]
pub enum Permissions {
    /// List the rules in force and their files
    List,
    /// Add a rule to .sofos/config.local.toml
    Add {
        /// allow, deny or ask
        list: String,
        /// Read(glob), Write(glob), Bash(command), Bash(prefix:*), Network(command),
        /// WebFetch(domain:host), Mcp(server)
        rule: String,
        /// Write it to ~/.sofos/config.toml instead: it holds everywhere
        #[arg(long)]
        user: bool,
    },
    /// Remove a rule from every file it stands in
    Remove {
        /// The rule, word for word
        rule: String,
    },
    /// Say what a command would do and what decides about it; runs nothing
    Why {
        /// The command line
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

/// What to do about trust.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Trust {
    /// Accept all that stands there now; what changes later asks again
    Accept,
    /// Forget what was accepted in this workspace
    Revoke,
    /// List the workspaces in which something was accepted
    List,
}

/// Looks into parts of the program.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Debug {
    /// Judge commands, paths and URLs, one JSON object a line; runs nothing
    Classify {
        /// Judge as where nothing confines commands; that is so anyway, as finding out would run one
        #[arg(long)]
        no_sandbox: bool,
    },
}

/// `sofos config`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigSub {
    /// Keys of providers
    #[command(subcommand)]
    Keys(KeysSub),
    /// Print a setting, or all that are set
    Get {
        /// Its name
        key: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change a setting in ~/.sofos/config.toml
    Set {
        /// Its name
        key: String,
        /// Its value
        value: String,
    },
    /// Show where a setting comes from, and what it beats
    Explain {
        /// Its name
        key: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// `sofos config keys`
#[derive(Debug, Clone, Subcommand)]
pub enum KeysSub {
    /// Store a key in ~/.sofos/keys.toml; it is asked for, or read from a pipe
    Set {
        /// Provider id
        provider: String,
        /// Nothing, or - for standard input
        #[arg(value_name = "-")]
        from: Option<String>,
        /// Keep it in the system's keychain, not in the file
        #[arg(long)]
        keychain: bool,
    },
    /// Show which keys there are and where they come from
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Remove a stored key
    Remove {
        /// Provider id
        provider: String,
    },
}

/// `sofos providers`
#[derive(Debug, Clone, Subcommand)]
pub enum ProvidersSub {
    /// Every provider, and what it lacks
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Check address, key and default model; costs nothing
    Test {
        /// Provider id; without it all that have a key
        provider: Option<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
}

/// `sofos models`
#[derive(Debug, Clone, Subcommand)]
pub enum ModelsSub {
    /// Models with windows and prices
    List {
        /// Provider id; without it all of the catalogue
        provider: Option<String>,
        /// Ask the provider's server
        #[arg(long)]
        remote: bool,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Use this model from now on
    Set {
        /// As provider/model
        model: String,
    },
}

/// A time with its unit.
pub(in crate::cli) fn time(text: &str) -> Result<std::time::Duration, String> {
    crate::config::time(text).ok_or_else(|| "a time, e.g. 90s, 30m or 2h".to_string())
}

/// An amount of dollars above nothing.
fn dollars(text: &str) -> Result<f64, String> {
    let amount: f64 = text.trim_start_matches('$').parse().unwrap_or(f64::NAN);
    match amount.is_finite() && amount > 0.0 {
        true => Ok(amount),
        false => Err("an amount of dollars, e.g. 2.50".to_string()),
    }
}

/// What stands on stdout after a one-shot run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// The answer
    #[default]
    Text,
    /// One JSON object with result, session id, usage, cost and tool counts
    Json,
}

/// Permission modes as the command line spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Reads and edits inside the workspace run, the rest asks
    Default,
    /// Only reading
    Plan,
    /// Edits never ask
    AcceptEdits,
    /// Nothing asks
    Bypass,
}

impl From<Mode> for PermissionMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Default => Self::Default,
            Mode::Plan => Self::Plan,
            Mode::AcceptEdits => Self::AcceptEdits,
            Mode::Bypass => Self::Bypass,
        }
    }
}

impl Args {
    /// The arguments of the process; ends it with help, version or a usage error.
    pub fn read() -> Self {
        let args: Vec<OsString> = std::env::args_os().collect();
        Self::of(&args).unwrap_or_else(|error| error.exit())
    }

    /// Reads arguments. Words are a prompt, unless the first of them is a subcommand;
    /// settings may stand before it.
    fn of(args: &[OsString]) -> Result<Self, clap::Error> {
        let command = Self::command();
        let named = has_subcommand(&command, args.get(1..).unwrap_or_default());
        let mut command = command.args_conflicts_with_subcommands(!named);
        let found = command.try_get_matches_from_mut(args)?;
        let read = Self::from_arg_matches(&found).map_err(|error| error.format(&mut command))?;
        let why = match &read.command {
            Some(_) if read.check_connection => {
                "--check-connection stands alone, without a subcommand"
            }
            Some(Sub::Sandbox { .. }) if read.no_sandbox => {
                "--no-sandbox is the opposite of the subcommand sandbox"
            }
            _ => return Ok(read),
        };
        Err(command.error(ErrorKind::ArgumentConflict, why))
    }

    /// The prompt of a one-shot run, when it is one; may be empty.
    pub fn one_shot(&self) -> Option<String> {
        match (&self.prompt, self.text.as_slice()) {
            (None, []) => None,
            (None, words) => Some(words.join(" ")),
            (Some(prompt), []) => Some(prompt.clone()),
            (Some(prompt), words) if prompt.is_empty() => Some(words.join(" ")),
            (Some(prompt), words) => Some(format!("{prompt} {}", words.join(" "))),
        }
    }
}

/// Options that begin or go on with a conversation: words behind them are said in it.
const CONVERSATION: &[&str] = &["prompt", "resume", "session", "fork"];

/// Whether the first word that is neither an option nor the value of one is a
/// subcommand.
fn has_subcommand(command: &clap::Command, args: &[OsString]) -> bool {
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let Some(word) = word.to_str() else {
            return false;
        };
        if word == "-" || !word.starts_with('-') {
            return word == "help" || command.find_subcommand(word).is_some();
        }
        let (name, glued) = match word.split_once('=') {
            Some((name, _)) => (name, true),
            None => (word, false),
        };
        let option = command
            .get_arguments()
            .find(|option| match name.strip_prefix("--") {
                Some(long) => option.get_long() == Some(long),
                // Of several letters the last one may take a value.
                None => option.get_short().is_some() && option.get_short() == name.chars().last(),
            });
        let Some(option) = option else {
            return false;
        };
        if CONVERSATION.contains(&option.get_id().as_str()) {
            return false;
        }
        if option.get_action().takes_values() && !glued {
            words.next();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Args {
        try_parse(line).unwrap()
    }

    fn try_parse(line: &str) -> Result<Args, clap::Error> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        Args::of(&words)
    }

    #[test]
    fn settings_may_stand_before_a_subcommand() {
        for line in [
            "sofos --no-sandbox permissions why ls",
            "sofos --provider openai --no-color models list",
            "sofos --provider=openai doctor --json",
            "sofos --permission-mode plan permissions why rm -rf x",
            "sofos -sv doctor",
            "sofos --max-cost 2 --trust-workspace trust",
            "sofos --output-format json doctor",
        ] {
            let args = parse(line);
            assert!(args.command.is_some() && args.text.is_empty(), "{line}");
        }
        assert!(parse("sofos --no-sandbox permissions why ls").no_sandbox);
        // Whoever speaks may use any word.
        for (line, prompt) in [
            ("sofos explain the sandbox", "explain the sandbox"),
            ("sofos -p fix doctor", "fix doctor"),
            ("sofos -r 2026 doctor", "doctor"),
            ("sofos --no-sandbox fix the doctor", "fix the doctor"),
            ("sofos --model doctor fix it", "fix it"),
            ("sofos -- doctor", "doctor"),
            ("sofos --no-sandbox -- doctor", "doctor"),
        ] {
            let args = parse(line);
            assert!(args.command.is_none(), "{line}");
            assert_eq!(args.one_shot().as_deref(), Some(prompt), "{line}");
        }
        for (line, words) in [
            ("sofos --check-connection doctor", "stands alone"),
            ("sofos --no-sandbox sandbox ls", "the opposite"),
            ("sofos doctor --no-sandbox", "unexpected argument"),
            ("sofos --no-sandbx doctor", "--no-sandbox"),
            ("sofos --model", "a value is required"),
        ] {
            let error = try_parse(line).unwrap_err().to_string();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn prompts_are_found_in_every_form() {
        assert_eq!(parse("sofos").one_shot(), None);
        assert_eq!(
            parse("sofos fix the test").one_shot().as_deref(),
            Some("fix the test")
        );
        assert_eq!(parse("sofos -p hi").one_shot().as_deref(), Some("hi"));
        assert_eq!(parse("sofos -p").one_shot().as_deref(), Some(""));
        let resumed = parse("sofos -r -p go");
        assert_eq!(
            (resumed.resume.as_deref(), resumed.prompt.as_deref()),
            (Some(""), Some("go"))
        );
        assert_eq!(parse("sofos --resume 2026").resume.as_deref(), Some("2026"));
        assert!(parse("sofos doctor --json").command.is_some());
        assert!(Args::try_parse_from(["sofos", "--thinking-budget", "10"]).is_err());
    }
}
