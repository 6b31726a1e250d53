//! Keeping what calls change.
//!
//! [`Agent::before_change`] and [`Agent::after_change`] stand around every call
//! that changes something (`dispatch.rs`). What they record is an entry of the log;
//! `undo.rs` works on these entries. What a command changed is looked for while the
//! model thinks about its result; [`Agent::settle_change`] waits for that before the
//! next change and at the end of a turn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::dispatch::Call;
use super::{Agent, Services, list};
use crate::exec::quiet;
use crate::exec::shell::{self, ShellEnd, ShellRequest};
use crate::permission::{self, command};
use crate::protocol::entry::{ChangeOrigin, EntryKind};
use crate::protocol::event::NoticeLevel;
use crate::protocol::permission::{Effect, PermissionMode};
use crate::protocol::sandbox::SandboxPolicy;
use crate::stdx::text;
use crate::tools::Prepared;
use crate::workspace::checkpoint::{Author, Begun, Dropped, Ended, Looked};

/// How long git may take to print contents.
const GIT_TIME: Duration = Duration::from_secs(60);

/// Programs that change nothing but what an effect says.
const HARMLESS: &[&str] = &[
    "cat", "date", "df", "du", "echo", "false", "file", "grep", "head", "ls", "printf", "pwd",
    "stat", "tail", "true", "wc", "which", "whoami",
];

/// The same for commands of git.
const HARMLESS_GIT: &[&str] = &[
    "blame",
    "diff",
    "log",
    "ls-files",
    "rev-parse",
    "show",
    "status",
];

impl Agent {
    /// Looks at the tree for the first time, while the model thinks.
    pub(super) fn warm_undo(&mut self) {
        let settings = &self.parts.settings;
        let nothing_runs = settings.safe || settings.mode == PermissionMode::Plan;
        if self.warming.is_some() || nothing_runs || !self.parts.services.undo.watches() {
            return;
        }
        let services = self.parts.services.clone();
        self.warming = Some(tokio::spawn(async move {
            let git_works = run_git(&services, "git rev-parse --git-dir >/dev/null 2>&1")
                .await
                .is_some();
            let warm = move || quiet::run(move || services.undo.warm(git_works));
            let warm = tokio::task::spawn_blocking(warm);
            // Said with the first command, which cannot be kept either.
            if let Ok(Some(Err(error))) = warm.await {
                tracing::warn!("cannot look at the tree: {error}");
            }
        }));
    }

    /// Keeps what a permitted call is about to change. What cannot be kept is said;
    /// the call runs all the same, unless it was cancelled meanwhile.
    pub(super) async fn before_change(
        &mut self,
        call: Call<'_>,
        prepared: &Prepared,
        cancel: &CancellationToken,
    ) -> Option<Begun> {
        let whole = self.may_change_anything(&prepared.effects);
        let paths = paths_of(&prepared.effects);
        if paths.is_empty() && !whole {
            return None;
        }
        self.settle_change().await;
        self.settle_jobs().await;
        let author = Author {
            session: self.parts.session.id().to_string(),
            origin: ChangeOrigin::Call {
                call_id: call.id.to_string(),
            },
            words: text::one_line(
                &format!("{} {}", prepared.title.verb, prepared.title.object),
                100,
            ),
        };
        if whole {
            self.warm_undo();
            if let Some(warming) = &mut self.warming
                && !warming.is_finished()
                && !ended(warming, cancel).await
            {
                return None;
            }
        }
        let services = self.parts.services.clone();
        let begun = tokio::task::spawn_blocking(move || {
            if whole {
                services.undo.begin_tree(author)
            } else {
                services.undo.begin(author, &paths).map(Some)
            }
        });
        match begun.await {
            Ok(Ok(begun)) => {
                let unkept = begun.as_ref().map_or(&[][..], |begun| &begun.unkept);
                if !unkept.is_empty() {
                    let text = format!(
                        "/undo will not bring back {}: too large to keep",
                        list(unkept)
                    );
                    self.notice(NoticeLevel::Warning, text);
                }
                begun
            }
            Ok(Err(error)) => {
                self.tell_no_undo(&error.to_string());
                None
            }
            Err(error) => {
                self.tell_no_undo(&error.to_string());
                None
            }
        }
    }

    /// Whether a call runs a command that does more than look.
    fn may_change_anything(&self, effects: &[Effect]) -> bool {
        let services = &self.parts.services;
        let place = permission::Place {
            root: services.workspace.root(),
            home: services.env.home(),
        };
        effects.iter().any(|effect| match effect {
            Effect::Exec(line) => !only_looks(&place, line),
            // A server on this machine may change files.
            Effect::Mcp { reads, .. } => !reads,
            _ => false,
        })
    }

    /// Records what a call changed.
    pub(super) async fn after_change(&mut self, begun: Option<Begun>) {
        let Some(begun) = begun else { return };
        let services = self.parts.services.clone();
        self.jobs_ran = services.jobs.running() > 0;
        if begun.is_whole_tree() {
            self.ending = Some(tokio::spawn(look_again(services, begun)));
            return;
        }
        match tokio::task::spawn_blocking(move || services.undo.end(begun)).await {
            Ok(Ok(ended)) => {
                self.log_change(ended);
            }
            Ok(Err(error)) => self.tell_no_undo(&error.to_string()),
            Err(error) => self.tell_no_undo(&error.to_string()),
        }
        self.watch_jobs().await;
    }

    /// From now on what changes by itself is the work of commands in the background,
    /// if there are any: nothing else of sofos' changes files then.
    pub(super) async fn watch_jobs(&mut self) {
        let services = self.parts.services.clone();
        if services.jobs.running() == 0 || self.job_watch.is_some() {
            return;
        }
        let author = self.background_author();
        let begun = tokio::task::spawn_blocking(move || services.undo.begin_tree(author));
        if let Ok(Ok(begun)) = begun.await {
            self.job_watch = begun;
        }
    }

    fn background_author(&self) -> Author {
        Author {
            session: self.parts.session.id().to_string(),
            origin: ChangeOrigin::Call {
                call_id: "background".to_string(),
            },
            words: "commands in the background".to_string(),
        }
    }

    /// Records what commands in the background have changed since they are watched.
    pub(super) async fn settle_jobs(&mut self) {
        let Some(begun) = self.job_watch.take() else {
            return;
        };
        match look_again(self.parts.services.clone(), begun).await {
            Ok(ended) => drop(self.log_change(ended)),
            Err(why) => self.tell_no_undo(&why),
        }
    }

    /// Waits until it is known what the last command changed, and logs that.
    pub(super) async fn settle_change(&mut self) {
        let Some(ending) = self.ending.take() else {
            return;
        };
        match ending.await {
            Ok(Ok(ended)) => {
                self.log_change(ended);
            }
            Ok(Err(why)) => self.tell_no_undo(&why),
            Err(error) => self.tell_no_undo(&error.to_string()),
        }
        // A command that went into the background may have changed more since.
        if self.jobs_ran && self.job_watch.is_none() {
            let followed = self
                .parts
                .services
                .undo
                .follow_tree(self.background_author());
            self.job_watch = followed.ok().flatten();
        }
    }

    fn tell_no_undo(&mut self, why: &str) {
        if !std::mem::replace(&mut self.told_no_undo, true) {
            let text = format!("/undo cannot take back what follows: {why}");
            self.notice(NoticeLevel::Warning, text);
        }
    }

    /// Logs a change; returns its id.
    pub(super) fn log_change(&mut self, ended: Ended) -> Option<String> {
        if let Some(dropped) = &ended.dropped {
            self.tell_dropped(dropped);
        }
        let change = ended.change?;
        let id = change.id.clone();
        self.record(EntryKind::Checkpoint { change });
        self.parts
            .services
            .undo
            .settle(self.parts.session.id(), &id);
        Some(id)
    }

    pub(super) fn tell_dropped(&self, dropped: &Dropped) {
        let text = format!(
            "the undo store was full: the oldest {} in it ({} MB) were dropped",
            text::plural(dropped.blobs, "content"),
            dropped.bytes >> 20
        );
        self.notice(NoticeLevel::Info, text);
    }

    /// Logs changes that were under way when the process of a session that was just
    /// opened ended.
    pub async fn recover_changes(&mut self) {
        if !std::mem::take(&mut self.unrecovered) {
            return;
        }
        let session = self.parts.session.id().to_string();
        let timeline = &self.parts.session.conversation().timeline;
        let services = self.parts.services.clone();
        let found = match services.undo.recover(&session, |id| timeline.has(id)) {
            Ok(found) => found,
            Err(error) => return self.tell_no_undo(&error.to_string()),
        };
        let mut changes = found.changes;
        for looked in found.looked {
            match finish(services.clone(), looked).await {
                Ok(ended) => changes.extend(ended.change),
                Err(why) => self.tell_no_undo(&why),
            }
        }
        for change in changes {
            let text = format!(
                "\"{}\" was cut off when sofos ended; /undo takes back what it had done",
                change.words
            );
            self.log_change(Ended {
                change: Some(change),
                dropped: None,
            });
            self.notice(NoticeLevel::Warning, text);
        }
    }
}

/// Whether a look at the tree ended before the user stopped what waits for it. It goes on
/// all the same, for the next command.
async fn ended(look: &mut JoinHandle<()>, cancel: &CancellationToken) -> bool {
    tokio::select! {
        _ = look => true,
        () = cancel.cancelled() => false,
    }
}

/// Looks at the tree again and finds out what a command changed.
async fn look_again(services: Arc<Services>, begun: Begun) -> Result<Ended, String> {
    let inner = services.clone();
    let looked = tokio::task::spawn_blocking(move || inner.undo.look_again(begun))
        .await
        .map_err(|error| error.to_string())?;
    match looked {
        Some(looked) => finish(services, looked).await,
        None => Ok(Ended::default()),
    }
}

/// Fetches from git what is only there, and records the change.
async fn finish(services: Arc<Services>, looked: Looked) -> Result<Ended, String> {
    let mut contents = Vec::new();
    for command in looked.git_commands() {
        contents.extend(run_git(&services, &command).await.unwrap_or_default());
    }
    tokio::task::spawn_blocking(move || services.undo.finish_tree(looked, &contents))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}

/// The output of a command that only reads; nothing when it fails.
pub(super) async fn run_git(services: &Services, command: &str) -> Option<Vec<u8>> {
    if cfg!(windows) {
        // The line is for a Unix shell; without git everything is copied.
        return None;
    }
    // Not the policy that only reads: it hides a workspace below `/tmp`.
    let sandbox = match services.sandbox {
        true => SandboxPolicy::workspace(services.workspace.root()),
        false => SandboxPolicy::Off,
    };
    let request = ShellRequest {
        command,
        cwd: services.workspace.root(),
        timeout: GIT_TIME,
        env: &services.env,
        sandbox: &sandbox,
    };
    let mut output = Vec::new();
    let cancel = CancellationToken::new();
    let ran = shell::run(request, |bytes| output.extend_from_slice(bytes), &cancel).await;
    ran.is_ok_and(|ran| ran.end == ShellEnd::Exit(0))
        .then_some(output)
}

/// Whether every part of a line is known to look at files and do nothing else.
fn only_looks(place: &permission::Place<'_>, line: &str) -> bool {
    use command::EffectKind::{Executes, Lists, Reads, ReadsBelow};
    let analysis = command::analyse(place, line);
    let mut looks = analysis.problem.is_none() && !analysis.parts.is_empty();
    analysis.each(&mut |part| {
        let harmless = || {
            let mut words = part.argv.iter().map(String::as_str);
            match words.next() {
                Some("git") => words
                    .next()
                    .is_some_and(|name| HARMLESS_GIT.contains(&name)),
                name => name.is_some_and(|name| HARMLESS.contains(&name)),
            }
        };
        looks &= harmless()
            && part.concerns.is_empty()
            && part
                .effects
                .iter()
                .all(|effect| matches!(effect.kind, Executes | Lists | Reads | ReadsBelow));
    });
    looks
}

/// The paths that effects name as changed. The second half says whether everything
/// below may change: where a directory is deleted or moved.
fn paths_of(effects: &[Effect]) -> Vec<(PathBuf, bool)> {
    let changing = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Write(_) | Effect::Delete(_)))
        .count();
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Delete(path) => Some((path.real().to_path_buf(), true)),
            // A single directory that is written to is one that is created.
            Effect::Write(path) => Some((path.real().to_path_buf(), changing > 1)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_for_the_first_look_can_be_stopped() {
        let cancel = CancellationToken::new();
        let mut look = tokio::spawn(async {});
        assert!(ended(&mut look, &cancel).await);
        let mut look = tokio::spawn(std::future::pending());
        cancel.cancel();
        assert!(!ended(&mut look, &cancel).await && !look.is_finished());
    }

    #[test]
    fn only_plain_looking_is_spared_the_look_at_the_tree() {
        let dir = tempfile::tempdir().unwrap();
        let place = permission::Place {
            root: dir.path(),
            home: None,
        };
        for line in [
            "ls",
            "ls -l src",
            "cat a b",
            "echo hi",
            "head -3 a | wc -l",
            "git status",
        ] {
            assert!(only_looks(&place, line), "{line}");
        }
        for line in [
            "",
            "rm a",
            "echo hi > a",
            "ls; touch a",
            "sed -i s/a/b/ c",
            "cargo test",
            "./x",
            "cat $(touch a)",
            "find . -delete",
            "git checkout .",
            "git diff --output=a",
            "cat a | tee b",
            "unknown-program",
        ] {
            assert!(!only_looks(&place, line), "{line}");
        }
    }
}
