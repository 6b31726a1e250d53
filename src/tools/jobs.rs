//! Running commands: the one a call waits for, and those in the background.
//!
//! Every command runs as a task of its own, so that a call can let go of it at any
//! time. A background command ends with the session at the latest; what it prints
//! is kept as that of any other command.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::output::{Spill, Spilled};
use super::{Progress, ToolCx, common};
use crate::exec::shell::{self, ShellEnd, ShellOutcome, ShellRequest, Talk};
use crate::protocol::sandbox::SandboxPolicy;
use crate::stdx::text;

/// Background commands at a time.
pub const MOST: usize = 16;

/// Ended ones that are remembered.
const REMEMBERED: usize = 32;

/// Bytes kept for the next look at a background command.
const UNREAD: usize = 16 * 1024;

/// Longest wait for a stopped command.
const WIND_UP: Duration = Duration::from_millis(400);

/// What front ends learn about background commands.
#[derive(Debug)]
pub enum JobNews {
    /// So many run now.
    Running(usize),
    /// One ended; in words for the user.
    Ended(String),
}

type Listener = Box<dyn Fn(JobNews) + Send + Sync>;

/// All commands of one agent.
pub struct Jobs {
    all: Mutex<Vec<Arc<Job>>>,
    last: AtomicU32,
    listener: Listener,
}

impl Default for Jobs {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

/// What to run, and how.
pub(super) struct Launch {
    pub(super) command: String,
    pub(super) sandbox: SandboxPolicy,
    pub(super) pty: bool,
    /// Its input stays open.
    pub(super) input: bool,
}

/// How a command ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// Nothing when it could not be started or watched: the words say why.
    pub(super) outcome: Result<ShellOutcome, String>,
    /// What it printed.
    pub(super) spilled: Spilled,
}

/// One command.
pub(super) struct Job {
    pub(super) command: String,
    /// Number in the background; 0 while a call waits for it.
    number: AtomicU32,
    begun: Instant,
    state: Mutex<State>,
    /// Changes with every piece of output and at the end.
    changed: watch::Sender<u64>,
    let_go: CancellationToken,
    stop: CancellationToken,
    input: Mutex<Option<UnboundedSender<Vec<u8>>>>,
    pty: bool,
    /// The model knows that it ended.
    told: AtomicBool,
}

struct State {
    spill: Option<Spill>,
    /// Where output is shown while a call waits.
    live: Option<Progress>,
    unread: String,
    /// Bytes that did not fit in `unread`.
    missed: u64,
    ended: Option<Ended>,
    elapsed: Duration,
}

impl Jobs {
    /// No commands yet; the listener hears of background ones.
    pub fn new(listener: impl Fn(JobNews) + Send + Sync + 'static) -> Self {
        Self {
            all: Mutex::default(),
            last: AtomicU32::new(0),
            listener: Box::new(listener),
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<Job>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a command. It belongs to the caller until it is [`Jobs::let_go`].
    pub(super) fn start(self: &Arc<Self>, launch: Launch, cx: &ToolCx) -> Arc<Job> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let open = launch.input || launch.pty;
        let job = Arc::new(Job {
            command: launch.command,
            number: AtomicU32::new(0),
            begun: Instant::now(),
            state: Mutex::new(State {
                spill: Some(Spill::new(cx)),
                live: Some(cx.progress.clone()),
                unread: String::new(),
                missed: 0,
                ended: None,
                elapsed: Duration::ZERO,
            }),
            changed: watch::Sender::new(0),
            let_go: CancellationToken::new(),
            stop: CancellationToken::new(),
            input: Mutex::new(open.then_some(sender)),
            pty: launch.pty,
            told: AtomicBool::new(false),
        });
        self.all().push(job.clone());
        let (jobs, running) = (self.clone(), job.clone());
        let (workspace, env) = (cx.workspace.clone(), cx.env.clone());
        let talk = Talk {
            pty: launch.pty,
            input: open.then_some(receiver),
        };
        let sandbox = launch.sandbox;
        tokio::spawn(async move {
            let request = ShellRequest {
                command: &running.command,
                cwd: workspace.root(),
                // Whoever waits for it has a limit; the background has none.
                timeout: Duration::MAX,
                env: &env,
                sandbox: &sandbox,
            };
            let take = |bytes: &[u8]| running.take(bytes);
            let outcome = shell::run_talking(request, talk, take, &running.stop).await;
            running.end(outcome.map_err(|error| error.to_string()));
            jobs.ended(&running);
        });
        job
    }

    /// Puts a command into the background: its number.
    pub(super) fn let_go(&self, job: &Job) -> u32 {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        job.number.store(number, Ordering::Release);
        job.state().live = None;
        self.forget_old();
        (self.listener)(JobNews::Running(self.running()));
        number
    }

    /// Background commands that run.
    pub fn running(&self) -> usize {
        let all = self.all();
        all.iter()
            .filter(|job| job.number() > 0 && !job.is_over())
            .count()
    }

    /// Lets go of the commands that calls wait for. False when there are none.
    pub fn to_background(&self) -> bool {
        let waited: Vec<_> = self.all().clone();
        let mut any = false;
        for job in waited.iter().filter(|job| job.number() == 0) {
            job.let_go.cancel();
            any = true;
        }
        any
    }

    pub(super) fn find(&self, number: u32) -> Option<Arc<Job>> {
        let all = self.all();
        all.iter()
            .find(|job| number > 0 && job.number() == number)
            .cloned()
    }

    /// Background commands, one a line: number, state, command.
    pub fn rows(&self) -> Vec<(u32, String, String)> {
        let all = self.all();
        all.iter()
            .filter(|job| job.number() > 0)
            .map(|job| (job.number(), job.words(), job.short()))
            .collect()
    }

    /// Stops one background command, or all. False when there is none.
    pub fn stop(&self, number: Option<u32>) -> bool {
        let mut any = false;
        for job in self.all().iter() {
            let meant = number.map_or(job.number() > 0, |number| job.number() == number);
            if meant && !job.is_over() {
                job.stop.cancel();
                any = true;
            }
        }
        any
    }

    /// Stops everything and waits for its end, for half a second at most.
    pub async fn end(&self) {
        let all: Vec<_> = self.all().clone();
        all.iter().for_each(|job| job.stop.cancel());
        let ends = async {
            for job in &all {
                job.over().await;
            }
        };
        let _ = tokio::time::timeout(WIND_UP, ends).await;
        self.all().clear();
    }

    /// What the model has to be told: background commands that ended.
    pub fn take_news(&self) -> Vec<String> {
        let all = self.all();
        let untold = all
            .iter()
            .filter(|job| job.number() > 0 && job.is_over() && !job.told.load(Ordering::Acquire));
        untold
            .map(|job| {
                job.told.store(true, Ordering::Release);
                format!(
                    "Background job {} (`{}`) ended: {}. bash_job shows its last output.",
                    job.number(),
                    job.short(),
                    job.words()
                )
            })
            .collect()
    }

    fn ended(&self, job: &Arc<Job>) {
        if job.number() == 0 {
            self.all().retain(|known| !Arc::ptr_eq(known, job));
            return;
        }
        (self.listener)(JobNews::Ended(format!(
            "job {} ended: {} · {}",
            job.number(),
            job.words(),
            job.short()
        )));
        (self.listener)(JobNews::Running(self.running()));
    }

    fn forget_old(&self) {
        let mut all = self.all();
        while all.iter().filter(|job| job.is_over()).count() > REMEMBERED {
            let oldest = all.iter().position(|job| job.is_over()).unwrap_or(0);
            all.remove(oldest);
        }
    }
}

impl Job {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn number(&self) -> u32 {
        self.number.load(Ordering::Acquire)
    }

    /// The command on one short line.
    pub(super) fn short(&self) -> String {
        text::one_line(&common::clean_line(&self.command), 60)
    }

    fn take(&self, bytes: &[u8]) {
        let mut state = self.state();
        let Some(spill) = &mut state.spill else {
            return;
        };
        let piece = spill.push(bytes);
        if piece.is_empty() {
            return;
        }
        state.unread.push_str(&piece);
        if state.unread.len() > 2 * UNREAD {
            let kept = text::suffix(&state.unread, UNREAD).to_string();
            state.missed += (state.unread.len() - kept.len()) as u64;
            state.unread = kept;
        }
        let live = state.live.clone();
        drop(state);
        if let Some(live) = live {
            live(&piece);
        }
        self.changed.send_modify(|version| *version += 1);
    }

    fn end(&self, outcome: Result<ShellOutcome, String>) {
        let mut state = self.state();
        let Some(mut spill) = state.spill.take() else {
            return;
        };
        let rest = spill.rest();
        state.unread.push_str(&rest);
        state.elapsed = self.begun.elapsed();
        state.ended = Some(Ended {
            outcome,
            spilled: spill.finish(),
        });
        drop(state);
        self.changed.send_modify(|version| *version += 1);
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().ended.is_some()
    }

    /// How it ended, once it did.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.state().ended.clone()
    }

    /// Resolves at its end.
    pub(super) async fn over(&self) {
        let mut changed = self.changed.subscribe();
        while !self.is_over() {
            if changed.changed().await.is_err() {
                break;
            }
        }
    }

    /// Resolves when there is output that was not looked at, and at its end.
    pub(super) async fn output(&self) {
        let mut changed = self.changed.subscribe();
        while !self.is_over() && self.state().unread.is_empty() {
            if changed.changed().await.is_err() {
                break;
            }
        }
    }

    /// Resolves when the user sends it to the background.
    pub(super) async fn sent_away(&self) {
        self.let_go.cancelled().await;
    }

    /// Stops it and waits for its end, as long as that may take.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(WIND_UP, self.over()).await;
    }

    /// Stops it without waiting.
    pub(super) fn kill(&self) {
        self.stop.cancel();
    }

    /// Sends input; an error in words when there is no way.
    pub(super) fn send(&self, words: &str) -> Result<(), &'static str> {
        if self.is_over() {
            return Err("it has ended");
        }
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        if input.is_none() {
            return Err("its input is closed");
        }
        if words == "\u{4}" && !self.pty {
            *input = None;
            return Ok(());
        }
        match input.as_ref().map(|input| input.send(words.into())) {
            Some(Ok(())) => Ok(()),
            _ => Err("its input is closed"),
        }
    }

    /// What it printed since the last look, and where the rest is.
    pub(super) fn take_unread(&self) -> String {
        let mut state = self.state();
        let state = &mut *state;
        let saved = match (&mut state.spill, &state.ended) {
            (Some(spill), _) => spill.saved(),
            (None, Some(ended)) => ended.spilled.saved.clone(),
            (None, None) => None,
        };
        if let Some(spill) = &mut state.spill {
            let line = spill.open_line();
            state.unread.push_str(&line);
        }
        let missed = std::mem::take(&mut state.missed);
        let unread = std::mem::take(&mut state.unread);
        match saved {
            _ if missed == 0 => unread,
            Some(path) => format!(
                "[{missed} bytes before this in {}]\n{unread}",
                path.display()
            ),
            None => format!("[{missed} bytes before this were not kept]\n{unread}"),
        }
    }

    /// The model has seen its end.
    pub(super) fn tell(&self) {
        if self.is_over() {
            self.told.store(true, Ordering::Release);
        }
    }

    /// Its state in words.
    pub(super) fn words(&self) -> String {
        let state = self.state();
        let Some(ended) = &state.ended else {
            let running = text::duration(self.begun.elapsed().as_millis() as u64);
            return format!("running for {running}");
        };
        let after = text::duration(state.elapsed.as_millis() as u64);
        match &ended.outcome {
            Ok(outcome) => format!("{} after {after}", end_words(outcome.end)),
            Err(error) => error.clone(),
        }
    }
}

/// How a command ended, in a few words.
pub(super) fn end_words(end: ShellEnd) -> String {
    match end {
        ShellEnd::Exit(code) => format!("exit {code}"),
        ShellEnd::Signal(signal) => {
            format!("killed by signal {signal}{}", signal_name(signal))
        }
        ShellEnd::TimedOut => "timed out".to_string(),
        ShellEnd::Cancelled => "stopped".to_string(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        6 => " (SIGABRT)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        25 => " (SIGXFSZ)",
        31 => " (SIGSYS)",
        _ => "",
    }
}
