//! Signals of a run without a terminal: the first interrupt stops the turn, the
//! second ends the program.

use std::sync::Arc;

use crate::agent::TurnControl;

/// Exit code of a run stopped by the user, as shells report SIGINT.
const INTERRUPTED: i32 = 130;

/// Listens until the runtime ends.
pub(super) fn listen(control: Arc<TurnControl>) {
    tokio::spawn(async move {
        let mut stopped = false;
        while wait().await.is_some() {
            if std::mem::replace(&mut stopped, true) {
                std::process::exit(INTERRUPTED);
            }
            control.interrupt();
        }
    });
}

/// The number of the signal Ctrl+C sends.
pub const INTERRUPT: i32 = 2;

/// Resolves with the number of the next signal; nothing when none can be received.
#[cfg(unix)]
pub async fn wait() -> Option<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return None;
    };
    tokio::select! {
        _ = interrupt.recv() => Some(INTERRUPT),
        _ = terminate.recv() => Some(SignalKind::terminate().as_raw_value()),
        _ = hangup.recv() => Some(SignalKind::hangup().as_raw_value()),
    }
}

#[cfg(not(unix))]
pub async fn wait() -> Option<i32> {
    tokio::signal::ctrl_c().await.is_ok().then_some(INTERRUPT)
}
