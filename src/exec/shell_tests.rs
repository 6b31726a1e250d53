use super::*;

fn env() -> Env {
    Env::scrubbed([
        ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
        ("TEST_API_KEY".into(), "hunter2".into()),
    ])
}

async fn run_for(command: &str, limit: Duration, cancel: &CancellationToken) -> (ShellEnd, String) {
    let dir = tempfile::tempdir().unwrap();
    let env = env();
    let mut output = Vec::new();
    let request = ShellRequest {
        command,
        cwd: dir.path(),
        timeout: limit,
        env: &env,
        sandbox: &SandboxPolicy::Off,
    };
    let outcome = run(request, |bytes| output.extend_from_slice(bytes), cancel)
        .await
        .unwrap();
    (outcome.end, String::from_utf8_lossy(&output).into_owned())
}

async fn plain(command: &str) -> (ShellEnd, String) {
    run_for(command, Duration::from_secs(60), &CancellationToken::new()).await
}

/// Whether a process lives, zombies not counted.
fn alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .starts_with(" Z")
    })
}

#[tokio::test]
async fn codes_signals_and_order_are_reported() {
    for (command, end, output) in [
        (
            "echo one; echo two >&2; echo three",
            ShellEnd::Exit(0),
            "one\ntwo\nthree\n",
        ),
        ("exit 7", ShellEnd::Exit(7), ""),
        ("kill -9 $$", ShellEnd::Signal(9), ""),
        ("printf 'no newline'", ShellEnd::Exit(0), "no newline"),
        ("cat", ShellEnd::Exit(0), ""),
        (
            "echo \"[$TEST_API_KEY][$PAGER]\"",
            ShellEnd::Exit(0),
            "[][cat]\n",
        ),
        (
            "( exec 3</dev/tty ) 2>/dev/null || echo none",
            ShellEnd::Exit(0),
            "none\n",
        ),
    ] {
        assert_eq!(plain(command).await, (end, output.to_string()), "{command}");
    }
}

#[tokio::test]
async fn all_output_of_a_fast_writer_arrives() {
    let (end, output) = plain("seq 1 200000").await;
    assert_eq!(end, ShellEnd::Exit(0));
    assert_eq!(output.lines().count(), 200_000);
    assert!(output.ends_with("200000\n"));
}

#[tokio::test]
async fn a_background_child_does_not_hold_the_call() {
    for command in ["sleep 1000 & echo $!", "yes >/dev/stdout & echo $!"] {
        let (end, output) = plain(command).await;
        assert_eq!(end, ShellEnd::Exit(0));
        let pid = output.lines().find(|line| *line != "y").unwrap();
        plain(&format!("kill -9 {pid}")).await;
    }
}

#[tokio::test]
async fn a_command_that_closes_its_outputs_is_still_awaited() {
    assert_eq!(
        plain("exec >&- 2>&-; sleep 0.05; exit 3").await.0,
        ShellEnd::Exit(3)
    );
}

#[tokio::test]
async fn a_timeout_keeps_the_output_so_far() {
    let token = CancellationToken::new();
    let (end, output) = run_for(
        "echo begun; exec sleep 1000",
        Duration::from_millis(300),
        &token,
    )
    .await;
    assert_eq!((end, output.as_str()), (ShellEnd::TimedOut, "begun\n"));
}

/// Runs a command that prints pids and never ends; stops it once they are out.
async fn cancelled_pids(command: &str, lines: usize) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let (env, cancel) = (env(), CancellationToken::new());
    let mut output = String::new();
    let request = ShellRequest {
        command,
        cwd: dir.path(),
        timeout: Duration::from_secs(60),
        env: &env,
        sandbox: &SandboxPolicy::Off,
    };
    let stopper = cancel.clone();
    let collect = |bytes: &[u8]| {
        output.push_str(&String::from_utf8_lossy(bytes));
        if output.lines().count() >= lines {
            stopper.cancel();
        }
    };
    let outcome = run(request, collect, &cancel).await.unwrap();
    assert_eq!(outcome.end, ShellEnd::Cancelled);
    output.lines().map(str::to_string).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn cancel_ends_the_whole_tree() {
    for (what, command, lines) in [
        ("plain children", "sleep 1000 & echo $!; wait", 1),
        (
            "ignores TERM",
            "trap '' TERM; echo $$; while :; do sleep 1000; done",
            1,
        ),
        (
            "own session",
            "setsid sh -c 'echo $$; exec sleep 1000' & wait",
            1,
        ),
        (
            "orphan in its own session",
            "(setsid sh -c 'echo $$; exec sleep 1000' &); echo $$; sleep 1000",
            2,
        ),
    ] {
        let pids = cancelled_pids(command, lines).await;
        assert_eq!(pids.len(), lines, "{what}");
        // SIGKILL is delivered at once, but a process needs a moment to be gone.
        for pid in &pids {
            let mut tries = 0;
            while alive(pid) && tries < 1000 {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            assert!(!alive(pid), "{what}: {pid} lives");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_the_call_ends_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let (env, cancel) = (env(), CancellationToken::new());
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let request = ShellRequest {
        command: "echo $$; sleep 1000",
        cwd: dir.path(),
        timeout: Duration::from_secs(60),
        env: &env,
        sandbox: &SandboxPolicy::Off,
    };
    let pid = tokio::select! {
        _ = run(request, move |bytes| { let _ = sender.send(bytes.to_vec()); }, &cancel) => {
            panic!("the command never ends")
        }
        Some(bytes) = receiver.recv() => String::from_utf8(bytes).unwrap(),
    };
    let mut tries = 0;
    while alive(&pid) && tries < 1000 {
        tries += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(!alive(&pid));
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let (env, cancel) = (env(), CancellationToken::new());
    let request = ShellRequest {
        command: "true",
        cwd: Path::new("/nonexistent-dir"),
        timeout: Duration::from_secs(1),
        env: &env,
        sandbox: &SandboxPolicy::Off,
    };
    let error = run(request, |_| {}, &cancel).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent-dir"), "{error}");
}
