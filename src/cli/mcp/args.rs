//! Arguments of `sofos mcp`, in the order other tools have made usual.

use clap::{Subcommand, ValueEnum};

use crate::config::mcp::{Program, Scope};

/// `sofos mcp`
#[derive(Debug, Clone, Subcommand)]
pub enum Mcp {
    /// Add a server: by its command, its URL, a pasted block, or its id in the catalogue
    #[command(after_help = "Examples:\n  \
        sofos mcp add github\n  \
        sofos mcp add files -- npx -y @modelcontextprotocol/server-filesystem .\n  \
        sofos mcp add -e API_KEY=… mine -- node server.js\n  \
        sofos mcp add --transport http linear https://mcp.linear.app/mcp\n  \
        sofos mcp add --json-block -        (then paste the block of any README)")]
    Add(Add),
    /// Add a server given as the JSON of one entry
    AddJson {
        /// Its name
        name: String,
        /// {"command": …} or {"url": …}
        json: String,
        /// Where to write it
        #[arg(short, long, value_name = "SCOPE", default_value = "user")]
        scope: ScopeName,
    },
    /// Take over servers that other tools of yours have; without a name, list them
    Import {
        /// Whose: claude, codex, cursor, vscode, opencode, gemini or windsurf
        #[arg(long, value_name = "TOOL")]
        from: Option<ProgramName>,
        /// Which servers
        names: Vec<String>,
        /// Every one of them
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
    /// List the servers and what they lack; connects to none
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show one server
    Get {
        /// Its name
        name: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Remove a server from the file it stands in
    #[command(alias = "rm")]
    Remove {
        /// Its name
        name: String,
        /// Only from the file of this scope
        #[arg(short, long, value_name = "SCOPE")]
        scope: Option<ScopeName>,
    },
    /// Switch a server on
    Enable {
        /// Its name
        name: String,
    },
    /// Switch a server off, here when it comes with the workspace
    Disable {
        /// Its name
        name: String,
    },
    /// Connect to a server, list its tools, and leave
    Test {
        /// Its name
        name: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Log in at a remote server (OAuth): the address to open is printed
    Login {
        /// Its name
        name: String,
        /// Only print the address
        #[arg(long)]
        no_browser: bool,
    },
    /// Forget the login at a remote server
    Logout {
        /// Its name
        name: String,
    },
    /// Be a server: reading tools and run_task for other programs, over stdin and stdout
    Serve,
    /// Store what servers need, for ${NAME} in their entries
    #[command(subcommand)]
    Secret(SecretSub),
    /// List known servers that `sofos mcp add ID` adds
    Catalog {
        /// Only those that have all these words
        query: Vec<String>,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
}

/// `sofos mcp add`
#[derive(Debug, Clone, clap::Args)]
pub struct Add {
    /// Its name, or the id of a known server
    pub name: Option<String>,
    /// The command and its arguments (after --), or the URL
    #[arg(value_name = "COMMAND|URL")]
    pub command: Vec<String>,
    /// stdio, http or sse; told apart by the URL when left out
    #[arg(short, long, value_name = "KIND")]
    pub transport: Option<Transport>,
    /// A variable of its process: KEY=VALUE; what looks like a secret is stored apart
    #[arg(short, long = "env", value_name = "KEY=VALUE")]
    pub env: Vec<String>,
    /// A header of every request: "Name: value"; secrets are stored apart
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub header: Vec<String>,
    /// The URL of a remote server
    #[arg(long)]
    pub url: Option<String>,
    /// The variable that holds the bearer token of a remote server
    #[arg(long, value_name = "NAME")]
    pub bearer_token_env_var: Option<String>,
    /// user: everywhere; local: here, only you; project: .mcp.json, for all
    #[arg(short, long, value_name = "SCOPE", default_value = "user")]
    pub scope: ScopeName,
    /// A block as READMEs show it, from a file, or with - from standard input
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["command", "url"])]
    pub json_block: Option<String>,
    /// Longest call, such as 90s
    #[arg(long, value_name = "TIME", value_parser = crate::cli::args::time)]
    pub timeout: Option<std::time::Duration>,
    /// OAuth client id, where the server wants one registered
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The variable or stored secret with the OAuth client secret
    #[arg(long, value_name = "NAME", requires = "client_id")]
    pub client_secret_env_var: Option<String>,
    /// Tools only read: nothing else is offered
    #[arg(long)]
    pub readonly: bool,
}

/// `sofos mcp secret`
#[derive(Debug, Clone, Subcommand)]
pub enum SecretSub {
    /// Store a value in ~/.sofos/mcp-secrets.toml; it is asked for, or read from a pipe
    Set {
        /// The name
        name: String,
        /// Nothing, or - for standard input
        #[arg(value_name = "-")]
        from: Option<String>,
    },
    /// Remove a stored value
    Remove {
        /// The name
        name: String,
    },
    /// Show which names servers need, and which are there
    List,
}

/// How a server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// A process
    Stdio,
    /// A URL
    #[value(alias = "streamable-http", alias = "streamable_http")]
    Http,
    /// A URL of the older kind; found out by itself
    Sse,
}

/// Where a server is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeName {
    /// ~/.sofos/config.toml
    #[value(alias = "global")]
    User,
    /// .sofos/config.local.toml
    Local,
    /// .mcp.json
    Project,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::User => Self::User,
            ScopeName::Local => Self::Local,
            ScopeName::Project => Self::Project,
        }
    }
}

/// Another tool by its name.
#[derive(Debug, Clone, Copy)]
pub struct ProgramName(pub Program);

impl ValueEnum for ProgramName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [ProgramName; 7] = {
            let mut all = [ProgramName(Program::Claude); 7];
            let mut at = 0;
            while at < all.len() {
                all[at] = ProgramName(Program::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}
