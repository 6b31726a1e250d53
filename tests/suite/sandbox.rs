//! What the operating system holds back, tried with real commands.

#![cfg(target_os = "linux")]

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::{SocketAddr, UnixListener};

use serde_json::{Value, json};

use crate::pty::Terminal;
use crate::rig::{Ran, Rig, sleeps, until};
use crate::server::{says, text, tool};

/// Surroundings, when the machine enforces everything; else says what is skipped.
fn rig(what: &str) -> Option<Rig> {
    let rig = Rig::new(vec![]);
    enforced(&rig, what).then_some(rig)
}

fn enforced(rig: &Rig, what: &str) -> bool {
    let doctor: Value = serde_json::from_str(&rig.run(&["doctor", "--json"]).stdout).unwrap();
    let state = doctor["sandbox"].as_str().unwrap();
    if !state.starts_with("full") {
        eprintln!("skipped: {what}: sandbox {state}");
    }
    state.starts_with("full")
}

#[test]
fn many_that_start_at_once_find_the_same_sandbox() {
    let states = || {
        let rig = Rig::new(vec![]);
        let state = || {
            let doctor = rig.run(&["doctor", "--json"]).stdout;
            let doctor: Value = serde_json::from_str(&doctor).unwrap();
            doctor["sandbox"].to_string()
        };
        let mut states: Vec<String> = (0..8).map(|_| state()).collect();
        states.dedup();
        states
    };
    let many: Vec<_> = (0..12).map(|_| std::thread::spawn(states)).collect();
    let expected = states();
    assert_eq!(expected.len(), 1, "{expected:?}");
    for states in many {
        assert_eq!(states.join().unwrap(), expected);
    }
}

/// A command line by hand.
fn bash(rig: &Rig, line: &str) -> Ran {
    rig.run(&["sandbox", "--", "bash", "-c", line])
}

fn has(program: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|dir| dir.join(program).is_file());
    if !found {
        eprintln!("skipped: no {program} here");
    }
    found
}

#[test]
fn exit_codes_signals_and_streams_pass_through() {
    let Some(rig) = rig("exit codes") else { return };
    for (line, code) in [
        ("true", 0),
        ("exit 7", 7),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
    ] {
        assert_eq!(bash(&rig, line).code, code, "{line}");
    }
    let ran = bash(&rig, "echo out; echo err >&2");
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("out\n", "err\n")
    );
    assert_eq!(rig.run(&["sandbox", "--", "no-such-program"]).code, 127);
    assert_eq!(
        rig.run(&["sandbox", "--", "echo a > f; cat f"]).stdout,
        "a\n"
    );
}

#[test]
fn writes_reach_the_workspace_and_a_private_tmp_only() {
    let Some(rig) = rig("writes outside") else {
        return;
    };
    rig.file("own.txt", "x");
    let home = rig.home();
    std::fs::write(home.join("secret"), "s").unwrap();
    symlink(&home, rig.work().join("out")).unwrap();
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let ran = bash(
        &rig,
        &format!(
            "echo new > new.txt && mkdir d && mv own.txt d/ && echo t > /tmp/t && cat /tmp/t
             echo x > {0}/evil; mkdir {0}/d; echo x > /etc/evil; echo x > out/evil; ln own.txt {0}/l
             chmod 777 {0}; touch {0}; echo x > /dev/sda; echo x > /proc/sys/kernel/core_pattern",
            outside.path().display()
        ),
    );
    assert_eq!(ran.stdout, "t\n", "{}", ran.stderr);
    assert_eq!(rig.read("new.txt"), "new\n");
    assert_eq!(rig.read("d/own.txt"), "x");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    assert!(!home.join("evil").exists());
    assert!(!std::path::Path::new("/etc/evil").exists());
    assert!(!std::path::Path::new("/tmp/t").exists());
    assert!(
        ran.stderr.contains("Read-only file system"),
        "{}",
        ran.stderr
    );
}

#[test]
fn protected_folders_hold_wherever_they_lie() {
    let Some(rig) = rig("protected folders") else {
        return;
    };
    rig.file(".git/config", "original");
    rig.file(".git/hooks/keep", "");
    rig.file("sub/repo/.git/config", "original");
    rig.file("real/config", "original");
    symlink("../real", rig.work().join("sub/.git")).unwrap();
    rig.file("tree/.git", "gitdir: ../dirs/one\n");
    rig.file("dirs/one/config", "original");
    rig.file("AGENTS.md", "original");
    rig.file("far/away/repo/.git/config", "original");
    let before = crate::rig::tree(&rig.work());
    let ran = bash(
        &rig,
        "echo x > .git/hooks/pre-commit; mkdir -p .git/hooks/a/b; mv .git moved; rm -rf .git
         cp -r .git copy && mv copy .git; ln -f .git/config hard; echo x >> hard; rm -f hard
         rm -rf copy; echo x > sub/repo/.git/config; mv sub/repo/.git sub/repo/g
         echo x > sub/.git/config; rm sub/.git; mv sub/.git sub/g; echo x > real/config
         mv real fake; echo x > dirs/one/config; rm tree/.git; echo x > AGENTS.md
         mkdir -p .vscode/a; echo x > .vscode/tasks.json; rmdir .vscode; mv .idea i
         mv sub s; mv far f; mv far/away far/x; mv tree t
         ln -s real .claude; echo x > .sofos/config.toml; mkdir .sofos/x; rm -rf .sofos",
    );
    assert_ne!(ran.code, 0);
    assert_eq!(crate::rig::tree(&rig.work()), before, "{}", ran.stderr);
    // What only held a name is gone again.
    for name in [".vscode", ".idea", ".claude", ".cursor", ".sofos"] {
        assert!(!rig.work().join(name).exists(), "{name} is left");
    }
}

#[test]
fn loopback_works_and_nothing_outside_is_reached() {
    let Some(rig) = rig("sockets") else { return };
    if !has("python3") {
        return;
    }
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_nonblocking(true).unwrap();
    let name = format!("sofos-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    let _path = UnixListener::bind(rig.work().join("sock")).unwrap();
    rig.file(
        "net.py",
        format!(
            r#"
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname(), 5)
print("loopback works")
a, b = socket.socketpair()
a.send(b"pair works\n")
print(b.recv(20).decode(), end="")
def attempt(what, run):
    try:
        run()
        print("REACHED", what)
    except OSError:
        pass
def unix(kind, to):
    socket.socket(socket.AF_UNIX, kind).connect(to)
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", {tcp}), 5))
attempt("outside", lambda: socket.create_connection(("192.0.2.1", 80), 5))
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    attempt("path", lambda: unix(kind, "sock"))
    attempt("abstract", lambda: unix(kind, "\0{name}"))
attempt("pair", lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
def used(kind, to):
    a, b = socket.socketpair(socket.AF_UNIX, kind)
    b.close()
    a.connect(to)
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    attempt("one of a pair, path", lambda: used(kind, "sock"))
    attempt("one of a pair, abstract", lambda: used(kind, "\0{name}"))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("vsock", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {udp}))
"#,
            tcp = tcp.local_addr().unwrap().port(),
            udp = udp.local_addr().unwrap().port(),
        ),
    );
    let ran = bash(&rig, "python3 net.py");
    assert_eq!(ran.stdout, "loopback works\npair works\n", "{}", ran.stderr);
    assert!(udp.recv(&mut [0; 8]).is_err(), "the datagram left");
}

#[test]
fn other_processes_and_risky_calls_are_closed() {
    let Some(rig) = rig("system calls") else {
        return;
    };
    let ran = bash(
        &rig,
        "cat /proc/1/environ /proc/1/mem; ls -l /proc/1/fd; echo; ls /proc",
    );
    let pids = ran
        .stdout
        .lines()
        .filter(|line| line.parse::<u32>().is_ok());
    assert!(pids.count() < 10, "{}", ran.stdout);
    assert!(!ran.stdout.contains("PATH="), "{}", ran.stdout);
    if !cfg!(target_arch = "x86_64") || !has("python3") {
        return;
    }
    rig.file(
        "calls.py",
        r#"
import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
sibling = subprocess.Popen(["sleep", "60"]).pid
for name, number, *args in (
    ("ptrace", 101, 16, sibling, 0, 0),
    ("io_uring", 425, 1, 0),
    ("keyctl", 250, 0, 0, 0),
    ("userfaultfd", 323, 0),
    ("bpf", 321, 0, 0, 0),
    ("mount", 165, 0, 0, 0, 0, 0),
    ("umount", 166, b"/dev", 2),
    ("unshare", 272, 0x10000000),
    ("unshare in 64 bits", 272, ctypes.c_long(0x110000000)),
    ("clone", 56, 0x10000011, 0, 0, 0, 0),
    ("setns", 308, 0, 0),
    ("open_tree", 428, -100, b"/", 1),
    ("move_mount", 429, -100, b"/tmp", -100, b"/dev", 0),
    ("pivot_root", 155, b"/tmp", b"/tmp"),
    ("open_by_handle_at", 304, -100, 0, 0),
    ("pidfd_getfd", 438, 3, 0, 0),
    ("input of a terminal", 16, 0, 0x5412, b"x"),
    ("the same in 64 bits", 16, 0, ctypes.c_long(0x100005412), b"x"),
    ("process_vm_readv", 310, sibling, 0, 0, 0, 0, 0),
):
    result = libc.syscall(number, *args)
    if result != -1 or ctypes.get_errno() != 1:
        print(name, result, os.strerror(ctypes.get_errno()))
try:
    open(f"/proc/{sibling}/mem", "r+b")
    print("memory of a sibling")
except OSError:
    pass
"#,
    );
    let ran = bash(&rig, "python3 calls.py");
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 0), "{}", ran.stderr);
}

#[test]
fn nothing_survives_a_command_or_sofos() {
    let Some(rig) = rig("survivors") else { return };
    let mark = format!("61{:07}", std::process::id());
    let line = format!("setsid -f sleep {mark}; (setsid sleep {mark} &) ; echo done");
    assert_eq!(bash(&rig, &line).stdout, "done\n");
    until("the end of the survivors", || {
        (!sleeps(&mark)).then_some(())
    });

    let mark = format!("62{:07}", std::process::id());
    let line = format!("trap '' TERM HUP; setsid -f sleep {mark}; touch ready; sleep {mark}");
    let mut sofos = rig.spawn(&["sandbox", "--", "bash", "-c", &line]);
    until("the command", || {
        rig.work().join("ready").exists().then_some(())
    });
    until("the sleep", || sleeps(&mark).then_some(()));
    sofos.kill().unwrap();
    sofos.wait().unwrap();
    until("the end of the orphans", || (!sleeps(&mark)).then_some(()));
    until("the names to be given back", || {
        (!rig.work().join(".vscode").exists()).then_some(())
    });
}

/// A path of the user's home with something in it that nobody should read.
const KEYS: &[&str] = &[
    ".ssh/id_ed25519",
    ".aws/credentials",
    ".config/gh/hosts.yml",
    ".cargo/credentials.toml",
    ".netrc",
    ".sofos/keys.toml",
];

#[test]
fn keys_of_the_user_cannot_be_read() {
    let Some(rig) = rig("hidden keys") else {
        return;
    };
    // All of /tmp is hidden: a home in it proves nothing.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let home = dir.path().canonicalize().unwrap();
    if home.starts_with("/tmp") || home.starts_with("/var/tmp") {
        return eprintln!("skipped: hidden keys: the build lies in {}", home.display());
    }
    for key in KEYS {
        let path = home.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "opensesame").unwrap();
    }
    std::fs::write(home.join("notes"), "plain").unwrap();
    symlink(home.join(".ssh"), rig.work().join("dir")).unwrap();
    symlink(home.join(".netrc"), rig.work().join("file")).unwrap();
    let line = format!(
        "cat {keys} ~/notes dir/* file /proc/self/root/{home}/.netrc /proc/1/root/{home}/.netrc
         cat /proc/$$/cwd/file; grep -r opensesame ~ ; cp -r ~/.ssh here; cat here/*; umount ~/.ssh
         echo x > ~/.netrc; mv ~/.ssh ~/.moved; ln ~/.netrc hard; cat hard",
        keys = KEYS
            .iter()
            .map(|key| format!("~/{key} "))
            .collect::<String>(),
        home = home.display(),
    );
    let mut command = rig.command(&["sandbox", "--", "bash", "-c", &line]);
    let ran = crate::rig::ran(command.env("HOME", &home).output().unwrap());
    assert_eq!(ran.stdout, "plain", "{}", ran.stderr);
    for key in KEYS {
        assert_eq!(
            std::fs::read_to_string(home.join(key)).unwrap(),
            "opensesame"
        );
    }
    // Outside the sandbox they can be.
    let ran = std::process::Command::new("bash")
        .args(["-c", "cat ~/.netrc dir/* file"])
        .env("HOME", &home)
        .current_dir(rig.work())
        .output()
        .unwrap();
    assert_eq!(ran.stdout, b"opensesameopensesameopensesame");
}

/// A line that succeeds without the sandbox and must not with it.
#[test]
fn every_attempt_would_succeed_without_the_sandbox() {
    let rig = Rig::new(vec![]);
    if !enforced(&rig, "attempts") || !has("python3") {
        return;
    }
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let out = outside.path().display().to_string();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let name = format!("sofos-mutation-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    let _path = UnixListener::bind(outside.path().join("sock")).unwrap();
    let sleeper = std::process::Command::new("sleep").arg("1000").spawn();
    let mut sleeper = sleeper.unwrap();
    let pid = sleeper.id();
    rig.file(".git/hooks/keep", "");
    rig.file("AGENTS.md", "");
    rig.file("sub/.git/config", "");
    let python = |code: &str| format!("python3 -c 'import socket, os; {code}'");
    let attempts = [
        format!("echo x > {out}/file"),
        format!("mkdir {out}/dir"),
        format!("ln -s x {out}/link"),
        "echo x > .git/hooks/pre-commit".to_string(),
        "echo x > sub/.git/config".to_string(),
        "echo x >> AGENTS.md".to_string(),
        "mv .git other && mv other .git".to_string(),
        "mkdir .vscode && rmdir .vscode".to_string(),
        python(&format!(
            "socket.create_connection((\"127.0.0.1\", {port}), 5)"
        )),
        python(&format!(
            "socket.socket(socket.AF_UNIX).connect(\"{out}/sock\")"
        )),
        python(&format!(
            "socket.socket(socket.AF_UNIX).connect(\"\\0{name}\")"
        )),
        format!("kill -0 {pid}"),
        format!("test -e /proc/{pid}/environ"),
        "ls /proc/1/root/ && test $(ls /proc | grep -c '^[0-9]') -gt 12".to_string(),
    ];
    for attempt in &attempts {
        let free = std::process::Command::new("bash")
            .args(["-c", attempt])
            .current_dir(rig.work())
            .output()
            .unwrap();
        if !free.status.success() {
            eprintln!("skipped: not possible here anyway: {attempt}");
            continue;
        }
        for made in ["file", "dir", "link"] {
            let path = outside.path().join(made);
            let _ = std::fs::remove_dir(&path).or_else(|_| std::fs::remove_file(&path));
        }
        let ran = bash(&rig, attempt);
        assert_ne!(ran.code, 0, "{attempt}: {}", ran.stdout);
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn a_terminal_inside_cannot_be_typed_into() {
    let Some(rig) = rig("terminal") else { return };
    if !has("python3") {
        return;
    }
    rig.file(
        "type.py",
        "import fcntl, termios, os, pty
master, slave = pty.openpty()
try:
    fcntl.ioctl(slave, termios.TIOCSTI, b'x')
    print('typed')
except OSError as error:
    print(error.errno)
",
    );
    assert_eq!(bash(&rig, "python3 type.py").stdout, "1\n");
}

#[test]
fn what_the_sandbox_refused_is_offered_to_the_user_and_nobody_else() {
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = outside.path().join("f");
    let line = format!("echo x > {}", file.display());
    let rig = Rig::new(vec![
        says(vec![tool(
            "execute_bash",
            json!({"command": line, "sandbox": false}),
        )]),
        says(vec![tool(
            "execute_bash",
            json!({"command": "true", "network": true}),
        )]),
        says(vec![text("done")]),
    ]);
    if !enforced(&rig, "leaving the sandbox") {
        return;
    }
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    assert!(!file.exists());
    let requests = rig.server.requests();
    let (first, second) = (result(&requests[1]), result(&requests[2]));
    assert!(first.contains("runs without the sandbox"), "{first}");
    assert!(second.contains("runs with the network open"), "{second}");
}

#[test]
fn the_users_word_opens_the_sandbox_for_one_command() {
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = outside.path().join("f");
    let line = format!("echo x > {}", file.display());
    let call = |sandbox: bool| {
        says(vec![tool(
            "execute_bash",
            json!({"command": line, "sandbox": sandbox}),
        )])
    };
    let rig = Rig::new(vec![call(false), call(true), says(vec![text("All done.")])]);
    if !enforced(&rig, "one run without the sandbox") {
        return;
    }
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 80, 24);
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Run this without the sandbox?");
    std::thread::sleep(std::time::Duration::from_millis(400));
    terminal.send("y");
    terminal.wait("Run it again without the sandbox?");
    std::thread::sleep(std::time::Duration::from_millis(400));
    terminal.send("n\r");
    terminal.wait("All done.");
    let requests = rig.server.requests();
    assert!(result(&requests[1]).contains("[exit 0]"));
    assert!(
        !result(&requests[2]).contains("[exit 0]"),
        "the next one is confined"
    );
    assert!(file.exists());
    terminal.send("\u{4}");
    terminal.end();
}

#[test]
fn a_command_that_the_sandbox_stopped_is_offered_once_more_without_it() {
    // A protected folder of the workspace is closed to confined commands only.
    let call = |file: &str| {
        let line = format!("echo run; echo x > .sofos/{file}");
        says(vec![tool("execute_bash", json!({"command": line}))])
    };
    let replies = ["one", "two", "two"].map(call);
    let rig = Rig::new([&replies[..], &[says(vec![text("All done.")])]].concat());
    if !enforced(&rig, "one more run without the sandbox") {
        return;
    }
    let mut terminal = Terminal::start(&rig, &["--permission-mode", "bypass"], 80, 24);
    let grace = || std::thread::sleep(std::time::Duration::from_millis(400));
    terminal.wait("/ commands");
    terminal.enter("go");
    terminal.wait("Run it again without the sandbox?");
    terminal.wait("y once");
    let screen = terminal.screen();
    assert!(screen.contains("· exit 1"), "the failure stands: {screen}");
    assert!(!screen.contains("a always"), "{screen}");
    assert!(!rig.work().join(".sofos/one").exists());
    grace();
    // The panel is small; all of it is a key away.
    terminal.send("v");
    terminal.wait("the sandbox stopped it: ");
    terminal.send("q");
    terminal.wait("y once");
    grace();
    terminal.send("y");
    terminal.wait("echo x > .sofos/two");
    terminal.wait("y once");
    assert_eq!(rig.read(".sofos/one"), "x\n");
    grace();
    terminal.send("n\r");
    // Once declined, the same command does not ask again.
    terminal.wait("All done.");
    assert!(!rig.work().join(".sofos/two").exists());
    let requests = rig.server.requests();
    let told = |index: usize| {
        requests[index]["messages"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .to_string()
    };
    assert!(
        told(1).contains("the user allowed this second one"),
        "{}",
        told(1)
    );
    assert!(told(1).contains("[exit 0]"), "{}", told(1));
    assert!(
        told(2).contains("not run again without that limit"),
        "{}",
        told(2)
    );
    assert!(told(3).contains("[exit 1]"), "{}", told(3));
    let decisions = rig.entries();
    let decisions = decisions
        .iter()
        .filter(|entry| entry["kind"]["decision"].is_object());
    assert_eq!(decisions.count(), 2);
    terminal.send("\u{4}");
    terminal.end();
    rig.server.check();
}

/// The text of the first tool result of a request.
fn result(request: &Value) -> String {
    let content = &request["messages"].as_array().unwrap().last().unwrap()["content"];
    let content = &content[0]["content"];
    let text = content.as_str().or_else(|| content[0]["text"].as_str());
    text.unwrap_or_default().to_string()
}

fn model_runs(command: &str) -> Rig {
    Rig::new(vec![
        says(vec![tool("execute_bash", json!({"command": command}))]),
        says(vec![text("done")]),
    ])
}

#[test]
fn the_models_commands_are_confined_and_told_so() {
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = outside.path().join("f");
    let command = format!("echo in > in.txt; echo x > {}", file.display());
    let rig = model_runs(&command);
    if !enforced(&rig, "the model's commands") {
        return;
    }
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    assert_eq!(rig.read("in.txt"), "in\n");
    assert!(!file.exists());
    let told = result(&rig.server.requests()[1]);
    // Where the build itself lies in a temporary directory, that is hidden inside.
    let hidden = ["/tmp", "/var/tmp"].iter().any(|dir| file.starts_with(dir));
    if hidden {
        assert!(told.contains("No such file"), "{told}");
    } else {
        assert!(told.contains("Read-only file system"), "{told}");
        assert!(told.contains("perhaps refused by the sandbox"), "{told}");
    }
    let rig = model_runs(&command);
    rig.run(&["-p", "go", "--permission-mode", "bypass", "--no-sandbox"])
        .ok();
    assert!(file.exists());
}

#[test]
fn an_allowed_git_command_may_commit_and_others_may_not() {
    if !has("git") {
        return;
    }
    let init = "git init -q . && git config user.name N && git config user.email e@x && git add a.txt && git commit -qm one";
    let rig = model_runs(init);
    if !enforced(&rig, "git") {
        return;
    }
    rig.file("a.txt", "a");
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    let told = result(&rig.server.requests()[1]);
    assert!(told.contains("[exit 0]"), "{told}");
    assert!(rig.work().join(".git/HEAD").exists());
    let mut rig = rig;
    rig.serve(vec![
        says(vec![tool(
            "execute_bash",
            json!({"command": "echo x > .git/hooks/pre-commit"}),
        )]),
        says(vec![text("done")]),
    ]);
    rig.run(&["-p", "go", "--permission-mode", "bypass"]).ok();
    assert!(!rig.work().join(".git/hooks/pre-commit").exists());
}
