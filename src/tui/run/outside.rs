//! What happens outside of the viewport at the user's wish: an editor that takes
//! the terminal over, the clipboard of the terminal.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Screen;
use crate::exec::foreground;
use crate::stdx::{fs as sfs, ids};
use crate::tui::terminal::{guard, sys};

/// Terminals drop longer sequences.
const MAX_COPY: usize = 74_000;
/// A longer file is no message.
const MAX_MESSAGE: u64 = 8 * 1024 * 1024;

impl Screen {
    /// Lets the user write the message in an editor.
    pub(super) fn edit(&mut self) {
        let before = self.app.composer.unfolded();
        let path = self.message_file();
        let written = path
            .parent()
            .map_or(Ok(()), sfs::create_private_dir)
            .and_then(|()| sfs::write_atomic(&path, before.as_bytes(), 0o600));
        if let Err(error) = written {
            let words = format!("cannot write {} for the editor: {error}", path.display());
            return self.app.complain(&words);
        }
        let ended = self.in_editor(&path);
        match ended.and_then(|()| read(&path)) {
            Ok(after) => self.app.rewritten(&before, after.trim_end()),
            Err(words) => self.app.complain(&words),
        }
        // What stays behind is in the user's own directory.
        let _ = sfs::remove_file(&path);
    }

    /// Lets the user edit a file in its place.
    pub(super) fn edit_file(&mut self, path: &str) {
        let path = Path::new(path);
        let made = path.parent().map_or(Ok(()), sfs::create_dir_all);
        let ended = match made {
            Ok(()) => self.in_editor(path),
            Err(error) => Err(format!(
                "cannot make the directory of {}: {error}",
                path.display()
            )),
        };
        if let Err(words) = ended {
            self.app.complain(&words);
        }
    }

    fn message_file(&self) -> PathBuf {
        let dir = match self.places.history.as_os_str().is_empty() {
            true => std::env::temp_dir(),
            false => self.places.history.clone(),
        };
        dir.join(format!("message-{}.md", ids::random(8)))
    }

    fn in_editor(&mut self, path: &Path) -> Result<(), String> {
        let editor = self.editor.clone();
        sys::pause_input();
        self.place_for_restore();
        guard::restore();
        self.scrollback.forget();
        let ended = foreground::run(&editor, path, &self.places.workspace);
        sys::resume_input();
        self.resumed();
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!(
                "the editor {editor:?} ended with {status}; what it did not save is as before. \
                 Set VISUAL or EDITOR to choose another one"
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Asks the terminal to put text into the clipboard of its screen.
    pub(super) fn copy_by_terminal(&mut self, text: &str) {
        if text.len() > MAX_COPY {
            let words = "the answer is too long for the clipboard of the terminal; /export writes it to a file";
            return self.app.complain(words);
        }
        let set = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        let wrapped = self.env.tmux.then(|| {
            // For a tmux that passes sequences on, and one that reads them itself.
            format!("\x1bPtmux;{}\x1b\\", set.replace('\x1b', "\x1b\x1b"))
        });
        let bytes = format!("{set}{}", wrapped.unwrap_or_default());
        if sys::write_all(bytes.as_bytes()).is_ok() {
            self.app.copied_by_terminal();
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let cannot =
        |why: String| format!("cannot read {} back from the editor: {why}", path.display());
    let length = std::fs::metadata(path)
        .map_err(|error| cannot(error.to_string()))?
        .len();
    if length > MAX_MESSAGE {
        return Err(cannot("it is longer than 8 MB".into()));
    }
    let bytes = std::fs::read(path).map_err(|error| cannot(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
