//! What opens over the prompt, as it stands on the screen: each panel in a window of a
//! usual size and in a small one.

#![cfg(unix)]

use serde_json::json;

use crate::mcp_server::configure;
use crate::pty::Terminal;
use crate::rig::{Rig, until};
use crate::server::{says, text, tool};

const CTRL_D: &str = "\u{4}";
const CTRL_R: &str = "\u{12}";
const ESCAPE: &str = "\u{1b}";

/// Types a line, waits for what it opens, and gives the rows from there on. What differs
/// from run to run is written out of them.
pub fn opened(terminal: &mut Terminal, rig: &Rig, typed: &str, wanted: &str) -> String {
    if typed.starts_with('/') && typed.len() > 1 {
        terminal.enter(typed);
    } else {
        terminal.send(typed);
    }
    shown(terminal, rig, wanted)
}

/// The rows of the screen from the last one that begins with a text on.
pub fn shown(terminal: &Terminal, rig: &Rig, wanted: &str) -> String {
    terminal.wait(wanted);
    let mut before = String::new();
    let screen = until("the screen to stand still", || {
        let now = terminal.screen();
        std::thread::sleep(std::time::Duration::from_millis(60));
        let whole = terminal.is_between_frames();
        let still = whole && now == before && now.contains(wanted);
        before = now;
        still.then(|| before.clone())
    });
    let rows = screen.lines().map(str::trim_end);
    let rows: Vec<&str> = rows.filter(|row| !row.is_empty()).collect();
    let first = rows.iter().rposition(|row| row.contains(wanted)).unwrap();
    let text = rows[first..].join("\n");
    let text = text.replace(&rig.work().display().to_string(), "WORK");
    let text = text.replace(&rig.home().display().to_string(), "HOME");
    words_of_the_moment(&text)
}

/// Times and names of sessions.
fn words_of_the_moment(text: &str) -> String {
    let row = |row: &str| {
        let words = row.split(' ').map(|word| {
            let session = word.len() == 22 && word.starts_with("20") && word.contains('-');
            if session { "SESSION" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(row).collect::<Vec<_>>().join("\n")
}

fn close(terminal: &mut Terminal, gone: &str) {
    terminal.send(ESCAPE);
    terminal.wait_gone(gone);
}

/// Leaves the program, which ends well.
pub fn leave(mut terminal: Terminal, rig: &Rig) {
    terminal.send(CTRL_D);
    assert_eq!(terminal.end(), 0);
    terminal.check_restored();
    rig.server.check();
}

/// Writes the user's settings.
pub fn settings(rig: &Rig, text: &str) {
    let dir = rig.home().join(".sofos");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("config.toml"), text).unwrap();
}

#[test]
fn lists_to_choose_from() {
    let rig = Rig::new(vec![]);
    settings(
        &rig,
        "[permissions]\nallow = [\"Bash(make:*)\"]\ndeny = [\"Read(.env)\"]\n",
    );
    rig.file("src/main.rs", "");
    rig.file("src/map.rs", "");
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 80, 24);
    terminal.wait("esc stop");
    opened(&mut terminal, &rig, "/help", "help:");
    terminal.send("undo");
    let panel = shown(&terminal, &rig, "help: undo");
    insta::assert_snapshot!(panel, @r"
    help: undo
      /undo [rest|all]                       take back the last change to files
      /redo [rest|all]                       take back the last undo
      ctrl+b                                 a running command goes on in the back…
      up, ctrl+p                             row up, then earlier messages
      ctrl+u                                 kill to the start of the line
      !COMMAND                               runs a command by your own hand; the…
      /doctor                                show what is found here: key, sandbox…
      /permissions [add|remove|why]          show or change the rules; why COMMAND…
      /status                                show session, model, mode and context
      /memory                                show and edit the instruction files;…
      /mode [default|plan|accept-edits|byp…  show or set what may happen without a…
    enter type it   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "help:");
    opened(&mut terminal, &rig, "/model", "model:");
    terminal.send("claude-haiku-5-5");
    let panel = shown(&terminal, &rig, "model: claude-haiku-5-5");
    insta::assert_snapshot!(panel, @r"
    model: claude-haiku-5-5
      claude-haiku-5-5                       1.0M window · $0.10 in, $0.50 out per…
      claude-haiku-4-5                       200.0k window · $1 in, $5 out per M ·…
      anthropic/claude-haiku-5.5             no key: set OPENROUTER_API_KEY or /ke…
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "model:");
    opened(&mut terminal, &rig, "/provider", "provider:");
    terminal.send("mistral");
    let panel = shown(&terminal, &rig, "provider: mistral");
    insta::assert_snapshot!(panel, @r"
    provider: mistral
      Mistral        no key: set MISTRAL_API_KEY or /keys
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "provider:");
    opened(&mut terminal, &rig, "/keys", "keys:");
    terminal.send("mistral");
    let panel = shown(&terminal, &rig, "keys: mistral");
    insta::assert_snapshot!(panel, @r"
    keys: mistral
      Mistral        none · https://console.mistral.ai/api-keys
    enter add   ctrl+t test   ctrl+x remove   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "keys:");
    opened(&mut terminal, &rig, "/keybindings", "keys:");
    terminal.send("stop");
    let panel = shown(&terminal, &rig, "keys: stop");
    insta::assert_snapshot!(panel, @r"
    keys: stop
      esc                                    stop: stop the turn, take the queue b…
      ctrl+c                                 interrupt: stop the turn; twice: leave
      ctrl+z                                 suspend: stop the program for now
      ctrl+v, alt+v                          paste-image: paste an image, or text,…
    enter close   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "keys:");
    opened(&mut terminal, &rig, "/theme", "theme:");
    terminal.send("fluid");
    let panel = shown(&terminal, &rig, "theme: fluid");
    insta::assert_snapshot!(panel, @r"
    theme: fluid
      fluid-green    moss and spring water
      fluid-purple   violet and lilac
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "theme:");
    let panel = opened(&mut terminal, &rig, "/mode", "mode:");
    insta::assert_snapshot!(panel, @r"
    mode:
    • default       ask before anything risky
      plan          look, change nothing
      accept-edits  edit files without asking
      bypass        ask nothing at all
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "mode:");
    opened(&mut terminal, &rig, "/mcp add", "add MCP server:");
    terminal.send("airtable");
    let panel = shown(&terminal, &rig, "add MCP server: airtable");
    insta::assert_snapshot!(panel, @r"
    add MCP server: airtable
      Airtable                  Bases, tables and records of Airtable · productivi…
      Azure DevOps              Work items, repositories and builds of an Azure De…
      DigitalOcean              Apps, droplets and databases of DigitalOcean · clo…
      GitLab                    Projects, merge requests, issues and pipelines of…
      Playwright                Drives a browser by what pages contain, without sc…
      npx -y airtable-mcp-server
      needs AIRTABLE_API_KEY: https://airtable.com/create/tokens
    enter add   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "add MCP server:");
    let panel = opened(&mut terminal, &rig, "/memory", "Instructions:");
    insta::assert_snapshot!(panel, @r"
    Instructions:
      AGENTS.md               not there yet; for everyone who works on this project
      .sofos/instructions.md  not there yet; for you, in this workspace
      ~/.sofos/AGENTS.md      not there yet; for you, in every workspace
    enter edit   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    close(&mut terminal, "Instructions:");
    terminal.send("/re");
    let panel = shown(&terminal, &rig, "> /re");
    insta::assert_snapshot!(panel, @r"
    > /re
      /resume [ID|name]                      go on with an earlier session
      /rename NAME                           name this session
      /redo [rest|all]                       take back the last undo
      /rewind                                go back to an earlier message: files,…
      /editor                                write the message in an editor ($VISU…
      /clear                                 start a new session; this one stays s…
      /provider [ID]                         choose the provider, with its default…
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{15}");
    terminal.wait_gone("> /re");
    let panel = opened(&mut terminal, &rig, "@ma", "map.rs");
    insta::assert_snapshot!(panel, @r"
      src/map.rs
      src/main.rs
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{15}");
    terminal.wait_gone("@ma");
    leave(terminal, &rig);
}

#[test]
fn lists_to_choose_from_in_a_small_window() {
    let rig = Rig::new(vec![]);
    settings(
        &rig,
        "[permissions]\nallow = [\"Bash(make:*)\"]\ndeny = [\"Read(.env)\"]\n",
    );
    rig.file("src/main.rs", "");
    rig.file("src/map.rs", "");
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 40, 12);
    terminal.wait("esc stop");
    opened(&mut terminal, &rig, "/help", "help:");
    terminal.send("undo");
    let panel = shown(&terminal, &rig, "help: undo");
    insta::assert_snapshot!(panel, @r"
    help: undo
      /undo [rest|all]   take back the las…
      /redo [rest|all]   take back the las…
      ctrl+b             a running command…
      up, ctrl+p         row up, then earl…
      ctrl+u             kill to the start…
      !COMMAND           runs a command by…
      /doctor            show what is foun…
      /permissions [ad…  show or change th…
      /status            show session, mod…
    enter type it   esc leave   1 of 11
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "help:");
    opened(&mut terminal, &rig, "/model", "model:");
    terminal.send("claude-haiku-5-5");
    let panel = shown(&terminal, &rig, "model: claude-haiku-5-5");
    insta::assert_snapshot!(panel, @r"
    model: claude-haiku-5-5
      claude-haiku-5-5   1.0M window · $0.…
      claude-haiku-4-5   200.0k window · $…
      anthropic/claude…  no key: set OPENR…
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "model:");
    opened(&mut terminal, &rig, "/provider", "provider:");
    terminal.send("mistral");
    let panel = shown(&terminal, &rig, "provider: mistral");
    insta::assert_snapshot!(panel, @r"
    provider: mistral
      Mistral        no key: set MISTRAL_A…
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "provider:");
    opened(&mut terminal, &rig, "/keys", "keys:");
    terminal.send("mistral");
    let panel = shown(&terminal, &rig, "keys: mistral");
    insta::assert_snapshot!(panel, @r"
    keys: mistral
      Mistral        none · https://consol…
    enter add   ctrl+t test   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "keys:");
    opened(&mut terminal, &rig, "/keybindings", "keys:");
    terminal.send("stop");
    let panel = shown(&terminal, &rig, "keys: stop");
    insta::assert_snapshot!(panel, @r"
    keys: stop
      esc                stop: stop the tu…
      ctrl+c             interrupt: stop t…
      ctrl+z             suspend: stop the…
      ctrl+v, alt+v      paste-image: past…
    enter close   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "keys:");
    opened(&mut terminal, &rig, "/theme", "theme:");
    terminal.send("fluid");
    let panel = shown(&terminal, &rig, "theme: fluid");
    insta::assert_snapshot!(panel, @r"
    theme: fluid
      fluid-green    moss and spring water
      fluid-purple   violet and lilac
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "theme:");
    let panel = opened(&mut terminal, &rig, "/mode", "mode:");
    insta::assert_snapshot!(panel, @r"
    mode:
    • default       ask before anything ri…
      plan          look, change nothing
      accept-edits  edit files without ask…
      bypass        ask nothing at all
    enter use   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "mode:");
    opened(&mut terminal, &rig, "/mcp add", "add MCP server:");
    terminal.send("airtable");
    let panel = shown(&terminal, &rig, "add MCP server: airtable");
    insta::assert_snapshot!(panel, @r"
    add MCP server: airtable
      Airtable           Bases, tables and…
      Azure DevOps       Work items, repos…
      DigitalOcean       Apps, droplets an…
      GitLab             Projects, merge r…
      Playwright         Drives a browser…
      npx -y airtable-mcp-server
      needs AIRTABLE_API_KEY: https://airt…
    enter add   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "add MCP server:");
    let panel = opened(&mut terminal, &rig, "/memory", "Instructions:");
    insta::assert_snapshot!(panel, @r"
    Instructions:
      AGENTS.md          not there yet; fo…
      .sofos/instructi…  not there yet; fo…
      ~/.sofos/AGENTS.…  not there yet; fo…
    enter edit   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "Instructions:");
    terminal.send("/re");
    let panel = shown(&terminal, &rig, "> /re");
    insta::assert_snapshot!(panel, @r"
    > /re
      /resume [ID|name]  go on with an ear…
      /rename NAME       name this session
      /redo [rest|all]   take back the las…
      /rewind            go back to an ear…
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{15}");
    terminal.wait_gone("> /re");
    let panel = opened(&mut terminal, &rig, "@ma", "map.rs");
    insta::assert_snapshot!(panel, @r"
      src/map.rs
      src/main.rs
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{15}");
    terminal.wait_gone("@ma");
    leave(terminal, &rig);
}

#[test]
fn reports() {
    let rig = Rig::new(vec![]);
    settings(
        &rig,
        "[permissions]\nallow = [\"Bash(make:*)\"]\ndeny = [\"Read(.env)\"]\n",
    );
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 80, 24);
    terminal.wait("esc stop");
    let said = opened(&mut terminal, &rig, "/permissions", "allow ");
    insta::assert_snapshot!(said, @r"
    allow  Bash(make:*)  ~/.sofos/config.toml
    deny   Read(.env)    ~/.sofos/config.toml
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/permissions why git push", "git push");
    insta::assert_snapshot!(said, @r"
    • network git push
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/context", "0 of 1.0M");
    insta::assert_snapshot!(said, @r"
    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0 of 1.0M (0 %) · claude-sonnet-5-5
    what  tokens  share of the window
    ────  ──────  ───────────────────
    free    1.0M
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/budget", "no budget");
    insta::assert_snapshot!(said, @r"
      no budget · $0.000 spent
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/cost", "no answer has");
    insta::assert_snapshot!(said, @r"
    no answer has come to its end yet, so no cost is known
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/status", "session ");
    insta::assert_snapshot!(said, @r"
    session    SESSION
    workspace  WORK
    model      claude-sonnet-5-5 (anthropic)
    thinking   default
    mode       default
    context    0 of 1.0M
    messages   0
    cost       $0.000
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/jobs", "No command runs");
    insta::assert_snapshot!(said, @r"
    No command runs in the background.
    >
      sonnet-5.5 · normal · ctx 0% · no sandbox
    ");
    terminal.send("\u{c}");
    leave(terminal, &rig);
}

#[test]
fn reports_in_a_small_window() {
    let rig = Rig::new(vec![]);
    settings(
        &rig,
        "[permissions]\nallow = [\"Bash(make:*)\"]\ndeny = [\"Read(.env)\"]\n",
    );
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 40, 14);
    terminal.wait("esc stop");
    let said = opened(&mut terminal, &rig, "/permissions", "allow ");
    insta::assert_snapshot!(said, @r"
    allow  Bash(make:*)  ~/.sofos/config.tom
                         l
    deny   Read(.env)    ~/.sofos/config.tom
                         l
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/permissions why git push", "git push");
    insta::assert_snapshot!(said, @r"
    • network git push
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/context", "0 of 1.0M");
    insta::assert_snapshot!(said, @r"
    0 of 1.0M (0 %) · claude-sonnet-5-5
    what  tokens  share of the window
    ────  ──────  ───────────────────
    free    1.0M
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/budget", "no budget");
    insta::assert_snapshot!(said, @r"
      no budget · $0.000 spent
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/cost", "no answer has");
    insta::assert_snapshot!(said, @r"
    no answer has come to its end yet, so
    no cost is known
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    let said = opened(&mut terminal, &rig, "/jobs", "No command runs");
    insta::assert_snapshot!(said, @r"
    No command runs in the background.
    >
      sonnet-5.5 · normal · ctx 0%
    ");
    terminal.send("\u{c}");
    leave(terminal, &rig);
}

#[test]
fn questions_and_lists_of_a_session() {
    let calls = [
        (
            "execute_bash",
            json!({"command": "mkdir out && cp a.txt out/"}),
        ),
        ("delete_file", json!({"path": "a.txt"})),
        (
            "edit_file",
            json!({"path": "~/o.txt", "old_string": "x", "new_string": "y"}),
        ),
        ("web_fetch", json!({"url": "https://example.org/page"})),
        (
            "ask_user",
            json!({"question": "Which one?", "choices": ["Postgres", "SQLite"]}),
        ),
    ];
    let mut replies: Vec<_> = calls
        .iter()
        .map(|(name, arguments)| says(vec![tool(name, arguments.clone())]))
        .collect();
    replies.push(says(vec![text("All asked.")]));
    let rig = Rig::new(replies);
    rig.file("a.txt", "a\n");
    std::fs::write(rig.home().join("o.txt"), "x\n").unwrap();
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 80, 24);
    terminal.wait("esc stop");
    terminal.enter("go");
    for (index, wanted) in ["Run this", "Delete a.txt?", "Edit", "Fetch", "A question"]
        .iter()
        .enumerate()
    {
        let panel = shown(&terminal, &rig, wanted);
        match index {
            0 => insta::assert_snapshot!(panel, @r"
    Run this command?
      mkdir out && cp a.txt out/
      · writes out
    mkdir: makes directories; cp: copies files
    s and a allow Bash(mkdir out && cp a.txt out/)
    y once   s this session   a always   n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.000 · no sandbox
    "),
            1 => insta::assert_snapshot!(panel, @r"
    Delete a.txt?
      · deletes a.txt
    s allows Delete(a.txt)
    y once   s this session   n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.000 · no sandbox
    "),
            2 => insta::assert_snapshot!(panel, @r"
    Edit HOME/o.txt?
      1  − x
      1  + y
      · writes HOME/o.txt, outside the workspace
    s and a allow Write(HOME/o.txt)
    y once   s this session   a always   n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    "),
            3 => insta::assert_snapshot!(panel, @r"
    s and a allow WebFetch(domain:example.org)
    y once   s this session   a always   n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    "),
            _ => insta::assert_snapshot!(panel, @r"
    A question
      Which one?
      1 Postgres
      2 SQLite
    1-9 choose   a answer in your own words   esc stop the turn
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    "),
        }
        terminal.answer(if index == 4 { "2" } else { "n" });
        if index < 4 {
            terminal.wait("no:");
            terminal.send("\r");
            terminal.wait_gone("no:");
        }
    }
    terminal.wait("All asked.");
    let panel = opened(&mut terminal, &rig, "/sessions", "open session:");
    insta::assert_snapshot!(panel, @r"
    open session:
      go  open already
      began with: go
      ended with: All asked.
    enter open   ctrl+x delete   ctrl+e export   ctrl+f fork   esc leave
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    ");
    close(&mut terminal, "open session:");
    let panel = opened(&mut terminal, &rig, "/rewind", "go back before");
    insta::assert_snapshot!(panel, @r"
    go back before:
      go  now · no files changed since
    enter choose   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    ");
    close(&mut terminal, "go back before");
    let panel = opened(&mut terminal, &rig, CTRL_R, "search");
    insta::assert_snapshot!(panel, @r"
    search messages:
      /rewind
      /sessions
      go
    enter take   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0% · 90% cached · $0.001 · no sandbox
    ");
    close(&mut terminal, "search");
    leave(terminal, &rig);
}

#[test]
fn questions_and_lists_in_a_small_window() {
    let calls = [
        (
            "execute_bash",
            json!({"command": "mkdir out && cp a.txt out/"}),
        ),
        ("delete_file", json!({"path": "a.txt"})),
        (
            "edit_file",
            json!({"path": "~/o.txt", "old_string": "x", "new_string": "y"}),
        ),
        ("web_fetch", json!({"url": "https://example.org/page"})),
        (
            "ask_user",
            json!({"question": "Which one?", "choices": ["Postgres", "SQLite"]}),
        ),
    ];
    let mut replies: Vec<_> = calls
        .iter()
        .map(|(name, arguments)| says(vec![tool(name, arguments.clone())]))
        .collect();
    replies.push(says(vec![text("All asked.")]));
    let rig = Rig::new(replies);
    rig.file("a.txt", "a\n");
    std::fs::write(rig.home().join("o.txt"), "x\n").unwrap();
    let mut terminal = Terminal::start(&rig, &["--no-sandbox"], 40, 14);
    terminal.wait("esc stop");
    terminal.enter("go");
    for (index, wanted) in ["Run this", "Delete a.txt?", "Edit", "Fetch", "A question"]
        .iter()
        .enumerate()
    {
        let panel = shown(&terminal, &rig, wanted);
        match index {
            0 => insta::assert_snapshot!(panel, @r"
    Run this command?
      mkdir out && cp a.txt out/
      · writes out
    mkdir: makes directories; cp: copies
    files
      … 2 more below   v shows all
    y once   s this session   a always
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    "),
            1 => insta::assert_snapshot!(panel, @r"
    Delete a.txt?
      · deletes a.txt
    s allows Delete(a.txt)
    y once   s this session
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    "),
            2 => insta::assert_snapshot!(panel, @r"
    Edit HOME/o.txt?
      1  − x
      1  + y
      · writes HOME/o.txt,
        outside the workspace
      … 2 more below   v shows all
    y once   s this session   a always
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    "),
            3 => insta::assert_snapshot!(panel, @r"
    WebFetch(domain:example.org)
    y once   s this session   a always
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    "),
            _ => insta::assert_snapshot!(panel, @r"
    A question
      Which one?
      1 Postgres
      2 SQLite
    1-9 choose   a answer in your own words
    esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    "),
        }
        terminal.answer(if index == 4 { "2" } else { "n" });
        if index < 4 {
            terminal.wait("no:");
            terminal.send("\r");
            terminal.wait_gone("no:");
        }
    }
    terminal.wait("All asked.");
    let panel = opened(&mut terminal, &rig, "/sessions", "open session:");
    insta::assert_snapshot!(panel, @r"
    open session:
      go  open already
      began with: go
      ended with: All asked.
    enter open   ctrl+x delete   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "open session:");
    let panel = opened(&mut terminal, &rig, "/rewind", "go back before");
    insta::assert_snapshot!(panel, @r"
    go back before:
      go  now · no files changed since
    enter choose   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "go back before");
    let panel = opened(&mut terminal, &rig, CTRL_R, "search");
    insta::assert_snapshot!(panel, @r"
    search messages:
      /rewind
      /sessions
      go
    enter take   type to filter   esc leave
      sonnet-5.5 · normal · ctx 0%
    ");
    close(&mut terminal, "search");
    leave(terminal, &rig);
}

#[test]
fn trust_a_plan_a_server_and_the_leaving() {
    for (cols, rows) in [(80, 24), (40, 14)] {
        let calls = [
            ("enter_plan_mode", json!({})),
            (
                "exit_plan_mode",
                json!({"plan": "# Paint\n\n1. red\n2. blue"}),
            ),
            (
                "mcp_call",
                json!({"tool": "mcp__s__echo", "arguments": {"text": "hi"}}),
            ),
        ];
        let mut replies: Vec<_> = calls
            .iter()
            .map(|(name, arguments)| says(vec![tool(name, arguments.clone())]))
            .collect();
        replies.push(says(vec![text("All asked.")]));
        let rig = Rig::new(replies);
        configure(&rig, "", "");
        rig.file(
            ".sofos/config.toml",
            "[permissions]\nallow = [\"Bash(mytool:*)\"]\n",
        );
        let mut terminal = Terminal::start(&rig, &["--no-sandbox"], cols, rows);
        let small = cols < 80;
        let trust = shown(&terminal, &rig, "This directory");
        terminal.enter("n");
        terminal.wait("esc stop");
        terminal.enter("go");
        let plan = shown(&terminal, &rig, "Carry out this plan?");
        terminal.answer("y");
        let server = shown(&terminal, &rig, "Call s");
        terminal.answer("y");
        terminal.wait("All asked.");
        terminal.send(CTRL_D);
        assert_eq!(terminal.end(), 0);
        let left = shown(&terminal, &rig, "resume with");
        rig.server.check();
        let all = [trust, plan, server, left].join("\n====\n");
        if small {
            insta::assert_snapshot!(all, @r"
    This directory brings settings that allow or redirect something:
      .sofos/config.toml: allow Bash(mytool:*)
    They do nothing until you accept them. Accept? [y/N]
    ====
    Carry out this plan?
    Paint
    1. red
    2. blue
    y once   n no, tell it why
    esc stop the turn
      sonnet-5.5 · plan · ctx 0% · $0.000
    ====
    Call s: echo text=hi?
      … shown above   v shows all
      · calls the MCP server s
    s and a allow Mcp(s)
    y once   s this session   a always
    n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    ====
    resume with: sofos -r
    SESSION
    ");
        } else {
            insta::assert_snapshot!(all, @r#"
    This directory brings settings that allow or redirect something:
      .sofos/config.toml: allow Bash(mytool:*)
    They do nothing until you accept them. Accept? [y/N]
    ====
    Carry out this plan?
    Paint
    1. red
    2. blue
    y once   n no, tell it why   esc stop the turn
      sonnet-5.5 · plan · ctx 0% · 90% cached · $0.000 · no sandbox
    ====
    Call s: echo text=hi?
      server: s
      tool: echo
      arguments: {
        "text": "hi"
      }
      · calls the MCP server s
    s and a allow Mcp(s)
    y once   s this session   a always   n no, tell it why   esc stop the turn
      sonnet-5.5 · normal · ctx 0%
    ====
    resume with: sofos -r SESSION
    "#);
        }
    }
}
