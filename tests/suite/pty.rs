//! The program in a terminal of its own, seen through an emulator.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::rig::{Rig, until};

/// A running program and the screen it draws on.
pub struct Terminal {
    pub child: Box<dyn Child + Send + Sync>,
    /// Nothing once the terminal is closed.
    sides: Option<(Box<dyn MasterPty + Send>, Box<dyn Write + Send>)>,
    closing: Arc<AtomicBool>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Ends when the program has closed the terminal.
    reading: Option<std::thread::JoinHandle<()>>,
    /// Everything the program wrote.
    raw: Arc<Mutex<Vec<u8>>>,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).unwrap()
}

impl Terminal {
    /// Starts the program in a terminal of this size.
    pub fn start(rig: &Rig, args: &[&str], cols: u16, rows: u16) -> Self {
        Self::start_with(rig, args, cols, rows, &[])
    }

    /// The same with more variables in its environment.
    pub fn start_with(
        rig: &Rig,
        args: &[&str],
        cols: u16,
        rows: u16,
        vars: &[(&str, &str)],
    ) -> Self {
        Self::spawn(
            rig,
            env!("CARGO_BIN_EXE_sofos"),
            args,
            size(cols, rows),
            vars,
        )
    }

    /// Starts a shell that knows the program as `sofos` and whose prompt is `SHELL> `;
    /// its process id is in the file `shell`.
    pub fn shell(rig: &Rig, cols: u16, rows: u16) -> Self {
        let start = format!(
            "bind 'set enable-bracketed-paste off'; PS1='SHELL> '; echo $$ > shell\n\
             sofos() {{ '{}'; }}\n",
            env!("CARGO_BIN_EXE_sofos")
        );
        rig.file("start", start);
        let args = ["--noprofile", "--rcfile", "start", "-i"];
        let terminal = Self::spawn(rig, "bash", &args, size(cols, rows), &[]);
        terminal.wait("SHELL> ");
        terminal
    }

    fn spawn(
        rig: &Rig,
        program: &str,
        args: &[&str],
        size: PtySize,
        vars: &[(&str, &str)],
    ) -> Self {
        let (cols, rows) = (size.cols, size.rows);
        let pty = native_pty_system().openpty(size).unwrap();
        let template = rig.command(&[]);
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(rig.work());
        command.env_clear();
        for (name, value) in template.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in vars {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(
            cells(rows),
            cells(cols),
            10_000,
        )));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let (seen, kept) = (screen.clone(), raw.clone());
        let closing = Arc::new(AtomicBool::new(false));
        let closes = closing.clone();
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut ends = 0;
            loop {
                let Ok(n @ 1..) = reader.read(&mut buffer) else {
                    // Linux can tell the end before the last output: a read that
                    // begins after the end finds it.
                    ends += 1;
                    if ends == 3 {
                        return;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    continue;
                };
                seen.lock().unwrap().process(&buffer[..n]);
                kept.lock().unwrap().extend_from_slice(&buffer[..n]);
                if closes.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let writer = pty.master.take_writer().unwrap();
        Self {
            child,
            sides: Some((pty.master, writer)),
            closing,
            screen,
            reading: Some(reading),
            raw,
        }
    }

    /// Types keys or sends any bytes.
    pub fn send(&mut self, keys: &str) {
        let (_, writer) = self.sides.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Types a line and sends it, slower than a paste comes in: keys that arrive
    /// together are one.
    pub fn enter(&mut self, line: &str) {
        self.send(line);
        self.wait(line);
        let pause = std::time::Duration::from_millis(40);
        std::thread::sleep(pause);
        self.send("\r");
        std::thread::sleep(pause);
    }

    /// Changes the size of the terminal, the emulator first, as in real life.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(cells(rows), cells(cols));
        let (master, _) = self.sides.as_ref().unwrap();
        master.resize(size(cols, rows)).unwrap();
    }

    /// Closes the terminal, as its window would.
    pub fn close(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // The reader holds the terminal until something comes.
        self.send("x");
        self.reading.take().unwrap().join().unwrap();
        self.sides = None;
    }

    /// Reads nothing of what the program writes while `meanwhile` runs.
    pub fn stall(&mut self, meanwhile: impl FnOnce(&mut Self)) {
        let screen = self.screen.clone();
        let _reading_waits = screen.lock().unwrap();
        meanwhile(self);
    }

    /// Sends the program a signal, e.g. `-TERM`.
    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args([name, &id]).status().unwrap().success());
    }

    /// Everything the program wrote.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw.lock().unwrap()).into_owned()
    }

    /// The last frame has come in whole.
    pub fn is_between_frames(&self) -> bool {
        let raw = self.raw.lock().unwrap();
        let last = |mark: &[u8]| raw.windows(mark.len()).rposition(|part| part == mark);
        last(b"\x1b[?2026l") >= last(b"\x1b[?2026h")
    }

    /// The column of the cursor.
    pub fn column(&self) -> u16 {
        self.screen.lock().unwrap().screen().cursor_position().1
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// The rows that have scrolled out of the screen, and the screen.
    pub fn everything(&self) -> String {
        let mut parser = self.screen.lock().unwrap();
        let screen = parser.screen_mut();
        screen.set_scrollback(usize::MAX);
        let mut back = screen.scrollback();
        let height = usize::from(screen.size().0.get());
        let mut out: Vec<String> = Vec::new();
        while back > 0 {
            screen.set_scrollback(back);
            let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
            let take = back.min(height);
            out.extend(rows.into_iter().take(take));
            back -= take;
        }
        screen.set_scrollback(0);
        out.extend(screen.rows(0, screen.size().1.get()));
        out.join("\n")
    }

    /// Waits until the screen shows a text.
    pub fn wait(&self, wanted: &str) {
        let screen = || self.screen();
        let mut last = String::new();
        for _ in 0..1500 {
            last = screen();
            if last.contains(wanted) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let ended = self.reading.as_ref().is_none_or(|it| it.is_finished());
        let ended = if ended { " before the end" } else { "" };
        panic!("{wanted:?} never came{ended}; the screen:\n{last}");
    }

    /// Sends keys to a question: within its first moment they would belong to the prompt.
    pub fn answer(&mut self, keys: &str) {
        std::thread::sleep(std::time::Duration::from_millis(400));
        self.send(keys);
    }

    /// Waits until a text is on the screen or has scrolled out of it.
    pub fn wait_anywhere(&self, wanted: &str) {
        until(wanted, || self.everything().contains(wanted).then_some(()));
    }

    /// Waits until the screen shows a text no more.
    pub fn wait_gone(&self, unwanted: &str) {
        until("a text to go", || {
            (!self.screen().contains(unwanted)).then_some(())
        });
    }

    /// Waits for the program to end; its exit code.
    pub fn end(&mut self) -> u32 {
        let status = until("the program to end", || self.child.try_wait().unwrap());
        if let Some(reading) = self.reading.take() {
            reading.join().unwrap();
        }
        status.exit_code()
    }

    /// Fails unless every mode the program set was taken back.
    pub fn check_restored(&self) {
        let raw = String::from_utf8_lossy(&self.raw.lock().unwrap()).into_owned();
        for (set, reset) in [
            ("\u{1b}[?2004h", "\u{1b}[?2004l"),
            ("\u{1b}[?25l", "\u{1b}[?25h"),
            ("\u{1b}[>1u", "\u{1b}[<"),
        ] {
            if let Some(last_set) = raw.rfind(set) {
                assert!(
                    raw.rfind(reset).is_some_and(|at| at > last_set),
                    "{set:?} is still on"
                );
            }
        }
        assert!(!raw.contains("\u{1b}[3J"), "the shell's history was erased");
    }
}
