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
        while wait().await {
            if std::mem::replace(&mut stopped, true) {
                std::process::exit(INTERRUPTED);
            }
            control.interrupt();
        }
    });
}

/// Resolves with the next signal; false when none can be received.
#[cfg(unix)]
pub async fn wait() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return false;
    };
    tokio::select! {
        _ = interrupt.recv() => true,
        _ = terminate.recv() => true,
        _ = hangup.recv() => true,
    }
}

#[cfg(not(unix))]
pub async fn wait() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
