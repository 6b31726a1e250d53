//! The log file: on request, of bounded size, without secrets, never the screen.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::EnvFilter;

use super::CliError;
use crate::config::Env;
use crate::stdx::{fs as sfs, redact};

/// Size at which the file is set aside as `sofos.log.1`, in bytes.
const MAX: u64 = 5 * 1024 * 1024;

/// Logs to `dir/sofos.log` when `RUST_LOG` is set or `verbose` asks for it.
pub(super) fn start(dir: &Path, env: &Env, verbose: bool) -> Result<(), CliError> {
    let filter = match env.get("RUST_LOG") {
        Some(filter) => filter,
        None if verbose => "sofos=debug",
        None => return Ok(()),
    };
    let path = dir.join("sofos.log");
    let action = format!("open the log {}", path.display());
    let log = LogFile::open(path).map_err(CliError::io(action))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(log))
        .finish();
    // Set once at start; a second subscriber would be a bug, not a user's error.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// A file that starts anew when it is full.
struct LogFile {
    path: PathBuf,
    file: File,
    written: u64,
}

impl LogFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            sfs::create_private_dir(dir)?;
            if let Some(sofos) = dir.parent() {
                sfs::ignore_in_git(sofos)?;
            }
        }
        let file = sfs::open_append(&path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            written,
        })
    }

    fn start_anew(&mut self) -> io::Result<()> {
        let aside = self.path.with_extension("log.1");
        if aside.exists() {
            sfs::remove_file(&aside)?;
        }
        sfs::rename(&self.path, &aside)?;
        self.file = sfs::open_append(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.written > MAX {
            self.start_anew()?;
        }
        let line = String::from_utf8_lossy(bytes);
        let line = redact::redact(&line);
        self.file.write_all(line.as_bytes())?;
        self.written += line.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Where the panic report goes, and the hook that writes it.
pub(super) fn report_panics(dir: PathBuf) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        static ONCE: Mutex<()> = Mutex::new(());
        let _one_at_a_time = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
        let report = format!(
            "sofos {}\n{info}\n{}\n",
            env!("CARGO_PKG_VERSION"),
            std::backtrace::Backtrace::force_capture()
        );
        let path = dir.join("panic.log");
        let written = sfs::create_private_dir(&dir)
            .and_then(|()| sfs::open_append(&path))
            .and_then(|mut file| file.write_all(redact::redact(&report).as_bytes()));
        match written {
            Ok(()) => eprintln!("sofos met a bug; the report is in {}", path.display()),
            Err(_) => hook(info),
        }
    }));
}
