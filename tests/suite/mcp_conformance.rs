//! The official conformance suite for MCP clients, where Node 22 and the suite (npm
//! `@modelcontextprotocol/conformance`, its `conformance` in `PATH`) are there already.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Scenarios that are no login, by version of the protocol.
const SCENARIOS: &[(&str, &[&str])] = &[
    (
        "2025-11-25",
        &[
            "initialize",
            "tools_call",
            "elicitation-sep1034-client-defaults",
            "sse-retry",
            "json-schema-2020-12-preservation",
        ],
    ),
    (
        "2026-07-28",
        &[
            "tools_call",
            "request-metadata",
            "sep-2322-client-request-state",
            "http-standard-headers",
            "http-custom-headers",
            "http-invalid-tool-headers",
            "json-schema-ref-no-deref",
            "json-schema-2020-12-preservation",
        ],
    ),
];

/// What is needed, or why it cannot be run.
fn needed() -> Result<(PathBuf, PathBuf), String> {
    let probe = PathBuf::from(env!("CARGO_BIN_EXE_sofos"));
    let probe = probe.with_file_name("examples").join("mcp-probe");
    if !probe.exists() {
        return Err("the example mcp-probe is not built".into());
    }
    let node = Command::new("node").arg("--version").output();
    let version = node.map_err(|_| "there is no node")?.stdout;
    let version = String::from_utf8_lossy(&version).trim().to_string();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap_or("");
    if major.parse::<u32>().unwrap_or(0) < 22 {
        return Err(format!("node is {version}, 22 is needed"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|dir| dir.join("conformance"))
        .find(|file| file.exists());
    Ok((probe, found.ok_or("there is no `conformance` in PATH")?))
}

#[test]
fn the_official_suite_passes() {
    let (probe, suite) = match needed() {
        Ok(needed) => needed,
        Err(why) => return eprintln!("the conformance suite is skipped: {why}"),
    };
    let dir = tempfile::tempdir().unwrap();
    let mut failed = Vec::new();
    for (version, scenarios) in SCENARIOS {
        let runs: Vec<_> = scenarios
            .iter()
            .map(|scenario| {
                let mut command = Command::new("node");
                command
                    .arg(&suite)
                    .args(["client", "--command"])
                    .arg(&probe)
                    .args(["--scenario", scenario, "--spec-version", version, "-o"])
                    .arg(dir.path().join(format!("{version}-{scenario}")))
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped());
                (scenario, command.spawn().unwrap())
            })
            .collect();
        for (scenario, run) in runs {
            let output = run.wait_with_output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).into_owned();
            if !output.status.success() || !said.contains(" 0 failed") {
                failed.push(format!("{version} {scenario}:\n{said}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
