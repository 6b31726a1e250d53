//! Whether a message fits at all.

use crate::agent::Agent;
use crate::protocol::command::UserInput;
use crate::protocol::event::NoticeLevel;
use crate::provider::count;
use crate::stdx::text;

/// Share of the window from which a single message is worth a word, in percent.
const LARGE: u64 = 30;

impl Agent {
    /// Why a message cannot be sent: it alone fills the window. One that takes much of
    /// it is mentioned.
    pub(in crate::agent) fn too_large(&self, input: &UserInput) -> Option<String> {
        let images = input.images.len() as u64 * count::IMAGE;
        let needed = self.gauge.of(count::tokens(&input.text)) + images;
        let window = self.parts.model.context;
        let words = format!(
            "this message has about {} tokens; the window of {} has {}",
            text::count(needed),
            self.parts.model.id,
            text::count(window)
        );
        if needed > window / 100 * 95 {
            return Some(format!(
                "{words}. Nothing was sent. Put the text into a file and name the file (it is \
                 read in parts), shorten it, or choose a model with a larger window: /model"
            ));
        }
        if needed > window / 100 * LARGE {
            self.notice(NoticeLevel::Warning, words);
        }
        None
    }
}
