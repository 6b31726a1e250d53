//! Programs that do not run unless a rule names them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// One kind of forbidden programs.
pub struct Forbidden {
    names: &'static str,
    /// What they do.
    pub does: &'static str,
    /// The tool or way that does the job instead.
    pub instead: &'static str,
}

const fn row(names: &'static str, does: &'static str, instead: &'static str) -> Forbidden {
    Forbidden {
        names,
        does,
        instead,
    }
}

/// The table.
const FORBIDDEN: &[Forbidden] = &[
    row("rm", "deletes files", "use delete_file or delete_directory"),
    row("rmdir", "deletes directories", "use delete_directory"),
    row("touch", "creates files", "use write_file"),
    row(
        "ln",
        "makes links, which can lead out of the workspace",
        "use copy_file, or let the user make the link",
    ),
    row(
        "chmod chown chgrp",
        "changes who may use a file",
        "let the user do it",
    ),
    row(
        "dd mkfs fdisk parted mkswap swapon swapoff mount umount",
        "works on disks",
        "let the user do it",
    ),
    row(
        "shutdown reboot halt poweroff systemctl service",
        "controls the system",
        "let the user do it",
    ),
    row(
        "useradd userdel usermod groupadd groupdel groupmod passwd adduser deluser addgroup \
         delgroup chpasswd gpasswd chsh chfn",
        "manages users",
        "let the user do it",
    ),
    row(
        "kill killall pkill",
        "ends processes",
        "a command ends by itself at its timeout; let the user end others",
    ),
    row("sudo su", "takes other rights", "let the user do it"),
    row(
        "cd pushd popd",
        "changes the directory",
        "begin the command with `cd DIR &&`, DIR in the workspace, or write out the paths",
    ),
];

/// The row of a program, by its name without directories.
pub fn find(name: &str) -> Option<&'static Forbidden> {
    let name = if name.starts_with("mkfs.") {
        "mkfs"
    } else {
        name
    };
    BY_NAME.get(name).copied()
}

/// The table by name. Every command of a line is looked up.
static BY_NAME: LazyLock<HashMap<&str, &Forbidden>> = LazyLock::new(|| {
    let names = |row: &'static Forbidden| {
        row.names
            .split_ascii_whitespace()
            .map(move |name| (name, row))
    };
    // The first row counts.
    FORBIDDEN.iter().rev().flat_map(names).collect()
});
