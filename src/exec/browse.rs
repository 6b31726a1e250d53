//! Opening an address in the user's browser, after the user asked for it.

use std::process::{Command, Stdio};

/// Starts the system's opener; false when there is none or the address is not of the web.
/// Whether a browser comes up cannot be told.
pub fn open(url: &str) -> bool {
    let of_web = url.starts_with("https://") || url.starts_with("http://");
    if !of_web || url.contains(char::is_whitespace) {
        return false;
    }
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let child = Command::new(program)
        .args(before)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return false;
    };
    // It ends soon; somebody has to notice.
    let waits = std::thread::Builder::new().name("sofos-browse".into());
    waits.spawn(move || child.wait()).is_ok()
}
